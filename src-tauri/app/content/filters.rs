//! What the web engine keeps from pages: the block lists' rules about pages, compiled once and used by
//! all profiles that block. Their hosts, which take longer, only once a site is excepted.

use std::path::{Path, PathBuf};

use duotab_backend::proxy::{PageRules, Part};
use webkit_unbound::{Filter, Store};

/// The rules that are in use.
pub(crate) struct Filters {
    folder: PathBuf,
    /// What is wanted, which may still be in the making.
    wanted: Option<PageRules>,
    /// Whether their hosts are wanted too.
    hosts: bool,
    made: Vec<Filter>,
}

/// Rules that are to be made.
#[derive(Clone)]
pub(crate) struct Wanted {
    folder: PathBuf,
    pub(crate) rules: PageRules,
    hosts: bool,
}

impl Filters {
    /// None yet; those that are compiled lie in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            wanted: None,
            hosts: false,
            made: Vec::new(),
        }
    }

    pub(super) fn made(&self) -> &[Filter] {
        &self.made
    }

    /// Notes what is wanted; gives it to be made, if it is not what is there.
    pub(super) fn want(&mut self, rules: Option<PageRules>) -> Option<Wanted> {
        let name = |rules: &Option<PageRules>| rules.as_ref().map(|it| it.name().to_owned());
        if name(&rules) == name(&self.wanted) {
            return None;
        }
        self.wanted = rules;
        if self.wanted.is_none() {
            self.made.clear();
        }
        self.wanted()
    }

    /// From now on hosts are wanted too; gives all to be made, if they were not.
    pub(super) fn want_hosts(&mut self) -> Option<Wanted> {
        if std::mem::replace(&mut self.hosts, true) {
            return None;
        }
        self.wanted()
    }

    fn wanted(&self) -> Option<Wanted> {
        Some(Wanted {
            folder: self.folder.clone(),
            rules: self.wanted.clone()?,
            hosts: self.hosts,
        })
    }

    /// Takes what was made, unless something else is wanted by now.
    pub(super) fn take(&mut self, of: &Wanted, made: Vec<Filter>) {
        if self.wants(of) {
            self.made = made;
        }
    }

    /// It could not be made: the next time that it is wanted it is tried again.
    pub(super) fn forget(&mut self, of: &Wanted) {
        if self.wants(of) {
            self.wanted = None;
        }
    }

    fn wants(&self, made: &Wanted) -> bool {
        let rules = self.wanted.as_ref();
        self.hosts == made.hosts && rules.is_some_and(|it| it.name() == made.rules.name())
    }
}

/// The filters of these rules: as they were compiled before, or compiled now, which leaves out all
/// others. None if the lists want nothing of the engine.
pub(crate) async fn make(wanted: &Wanted) -> Result<Vec<Filter>, String> {
    let own = wanted.folder.join(wanted.rules.name());
    let store = Store::open(&own);
    let mut made = Vec::new();
    let mut compiled = false;
    for part in [Part::Pages, Part::Hosts] {
        if part == Part::Hosts && !wanted.hosts {
            continue;
        }
        let name = match part {
            Part::Pages => "pages",
            Part::Hosts => "hosts",
        };
        if let Ok(filter) = store.load(name).await {
            made.push(filter);
            continue;
        }
        let lists = wanted.rules.clone();
        let read = tokio::task::spawn_blocking(move || lists.json(part)).await;
        let json = read
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?;
        if let Some(json) = json {
            let filter = store.compile(name, json).await;
            made.push(filter.map_err(|error| error.to_string())?);
            compiled = true;
        }
    }
    if compiled {
        let folder = wanted.folder.clone();
        // What a page still uses is mapped, and goes when it is let go of.
        tokio::task::spawn_blocking(move || leave(&folder, &own));
    }
    Ok(made)
}

/// Removes what was compiled of other rules.
pub(super) fn leave(folder: &Path, own: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path == own {
            continue;
        }
        // Rules for the home once were files beside one another.
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        if let Err(error) = removed {
            tracing::debug!(%error, "rules that are not used stay");
        }
    }
}
