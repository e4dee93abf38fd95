//! Looking for something in a page with frames: of its own site, of another one, and within that.

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;
use duotab_core::page::Direction;

use crate::ONE;
use crate::bench::{Bench, bench_with};

/// A page with frames of these addresses, one of which is not shown.
#[derive(serde::Deserialize)]
struct Frames {
    own: String,
    other: String,
}

/// Says in its title how far it is scrolled, once it has loaded.
async fn outer(Query(frames): Query<Frames>) -> Html<String> {
    let Frames { own, other } = frames;
    Html(format!(
        "<!doctype html><title>loading</title><p>a needle</p>
         <iframe src='{own}'></iframe><iframe style='display: none' src='{own}'></iframe>
         <div style='height: 3000px'></div><iframe src='{other}'></iframe>
         <script>
             onload = onscroll = () => document.title = scrollY > 2000 ? 'bottom' : 'top';
         </script>"
    ))
}

/// A frame with two needles and a frame of another site.
async fn middle(Query(frames): Query<Frames>) -> Html<String> {
    let other = frames.other;
    Html(format!(
        "<p>needle, NEEDLE</p><iframe src='{other}'></iframe>"
    ))
}

async fn leaf() -> Html<&'static str> {
    Html("<p>nee<b>d</b>le</p><p hidden>needle</p>")
}

async fn with_frames() -> Bench {
    let router = Router::new()
        .route("/outer", get(outer))
        .route("/middle", get(middle))
        .route("/leaf", get(leaf));
    let mut bench = bench_with(router).await;
    let leaf = bench.site.url("/leaf");
    let middle = bench
        .site
        .other_url(&format!("/middle?own=&other={leaf}"))
        .replace('&', "%26");
    let outer = format!("/outer?own={leaf}&other={middle}");
    bench.open(ONE, bench.site.url(&outer)).await;
    bench
        .until(ONE, |news| *news == PageNews::Title("top".into()))
        .await;
    bench
}

/// What is found next, once the page's title is this too.
async fn found(bench: &mut Bench, title: Option<&str>) -> (u32, Option<u32>) {
    let (mut answer, mut titled) = (None, title.is_none());
    bench
        .until(ONE, |news| {
            match news {
                PageNews::Found { matches, at } => answer = Some((*matches, *at)),
                PageNews::Title(now) => titled |= Some(now.as_str()) == title,
                _ => {}
            }
            answer.is_some() && titled
        })
        .await;
    answer.unwrap()
}

async fn step(bench: &mut Bench, direction: Direction, title: Option<&str>) -> Option<u32> {
    bench.act(ONE, PageAction::FindStep(direction)).await;
    let (matches, at) = found(bench, title).await;
    assert_eq!(matches, 5);
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_for_is_found_in_all_frames_and_each_match_is_brought_into_sight() {
    let mut bench = with_frames().await;
    bench.act(ONE, PageAction::Find("needle".into())).await;
    assert_eq!(found(&mut bench, None).await, (5, Some(1)));
    // The third one is of the other site, and far below.
    let titles = [None, Some("bottom"), None, None, Some("top")];
    for (expected, title) in [2, 3, 4, 5, 1].into_iter().zip(titles) {
        let at = step(&mut bench, Direction::Forward, title).await;
        assert_eq!(at, Some(expected));
    }
    let at = step(&mut bench, Direction::Back, Some("bottom")).await;
    assert_eq!(at, Some(5));
    bench.act(ONE, PageAction::FindEnd).await;
    bench.act(ONE, PageAction::Find("haystack".into())).await;
    assert_eq!(found(&mut bench, None).await, (0, None));
}
