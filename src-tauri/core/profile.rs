//! Profiles: a person's data in both modes, under a name that lasts and a title of the person's own.

use crate::fault::EngineFault;
use crate::network::{Network, NetworkForm};
use crate::node::{NodeId, NodeName};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The name of a profile's data, in both modes. It lasts; what the person calls it is its title.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct ProfileName(pub String);

impl ProfileName {
    /// Whether nothing of it may stay.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.0 == PRIVATE
    }

    /// The name of a profile that a person has made, by its number.
    #[must_use]
    pub fn numbered(number: u32) -> Self {
        Self(format!("p{number}"))
    }

    /// Its number, if it has one.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.0.strip_prefix('p')?.parse().ok()
    }
}

/// The profile that is always there.
pub const DEFAULT: &str = "default";
/// The profile that leaves nothing: neither its data nor its tabs are ever saved.
pub const PRIVATE: &str = "private";
/// Characters of a title.
pub const TITLE_CAP: usize = 40;

/// A profile's colour in the strip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum Colour {
    /// None to see.
    #[default]
    Grey,
    /// Blue.
    Blue,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Orange.
    Orange,
    /// Red.
    Red,
    /// Pink.
    Pink,
    /// Purple.
    Purple,
}

/// What was begun with a profile's data, and has to be ended should the app be killed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// An import: what was put in whole takes its place, what was not goes.
    Import,
    /// Cookies and site data are on their way out.
    Clear,
    /// All of it is on its way out.
    Delete,
}

/// A profile as it is saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileRecord {
    /// The name of its data, for good.
    pub name: ProfileName,
    /// What the person calls it.
    pub title: String,
    /// Its colour.
    pub colour: Colour,
    /// What was begun.
    pub pending: Option<Pending>,
    /// How its Proxy tabs reach the network.
    pub network: Network,
    /// Which node has its streamed browser's data; `None` before there were any.
    pub home: Option<NodeId>,
    /// Which node has an older copy of them.
    pub copy: Option<NodeId>,
    /// Which nodes have data of it that are to go.
    pub stale: Vec<NodeId>,
    /// Which node has newer data of it: it was away, and the person went on elsewhere.
    pub left: Option<NodeId>,
}

impl ProfileRecord {
    /// The profile that leaves nothing.
    #[must_use]
    pub fn private() -> Self {
        Self {
            name: ProfileName(PRIVATE.to_owned()),
            title: "Private".to_owned(),
            colour: Colour::Purple,
            pending: None,
            network: Network::default(),
            home: None,
            copy: None,
            stale: Vec::new(),
            left: None,
        }
    }

    /// The profile that is always there, as long as nobody has changed it.
    #[must_use]
    pub fn first(name: ProfileName) -> Self {
        Self {
            name,
            title: "Default".to_owned(),
            colour: Colour::default(),
            pending: None,
            network: Network::default(),
            home: None,
            copy: None,
            stale: Vec::new(),
            left: None,
        }
    }
}

/// Something to be done with a profile's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "work", rename_all = "snake_case")]
#[ts(export)]
pub enum DataWork {
    /// See how much space they take.
    Measure,
    /// Write them to a file.
    Export {
        /// Its path.
        path: String,
    },
    /// Put a file's in their place.
    Import {
        /// Its path.
        path: String,
    },
    /// Remove cookies and site data.
    Clear,
    /// Remove all, and the profile.
    Delete,
    /// Bring them to another node. Those at the first one stay, as an older copy.
    Move {
        /// Where they are.
        from: NodeId,
        /// Where they are to be.
        to: NodeId,
    },
}

impl DataWork {
    /// What has to be ended should the app be killed meanwhile.
    #[must_use]
    pub const fn pending(&self) -> Option<Pending> {
        match self {
            Self::Measure | Self::Export { .. } | Self::Move { .. } => None,
            Self::Import { .. } => Some(Pending::Import),
            Self::Clear => Some(Pending::Clear),
            Self::Delete => Some(Pending::Delete),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkEnd {
    /// Measured, in bytes.
    Measured(u64),
    /// Done.
    Done,
    /// Given up by the person.
    Cancelled,
    /// It cannot be done; the data are as they were, unless the fault says otherwise.
    Failed(ProfileFault),
}

/// What the person asks about profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileCommand {
    /// Make one.
    Create {
        /// What it is called.
        title: String,
        /// Its colour.
        colour: Colour,
    },
    /// Call it something else, in another colour.
    Change {
        /// Which.
        name: ProfileName,
        /// What it is called from now on.
        title: String,
        /// Its colour from now on.
        colour: Colour,
    },
    /// Have its Proxy tabs reach the network this way.
    SetNetwork {
        /// Whose.
        name: ProfileName,
        /// How, as the person filled it in.
        form: NetworkForm,
    },
    /// Do something with its data.
    Work {
        /// Whose.
        name: ProfileName,
        /// What.
        work: DataWork,
        /// End the session that has them first.
        end_session: bool,
    },
    /// Give it up.
    Cancel(ProfileName),
    /// Use the newer data again that a lost machine has, or have them dropped there.
    TakeBack {
        /// Whose.
        name: ProfileName,
        /// Use them.
        back: bool,
    },
    /// What came of it was read.
    Dismiss(ProfileName),
}

/// What is being done with a profile's data, as the shell paints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WorkView {
    /// What.
    pub work: DataWork,
    /// Bytes that are done.
    #[ts(type = "number")]
    pub done: u64,
    /// Bytes in all; 0 while that is not known.
    #[ts(type = "number")]
    pub total: u64,
}

/// What came of the last work, until it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct OutcomeView {
    /// What was to be done.
    pub work: DataWork,
    /// Why it was not.
    pub fault: Option<ProfileFault>,
}

/// A profile as the shell paints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct ProfileView {
    /// The name of its data.
    pub name: ProfileName,
    /// What the person calls it.
    pub title: String,
    /// Its colour.
    pub colour: Colour,
    /// Whether it is always there.
    pub lasting: bool,
    /// Whether nothing of it stays.
    pub private: bool,
    /// Whether a streamed session has its data now.
    pub in_use: bool,
    /// Which machine has its streamed browser's data; `None` before there were any.
    pub home: Option<NodeName>,
    /// Whether this machine has an older copy of them.
    pub copy: bool,
    /// How many tabs it has.
    pub tabs: u32,
    /// What its streamed browser's data take, in bytes, as last measured.
    #[ts(type = "number | null")]
    pub bytes: Option<u64>,
    /// What is being done with them.
    pub work: Option<WorkView>,
    /// What came of the last work.
    pub outcome: Option<OutcomeView>,
    /// How its Proxy tabs reach the network.
    pub network: NetworkForm,
}

/// What can go wrong with a profile's data, as far as a person can act on the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[ts(export)]
pub enum ProfileFault {
    /// Too little space where it is to be written. Bytes.
    DiskFull {
        /// The folder; `None` where the container engine keeps its volumes.
        path: Option<String>,
        /// What is needed at most; 0 if that is not known.
        #[ts(type = "number")]
        needs: u64,
        /// What is there.
        #[ts(type = "number")]
        has: u64,
    },
    /// The person may not read or write there.
    NoPermission {
        /// The file or folder.
        path: String,
    },
    /// There is no such file, or no such folder for it.
    NotThere {
        /// It.
        path: String,
    },
    /// The file is no export of a profile.
    NotOurs {
        /// The file.
        path: String,
    },
    /// The file is an export, but a part of it is missing.
    Incomplete {
        /// The file.
        path: String,
    },
    /// The file holds more than a profile can.
    TooLarge {
        /// The file.
        path: String,
    },
    /// There is nothing to export.
    Empty,
    /// Another program is using the data.
    InUse,
    /// Another copy of the app has the data, or has had them since.
    Taken {
        /// What its machine is called; empty if that is not known.
        by: String,
    },
    /// The container engine that has the data cannot be asked.
    EngineAway {
        /// Why.
        fault: EngineFault,
    },
    /// It was begun, and nobody knows whether it was ended. It may be, later on.
    Unfinished {
        /// What the system or the engine said.
        detail: String,
    },
    /// Something else.
    Failed {
        /// What the system or the engine said.
        detail: String,
    },
}
