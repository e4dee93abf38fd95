//! A start that is cut short at any of its steps.

use std::time::Duration;

use duotab_backend::runtime::StartError;
use duotab_core::message::SessionId;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, spec, within};

/// From before the first question to after the last one, on a quiet machine and on a busy one.
const MOMENTS: [u64; 8] = [0, 10, 30, 80, 200, 600, 1200, 2500];

impl Home {
    /// Waits until the Swarm keeps nothing any more: what could not be removed is tried again by and by.
    async fn until_nothing_is_kept(&self) {
        let mut glance = tokio::time::interval(Duration::from_millis(500));
        within("that nothing is kept", async {
            while !self.kept().is_empty() {
                glance.tick().await;
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_given_up_at_any_moment_leaves_nothing() {
    let Some(home) = Home::new("swarm-given") else {
        return;
    };
    let node = home.fleet.node(2);
    for (session, moment) in (1..).zip(MOMENTS) {
        let cancel = CancellationToken::new();
        let given_up = async {
            tokio::time::timeout(Duration::from_millis(moment), std::future::pending::<()>())
                .await
                .unwrap_err();
            cancel.cancel();
        };
        let starting = home
            .runtime
            .start(spec(session), &node, cancel.clone(), &|_| {});
        let (started, ()) = within("a start", async { tokio::join!(starting, given_up) }).await;
        match started {
            Err(error) => assert_eq!(error, StartError::Cancelled, "after {moment} ms"),
            // It was quicker.
            Ok(_) => home.stop(session, 2).await,
        }
        assert_eq!(home.kept(), [""; 0], "after {moment} ms");
        assert_eq!(
            std::fs::read_dir(home.papers()).map_or(0, Iterator::count),
            0
        );
    }
    home.until_empty(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_is_lost_in_the_middle_of_a_start_keeps_nothing_of_it_when_it_is_back() {
    let Some(home) = Home::new("swarm-half") else {
        return;
    };
    let node = home.fleet.node(2);
    for (session, moment) in (1..).zip([15, 60, 300]) {
        let lost = async {
            tokio::time::timeout(Duration::from_millis(moment), std::future::pending::<()>())
                .await
                .unwrap_err();
            let fleet = home.fleet.clone();
            tokio::task::spawn_blocking(move || fleet.cut(1))
                .await
                .unwrap()
        };
        let starting = home.starting(spec(session), &node);
        let (started, cut) = within("a start", async { tokio::join!(starting, lost) }).await;
        let mended = tokio::task::spawn_blocking(move || drop(cut));
        within("a cable", mended).await.unwrap();
        if started.is_ok() {
            within("a stop", home.runtime.stop(SessionId(session), &node))
                .await
                .unwrap();
        }
        home.until_nothing_is_kept().await;
        home.until_empty(2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_the_manager_is_away_is_done_when_it_is_back() {
    let Some(home) = Home::new("swarm-stop") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let node = home.fleet.node(2);
    let cut = home.fleet.cut(1);
    let stopped = within("a stop", home.runtime.stop(SessionId(1), &node)).await;
    assert!(stopped.is_err(), "nobody can be asked");
    drop(cut);
    home.until_nothing_is_kept().await;
    home.until_empty(2).await;
}
