//! The toggle: a tab leaves one mode for the other.

use super::{Browser, Crossing};
use crate::action::PageAction;
use crate::event::RequestId;
use crate::message::{Mode, Problem, TabId};
use crate::node::NodeId;

impl Browser {
    pub(super) fn set_mode(
        &mut self,
        request: RequestId,
        id: TabId,
        mode: Mode,
        node: Option<NodeId>,
    ) {
        let Some(tab) = self.tab_mut(id) else {
            return self.reply(request, Err(Problem::UnknownTab { tab: id }));
        };
        let tab_has_problem = tab.problem.is_some();
        match mode {
            Mode::Proxy => {
                if tab.mode == Mode::Streamed {
                    self.back_to_proxy(id);
                }
                self.reply(request, Ok(()));
            }
            Mode::Streamed => {
                if tab.mode == Mode::Proxy {
                    let url = tab.url().to_owned();
                    self.leave_for_stream(id, &url);
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
    pub(super) fn leave_for_stream(&mut self, id: TabId, url: &str) {
        self.answer_all(id);
        self.ask_for_cookies(id, Mode::Proxy, url);
        self.collect(id);
        let Some(tab) = self.tab_mut(id) else { return };
        tab.mode = Mode::Streamed;
        tab.problem = None;
        tab.loading = false;
        tab.page.gone();
        tab.page.painted = false;
        tab.waiting_history = tab.proxied.then(|| tab.history.clone());
        // What could not be shown is in no history yet.
        if !url.is_empty() {
            tab.history.visit(url);
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
        tab.mode = Mode::Proxy;
        tab.problem = None;
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            tab.history.visit(&url);
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
