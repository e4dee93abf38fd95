//! Pages that become tabs, and the other way round.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_backend::page::{PageError, PageEvent, Pages, Transport};
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;

use crate::bench::{bench, bench_with};
use crate::{ONE, TWO};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_has_a_page_of_its_own_and_closing_leaves_the_browser_alive() {
    let mut bench = bench().await;
    let (a, b) = (bench.site.url("/page/a"), bench.site.url("/page/b"));
    bench.open(ONE, a.clone()).await;
    bench.open(TWO, b.clone()).await;
    assert_eq!(bench.at(TWO, &b).await, (1, 0));
    assert_ne!(bench.pages.target(ONE), bench.pages.target(TWO));
    for tab in [TWO, ONE] {
        bench.act(tab, PageAction::Show).await;
        bench.act(tab, PageAction::Focus).await;
    }
    bench.act(ONE, PageAction::Close).await;
    bench.act(TWO, PageAction::Close).await;
    bench.act(TWO, PageAction::Close).await;
    assert_eq!(
        bench.pages.act(TWO, PageAction::Reload).await,
        Err(PageError::UnknownTab(TWO))
    );
    bench.open(ONE, b.clone()).await;
    assert_eq!(bench.at(ONE, &b).await, (1, 0));
    assert_eq!(bench.pages.list(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_new_window_is_a_page_that_another_tab_can_take() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/page/a")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    bench
        .run(ONE, "void document.getElementById('new').click()")
        .await;
    let linked = bench.site.url("/page/linked");
    let news = bench
        .until(ONE, |news| matches!(news, PageNews::OpenedPage { .. }))
        .await;
    let PageNews::OpenedPage {
        url,
        target,
        foreground,
    } = news
    else {
        unreachable!()
    };
    assert_eq!((&url, foreground), (&linked, true));
    let target = target.unwrap();
    let attach = PageAction::Attach {
        target: target.clone(),
        zoom: 100,
    };
    bench.act(TWO, attach.clone()).await;
    assert_eq!(bench.at(TWO, &linked).await, (1, 0));
    bench
        .until(TWO, |news| *news == PageNews::Title("Page linked".into()))
        .await;
    assert_eq!(
        bench.pages.act(ONE, attach).await,
        Err(PageError::UnknownTarget),
        "it has a tab"
    );
    bench
        .act(TWO, PageAction::Navigate(bench.site.url("/page/c")))
        .await;
    assert_eq!(bench.at(TWO, &bench.site.url("/page/c")).await, (2, 1));
    bench.pages.forget(TWO);
    assert_eq!(
        bench.pages.list(),
        [(target.clone(), bench.site.url("/page/c"))]
    );
    bench.pages.dismiss(&target).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_popup_is_a_page_of_its_opener_and_closes_itself() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/page/a")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    let popup = bench.site.url("/page/popup");
    bench
        .run(
            ONE,
            "void (w = open('/page/popup', 'w', 'width=300,height=200'))",
        )
        .await;
    let news = bench
        .until(ONE, |news| matches!(news, PageNews::OpenedPage { .. }))
        .await;
    let PageNews::OpenedPage {
        url,
        target: Some(target),
        ..
    } = news
    else {
        panic!("{news:?}")
    };
    assert_eq!(url, popup);
    bench
        .act(TWO, PageAction::Attach { target, zoom: 100 })
        .await;
    bench.at(TWO, &popup).await;
    bench.run(ONE, "void w.close()").await;
    bench.until(TWO, |news| *news == PageNews::Closed).await;
    assert_eq!(
        bench.pages.act(TWO, PageAction::Back).await,
        Err(PageError::UnknownTab(TWO))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_middle_click_on_a_link_opens_a_page_of_the_tab_in_the_background() {
    let link = "<a style='position:fixed;inset:0' href=/page/linked>link</a>";
    let router = Router::new().route("/link", get(move || async move { Html(link) }));
    let mut bench = bench_with(router).await;
    bench.open(ONE, bench.site.url("/link")).await;
    bench.act(ONE, PageAction::Show).await;
    bench.at(ONE, &bench.site.url("/link")).await;
    bench.loaded(ONE).await;
    bench.middle_click(ONE).await;
    let news = bench
        .until(ONE, |news| matches!(news, PageNews::OpenedPage { .. }))
        .await;
    let PageNews::OpenedPage {
        url,
        target: Some(target),
        foreground,
    } = news
    else {
        panic!("{news:?}")
    };
    assert_eq!((url, foreground), (bench.site.url("/page/linked"), false));
    let attach = PageAction::Attach { target, zoom: 100 };
    bench.act(TWO, attach).await;
    let linked = bench.site.url("/page/linked");
    assert_eq!(bench.at(TWO, &linked).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_nobody_is_a_stray() {
    let mut bench = bench().await;
    let transport = Transport::websocket(bench.chromium.endpoint())
        .await
        .unwrap();
    let (other, _events) = Pages::over(transport).await.unwrap();
    let a = bench.site.url("/page/a");
    for tab in [ONE, TWO] {
        let open = PageAction::Open {
            url: a.clone(),
            zoom: 100,
        };
        other.act(tab, open).await.unwrap();
    }
    let second = other.target(TWO).unwrap();
    bench
        .event(|event| match event {
            PageEvent::Stray { target, .. } if target == second => Some(()),
            _ => None,
        })
        .await;
}
