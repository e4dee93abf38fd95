//! An engine that is kept ready for the next tab.

use std::time::Instant;

use crate::app::session;
use crate::home::Home;
use crate::site::Site;

/// Neko's own health check is the image's.
fn serves(all: &[String]) -> bool {
    all.len() == 1 && all[0].contains("(healthy)")
}

#[tokio::test]
async fn a_container_is_ready_before_a_tab_asks_and_the_next_one_after_it() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    home.settings.standby = Some(true);
    let (engine, site) = (home.beside.as_ref().unwrap(), Site::of(&home).await);
    let mut app = home.app().await;
    engine
        .until("a container that serves", serves)
        .await
        .unwrap();
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
