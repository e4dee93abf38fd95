//! The store over its whole life: restarts, damage, newer versions and places that cannot be used.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use duotab_backend::store::{DataDir, LockError, NextIds, Opened, Store, StoreError};
use duotab_core::event::HistoryEntry;
use duotab_core::message::{Mode, Notice, Problem, ProfileName, SessionId, TabId};
use duotab_core::node::NodeId;
use duotab_core::record::{SavedState, SessionRecord, TabRecord};
use rusqlite::Connection;

fn tab(id: u32, position: u32) -> TabRecord {
    TabRecord {
        id: TabId(id),
        profile: ProfileName("default".into()),
        position,
        mode: Mode::Streamed,
        history: vec![HistoryEntry {
            url: "https://a.test/".into(),
            title: "aA1ß€".into(),
        }],
        index: 0,
        unasked: false,
        zoom: 125,
        active: position == 0,
    }
}

fn session(id: u32) -> SessionRecord {
    SessionRecord {
        id: SessionId(id),
        profile: ProfileName("default".into()),
        node: NodeId::host(),
        state: SavedState::Starting,
    }
}

fn open_well(path: &Path) -> Store {
    let Opened { store, notice } = Store::open(path);
    assert_eq!(notice, None);
    store
}

fn assert_usable(store: &Store) {
    store.save_tab(&tab(1, 0)).unwrap();
    assert_eq!(store.tabs().unwrap(), [tab(1, 0)]);
}

#[test]
fn tabs_sessions_and_settings_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/duotab.db");
    let store = open_well(&path);
    store.save_tab(&tab(2, 0)).unwrap();
    store.save_tab(&tab(1, 1)).unwrap();
    store.save_session(&session(9)).unwrap();
    store.set_setting("default_mode", "proxy").unwrap();
    let install = store.install_id().unwrap();
    drop(store);

    let store = open_well(&path);
    assert_eq!(store.tabs().unwrap(), [tab(2, 0), tab(1, 1)]);
    assert_eq!(store.sessions().unwrap(), [session(9)]);
    assert_eq!(
        store.setting("default_mode").unwrap().as_deref(),
        Some("proxy")
    );
    assert_eq!(store.install_id().unwrap(), install);
}

#[test]
fn a_save_is_there_although_the_app_never_closed_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    store.save_session(&session(1)).unwrap();
    store.save_tab(&tab(1, 0)).unwrap();
    // What a killed app leaves behind: the files as they are now.
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let after = open_well(&copy.path().join("duotab.db"));
    assert_eq!(after.sessions().unwrap(), [session(1)]);
    assert_eq!(after.tabs().unwrap(), [tab(1, 0)]);
    drop(store);
}

#[test]
fn an_install_id_is_long_random_and_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let a = open_well(&dir.path().join("a.db"));
    let b = open_well(&dir.path().join("b.db"));
    let id = a.install_id().unwrap();
    assert_eq!(id.len(), 32);
    assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(a.install_id().unwrap(), id);
    assert_ne!(b.install_id().unwrap(), id);
}

#[test]
fn ids_are_never_reused_also_after_deletes_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    let first = NextIds {
        tab: TabId(1),
        session: SessionId(1),
        profile: 1,
    };
    assert_eq!(store.next_ids().unwrap(), first);
    store.save_tab(&tab(5, 0)).unwrap();
    store.save_session(&session(3)).unwrap();
    store.delete_tab(TabId(5)).unwrap();
    store.delete_session(SessionId(3)).unwrap();
    drop(store);
    let later = NextIds {
        tab: TabId(6),
        session: SessionId(4),
        profile: 1,
    };
    assert_eq!(open_well(&path).next_ids().unwrap(), later);
}

#[test]
fn deleting_what_is_not_there_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_well(&dir.path().join("duotab.db"));
    store.delete_tab(TabId(1)).unwrap();
    store.delete_session(SessionId(1)).unwrap();
}

#[test]
fn the_database_is_readable_by_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    store.save_tab(&tab(1, 0)).unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} {mode:o}", entry.path());
    }
}

/// Opens, expects the old file under the told name with the very same bytes, and a fresh store.
fn assert_set_aside(path: &Path, expected: &str) {
    let before = fs::read(path).unwrap();
    let Opened { store, notice } = Store::open(path);
    let Some(Notice::StoreSetAside { path: aside } | Notice::StoreTooNew { path: aside }) = notice
    else {
        panic!("{notice:?}")
    };
    assert!(aside.ends_with(expected), "{aside}");
    assert!(
        fs::read(&aside).unwrap() == before,
        "{aside} is not what it was"
    );
    assert_eq!(store.sessions().unwrap(), []);
    assert_usable(&store);
    drop(store);
    assert_eq!(Store::open(path).notice, None);
}

#[test]
fn a_file_that_is_no_database_is_set_aside_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    fs::write(&path, "not a database, but somebody's words ".repeat(100)).unwrap();
    assert_set_aside(&path, "duotab.db.corrupt-1");
    fs::write(&path, [0xff; 5000]).unwrap();
    assert_set_aside(&path, "duotab.db.corrupt-2");
}

#[test]
fn a_database_with_a_broken_page_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    for id in 1..200 {
        store.save_tab(&tab(id, id)).unwrap();
    }
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 5 * 4096);
    for byte in &mut bytes[4096..] {
        *byte = !*byte;
    }
    fs::write(&path, bytes).unwrap();
    assert_set_aside(&path, "duotab.db.corrupt-1");
}

#[test]
fn a_database_cut_short_at_any_page_is_set_aside_or_opened_but_never_fails_the_app() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    store.save_tab(&tab(1, 0)).unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    for len in [
        0,
        1,
        15,
        16,
        99,
        100,
        512,
        4096,
        whole.len() - 4096,
        whole.len() - 1,
    ] {
        let cut = dir.path().join(format!("cut-{len}.db"));
        fs::write(&cut, &whole[..len]).unwrap();
        let Opened { store, notice } = Store::open(&cut);
        assert!(
            matches!(notice, None | Some(Notice::StoreSetAside { .. })),
            "{len}: {notice:?}"
        );
        assert_usable(&store);
    }
}

#[test]
fn a_database_of_another_program_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE tab (url TEXT)")
        .unwrap();
    assert_set_aside(&path, "duotab.db.corrupt-1");
}

#[test]
fn a_database_without_one_of_its_tables_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    drop(open_well(&path));
    Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE session")
        .unwrap();
    assert_set_aside(&path, "duotab.db.corrupt-1");
}

#[test]
fn a_database_of_a_newer_version_is_set_aside_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    drop(open_well(&path));
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1000).unwrap();
    newer.close().unwrap();
    assert_set_aside(&path, "duotab.db.newer-1");
    let kept = Connection::open(dir.path().join("duotab.db.newer-1")).unwrap();
    let version: u32 = kept
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1000);
}

#[test]
fn what_stands_only_in_the_log_of_a_newer_database_is_set_aside_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    store.save_session(&session(77)).unwrap();
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1000).unwrap();
    // Both stay open, as after a kill: nothing moves from the log into the file.
    let Opened {
        store: fresh,
        notice,
    } = Store::open(&path);
    assert!(
        matches!(notice, Some(Notice::StoreTooNew { .. })),
        "{notice:?}"
    );
    assert_eq!(fresh.sessions().unwrap(), []);
    drop((newer, store));
    let kept = Connection::open(dir.path().join("duotab.db.newer-1")).unwrap();
    let id: u32 = kept
        .query_row("SELECT id FROM session", (), |row| row.get(0))
        .unwrap();
    assert_eq!(id, 77);
}

fn assert_unavailable(path: &Path) {
    let Opened { store, notice } = Store::open(path);
    let Some(Notice::StoreUnavailable { path: told, detail }) = notice else {
        panic!("{notice:?}")
    };
    assert_eq!(Path::new(&told), path);
    assert!(!detail.is_empty());
    assert_usable(&store);
    store.save_session(&session(1)).unwrap();
    assert_eq!(store.install_id().unwrap(), store.install_id().unwrap());
}

#[test]
fn a_place_that_cannot_be_made_gives_a_store_that_forgets() {
    // Nobody, not even root, makes a folder there.
    assert_unavailable(Path::new("/proc/duotab/duotab.db"));
}

#[test]
fn a_folder_in_the_place_of_the_file_gives_a_store_that_forgets() {
    let dir = tempfile::tempdir().unwrap();
    assert_unavailable(dir.path());
    assert!(dir.path().is_dir());
}

#[test]
fn a_database_that_another_process_keeps_locked_gives_a_store_that_forgets() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    drop(open_well(&path));
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    assert_unavailable(&path);
    drop(other);
    assert_eq!(Store::open(&path).notice, None);
}

#[test]
fn a_table_lost_under_an_open_store_is_an_error_and_not_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("duotab.db");
    let store = open_well(&path);
    Connection::open(&path)
        .unwrap()
        .execute_batch("DROP TABLE tab")
        .unwrap();
    let error = store.save_tab(&tab(1, 0)).unwrap_err();
    assert!(matches!(&error, StoreError::System { .. }), "{error:?}");
    let Problem::StoreFailed { path: told, detail } = error.into() else {
        panic!()
    };
    assert!(
        told.ends_with("duotab.db") && detail.contains("tab"),
        "{told} {detail}"
    );
}

#[test]
fn a_second_owner_of_the_data_folder_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let first = DataDir::lock(&data).unwrap();
    assert_eq!(first.path(), data);
    assert!(matches!(DataDir::lock(&data), Err(LockError::Taken(_))));
    drop(first);
    DataDir::lock(&data).unwrap();
}

#[test]
fn a_data_folder_that_cannot_be_made_is_told_from_one_that_is_taken() {
    let refused = DataDir::lock(Path::new("/proc/duotab"));
    assert!(
        matches!(refused, Err(LockError::Unusable { .. })),
        "{refused:?}"
    );
}

/// Runs one of the tests below again in a mount namespace of its own, where `mount` has laid a
/// file system over a fresh folder. `None` where the kernel allows no namespace.
fn in_namespace(test: &str, mount: &str) -> Option<()> {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    let probe = std::process::Command::new("unshare")
        .args(["-rm", "true"])
        .output()
        .ok()?;
    if !probe.status.success() {
        eprintln!(
            "skipped: no mount namespace: {}",
            String::from_utf8_lossy(&probe.stderr)
        );
        return None;
    }
    let script = format!("{} && exec \"$@\"", mount.replace("PLACE", place));
    let output = std::process::Command::new("unshare")
        .args(["-rm", "sh", "-ec", &script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("DUOTAB_TEST_PLACE", place)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A test that is not found passes as well.
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("1 passed"), "{said}");
    Some(())
}

fn place() -> std::path::PathBuf {
    std::env::var_os("DUOTAB_TEST_PLACE")
        .expect("only inside the namespace")
        .into()
}

#[test]
fn a_read_only_home_gives_a_store_that_forgets() {
    in_namespace(
        "inside_a_read_only_home",
        "mount -t tmpfs -o ro,size=1m tmpfs PLACE",
    );
}

#[test]
#[ignore = "run by the test above in a namespace of its own"]
fn inside_a_read_only_home() {
    assert_unavailable(&place().join("duotab.db"));
    assert_unavailable(&place().join("deeper/duotab.db"));
}

#[test]
fn a_database_that_became_read_only_gives_a_store_that_forgets_and_is_left_as_it_is() {
    in_namespace(
        "inside_a_home_that_became_read_only",
        "mount -t tmpfs -o size=1m tmpfs PLACE",
    );
}

#[test]
#[ignore = "run by the test above in a namespace of its own"]
fn inside_a_home_that_became_read_only() {
    let path = place().join("duotab.db");
    let store = open_well(&path);
    store.save_tab(&tab(3, 0)).unwrap();
    drop(store);
    let remount = |mode: &str| {
        let options = format!("remount,{mode}");
        let done = std::process::Command::new("mount")
            .args(["-o", &options])
            .arg(place())
            .status();
        assert!(done.unwrap().success());
    };
    remount("ro");
    assert_unavailable(&path);
    remount("rw");
    assert_eq!(open_well(&path).tabs().unwrap(), [tab(3, 0)]);
}

#[test]
fn a_full_disk_gives_a_store_that_forgets_or_an_error_that_says_so() {
    in_namespace(
        "inside_a_full_disk",
        "mount -t tmpfs -o size=1m tmpfs PLACE",
    );
}

#[test]
#[ignore = "run by the test above in a namespace of its own"]
fn inside_a_full_disk() {
    let path = place().join("duotab.db");
    let ballast = place().join("ballast");
    let fill = || {
        let mut ballast = fs::File::create(&ballast).unwrap();
        while std::io::Write::write(&mut ballast, &[0; 4096]).is_ok() {}
    };
    fill();
    assert_unavailable(&path);
    fs::remove_file(&ballast).unwrap();

    let store = open_well(&path);
    store.save_tab(&tab(1, 0)).unwrap();
    fill();
    let mut saves = (2..500).map(|id| store.save_tab(&tab(id, id)));
    let error = saves
        .find_map(Result::err)
        .expect("a full disk takes no more");
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    // What was saved is still there, and saving goes on once there is room.
    assert_eq!(store.tabs().unwrap()[0], tab(1, 0));
    fs::remove_file(&ballast).unwrap();
    store.save_tab(&tab(600, 600)).unwrap();
    drop(store);
    assert_eq!(
        open_well(&path).tabs().unwrap().last(),
        Some(&tab(600, 600))
    );
}
