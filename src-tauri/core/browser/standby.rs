//! An engine that is kept ready for the next streamed tab.
//!
//! It is a session like any other, saved, labelled and counted, only that no tab has joined it
//! yet. It has the profile's data from the beginning, so that these are in one engine at a time.

use super::{Browser, Leftovers};
use crate::action::Action;
use crate::message::SessionId;
use crate::placement::{self, Demand};
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
        if (places || self.may_stand_by()) && !self.looking && self.quitting_since.is_none() {
            self.looking = true;
            self.act(Action::LookAtNodes);
        }
    }

    /// Begins a session for the next tab where one more would still find room beside it: memory
    /// that is short is for what is asked for.
    pub(super) fn stand_by(&mut self) {
        if !self.may_stand_by() {
            return;
        }
        let demand = self.settings.demand;
        let twice = Demand {
            session_memory_mib: demand.session_memory_mib.saturating_mul(2),
            ..demand
        };
        let placed = placement::place(&self.nodes, &self.reservations(), &twice, None);
        let Ok(node) = placed.map(placement::name_of) else {
            return;
        };
        self.last_session += 1;
        let id = SessionId(self.last_session);
        let profile = self.settings.profile.clone();
        let (session, deeds) = Session::begin(id, profile, node, demand.session_memory_mib);
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
            && !self.sessions.values().any(|session| {
                session.profile == self.settings.profile && session.state() != State::Gone
            })
    }
}

/// Whether a tab has no session yet, and nothing keeps it from one.
fn waits(tab: &Tab) -> bool {
    let placing = tab.stream.as_ref().is_some_and(|it| it.session.is_none());
    placing && tab.problem.is_none()
}
