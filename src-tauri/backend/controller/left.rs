//! What an earlier run of the app left in the store.

use std::path::Path;

use crate::capacity;
use crate::landing::Kept;
use crate::runtime::docker::Owner;
use crate::store::{Store, StoreError};
use duotab_core::browser::Saved;
use duotab_core::message::{Download, Notice};

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
                bookmarks: store.bookmarks()?,
                downloads: store.downloads()?.into_iter().map(on_disk).collect(),
                switches: store.switches()?,
                lists: store.lists()?,
                sleep_after: store.sleep_after()?,
                search: store.search()?,
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

/// A download, with what lies on the disk of it. Nothing stays of one whose first part is of no use.
fn on_disk(mut download: Download) -> Download {
    let path = Path::new(&download.path);
    if download.can_go_on() && !download.is_over() {
        let kept = Kept::recover(path);
        // That a part which was held up is gone is told when it is wanted.
        if kept > 0 || download.is_running() {
            download.received = kept;
        }
    } else if download.is_running() {
        Kept::discard(path);
    }
    download
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::landing::{part_of, written_by_engine};
    use duotab_core::download::{DownloadState, Halt, Hold};
    use duotab_core::message::{DownloadId, Mode, ProfileName};

    fn left(folder: &Path, mode: Mode, hold: Hold, state: DownloadState) -> Download {
        let path = folder.join("f");
        Download {
            id: DownloadId(1),
            profile: ProfileName("p1".into()),
            mode,
            url: "http://a.example/f".into(),
            name: "f".into(),
            path: path.display().to_string(),
            received: 3,
            total: Some(9),
            hold,
            state,
        }
    }

    #[test]
    fn what_was_coming_is_as_long_as_what_lies_there_and_what_is_of_no_use_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("f");
        let tagged = || Hold::At("\"1\"".into());
        let paused = DownloadState::Paused { why: Halt::Closed };
        for (mode, hold, state, is_there) in [
            (Mode::Proxy, tagged(), DownloadState::Running, true),
            (Mode::Proxy, tagged(), paused, true),
            (Mode::Proxy, Hold::Anew, DownloadState::Running, false),
            (Mode::Streamed, Hold::Never, DownloadState::Running, false),
        ] {
            std::fs::write(&path, "").unwrap();
            std::fs::write(written_by_engine(&path), "half ").unwrap();
            std::fs::hard_link(written_by_engine(&path), part_of(&path)).unwrap();
            let found = on_disk(left(home.path(), mode, hold, state));
            assert_eq!(found.received == 5, is_there, "{found:?}");
            assert_eq!(part_of(&path).exists() && path.exists(), is_there);
            assert!(!written_by_engine(&path).exists());
            Kept::discard(&path);
            assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn what_is_gone_is_not_gone_on_with_unless_the_person_knows_of_it() {
        let home = tempfile::tempdir().unwrap();
        let of = |state| {
            let hold = Hold::At("\"1\"".into());
            on_disk(left(home.path(), Mode::Proxy, hold, state)).received
        };
        assert_eq!(of(DownloadState::Running), 0);
        assert_eq!(of(DownloadState::Paused { why: Halt::Wanted }), 3);
        std::fs::write(home.path().join("f"), "all of it").unwrap();
        of(DownloadState::Done);
        assert_eq!(std::fs::read(home.path().join("f")).unwrap(), b"all of it");
    }
}
