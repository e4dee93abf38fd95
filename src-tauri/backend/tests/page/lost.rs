//! What ends before its time, and what was never page control.

use axum::Router;
use duotab_backend::endpoint::{Cdp, Endpoint, Secret, ShelfWay};
use duotab_backend::page::{PageError, PageEvent, Pages, Transport};
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;

use crate::bench::bench;
use crate::site::Site;
use crate::{ONE, TWO};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_crashes_is_told_and_can_be_loaded_again() {
    let mut bench = bench().await;
    let a = bench.site.url("/page/a");
    bench.open(ONE, a.clone()).await;
    bench.at(ONE, &a).await;
    bench.loaded(ONE).await;
    bench
        .act(ONE, PageAction::Navigate("chrome://crash".into()))
        .await;
    bench.until(ONE, |news| *news == PageNews::Crashed).await;
    bench.act(ONE, PageAction::Reload).await;
    bench.shown_anew(ONE).await;
    let b = bench.site.url("/page/b");
    bench.act(ONE, PageAction::Navigate(b.clone())).await;
    assert_eq!(bench.at(ONE, &b).await, (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_adopts_what_the_first_left() {
    let mut bench = bench().await;
    let a = bench.site.url("/page/a");
    bench.open(ONE, a.clone()).await;
    bench.at(ONE, &a).await;
    bench.loaded(ONE).await;
    let target = bench.pages.target(ONE).unwrap();
    let transport = Transport::websocket(bench.chromium.endpoint())
        .await
        .unwrap();
    let (pages, events) = Pages::over(transport).await.unwrap();
    (bench.pages, bench.events) = (pages, events);
    assert_eq!(bench.pages.list(), [(target.clone(), a.clone())]);
    bench
        .act(TWO, PageAction::Attach { target, zoom: 100 })
        .await;
    assert_eq!(bench.at(TWO, &a).await, (1, 0));
    bench
        .until(TWO, |news| *news == PageNews::Title("Page a".into()))
        .await;
    bench
        .until(TWO, |news| matches!(news, PageNews::Favicon(Some(_))))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_browser_dies_that_is_the_last_event_and_every_action_fails_at_once() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/hang")).await;
    bench.chromium.kill();
    bench
        .event(|event| (event == PageEvent::Disconnected).then_some(()))
        .await;
    assert_eq!(bench.events.recv().await, None);
    let target = bench.pages.target(ONE);
    assert!(target.is_some(), "for the next connection");
    for action in [PageAction::Reload, PageAction::Navigate("http://x/".into())] {
        assert_eq!(
            bench.pages.act(ONE, action).await,
            Err(PageError::Disconnected)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_control_is_refused() {
    let site = Site::start(Router::new()).await;
    let token = Secret::new("token");
    let endpoint = Endpoint {
        base: url::Url::parse(&site.url("/prefix/")).unwrap(),
        via: None,
        seen_at: None,
        relay: None,
        username: "duotab".to_owned(),
        password: Secret::new("password"),
        login: None,
        cdp: Cdp::KonekoRelay,
        shelf: ShelfWay::Koneko,
    };
    let refused = duotab_backend::page::connect(&endpoint, &token).await.err();
    assert_eq!(refused, Some(PageError::Refused(404)));
    drop(site);
    let gone = duotab_backend::page::connect(&endpoint, &token).await.err();
    assert!(matches!(gone, Some(PageError::Unreachable(_))), "{gone:?}");
}
