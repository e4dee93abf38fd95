//! The engine itself goes away under live sessions. These tests take it from all others: they run
//! one at a time.

use std::time::{Duration, Instant};

use duotab_backend::runtime::EngineNews;
use duotab_core::fault::{EndCause, EngineFault, Stall};
use duotab_core::message::SessionId;

use crate::home::{Home, within};

const ONE: SessionId = SessionId(1);

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_killed_is_told_within_a_second_and_used_again_when_it_is_back() {
    let Some(mut home) = Home::new("away-killed") else {
        return;
    };
    home.start(1).await.unwrap();
    let began = Instant::now();
    home.engine.kill();
    let socket = home.engine.socket.trim_start_matches("unix://").to_owned();
    match home.next_news().await {
        EngineNews::Stalled(ONE, Stall::EngineAway { fault }) => {
            assert_eq!(fault, EngineFault::NotRunning { socket });
        }
        other => panic!("{other:?}"),
    }
    let told = began.elapsed();
    assert!(told < Duration::from_secs(2), "{told:?}");
    assert!(home.docker.health().await.is_err());
    home.engine.start();
    match home.next_news().await {
        EngineNews::Ended(ended) => assert_eq!(ended.cause, EndCause::EngineRestarted),
        EngineNews::Back(ONE) => home.docker.stop(ONE).await.unwrap(),
        other => panic!("{other:?}"),
    }
    assert_eq!(home.docker.health().await, Ok(()));
    home.start(2).await.unwrap();
    assert_eq!(home.containers("{{.ID}}").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_says_nothing_is_told_and_forgiven() {
    let Some(home) = Home::new("away-frozen") else {
        return;
    };
    assert_eq!(home.docker.health().await, Ok(()));
    home.engine.freeze();
    let began = Instant::now();
    let health = within("an answer", home.docker.health()).await;
    home.engine.thaw();
    assert!(
        matches!(health, Err(EngineFault::Silent { .. })),
        "{health:?}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(home.docker.health().await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_that_could_not_be_looked_for_are_removed_when_the_engine_is_back() {
    let Some(mut home) = Home::new("away-found") else {
        return;
    };
    home.start(1).await.unwrap();
    home.engine.terminate();
    home.restart();
    assert_eq!(home.docker.find().await, []);
    home.engine.start();
    assert_eq!(home.docker.health().await, Ok(()));
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_to_be_stopped_while_the_engine_was_away_goes_when_it_is_back() {
    let Some(home) = Home::new("away-stopped") else {
        return;
    };
    home.start(1).await.unwrap();
    home.engine.kill();
    assert!(within("the refusal", home.docker.stop(ONE)).await.is_err());
    home.engine.start();
    let gone = async {
        while !home.containers("{{.ID}}").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within("its end", gone).await;
}
