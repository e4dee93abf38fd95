//! Which copy of the app a profile's volume belongs to.
//!
//! An install can be there twice: in a home folder that two machines share, in a data folder that was
//! copied. Both know the same volumes. So whose a volume is stands in it, with a number that grows
//! each time that it is taken; and whoever uses it has a lock on that note, which the kernel takes
//! back with the last of its processes (`own.sh`). A copy that knows a smaller number than the
//! volume's has been overtaken: it gets the volume only if the person wants it there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duotab_core::message::ProfileName;
use serde::{Deserialize, Serialize};

use super::files::File;
use super::link::Link;
use super::{Inner, archive, fault};
use crate::runtime::EngineNews;

/// Takes a volume, for whatever is about to use it.
pub(super) const OWN: &str = include_str!("files/own.sh");
pub(super) const OWN_PROGRAM: &str = "/etc/neko/duotab-own.sh";
/// What this copy knows.
const CLAIM: &str = "/etc/neko/duotab-claim";
/// What came of it.
pub(super) const OWNER: &str = "/tmp/duotab-owner";

/// Characters of a name.
const NAME_CAP: usize = 60;

/// A copy of the app. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Its id: random, and no other copy's.
    pub id: String,
    /// What a person calls its machine.
    pub name: String,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    /// The number that a profile's volume had when it was last taken here.
    epochs: BTreeMap<String, u64>,
    /// What the person wants here, whoever has it.
    #[serde(skip)]
    wanted: BTreeSet<String>,
}

/// What came of taking a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is ours, with this number.
    Ours(u64),
    /// It is in use, by this very copy.
    InUse,
    /// Another copy has it: what its machine is called, if that is known.
    Theirs(String),
}

impl Owner {
    /// `kept` is what was last told to be kept.
    #[must_use]
    pub fn new(id: String, name: &str, kept: &str) -> Self {
        let shown = name.chars().filter(|c| !c.is_control());
        Self {
            id,
            name: shown.take(NAME_CAP).collect(),
            known: Arc::new(Mutex::new(serde_json::from_str(kept).unwrap_or_default())),
        }
    }

    /// The next time, the profile's volume is taken from whoever has it.
    pub fn want(&self, profile: &ProfileName) {
        self.known().wanted.insert(profile.0.clone());
    }

    pub(super) fn wants(&self, profile: &ProfileName) -> bool {
        self.known().wanted.contains(&profile.0)
    }

    /// The profile's volume was taken; gives what is to be kept of that.
    pub(super) fn took(&self, profile: &ProfileName, epoch: u64) -> String {
        let mut known = self.known();
        known.wanted.remove(&profile.0);
        known.epochs.insert(profile.0.clone(), epoch);
        serde_json::to_string(&*known).unwrap_or_default()
    }

    /// For a container that is to have the profile's volume: the program, and what it has to know.
    pub(super) fn files(&self, profile: &ProfileName) -> [File; 2] {
        let known = self.known();
        let epoch = known.epochs.get(&profile.0).copied().unwrap_or_default();
        let wanted = u8::from(known.wanted.contains(&profile.0));
        let file = |path: &str, text: String| File {
            path: path.to_owned(),
            owner: 0,
            mode: 0o644,
            text,
        };
        [
            file(OWN_PROGRAM, OWN.to_owned()),
            file(
                CLAIM,
                format!("{} {epoch} {wanted} {}\n", self.id, self.name),
            ),
        ]
    }

    /// What came of it in a container; `None` as long as nothing did.
    pub(super) async fn ask(
        &self,
        link: &Link,
        container: &str,
    ) -> Result<Option<Taken>, bollard::errors::Error> {
        match archive::get(link, container, OWNER).await {
            Ok(said) => Ok(self.read(&said)),
            Err(error) if fault::is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a container has said of it; `None` as long as it has said nothing.
    pub(super) fn read(&self, said: &str) -> Option<Taken> {
        let mut words = said.trim_end_matches('\n').splitn(3, ' ');
        match (words.next()?, words.next()?) {
            ("ours", epoch) => epoch.parse().ok().map(Taken::Ours),
            ("theirs", id) if id == self.id => Some(Taken::InUse),
            ("theirs", _) => {
                let name = words.next().unwrap_or_default();
                let shown = name.chars().filter(|c| !c.is_control());
                Some(Taken::Theirs(shown.take(NAME_CAP).collect()))
            }
            _ => None,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A profile's volume was taken.
    pub(super) async fn took(&self, profile: &ProfileName, epoch: u64) {
        let kept = self.with.owner.took(profile, epoch);
        // Without a receiver nobody keeps anything.
        let _ = self.news.send(EngineNews::Owned { kept }).await;
    }
}

#[cfg(test)]
mod tests;
