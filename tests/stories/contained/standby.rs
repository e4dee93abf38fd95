//! An engine that is kept ready for the next tab.

use std::time::Instant;

use duotab_core::record::SavedState;

use crate::app::session;
use crate::home::Home;
use crate::profiles::open_of;
use crate::site::Site;

/// Waits until a container serves that no tab has asked for.
async fn until_ready(home: &Home) {
    let serves = |all: &[String]| {
        let rows = home.rows();
        all.len() == 1 && rows.len() == 1 && rows[0].state != SavedState::Starting
    };
    let engine = home.beside.as_ref().unwrap();
    let ready = engine.until("a container that serves", serves).await;
    ready.unwrap();
}

#[tokio::test]
async fn a_container_is_ready_before_a_tab_asks_and_the_next_one_after_it() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    home.settings.standby = Some(true);
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    let mut app = home.app().await;
    until_ready(&home).await;
    let before = home.rows();
    assert_eq!(before.len(), 1);
    let began = Instant::now();
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    let live = app.until_live(tab).await;
    println!(
        "measured: {:?} to the first frame of one that was ready",
        began.elapsed()
    );
    assert_eq!(session(&live), before[0].id.0);
    app.until_title(tab, "one").await;
    assert_eq!(engine.containers().len(), 1);
    app.quit().await;
    home.until_nothing_is_left().await;
    assert_eq!(home.profiles().len(), 1);
}

#[tokio::test]
async fn a_private_tab_leaves_the_one_that_is_ready_alone_and_keeps_nothing() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    home.settings.standby = Some(true);
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    let mut app = home.app().await;
    until_ready(&home).await;
    let (ready, profiles) = (home.browsers(), home.profiles());
    let private = open_of(&mut app, "private", &site.url("/login")).await;
    app.until_title(private, "welcome").await;
    assert_eq!(engine.containers().len(), 2);
    // A new tab beside a private one would be private too.
    let tab = open_of(&mut app, "default", &site.url("/who")).await;
    app.until_title(tab, "undefined").await;
    assert_eq!(
        engine.containers().len(),
        2,
        "it has taken the one that was ready"
    );
    app.act("close_tab", private).await;
    engine
        .until("the private one's end", |all| all.len() == 1)
        .await
        .unwrap();
    assert_eq!((home.browsers(), home.profiles()), (ready, profiles));
    app.quit().await;
    home.until_nothing_is_left().await;
}
