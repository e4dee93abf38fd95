//! Leaving what may lose something: the pages are asked first, and where one objects, the person; of
//! files that come and would be lost, the person alone.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::ask::{Ask, AskId, Question};
use crate::event::{Millis, RequestId};
use crate::leave::limit_ms;
use crate::message::{Problem, ShellFocus, TabId};
use crate::site::origin_of;
use crate::tab::Tab;
use std::collections::BTreeSet;

/// Whether the whole window may be closed: it is being found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    /// The command to answer.
    request: RequestId,
    /// Pages that were asked and have not answered.
    asked: BTreeSet<TabId>,
    /// Those whose tab was being closed before.
    closing: BTreeSet<TabId>,
    /// Pages that object, of whom the person is to be asked, one after the other.
    object: Vec<TabId>,
    /// The one of whom the person is being asked.
    open: Option<TabId>,
    /// Where the person is being asked of files that would be lost, after all pages.
    files: Option<TabId>,
}

/// Until when a page may say whether it is to be left.
fn limit(tab: &Tab) -> Option<Millis> {
    let since = tab.asked_to_leave?;
    Some(Millis(since.0 + limit_ms(tab.mode)))
}

impl Browser {
    /// Closes a tab, if its page lets it go or the person insists.
    pub(super) fn leave_tab(&mut self, id: TabId) {
        self.forget_toggle(id);
        if !self.may_object(id) {
            self.close_tab(id, true);
        } else if self.tab(id).is_some_and(|tab| tab.asked_to_leave.is_none()) {
            self.ask_to_leave(id);
        } else if let Some(leave) = &mut self.leave {
            leave.closing.insert(id);
        }
    }

    /// Finds out whether the window may be closed; answered when that is known.
    pub(super) fn may_quit(&mut self, request: RequestId) {
        if let Some(leave) = &mut self.leave {
            // Whoever asks again waits with the first, and is shown what it waits for.
            let before = std::mem::replace(&mut leave.request, request);
            let open = leave.open;
            self.reply(before, Err(Problem::Cancelled));
            // Asked again, it is asked in front.
            self.forget_asking_about_files();
            return open.into_iter().for_each(|id| self.ask_about(id));
        }
        let ids: Vec<TabId> = self.tabs.iter().map(|tab| tab.id).collect();
        let closing = self.being_closed();
        let asked: BTreeSet<TabId> = ids.into_iter().filter(|id| self.may_object(*id)).collect();
        for id in &asked {
            self.ask_to_leave(*id);
        }
        self.leave = Some(Leave {
            request,
            asked,
            closing,
            object: Vec::new(),
            open: None,
            files: None,
        });
    }

    /// Tabs that the person has closed, whose page has not answered yet.
    fn being_closed(&self) -> BTreeSet<TabId> {
        let waits =
            |tab: &&Tab| tab.asked_to_leave.is_some() && !self.toggles.contains_key(&tab.id);
        let waiting = self.tabs.iter().filter(waits).map(|tab| tab.id);
        let of_all = |id: &TabId| {
            let leave = self.leave.as_ref();
            leave.is_some_and(|it| it.asked.contains(id) && !it.closing.contains(id))
        };
        waiting.filter(|id| !of_all(id)).collect()
    }

    /// The app ends: what was closed does not come back.
    pub(super) fn close_without_answer(&mut self) {
        for id in self.being_closed() {
            self.close_tab(id, true);
        }
    }

    /// Whether the person is being asked of this page because the window is to close.
    pub(super) fn asks_to_close_over(&self, id: TabId) -> bool {
        self.leave.as_ref().is_some_and(|it| it.open == Some(id))
    }

    /// Whether the window asks the page, or the person of it, because it is to close.
    pub(super) fn may_close_over(&self, id: TabId) -> bool {
        let asks = |leave: &Leave| leave.asked.contains(&id) || leave.object.contains(&id);
        self.leave.as_ref().is_some_and(asks) || self.asks_to_close_over(id)
    }

    /// Only a page that is there, and that can answer, has something to lose.
    pub(super) fn may_object(&self, id: TabId) -> bool {
        let shows = |tab: &Tab| tab.problem.is_none() && origin_of(tab.url()).is_some();
        self.tab(id).is_some_and(shows) && self.has_page(id)
    }

    pub(super) fn ask_to_leave(&mut self, id: TabId) {
        let now = self.now;
        if let Some(tab) = self.tab_mut(id) {
            tab.asked_to_leave = Some(now);
        }
        self.page_action(id, PageAction::MayClose);
    }

    /// A page has answered, or did not in time.
    pub(super) fn objects(&mut self, id: TabId, objects: bool) {
        let asked = self.tab_mut(id).and_then(|tab| tab.asked_to_leave.take());
        if asked.is_none() {
            return;
        }
        let of_all = self.leave.as_mut().filter(|it| it.asked.contains(&id));
        if let Some(leave) = of_all {
            leave.asked.remove(&id);
            leave.object.extend(objects.then_some(id));
            let closes = leave.closing.contains(&id) && !objects;
            if closes {
                self.close_tab(id, true);
            }
        } else if objects {
            self.ask_about(id);
        } else if !self.go_on_toggling(id) {
            self.close_tab(id, true);
        }
    }

    /// Asks the person whether a page is to be left.
    fn ask_about(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        let origin = origin_of(tab.url()).unwrap_or_default();
        let ask = Ask::new(AskId::LEAVE, &origin, Question::Leave);
        tab.page.asks.retain(|open| open.id != AskId::LEAVE);
        // Before what it may be asking itself.
        tab.page.asks.insert(0, ask);
        self.settings_shown = false;
        if self.active != Some(id) {
            self.bring_to_front(Some(id));
        }
        self.act(Action::Focus(ShellFocus::Ask));
    }

    /// The person has said whether a page is to be left.
    pub(super) fn leave_answered(&mut self, id: TabId, leaves: bool) {
        let Some(tab) = self.tab_mut(id) else { return };
        let before = tab.page.asks.len();
        tab.page.asks.retain(|open| open.id != AskId::LEAVE);
        if tab.page.asks.len() == before {
            return;
        }
        let of_all = self.asks_to_close_over(id);
        match (of_all, leaves) {
            (false, true) => {
                if !self.go_on_toggling(id) {
                    self.close_tab(id, true);
                }
            }
            (true, false) => self.end_leave(Err(Problem::Cancelled)),
            // The next one is asked about when this event is over.
            (true, true) => {
                let leave = self.leave.as_ref();
                if leave.is_some_and(|it| it.closing.contains(&id)) {
                    self.close_tab(id, true);
                }
            }
            (false, false) => {}
        }
    }

    /// Pages that do not answer do not object.
    pub(super) fn give_up_asking_pages(&mut self) {
        let late = |tab: &&Tab| limit(tab).is_some_and(|limit| self.now >= limit);
        let silent: Vec<TabId> = self.tabs.iter().filter(late).map(|tab| tab.id).collect();
        for id in silent {
            self.objects(id, false);
        }
    }

    pub(super) fn next_answer_limit(&self) -> Option<Millis> {
        self.tabs.iter().filter_map(limit).min()
    }

    /// Goes on to the next page that objects, or says that the window may be closed.
    pub(super) fn go_on_leaving(&mut self) {
        loop {
            let Some(leave) = &self.leave else { return };
            let asks = |id: TabId| {
                let tab = self.tab(id).filter(|tab| tab.asked_to_leave.is_none());
                tab.is_some_and(|tab| tab.page.asks.iter().any(|ask| ask.id == AskId::LEAVE))
            };
            let waits = |id: &TabId| {
                self.tab(*id)
                    .is_some_and(|tab| tab.asked_to_leave.is_some())
            };
            if leave.asked.iter().any(waits) || leave.open.is_some_and(asks) {
                return;
            }
            let next = leave.object.first().copied();
            let Some(leave) = &mut self.leave else { return };
            leave.open = next;
            let Some(id) = next else {
                if !self.asks_about_files() {
                    self.end_leave(Ok(()));
                }
                return;
            };
            leave.object.remove(0);
            self.ask_about(id);
        }
    }

    /// Whether the person is being asked about files that would be lost: asks, if there are any.
    fn asks_about_files(&mut self) -> bool {
        let asked = self.leave.as_ref().and_then(|leave| leave.files);
        let is_open = |tab: &Tab| tab.page.asks.iter().any(|ask| ask.id == AskId::FILES);
        if asked.and_then(|id| self.tab(id)).is_some_and(is_open) {
            return true;
        }
        let lost = self.downloads.lost_with_the_app();
        let (Some(first), Some(front)) = (lost.first(), self.active) else {
            return false;
        };
        let question = Question::Files {
            name: first.name.clone(),
            others: lost.len() - 1,
        };
        let Some(tab) = self.tab_mut(front) else {
            return false;
        };
        tab.page
            .asks
            .insert(0, Ask::new(AskId::FILES, "", question));
        if let Some(leave) = &mut self.leave {
            leave.files = Some(front);
        }
        self.settings_shown = false;
        self.act(Action::Focus(ShellFocus::Ask));
        true
    }

    /// The person has said whether files that come may be lost.
    pub(super) fn files_answered(&mut self, id: TabId, lost: bool) {
        if self.leave.as_ref().is_some_and(|it| it.files == Some(id)) {
            self.end_leave(if lost {
                Ok(())
            } else {
                Err(Problem::Cancelled)
            });
        }
    }

    fn forget_asking_about_files(&mut self) {
        for tab in &mut self.tabs {
            tab.page.asks.retain(|open| open.id != AskId::FILES);
        }
    }

    fn end_leave(&mut self, result: Result<(), Problem>) {
        self.forget_asking_about_files();
        if let Some(leave) = self.leave.take() {
            for tab in &mut self.tabs {
                tab.asked_to_leave = None;
            }
            self.reply(leave.request, result);
        }
    }
}
