//! Pages where the person has been, to find them again. They are many: they stay in the database, which
//! knows when, and are asked for there.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::message::ProfileName;

/// A page where the person has been; private ones are not noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// In whose tab.
    pub profile: ProfileName,
    /// Its address.
    pub url: String,
    /// Its title; empty while it has none.
    pub title: String,
}

/// A page where the person has been, as the shell paints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct VisitView {
    /// Where it leads.
    pub url: String,
    /// The address, as it may be shown.
    pub address: String,
    /// Its title; empty if it has none.
    pub title: String,
    /// When it was there last, in seconds since 1970.
    pub seen: u32,
}
