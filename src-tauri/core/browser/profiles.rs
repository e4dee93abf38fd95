//! Profiles: made, named, coloured, and what is done with their data. No session has the data while
//! something is done with them; streamed tabs wait for it and go on by themselves.

use super::{Browser, Leftovers};
use crate::action::{Action, PageAction};
use crate::message::{Mode, Problem, ProfileName, ProfileView, SessionId, ShellFocus, TabId};
use crate::profile::{
    Colour, DataWork, OutcomeView, Pending, ProfileCommand, ProfileFault, ProfileRecord, TITLE_CAP,
    WorkEnd, WorkView,
};
use crate::session::{Happening, State};

/// More would be a slip.
const PROFILES_CAP: usize = 50;

/// A profile, and what is done with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    record: ProfileRecord,
    bytes: Option<u64>,
    work: Option<Work>,
    outcome: Option<OutcomeView>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Work {
    work: DataWork,
    /// Whether the world was asked for it.
    begun: bool,
    done: u64,
    total: u64,
}

impl Profile {
    fn new(record: ProfileRecord) -> Self {
        Self {
            record,
            bytes: None,
            work: None,
            outcome: None,
        }
    }

    /// The profiles as they were saved; `first` is always among them, and leads.
    pub(super) fn restore(first: &ProfileName, records: Vec<ProfileRecord>) -> Vec<Self> {
        let (lasting, others): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|record| record.name == *first);
        let lasting = lasting.into_iter().next();
        std::iter::once(lasting.unwrap_or_else(|| ProfileRecord::first(first.clone())))
            .chain(others.into_iter().filter(|it| !it.name.is_private()))
            .chain([ProfileRecord::private()])
            .map(Self::new)
            .collect()
    }
}

impl Browser {
    fn profile_mut(&mut self, name: &ProfileName) -> Option<&mut Profile> {
        self.profiles
            .iter_mut()
            .find(|profile| profile.record.name == *name)
    }

    fn profile(&self, name: &ProfileName) -> Option<&Profile> {
        self.profiles
            .iter()
            .find(|profile| profile.record.name == *name)
    }

    /// Whether a session has to wait with the profile's data.
    pub(super) fn is_worked_on(&self, name: &ProfileName) -> bool {
        self.profile(name)
            .and_then(|profile| profile.work.as_ref())
            .is_some()
    }

    pub(super) fn open_tab_of(&mut self, profile: ProfileName) -> Result<(), Problem> {
        self.profile(&profile).ok_or(Problem::UnknownProfile)?;
        // An empty tab in front has nothing of its own yet.
        let empty = self.active.and_then(|id| self.tab_mut(id));
        if let Some(tab) = empty.filter(|tab| tab.url().is_empty() && tab.stream.is_none()) {
            tab.profile = profile;
            self.act(Action::Focus(ShellFocus::AddressBar));
            return Ok(());
        }
        let id = self.new_tab_of(profile, self.settings.default_mode, self.tabs.len());
        self.bring_to_front(Some(id));
        self.act(Action::Focus(ShellFocus::AddressBar));
        Ok(())
    }

    pub(super) fn profile_command(&mut self, command: ProfileCommand) -> Result<(), Problem> {
        match command {
            ProfileCommand::Create { title, colour } => self.create_profile(&title, colour),
            ProfileCommand::Change {
                name,
                title,
                colour,
            } => {
                let profile = self.profile_mut(&name).filter(|_| !name.is_private());
                let profile = profile.ok_or(Problem::UnknownProfile)?;
                if let Some(title) = plain(&title) {
                    profile.record.title = title;
                }
                profile.record.colour = colour;
                let record = profile.record.clone();
                self.act(Action::SaveProfile(record));
            }
            ProfileCommand::Work {
                name,
                work,
                end_session,
            } => return self.ask_for_work(&name, work, end_session),
            ProfileCommand::Cancel(name) => {
                let profile = self.profile_mut(&name).ok_or(Problem::UnknownProfile)?;
                if profile.work.as_ref().is_some_and(|work| work.begun) {
                    self.act(Action::CancelProfileWork(name));
                } else {
                    profile.work = None;
                    self.wake_waiting();
                }
            }
            ProfileCommand::Dismiss(name) => {
                let profile = self.profile_mut(&name).ok_or(Problem::UnknownProfile)?;
                profile.outcome = None;
            }
        }
        Ok(())
    }

    fn create_profile(&mut self, title: &str, colour: Colour) {
        let Some(title) = plain(title).filter(|_| self.profiles.len() < PROFILES_CAP) else {
            return;
        };
        let number = |profile: &Profile| profile.record.name.0.strip_prefix('p')?.parse().ok();
        let highest: u32 = self.profiles.iter().filter_map(number).max().unwrap_or(0);
        let record = ProfileRecord {
            name: ProfileName(format!("p{}", highest.saturating_add(1))),
            title,
            colour,
            pending: None,
        };
        self.act(Action::SaveProfile(record.clone()));
        // The private one stays the last.
        let at = self.profiles.len().saturating_sub(1);
        self.profiles.insert(at, Profile::new(record));
    }

    fn ask_for_work(
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
        if work == DataWork::Delete && lasting {
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

    fn want_work(&mut self, name: &ProfileName, work: DataWork) {
        match work {
            DataWork::Delete => self.close_tabs_of(name),
            DataWork::Clear => self.close_pages_of(name),
            DataWork::Measure | DataWork::Export { .. } | DataWork::Import { .. } => {}
        }
        if let Some(profile) = self.profile_mut(name) {
            profile.outcome = None;
            profile.work = Some(Work {
                work,
                begun: false,
                done: 0,
                total: 0,
            });
        }
    }

    fn close_tabs_of(&mut self, name: &ProfileName) {
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
        for tab in &mut self.tabs {
            if tab.profile == *name && std::mem::take(&mut tab.proxied) {
                tab.loading = false;
                tab.waiting_history = None;
                closed.push(tab.id);
            }
        }
        for tab in closed {
            self.act(Action::Proxied(tab, PageAction::Close));
        }
    }

    /// Whether proxied pages of the profile cannot be opened now.
    pub(super) fn is_being_cleared(&self, name: &ProfileName) -> bool {
        let work = self.profile(name).and_then(|it| it.work.as_ref());
        work.is_some_and(|it| matches!(it.work, DataWork::Clear | DataWork::Delete))
    }

    /// With its last tab goes all that private pages have left.
    pub(super) fn forget_private(&mut self) {
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

    fn sessions_of(&self, name: &ProfileName) -> Vec<SessionId> {
        self.sessions
            .values()
            .filter(|session| session.profile == *name && session.state() != State::Gone)
            .map(|session| session.id)
            .collect()
    }

    /// Begins what waited for its session's end.
    pub(super) fn begin_waiting_work(&mut self) {
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
            if !self.sessions_of(&name).is_empty() {
                continue;
            }
            let Some(profile) = self.profile_mut(&name) else {
                continue;
            };
            let Some(work) = &mut profile.work else {
                continue;
            };
            work.begun = true;
            let work = work.work.clone();
            if let Some(pending) = work.pending() {
                profile.record.pending = Some(pending);
                let record = profile.record.clone();
                self.act(Action::SaveProfile(record));
            }
            self.act(Action::WorkOnProfile(name, work));
        }
    }

    /// A saved tab whose profile is not there belongs to the one that always is.
    pub(super) fn keep_profiles(&mut self) {
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
    pub(super) fn end_pending_work(&mut self) {
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

    pub(super) fn work_progress(&mut self, name: &ProfileName, done: u64, total: u64) {
        let work = self.profile_mut(name).and_then(|it| it.work.as_mut());
        if let Some(work) = work.filter(|work| work.begun) {
            (work.done, work.total) = (done, total);
        }
    }

    pub(super) fn worked(&mut self, name: &ProfileName, work: &DataWork, end: WorkEnd) {
        let Some(profile) = self.profile_mut(name) else {
            return;
        };
        // Something else has taken its place meanwhile.
        let asked = |now: &mut Work| now.begun && now.work == *work;
        if profile.work.take_if(asked).is_none() {
            return;
        }
        let measures = *work == DataWork::Measure;
        let done = matches!(end, WorkEnd::Done);
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
            WorkEnd::Failed(ProfileFault::InUse) if measures => {}
            WorkEnd::Failed(fault) => {
                profile.outcome = (!measures).then(|| OutcomeView {
                    work: work.clone(),
                    fault: Some(fault),
                });
            }
        }
        if done && *work == DataWork::Delete {
            self.profiles.retain(|it| it.record.name != *name);
            self.act(Action::DeleteProfile(name.clone()));
        } else {
            if profile.record.pending.take().is_some() {
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
    fn wake_waiting(&mut self) {
        let waits = self.tabs.iter().any(|tab| {
            tab.mode == Mode::Streamed && tab.stream.as_ref().is_some_and(|it| it.session.is_none())
        });
        if waits && !self.looking {
            self.looking = true;
            self.act(Action::LookAtNodes);
        }
    }

    pub(super) fn profile_views(&self) -> Vec<ProfileView> {
        let view = |profile: &Profile| {
            let name = &profile.record.name;
            let tabs = self.tabs.iter().filter(|tab| tab.profile == *name).count();
            ProfileView {
                name: name.clone(),
                title: profile.record.title.clone(),
                colour: profile.record.colour,
                lasting: *name == self.settings.profile || name.is_private(),
                private: name.is_private(),
                in_use: !self.sessions_of(name).is_empty(),
                tabs: u32::try_from(tabs).unwrap_or(u32::MAX),
                bytes: profile.bytes,
                work: profile.work.as_ref().map(|work| WorkView {
                    work: work.work.clone(),
                    done: work.done,
                    total: work.total,
                }),
                outcome: profile.outcome.clone(),
            }
        };
        self.profiles.iter().map(view).collect()
    }
}

/// A title without what cannot be seen; `None` if nothing is left of it.
fn plain(title: &str) -> Option<String> {
    let shown = title
        .chars()
        .filter(|c| !c.is_control())
        .collect::<String>();
    let title: String = shown.trim().chars().take(TITLE_CAP).collect();
    (!title.is_empty()).then_some(title)
}
