//! Messages to the person that belong to no tab.

use crate::download::Anew;
use crate::fault::ImageUpdate;
use crate::profile::{ProfileFault, ProfileName};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A message to the person that belongs to no tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "snake_case")]
#[ts(export)]
pub enum Notice {
    /// A download that was held up could not go on where it was, and is fetched from its beginning.
    BegunAnew {
        /// The file's name.
        name: String,
        /// Why.
        why: Anew,
    },
    /// The database was unreadable and was set aside; the app began afresh.
    StoreSetAside {
        /// Where the old file is now.
        path: String,
    },
    /// The database is from a newer version and was set aside.
    StoreTooNew {
        /// Where the newer file is now.
        path: String,
    },
    /// Something about a newer image of the streamed browser. One of these counts, the last.
    EngineImage {
        /// The image's reference.
        image: String,
        /// What.
        update: ImageUpdate,
    },
    /// A profile's tabs were not brought to another machine; they go on where they were.
    NotMoved {
        /// What the person calls the profile.
        title: String,
        /// The name of the machine they are on.
        from: String,
        /// The name of the other one.
        to: String,
        /// What kept the data from coming there; `None` if the browser did not start there.
        fault: Option<ProfileFault>,
    },
    /// A machine is back that was left while it was away: it has newer data of a profile than those
    /// that the profile went on with.
    LeftBehind {
        /// The profile.
        profile: ProfileName,
        /// What the person calls it.
        title: String,
        /// The machine's name.
        node: String,
    },
    /// The desktop has no dialog for printing that takes a page; it is in a file.
    PrintKept {
        /// The file's name in the person's folder for downloads.
        name: String,
    },
    /// The streamed browser runs without its own sandbox.
    SandboxOff,
    /// Nothing can be saved; the app works, but forgets.
    StoreUnavailable {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
}
