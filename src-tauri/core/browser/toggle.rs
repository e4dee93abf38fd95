//! The toggle: a tab leaves one mode for the other.

use super::{Browser, Crossing};
use crate::action::PageAction;
use crate::ask::AskId;
use crate::event::RequestId;
use crate::message::{Mode, Problem, Stage, TabId};
use crate::node::NodeId;
use crate::tab::{Tab, TabStream};

/// A wish for the other mode, which waits for the page that would be left, and for the person where
/// that page objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Toggle {
    /// The page itself in the other mode.
    Page {
        /// The command to answer.
        request: RequestId,
        mode: Mode,
        node: Option<NodeId>,
    },
    /// An address whose site opens in the other mode.
    Address { mode: Mode, url: String },
}

/// Whether there is a page to ask. One that nobody has touched has nothing to say.
fn has_a_say(tab: &Tab) -> bool {
    match tab.mode {
        Mode::Proxy => true,
        // The way out of a stage that does not end asks nobody.
        Mode::Streamed => tab.stream.as_ref().and_then(TabStream::stage) == Some(Stage::Live),
    }
}

impl Browser {
    /// Changes the mode of a tab, if its page lets it go or the person insists.
    pub(super) fn set_mode(
        &mut self,
        request: RequestId,
        id: TabId,
        mode: Mode,
        node: Option<NodeId>,
    ) {
        if self.asks_to_close_over(id) {
            return self.reply(request, Err(Problem::Cancelled));
        }
        if !self.is_to_be_asked(id, mode) {
            return self.change_mode(request, id, mode, node);
        }
        let wish = Toggle::Page {
            request,
            mode,
            node,
        };
        self.ask_to_toggle(id, wish);
    }

    /// Goes to an address whose site opens in the other mode, by the same condition.
    pub(super) fn cross_to(&mut self, id: TabId, mode: Mode, url: String) -> Result<(), Problem> {
        if self.asks_to_close_over(id) {
            return Err(Problem::Cancelled);
        }
        if self.is_to_be_asked(id, mode) {
            self.ask_to_toggle(id, Toggle::Address { mode, url });
        } else {
            self.forget_toggle(id);
            self.sets_out(id, &url);
            self.navigate_in(id, mode, &url, false);
        }
        Ok(())
    }

    fn is_to_be_asked(&self, id: TabId, mode: Mode) -> bool {
        let leaves = |tab: &Tab| tab.mode != mode && has_a_say(tab);
        self.tab(id).is_some_and(leaves) && self.may_object(id)
    }

    fn ask_to_toggle(&mut self, id: TabId, wish: Toggle) {
        self.forget_toggle(id);
        self.toggles.insert(id, wish);
        if self.tab(id).is_some_and(|tab| tab.asked_to_leave.is_none()) {
            self.ask_to_leave(id);
        }
    }

    /// The page lets its tab go, or the person insists. False if it was not asked for another mode.
    pub(super) fn go_on_toggling(&mut self, id: TabId) -> bool {
        let Some(wish) = self.toggles.remove(&id) else {
            return false;
        };
        if let Some(tab) = self.tab_mut(id) {
            // Asked twice, it may still have an answer to give.
            tab.asked_to_leave = None;
        }
        match wish {
            Toggle::Page {
                request,
                mode,
                node,
            } => self.change_mode(request, id, mode, node),
            Toggle::Address { mode, url } => {
                self.sets_out(id, &url);
                self.navigate_in(id, mode, &url, false);
            }
        }
        true
    }

    /// The tab stays in its mode: something else was wanted of it since. Neither its page's answer nor
    /// the person's is one to that.
    pub(super) fn forget_toggle(&mut self, id: TabId) {
        let Some(wish) = self.toggles.remove(&id) else {
            return;
        };
        if let Toggle::Page { request, .. } = wish {
            self.reply(request, Err(Problem::Cancelled));
        }
        if self.may_close_over(id) {
            return;
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.asked_to_leave = None;
            tab.page.asks.retain(|open| open.id != AskId::LEAVE);
        }
    }

    /// Goes on where the page that was asked is lost.
    pub(super) fn toggle_lost_pages(&mut self) {
        let asked = |id: &&TabId| {
            self.tab(**id)
                .is_some_and(|tab| tab.asked_to_leave.is_some())
        };
        let lost = |id: &&TabId| !self.may_object(**id);
        let lost = self.toggles.keys().filter(asked).filter(lost);
        for id in lost.copied().collect::<Vec<_>>() {
            self.objects(id, false);
        }
    }

    /// Forgets what was answered with a no, or is of another page by now.
    pub(super) fn forget_settled_toggles(&mut self) {
        let waits = |tab: &Tab| {
            tab.asked_to_leave.is_some() || tab.page.asks.iter().any(|ask| ask.id == AskId::LEAVE)
        };
        let settled = |id: &&TabId| !self.tab(**id).is_some_and(waits);
        let settled: Vec<TabId> = self.toggles.keys().filter(settled).copied().collect();
        for id in settled {
            self.forget_toggle(id);
        }
    }

    fn change_mode(&mut self, request: RequestId, id: TabId, mode: Mode, node: Option<NodeId>) {
        let Some(tab) = self.tab_mut(id) else {
            return self.reply(request, Err(Problem::UnknownTab { tab: id }));
        };
        let tab_has_problem = tab.problem.is_some();
        match mode {
            Mode::Proxy => {
                if tab.mode == Mode::Streamed {
                    tab.goes_on_heading();
                    self.back_to_proxy(id);
                }
                self.reply(request, Ok(()));
            }
            Mode::Streamed => {
                if tab.mode == Mode::Proxy {
                    let heading = tab.heading_for.clone().map(|it| (it.url, it.unasked));
                    let there = || (tab.url().to_owned(), tab.is_unasked());
                    let (url, unasked) = heading.unwrap_or_else(there);
                    self.leave_for_stream(id, &url, unasked);
                } else if let Some(session) = tab.session() {
                    let at = self.sessions.get(&session).map(|s| s.node.id.clone());
                    if node.is_none() || node == at {
                        if tab_has_problem {
                            self.reload(id, PageAction::Reload);
                        }
                        return self.reply(request, Ok(()));
                    }
                    let moved = node.map_or(Ok(()), |node| self.move_session(session, &node));
                    return self.reply(request, moved);
                }
                if let Some(tab) = self.tab_mut(id) {
                    tab.problem = None;
                }
                self.want_stream(id, node, Some(request));
            }
        }
    }

    /// Out of Proxy mode, to an address. The child webview waits until the stream is there.
    pub(super) fn leave_for_stream(&mut self, id: TabId, url: &str, unasked: bool) {
        self.answer_all(id);
        self.ask_for_cookies(id, Mode::Proxy, url);
        self.collect(id);
        let Some(tab) = self.tab_mut(id) else { return };
        tab.mode = Mode::Streamed;
        tab.storage = None;
        tab.problem = None;
        tab.heading_for = None;
        tab.loading = false;
        tab.page.gone();
        tab.page.painted = false;
        tab.waiting_history = tab.proxied.then(|| tab.history.clone());
        // What could not be shown is in no history yet.
        if !url.is_empty() {
            tab.visit(url, unasked);
        }
    }

    /// Back to Proxy mode; also the way out of every stage and every problem of a stream.
    pub(super) fn back_to_proxy(&mut self, id: TabId) {
        let waiting = self.tab(id).is_some_and(|tab| tab.proxied);
        self.permit_address_of(id);
        // A child webview that waited still has all that it had.
        let url = self.tab(id).map(|tab| tab.url().to_owned());
        if let (false, Some(url)) = (waiting, &url) {
            self.ask_for_cookies(id, Mode::Streamed, url);
            self.collect(id);
        }
        self.let_go_of_stream(id, true);
        let Some(tab) = self.tab_mut(id) else { return };
        tab.carry = None;
        if waiting {
            tab.crossing = Crossing::None;
        }
        let unasked = tab.is_unasked();
        tab.mode = Mode::Proxy;
        tab.problem = None;
        tab.heading_for = None;
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            tab.visit(&url, unasked);
        }
        tab.loading = false;
        tab.page.gone();
        tab.page.painted = waiting;
        match tab.waiting_history.take() {
            Some(history) if waiting => {
                let wanted = tab.url().to_owned();
                tab.history = history;
                // It was given another address while it waited.
                if tab.url() != wanted {
                    tab.heads_for(&wanted, unasked);
                    self.page_action(id, PageAction::Navigate(wanted));
                }
            }
            _ => {
                if self.active == Some(id) {
                    self.wake(id);
                }
            }
        }
    }
}
