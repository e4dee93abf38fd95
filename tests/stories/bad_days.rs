//! What breaks under a live tab, and what cannot be used at the start: each ends in a clear
//! message and a working app.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use duotab_core::message::{Notice, Problem, TabId};

use crate::app::{App, is_live, session};
use crate::home::Home;
use crate::processes::kill;
use crate::site::Site;

async fn live(home: &Home, site: &Site) -> (App, TabId) {
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "one").await;
    (app, tab)
}

/// An engine that ended under a tab says so; trying again starts another one.
async fn ended_and_tried_again(home: &Home, mut app: App, tab: TabId) {
    let view = app
        .until_tab(tab, "the end", |tab| tab.problem.is_some())
        .await;
    let Some(Problem::EngineEnded { node, .. }) = &view.problem else {
        panic!("{view:?}");
    };
    assert_eq!(node, "pi");
    assert!(view.address.ends_with("/page/one"), "the address is kept");
    home.until_nothing_is_left().await;
    app.act("reload", tab).await;
    let again = app.until_live(tab).await;
    assert!(session(&again) > 1, "no number is used twice");
    app.until_title(tab, "one").await;
    assert_eq!(home.browsers().len(), 1);
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_killed_chromium_is_told_and_can_be_tried_again() {
    let (home, site) = (Home::new(), Site::start().await);
    let (app, tab) = live(&home, &site).await;
    kill(home.browsers()[0]);
    ended_and_tried_again(&home, app, tab).await;
}

#[tokio::test]
async fn a_chromium_that_comes_late_is_waited_for() {
    let (mut home, site) = (Home::new(), Site::start().await);
    // As from a disk that was never read before, on a machine with much else to do.
    let folder = tempfile::tempdir().unwrap();
    let late = folder.path().join("late-chromium");
    fs::write(&late, "#!/bin/sh\nsleep 30\nexec chromium \"$@\"\n").unwrap();
    for path in [folder.path(), &late] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    home.with.browser = Some(late);
    let (app, _) = live(&home, &site).await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_killed_x_server_is_told_and_can_be_tried_again() {
    let (home, site) = (Home::new(), Site::start().await);
    let (app, tab) = live(&home, &site).await;
    let processes = home.processes();
    let server = processes.iter().find(|process| process.name == "Xvfb");
    kill(server.unwrap().pid);
    ended_and_tried_again(&home, app, tab).await;
}

#[tokio::test]
async fn an_engine_killed_in_its_sleep_is_forgotten_and_the_next_tab_gets_another() {
    let (home, site) = (Home::new(), Site::start().await);
    let (mut app, tab) = live(&home, &site).await;
    app.act("close_tab", tab).await;
    home.until_asleep().await;
    kill(home.engine(1).0);
    home.until_nothing_is_left().await;
    let tab = app.open(&site.url("/page/two"), "streamed").await;
    let next = app.until_live(tab).await;
    assert!(session(&next) > 1, "no number is used twice");
    app.until_title(tab, "two").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_killed_koneko_takes_all_with_it_and_can_be_tried_again() {
    let (home, site) = (Home::new(), Site::start().await);
    let (app, tab) = live(&home, &site).await;
    kill(home.engine(1).0);
    ended_and_tried_again(&home, app, tab).await;
}

#[tokio::test]
async fn a_crashed_page_is_told_and_can_be_loaded_again() {
    let (home, site) = (Home::new(), Site::start().await);
    let (mut app, tab) = live(&home, &site).await;
    let browsers = home.browsers();
    for page in home.pages() {
        kill(page);
    }
    assert_eq!(app.until_problem(tab).await, Problem::PageCrashed);
    app.act("reload", tab).await;
    let again = app
        .until_tab(tab, "the page again", |tab| {
            is_live(tab) && tab.title == "one" && !tab.loading
        })
        .await;
    assert_eq!(session(&again), 1);
    assert_eq!(home.browsers(), browsers);
    app.navigate(tab, &site.url("/page/two")).await;
    app.until_title(tab, "two").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_database_that_is_garbage_is_set_aside_and_the_app_begins_afresh() {
    let home = Home::new();
    let garbage = b"no database at all ".repeat(1000);
    fs::write(home.dirs.database(), &garbage).unwrap();
    let aside = begins_afresh(&home, |notice| match notice {
        Notice::StoreSetAside { path } => Some(path.clone()),
        _ => None,
    })
    .await;
    assert_eq!(fs::read(aside).unwrap(), garbage);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_set_aside_and_the_app_begins_afresh() {
    let home = Home::new();
    let mut app = home.app().await;
    app.open("http://127.0.0.1:9/newer", "proxy").await;
    app.quit().await;
    let mut newer = fs::read(home.dirs.database()).unwrap();
    // `user_version`, big-endian, in the header of an SQLite file.
    newer[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    fs::write(home.dirs.database(), &newer).unwrap();
    let aside = begins_afresh(&home, |notice| match notice {
        Notice::StoreTooNew { path } => Some(path.clone()),
        _ => None,
    })
    .await;
    assert_eq!(fs::read(aside).unwrap(), newer);
}

/// The app tells of the file that it set aside, and works. Where the file is now.
async fn begins_afresh(home: &Home, aside: impl Fn(&Notice) -> Option<String>) -> String {
    let mut app = home.app().await;
    let state = app
        .until("a notice", |state| !state.notices.is_empty())
        .await;
    assert_eq!((state.notices.len(), state.tabs.len()), (1, 1));
    let path = aside(&state.notices[0]).unwrap_or_else(|| panic!("{:?}", state.notices));
    let tab = app.open("http://127.0.0.1:9/after", "proxy").await;
    app.ask("dismiss_notice", serde_json::json!({ "index": 0 }))
        .await
        .unwrap();
    app.until("no notice", |state| state.notices.is_empty())
        .await;
    app.quit().await;

    let app = home.app().await;
    assert!(app.state.tabs.iter().any(|view| view.id == tab), "kept");
    assert_eq!(app.state.notices, []);
    app.quit().await;
    path
}
