//! Where a profile's data are, and how they come to another machine.
//!
//! A session belongs to a profile on a node, so a tab that moves takes all streamed tabs of its
//! profile along. Their Chromium is ended first: what it had not written yet, a login of a moment
//! ago, is in no file before. The data at the first node stay until there is a picture at the
//! second one; until then, whatever fails, the tabs go back. This machine keeps what it had as an
//! older copy, for the day on which the other one does not come back.

use super::Browser;
use crate::action::Action;
use crate::message::{Notice, Problem, ProfileName, SessionId, TabId};
use crate::node::{NodeId, NodeName};
use crate::profile::{DataWork, ProfileFault, WorkEnd};
use crate::session::{Happening, State};

/// Data that were moved, until there is a picture where they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: NodeId,
    to: NodeId,
    /// Whether tabs ran at the first node, and go back there if the second one fails.
    live: bool,
}

impl Browser {
    /// Which node has the profile's data.
    pub(super) fn home_of(&self, profile: &ProfileName) -> Option<NodeId> {
        let left = self.left.iter().find(|row| row.profile == *profile);
        let home = self.profile(profile).and_then(|it| it.record.home.clone());
        left.map(|row| row.node.clone()).or(home)
    }

    /// Data on their way, and where they go.
    pub(super) fn moves(&self) -> Vec<(ProfileName, NodeId)> {
        let to = |work: &DataWork| match work {
            DataWork::Move { to, .. } => Some(to.clone()),
            _ => None,
        };
        let of = |it: &super::profiles::Profile| {
            let work = it.work.as_ref()?;
            Some((it.record.name.clone(), to(&work.work)?))
        };
        self.profiles.iter().filter_map(of).collect()
    }

    /// A node has a profile's data from now on, if no other one had them before.
    pub(super) fn settle_home(&mut self, session: SessionId) {
        let Some(session) = self.sessions.get(&session) else {
            return;
        };
        let (name, node) = (session.profile.clone(), session.node.id.clone());
        let Some(profile) = self.profile_mut(&name).filter(|_| !name.is_private()) else {
            return;
        };
        if profile.record.home.is_none() {
            profile.record.is_at(&node);
            let record = profile.record.clone();
            self.act(Action::SaveProfile(record));
        }
    }

    pub(super) fn profile_away(&self, profile: &ProfileName, home: &NodeId) -> Problem {
        let known = self.profile(profile);
        Problem::ProfileAway {
            node: self.node_name(home).name,
            title: known.map_or_else(String::new, |it| it.record.title.clone()),
            copy: known.is_some_and(|it| it.record.copy.is_some()),
        }
    }

    /// A waiting tab's data are brought to where it was placed.
    pub(super) fn move_for(&mut self, id: TabId, profile: &ProfileName, from: NodeId, to: NodeId) {
        self.accept(id);
        self.begin_move(profile, from, to);
    }

    /// Moves a profile's session, and with it all its tabs.
    pub(super) fn move_session(&mut self, session: SessionId, to: &NodeId) -> Result<(), Problem> {
        let Some(at) = self.sessions.get(&session) else {
            return Ok(());
        };
        let (profile, from) = (at.profile.clone(), at.node.id.clone());
        let work = self.profile(&profile).and_then(|it| it.work.as_ref());
        if work.is_some_and(|it| it.work != DataWork::Measure) {
            let title = self.profile(&profile).map(|it| it.record.title.clone());
            let title = title.unwrap_or_default();
            return Err(Problem::ProfileBusy { title });
        }
        self.keep_promises();
        let memory = self.settings.demand.session_memory_mib;
        self.roster.place(memory, Some(to), None)?;
        if !self.roster.answers(&from) && from != NodeId::host() {
            return Err(self.profile_away(&profile, &from));
        }
        for tab in self.tabs_of_session(session) {
            self.collect(tab);
            if let Some(tab) = self.tab_mut(tab) {
                tab.problem = None;
                if let Some(stream) = &mut tab.stream {
                    (stream.choice, stream.but) = (Some(to.clone()), None);
                    stream.restart();
                }
            }
        }
        if !profile.is_private() {
            self.begin_move(&profile, from, to.clone());
        }
        self.step(session, Happening::Dismissed);
        self.begin_waiting_work();
        Ok(())
    }

    pub(super) fn tabs_of_session(&self, session: SessionId) -> Vec<TabId> {
        let session = self.sessions.get(&session);
        session.map_or_else(Vec::new, |session| session.tabs.clone())
    }

    fn begin_move(&mut self, profile: &ProfileName, from: NodeId, to: NodeId) {
        let live = self
            .sessions
            .values()
            .any(|session| session.profile == *profile && session.state() != State::Gone);
        if let Some(profile) = self.profile_mut(profile) {
            profile.moved = Some(Moved {
                from: from.clone(),
                to: to.clone(),
                live,
            });
        }
        if self.is_worked_on(profile) {
            // A look at the size. Its answer is waited for; then comes this.
            self.act(Action::CancelProfileWork(profile.clone()));
        }
        self.want_work(profile, DataWork::Move { from, to });
        self.begin_waiting_work();
    }

    /// The data have come, or not.
    pub(super) fn data_moved(
        &mut self,
        name: &ProfileName,
        (from, to): (&NodeId, &NodeId),
        end: WorkEnd,
    ) {
        let fault = match end {
            WorkEnd::Done => {
                if let Some(profile) = self.profile_mut(name) {
                    profile.record.is_at(to);
                    if *from == NodeId::host() {
                        // This machine keeps what it had.
                        profile.record.copy = Some(from.clone());
                    } else {
                        profile.record.outlives(from);
                    }
                    let record = profile.record.clone();
                    self.act(Action::SaveProfile(record));
                }
                return;
            }
            WorkEnd::Failed(fault) => Some(fault),
            WorkEnd::Cancelled | WorkEnd::Measured(_) => None,
        };
        let moved = self.profile_mut(name).and_then(|it| it.moved.take());
        let Some(moved) = moved else { return };
        if moved.live {
            if fault.is_some() {
                self.not_moved(name, &moved, fault);
            }
            self.choose_nothing(name);
            return;
        }
        let problem = Problem::MoveFailed {
            from: self.node_name(&moved.from).name,
            to: self.node_name(&moved.to).name,
            fault,
        };
        for id in self.waiting_tabs_of(name) {
            self.refuse(id, problem.clone());
        }
    }

    fn not_moved(&mut self, name: &ProfileName, moved: &Moved, fault: Option<ProfileFault>) {
        let title = self.profile(name).map(|it| it.record.title.clone());
        self.notice(Notice::NotMoved {
            title: title.unwrap_or_default(),
            from: self.node_name(&moved.from).name,
            to: self.node_name(&moved.to).name,
            fault,
        });
    }

    /// The person's choice has come to nothing: the tabs go where their data are.
    fn choose_nothing(&mut self, name: &ProfileName) {
        for tab in self.tabs.iter_mut().filter(|tab| tab.profile == *name) {
            if let Some(stream) = &mut tab.stream {
                stream.choice = None;
            }
        }
    }

    pub(super) fn waiting_tabs_of(&self, name: &ProfileName) -> Vec<TabId> {
        let waits = |stream: &crate::tab::TabStream| stream.session.is_none();
        let of = |tab: &&crate::tab::Tab| {
            tab.profile == *name && tab.problem.is_none() && tab.stream.as_ref().is_some_and(waits)
        };
        self.tabs.iter().filter(of).map(|tab| tab.id).collect()
    }

    /// Data on their way that nobody waits for any more stay where they are.
    pub(super) fn give_up_unwanted_moves(&mut self) {
        for (name, _) in self.moves() {
            let waited = self.tabs.iter().any(|tab| {
                let stream = tab.stream.as_ref();
                tab.profile == name && tab.problem.is_none() && stream.is_some()
            });
            let leaving = self.is_leaving_home(&name);
            if waited || leaving {
                continue;
            }
            let Some(profile) = self.profile_mut(&name) else {
                continue;
            };
            match &mut profile.work {
                Some(work) if work.begun && !work.given_up => {
                    work.given_up = true;
                    self.act(Action::CancelProfileWork(name));
                }
                Some(work) if !work.begun => {
                    profile.work = None;
                    profile.moved = None;
                }
                _ => {}
            }
        }
    }

    /// There is a picture where the data are now.
    pub(super) fn move_has_held(&mut self, session: SessionId) {
        let Some(session) = self.sessions.get(&session) else {
            return;
        };
        let (name, node) = (session.profile.clone(), session.node.id.clone());
        let Some(profile) = self.profile_mut(&name) else {
            return;
        };
        // What is older goes, but for what this machine keeps.
        profile.moved.take_if(|moved| moved.to == node);
    }

    /// The browser did not come up where the data were moved: they are still where they were.
    /// Whether its tabs go back there.
    pub(super) fn undo_move(&mut self, session: SessionId) -> bool {
        let Some(session) = self.sessions.get(&session) else {
            return false;
        };
        let (name, node) = (session.profile.clone(), session.node.id.clone());
        let Some(profile) = self.profile_mut(&name) else {
            return false;
        };
        let Some(moved) = profile.moved.take_if(|moved| moved.to == node) else {
            return false;
        };
        profile.record.is_at(&moved.from);
        if moved.to == NodeId::host() {
            profile.record.copy = Some(moved.to.clone());
        } else {
            profile.record.outlives(&moved.to);
        }
        let record = profile.record.clone();
        self.act(Action::SaveProfile(record));
        if moved.live {
            self.not_moved(&name, &moved, None);
            self.choose_nothing(&name);
        }
        moved.live
    }

    /// Goes on without the machine that has the profile's data and is away.
    pub(super) fn run_elsewhere(&mut self, id: TabId, node: Option<NodeId>) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let name = tab.profile.clone();
        let Some(home) = self.home_of(&name).filter(|home| *home != NodeId::host()) else {
            return Ok(());
        };
        self.leave_home(&name, &home);
        let tabs: Vec<TabId> = self
            .tabs
            .iter()
            .filter(|tab| tab.profile == name && tab.stream.is_some())
            .map(|tab| tab.id)
            .collect();
        for tab in tabs {
            if let Some(tab) = self.tab_mut(tab) {
                tab.problem = None;
            }
            self.want_stream(tab, node.clone(), None);
        }
        Ok(())
    }

    /// The person wants the profile here, which another copy of the app has.
    pub(super) fn take_profile(&mut self, id: TabId) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let (name, choice) = (tab.profile.clone(), tab.stream.as_ref());
        let choice = choice.and_then(|stream| stream.choice.clone());
        self.act(Action::TakeProfile(name.clone()));
        let waits = |tab: &&crate::tab::Tab| {
            tab.profile == name && tab.stream.is_some() && tab.problem.is_some()
        };
        let tabs: Vec<TabId> = self.tabs.iter().filter(waits).map(|tab| tab.id).collect();
        for tab in tabs {
            if let Some(tab) = self.tab_mut(tab) {
                tab.problem = None;
            }
            self.want_stream(tab, choice.clone(), None);
        }
        Ok(())
    }

    /// What a node has of a profile is left there; the older copy counts, if there is one.
    pub(super) fn leave_home(&mut self, name: &ProfileName, home: &NodeId) {
        let (left, kept) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|row| row.profile == *name && row.node == *home);
        self.left = kept;
        for row in left {
            self.act(Action::DeleteSession(row.id));
        }
        if let Some(profile) = self.profile_mut(name) {
            profile.record.home = profile.record.copy.take();
            profile.moved = None;
            if *home != NodeId::host()
                && let Some(before) = profile.record.left.replace(home.clone())
            {
                profile.record.outlives(&before);
            }
            let record = profile.record.clone();
            self.act(Action::SaveProfile(record));
        }
        let of = |session: &&crate::session::Session| {
            session.profile == *name && session.node.id == *home
        };
        let sessions: Vec<SessionId> = self.sessions.values().filter(of).map(|it| it.id).collect();
        for session in sessions {
            for tab in self.tabs_of_session(session) {
                if let Some(tab) = self.tab_mut(tab) {
                    tab.problem = None;
                }
            }
            self.step(session, Happening::Abandoned);
        }
    }

    pub(super) fn node_name(&self, id: &NodeId) -> NodeName {
        let known = self.roster.name(id).cloned();
        known
            .or_else(|| self.worker_name(id))
            .unwrap_or_else(|| NodeName {
                id: id.clone(),
                name: id.0.clone(),
                kind: id.kind(),
            })
    }
}
