//! Images that are on their way, and those that never come.

use std::sync::Mutex;

use duotab_backend::runtime::StartError;
use duotab_core::fault::EngineFault;
use duotab_core::message::StartFailure;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, spec, within};

fn failure(started: Result<duotab_backend::endpoint::Endpoint, StartError>) -> StartFailure {
    match started {
        Err(StartError::Failed { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_s_progress_grows_to_the_end() {
    let Some(home) = Home::new("pull-progress") else {
        return;
    };
    let home = home.with(|with, engine| {
        with.image = engine.image("small:1");
        with.start_limit = std::time::Duration::from_secs(1);
    });
    let image = home.with.image.clone();
    forget(&home, &image);
    let heard = Mutex::new(Vec::new());
    let fetched = |percent| heard.lock().unwrap().push(percent);
    let started = home.start_with(spec(1), &fetched).await;
    // It has no Neko in it.
    assert!(started.is_err());
    let heard = heard.into_inner().unwrap();
    assert_eq!((heard.first(), heard.last()), (Some(&0), Some(&100)));
    assert!(heard.is_sorted() && heard.len() > 3, "{heard:?}");
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_is_given_up_can_be_taken_up_again() {
    let Some(home) = Home::new("pull-cancel") else {
        return;
    };
    let home = home.with(|with, engine| {
        with.image = engine.image("small:1");
        with.start_limit = std::time::Duration::from_secs(1);
    });
    let image = home.with.image.clone();
    forget(&home, &image);
    let cancel = CancellationToken::new();
    let at_once = |_| cancel.cancel();
    let starting = home.docker.start(spec(1), cancel.clone(), &at_once);
    let started = within("giving up", starting).await;
    assert_eq!(started, Err(StartError::Cancelled));
    let again = home.start(2).await;
    assert!(!matches!(
        failure(again),
        StartFailure::RegistryUnreachable { .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_an_image_away_is_told_apart() {
    let Some(home) = Home::new("pull-apart") else {
        return;
    };
    let missing = home.engine.image("neko:none");
    let denied = format!("{}/duotab/small:1", home.engine.denied);
    let nowhere = "127.0.0.1:5999/duotab/neko:1".to_owned();
    let mut home = home;
    for (image, expected) in [
        (
            missing.clone(),
            StartFailure::ImageMissing { image: missing },
        ),
        (
            denied.clone(),
            StartFailure::RegistryDenied { image: denied },
        ),
        (
            nowhere.clone(),
            StartFailure::RegistryUnreachable { image: nowhere },
        ),
    ] {
        home = home.with(|with, _| with.image = image);
        assert_eq!(failure(home.start(1).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_named_and_is_well_again_when_there_is_room() {
    let Some(home) = Home::new("pull-full") else {
        return;
    };
    let home = home.with(|with, engine| {
        with.image = engine.image("small:1");
        with.start_limit = std::time::Duration::from_secs(1);
    });
    let image = home.with.image.clone();
    forget(&home, &image);
    let filling = home.engine.fill_disk(4 << 20);
    assert_eq!(failure(home.start(1).await), StartFailure::EngineDiskFull);
    drop(filling);
    assert_ne!(failure(home.start(2).await), StartFailure::EngineDiskFull);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_without_a_neko_is_given_up_at_the_limit_and_leaves_nothing() {
    let Some(home) = Home::new("pull-broken") else {
        return;
    };
    let home = home.with(|with, engine| {
        with.image = engine.image("neko:broken");
        with.start_limit = std::time::Duration::from_secs(4);
    });
    let failed = failure(home.start(1).await);
    assert_eq!(failed, StartFailure::TimedOut);
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_engine_answers_the_start_says_why() {
    let Some(home) = Home::new("pull-nobody") else {
        return;
    };
    let home = home.with(|with, _| {
        with.surroundings.docker_host = Some("unix:///nowhere/docker.sock".into());
    });
    let socket = "/nowhere/docker.sock".to_owned();
    assert_eq!(
        failure(home.start(1).await),
        StartFailure::EngineAway {
            fault: EngineFault::NotRunning { socket }
        }
    );
}

fn forget(home: &Home, image: &str) {
    if home.engine.has(image) {
        home.order(&["image", "rm", "--force", image]);
    }
}
