//! The app killed, and the disk filled, in the middle of an export or an import: nothing half is
//! left, neither under the name that was wanted nor in the profile.

use std::cell::Cell;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use duotab_core::profile::{ProfileFault, ProfileView};
use duotab_test_support::engine::Engine;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::app::App;
use crate::home::Home;
use crate::site::Site;
use crate::within;

const NOBODY: &str = "undefined";
const ANN: &str = "user=ann kept";
/// Bytes beside what the browser itself keeps, so that the work takes a while.
const BALLAST: u64 = 128 << 20;
/// What free space an export wants to leave, and more.
const MARGIN: u64 = 24 << 20;
/// A work may be over before anything befalls it: then it is begun again.
const TRIES: usize = 6;
/// Where containers keep the profile.
const FOLDER: &str = "/home/neko/.config/chromium";

fn default(app: &App) -> ProfileView {
    app.state.profiles[0].clone()
}

/// Waits for what the shell is to show of the profile.
async fn until(app: &mut App, what: &str, wanted: impl Fn(&ProfileView) -> bool) {
    app.until(what, |state| wanted(&state.profiles[0])).await;
}

async fn begin(app: &mut App, work: Value) {
    let body = json!({ "name": "default", "work": work, "endSession": true });
    app.ask("work_on_profile", body).await.unwrap();
}

/// What came of it.
async fn outcome(app: &mut App) -> Option<ProfileFault> {
    let over = |it: &ProfileView| it.work.is_none() && it.outcome.is_some();
    until(app, "an outcome", over).await;
    let fault = default(app).outcome.unwrap().fault;
    let body = json!({ "name": "default" });
    app.ask("dismiss_profile_outcome", body).await.unwrap();
    fault
}

fn export(to: &Path) -> Value {
    json!({ "work": "export", "path": to })
}

fn import(from: &Path) -> Value {
    json!({ "work": "import", "path": from })
}

/// Opens a page in a streamed browser, which is closed again; its title is one of these.
async fn visit(home: &Home, url: &str, titles: &[&str]) -> String {
    let mut app = home.app().await;
    let tab = app.open(url, "streamed").await;
    let named = |it: &duotab_core::message::TabView| titles.contains(&it.title.as_str());
    let title = app.until_tab(tab, "the page", named).await.title;
    if let Some(engine) = &home.beside {
        let all = engine.docker(&["ps", "--quiet", "--filter", "label=io.duotab.install"]);
        let look = format!("ls -d {FOLDER}/.duotab-*; true");
        let left = engine.docker(&["exec", &all[0], "bash", "-c", &look]);
        assert_eq!(left, [""; 0], "half of an import");
    }
    app.act("close_tab", tab).await;
    app.quit().await;
    home.until_nothing_is_left().await;
    title
}

/// More in the profile than a browser would keep.
fn put_ballast(home: &Home) {
    let Some(engine) = &home.beside else {
        let path = home.dirs.profiles().join("default/Default/ballast");
        let file = std::fs::File::create(path).unwrap();
        return std::io::copy(
            &mut std::io::Read::take(std::io::repeat(7), BALLAST),
            &mut &file,
        )
        .map(drop)
        .unwrap();
    };
    let volume = format!("{}:{FOLDER}", home.profiles()[0]);
    let fill = format!("head -c {BALLAST} /dev/zero >{FOLDER}/Default/ballast");
    let run = ["run", "--rm", "--user=neko", "--network=none"];
    let rest = ["--entrypoint=bash", "--volume", &volume, &engine.image];
    let _said = engine.docker(&[&run[..], &rest, &["-c", &fill]].concat());
}

/// Whether all of an archive is there.
fn is_whole(file: &Path) -> bool {
    let listed = std::process::Command::new("tar")
        .arg("tf")
        .arg(file)
        .output();
    listed.unwrap().status.success()
}

/// Ann's profile, and a file with that of nobody.
async fn prepared(home: &Home, site: &Site) -> PathBuf {
    let file = home.folder().join("nobody.tar");
    visit(home, &site.url("/who"), &[NOBODY]).await;
    put_ballast(home);
    let mut app = home.app().await;
    begin(&mut app, export(&file)).await;
    assert_eq!(outcome(&mut app).await, None);
    app.quit().await;
    visit(home, &site.url("/login"), &["welcome"]).await;
    file
}

/// The app as a process of its own, which kills itself in the middle of a work.
async fn kill_at(home: &Home, work: &Value, pass: &str) {
    let mut app = Command::new(std::env::current_exe().unwrap());
    app.args(["--exact", "half::the_app", "--ignored", "--nocapture"])
        .env("DUOTAB_TEST_HOME", home.folder())
        .env("DUOTAB_TEST_WORK", work.to_string())
        .env("DUOTAB_TEST_PASS", pass)
        .envs(home.environment())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let mut app = app.spawn().unwrap();
    let ended = within("the end of the app", app.wait()).await.unwrap();
    assert_eq!(ended.signal(), Some(Signal::KILL.as_raw()), "{ended}");
}

#[tokio::test]
#[ignore = "started as the app by the tests below: by another test"]
async fn the_app() {
    let folder = std::env::var_os("DUOTAB_TEST_HOME").map(PathBuf::from);
    let home = Home::at(&folder.expect("only as the app"));
    let told = |name| std::env::var(name).unwrap();
    let pass: u32 = told("DUOTAB_TEST_PASS").parse().unwrap();
    let mut app = home.app().await;
    begin(&mut app, told("DUOTAB_TEST_WORK").parse().unwrap()).await;
    let (at, before) = (Cell::new(1), Cell::new(0));
    until(&mut app, "the middle", |view| {
        let Some(work) = &view.work else {
            return view.outcome.is_some();
        };
        if work.done < before.replace(work.done) {
            at.set(at.get() + 1);
        }
        at.get() >= pass && work.done > 0
    })
    .await;
    let _dead = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
}

/// What was begun before the app was killed comes to its end, and nothing is left of it.
async fn comes_to_rest(home: &Home) {
    let mut app = home.app().await;
    until(&mut app, "rest", |view| view.work.is_none()).await;
    if let Some(engine) = &home.beside {
        engine.emptied().await.unwrap();
    }
    app.quit().await;
    home.until_nothing_is_left().await;
    if home.beside.is_none() {
        let mut left: Vec<_> = std::fs::read_dir(home.dirs.profiles())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["default", "default.lock"]);
    }
}

async fn an_export_is_killed(home: Home) {
    let site = Site::of(&home).await;
    prepared(&home, &site).await;
    let file = home.folder().join("ann.tar");
    let mut killed = 0;
    for _ in 0..TRIES {
        kill_at(&home, &export(&file), "1").await;
        if file.exists() {
            assert!(is_whole(&file), "half a file under the name of a whole one");
            std::fs::remove_file(&file).unwrap();
            continue;
        }
        killed += 1;
        break;
    }
    assert_eq!(killed, 1, "it was over each time");
    comes_to_rest(&home).await;
    assert!(!file.exists());
    assert_eq!(visit(&home, &site.url("/who"), &[ANN, NOBODY]).await, ANN);
    let mut app = home.app().await;
    begin(&mut app, export(&file)).await;
    assert_eq!(outcome(&mut app).await, None);
    assert!(is_whole(&file));
    app.quit().await;
    home.until_nothing_is_left().await;
}

async fn an_import_is_killed(home: Home) {
    let site = Site::of(&home).await;
    let file = prepared(&home, &site).await;
    // A file is looked at as a whole before a container gets anything of it.
    let pass = if home.beside.is_some() { "2" } else { "1" };
    for _ in 0..TRIES {
        kill_at(&home, &import(&file), pass).await;
        comes_to_rest(&home).await;
        let who = visit(&home, &site.url("/who"), &[ANN, NOBODY]).await;
        if who == ANN {
            return;
        }
        // It was put in before the end: whole, as it must be.
        visit(&home, &site.url("/login"), &["welcome"]).await;
    }
    panic!("it was over each time");
}

#[tokio::test]
async fn an_export_that_the_app_dies_in_leaves_no_file_and_the_profile_as_it_was() {
    an_export_is_killed(Home::new()).await;
}

#[tokio::test]
async fn contained_an_export_that_the_app_dies_in_leaves_no_file_and_no_container() {
    if let Some(home) = Home::contained() {
        an_export_is_killed(home).await;
    }
}

#[tokio::test]
async fn an_import_that_the_app_dies_in_leaves_the_profile_as_it_was() {
    an_import_is_killed(Home::new()).await;
}

#[tokio::test]
async fn contained_an_import_that_the_app_dies_in_leaves_the_profile_and_no_container() {
    if let Some(home) = Home::contained() {
        an_import_is_killed(home).await;
    }
}

/// Exports to the engine's disk, which is full, or becomes so meanwhile.
async fn a_disk_is_full(home: Home, engine: &Engine) {
    let site = Site::of(&home).await;
    visit(&home, &site.url("/login"), &["welcome"]).await;
    put_ballast(&home);
    let folder = engine.disk.join("out");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("ann.tar");
    let is_empty = || std::fs::read_dir(&folder).unwrap().count() == 0;
    let mut app = home.app().await;
    // From the beginning.
    let filling = engine.fill_disk(MARGIN);
    begin(&mut app, export(&file)).await;
    let fault = outcome(&mut app).await;
    let place = folder.display().to_string();
    assert!(
        matches!(
            &fault,
            Some(ProfileFault::DiskFull { path: Some(path), needs, has })
                if *path == place && *needs > BALLAST && *has < BALLAST
        ),
        "{fault:?}"
    );
    assert!(is_empty());
    drop(filling);

    // In the middle.
    let mut filled = false;
    for _ in 0..TRIES {
        begin(&mut app, export(&file)).await;
        until(&mut app, "the middle", |view| {
            view.work
                .as_ref()
                .map_or(view.outcome.is_some(), |it| it.done > 0)
        })
        .await;
        let filling = engine.fill_disk(MARGIN);
        let fault = outcome(&mut app).await;
        drop(filling);
        if fault.is_none() {
            std::fs::remove_file(&file).unwrap();
            continue;
        }
        let path = Some(file.display().to_string());
        let (needs, has) = (0, 0);
        assert_eq!(fault, Some(ProfileFault::DiskFull { path, needs, has }));
        assert!(is_empty());
        filled = true;
        break;
    }
    assert!(filled, "it was over each time");
    // There is room again.
    begin(&mut app, export(&file)).await;
    assert_eq!(outcome(&mut app).await, None);
    assert!(is_whole(&file));
    std::fs::remove_dir_all(&folder).unwrap();
    app.quit().await;
    home.until_nothing_is_left().await;
}

#[tokio::test]
async fn contained_a_disk_that_is_full_or_becomes_so_is_named_and_keeps_no_half_of_an_export() {
    let Some(home) = Home::contained() else {
        return;
    };
    let engine = Engine::find().unwrap();
    a_disk_is_full(home, &engine).await;
    a_disk_is_full(Home::new(), &engine).await;
}
