//! One session for all streamed tabs: shared by them, asleep without them, gone in the end.

use std::collections::BTreeSet;
use std::net::TcpStream;

use duotab_core::event::Command;
use duotab_core::message::{Mode, TabId};
use duotab_core::record::SavedState;
use serde_json::json;

use crate::app::{is_live, session};
use crate::home::Home;
use crate::site::Site;
use crate::view::View;

fn serves(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[tokio::test]
async fn a_second_streamed_tab_joins_the_session_and_shares_its_login() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let first = app.open(&site.url("/login"), "streamed").await;
    let one = app.until_live(first).await;
    app.until_title(first, "welcome").await;
    let browsers = home.browsers();
    assert_eq!(browsers.len(), 1);

    let second = app.open(&site.url("/who"), "streamed").await;
    let two = app.until_live(second).await;
    assert_eq!(session(&one), session(&two));
    app.until_title(second, "user=ann kept").await;
    assert_eq!(home.browsers(), browsers, "not another browser");

    // One of them closed, the other one lives on.
    app.act("close_tab", first).await;
    app.until("one streamed tab", |state| {
        state.tabs.iter().all(|tab| tab.id != first)
    })
    .await;
    app.navigate(second, &site.url("/page/on")).await;
    let on = app.until_title(second, "on").await;
    assert!(is_live(&on));
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn two_streamed_tabs_opened_at_once_start_one_engine() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let open = |name: &str| Command::OpenTab {
        input: Some(site.url(&format!("/page/{name}"))),
        mode: Some(Mode::Streamed),
        background: false,
    };
    let (one, two) = tokio::join!(
        app.controller.command(open("one")),
        app.controller.command(open("two")),
    );
    one.and(two).unwrap();
    app.until("two live tabs", |state| {
        state.tabs.iter().filter(|tab| is_live(tab)).count() == 2
    })
    .await;
    app.until("both pages", |state| {
        ["one", "two"]
            .iter()
            .all(|name| state.tabs.iter().any(|tab| tab.title == *name))
    })
    .await;
    let sessions: BTreeSet<u32> = app
        .state
        .tabs
        .iter()
        .filter(|tab| tab.mode == Mode::Streamed)
        .map(session)
        .collect();
    assert_eq!((sessions.len(), home.browsers().len()), (1, 1));
    assert_eq!(home.rows().len(), 1);
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_link_that_asks_for_a_tab_becomes_a_streamed_tab_of_the_same_session() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let opener = app.open(&site.url("/link"), "streamed").await;
    let live = app.until_live(opener).await;
    app.until_title(opener, "link").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let state = app
        .until("the link's tab", |state| {
            state.tabs.iter().any(|tab| tab.title == "linked")
        })
        .await;
    let linked = state
        .tabs
        .iter()
        .find(|tab| tab.title == "linked")
        .unwrap()
        .clone();
    assert_eq!(state.active, Some(linked.id));
    assert_eq!(
        (linked.mode, session(&linked)),
        (Mode::Streamed, session(&live))
    );
    let place = |id: TabId| state.tabs.iter().position(|tab| tab.id == id);
    assert_eq!(place(linked.id), place(opener).map(|at| at + 1));
    assert_eq!(home.browsers().len(), 1);
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn without_tabs_a_session_sleeps_and_the_next_tab_wakes_it() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    let first = session(&app.until_live(tab).await);
    app.until_title(tab, "welcome").await;
    let (browsers, engine) = (home.browsers(), home.engine(first));
    app.act("close_tab", tab).await;
    home.until_asleep().await;
    let rows = home.rows();
    assert_eq!((rows.len(), rows[0].state), (1, SavedState::Suspended));

    let tab = app.open(&site.url("/who"), "streamed").await;
    let again = app.until_live(tab).await;
    app.until_title(tab, "user=ann kept").await;
    assert_eq!(session(&again), first);
    assert_eq!((home.browsers(), home.engine(first)), (browsers, engine));
    app.quit().await;
    home.assert_nothing_left();
    assert!(!serves(engine.1), "its port is free");
}

#[tokio::test]
async fn a_session_that_sleeps_beyond_its_limit_is_ended_and_its_data_stay() {
    let (mut home, site) = (Home::new(), Site::start().await);
    home.settings.suspended_limit_ms = 500;
    let mut app = home.app().await;
    let tab = app.open(&site.url("/login"), "streamed").await;
    let first = session(&app.until_live(tab).await);
    app.until_title(tab, "welcome").await;
    app.set_mode(tab, "proxy").await.unwrap();
    home.until_nothing_is_left().await;

    app.set_mode(tab, "streamed").await.unwrap();
    let next = session(&app.until_live(tab).await);
    assert!(next > first, "no number is used twice");
    app.navigate(tab, &site.url("/who")).await;
    app.until_title(tab, "user=ann kept").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn tabs_and_their_modes_survive_a_restart() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let proxied = app.open(&site.url("/page/left"), "proxy").await;
    let streamed = app.open(&site.url("/page/right"), "streamed").await;
    app.until_title(streamed, "right").await;
    let before: Vec<_> = app
        .state
        .tabs
        .iter()
        .map(|tab| (tab.id, tab.mode, tab.address.clone()))
        .collect();
    app.quit().await;

    let mut app = home.app().await;
    let after: Vec<_> = app
        .state
        .tabs
        .iter()
        .map(|tab| (tab.id, tab.mode, tab.address.clone()))
        .collect();
    assert_eq!((after, app.state.active), (before, Some(streamed)));
    app.until_live(streamed).await;
    app.until_title(streamed, "right").await;
    assert_eq!(
        app.content.address(proxied),
        None,
        "not before it is looked at"
    );
    app.ask("select_tab", json!({ "tab": proxied }))
        .await
        .unwrap();
    app.until_tab(proxied, "its page", |tab| !tab.loading).await;
    assert_eq!(app.content.address(proxied), Some(site.url("/page/left")));
    app.quit().await;
    home.assert_nothing_left();
}
