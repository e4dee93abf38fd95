//! The way to the engine's socket is cut and mended.

use super::relay::Relay;
use super::{STAGES, ends_well, recovers, until_stage};
use crate::app::session;
use crate::home::Home;
use crate::site::Site;

#[tokio::test]
async fn a_socket_that_is_cut_at_any_stage_is_told_and_used_again_when_it_is_mended() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    let relay = Relay::start(&home.beside.as_ref().unwrap().socket);
    home.socket = Some(relay.address());
    let site = Site::of(&home).await;
    for stage in STAGES {
        let mut app = home.app().await;
        let tab = app.open(&site.url("/page/one"), "streamed").await;
        until_stage(&mut app, tab, stage).await;
        relay.cut().await;
        app.until_problem(tab).await;
        relay.mend();
        recovers(&mut app, tab).await;
        app.until_title(tab, "one").await;
        assert_eq!(home.browsers().len(), 1, "{stage:?}");
        app.act("close_tab", tab).await;
        ends_well(&home, app).await;
    }
}

#[tokio::test]
async fn a_live_tab_whose_socket_was_cut_goes_on_in_the_same_container() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    let relay = Relay::start(&home.beside.as_ref().unwrap().socket);
    home.socket = Some(relay.address());
    let site = Site::of(&home).await;
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    let before = session(&app.until_live(tab).await);
    let browsers = home.browsers();
    relay.cut().await;
    app.until_problem(tab).await;
    relay.mend();
    recovers(&mut app, tab).await;
    let after = session(&app.until_live(tab).await);
    assert_eq!((after, home.browsers()), (before, browsers));
    ends_well(&home, app).await;
}

#[tokio::test]
async fn a_live_tab_whose_socket_is_mended_at_once_goes_on_by_itself() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    let relay = Relay::start(&home.beside.as_ref().unwrap().socket);
    home.socket = Some(relay.address());
    let site = Site::of(&home).await;
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    app.until_live(tab).await;
    for _ in 0..3 {
        relay.cut().await;
        relay.mend();
        // The page can be controlled again.
        app.navigate(tab, &site.url("/page/two")).await;
        app.until_title(tab, "two").await;
        app.navigate(tab, &site.url("/page/one")).await;
        app.until_title(tab, "one").await;
        let view = app.until_live(tab).await;
        assert_eq!(view.problem, None);
    }
    ends_well(&home, app).await;
}
