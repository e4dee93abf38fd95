//! All profiles of proxied pages: opened when a page wants one, each with a folder of its own.
//!
//! A profile whose data are to go gets a new folder, for the engine may still write to the old one.
//! The folder with the highest number is the profile's; what else there is of it goes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use duotab_core::message::ProfileName;
use duotab_core::profile::DEFAULT;
use duotab_core::site::SitePermission;

use duotab_backend::proxy::PageRules;
use webkit_unbound::Filter;

use super::filters::Wanted;
use super::{Door, Filters, Profile};

/// Opens profiles.
pub(crate) struct Profiles {
    folder: PathBuf,
    software: bool,
    doors: Doors,
    open: HashMap<ProfileName, Profile>,
    filters: Filters,
    /// What keeps pages of the Internet off the home network.
    home: Option<Filter>,
    /// Those whose pages keep to the block lists.
    blocking: HashSet<ProfileName>,
    /// The sites that each has excepted from them, by their origins.
    excepted: HashMap<ProfileName, HashSet<String>>,
    /// What is decided about wishes of each one's sites.
    decided: HashMap<ProfileName, Vec<SitePermission>>,
}

/// The way of a profile's pages to the network.
type Doors = Box<dyn Fn(&ProfileName) -> Door>;

impl Profiles {
    /// Profiles in folders of `folder`. `before` has the data of the one profile of earlier versions.
    pub(crate) fn new(
        folder: PathBuf,
        before: &Path,
        software: bool,
        doors: Doors,
        filters: Filters,
    ) -> Self {
        let first = folder.join(name_of(&ProfileName(DEFAULT.to_owned()), 0));
        if before.is_dir() && !folder.exists() {
            let moved =
                std::fs::create_dir_all(&folder).and_then(|()| std::fs::rename(before, &first));
            if let Err(error) = moved {
                tracing::warn!(%error, "data of proxied pages stay where they were");
            }
        }
        Self {
            folder,
            software,
            doors,
            open: HashMap::new(),
            filters,
            home: None,
            blocking: HashSet::new(),
            excepted: HashMap::new(),
            decided: HashMap::new(),
        }
    }

    /// A profile, opened if need be.
    pub(crate) fn get(&mut self, name: &ProfileName) -> &Profile {
        let filters = self.filters_of(name);
        let excepted = self.excepted.get(name).cloned().unwrap_or_default();
        let decided = self.decided.get(name).cloned().unwrap_or_default();
        self.open.entry(name.clone()).or_insert_with(|| {
            let door = (self.doors)(name);
            let folder = (!name.is_private()).then(|| {
                let mut numbers = numbers(&self.folder, name);
                let last = numbers.pop().unwrap_or(0);
                remove(&self.folder, name, numbers);
                self.folder.join(name_of(name, last))
            });
            let profile = Profile::open(folder.as_deref(), self.software, door);
            profile.blocking.keep_to(filters);
            if let Some(home) = &self.home {
                profile.blocking.keep_home(home.clone());
            }
            profile.blocking.except(excepted);
            profile.decided.replace(decided);
            profile
        })
    }

    /// Whether a profile's pages keep to the block lists.
    pub(crate) fn block(&mut self, name: &ProfileName, blocking: bool) {
        let changed = if blocking {
            self.blocking.insert(name.clone())
        } else {
            self.blocking.remove(name)
        };
        if changed {
            self.keep_to_filter();
        }
    }

    /// Notes which rules are wanted; gives them to be made, if they are not there.
    pub(crate) fn want_rules(&mut self, rules: Option<PageRules>) -> Option<Wanted> {
        let none = rules.is_none();
        let wanted = self.filters.want(rules);
        if none {
            self.keep_to_filter();
        }
        wanted
    }

    /// Takes what has become of rules that were wanted.
    pub(crate) fn take_filter(&mut self, of: &Wanted, made: Result<Vec<Filter>, ()>) {
        match made {
            Ok(made) => self.filters.take(of, made),
            Err(()) => self.filters.forget(of),
        }
        self.keep_to_filter();
    }

    /// Has the pages of all profiles keep to this filter, whatever else they keep to.
    pub(crate) fn keep_home(&mut self, home: Filter) {
        for profile in self.open.values() {
            profile.blocking.keep_home(home.clone());
        }
        self.home = Some(home);
    }

    fn keep_to_filter(&self) {
        for (name, profile) in &self.open {
            profile.blocking.keep_to(self.filters_of(name));
        }
    }

    fn filters_of(&self, name: &ProfileName) -> Vec<Filter> {
        if self.blocking.contains(name) {
            self.filters.made().to_vec()
        } else {
            Vec::new()
        }
    }

    /// Excepts these sites of a profile from the block lists, by their origins, and no others; gives
    /// the rules that this takes, if they are not there.
    pub(crate) fn except(&mut self, name: &ProfileName, sites: Vec<String>) -> Option<Wanted> {
        let sites: HashSet<String> = sites.into_iter().collect();
        if let Some(profile) = self.open.get(name) {
            profile.blocking.except(sites.clone());
        }
        let any = !sites.is_empty();
        self.excepted.insert(name.clone(), sites);
        any.then(|| self.filters.want_hosts()).flatten()
    }

    /// Has a profile's pages keep to what is decided about their wishes.
    pub(crate) fn decided(&mut self, name: &ProfileName, decided: Vec<SitePermission>) {
        if let Some(profile) = self.open.get(name) {
            profile.decided.replace(decided.clone());
        }
        self.decided.insert(name.clone(), decided);
    }

    /// Removes a profile's data, of which no page is open; calls `then` when that is done.
    pub(crate) fn clear(&mut self, name: &ProfileName, then: impl FnOnce() + Send + 'static) {
        self.open.remove(name);
        let numbers = numbers(&self.folder, name);
        let next = numbers
            .last()
            .map(|last| self.folder.join(name_of(name, last + 1)));
        if let Some(next) = next
            && let Err(error) = std::fs::create_dir_all(next)
        {
            tracing::warn!(%error, "a new folder for proxied pages");
        }
        let (folder, name) = (self.folder.clone(), name.clone());
        std::thread::spawn(move || {
            remove(&folder, &name, numbers);
            then();
        });
    }

    /// Removes all of a profile, of which no page is open; calls `then` when that is done.
    pub(crate) fn delete(&mut self, name: &ProfileName, then: impl FnOnce() + Send + 'static) {
        self.open.remove(name);
        let numbers = numbers(&self.folder, name);
        let (folder, name) = (self.folder.clone(), name.clone());
        std::thread::spawn(move || {
            remove(&folder, &name, numbers);
            then();
        });
    }
}

fn name_of(name: &ProfileName, number: u32) -> String {
    // Names are given by the core: letters and digits.
    let name: String = name.0.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{name}.{number}")
}

/// The numbers of a profile's folders, the present one last.
fn numbers(folder: &Path, name: &ProfileName) -> Vec<u32> {
    let mut numbers: Vec<u32> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let number = file.rsplit_once('.')?.1.parse().ok()?;
            (file == name_of(name, number)).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

fn remove(folder: &Path, name: &ProfileName, numbers: Vec<u32>) {
    for number in numbers {
        let path = folder.join(name_of(name, number));
        if let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::warn!(%error, "data of proxied pages; they go when the profile is opened next");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_with_the_highest_number_is_the_profile_s() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["p1.0", "p1.10", "p1.9", "p11.3", "p1.x", "p1", "other.1"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let numbers = |name: &str| numbers(folder.path(), &ProfileName(name.into()));
        assert_eq!(numbers("p1"), [0, 9, 10]);
        assert_eq!(numbers("p11"), [3]);
        assert_eq!(numbers("none"), [0; 0]);
    }
}
