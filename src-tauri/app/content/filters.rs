//! What the web engine keeps from pages: the block lists' rules about pages, compiled once and used by
//! all profiles that block.

use std::path::{Path, PathBuf};

use duotab_backend::proxy::PageRules;
use webkit_filter::{Filter, Store};

/// The rules that are in use.
pub(crate) struct Filters {
    folder: PathBuf,
    /// The name of the rules that are wanted, which may still be in the making.
    wanted: Option<String>,
    filter: Option<Filter>,
}

impl Filters {
    /// None yet; those that are compiled lie in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            wanted: None,
            filter: None,
        }
    }

    pub(super) fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Notes what is wanted; gives the folder to make it in, if it is not what is there.
    pub(super) fn want(&mut self, rules: Option<&PageRules>) -> Option<PathBuf> {
        let name = rules.map(|rules| rules.name().to_owned());
        if name == self.wanted {
            return None;
        }
        self.wanted = name;
        if self.wanted.is_none() {
            self.filter = None;
        }
        rules.map(|_| self.folder.clone())
    }

    /// Takes what was made for these rules, unless others are wanted by now.
    pub(super) fn take(&mut self, rules: &PageRules, made: Option<Filter>) {
        if self.wanted.as_deref() == Some(rules.name()) {
            self.filter = made;
        }
    }

    /// They could not be made: the next time that they are wanted they are tried again.
    pub(super) fn forget(&mut self, rules: &PageRules) {
        if self.wanted.as_deref() == Some(rules.name()) {
            self.wanted = None;
        }
    }
}

/// The filter of these rules: as it was compiled before, or compiled now, which leaves out all others.
/// `None` if the lists want nothing of the engine.
pub(crate) async fn make(folder: &Path, rules: &PageRules) -> Result<Option<Filter>, String> {
    let own = folder.join(rules.name());
    let store = Store::open(&own);
    if let Ok(filter) = store.load(rules.name()).await {
        return Ok(Some(filter));
    }
    let lists = rules.clone();
    let read = tokio::task::spawn_blocking(move || lists.json()).await;
    let json = read
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let Some(json) = json else {
        return Ok(None);
    };
    let compiled = store.compile(rules.name(), json).await;
    let filter = compiled.map_err(|error| error.to_string())?;
    let (folder, own) = (folder.to_owned(), own);
    // What a page still uses is mapped, and goes when it is let go of.
    tokio::task::spawn_blocking(move || leave(&folder, &own));
    Ok(Some(filter))
}

/// Removes what was compiled of other rules.
fn leave(folder: &Path, own: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path != own
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::debug!(%error, "rules that are not used stay");
        }
    }
}
