//! The engine itself is killed and comes back.

use super::{STAGES, ends_well, recovers, until_stage};
use crate::home::Home;
use crate::site::Site;

#[tokio::test]
async fn an_engine_that_is_killed_at_any_stage_is_told_and_used_again_when_it_is_back() {
    let Some(home) = Home::contained() else {
        return;
    };
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    for stage in STAGES {
        let mut app = home.app().await;
        let tab = app.open(&site.url("/page/one"), "streamed").await;
        until_stage(&mut app, tab, stage).await;
        engine.kill();
        app.until_problem(tab).await;
        engine.start();
        recovers(&mut app, tab).await;
        app.until_title(tab, "one").await;
        app.act("close_tab", tab).await;
        ends_well(&home, app).await;
    }
}

#[tokio::test]
async fn an_engine_that_is_killed_while_a_session_sleeps_is_used_again_when_it_is_back() {
    let Some(home) = Home::contained() else {
        return;
    };
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    app.until_live(tab).await;
    app.set_mode(tab, "proxy").await.unwrap();
    home.until_asleep().await;
    engine.kill();
    engine.start();
    app.set_mode(tab, "streamed").await.unwrap();
    recovers(&mut app, tab).await;
    app.until_title(tab, "one").await;
    ends_well(&home, app).await;
}

#[tokio::test]
async fn an_app_that_is_closed_while_the_engine_is_away_removes_its_container_the_next_time() {
    let Some(home) = Home::contained() else {
        return;
    };
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    app.until_live(tab).await;
    app.act("close_tab", tab).await;
    engine.kill();
    app.quit().await;
    engine.start();
    let app = home.app().await;
    home.until_nothing_is_left().await;
    ends_well(&home, app).await;
}
