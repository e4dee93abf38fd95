//! Machines that lack something: programs, room, the right to write.

use std::path::PathBuf;
use std::process::Command;

use duotab_backend::capacity::NodeSource;
use duotab_core::message::{Lack, Mode, Notice, Problem, StartFailure};

use crate::app::App;
use crate::home::{Home, Left};

/// Streams a tab in vain, with the cause; the app and the tab's other mode work on.
async fn fails(app: &mut App) -> Problem {
    let tab = app.open("http://127.0.0.1:9/", "streamed").await;
    let problem = app.until_problem(tab).await;
    app.set_mode(tab, "proxy").await.unwrap();
    app.until_tab(tab, "Proxy mode", |tab| {
        tab.mode == Mode::Proxy && tab.problem.is_none() && !tab.loading
    })
    .await;
    assert!(app.content.address(tab).is_some());
    problem
}

fn failure(problem: Problem) -> StartFailure {
    match problem {
        Problem::StartFailed { node, failure, .. } => {
            assert_eq!(node, "pi");
            failure
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_machine_without_chromium_or_xvfb_says_so_and_is_tried_again_when_they_are_there() {
    let mut home = Home::new();
    home.only_programs(&["setsid", "unshare", "bwrap"]);
    home.with.browser = Some("/nowhere/chromium".into());
    let mut app = home.app().await;
    assert_eq!(failure(fails(&mut app).await), StartFailure::BrowserMissing);
    home.until_nothing_is_left().await;
    app.quit().await;

    home.with.browser = Some("/usr/bin/chromium".into());
    let mut app = home.app().await;
    assert_eq!(
        failure(fails(&mut app).await),
        StartFailure::DisplayServerMissing
    );
    home.until_nothing_is_left().await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn this_machine_without_its_programs_is_not_capable_and_says_which_are_missing() {
    let mut home = Home::new();
    home.only_programs(&["setsid"]);
    home.nodes = NodeSource::Host;
    let mut app = home.app().await;
    let Problem::NoCapableNode { nodes } = fails(&mut app).await else {
        panic!("{:#?}", app.state);
    };
    let said: Vec<&str> = nodes[0]
        .lacks
        .iter()
        .filter_map(|lack| match lack {
            Lack::Engine { detail } => Some(detail.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("Chromium") && said[0].contains("Xvfb"),
        "{said:?}"
    );
    app.quit().await;
    home.assert_nothing_left();
}

/// Runs one of the tests below again in a mount namespace of its own, with a small file system
/// over a fresh folder.
fn in_namespace(test: &str, options: &str) {
    let probe = Command::new("unshare")
        .args(["-rm", "true"])
        .output()
        .unwrap();
    if !probe.status.success() {
        let said = String::from_utf8_lossy(&probe.stderr);
        eprintln!("skipped: no mount namespace: {said}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let script = format!("mount -t tmpfs -o {options} tmpfs '{place}' && exec \"$@\"");
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-ec", &script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("DUOTAB_TEST_PLACE", place)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A test that is not found passes as well.
    assert!(said.contains("1 passed"), "{said}");
}

fn place() -> PathBuf {
    std::env::var_os("DUOTAB_TEST_PLACE")
        .expect("only inside the namespace")
        .into()
}

#[test]
fn a_disk_without_room_for_a_profile_is_named() {
    in_namespace("bad_places::inside_a_small_disk", "size=2m");
}

#[tokio::test]
#[ignore = "run by the test above in a namespace of its own"]
async fn inside_a_small_disk() {
    let home = Home::at(&place());
    let mut app = home.app().await;
    let path = home.dirs.profiles().join("default").display().to_string();
    assert_eq!(
        failure(fails(&mut app).await),
        StartFailure::DiskFull { path }
    );
    home.until_nothing_is_left().await;
    assert_eq!(app.state.notices, [], "there is room for tabs");
    app.quit().await;
    home.assert_nothing_left();
}

#[test]
fn on_a_full_disk_the_app_forgets_and_says_so() {
    in_namespace("bad_places::inside_a_full_disk", "size=16k");
}

#[tokio::test]
#[ignore = "run by the test above in a namespace of its own"]
async fn inside_a_full_disk() {
    forgets_and_says_so().await;
}

#[test]
fn in_a_home_that_cannot_be_written_the_app_forgets_and_says_so() {
    in_namespace("bad_places::inside_a_read_only_home", "ro");
}

#[tokio::test]
#[ignore = "run by the test above in a namespace of its own"]
async fn inside_a_read_only_home() {
    forgets_and_says_so().await;
}

async fn forgets_and_says_so() {
    let home = Home::at(&place());
    let mut app = home.app().await;
    let state = app
        .until("a notice", |state| !state.notices.is_empty())
        .await;
    assert!(
        matches!(&state.notices[..], [Notice::StoreUnavailable { path, .. }]
            if *path == home.dirs.database().display().to_string()),
        "{:?}",
        state.notices
    );
    let problem = failure(fails(&mut app).await);
    assert!(
        matches!(
            problem,
            StartFailure::ReadOnly { .. } | StartFailure::DiskFull { .. }
        ),
        "{problem:?}"
    );
    assert_eq!(app.state.notices.len(), 1, "said once");
    app.quit().await;
    assert_eq!(home.left_of_engines(), Left::default());
}
