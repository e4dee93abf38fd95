//! One session's place: one call at a time changes what runs.

use crate::runtime::under_way::UnderWay;

/// A session's turn, and the start under way.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) turn: tokio::sync::Mutex<()>,
    pub(super) start: UnderWay,
}
