//! Beside an engine that refuses removals.

use std::sync::atomic::AtomicUsize;

use duotab_core::message::SessionId;
use tokio::sync::watch;

use super::*;
use crate::runtime::docker::remove;
use crate::runtime::docker::stand_in::{Answer, FORBIDDEN, StandIn};

const BUSY: Answer = (500, r#"{"message":"device or resource busy"}"#);
const NONE: Answer = (404, r#"{"message":"No such container"}"#);
const LIMIT: Duration = Duration::from_secs(20);

/// An engine with one container, which it removes at the second time it is asked to.
fn reluctant(
    listed: impl Fn() -> Answer + Send + Sync + 'static,
) -> (StandIn, watch::Receiver<usize>) {
    let asked = watch::Sender::new(0);
    let told = asked.subscribe();
    let engine = StandIn::start(move |method, path| match method {
        "DELETE" if path.contains("/containers/old") => {
            asked.send_modify(|it| *it += 1);
            match *asked.borrow() {
                1 => BUSY,
                2 => (204, ""),
                _ => NONE,
            }
        }
        "GET" if path.contains("/containers/json") => listed(),
        "GET" if path.contains("/json") && *asked.borrow() < 2 => (200, r#"{"Id":"old"}"#),
        "GET" if path.contains("/json") => NONE,
        _ => FORBIDDEN,
    });
    (engine, told)
}

async fn until(asked: &mut watch::Receiver<usize>, times: usize) {
    let enough = timeout(LIMIT, asked.wait_for(|it| *it >= times)).await;
    assert!(enough.is_ok(), "it is not asked {times} times");
}

#[tokio::test]
async fn what_could_not_be_removed_is_removed_later() {
    let (engine, mut asked) = reluctant(|| (200, "[]"));
    let docker = engine.docker();
    let link = docker.link().await.unwrap();
    assert!(!remove(&link, "old").await);
    assert!(!link.litter.is_empty());
    until(&mut asked, 2).await;
    let gone = timeout(LIMIT, docker.inner.turned.notified()).await;
    assert!(gone.is_ok(), "whoever waits for its room hears of it");
    assert!(link.litter.is_empty());
}

#[tokio::test]
async fn a_name_is_spared_that_another_container_gets() {
    let (engine, asked) = reluctant(|| (200, "[]"));
    let docker = engine.docker();
    let link = docker.link().await.unwrap();
    assert!(!remove(&link, "old").await);
    link.litter.makes("old");
    assert!(link.litter.is_empty());
    try_one(&link, "old").await;
    assert_eq!(*asked.borrow(), 1);
}

#[tokio::test]
async fn what_an_earlier_life_left_is_looked_for_until_it_can_be_seen() {
    let looks = AtomicUsize::new(0);
    let (engine, mut asked) = reluctant(move || match looks.fetch_add(1, Ordering::Relaxed) {
        0..3 => BUSY,
        _ => (
            200,
            r#"[{"Id":"old","Names":["/old"],"State":"exited",
                "Labels":{"io.duotab.install":"watched","io.duotab.session":"7"}}]"#,
        ),
    });
    let docker = engine.docker();
    assert_eq!(docker.find().await, []);
    until(&mut asked, 2).await;
}

#[tokio::test]
async fn what_this_life_has_made_is_not_taken_for_an_earlier_one_s() {
    let (engine, asked) = reluctant(|| {
        (
            200,
            r#"[{"Id":"old","Names":["/old"],"State":"running",
                "Labels":{"io.duotab.install":"watched","io.duotab.session":"7"}},
               {"Id":"old-room","Names":["/old-room"],"State":"running",
                "Labels":{"io.duotab.install":"watched"}}]"#,
        )
    });
    let docker = engine.docker();
    let link = docker.link().await.unwrap();
    docker.inner.known.ask_for(SessionId(7));
    link.litter.makes("old-room");
    link.litter.look_again();
    found::sweep(&docker.inner, &link).await;
    assert!(!link.litter.is_unseen());
    assert_eq!(*asked.borrow(), 0);
}
