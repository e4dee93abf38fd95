//! The app killed at every step of a session's life, by `kill -9`: the next start adopts what runs
//! or removes it. This very test program plays the app that is killed.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use duotab_core::message::{Mode, NodeId, ShellState, Stage, TabId, TabView};
use duotab_core::worker::MachineView;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::app::{App, session, stage};
use crate::home::Home;
use crate::site::Site;
use crate::within;

/// How far the app has come when it is killed.
pub(crate) const STEPS: [&str; 3] = ["starting", "connecting", "live"];
pub(crate) const LAST_STEPS: [&str; 4] = ["suspending", "suspended", "waking", "ending"];

/// While its tab leaves for another machine: before the data are on their way, when some of them are
/// there, and when its browser starts there.
pub(crate) const MOVES: [&str; 3] = ["leaving", "carried", "arriving"];

#[tokio::test]
async fn killed_on_its_way_to_the_picture_the_app_finds_or_removes_its_engine() {
    killed_at(&Home::new(), &STEPS).await;
}

#[tokio::test]
async fn killed_on_its_way_to_the_end_the_app_finds_or_removes_its_engine() {
    killed_at(&Home::new(), &LAST_STEPS).await;
}

/// Kills the app at each of these steps; what runs is adopted or removed each time.
pub(crate) async fn killed_at(home: &Home, steps: &[&str]) {
    let site = Site::of(home).await;
    let mut app = home.app().await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    let mut highest = session(&app.until_live(tab).await);
    app.until_title(tab, "welcome").await;
    app.navigate(tab, &site.url("/page/kept")).await;
    app.until_title(tab, "kept").await;
    app.quit().await;
    home.assert_nothing_left();

    for step in steps {
        play_and_kill(home, step).await;
        let rows = home.rows();
        assert_eq!(rows.len(), 1, "{step}: saved before the world is changed");
        assert!(rows[0].id.0 > highest, "{step}: no number is used twice");
        let (killed, browsers) = (rows[0].id.0, home.browsers());
        let serving = home.serving(killed);

        let mut app = home.app().await;
        let mode = app.state.tabs.iter().find(|view| view.id == tab).unwrap();
        if mode.mode == Mode::Proxy {
            app.set_mode(tab, "streamed").await.unwrap();
        }
        let now = session(&app.until_live(tab).await);
        app.until_title(tab, "kept").await;
        assert_eq!(home.browsers().len(), 1, "{step}");
        match *step {
            // What runs is adopted.
            "connecting" | "live" | "suspending" | "suspended" | "waking" => {
                assert_eq!(now, killed, "{step}");
                // The engine serves before its browser is there, and one that is coming up may
                // have been two processes for a moment.
                let before = |it| browsers.is_empty() || browsers.contains(it);
                assert!(home.browsers().iter().all(before), "{step}");
                assert_eq!(home.serving(now), serving, "{step}");
            }
            // What was only begun, or was to end, is removed.
            "ending" => assert!(now > killed, "{step}"),
            // Had it come up in the meantime, it was adopted.
            _ => assert!(now >= killed, "{step}"),
        }
        highest = now;
        app.navigate(tab, &site.url("/who")).await;
        app.until_title(tab, "user=ann kept").await;
        app.navigate(tab, &site.url("/page/kept")).await;
        app.until_title(tab, "kept").await;
        app.quit().await;
        home.assert_nothing_left();
    }
}

#[tokio::test]
async fn an_engine_that_only_a_lost_database_knew_is_removed() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    app.open(&site.url("/page/one"), "streamed").await;
    app.quit().await;
    play_and_kill(&home, "live").await;
    assert_eq!(home.browsers().len(), 1);
    for end in ["db", "db-wal", "db-shm"] {
        std::fs::write(home.dirs.data.join(format!("duotab.{end}")), "lost").unwrap();
    }
    let mut app = home.app().await;
    home.until_nothing_is_left().await;
    let tab = app.open(&site.url("/page/two"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "two").await;
    app.quit().await;
    home.assert_nothing_left();
}

/// Runs the app as a process of its own, and kills it when it has come to a step.
pub(crate) async fn play_and_kill(home: &Home, step: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::the_app", "--ignored", "--nocapture"])
        .env("DUOTAB_TEST_HOME", home.folder())
        .env("DUOTAB_TEST_STEP", step)
        .envs(home.environment())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = format!("step: {step}");
    within(step, async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == said {
                return;
            }
        }
        panic!("the app ended before it was {step}");
    })
    .await;
    child.kill().await.unwrap();
}

#[tokio::test]
#[ignore = "started as the app by the tests above: by another test"]
async fn the_app() {
    let folder = std::env::var_os("DUOTAB_TEST_HOME").map(PathBuf::from);
    let home = Home::at(&folder.expect("only as the app"));
    let wanted = std::env::var("DUOTAB_TEST_STEP").unwrap();
    let mut app = home.app().await;
    let tab = app.state.active.unwrap();
    for (name, reached) in [
        ("starting", Stage::Starting),
        ("connecting", Stage::Connecting),
        ("live", Stage::Live),
    ] {
        app.until_tab(tab, name, |tab| stage(tab) >= Some(reached))
            .await;
        say(name);
    }
    match wanted.as_str() {
        "ending" => {
            app.ask("quit", json!({})).await.unwrap();
            say("ending");
        }
        "suspending" | "suspended" | "waking" => sleep(&home, &mut app, tab).await,
        "leaving" | "carried" | "arriving" => leave(&mut app, tab).await,
        _ => {}
    }
    std::future::pending::<()>().await;
}

async fn sleep(home: &Home, app: &mut App, tab: TabId) {
    app.set_mode(tab, "proxy").await.unwrap();
    say("suspending");
    home.until_asleep().await;
    if std::env::var("DUOTAB_TEST_STEP").unwrap() == "waking" {
        app.set_mode(tab, "streamed").await.unwrap();
        say("waking");
    } else {
        say("suspended");
    }
}

/// To the first other machine.
async fn leave(app: &mut App, tab: TabId) {
    let is_there = |it: &&MachineView| it.address.is_some() && it.facts.is_some();
    let seen = |state: &ShellState| state.machines.known.iter().any(|it| is_there(&it));
    app.until("the worker", seen).await;
    let there = app.state.machines.known.iter().find(is_there).unwrap();
    let body = json!({ "tab": tab, "mode": "streamed", "node": there.node.id });
    let there = there.node.id.clone();
    app.ask("set_tab_mode", body).await.unwrap();
    for (step, done) in [("leaving", 0), ("carried", 1)] {
        app.until_tab(tab, step, |tab| {
            let moving = tab.stream.as_ref().and_then(|it| it.moving.as_ref());
            moving.is_some_and(|it| it.done >= done) || runs_on(tab, &there)
        })
        .await;
        say(step);
    }
    app.until_tab(tab, "arriving", |tab| runs_on(tab, &there))
        .await;
    say("arriving");
}

fn runs_on(tab: &TabView, node: &NodeId) -> bool {
    let there = tab.stream.as_ref().and_then(|it| it.node.as_ref());
    there.is_some_and(|it| it.id == *node)
}

fn say(step: &str) {
    println!("step: {step}");
    std::io::stdout().flush().unwrap();
}
