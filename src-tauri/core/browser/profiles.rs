//! Profiles: made, named, coloured, and what is done with their data. No session has the data while
//! something is done with them; streamed tabs wait for it and go on by themselves.

mod work;

use super::Browser;
use super::moving::Moved;
use crate::action::Action;
use crate::message::{MoveView, Problem, ProfileName, ProfileView, ShellFocus};
use crate::network::{Network, NetworkForm};
use crate::node::NodeId;
use crate::profile::{
    Colour, DataWork, OutcomeView, ProfileCommand, ProfileRecord, TITLE_CAP, WorkView,
};
use std::collections::BTreeSet;

/// More would be a slip.
const PROFILES_CAP: usize = 50;

/// A profile, and what is done with its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) record: ProfileRecord,
    bytes: Option<u64>,
    pub(super) work: Option<Work>,
    outcome: Option<OutcomeView>,
    /// Data that came from another node just now.
    pub(super) moved: Option<Moved>,
    /// Where its data are being dropped, and where that was in vain.
    pub(super) dropping: BTreeSet<NodeId>,
    pub(super) undropped: BTreeSet<NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) work: DataWork,
    /// Whether the world was asked for it.
    pub(super) begun: bool,
    /// Whether the world was asked to leave it.
    pub(super) given_up: bool,
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
            moved: None,
            dropping: BTreeSet::new(),
            undropped: BTreeSet::new(),
        }
    }

    /// The profiles as they were saved; `first` is always among them, and leads.
    pub(super) fn restore(first: &ProfileName, records: Vec<ProfileRecord>) -> Vec<Self> {
        let (lasting, others): (Vec<_>, Vec<_>) = records
            .into_iter()
            .partition(|record| record.name == *first);
        let lasting = lasting.into_iter().next();
        let (private, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|it| it.name.is_private());
        let private = private.into_iter().next().map(|it| it.network);
        std::iter::once(lasting.unwrap_or_else(|| ProfileRecord::first(first.clone())))
            .chain(others)
            .chain([ProfileRecord {
                network: private.unwrap_or_default(),
                ..ProfileRecord::private()
            }])
            .map(Self::new)
            .collect()
    }
}

impl Browser {
    pub(super) fn profile_mut(&mut self, name: &ProfileName) -> Option<&mut Profile> {
        self.profiles
            .iter_mut()
            .find(|profile| profile.record.name == *name)
    }

    pub(super) fn profile(&self, name: &ProfileName) -> Option<&Profile> {
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
        let wanted = self.profile(&profile).ok_or(Problem::UnknownProfile)?;
        let work = wanted.work.as_ref().map(|it| &it.work);
        if work == Some(&DataWork::Delete) {
            let title = wanted.record.title.clone();
            return Err(Problem::ProfileBusy { title });
        }
        // An empty tab in front has nothing of its own yet.
        let empty = self.active.and_then(|id| self.tab_mut(id));
        if let Some(tab) = empty.filter(|tab| tab.url().is_empty() && tab.stream.is_none()) {
            tab.profile = profile;
            let id = tab.id;
            self.act(Action::FocusIn(ShellFocus::AddressBar, id));
            return Ok(());
        }
        let id = self.new_tab_of(profile, self.settings.default_mode, self.tabs.len());
        self.bring_to_front(Some(id));
        self.act(Action::FocusIn(ShellFocus::AddressBar, id));
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
            ProfileCommand::SetNetwork { name, form } => return self.set_network(&name, form),
            ProfileCommand::Work {
                name,
                work,
                end_session,
            } => return self.ask_for_work(&name, work, end_session),
            ProfileCommand::TakeBack { name, back } => self.take_back(&name, back)?,
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
                if profile.work.is_none() && profile.record.pending.take().is_some() {
                    let record = profile.record.clone();
                    self.act(Action::SaveProfile(record));
                }
            }
        }
        Ok(())
    }

    fn create_profile(&mut self, title: &str, colour: Colour) {
        let Some(title) = plain(title).filter(|_| self.profiles.len() < PROFILES_CAP) else {
            return;
        };
        // A name is never given again: something of the one who had it may be left somewhere.
        self.last_profile = self.last_profile.saturating_add(1);
        let record = ProfileRecord {
            name: ProfileName::numbered(self.last_profile),
            title,
            colour,
            pending: None,
            network: Network::default(),
            home: None,
            copy: None,
            stale: Vec::new(),
            left: None,
        };
        self.act(Action::SaveProfile(record.clone()));
        self.act(Action::UseNetwork(
            record.name.clone(),
            record.network.clone(),
        ));
        // The private one stays the last.
        let at = self.profiles.len().saturating_sub(1);
        self.profiles.insert(at, Profile::new(record));
    }

    /// The way out of private tabs is kept as the others are: it tells of no page.
    fn set_network(&mut self, name: &ProfileName, form: NetworkForm) -> Result<(), Problem> {
        let profile = self.profile_mut(name).ok_or(Problem::UnknownProfile)?;
        let network = Network::filled_in(form, &profile.record.network);
        let network = network.map_err(|fault| Problem::BadNetwork { fault })?;
        if profile.record.network != network {
            profile.record.network = network.clone();
            let record = profile.record.clone();
            self.act(Action::SaveProfile(record));
            self.act(Action::UseNetwork(name.clone(), network));
        }
        Ok(())
    }

    pub(super) fn any_profile_blocks(&self) -> bool {
        self.profiles.iter().any(|it| it.record.network.blocking)
    }

    /// Before any page is opened.
    pub(super) fn use_networks(&mut self) {
        let all: Vec<_> = self
            .profiles
            .iter()
            .map(|it| Action::UseNetwork(it.record.name.clone(), it.record.network.clone()))
            .collect();
        self.actions.extend(all);
    }

    /// How far the profile's data are on their way to another machine, if they are.
    pub(super) fn move_view(&self, name: &ProfileName) -> Option<MoveView> {
        let work = self.profile(name)?.work.as_ref()?;
        let DataWork::Move { from, to } = &work.work else {
            return None;
        };
        Some(MoveView {
            from: self.node_name(from),
            to: self.node_name(to),
            done: work.done,
            total: work.total,
        })
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
                home: profile.record.home.as_ref().map(|it| self.node_name(it)),
                copy: profile.record.copy.is_some(),
                tabs: u32::try_from(tabs).unwrap_or(u32::MAX),
                bytes: profile.bytes,
                work: profile.work.as_ref().map(|work| WorkView {
                    work: work.work.clone(),
                    done: work.done,
                    total: work.total,
                }),
                outcome: profile.outcome.clone(),
                network: profile.record.network.form(),
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
