//! A start that is given up leaves nothing, whatever it has come to.

use duotab_core::event::Command;
use duotab_core::message::{Mode, Problem, Stage};

use crate::app::stage;
use crate::home::Home;
use crate::site::Site;

/// Where the picture came before the start could be given up, the engine is put to sleep: then it is to
/// end at once.
fn keeps_no_engine() -> Home {
    let mut home = Home::new();
    home.settings.suspended_limit_ms = 0;
    home
}

#[tokio::test]
async fn a_start_given_up_while_a_machine_is_chosen_never_begins() {
    let home = Home::new();
    let mut app = home.app().await;
    let tab = app.open("http://127.0.0.1:9/", "proxy").await;
    // Both stand in the queue before the machines can have answered.
    let (set, cancelled) = tokio::join!(
        app.controller
            .command(Command::SetMode(tab, Mode::Streamed, None)),
        app.controller.command(Command::CancelStream(tab)),
    );
    assert_eq!((set, cancelled), (Err(Problem::Cancelled), Ok(())));
    app.until_tab(tab, "Proxy mode", |tab| tab.mode == Mode::Proxy)
        .await;
    home.assert_nothing_left();
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_start_given_up_while_the_engine_starts_leaves_nothing() {
    given_up_at(Stage::Starting).await;
}

#[tokio::test]
async fn a_start_given_up_while_the_picture_is_connected_leaves_nothing() {
    given_up_at(Stage::Connecting).await;
}

async fn given_up_at(wanted: Stage) {
    let (home, site) = (keeps_no_engine(), Site::start().await);
    let mut app = home.app().await;
    let url = site.url("/page/one");
    let tab = app.open(&url, "proxy").await;
    app.set_mode(tab, "streamed").await.unwrap();
    let view = app
        .until_tab(tab, "the stage", |tab| stage(tab) == Some(wanted))
        .await;
    assert_eq!(home.rows().len(), 1, "saved before it was started");
    app.act("cancel_stream", tab).await;
    let after = app
        .until_tab(tab, "Proxy mode", |tab| tab.mode == Mode::Proxy)
        .await;
    assert_eq!((after.address, after.problem), (view.address, None));
    assert_eq!(app.content.address(tab), Some(url), "its webview waited");
    home.until_nothing_is_left().await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_tab_closed_while_its_engine_starts_leaves_nothing() {
    let home = keeps_no_engine();
    let mut app = home.app().await;
    for wanted in [Stage::Starting, Stage::Connecting] {
        let tab = app.open("http://127.0.0.1:9/", "streamed").await;
        app.until_tab(tab, "the stage", |tab| stage(tab) == Some(wanted))
            .await;
        app.act("close_tab", tab).await;
        home.until_nothing_is_left().await;
    }
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_app_closed_while_an_engine_starts_leaves_nothing() {
    let home = Home::new();
    for wanted in [Stage::Starting, Stage::Connecting] {
        let mut app = home.app().await;
        let tab = app.open("http://127.0.0.1:9/", "streamed").await;
        app.until_tab(tab, "the stage", |tab| stage(tab) == Some(wanted))
            .await;
        app.quit().await;
        home.assert_nothing_left();
        // The tab would start another engine when it is restored.
        let mut app = home.app().await;
        app.act("close_tab", tab).await;
        app.quit().await;
        home.assert_nothing_left();
    }
}
