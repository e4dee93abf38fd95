//! The list of downloads, and its rules.

use super::{
    Beginning, Download, DownloadFault, DownloadId, DownloadNews, DownloadOrder, DownloadState,
    DownloadVerb, Halt, Hold, Rest, Transfer, can_be_fetched,
};
use crate::address::split_login;
use crate::message::{Mode, ProfileName};

/// Downloads that are remembered; the oldest go first.
pub(super) const CAP: usize = 100;

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
    pub(super) list: Vec<Download>,
    pub(super) running: Vec<(Transfer, DownloadId)>,
    /// Prints that are not on paper.
    pub(super) prints: Vec<(Transfer, DownloadId)>,
    /// Under way still, and not wanted any more.
    given_up: Vec<DownloadId>,
    last: u32,
}

impl Downloads {
    /// The list as it was saved, with what is kept of each, and what is to be saved of it anew: what was
    /// under way then is not any more.
    #[must_use]
    pub fn restore(mut saved: Vec<Download>) -> (Self, Vec<Change>) {
        saved.sort_by_key(|download| download.id);
        let mut changes = Vec::new();
        for download in saved.iter_mut().filter(|download| download.is_running()) {
            download.state = if rest(download).is_some() {
                DownloadState::Paused { why: Halt::Closed }
            } else {
                let fault = DownloadFault::Interrupted;
                DownloadState::Failed { fault }
            };
            changes.push(Change::Save(download.clone()));
        }
        let last = saved.last().map_or(0, |download| download.id.0);
        let list = Self {
            list: saved,
            running: Vec::new(),
            prints: Vec::new(),
            given_up: Vec::new(),
            last,
        };
        (list, changes)
    }

    /// Whether any is under way in this profile, fetched by the engine of this mode.
    #[must_use]
    pub fn are_running(&self, profile: &ProfileName, mode: Mode) -> bool {
        let running = |download: &Download| {
            download.profile == *profile && download.mode == mode && download.is_running()
        };
        self.list.iter().any(running)
    }

    /// Those under way of which nothing would be left, or nothing of use, if the app ended now.
    #[must_use]
    pub fn lost_with_the_app(&self) -> Vec<&Download> {
        let lost = |it: &&Download| it.is_running() && (!it.can_go_on() || it.profile.is_private());
        self.list.iter().filter(lost).collect()
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
                // Not saved: of a transfer that is cut off, what lies on the disk is what came.
                download.received = received;
                download.total = total.filter(|total| *total >= received);
                return Vec::new();
            }
            DownloadNews::Arriving(total) => {
                (download.received, download.total) = (0, Some(total));
                download.state = DownloadState::Arriving;
                return Vec::new();
            }
            DownloadNews::Holds(hold) => {
                download.hold = hold;
                return vec![Change::Save(download.clone())];
            }
            DownloadNews::Held { received, why } => {
                download.received = received;
                DownloadState::Paused { why }
            }
            DownloadNews::Done => {
                download.total = Some(download.received);
                DownloadState::Done
            }
            DownloadNews::Cancelled => DownloadState::Cancelled,
            DownloadNews::Failed(fault) => DownloadState::Failed { fault },
            DownloadNews::Began { .. }
            | DownloadNews::GoesOn { .. }
            | DownloadNews::Anew(_)
            | DownloadNews::Printed
            | DownloadNews::NotPrinted => return Vec::new(),
        };
        let saved = Change::Save(download.clone());
        self.running.remove(at);
        self.given_up.retain(|it| *it != id);
        vec![saved]
    }

    /// The file of a transfer that was given up before its last news came.
    #[must_use]
    pub fn unwanted(&self, transfer: Transfer) -> Option<&str> {
        let (_, id) = self.running.iter().find(|(of, _)| *of == transfer)?;
        let download = self.list.iter().find(|download| download.id == *id)?;
        self.given_up.contains(id).then_some(&download.path)
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
            // The list is shown and saved.
            url: split_login(&url).map_or(url, |(bare, _)| bare),
            name,
            path,
            received: 0,
            total: None,
            hold: Hold::Never,
            state: DownloadState::Running,
        };
        self.running.push((transfer, download.id));
        self.list.push(download.clone());
        let mut over = self.list.len().saturating_sub(CAP);
        let mut changes = Vec::new();
        // One that is not over must stay in sight: it can be cancelled nowhere else.
        self.list.retain(|old| {
            let goes = over > 0 && old.is_over();
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
        let Some(download) = self.list.iter_mut().find(|download| download.id == id) else {
            return (Vec::new(), None);
        };
        let running = self.running.iter().find(|(_, of)| *of == id);
        let order = match (verb, &download.state) {
            (DownloadVerb::Pause, DownloadState::Running) if download.hold != Hold::Never => {
                running.map(|(of, _)| DownloadOrder::Pause(*of))
            }
            (DownloadVerb::Resume, DownloadState::Paused { .. }) => {
                let rest = rest(download);
                if rest.is_some() {
                    // Not saved: should the app end meanwhile, it is held up as before.
                    download.state = DownloadState::Running;
                }
                rest.map(DownloadOrder::GoOn)
            }
            (DownloadVerb::Cancel, DownloadState::Paused { .. }) => {
                download.state = DownloadState::Cancelled;
                let kept = DownloadOrder::Discard(download.path.clone());
                return (vec![Change::Save(download.clone())], Some(kept));
            }
            (DownloadVerb::Cancel, _) if download.is_running() => {
                self.given_up.push(id);
                running.map(|(of, _)| DownloadOrder::Cancel(*of))
            }
            (DownloadVerb::Open, DownloadState::Done) => {
                Some(DownloadOrder::Open(download.path.clone()))
            }
            (DownloadVerb::Reveal, DownloadState::Done) => {
                Some(DownloadOrder::Reveal(download.path.clone()))
            }
            (DownloadVerb::Retry, _) if !download.is_running() && can_be_fetched(&download.url) => {
                let fetch = DownloadOrder::Fetch {
                    url: download.url.clone(),
                    profile: download.profile.clone(),
                    mode: download.mode,
                    came: download.received > 0 || download.hold != Hold::Never,
                };
                return (self.forget(id), Some(fetch));
            }
            (DownloadVerb::Forget, _) if download.is_over() => {
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

    /// One that was held up goes on by this transfer; `false` if it is not on the list any more, or
    /// was given up meanwhile: then nothing of it is to stay.
    pub fn go_on(
        &mut self,
        transfer: Transfer,
        id: DownloadId,
        name: String,
        path: String,
    ) -> bool {
        let Some(download) = self.list.iter_mut().find(|download| download.id == id) else {
            return false;
        };
        download.state = DownloadState::Running;
        (download.name, download.path) = (name, path);
        self.running.push((transfer, id));
        !self.given_up.contains(&id)
    }

    /// One that goes on, as it is saved: should the app end meanwhile, it is held up as before, by the
    /// name that it has now.
    #[must_use]
    pub fn held_as(&self, id: DownloadId) -> Vec<Change> {
        let found = self.list.iter().find(|download| download.id == id);
        let state = DownloadState::Paused { why: Halt::Closed };
        let held = found.cloned().map(|it| Download { state, ..it });
        held.into_iter().map(Change::Save).collect()
    }

    /// One that went on cannot: it is held up with nothing left of it.
    pub fn give_up(&mut self, transfer: Transfer) -> Option<&Download> {
        let at = self.running.iter().position(|(of, _)| *of == transfer)?;
        let (_, id) = self.running.remove(at);
        let download = self.list.iter_mut().find(|download| download.id == id)?;
        let why = Halt::Refused;
        download.state = DownloadState::Paused { why };
        Some(download)
    }

    /// Whether one that is held up can only begin anew.
    #[must_use]
    pub fn begins_anew(&self, id: DownloadId) -> bool {
        let held = |it: &&Download| it.id == id && it.is_paused();
        self.list
            .iter()
            .find(held)
            .is_some_and(|it| rest(it).is_none())
    }

    /// What is kept of one that is held up, to be removed.
    #[must_use]
    pub fn kept(&self, id: DownloadId) -> Option<DownloadOrder> {
        let held = |it: &&Download| it.id == id && it.is_paused();
        let held = self.list.iter().find(held)?;
        Some(DownloadOrder::Discard(held.path.clone()))
    }

    /// What has to be done that nothing stays of these profiles but what is over: those that run are
    /// given up, and what is kept is removed, also of those that run: one may have been held up
    /// without its news having come.
    #[must_use]
    pub fn give_up_all_of(&self, of: impl Fn(&ProfileName) -> bool) -> Vec<DownloadOrder> {
        let gone = |(_, id): &&(Transfer, DownloadId)| {
            let download = self.list.iter().find(|download| download.id == *id);
            download.is_none_or(|download| of(&download.profile))
        };
        let ended = self.running.iter().filter(gone);
        let here = |it: &&Download| it.mode == Mode::Proxy && !it.is_over() && of(&it.profile);
        let kept = self.list.iter().filter(here);
        ended
            .map(|(transfer, _)| DownloadOrder::Cancel(*transfer))
            .chain(kept.map(|it| DownloadOrder::Discard(it.path.clone())))
            .collect()
    }

    /// Takes all of these profiles off the list, and says what has to be done that nothing stays.
    pub fn forget_all_of(&mut self, of: impl Fn(&ProfileName) -> bool) -> Vec<DownloadOrder> {
        let orders = self.give_up_all_of(&of);
        self.list.retain(|download| !of(&download.profile));
        let list = &self.list;
        self.running
            .retain(|(_, id)| list.iter().any(|download| download.id == *id));
        orders
    }

    /// Takes all that are over off the list.
    pub fn clear(&mut self) -> Vec<Change> {
        let over: Vec<DownloadId> = self
            .list
            .iter()
            .filter(|download| download.is_over())
            .map(|download| download.id)
            .collect();
        over.into_iter().flat_map(|id| self.forget(id)).collect()
    }
}

/// What is still to come, if it goes on where it was.
fn rest(download: &Download) -> Option<Rest> {
    let Hold::At(version) = &download.hold else {
        return None;
    };
    (download.can_go_on() && download.received > 0).then(|| Rest {
        id: download.id,
        profile: download.profile.clone(),
        url: download.url.clone(),
        path: download.path.clone(),
        version: version.clone(),
        total: download.total,
    })
}
