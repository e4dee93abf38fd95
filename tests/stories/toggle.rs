//! One tab in both modes: what it shows and where it has been stay its own.

use duotab_core::message::{Mode, Problem, Security};
use serde_json::{Value, json};

use crate::app::is_live;
use crate::home::Home;
use crate::site::Site;

#[tokio::test]
async fn a_toggle_there_and_back_keeps_the_address_and_the_history() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let url = |name: &str| site.url(&format!("/visit/{name}"));
    let tab = app.open(&url("one"), "proxy").await;
    app.until_tab(tab, "the first page", |tab| !tab.loading)
        .await;
    app.navigate(tab, &url("two")).await;
    app.until_tab(tab, "the second page", |tab| tab.address == url("two"))
        .await;

    app.set_mode(tab, "streamed").await.unwrap();
    app.until_live(tab).await;
    let two = app.until_title(tab, "two 1").await;
    assert_eq!(two.address, url("two"));
    assert_eq!((two.can_go_back, two.can_go_forward), (true, false));
    assert_eq!(app.content.address(tab), None, "its webview is gone");

    // Back to a page that only the other engine has been to.
    app.act("go_back", tab).await;
    let one = app.until_title(tab, "one 1").await;
    assert_eq!((one.can_go_back, one.can_go_forward), (false, true));
    app.act("go_forward", tab).await;
    app.until_title(tab, "two 2").await;
    app.navigate(tab, &url("three")).await;
    let three = app.until_title(tab, "three 1").await;
    assert_eq!((three.can_go_back, three.can_go_forward), (true, false));

    app.set_mode(tab, "proxy").await.unwrap();
    let back = app
        .until_tab(tab, "Proxy mode", |tab| {
            tab.mode == Mode::Proxy && !tab.loading
        })
        .await;
    assert_eq!((back.address, back.stream), (url("three"), None));
    assert!(back.can_go_back);
    assert_eq!(app.content.address(tab), Some(url("three")));
    app.act("go_back", tab).await;
    app.until_tab(tab, "the page before", |tab| tab.address == url("two"))
        .await;
    assert_eq!(app.content.address(tab), Some(url("two")));
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn the_verbs_of_the_toolbar_reach_the_streamed_page() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = app.open(&site.url("/visit/first"), "streamed").await;
    app.until_live(tab).await;
    let first = app.until_title(tab, "first 1").await;
    assert_eq!(first.security, Security::Secure, "a page of this machine");
    app.act("reload", tab).await;
    app.until_title(tab, "first 2").await;

    app.navigate(tab, &site.url("/size")).await;
    app.until_title(tab, "wide 800").await;
    let zoom = |percent: u16| json!({ "tab": tab, "percent": percent });
    assert_eq!(app.ask("set_zoom", zoom(200)).await, Ok(Value::Null));
    let near = app.until_title(tab, "wide 400").await;
    assert_eq!(near.zoom, 200);
    app.ask("set_zoom", zoom(100)).await.unwrap();
    app.until_title(tab, "wide 800").await;

    app.navigate(tab, &site.url("/page/last")).await;
    app.until_title(tab, "last").await;
    app.act("go_back", tab).await;
    app.until_title(tab, "wide 800").await;
    app.act("go_forward", tab).await;
    app.until_title(tab, "last").await;
    app.act("stop_loading", tab).await;

    // A site that nobody serves is the page's problem, not the session's.
    let nobody = "http://127.0.0.1:9/";
    app.navigate(tab, nobody).await;
    let Problem::PageFailed { url, detail, .. } = app.until_problem(tab).await else {
        panic!("{:?}", app.state);
    };
    assert_eq!(url, nobody);
    assert!(detail.contains("net::ERR_"), "{detail}");
    app.navigate(tab, &site.url("/page/again")).await;
    let again = app.until_title(tab, "again").await;
    assert!(is_live(&again), "{again:?}");
    app.quit().await;
    home.assert_nothing_left();
}
