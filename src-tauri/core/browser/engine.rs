//! What becomes of engines: fetched, held up, back, ended.

use super::Browser;
use super::news::is_about_the_profile;
use crate::fault::{EndCause, Stall};
use crate::message::{Encoder, Problem, SessionId, StartFailure, TabId};
use crate::node::{NodeId, Setback};
use crate::session::{Happening, Session, State};

impl Browser {
    pub(super) fn image_fetched(&mut self, id: SessionId, percent: u8) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.fetched(percent);
        }
    }

    /// A new connection begins without, and says so if it is.
    pub(super) fn stream_relayed(&mut self, id: SessionId, relayed: bool) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.set_relayed(relayed);
        }
    }

    pub(super) fn engine_encodes(&mut self, id: SessionId, encoder: Encoder) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.encoder = Some(encoder);
        }
    }

    pub(super) fn engine_ended(&mut self, id: SessionId, end: EndCause, log: Vec<String>) {
        let was_seen = self.sessions.get(&id).is_some_and(Session::was_seen);
        self.engine_gone(id, Some(Setback::Ended { end }), |node| match end {
            // An engine may serve before its browser shows a page.
            EndCause::Exited { code } if !was_seen => Problem::StartFailed {
                node,
                failure: StartFailure::Exited { code },
                log,
            },
            end => Problem::EngineEnded { node, end, log },
        });
    }

    pub(super) fn engine_gone(
        &mut self,
        id: SessionId,
        setback: Option<Setback>,
        problem: impl FnOnce(String) -> Problem,
    ) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.state() == State::Ending {
            // It was to go anyway; its stop is answered by itself.
            return;
        }
        if session.tabs.is_empty() && session.is_ahead() {
            self.standby_failed = true;
        }
        let waits = matches!(session.state(), State::Suspending | State::Suspended(_))
            // Whoever joined it meanwhile gets one of his own.
            || session.state() == State::Starting && session.is_ahead();
        let problem = problem(session.node.name.clone());
        let node = session.node.id.clone();
        let is_start = !session.was_seen();
        if is_start && let Some(setback) = setback {
            self.roster.set_aside(&node, setback);
        }
        let goes_on = is_start && (self.undo_move(id) || self.tries_another(id, &node, &problem));
        if !waits && !goes_on {
            self.blame(id, &problem);
        }
        self.step(id, Happening::EngineEnded);
    }

    /// Whether the tabs of a session whose start has failed go to the next best node: once, and
    /// never if the person has chosen the node.
    fn tries_another(&mut self, id: SessionId, node: &NodeId, problem: &Problem) -> bool {
        let Some(session) = self.sessions.get(&id).filter(|it| !it.tabs.is_empty()) else {
            return false;
        };
        let open = |tab: &TabId| {
            let stream = self.tab(*tab).and_then(|tab| tab.stream.as_ref());
            stream.is_some_and(|stream| stream.choice.is_none() && stream.but.is_none())
        };
        let data_come = self.home_of(&session.profile).is_none_or(|home| {
            home != *node || home == NodeId::host() || self.roster.answers(&home)
        });
        let memory = session.memory_mib;
        let no_better = matches!(problem, Problem::StartFailed { failure, .. }
            if is_about_the_profile(failure));
        if no_better
            || !data_come
            || !session.tabs.iter().all(open)
            || self.roster.ready(memory, Some(node)).is_none()
        {
            return false;
        }
        for tab in session.tabs.clone() {
            let tab = self.tab_mut(tab);
            if let Some(stream) = tab.and_then(|tab| tab.stream.as_mut()) {
                stream.but = Some(node.clone());
            }
        }
        true
    }

    /// There is a picture: nothing speaks against its node any more.
    pub(super) fn start_has_held(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get(&id) {
            let node = session.node.id.clone();
            self.roster.forgive(&node);
        }
    }

    /// Lets go of an engine that is held up, and says why.
    pub(super) fn engine_stalled(&mut self, id: SessionId, stall: Stall) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.is_attached() || session.state() == State::Detached {
            let node = session.node.name.clone();
            self.blame(id, &Problem::EngineStalled { node, stall });
        }
        self.step(id, Happening::StreamFailed);
    }

    /// Takes up again what was let go of when the engine was held up.
    pub(super) fn engine_back(&mut self, id: SessionId) {
        let mut waits = false;
        for tab in &mut self.tabs {
            if tab.session() == Some(id)
                && matches!(tab.problem, Some(Problem::EngineStalled { .. }))
            {
                tab.problem = None;
                waits = true;
                if let Some(stream) = &mut tab.stream {
                    stream.restart();
                }
            }
        }
        if waits {
            self.step(id, Happening::TabJoined);
        }
    }
}
