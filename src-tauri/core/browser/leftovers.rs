//! Sessions that nobody looks at: left by an earlier run, asleep too long, or to go with the app.

use super::{Browser, Leftovers};
use crate::action::Action;
use crate::event::{FoundEngine, Millis};
use crate::message::{SessionId, TabId};
use crate::node::{Node, NodeId};
use crate::record::{SavedState, SessionRecord};
use crate::session::{Happening, Session, State};

impl Browser {
    /// What an earlier run left: adopted if it is healthy and known, else stopped.
    pub(super) fn engines_found(&mut self, found: &[FoundEngine]) {
        let Leftovers::Unknown(rows) = std::mem::replace(&mut self.leftovers, Leftovers::Settled)
        else {
            return;
        };
        self.take_over(found, &rows);
        self.begin_waiting_work();
        if !self.looking {
            self.place_waiting();
            self.stand_by();
        }
    }

    /// Adopts what was found on a node and belongs to one of these rows; ends what belongs to none.
    pub(super) fn take_over(&mut self, found: &[FoundEngine], rows: &[SessionRecord]) {
        for engine in found {
            if self.sessions.contains_key(&engine.session) {
                // It was begun since.
                continue;
            }
            let row = rows.iter().find(|row| row.id == engine.session);
            self.adopt(engine, row);
        }
        for row in rows {
            if !found.iter().any(|engine| engine.session == row.id) {
                self.act(Action::DeleteSession(row.id));
            }
        }
        self.last_session = found
            .iter()
            .map(|engine| engine.session.0)
            .fold(self.last_session, u32::max);
        let waiting: Vec<TabId> = self
            .tabs
            .iter()
            .filter(|tab| tab.stream.as_ref().is_some_and(|s| s.session.is_none()))
            .map(|tab| tab.id)
            .collect();
        for id in waiting {
            self.join_existing(id);
        }
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ids {
            let deeds = self
                .sessions
                .get_mut(&id)
                .map(Session::suspend_unused)
                .unwrap_or_default();
            self.do_deeds(id, &deeds);
        }
    }

    fn adopt(&mut self, engine: &FoundEngine, row: Option<&SessionRecord>) {
        let keep = engine.healthy
            && row.is_some_and(|row| row.state != SavedState::Ending && !row.profile.is_private());
        let state = match (keep, engine.suspended) {
            (true, true) => State::Suspended(self.now),
            _ => State::Detached,
        };
        let profile = row.map_or_else(|| self.settings.profile.clone(), |row| row.profile.clone());
        let node = self.node_name(&engine.node);
        let memory = self.settings.demand.session_memory_mib;
        let id = engine.session;
        self.sessions
            .insert(id, Session::left_behind(id, profile, node, memory, state));
        if keep {
            self.settle_home(id);
        } else {
            self.step(id, Happening::Dismissed);
        }
    }

    /// All nodes but the workers, as they are now. One that is not among them is gone.
    pub(super) fn nodes_seen(&mut self, nodes: Vec<Node>) {
        let gone: Vec<NodeId> = self
            .roster
            .names()
            .map(|name| name.id.clone())
            .filter(|id| self.worker_name(id).is_none() && nodes.iter().all(|node| node.id != *id))
            .collect();
        for id in gone {
            self.roster.forget(&id);
        }
        for node in nodes {
            self.roster.see(node, None);
        }
    }

    pub(super) fn dismiss_all_sessions(&mut self) {
        let ids: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ids {
            self.step(id, Happening::Dismissed);
        }
    }

    pub(super) fn next_idle_limit(&self) -> Option<Millis> {
        self.sessions
            .values()
            .filter_map(|session| match session.state() {
                State::Suspended(since) => Some(Millis(since.0 + self.settings.suspended_limit_ms)),
                _ => None,
            })
            .min()
    }

    pub(super) fn end_idle_sessions(&mut self) {
        let limit = self.settings.suspended_limit_ms;
        let late: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|session| {
                matches!(session.state(), State::Suspended(since) if self.now.0 >= since.0 + limit)
            })
            .map(|session| session.id)
            .collect();
        for id in late {
            self.step(id, Happening::IdleLimit);
        }
    }
}
