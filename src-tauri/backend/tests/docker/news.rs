//! What happens to a container although nobody asked the app.

use std::time::{Duration, Instant};

use duotab_backend::runtime::{EngineEnded, EngineNews};
use duotab_core::fault::{EndCause, Stall};
use duotab_core::message::SessionId;

use crate::home::{Home, is_healthy, within};

const ONE: SessionId = SessionId(1);
/// From the cause to the news.
const SOON: Duration = Duration::from_secs(1);

/// The end that `fault` brings about, of a session that is started, which is told soon.
async fn end_after(home: &mut Home, fault: &[&str]) -> EngineEnded {
    home.start(1).await.unwrap();
    let container = home.container();
    let arguments: Vec<&str> = fault.iter().copied().chain([container.as_str()]).collect();
    home.order(&arguments);
    let began = Instant::now();
    let news = home.next_news().await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    match news {
        EngineNews::Ended(ended) => {
            assert_eq!(ended.session, ONE);
            ended
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_killed_is_told_with_its_last_words_and_removed() {
    let Some(mut home) = Home::new("news-killed") else {
        return;
    };
    let ended = end_after(&mut home, &["kill"]).await;
    assert_eq!(ended.cause, EndCause::Killed);
    assert!(!ended.log.is_empty());
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
    home.start(1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_removed_by_hand_is_told_as_removed() {
    let Some(mut home) = Home::new("news-removed") else {
        return;
    };
    let ended = end_after(&mut home, &["rm", "--force"]).await;
    assert_eq!(ended.cause, EndCause::Removed);
    home.start(1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_ends_takes_the_container_along() {
    let Some(mut home) = Home::new("news-browser") else {
        return;
    };
    home.start(1).await.unwrap();
    home.run_beside_page("kill -9 $(pgrep -f -o ^/usr/lib/chromium/chromium)");
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("it is no end");
    };
    assert!(matches!(ended.cause, EndCause::Exited { .. }), "{ended:?}");
    assert!(
        ended
            .log
            .iter()
            .any(|line| line.contains("the browser ended"))
    );
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_takes_too_much_memory_ends_for_want_of_it() {
    let Some(mut home) = Home::new("news-memory") else {
        return;
    };
    home.start(1).await.unwrap();
    // The kernel takes the one that it is told to take first: the browser itself.
    home.run_beside_page(
        "echo 1000 >/proc/$(pgrep -f -o ^/usr/lib/chromium/chromium)/oom_score_adj; \
         tail /dev/zero </dev/null >/dev/null 2>&1 &",
    );
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("it is no end");
    };
    assert_eq!(ended.cause, EndCause::OutOfMemory);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_by_hand_is_told_and_so_is_its_end() {
    let Some(mut home) = Home::new("news-paused") else {
        return;
    };
    home.start(1).await.unwrap();
    let container = home.container();
    home.pause();
    // Pausing may take its tries; the cause is there when it is done.
    let began = Instant::now();
    assert_eq!(
        home.next_news().await,
        EngineNews::Stalled(ONE, Stall::Paused)
    );
    assert!(began.elapsed() < SOON);
    home.order(&["unpause", &container]);
    assert_eq!(home.next_news().await, EngineNews::Back(ONE));
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_over_what_was_paused_by_hand_lets_it_go_on() {
    let Some(mut home) = Home::new("news-resumed") else {
        return;
    };
    home.start(1).await.unwrap();
    home.pause();
    assert!(matches!(home.next_news().await, EngineNews::Stalled(..)));
    let endpoint = within("taking over", home.docker.adopt(ONE)).await.unwrap();
    assert!(is_healthy(&endpoint).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_pauses_and_stops_are_no_news() {
    let Some(mut home) = Home::new("news-own") else {
        return;
    };
    home.start(1).await.unwrap();
    home.docker.suspend(ONE).await.unwrap();
    home.docker.resume(ONE).await.unwrap();
    home.docker.stop(ONE).await.unwrap();
    home.start(2).await.unwrap();
    let container = home.container();
    home.order(&["kill", &container]);
    // The first news there is.
    match home.next_news().await {
        EngineNews::Ended(ended) => assert_eq!(ended.session, SessionId(2)),
        other => panic!("{other:?}"),
    }
}
