//! Data that nobody needs any more, on machines that may be away: what a move has left behind, or
//! begun and not ended. They are noted before they can come to be, and dropped when their machine
//! answers and nobody is about to bring data there.

use std::collections::BTreeSet;

use super::Browser;
use super::profiles::Profile;
use crate::action::Action;
use crate::message::{Notice, Problem, ProfileName};
use crate::node::NodeId;
use crate::profile::{DataWork, ProfileRecord};
use crate::session::{Happening, State};

impl ProfileRecord {
    /// What that node has of it is to go.
    pub(super) fn outlives(&mut self, node: &NodeId) {
        if self.home.as_ref() != Some(node) && !self.stale.contains(node) {
            self.stale.push(node.clone());
        }
    }

    /// That node has its data.
    pub(super) fn is_at(&mut self, node: &NodeId) {
        self.home = Some(node.clone());
        self.stale.retain(|it| it != node);
        self.copy.take_if(|copy| copy == node);
        self.left.take_if(|left| left == node);
    }
}

impl Browser {
    /// Has what is stale dropped, as far as that can be done now.
    pub(super) fn drop_stale(&mut self) {
        if self.quitting_since.is_some() {
            return;
        }
        let mut drops = Vec::new();
        for profile in &self.profiles {
            // Until there is a picture where the data are now, they may have to go back.
            if profile.moved.is_some() || profile.work.is_some() {
                continue;
            }
            let record = &profile.record;
            for node in &record.stale {
                let is_used = self.sessions.values().any(|session| {
                    session.profile == record.name
                        && session.node.id == *node
                        && session.state() != State::Gone
                });
                if record.home.as_ref() != Some(node)
                    && !profile.dropping.contains(node)
                    && !is_used
                    && self.roster.answers(node)
                {
                    drops.push((record.name.clone(), node.clone()));
                }
            }
        }
        for (name, node) in drops {
            if let Some(profile) = self.profile_mut(&name) {
                profile.dropping.insert(node.clone());
            }
            self.act(Action::DropCopy(name, node));
        }
    }

    /// What was stale is gone, or cannot be dropped yet: then it is tried again when the machine is
    /// seen the next time.
    pub(super) fn copy_dropped(&mut self, name: &ProfileName, node: &NodeId, gone: bool) {
        let Some(profile) = self.profile_mut(name) else {
            return;
        };
        if gone {
            profile.dropping.remove(node);
            profile.record.stale.retain(|it| it != node);
            let record = profile.record.clone();
            self.act(Action::SaveProfile(record));
        } else {
            profile.undropped.insert(node.clone());
        }
        self.begin_waiting_work();
        self.finish_leaving();
    }

    /// A machine was seen: what could not be dropped there before, or on a node of its Swarm, is tried
    /// again.
    pub(super) fn drop_again(&mut self, node: &NodeId) {
        for profile in &mut self.profiles {
            let undropped = std::mem::take(&mut profile.undropped);
            let (again, rest) = undropped.into_iter().partition(|it| it.is_of(node));
            profile.undropped = rest;
            let again: BTreeSet<NodeId> = again;
            profile.dropping.retain(|it| !again.contains(it));
        }
    }

    /// Whether something is to be dropped there, and can be.
    pub(super) fn has_stale(&self, node: &NodeId) -> bool {
        let can_go = |profile: &Profile, it: &NodeId| {
            it.is_of(node) && !profile.undropped.contains(it) && self.roster.answers(it)
        };
        let mut all = self.profiles.iter();
        all.any(|profile| profile.record.stale.iter().any(|it| can_go(profile, it)))
    }

    /// A machine is gone for good, with all that it has.
    pub(super) fn forget_data_at(&mut self, node: &NodeId) {
        let mut changed = Vec::new();
        for profile in &mut self.profiles {
            let before = profile.record.clone();
            profile.record.stale.retain(|it| !it.is_of(node));
            profile.record.left.take_if(|left| left.is_of(node));
            profile.dropping.retain(|it| !it.is_of(node));
            if profile.record != before {
                changed.push(profile.record.clone());
            }
        }
        for record in changed {
            self.act(Action::SaveProfile(record));
        }
    }

    /// A machine is back that was left with newer data than those that the profile went on with.
    pub(super) fn mention_left(&mut self, node: &NodeId) {
        let left: Vec<_> = self
            .profiles
            .iter()
            .filter_map(|profile| {
                let record = &profile.record;
                let left = record.left.clone().filter(|left| left.is_of(node))?;
                Some((record.name.clone(), record.title.clone(), left))
            })
            .collect();
        for (profile, title, left) in left {
            let node = self.node_name(&left).name;
            self.notice(Notice::LeftBehind {
                profile,
                title,
                node,
            });
        }
    }

    /// The person decides about the newer data that a lost machine has: they are used again there, or
    /// they go.
    pub(super) fn take_back(&mut self, name: &ProfileName, back: bool) -> Result<(), Problem> {
        let profile = self.profile_mut(name).ok_or(Problem::UnknownProfile)?;
        let Some(left) = profile.record.left.clone() else {
            return Ok(());
        };
        let work = profile.work.as_ref().map(|it| &it.work);
        if work.is_some_and(|work| *work != DataWork::Measure) {
            let title = profile.record.title.clone();
            return Err(Problem::ProfileBusy { title });
        }
        if back && !self.roster.answers(&left) {
            return Err(self.profile_away(name, &left));
        }
        self.notices
            .retain(|it| !matches!(it, Notice::LeftBehind { profile, .. } if profile == name));
        let sessions = if back {
            self.sessions_of(name)
        } else {
            Vec::new()
        };
        let Some(profile) = self.profile_mut(name) else {
            return Ok(());
        };
        if back {
            let since = profile.record.home.clone();
            profile.record.is_at(&left);
            // What came since is the older copy from now on, wherever it is.
            if let Some(before) = since.and_then(|node| profile.record.copy.replace(node)) {
                profile.record.outlives(&before);
            }
        } else {
            profile.record.left = None;
            profile.record.outlives(&left);
        }
        let record = profile.record.clone();
        self.act(Action::SaveProfile(record));
        for session in sessions {
            for tab in self.tabs_of_session(session) {
                self.collect(tab);
                if let Some(stream) = self.tab_mut(tab).and_then(|tab| tab.stream.as_mut()) {
                    (stream.choice, stream.but) = (None, None);
                    stream.restart();
                }
            }
            self.step(session, Happening::Dismissed);
        }
        Ok(())
    }
}
