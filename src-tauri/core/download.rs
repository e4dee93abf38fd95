//! Files that pages give to the person: what is known of each, and the rules for their list.

mod hold;
mod list;
pub mod name;
mod print;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::message::{Mode, ProfileName, SessionId};

pub use hold::{Anew, Halt, Hold, Rest, Verdict};
pub use list::{Change, Downloads};

/// A download. Never reused while the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "number")]
pub struct DownloadId(pub u32);

/// The engine's name for a transfer that runs. Unique while the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transfer(pub u32);

impl Transfer {
    /// The first of those of streamed browsers; those of the window's own engine are below.
    pub const STREAMED: Self = Self(1 << 31);

    /// Whether a streamed browser has it.
    #[must_use]
    pub const fn is_streamed(self) -> bool {
        self.0 >= Self::STREAMED.0
    }
}

/// Why a file did not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum DownloadFault {
    /// The connection broke, or could not be made.
    Network,
    /// No space is left in the folder.
    DiskFull {
        /// The folder.
        folder: String,
    },
    /// The folder cannot be written.
    NotWritable {
        /// The folder.
        folder: String,
    },
    /// The app ended first.
    Interrupted,
    /// The streamed browser went away first.
    SessionEnded,
    /// The streamed browser did not print it.
    NotPrinted,
}

/// How far a download is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DownloadState {
    /// Under way.
    Running,
    /// The streamed browser has all of it; it is on its way from there to the person's folder.
    Arriving,
    /// Held up; what has come is kept beside the file's place.
    Paused {
        /// Why.
        why: Halt,
    },
    /// There.
    Done,
    /// The person did not want it any more.
    Cancelled,
    /// It did not come.
    Failed {
        /// Why.
        #[serde(flatten)]
        fault: DownloadFault,
    },
}

/// A download, as it is shown and saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Download {
    /// Its id.
    pub id: DownloadId,
    /// Whose cookies it is fetched with.
    pub profile: ProfileName,
    /// Whose engine fetches it.
    #[serde(default = "proxied")]
    pub mode: Mode,
    /// Where it comes from.
    pub url: String,
    /// The file's name.
    pub name: String,
    /// The file, with its folder.
    pub path: String,
    /// Bytes that have come; while it is arriving, those that have arrived.
    #[ts(type = "number")]
    pub received: u64,
    /// Bytes that are to come in all, if the server has said.
    #[ts(type = "number | null")]
    pub total: Option<u64>,
    /// Whether it can be held up.
    #[serde(default)]
    pub hold: Hold,
    /// How far it is.
    #[serde(flatten)]
    pub state: DownloadState,
}

/// What was saved before streamed pages could give files.
const fn proxied() -> Mode {
    Mode::Proxy
}

/// Where the page is that gives a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the window, with this profile's data.
    Proxied(ProfileName),
    /// In this session.
    Streamed(SessionId),
    /// In this session, and the file is what it looks like on paper.
    Printed(SessionId),
}

/// A download that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// Whose cookies it is fetched with.
    pub profile: ProfileName,
    /// Whose engine fetches it.
    pub mode: Mode,
    /// Where it comes from.
    pub url: String,
    /// The file's name.
    pub name: String,
    /// The file, with its folder.
    pub path: String,
}

/// What can be done with a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum DownloadVerb {
    /// Give it up; what has come is deleted.
    Cancel,
    /// Hold it up; what has come is kept.
    Pause,
    /// Go on with what was held up.
    Resume,
    /// Fetch it again, from the beginning.
    Retry,
    /// Open the file with the desktop's program for it.
    Open,
    /// Show the file in its folder.
    Reveal,
    /// Take it off the list; the file stays.
    Forget,
}

/// News of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadNews {
    /// It has begun, and a place for it is found.
    Began {
        /// Whose page gives it.
        source: Source,
        /// Where it comes from.
        url: String,
        /// The file's name.
        name: String,
        /// The file, with its folder.
        path: String,
    },
    /// Whether it can be held up.
    Holds(Hold),
    /// It is held up.
    Held {
        /// Bytes that are kept.
        received: u64,
        /// Why.
        why: Halt,
    },
    /// One that was held up goes on, by this transfer.
    GoesOn {
        /// Which one.
        id: DownloadId,
        /// The file's name, which can have become another one.
        name: String,
        /// The file, with its folder.
        path: String,
    },
    /// It cannot go on where it was, and what had come is gone.
    Anew(Anew),
    /// Bytes have come.
    Progress {
        /// So many so far.
        received: u64,
        /// So many in all, if known.
        total: Option<u64>,
    },
    /// The streamed browser has all of it, so many bytes; how far they have arrived is told by
    /// progress from here on.
    Arriving(u64),
    /// The file is there.
    Done,
    /// It was given up, as asked.
    Cancelled,
    /// It did not come.
    Failed(DownloadFault),
    /// The desktop's dialog has taken the file of a print, or the person did not want it there. The
    /// file is gone.
    Printed,
    /// The desktop has no dialog that takes it.
    NotPrinted,
}

/// What is to be done to transfers and files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadOrder {
    /// Fetch an address into a file.
    Fetch {
        /// The address.
        url: String,
        /// With whose cookies.
        profile: ProfileName,
        /// By whose engine.
        mode: Mode,
        /// It has once begun to come, so that it was allowed then.
        came: bool,
    },
    /// Fetch what is still to come of one that was held up; answered by [`DownloadNews::GoesOn`]
    /// before all else.
    GoOn(Rest),
    /// Hold a transfer up; answered by [`DownloadNews::Held`], unless it ends first.
    Pause(Transfer),
    /// Give a transfer up.
    Cancel(Transfer),
    /// Remove what is kept of one that was held up, by the file with its folder.
    Discard(String),
    /// Open a file.
    Open(String),
    /// Show a file in its folder.
    Reveal(String),
    /// Give a file to the desktop's dialog for printing, and then remove it; answered by
    /// [`DownloadNews::Printed`] or [`DownloadNews::NotPrinted`].
    Print {
        /// The print.
        transfer: Transfer,
        /// The file.
        path: String,
        /// Its name.
        name: String,
    },
}

impl Download {
    /// Whether it is under way.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self.state, DownloadState::Running | DownloadState::Arriving)
    }

    /// Whether it is held up.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        matches!(self.state, DownloadState::Paused { .. })
    }

    /// Whether nothing more comes.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        !self.is_running() && !self.is_paused()
    }

    /// Whether its first part is of use, as far as is known.
    #[must_use]
    pub const fn can_go_on(&self) -> bool {
        matches!(self.mode, Mode::Proxy) && matches!(self.hold, Hold::At(_))
    }
}

/// What a page made itself (`blob:`, `data:`) went with the page.
fn can_be_fetched(url: &str) -> bool {
    url.starts_with("http:") || url.starts_with("https:")
}

#[cfg(test)]
mod tests;
