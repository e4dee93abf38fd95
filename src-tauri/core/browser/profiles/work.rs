//! What is done with the data of profiles: one thing at a time, while no session has them.

use super::Work;
use crate::action::{Action, PageAction};
use crate::browser::{Browser, Leftovers};
use crate::message::{Mode, NodeId, Problem, ProfileName, SessionId, TabId};
use crate::profile::{DataWork, OutcomeView, Pending, ProfileFault, WorkEnd};
use crate::session::{Happening, State};

impl Browser {
    pub(super) fn ask_for_work(
        &mut self,
        name: &ProfileName,
        work: DataWork,
        end_session: bool,
    ) -> Result<(), Problem> {
        let lasting = *name == self.settings.profile;
        let profile = self.profile(name).filter(|_| !name.is_private());
        let profile = profile.ok_or(Problem::UnknownProfile)?;
        let title = profile.record.title.clone();
        match &profile.work {
            Some(_) if work == DataWork::Measure => return Ok(()),
            // A look at the size is no reason to refuse.
            Some(other) if other.work != DataWork::Measure || !other.begun => {
                return Err(Problem::ProfileBusy { title });
            }
            _ => {}
        }
        // A machine is chosen for a tab, and that moves them.
        let moves = matches!(work, DataWork::Move { .. });
        if moves || work == DataWork::Delete && lasting {
            return Err(Problem::ProfileBusy { title });
        }
        let sessions = self.sessions_of(name);
        if !sessions.is_empty() && work == DataWork::Measure {
            return Ok(());
        }
        let is_used = |id: &SessionId| self.sessions.get(id).is_some_and(|it| !it.is_idle());
        if sessions.iter().any(is_used) && !end_session {
            return Err(Problem::ProfileInUse { title });
        }
        if profile.work.is_some() {
            // The answer to what was begun is waited for; then comes this.
            self.act(Action::CancelProfileWork(name.clone()));
        }
        self.want_work(name, work);
        for session in sessions {
            self.step(session, Happening::Dismissed);
        }
        self.begin_waiting_work();
        Ok(())
    }

    pub(in crate::browser) fn want_work(&mut self, name: &ProfileName, work: DataWork) {
        match work {
            DataWork::Delete => self.close_tabs_of(name),
            DataWork::Clear => self.close_pages_of(name),
            DataWork::Measure
            | DataWork::Export { .. }
            | DataWork::Import { .. }
            | DataWork::Move { .. } => {}
        }
        if let Some(profile) = self.profile_mut(name) {
            profile.outcome = None;
            profile.work = Some(Work {
                work,
                begun: false,
                given_up: false,
                done: 0,
                total: 0,
            });
        }
    }

    pub(super) fn close_tabs_of(&mut self, name: &ProfileName) {
        let tabs: Vec<TabId> = self
            .tabs
            .iter()
            .filter(|tab| tab.profile == *name)
            .map(|tab| tab.id)
            .collect();
        for tab in tabs {
            self.close_tab(tab, true);
        }
        self.closed.retain(|(_, record)| record.profile != *name);
    }

    /// Proxied pages are opened again when their data are there.
    fn close_pages_of(&mut self, name: &ProfileName) {
        let mut closed = Vec::new();
        for tab in self.tabs.iter_mut().filter(|tab| tab.profile == *name) {
            tab.storage = None;
            if std::mem::take(&mut tab.proxied) {
                tab.loading = false;
                tab.goes_on_heading();
                tab.waiting_history = None;
                tab.page.gone();
                closed.push(tab.id);
            }
        }
        for tab in closed {
            self.act(Action::Proxied(tab, PageAction::Close));
        }
    }

    /// Whether proxied pages of the profile cannot be opened now.
    pub(in crate::browser) fn is_being_cleared(&self, name: &ProfileName) -> bool {
        let work = self.profile(name).and_then(|it| it.work.as_ref());
        work.is_some_and(|it| matches!(it.work, DataWork::Clear | DataWork::Delete))
    }

    /// With its last tab goes all that private pages have left.
    pub(in crate::browser) fn forget_private(&mut self) {
        let private = |name: &ProfileName| name.is_private();
        let has_tabs = self.tabs.iter().any(|tab| private(&tab.profile));
        let had_tabs = std::mem::replace(&mut self.private, has_tabs);
        if has_tabs {
            return;
        }
        let sessions: Vec<SessionId> = self
            .sessions
            .values()
            .filter(|session| private(&session.profile))
            .map(|session| session.id)
            .collect();
        for session in sessions {
            self.step(session, Happening::Dismissed);
        }
        if had_tabs {
            self.forget_private_lists();
        }
    }

    pub(in crate::browser) fn sessions_of(&self, name: &ProfileName) -> Vec<SessionId> {
        self.sessions
            .values()
            .filter(|session| session.profile == *name && session.state() != State::Gone)
            .map(|session| session.id)
            .collect()
    }

    /// Begins what waited for its session's end.
    pub(in crate::browser) fn begin_waiting_work(&mut self) {
        if self.leftovers != Leftovers::Settled || self.quitting_since.is_some() {
            return;
        }
        let waiting: Vec<ProfileName> = self
            .profiles
            .iter()
            .filter(|profile| profile.work.as_ref().is_some_and(|work| !work.begun))
            .map(|profile| profile.record.name.clone())
            .collect();
        for name in waiting {
            // What runs on a worker that cannot be asked yet may have them.
            let left = self.left.iter().any(|row| row.profile == name);
            if left || !self.sessions_of(&name).is_empty() {
                continue;
            }
            let home = self.home_of(&name).unwrap_or_else(NodeId::host);
            let Some(profile) = self.profile_mut(&name) else {
                continue;
            };
            let dropping = profile.dropping.difference(&profile.undropped);
            let dropping: Vec<_> = dropping.cloned().collect();
            let Some(work) = &mut profile.work else {
                continue;
            };
            // What comes there would go with what is on its way out.
            if matches!(&work.work, DataWork::Move { to, .. } if dropping.contains(to)) {
                continue;
            }
            work.begun = true;
            let work = work.work.clone();
            let before = profile.record.clone();
            profile.record.pending = work.pending().or(before.pending);
            if let DataWork::Move { to, .. } = &work
                && *to != NodeId::host()
            {
                // Whatever comes of it, what was begun there is found again.
                profile.record.outlives(to);
            }
            if profile.record != before {
                let record = profile.record.clone();
                self.act(Action::SaveProfile(record));
            }
            if matches!(work, DataWork::Clear | DataWork::Delete) {
                self.drop_copies(&name);
            }
            self.act(Action::WorkOnProfile(name, home, work));
        }
    }

    /// What is older elsewhere is to go as well.
    fn drop_copies(&mut self, name: &ProfileName) {
        let Some(profile) = self.profile_mut(name) else {
            return;
        };
        let moved = profile.moved.take().map(|moved| moved.from);
        let before = profile.record.clone();
        let (copy, left) = (profile.record.copy.take(), profile.record.left.take());
        for node in moved.into_iter().chain(copy).chain(left) {
            profile.record.outlives(&node);
        }
        let record = profile.record.clone();
        for node in &record.stale {
            profile.dropping.insert(node.clone());
        }
        if record != before {
            self.act(Action::SaveProfile(record.clone()));
        }
        for node in record.stale {
            self.act(Action::DropCopy(name.clone(), node));
        }
    }

    /// A saved tab whose profile is not there belongs to the one that always is.
    pub(in crate::browser) fn keep_profiles(&mut self) {
        let known: Vec<ProfileName> = self
            .profiles
            .iter()
            .map(|profile| profile.record.name.clone())
            .collect();
        for tab in &mut self.tabs {
            if !known.contains(&tab.profile) {
                tab.profile.clone_from(&self.settings.profile);
            }
        }
    }

    /// What an app that was killed has begun is ended.
    pub(in crate::browser) fn end_pending_work(&mut self) {
        let begun: Vec<(ProfileName, Pending)> = self
            .profiles
            .iter()
            .filter_map(|profile| Some((profile.record.name.clone(), profile.record.pending?)))
            .collect();
        for (name, pending) in begun {
            let work = match pending {
                // Whoever looks at the data settles what was put in.
                Pending::Import => DataWork::Measure,
                Pending::Clear => DataWork::Clear,
                Pending::Delete => DataWork::Delete,
            };
            self.want_work(&name, work);
        }
    }

    pub(in crate::browser) fn work_progress(&mut self, name: &ProfileName, done: u64, total: u64) {
        let work = self.profile_mut(name).and_then(|it| it.work.as_mut());
        if let Some(work) = work.filter(|work| work.begun) {
            (work.done, work.total) = (done, total);
        }
    }

    pub(in crate::browser) fn worked(&mut self, name: &ProfileName, work: &DataWork, end: WorkEnd) {
        let Some(profile) = self.profile_mut(name) else {
            return;
        };
        // Something else has taken its place meanwhile.
        let asked = |now: &mut Work| now.begun && now.work == *work;
        if profile.work.take_if(asked).is_none() {
            return;
        }
        if let DataWork::Move { from, to } = work {
            if !matches!(end, WorkEnd::Done) {
                self.stay_after_all(from);
            }
            self.data_moved(name, (from, to), end);
            self.finish_leaving();
            return self.wake_waiting();
        }
        let measures = *work == DataWork::Measure;
        let done = matches!(end, WorkEnd::Done);
        let interrupted = matches!(
            &end,
            WorkEnd::Failed(ProfileFault::EngineAway { .. } | ProfileFault::Unfinished { .. })
        );
        match end {
            WorkEnd::Measured(bytes) => profile.bytes = Some(bytes),
            WorkEnd::Cancelled => {}
            WorkEnd::Done => {
                profile.outcome = Some(OutcomeView {
                    work: work.clone(),
                    fault: None,
                })
            }
            // It is looked at again when nobody has it.
            WorkEnd::Failed(ProfileFault::InUse | ProfileFault::Taken { .. }) if measures => {}
            WorkEnd::Failed(fault) => {
                profile.outcome = (!measures).then(|| OutcomeView {
                    work: work.clone(),
                    fault: Some(fault),
                });
            }
        }
        if done && *work == DataWork::Delete {
            // A tab that came to it meanwhile would make its data anew.
            self.close_tabs_of(name);
            self.forget_lists_of(|it| it == name);
            self.bookmarks.forget(name);
            self.profiles.retain(|it| it.record.name != *name);
            self.act(Action::DeleteProfile(name.clone()));
        } else if !interrupted {
            // Else what was begun stays to be ended, by the person or by the next start. A look at
            // the data settles what was put in, and nothing else.
            let settles = |pending: &mut Pending| !measures || *pending == Pending::Import;
            if profile.record.pending.take_if(settles).is_some() {
                let record = profile.record.clone();
                self.act(Action::SaveProfile(record));
            }
            if !measures {
                self.want_work_again(name);
            }
        }
        self.wake_waiting();
        self.want_standby();
        if let Some(front) = self.active {
            self.wake(front);
        }
    }

    /// What was changed is measured anew, if somebody looks.
    fn want_work_again(&mut self, name: &ProfileName) {
        let outcome = self.profile(name).and_then(|it| it.outcome.clone());
        let waits = self.tabs.iter().any(|tab| {
            tab.profile == *name && tab.stream.as_ref().is_some_and(|it| it.session.is_none())
        });
        if self.settings_shown && !waits {
            self.want_work(name, DataWork::Measure);
            if let Some(profile) = self.profile_mut(name) {
                profile.outcome = outcome;
            }
            self.begin_waiting_work();
        }
    }

    /// Streamed tabs that waited for their data go on.
    pub(super) fn wake_waiting(&mut self) {
        let waits = self.tabs.iter().any(|tab| {
            tab.mode == Mode::Streamed && tab.stream.as_ref().is_some_and(|it| it.session.is_none())
        });
        if waits {
            self.look_at_nodes();
        }
    }
}
