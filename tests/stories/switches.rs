//! What the person switches about streamed browsers: kept, and used from the next session on.

use duotab_backend::capacity::{GivenNodes, NodeSource};
use duotab_core::message::{Looked, Problem, Switch};
use serde_json::{Value, json};

use crate::app::{App, is_live};
use crate::home::Home;
use crate::site::Site;

async fn switch(app: &mut App, switch: &str, on: bool) -> Result<Value, Problem> {
    app.ask("set_switch", json!({ "switch": switch, "on": on }))
        .await
}

#[tokio::test]
async fn a_switch_is_kept_and_the_environment_counts_more() {
    let mut home = Home::new();
    // Nowhere can anything be started.
    home.nodes = NodeSource::Given(GivenNodes::from(vec![]));
    let mut app = home.app().await;
    for (name, on) in [("standby", true), ("home_closed", true), ("standby", false)] {
        assert_eq!(switch(&mut app, name, on).await, Ok(Value::Null));
    }
    app.quit().await;

    let mut app = home.app().await;
    let shown = app.state.streaming.clone();
    assert!(!shown.standby.on && shown.home_closed.on && !shown.contained);
    // Processes have no image: nobody is asked.
    app.ask("look_for_update", json!({})).await.unwrap();
    assert_eq!(app.state.streaming, shown);
    app.quit().await;

    home.settings.home_closed = Some(false);
    let mut app = home.app().await;
    let shown = app.state.streaming.home_closed;
    assert!(shown.fixed && !shown.on);
    let fixed = Err(Problem::SwitchFixed {
        switch: Switch::HomeClosed,
    });
    assert_eq!(switch(&mut app, "home_closed", true).await, fixed);
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn contained_the_home_network_is_closed_to_the_next_session_and_open_to_the_one_that_runs() {
    let Some(mut home) = Home::contained() else {
        return;
    };
    // A session is over when its last tab is.
    home.settings.suspended_limit_ms = 0;
    let site = Site::of(&home).await;
    let mut app = home.app().await;
    let tab = app.open(&site.url("/page/one"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "one").await;
    app.ask("look_for_update", json!({})).await.unwrap();
    app.until("an answer", |state| {
        state.streaming.looked == Some(Looked::Newest)
    })
    .await;

    assert_eq!(switch(&mut app, "home_closed", true).await, Ok(Value::Null));
    app.navigate(tab, &site.url("/page/two")).await;
    app.until_title(tab, "two").await;
    app.act("close_tab", tab).await;
    home.until_nothing_is_left().await;
    let tab = app.open(&site.url("/page/three"), "streamed").await;
    let problem = app.until_problem(tab).await;
    assert!(matches!(problem, Problem::PageFailed { .. }), "{problem:?}");

    assert_eq!(
        switch(&mut app, "home_closed", false).await,
        Ok(Value::Null)
    );
    app.act("close_tab", tab).await;
    home.until_nothing_is_left().await;
    let tab = app.open(&site.url("/page/four"), "streamed").await;
    app.until_tab(tab, "the page", |tab| is_live(tab) && tab.title == "four")
        .await;
    app.quit().await;
    home.until_nothing_is_left().await;
}
