//! Machines that lack something: programs, room, the right to write.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use duotab_core::message::StartFailure;
use duotab_core::node::EngineHealth;

use crate::home::{Home, failure};

#[tokio::test]
async fn a_missing_koneko_is_named() {
    let mut home = Home::with_stub("ready");
    home.with.koneko = home.path().join("nowhere");
    let (app, _ended) = home.app();
    let program = "koneko".to_owned();
    assert_eq!(
        failure(&app, 1).await.0,
        StartFailure::ProgramMissing { program }
    );
    home.assert_nothing_left();
}

#[tokio::test]
async fn health_says_in_words_what_is_missing() {
    let mut home = Home::with_stub("ready");
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    home.with.search_path = bin.clone().into();
    home.with.browser = None;
    let unhealthy = |home: &Home| match home.app().0.health() {
        EngineHealth::Unhealthy(detail) => detail,
        EngineHealth::Healthy | EngineHealth::Away(_) => String::new(),
    };
    assert_eq!(
        unhealthy(&home),
        "Chromium is not installed; the private X server (Xvfb) is not installed; \
         the program setsid is not installed"
    );
    for program in ["Xvfb", "setsid", "chromium"] {
        symlink("/bin/true", bin.join(program)).unwrap();
    }
    assert_eq!(home.app().0.health(), EngineHealth::Healthy);
    home.with.browser = Some("/nowhere/chrome".into());
    assert_eq!(unhealthy(&home), "there is no browser at /nowhere/chrome");
    home.with.browser = None;
    fs::set_permissions(&home.with.koneko, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(unhealthy(&home).contains("koneko"));
}

#[tokio::test]
async fn a_place_for_profiles_that_cannot_be_made_is_named() {
    let mut home = Home::with_stub("ready");
    home.with.profiles_dir = "/proc/duotab".into();
    let (app, _ended) = home.app();
    let path = "/proc/duotab/default".to_owned();
    assert_eq!(failure(&app, 1).await.0, StartFailure::ReadOnly { path });
    home.assert_no_process();
}

#[tokio::test]
async fn a_run_folder_that_cannot_be_made_is_named() {
    let mut home = Home::with_stub("ready");
    home.with.run_dir = "/proc/duotab".into();
    let (app, _ended) = home.app();
    let path = "/proc/duotab".to_owned();
    assert_eq!(failure(&app, 1).await.0, StartFailure::ReadOnly { path });
    home.assert_no_process();
}

/// Runs one of the tests below again in a mount namespace of its own, with a small file system
/// over a fresh folder.
fn in_namespace(test: &str, options: &str) {
    let probe = Command::new("unshare")
        .args(["-rm", "true"])
        .output()
        .unwrap();
    if !probe.status.success() {
        eprintln!(
            "skipped: no mount namespace: {}",
            String::from_utf8_lossy(&probe.stderr)
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    let script = format!("mount -t tmpfs -o {options} tmpfs '{place}' && exec \"$@\"");
    let output = Command::new("unshare")
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
}

fn place() -> std::path::PathBuf {
    std::env::var_os("DUOTAB_TEST_PLACE")
        .expect("only inside the namespace")
        .into()
}

#[test]
fn a_full_disk_under_the_profiles_is_named() {
    in_namespace("places::inside_a_full_disk_of_profiles", "size=1m");
}

#[tokio::test]
#[ignore = "run by the test above in a namespace of its own"]
async fn inside_a_full_disk_of_profiles() {
    let mut home = Home::with_stub("ready");
    home.with.profiles_dir = place();
    let (app, _ended) = home.app();
    let path = place().join("default").display().to_string();
    assert_eq!(failure(&app, 1).await.0, StartFailure::DiskFull { path });
    home.assert_nothing_left();
}

#[test]
fn a_full_disk_under_the_run_folder_is_named() {
    in_namespace(
        "places::inside_a_full_disk_of_run_files",
        "size=4k,nr_inodes=3",
    );
}

#[tokio::test]
#[ignore = "run by the test above in a namespace of its own"]
async fn inside_a_full_disk_of_run_files() {
    let mut home = Home::with_stub("ready");
    home.with.run_dir = place();
    let (app, _ended) = home.app();
    let path = place().display().to_string();
    assert_eq!(failure(&app, 1).await.0, StartFailure::DiskFull { path });
    home.assert_nothing_left();
}

#[test]
fn a_read_only_disk_under_the_profiles_is_named() {
    in_namespace("places::inside_a_read_only_disk_of_profiles", "ro");
}

#[tokio::test]
#[ignore = "run by the test above in a namespace of its own"]
async fn inside_a_read_only_disk_of_profiles() {
    let mut home = Home::with_stub("ready");
    home.with.profiles_dir = place();
    let (app, _ended) = home.app();
    let path = place().display().to_string();
    assert_eq!(failure(&app, 1).await.0, StartFailure::ReadOnly { path });
    home.assert_nothing_left();
}
