//! What befalls a container, and the disk of its engine.

use duotab_core::message::{Problem, StartFailure};

use super::{STAGES, ends_well, recovers, until_stage};
use crate::home::Home;
use crate::site::Site;

#[tokio::test]
async fn a_container_that_is_killed_at_any_stage_is_told_and_can_be_tried_again() {
    let Some(home) = Home::contained() else {
        return;
    };
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    for stage in STAGES {
        let mut app = home.app().await;
        let tab = app.open(&site.url("/page/one"), "streamed").await;
        until_stage(&mut app, tab, stage).await;
        let up = |all: &[String]| all.iter().any(|it| it.contains("Up "));
        engine.until("a container", up).await.unwrap();
        let all = engine.containers();
        let id = all[0].split(' ').next().unwrap();
        let _killed = engine.docker(&["kill", id]);
        app.until_problem(tab).await;
        recovers(&mut app, tab).await;
        app.until_title(tab, "one").await;
        app.act("close_tab", tab).await;
        ends_well(&home, app).await;
    }
}

#[tokio::test]
async fn a_full_disk_of_the_engine_is_named_and_room_on_it_is_used_again() {
    let Some(home) = Home::contained() else {
        return;
    };
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    let mut app = home.app().await;
    let filling = engine.fill_disk(0);
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    let problem = app.until_problem(tab).await;
    assert!(
        matches!(
            problem,
            Problem::StartFailed {
                failure: StartFailure::EngineDiskFull,
                ..
            }
        ),
        "{problem:?}"
    );
    home.until_nothing_is_left().await;
    drop(filling);
    app.act("reload", tab).await;
    app.until_live(tab).await;
    app.until_title(tab, "one").await;
    // Under a live tab it keeps nobody from going.
    let _filling = engine.fill_disk(0);
    ends_well(&home, app).await;
}
