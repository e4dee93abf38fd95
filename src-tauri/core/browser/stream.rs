//! Streams: sessions and the tabs that belong to them.

use super::{Browser, Leftovers};
use crate::action::{Action, PageAction};
use crate::cookie;
use crate::event::RequestId;
use crate::message::{Leg, Mode, Problem, SessionId, Stage, TabId};
use crate::node::NodeId;
use crate::session::{Deed, Happening, State};
use crate::tab::{Tab, TabStream};

impl Browser {
    /// Lets go of all that a tab has, before it goes.
    pub(super) fn let_go(&mut self, id: TabId, close_page: bool) {
        self.let_go_of_stream(id, close_page);
        if self.tab(id).is_some_and(|tab| tab.proxied) {
            self.act(Action::Proxied(id, PageAction::Close));
        }
        if let Some(tab) = self.tab_mut(id) {
            tab.proxied = false;
        }
    }

    pub(super) fn let_go_of_stream(&mut self, id: TabId, close_page: bool) {
        if close_page && self.tab(id).is_some_and(|tab| tab.mode == Mode::Streamed) {
            self.page_action(id, PageAction::Close);
        }
        let stream = self.tab_mut(id).and_then(|tab| tab.stream.take());
        let Some(stream) = stream else { return };
        if let Some(request) = stream.request {
            self.reply(request, Err(Problem::Cancelled));
        }
        let Some(session_id) = stream.session else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return;
        };
        session.tabs.retain(|tab| *tab != id);
        if session.front == Some(id) {
            session.front = None;
        }
        if session.tabs.is_empty() && !self.gives_files(session_id) {
            self.step(session_id, Happening::LastTabLeft);
        }
    }

    /// Asks for a stream for a tab: a session that is there already, else a new one.
    pub(super) fn want_stream(
        &mut self,
        id: TabId,
        choice: Option<NodeId>,
        request: Option<RequestId>,
    ) {
        let now = self.now;
        let Some(tab) = self.tab_mut(id) else { return };
        if let Some(earlier) = tab.stream.take().and_then(|stream| stream.request) {
            self.reply(earlier, Err(Problem::Cancelled));
        }
        if let Some(problem) = self.held_by_exit(id) {
            if let Some(request) = request {
                self.reply(request, Err(problem));
            }
            return;
        }
        let mut stream = TabStream {
            choice,
            request,
            ..TabStream::default()
        };
        stream.enter(Stage::Placing, now);
        if let Some(tab) = self.tab_mut(id) {
            tab.stream = Some(stream);
        }
        if self.leftovers != Leftovers::Settled || self.join_existing(id) {
            return;
        }
        self.look_at_nodes();
    }

    /// A profile's session on the wanted node, else, without a choice, wherever it is.
    pub(super) fn join_existing(&mut self, id: TabId) -> bool {
        let Some(tab) = self.tab(id) else {
            return false;
        };
        let choice = tab.stream.as_ref().and_then(|stream| stream.choice.clone());
        let existing = self
            .sessions
            .values()
            .find(|session| {
                session.profile == tab.profile
                    && session.state() != State::Gone
                    && choice.as_ref().is_none_or(|node| *node == session.node.id)
            })
            .map(|session| session.id);
        let Some(session) = existing else {
            return false;
        };
        self.join(id, session);
        true
    }

    pub(super) fn join(&mut self, id: TabId, session_id: SessionId) {
        let request = self
            .tab_mut(id)
            .and_then(|tab| tab.stream.as_mut())
            .and_then(|stream| {
                stream.session = Some(session_id);
                stream.request.take()
            });
        if let Some(request) = request {
            self.reply(request, Ok(()));
        }
        let Some(session) = self.sessions.get_mut(&session_id) else {
            return;
        };
        if !session.tabs.contains(&id) {
            session.tabs.push(id);
        }
        if session.is_attached() {
            self.open_streamed(id, session_id);
        }
        self.step(session_id, Happening::TabJoined);
        self.update_stages();
    }

    pub(super) fn open_streamed(&mut self, id: TabId, session: SessionId) {
        let held = self.awaits_cookies(id);
        if let Some(stream) = self.tab_mut(id).and_then(|tab| tab.stream.as_mut()) {
            stream.held = held;
        }
        if held {
            return;
        }
        if let Some(jar) = self.cookies_for(id) {
            let give = PageAction::Cookies(cookie::Order::Give(jar));
            self.act(Action::Streamed(session, id, give));
        }
        let zoom = self.zoom_of_site(id);
        let Some(tab) = self.tab_mut(id) else { return };
        tab.zoom = zoom.unwrap_or(tab.zoom);
        tab.history.fresh_page();
        let url = match tab.url() {
            "" => "about:blank",
            url => url,
        };
        let open = PageAction::Open {
            url: url.to_owned(),
            zoom: tab.zoom,
        };
        self.act(Action::Streamed(session, id, open));
    }

    /// A tab for a page that the engine has made itself.
    pub(super) fn attach_page(
        &mut self,
        session_id: SessionId,
        position: usize,
        target: String,
        url: &str,
    ) -> TabId {
        let Some(session) = self.sessions.get(&session_id) else {
            return self.new_tab(Mode::Streamed, position);
        };
        let id = self.new_tab_of(session.profile.clone(), Mode::Streamed, position);
        let now = self.now;
        if let Some(tab) = self.tab_mut(id) {
            if !url.is_empty() && url != "about:blank" {
                tab.visit(url, true);
            }
            let mut stream = TabStream {
                session: Some(session_id),
                ..TabStream::default()
            };
            stream.enter(Stage::Connecting, now);
            tab.stream = Some(stream);
        }
        if let Some(session) = self.sessions.get_mut(&session_id) {
            session.tabs.push(id);
        }
        let attach = PageAction::Attach {
            target,
            zoom: crate::tab::DEFAULT_ZOOM,
        };
        self.act(Action::Streamed(session_id, id, attach));
        id
    }

    pub(super) fn retry_stream(&mut self, id: TabId) {
        let Some(stream) = self.tab_mut(id).and_then(|tab| tab.stream.as_mut()) else {
            return self.want_stream(id, None, None);
        };
        stream.restart();
        let (session, choice) = (stream.session, stream.choice.clone());
        match session.filter(|session| self.sessions.contains_key(session)) {
            Some(session) => {
                self.step(session, Happening::TabJoined);
                self.update_stages();
            }
            None => self.want_stream(id, choice, None),
        }
    }

    pub(super) fn stream_failed(&mut self, id: SessionId, leg: Leg) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if !session.was_seen() && session.is_attached() && self.undo_move(id) {
            // It goes back to where it was seen.
            return self.step(id, Happening::Dismissed);
        }
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.is_attached() {
            let node = session.node.name.clone();
            self.blame(id, &Problem::ConnectionLost { node, leg });
        }
        self.step(id, Happening::StreamFailed);
    }

    /// Shows a problem on all tabs of a session.
    pub(super) fn blame(&mut self, id: SessionId, problem: &Problem) {
        for tab in &mut self.tabs {
            if tab.session() == Some(id) {
                tab.problem = Some(problem.clone());
                tab.loading = false;
                tab.page.gone();
            }
        }
    }

    pub(super) fn step(&mut self, id: SessionId, happening: Happening) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let deeds = session.step(happening, now);
        self.do_deeds(id, &deeds);
    }

    pub(super) fn do_deeds(&mut self, id: SessionId, deeds: &[Deed]) {
        for deed in deeds {
            let Some(session) = self.sessions.get(&id) else {
                return;
            };
            let node = session.node.id.clone();
            let action = match deed {
                Deed::Save => Action::SaveSession(session.record()),
                Deed::Forget => {
                    self.act(Action::DeleteSession(id));
                    self.session_gone(id);
                    continue;
                }
                Deed::Start => Action::StartEngine {
                    session: id,
                    node,
                    profile: session.profile.clone(),
                    memory_mib: session.memory_mib,
                    ahead: session.is_ahead(),
                },
                Deed::Resume => Action::ResumeEngine(id, node),
                Deed::Suspend => Action::SuspendEngine(id, node),
                Deed::Stop => Action::StopEngine(id, node),
                Deed::Connect => {
                    let tabs = session.tabs.clone();
                    let permissions = self.sites.permissions(&session.profile);
                    self.stream_relayed(id, false);
                    self.act(Action::Connect(id, node));
                    self.act(Action::SetPermissions(id, permissions));
                    tabs.iter().for_each(|tab| self.open_streamed(*tab, id));
                    continue;
                }
                Deed::Disconnect => {
                    for tab in &mut self.tabs {
                        if let Some(stream) = &mut tab.stream
                            && stream.session == Some(id)
                        {
                            stream.opened = false;
                            stream.held = false;
                            tab.page.giving = None;
                        }
                    }
                    Action::Disconnect(id)
                }
            };
            self.act(action);
        }
    }

    /// Tabs of a session that is gone have a problem to show, or waited for its end.
    fn session_gone(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        for tab in session.tabs {
            let Some(tab) = self.tab_mut(tab) else {
                continue;
            };
            let id = tab.id;
            let (choice, but) = tab.stream.as_mut().map_or((None, None), |stream| {
                stream.session = None;
                stream.opened = false;
                (stream.choice.clone(), stream.but.clone())
            });
            if tab.problem.is_none() && self.quitting_since.is_none() {
                self.want_stream(id, choice, None);
                let tab = self.tab_mut(id);
                if let Some(stream) = tab.and_then(|tab| tab.stream.as_mut()) {
                    stream.but = but;
                }
            }
        }
        self.begin_waiting_work();
        self.finish_leaving();
        self.want_standby();
    }

    /// Brings every streamed tab's stage in line with its session, and lets go of the child
    /// webview that waited behind a picture that is there now.
    pub(super) fn update_stages(&mut self) {
        let now = self.now;
        let mut live = Vec::new();
        for tab in &mut self.tabs {
            let Some(stream) = &mut tab.stream else {
                continue;
            };
            let Some(session) = stream.session.and_then(|id| self.sessions.get_mut(&id)) else {
                continue;
            };
            match session.state() {
                State::Starting | State::Suspending | State::Suspended(_) | State::Ending => {
                    stream.enter(Stage::Starting, now);
                }
                State::Connecting => stream.enter(Stage::Connecting, now),
                State::Live if stream.opened => {
                    stream.enter(Stage::Live, now);
                    session.seen();
                    live.push(tab.id);
                    if matches!(
                        tab.problem,
                        Some(Problem::ConnectionLost { .. } | Problem::EngineStalled { .. })
                    ) {
                        tab.problem = None;
                    }
                }
                State::Live => stream.enter(Stage::Connecting, now),
                State::Reconnecting => stream.enter(Stage::Reconnecting, now),
                State::Detached | State::Gone => {}
            }
        }
        for id in live {
            if let Some(session) = self.tab(id).and_then(Tab::session) {
                self.move_has_held(session);
            }
            let Some(tab) = self.tab_mut(id) else {
                continue;
            };
            if std::mem::take(&mut tab.proxied) {
                tab.waiting_history = None;
                self.act(Action::Proxied(id, PageAction::Close));
            }
        }
    }
}
