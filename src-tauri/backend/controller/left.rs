//! What an earlier run of the app left in the store.

use std::path::Path;

use crate::store::{Store, StoreError};
use duotab_core::browser::Saved;
use duotab_core::message::Notice;

/// The setting of what is kept of the volumes.
pub(super) const VOLUMES: &str = "volumes";

/// What the store held, and what is to be told about it.
pub(super) struct Left {
    pub(super) store: Store,
    pub(super) saved: Saved,
    pub(super) install: String,
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
        let read = || -> Result<(Saved, String), StoreError> {
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
            Ok((saved, store.install_id()?))
        };
        let mut notices: Vec<Notice> = opened.notice.into_iter().collect();
        let (saved, install) = read().unwrap_or_else(|error| {
            notices.push(unavailable(database, &error));
            (Saved::default(), "unsaved".to_owned())
        });
        let kept = |key: &str| store.setting(key).ok().flatten().unwrap_or_default();
        Self {
            image: kept(&format!("image:{image}")),
            volumes: kept(VOLUMES),
            saved,
            install,
            notices,
            store,
        }
    }
}

/// Nothing can be saved.
pub(super) fn unavailable(database: &Path, error: &StoreError) -> Notice {
    Notice::StoreUnavailable {
        path: database.display().to_string(),
        detail: error.to_string(),
    }
}
