//! Loads: what is told of them, and how they fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use duotab_core::proxy::{Failure, PageFault};
use duotab_test_support::ClosedPort;
use tokio::sync::{Notify, mpsc};

use crate::bench::{bench, bench_with};
use crate::{LIMIT, ONE, TWO};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_loads_and_shows_title_icon_and_history() {
    let mut bench = bench().await;
    assert_eq!(bench.pages.list(), [], "the first empty page is in reserve");
    let url = bench.site.url("/page/a");
    bench.open(ONE, url.clone()).await;
    let (mut title, mut icon, mut history, mut loaded) = (None, None, None, false);
    while title.is_none() || icon.is_none() || history.is_none() || !loaded {
        match bench.until(ONE, |_| true).await {
            PageNews::Title(is) if !is.is_empty() => title = Some(is),
            PageNews::Favicon(is) => icon = is,
            PageNews::History { entries, index } => history = Some((entries, index)),
            PageNews::Loading(is) => loaded = !is,
            _ => {}
        }
    }
    assert_eq!(title.unwrap(), "Page a");
    let icon = icon.unwrap();
    assert!(
        icon.starts_with("data:image/png;base64,iVBORw0KGgpub3Qg"),
        "{icon}"
    );
    let (entries, index) = history.unwrap();
    assert_eq!((entries.len(), index, &entries[0].url), (1, 0, &url));
    assert_eq!(bench.pages.list(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn back_forward_and_reload_move_in_the_engines_own_history() {
    let mut bench = bench().await;
    let (a, b) = (bench.site.url("/page/a"), bench.site.other_url("/page/b"));
    bench.open(ONE, a.clone()).await;
    assert_eq!(bench.at(ONE, &a).await, (1, 0));
    bench.act(ONE, PageAction::Back).await;
    bench.act(ONE, PageAction::Navigate(b.clone())).await;
    assert_eq!(bench.at(ONE, &b).await, (2, 1));
    bench.act(ONE, PageAction::Back).await;
    assert_eq!(bench.at(ONE, &a).await, (2, 0));
    bench.act(ONE, PageAction::Forward).await;
    assert_eq!(bench.at(ONE, &b).await, (2, 1));
    bench.loaded(ONE).await;
    bench.act(ONE, PageAction::Reload).await;
    bench.shown_anew(ONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_fails_is_told_with_the_engines_code() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/page/a")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    // A link of the page.
    bench
        .run(ONE, "void document.getElementById('dead').click()")
        .await;
    let failed = |news: &PageNews| matches!(news, PageNews::Failed { .. });
    let unsafe_port = |url: &str| PageNews::Failed {
        url: url.to_owned(),
        fault: Some(PageFault::UnsafePort),
        detail: "net::ERR_UNSAFE_PORT".to_owned(),
    };
    let dead = "http://127.0.0.1:9/";
    assert_eq!(bench.until(ONE, failed).await, unsafe_port(dead));
    bench.loaded(ONE).await;
    // An address of ours.
    let closed = ClosedPort::take().unwrap();
    let refused = format!("http://{}/", closed.address());
    bench.act(ONE, PageAction::Navigate(refused.clone())).await;
    assert_eq!(
        bench.until(ONE, failed).await,
        PageNews::Failed {
            url: refused,
            fault: Some(PageFault::Way {
                failure: Failure::ConnectionRefused
            }),
            detail: "net::ERR_CONNECTION_REFUSED".to_owned()
        }
    );
    bench.loaded(ONE).await;
    bench
        .act(ONE, PageAction::Navigate("no address".into()))
        .await;
    assert_eq!(
        bench.until(ONE, failed).await,
        PageNews::Failed {
            url: "no address".into(),
            fault: Some(PageFault::Way {
                failure: Failure::BadRequest
            }),
            detail: "net::ERR_INVALID_URL".into()
        }
    );
    bench.loaded(ONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_holds_nothing_up_and_can_be_stopped() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/hang")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(true))
        .await;
    bench.act(ONE, PageAction::Stop).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    bench
        .act(ONE, PageAction::Navigate(bench.site.url("/nothing")))
        .await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    let a = bench.site.url("/page/a");
    bench.act(ONE, PageAction::Navigate(a.clone())).await;
    assert_eq!(bench.at(ONE, &a).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_load_of_a_page_ends_after_something_is_shown() {
    let mut bench = bench().await;
    for number in 1..=8 {
        let (tab, url) = (TabId(number), bench.site.url("/page/a"));
        bench.act(tab, PageAction::Open { url, zoom: 100 }).await;
        let mut committed = false;
        bench
            .until(tab, |news| {
                committed |= *news == PageNews::Committed;
                *news == PageNews::Loading(false)
            })
            .await;
        assert!(committed, "tab {number} was told of the empty page's end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_before_anything_is_shown_asks_for_the_same_address_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (first, mut came) = mpsc::channel(1);
    let slow = move || {
        let (number, first) = (asked.fetch_add(1, Ordering::Relaxed), first.clone());
        async move {
            if number == 0 {
                let _ = first.send(()).await;
                std::future::pending::<()>().await;
            }
            Html("<title>at last</title>")
        }
    };
    let mut bench = bench_with(Router::new().route("/slow", get(slow))).await;
    let url = bench.site.url("/slow");
    bench.open(ONE, url.clone()).await;
    came.recv().await.unwrap();
    bench.act(ONE, PageAction::Reload).await;
    assert_eq!(bench.at(ONE, &url).await, (1, 0));
    bench.loaded(ONE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_changes_after_the_load_is_told() {
    let go = Arc::new(Notify::new());
    let waits = Arc::clone(&go);
    let gate = get(move || async move { waits.notified().await });
    let mut bench = bench_with(Router::new().route("/go", gate)).await;
    bench.open(ONE, bench.site.url("/changing")).await;
    bench
        .until(ONE, |news| *news == PageNews::Title("before".into()))
        .await;
    go.notify_one();
    bench
        .until(ONE, |news| *news == PageNews::Title("after".into()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zoom_changes_the_pages_width_and_holds_for_the_next_page() {
    let (sender, mut widths) = mpsc::unbounded_channel();
    let tell = get(
        move |axum::extract::Path((name, width)): axum::extract::Path<(String, u32)>| async move {
            let _ = sender.send((name, width));
        },
    );
    // Another prefix than the page's own, which the page of this test uses.
    let body = |name: &str| {
        format!("<script>const t=()=>fetch('/width/{name}/'+innerWidth);onresize=t;t()</script>")
    };
    let (x, y) = (body("x"), body("y"));
    let router = Router::new()
        .route("/width/{name}/{what}", tell)
        .route("/x", get(move || async move { Html(x) }))
        .route("/y", get(move || async move { Html(y) }));
    let bench = bench_with(router).await;
    let mut width = async |wanted: &str, fits: &dyn Fn(u32) -> bool| {
        tokio::time::timeout(LIMIT, async {
            loop {
                let (name, width) = widths.recv().await.unwrap();
                if name == wanted && fits(width) {
                    break width;
                }
            }
        })
        .await
        .expect("a width that fits")
    };
    let open = PageAction::Open {
        url: bench.site.url("/x"),
        zoom: 100,
    };
    bench.act(ONE, open).await;
    bench.act(ONE, PageAction::Show).await;
    let full = width("x", &|w| w > 100).await;
    bench.act(ONE, PageAction::Zoom(200)).await;
    let is_half = move |w: u32| w.abs_diff(full / 2) <= 1;
    width("x", &is_half).await;
    bench
        .act(ONE, PageAction::Navigate(bench.site.other_url("/y")))
        .await;
    width("y", &is_half).await;
    bench.act(ONE, PageAction::Zoom(100)).await;
    width("y", &|w| w == full).await;
    let open = PageAction::Open {
        url: bench.site.url("/x"),
        zoom: 200,
    };
    bench.act(TWO, open).await;
    bench.act(TWO, PageAction::Show).await;
    width("x", &is_half).await;
}
