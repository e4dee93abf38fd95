//! A machine that is lost in the middle, and comes back.

use std::time::{Duration, Instant};

use duotab_backend::runtime::{EngineNews, StartError};
use duotab_core::fault::{EndCause, Stall, StartFailure};
use duotab_core::message::SessionId;

use crate::home::{Client, Home, attic, within};

const ONE: SessionId = SessionId(1);
/// Within which a loss is told.
const NOTICED: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_cable_that_is_cut_is_noticed_in_five_seconds_and_the_session_goes_on_when_it_is_back() {
    let Some(mut home) = Home::new("far-cut") else {
        return;
    };
    let endpoint = home.start(1).await.unwrap();
    let cut = home.far.cut();
    let began = Instant::now();
    let stalled = home.next_news().await;
    assert!(began.elapsed() < NOTICED, "{:?}", began.elapsed());
    assert!(
        matches!(&stalled, EngineNews::Stalled(ONE, Stall::EngineAway { .. })),
        "{stalled:?}"
    );
    drop(cut);
    assert_eq!(home.next_news().await, EngineNews::Back(ONE));
    let adopted = within("taking over", home.runtime.adopt(ONE, &attic())).await;
    assert_eq!(adopted.unwrap(), endpoint.clone().without_login());
    let mut client = Client::start(endpoint);
    client.frame().await;
    client.neko.close().await;
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_freezes_is_a_stall_and_one_that_is_killed_an_end() {
    let Some(mut home) = Home::by("far-frozen", |far| far.ssh("worker")) else {
        return;
    };
    home.start(1).await.unwrap();
    let frozen = home.far.freeze();
    let began = Instant::now();
    let stalled = home.next_news().await;
    assert!(began.elapsed() < NOTICED, "{:?}", began.elapsed());
    assert!(
        matches!(stalled, EngineNews::Stalled(ONE, _)),
        "{stalled:?}"
    );
    drop(frozen);
    assert_eq!(home.next_news().await, EngineNews::Back(ONE));
    let killed = home.far.kill();
    let stalled = home.next_news().await;
    assert!(
        matches!(stalled, EngineNews::Stalled(ONE, _)),
        "{stalled:?}"
    );
    drop(killed);
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("no end");
    };
    assert_eq!(
        (ended.session, ended.cause),
        (ONE, EndCause::EngineRestarted)
    );
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_killed_there_is_an_end() {
    let Some(mut home) = Home::new("far-dead") else {
        return;
    };
    home.start(1).await.unwrap();
    let container = home.containers("{{.ID}}");
    let _ = home.far.docker(&["kill", &container[0]]);
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("no end");
    };
    assert_eq!((ended.session, ended.cause), (ONE, EndCause::Killed));
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_somebody_pauses_there_is_told_and_goes_on_when_it_is_woken() {
    let Some(mut home) = Home::new("far-paused") else {
        return;
    };
    let endpoint = home.start(1).await.unwrap();
    let container = home.containers("{{.ID}}");
    let _ = home.far.docker(&["pause", &container[0]]);
    assert_eq!(
        home.next_news().await,
        EngineNews::Stalled(ONE, Stall::Paused)
    );
    let woken = within("waking", home.runtime.resume(ONE, &attic())).await;
    let woken = woken.unwrap();
    assert_eq!(woken, endpoint.without_login());
    let mut client = Client::start(woken);
    client.frame().await;
    client.neko.close().await;
    // And one that was paused while the app was not there is found by its next life.
    home.end();
    let _ = home.far.docker(&["pause", &container[0]]);
    home.restart();
    let found = within("a look", home.runtime.find(&attic())).await.unwrap();
    assert!(found[0].suspended, "{found:?}");
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_gone_there_is_told_and_serves_again_when_it_is_back() {
    let Some(far) = duotab_test_support::worker::Far::here() else {
        return;
    };
    let image = far.image.replace("neko:1", "fleeting:1");
    let there = || drop(far.docker(&["tag", &far.image, &image]));
    there();
    let Some(home) = Home::new("far-image") else {
        return;
    };
    let home = home.with_image(&image);
    home.start(1).await.unwrap();
    home.stop(1).await;
    let _ = far.docker(&["rmi", &image]);
    let StartError::Failed { failure, .. } = home.start(2).await.unwrap_err() else {
        panic!("nobody is told why");
    };
    assert!(
        matches!(
            failure,
            StartFailure::ImageMissing { .. } | StartFailure::RegistryUnreachable { .. }
        ),
        "{failure:?}"
    );
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
    there();
    home.start(3).await.unwrap();
    home.stop(3).await;
    let _ = far.docker(&["rmi", &image]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_any_more_ends_itself_and_what_is_held_does_not() {
    let lease = Duration::from_secs(15);
    let Some(home) = Home::new("far-lease") else {
        return;
    };
    let mut home = home.with_lease(lease);
    home.start(1).await.unwrap();
    let ends = tokio::time::timeout(lease + lease / 2, home.until_dead()).await;
    assert!(ends.is_err(), "it is held");
    home.end();
    home.until_dead().await;
    assert_eq!(home.containers("{{.State}}"), ["exited"]);
    home.restart();
    assert_eq!(home.runtime.find(&attic()).await, Some(Vec::new()));
    assert_eq!(home.containers("{{.ID}}"), [""; 0], "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_sleeps_there_for_nobody_ends_itself_as_well() {
    let Some(home) = Home::new("far-left") else {
        return;
    };
    let mut home = home.with_lease(Duration::from_secs(10));
    home.start(1).await.unwrap();
    home.run("until pgrep -f type=renderer >/dev/null; do sleep 0.05; done");
    home.runtime.suspend(ONE, &attic()).await.unwrap();
    let stopped = home.run("grep -l 'State:.*stopped' /proc/[0-9]*/status | wc -l");
    let state = || home.run("cat /tmp/duotab-asleep && grep State: /proc/[0-9]*/status");
    assert!(stopped[0].parse::<u32>().unwrap() > 5, "{:?}", state());
    home.end();
    home.until_dead().await;
    assert_eq!(home.containers("{{.State}}"), ["exited"]);
}
