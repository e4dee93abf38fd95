//! Placing: a node for every streamed tab that has none.
//!
//! A profile's data have a home. A session is placed there if it has room, and by the order of
//! [`crate::placement`] if not, or if the person chooses; then the data are brought there first.

use super::{Browser, Leftovers};
use crate::action::Action;
use crate::message::{NodeLacks, Problem, ProfileName, SessionId, TabId};
use crate::node::{Lack, NodeId, NodeName};
use crate::placement::Holder;
use crate::session::{Session, State};

/// How long a worker that was not seen lately is waited for, in milliseconds.
pub(super) const LOOK_LIMIT_MS: u64 = 8_000;

/// What comes of looking for a node.
enum Placing {
    /// There.
    On(NodeName),
    /// Not yet: something is to be heard first.
    Later,
    /// Nowhere.
    Nowhere(Problem),
}

impl Browser {
    pub(super) fn look_at_nodes(&mut self) {
        self.asked_nodes = Some(self.now);
        if !self.looking {
            self.looking = true;
            self.act(Action::LookAtNodes);
        }
    }

    pub(super) fn place_waiting(&mut self) {
        // Whoever leaves starts nothing any more, whatever is heard of machines meanwhile.
        if self.leftovers != Leftovers::Settled || self.quitting_since.is_some() {
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
            let waits = |browser: &Self| {
                let tab = browser.tab(id);
                tab.is_some_and(|tab| !browser.is_worked_on(&tab.profile))
            };
            if waits(self) && !self.join_existing(id) {
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
        let (choice, but) = (stream.choice.clone(), stream.but.clone());
        self.keep_promises();
        match self.place_for(&profile, choice.as_ref(), but.as_ref()) {
            Placing::Later => {}
            Placing::On(node) => {
                // One that runs elsewhere comes along: the data are in one engine at a time.
                if let Some(session) = self.session_of(&profile) {
                    return match self.move_session(session, &node.id) {
                        Ok(()) => self.accept(id),
                        Err(problem) => self.refuse(id, problem),
                    };
                }
                let elsewhere = self.home_of(&profile).filter(|home| *home != node.id);
                match elsewhere.filter(|_| !profile.is_private()) {
                    Some(home) if home != NodeId::host() && !self.roster.answers(&home) => {
                        let problem = self.profile_away(&profile, &home);
                        self.refuse(id, problem);
                    }
                    Some(home) => self.move_for(id, &profile, home, node.id),
                    None => self.begin_session(id, profile, node),
                }
            }
            // What nobody asked for yet makes room for what is.
            Placing::Nowhere(Problem::NoCapableNode { .. }) if self.give_up_standby() => {}
            Placing::Nowhere(problem) => self.refuse(id, problem),
        }
    }

    /// Its Swarm has no room on a node that seemed to have some. Nothing is wrong with the node: it is
    /// looked at anew, and not passed over.
    pub(super) fn has_no_room(&mut self, id: SessionId, detail: String) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (node, memory) = (session.node.clone(), session.memory_mib);
        let chosen = session.tabs.iter().any(|tab| {
            let stream = self.tab(*tab).and_then(|tab| tab.stream.as_ref());
            stream.is_some_and(|stream| stream.choice.is_some())
        });
        let others = match self.roster.place(memory, None, Some(&node.id)) {
            Err(Problem::NoCapableNode { nodes }) if !chosen => nodes,
            _ => Vec::new(),
        };
        let mut nodes: Vec<NodeLacks> = others
            .into_iter()
            .filter(|other| other.node.id != node.id)
            .collect();
        let lacks = vec![Lack::Refused { detail }];
        nodes.push(NodeLacks { node, lacks });
        self.engine_gone(id, None, |_| Problem::NoCapableNode { nodes });
        self.look_at_nodes();
    }

    fn begin_session(&mut self, id: TabId, profile: ProfileName, node: NodeName) {
        self.last_session += 1;
        let session_id = SessionId(self.last_session);
        let memory = self.settings.demand.session_memory_mib;
        let (session, deeds) = Session::begin(session_id, profile, node, memory);
        self.sessions.insert(session_id, session);
        self.do_deeds(session_id, &deeds);
        self.join(id, session_id);
    }

    fn session_of(&self, profile: &ProfileName) -> Option<SessionId> {
        let of = |it: &&Session| it.profile == *profile && it.state() != State::Gone;
        self.sessions.values().find(of).map(|session| session.id)
    }

    /// A node is chosen.
    pub(super) fn accept(&mut self, id: TabId) {
        let stream = self.tab_mut(id).and_then(|tab| tab.stream.as_mut());
        if let Some(request) = stream.and_then(|stream| stream.request.take()) {
            self.reply(request, Ok(()));
        }
    }

    pub(super) fn refuse(&mut self, id: TabId, problem: Problem) {
        let Some(tab) = self.tab_mut(id) else { return };
        let request = tab.stream.as_mut().and_then(|stream| stream.request.take());
        tab.problem = Some(problem.clone());
        if let Some(request) = request {
            self.reply(request, Err(problem));
        }
    }

    fn place_for(
        &self,
        profile: &ProfileName,
        choice: Option<&NodeId>,
        but: Option<&NodeId>,
    ) -> Placing {
        let memory = self.settings.demand.session_memory_mib;
        // One that goes has the data until it is gone.
        let ends = |session: &Session| {
            session.profile == *profile && matches!(session.state(), State::Ending)
        };
        if self.sessions.values().any(ends) {
            return Placing::Later;
        }
        let home = self
            .home_of(profile)
            .filter(|home| Some(home) != but && !profile.is_private());
        if let Some(home) = &home {
            let stays = choice.is_none_or(|choice| choice == home);
            if !self.roster.answers(home) && *home != NodeId::host() {
                return self.later(Some(home), || self.profile_away(profile, home));
            }
            // What runs there for the profile is not known yet.
            if self.left.iter().any(|row| row.profile == *profile) {
                return Placing::Later;
            }
            if stays
                && self.roster.is_ready(home, memory)
                && let Some(name) = self.roster.name(home)
            {
                return Placing::On(name.clone());
            }
        }
        match self.roster.place(memory, choice, but) {
            Ok(node) => Placing::On(node),
            Err(problem @ Problem::NoCapableNode { .. }) => self.later(choice, || problem),
            Err(problem) => Placing::Nowhere(problem),
        }
    }

    /// Waits for a worker that was not seen lately, but not for long.
    fn later(&self, of: Option<&NodeId>, problem: impl FnOnce() -> Problem) -> Placing {
        let hopes = self.asked_nodes.is_some_and(|asked| {
            let open =
                |id: &NodeId| self.roster.is_unsure(id) && !self.roster.heard_since(id, asked);
            match of {
                Some(id) => open(id),
                None => self.roster.names().any(|name| open(&name.id)),
            }
        });
        if hopes {
            Placing::Later
        } else {
            Placing::Nowhere(problem())
        }
    }

    /// What sessions and data on their way hold on each node.
    pub(super) fn keep_promises(&mut self) {
        let memory = self.settings.demand.session_memory_mib;
        let mut holds: Vec<_> = self
            .sessions
            .values()
            .map(|session| {
                let who = Holder::Session(session.id);
                let node = session.node.id.clone();
                (who, node, session.memory_mib, session.taken())
            })
            .collect();
        for (profile, to) in self.moves() {
            holds.push((Holder::Move(profile), to, memory, None));
        }
        let gone: Vec<Holder> = self
            .roster
            .holders()
            .filter(|who| holds.iter().all(|hold| hold.0 != **who))
            .cloned()
            .collect();
        for who in gone {
            self.roster.release(&who);
        }
        for (who, node, memory, taken) in holds {
            self.roster.hold(who, &node, memory, taken);
        }
    }
}
