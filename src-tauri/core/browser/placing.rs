//! Placing: a node for every streamed tab that has none.

use super::{Browser, Leftovers};
use crate::message::{Problem, SessionId, TabId};
use crate::placement::{self, Reservation};
use crate::session::Session;

impl Browser {
    pub(super) fn place_waiting(&mut self) {
        if self.leftovers != Leftovers::Settled {
            return;
        }
        let waiting: Vec<TabId> = self
            .tabs
            .iter()
            .filter(|tab| tab.problem.is_none())
            .filter(|tab| tab.stream.as_ref().is_some_and(|s| s.session.is_none()))
            // Its data are being changed; it goes on when they are there.
            .filter(|tab| !self.is_worked_on(&tab.profile))
            .map(|tab| tab.id)
            .collect();
        for id in waiting {
            if !self.join_existing(id) {
                self.place_tab(id);
            }
        }
    }

    fn place_tab(&mut self, id: TabId) {
        let Some((profile, stream)) = self
            .tab(id)
            .and_then(|tab| Some((tab.profile.clone(), tab.stream.as_ref()?)))
        else {
            return;
        };
        let demand = self.settings.demand;
        let placed = placement::place(
            &self.nodes,
            &self.reservations(),
            &demand,
            stream.choice.as_ref(),
        );
        match placed.map(placement::name_of) {
            Ok(node) => {
                self.last_session += 1;
                let session_id = SessionId(self.last_session);
                let (session, deeds) =
                    Session::begin(session_id, profile, node, demand.session_memory_mib);
                self.sessions.insert(session_id, session);
                self.do_deeds(session_id, &deeds);
                self.join(id, session_id);
            }
            // What nobody asked for yet makes room for what is.
            Err(Problem::NoCapableNode { .. }) if self.give_up_standby() => {}
            Err(problem) => {
                let Some(tab) = self.tab_mut(id) else { return };
                let request = tab.stream.as_mut().and_then(|stream| stream.request.take());
                tab.problem = Some(problem.clone());
                if let Some(request) = request {
                    self.reply(request, Err(problem));
                }
            }
        }
    }

    pub(super) fn reservations(&self) -> Vec<Reservation> {
        self.sessions
            .values()
            .map(|session| Reservation {
                node: session.node.id.clone(),
                memory_mib: session.memory_mib,
                in_use: session.is_in_use(),
            })
            .collect()
    }
}
