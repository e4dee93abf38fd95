//! The life of an engine beyond the app's: started, asleep, awake, left alone, found, stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use duotab_backend::runtime::StartError;
use duotab_core::event::FoundEngine;
use duotab_core::message::{SessionId, StartFailure};
use duotab_core::node::NodeId;
use duotab_test_support::ClosedPort;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, end, failure, kill, serves, spec, start, state};

fn found(session: u32, suspended: bool) -> FoundEngine {
    FoundEngine {
        session: SessionId(session),
        node: NodeId::host(),
        healthy: true,
        suspended,
    }
}

#[tokio::test]
async fn an_engine_starts_and_stops_without_a_trace_but_the_profile() {
    let home = Home::with_stub("ready");
    let (app, mut ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    assert!(serves(&endpoint));
    assert_eq!(endpoint.base.host_str(), Some("127.0.0.1"));
    assert_eq!(home.processes().len(), 2);
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
    assert!(!serves(&endpoint));
    assert!(home.with.profiles_dir.join("default").is_dir());
    assert!(ended.try_recv().is_err());
}

#[tokio::test]
async fn a_second_start_of_a_running_session_gives_the_same_engine() {
    let home = Home::with_stub("ready");
    let (app, _ended) = home.app();
    let first = start(&app, 1).await.unwrap();
    assert_eq!(start(&app, 1).await.unwrap(), first);
    assert_eq!(home.processes().len(), 2);
    app.stop(SessionId(1)).await.unwrap();
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_suspended_engine_sleeps_until_it_is_woken() {
    let home = Home::with_stub("ready");
    let (app, _ended) = home.app();
    start(&app, 1).await.unwrap();
    let (browser, _) = home
        .processes()
        .into_iter()
        .find(|(_, line)| line.starts_with("sleep"))
        .unwrap();
    assert_eq!(app.find().await, [found(1, false)]);
    app.suspend(SessionId(1)).await.unwrap();
    assert_eq!(state(browser), 'T');
    assert_eq!(app.find().await, [found(1, true)]);
    app.resume(SessionId(1)).await.unwrap();
    assert_ne!(state(browser), 'T');
    assert_eq!(app.find().await, [found(1, false)]);
    app.suspend(SessionId(1)).await.unwrap();
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_engine_outlives_the_app_and_is_adopted_by_the_next() {
    let home = Home::with_stub("ready");
    let (app, ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    drop((app, ended));
    assert!(serves(&endpoint));

    let (app, mut ended) = home.app();
    assert_eq!(app.find().await, [found(1, false)]);
    assert_eq!(app.adopt(SessionId(1)).await.unwrap(), endpoint);
    assert_eq!(app.adopt(SessionId(1)).await.unwrap(), endpoint);
    assert_eq!(home.processes().len(), 2);
    // The end of what is not our child is noticed as well.
    kill(home.pid(1));
    assert_eq!(end(&mut ended).await.session, SessionId(1));
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_engine_asleep_is_found_asleep_by_the_next_app_and_can_be_woken() {
    let home = Home::with_stub("ready");
    let (app, ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    app.suspend(SessionId(1)).await.unwrap();
    drop((app, ended));

    let (app, _ended) = home.app();
    assert_eq!(app.find().await, [found(1, true)]);
    assert_eq!(app.resume(SessionId(1)).await.unwrap(), endpoint);
    assert_eq!(app.find().await, [found(1, false)]);
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn the_next_app_stops_an_engine_without_adopting_it() {
    let home = Home::with_stub("ready");
    let (app, ended) = home.app();
    start(&app, 1).await.unwrap();
    drop((app, ended));
    let (app, _ended) = home.app();
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

/// Plays the app in [`an_engine_survives_the_kill_of_the_app`].
#[tokio::test]
#[ignore = "started and killed by another test"]
async fn app_to_be_killed() {
    let mut home = Home::with_stub("ready");
    let place = std::env::var_os("DUOTAB_TEST_PLACE").unwrap();
    let place = Path::new(&place);
    home.with.run_dir = place.join("run");
    home.with.profiles_dir = place.join("data/profiles");
    home.with.koneko = place.join("koneko");
    if std::env::var_os("DUOTAB_TEST_HANGS").is_some() {
        home.play("hang at browser");
        let steps = home.listen();
        let (app, _ended) = home.app();
        let begun = async {
            steps.reached("browser").await;
            println!("running");
        };
        let _never = tokio::join!(app.start(spec(1), CancellationToken::new()), begun);
    }
    let (app, _ended) = home.app();
    start(&app, 1).await.unwrap();
    println!("running");
    std::future::pending::<()>().await;
}

/// Starts an engine in a process of its own, and kills that process with SIGKILL.
fn run_and_kill_the_app(home: &Home, hangs: bool) {
    let mut app = Command::new(std::env::current_exe().unwrap());
    app.args([
        "life::app_to_be_killed",
        "--exact",
        "--ignored",
        "--nocapture",
    ])
    .env("DUOTAB_TEST_PLACE", home.path())
    .env("PATH", &home.with.search_path)
    .stdout(Stdio::piped());
    if hangs {
        app.env("DUOTAB_TEST_HANGS", "1");
    }
    let mut app = app.spawn().unwrap();
    let said = BufReader::new(app.stdout.take().unwrap());
    let running = said.lines().any(|line| line.unwrap().ends_with("running"));
    app.kill().unwrap();
    app.wait().unwrap();
    assert!(running);
}

#[tokio::test]
async fn an_engine_survives_the_kill_of_the_app() {
    let home = Home::with_stub("ready");
    run_and_kill_the_app(&home, false);
    assert_eq!(home.processes().len(), 2);
    let (app, _ended) = home.app();
    assert_eq!(app.find().await, [found(1, false)]);
    let endpoint = app.adopt(SessionId(1)).await.unwrap();
    assert!(serves(&endpoint));
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_engine_half_started_by_an_app_that_was_killed_is_removed() {
    let home = Home::with_stub("ready");
    run_and_kill_the_app(&home, true);
    assert_ne!(home.processes(), []);
    let (app, _ended) = home.app();
    assert_eq!(app.find().await, []);
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_engine_that_died_while_no_app_ran_leaves_nothing_after_a_look() {
    let home = Home::with_stub("ready");
    let (app, ended) = home.app();
    start(&app, 1).await.unwrap();
    drop((app, ended));
    // Its browser may outlive this stub, which builds no fence; that is the stub's affair.
    for (pid, _) in home.processes() {
        kill(pid);
    }
    let (app, _ended) = home.app();
    assert_eq!(app.find().await, []);
    assert!(!home.folder(1).exists());
    assert!(matches!(
        app.adopt(SessionId(1)).await,
        Err(StartError::Failed { .. })
    ));
}

#[tokio::test]
async fn an_engine_of_another_install_is_removed() {
    let mut home = Home::with_stub("ready");
    let (app, ended) = home.app();
    start(&app, 1).await.unwrap();
    drop((app, ended));
    home.with.install = "another".into();
    let (app, _ended) = home.app();
    assert_eq!(app.find().await, []);
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_reported_and_not_adopted() {
    let home = Home::with_stub("ready");
    let (app, ended) = home.app();
    start(&app, 1).await.unwrap();
    drop((app, ended));
    let status = home.folder(1).join("status.json");
    let closed = ClosedPort::take().unwrap();
    let nobody = closed.address().port();
    let pid = home.pid(1);
    fs::write(
        &status,
        format!(r#"{{"state":"ready","pid":{pid},"port":{nobody}}}"#),
    )
    .unwrap();
    let (app, _ended) = home.app();
    assert_eq!(
        app.find().await,
        [FoundEngine {
            healthy: false,
            ..found(1, false)
        }]
    );
    assert!(app.adopt(SessionId(1)).await.is_err());
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_status_that_names_an_innocent_process_does_it_no_harm() {
    let home = Home::with_stub("ready");
    let mut innocent = Command::new("setsid")
        .args(["sleep", "1000"])
        .spawn()
        .unwrap();
    fs::create_dir(home.folder(1)).unwrap();
    let status = format!(r#"{{"state":"ready","pid":{},"port":9}}"#, innocent.id());
    fs::write(home.folder(1).join("status.json"), status).unwrap();
    let (app, _ended) = home.app();
    assert_eq!(app.find().await, []);
    app.stop(SessionId(1)).await.unwrap();
    let lives = innocent.try_wait().unwrap().is_none();
    innocent.kill().unwrap();
    innocent.wait().unwrap();
    assert!(lives);
}

#[tokio::test]
async fn what_is_no_session_in_the_run_folder_is_left_alone() {
    let home = Home::with_stub("ready");
    fs::write(home.with.run_dir.join("lock"), "").unwrap();
    fs::create_dir(home.with.run_dir.join("007")).unwrap();
    let (app, _ended) = home.app();
    assert_eq!(app.find().await, []);
    assert_eq!(fs::read_dir(&home.with.run_dir).unwrap().count(), 2);
}

#[tokio::test]
async fn a_profile_serves_one_session_at_a_time_also_after_the_app_has_died() {
    let home = Home::with_stub("ready");
    let (app, ended) = home.app();
    start(&app, 1).await.unwrap();
    assert_eq!(failure(&app, 2).await.0, StartFailure::ProfileInUse);
    drop((app, ended));
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 2).await.0, StartFailure::ProfileInUse);
    app.stop(SessionId(1)).await.unwrap();
    start(&app, 2).await.unwrap();
    app.stop(SessionId(2)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn two_profiles_run_side_by_side() {
    let home = Home::with_stub("ready");
    let (app, _ended) = home.app();
    let mut other = spec(2);
    other.profile.0 = "../other".into();
    let (first, second) = tokio::join!(start(&app, 1), app.start(other, CancellationToken::new()));
    assert_ne!(first.unwrap(), second.unwrap());
    assert_eq!(app.find().await, [found(1, false), found(2, false)]);
    let (first, second) = tokio::join!(app.stop(SessionId(1)), app.stop(SessionId(2)));
    first.and(second).unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn the_password_stands_in_one_closed_file_and_nowhere_else() {
    let home = Home::with_stub("ready");
    let (app, _ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    let password = endpoint.password.expose();
    assert_eq!(password.len(), 64);
    assert!(!format!("{endpoint:?}").contains(password));
    assert!(!endpoint.base.as_str().contains(password));
    for (pid, line) in home.processes() {
        assert!(!line.contains(password));
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        assert!(!String::from_utf8_lossy(&environment).contains(password));
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.folder(1)), 0o700);
    for file in fs::read_dir(home.folder(1)).unwrap().flatten() {
        let holds = fs::read_to_string(file.path()).unwrap().contains(password);
        assert_eq!(holds, file.file_name() == "config.json", "{file:?}");
    }
    assert_eq!(mode(&home.folder(1).join("config.json")), 0o600);
    app.stop(SessionId(1)).await.unwrap();
}
