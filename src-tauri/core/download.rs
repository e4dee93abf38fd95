//! Files that pages give to the person: what is known of each, and the rules for their list.

pub mod name;
mod print;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::message::{Mode, ProfileName, SessionId};

/// Downloads that are remembered; the oldest go first.
const CAP: usize = 100;

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
    /// Give a transfer up.
    Cancel(Transfer),
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

/// A change of the list that is to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Save this one.
    Save(Download),
    /// Forget this one.
    Delete(DownloadId),
}

/// The list, the newest last.
#[derive(Clone, Debug, Default)]
pub struct Downloads {
    list: Vec<Download>,
    running: Vec<(Transfer, DownloadId)>,
    /// Prints that are not on paper.
    prints: Vec<(Transfer, DownloadId)>,
    last: u32,
}

impl Downloads {
    /// The list as it was saved. What was under way then is not any more.
    #[must_use]
    pub fn restore(mut saved: Vec<Download>) -> Self {
        saved.sort_by_key(|download| download.id);
        for download in &mut saved {
            if is_running(&download.state) {
                let fault = DownloadFault::Interrupted;
                download.state = DownloadState::Failed { fault };
            }
        }
        let last = saved.last().map_or(0, |download| download.id.0);
        Self {
            list: saved,
            running: Vec::new(),
            prints: Vec::new(),
            last,
        }
    }

    /// Whether any is under way in this profile, fetched by the engine of this mode.
    #[must_use]
    pub fn are_running(&self, profile: &ProfileName, mode: Mode) -> bool {
        let running = |download: &Download| {
            download.profile == *profile && download.mode == mode && is_running(&download.state)
        };
        self.list.iter().any(running)
    }

    /// All of them, the newest first.
    #[must_use]
    pub fn view(&self) -> Vec<Download> {
        self.list.iter().rev().cloned().collect()
    }

    /// Takes news of a transfer that has begun.
    pub fn hear(&mut self, transfer: Transfer, news: DownloadNews) -> Vec<Change> {
        let Some(at) = self.running.iter().position(|(of, _)| *of == transfer) else {
            return Vec::new();
        };
        let id = self.running[at].1;
        let Some(download) = self.list.iter_mut().find(|download| download.id == id) else {
            self.running.remove(at);
            return Vec::new();
        };
        download.state = match news {
            DownloadNews::Progress { received, total } => {
                // Not saved: what came of a transfer that was cut off is of no use.
                download.received = received;
                download.total = total.filter(|total| *total >= received);
                return Vec::new();
            }
            DownloadNews::Arriving(total) => {
                (download.received, download.total) = (0, Some(total));
                download.state = DownloadState::Arriving;
                return Vec::new();
            }
            DownloadNews::Done => {
                download.total = Some(download.received);
                DownloadState::Done
            }
            DownloadNews::Cancelled => DownloadState::Cancelled,
            DownloadNews::Failed(fault) => DownloadState::Failed { fault },
            DownloadNews::Began { .. } | DownloadNews::Printed | DownloadNews::NotPrinted => {
                return Vec::new();
            }
        };
        let saved = Change::Save(download.clone());
        self.running.remove(at);
        vec![saved]
    }

    /// Takes a new one onto the list.
    pub fn begin(&mut self, transfer: Transfer, begins: Beginning) -> Vec<Change> {
        let Beginning {
            profile,
            mode,
            url,
            name,
            path,
        } = begins;
        self.last += 1;
        let download = Download {
            id: DownloadId(self.last),
            profile,
            mode,
            url,
            name,
            path,
            received: 0,
            total: None,
            state: DownloadState::Running,
        };
        self.running.push((transfer, download.id));
        self.list.push(download.clone());
        let mut over = self.list.len().saturating_sub(CAP);
        let mut changes = Vec::new();
        // One that runs must stay in sight: it can be cancelled nowhere else.
        self.list.retain(|old| {
            let goes = over > 0 && !is_running(&old.state);
            if goes {
                over -= 1;
                changes.push(Change::Delete(old.id));
            }
            !goes
        });
        changes.push(Change::Save(download));
        changes
    }

    /// Does what the person wants with one of them.
    pub fn act(
        &mut self,
        id: DownloadId,
        verb: DownloadVerb,
    ) -> (Vec<Change>, Option<DownloadOrder>) {
        let Some(download) = self.list.iter().find(|download| download.id == id) else {
            return (Vec::new(), None);
        };
        let running = self.running.iter().find(|(_, of)| *of == id);
        let order = match (verb, &download.state) {
            (DownloadVerb::Cancel, _) => running.map(|(of, _)| DownloadOrder::Cancel(*of)),
            (DownloadVerb::Open, DownloadState::Done) => {
                Some(DownloadOrder::Open(download.path.clone()))
            }
            (DownloadVerb::Reveal, DownloadState::Done) => {
                Some(DownloadOrder::Reveal(download.path.clone()))
            }
            (DownloadVerb::Retry, state) if !is_running(state) && can_be_fetched(&download.url) => {
                let fetch = DownloadOrder::Fetch {
                    url: download.url.clone(),
                    profile: download.profile.clone(),
                    mode: download.mode,
                    came: download.received > 0,
                };
                return (self.forget(id), Some(fetch));
            }
            (DownloadVerb::Forget, state) if !is_running(state) => {
                return (self.forget(id), None);
            }
            _ => None,
        };
        (Vec::new(), order)
    }

    /// Takes one off the list.
    pub fn forget(&mut self, id: DownloadId) -> Vec<Change> {
        self.list.retain(|download| download.id != id);
        vec![Change::Delete(id)]
    }

    /// Takes all of these profiles off the list; those that run are to be given up.
    pub fn forget_all_of(&mut self, of: impl Fn(&ProfileName) -> bool) -> Vec<DownloadOrder> {
        let gone = |id: &DownloadId| {
            let download = self.list.iter().find(|download| download.id == *id);
            download.is_none_or(|download| of(&download.profile))
        };
        let (ended, running) = std::mem::take(&mut self.running)
            .into_iter()
            .partition(|(_, id)| gone(id));
        self.running = running;
        self.list.retain(|download| !of(&download.profile));
        let ended: Vec<(Transfer, DownloadId)> = ended;
        let cancel = |(transfer, _)| DownloadOrder::Cancel(transfer);
        ended.into_iter().map(cancel).collect()
    }

    /// Takes all that are over off the list.
    pub fn clear(&mut self) -> Vec<Change> {
        let over: Vec<DownloadId> = self
            .list
            .iter()
            .filter(|download| !is_running(&download.state))
            .map(|download| download.id)
            .collect();
        over.into_iter().flat_map(|id| self.forget(id)).collect()
    }
}

fn is_running(state: &DownloadState) -> bool {
    matches!(state, DownloadState::Running | DownloadState::Arriving)
}

/// What a page made itself (`blob:`, `data:`) went with the page.
fn can_be_fetched(url: &str) -> bool {
    url.starts_with("http:") || url.starts_with("https:")
}

#[cfg(test)]
mod tests;
