//! What an earlier run of the app left in the store.

use std::path::Path;

use crate::capacity;
use crate::runtime::docker::Owner;
use crate::store::{Store, StoreError};
use duotab_core::browser::Saved;
use duotab_core::message::Notice;

/// The setting of what is kept of the volumes.
pub(super) const VOLUMES: &str = "volumes";

/// The setting of what is kept of the volumes that are this copy's.
pub(super) const OWNED: &str = "owned";

/// What the store held, and what is to be told about it.
pub(super) struct Left {
    pub(super) store: Store,
    pub(super) saved: Saved,
    pub(super) install: String,
    /// Which copy of the install this is.
    pub(super) owner: Owner,
    /// What was kept for the image.
    pub(super) image: String,
    /// What was kept of the volumes.
    pub(super) volumes: String,
    pub(super) notices: Vec<Notice>,
}

impl Left {
    pub(super) fn open(database: &Path, image: &str) -> Self {
        let opened = Store::open(database);
        let store = opened.store;
        let read = || -> Result<(Saved, String, String), StoreError> {
            let next = store.next_ids()?;
            let saved = Saved {
                tabs: store.tabs()?,
                sessions: store.sessions()?,
                profiles: store.profiles()?,
                sites: store.sites()?,
                downloads: store.downloads()?,
                switches: store.switches()?,
                lists: store.lists()?,
                sleep_after: store.sleep_after()?,
                last_tab: next.tab.0.saturating_sub(1),
                last_session: next.session.0.saturating_sub(1),
                last_profile: next.profile.saturating_sub(1),
                workers: store.workers()?,
                last_worker: store.last_worker()?,
            };
            Ok((saved, store.install_id()?, store.copy_id(&place(database))?))
        };
        let mut notices: Vec<Notice> = opened.notice.into_iter().collect();
        let (saved, install, copy) = read().unwrap_or_else(|error| {
            notices.push(unavailable(database, &error));
            let unsaved = || "unsaved".to_owned();
            (Saved::default(), unsaved(), unsaved())
        });
        let kept = |key: &str| store.setting(key).ok().flatten().unwrap_or_default();
        Self {
            image: kept(&format!("image:{image}")),
            volumes: kept(VOLUMES),
            owner: Owner::new(copy, &capacity::host_name(), &kept(OWNED)),
            saved,
            install,
            notices,
            store,
        }
    }
}

/// Which machine this is, and where on it the database is: a copy of it is somewhere else.
fn place(database: &Path) -> String {
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let folder = database.parent().unwrap_or(database);
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let machine = match machine.trim() {
        "" => capacity::host_name(),
        machine => machine.to_owned(),
    };
    format!("{machine} {}", folder.display())
}

/// Nothing can be saved.
pub(super) fn unavailable(database: &Path, error: &StoreError) -> Notice {
    Notice::StoreUnavailable {
        path: database.display().to_string(),
        detail: error.to_string(),
    }
}
