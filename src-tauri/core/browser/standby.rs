//! An engine that is kept ready for the next streamed tab.
//!
//! It is a session like any other, saved, labelled and counted, only that no tab has joined it
//! yet. It has the profile's data from the beginning, so that these are in one engine at a time.

use super::{Browser, Leftovers};
use crate::message::SessionId;
use crate::session::{Happening, Session, State};
use crate::streaming::Switch;
use crate::tab::Tab;

impl Browser {
    /// Ends what is kept ready for nobody, to make room; false if there is nothing. Who waits is
    /// placed when it is gone.
    pub(super) fn give_up_standby(&mut self) -> bool {
        let idle: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|session| session.is_idle())
            .map(|session| session.id)
            .collect();
        for id in &idle {
            self.step(*id, Happening::Dismissed);
        }
        let goes = |session: &Session| session.is_ahead() && session.state() == State::Ending;
        self.sessions.values().any(goes)
    }

    /// Asks how much room there is, if an engine should be kept ready.
    pub(super) fn want_standby(&mut self) {
        let places = self.leftovers == Leftovers::Settled && self.tabs.iter().any(waits);
        if (places || self.may_stand_by()) && self.quitting_since.is_none() {
            self.look_at_nodes();
        }
    }

    /// Begins a session for the next tab where one more would still find room beside it: memory
    /// that is short is for what is asked for.
    pub(super) fn stand_by(&mut self) {
        if !self.may_stand_by() {
            return;
        }
        self.keep_promises();
        let memory = self.settings.demand.session_memory_mib;
        let twice = memory.saturating_mul(2);
        // Nobody's data are moved for one that nobody has asked for.
        let node = match self.home_of(&self.settings.profile) {
            Some(home) if self.roster.is_ready(&home, twice) => self.roster.name(&home).cloned(),
            Some(_) => None,
            None => self.roster.ready(twice, None),
        };
        let Some(node) = node else { return };
        self.last_session += 1;
        let id = SessionId(self.last_session);
        let profile = self.settings.profile.clone();
        let (session, deeds) = Session::begin(id, profile, node, memory);
        self.sessions.insert(id, session.ahead());
        self.do_deeds(id, &deeds);
    }

    fn may_stand_by(&self) -> bool {
        self.is_on(Switch::Standby)
            && !self.standby_failed
            && self.quitting_since.is_none()
            && self.leftovers == Leftovers::Settled
            && !self.tabs.iter().any(waits)
            && !self.is_worked_on(&self.settings.profile)
            && self.around_exit(&self.settings.profile).is_none()
            && self
                .left
                .iter()
                .all(|row| row.profile != self.settings.profile)
            && !self.sessions.values().any(|session| {
                session.profile == self.settings.profile && session.state() != State::Gone
            })
    }
}

/// Whether a tab has no session yet, and nothing keeps it from one.
pub(super) fn waits(tab: &Tab) -> bool {
    let placing = tab.stream.as_ref().is_some_and(|it| it.session.is_none());
    placing && tab.problem.is_none()
}
