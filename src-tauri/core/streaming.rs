//! What a person can switch about streamed browsers, and what came of a look for a newer one.

use crate::fault::StartFailure;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Something that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Switch {
    /// An engine is kept ready for the next streamed tab, where there is memory for it.
    Standby,
    /// The home network is closed to browsers in containers.
    HomeClosed,
}

/// What a container engine can hold a browser to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Limit {
    /// The memory that was reserved for it.
    Memory,
    /// A part of the machine's processors.
    Processor,
    /// A number of processes.
    Processes,
}

/// What the person has switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// See [`Switch::Standby`].
    pub standby: bool,
    /// See [`Switch::HomeClosed`].
    pub home_closed: bool,
}

impl Switches {
    /// Whether one of them is on.
    #[must_use]
    pub const fn is_on(self, switch: Switch) -> bool {
        match switch {
            Switch::Standby => self.standby,
            Switch::HomeClosed => self.home_closed,
        }
    }

    /// Switches one of them.
    pub const fn set(&mut self, switch: Switch, on: bool) {
        match switch {
            Switch::Standby => self.standby = on,
            Switch::HomeClosed => self.home_closed = on,
        }
    }
}

/// A switch as the shell paints it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct SwitchView {
    /// Whether it is on.
    pub on: bool,
    /// Whether the environment of the app has settled that.
    pub fixed: bool,
}

/// What the settings show about streamed browsers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct StreamingView {
    /// See [`Switch::Standby`].
    pub standby: SwitchView,
    /// See [`Switch::HomeClosed`].
    pub home_closed: SwitchView,
    /// Whether they run in containers: the home network can be closed to those, and those have an
    /// image of which there may be a newer one.
    pub contained: bool,
    /// What this machine's container engine has no means to limit.
    pub unlimited: Vec<Limit>,
    /// Whether a newer image is being looked for because the person wants to know.
    pub looking: bool,
    /// What came of that.
    pub looked: Option<Looked>,
}

/// What came of a look for a newer image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "found", rename_all = "snake_case")]
#[ts(export)]
pub enum Looked {
    /// The one in use is the newest.
    Newest,
    /// There is a newer one, and it is offered.
    Newer,
    /// A newer one is being fetched.
    Fetching,
    /// The newest one was fetched already, and is used from the next start on.
    Fetched,
    /// The newest one did not become ready here, and is not offered again.
    GivenUp,
    /// None was ever used: the first start fetches the newest.
    Unused,
    /// One image is set for good, by its digest.
    Fixed,
    /// The container engine does not ask registries for others.
    Unable,
    /// Nobody could tell.
    Failed {
        /// Why.
        failure: StartFailure,
    },
}
