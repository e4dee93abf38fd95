//! The digest that is used, and a newer one that is offered, tried, kept or given up.
//!
//! Each test has a tag of its own, which it moves from one image to the other.

use std::time::Duration;

use duotab_backend::runtime::EngineNews;
use duotab_core::fault::{EngineFault, ImageUpdate};
use duotab_core::message::{ProfileName, SessionId, StartFailure};
use duotab_core::streaming::Looked;

use crate::home::{Home, is_healthy, within};

/// Has the registry's `tag` lead to the image that `version` leads to.
fn lead(home: &Home, tag: &str, version: &str) {
    let from = format!("{}/duotab/neko:{version}", home.engine.registry);
    home.order(&["pull", "--quiet", &from]);
    home.order(&["tag", &from, tag]);
    home.order(&["push", "--quiet", tag]);
}

/// An install whose tag leads to version 1, and has been used once.
async fn used(install: &str) -> Option<(Home, String)> {
    let home = Home::new(install)?;
    let tag = format!("{}/duotab/neko:{install}", home.engine.registry);
    lead(&home, &tag, "1");
    let home = home.with(|with, _| {
        with.image.clone_from(&tag);
        with.start_limit = Duration::from_secs(20);
    });
    home.start(1).await.unwrap();
    within("a stop", home.docker.stop(SessionId(1)))
        .await
        .unwrap();
    Some((home, tag))
}

fn image(home: &Home) -> String {
    let images = home.containers("{{.Image}}");
    assert_eq!(images.len(), 1, "{images:?}");
    images[0].clone()
}

/// Has the registry's `tag` lead to `version`, which the engine does not have, and the app fetch that.
/// Gives the engine's own name for the image.
async fn fetched(home: &mut Home, tag: &str, version: &str) -> String {
    lead(home, tag, version);
    let inspect = ["image", "inspect", "--format={{.Id}}", tag];
    let id = home.engine.docker(&inspect).concat();
    home.order(&["image", "rm", "--force", &id]);
    assert_eq!(home.docker.look_for_update().await, Looked::Newer);
    home.until_image(&ImageUpdate::Offered).await;
    let meanwhile = async { home.docker.look_for_update().await };
    let update = async { tokio::join!(home.docker.fetch_update(), meanwhile) };
    assert_eq!(within("the update", update).await.1, Looked::Fetching);
    home.until_image(&ImageUpdate::Fetched).await;
    assert_eq!(home.docker.look_for_update().await, Looked::Fetched);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_made_from_the_digest_that_was_used_first_wherever_the_tag_leads() {
    let Some((mut home, tag)) = used("update-pin").await else {
        return;
    };
    home.start(2).await.unwrap();
    let first = image(&home);
    assert!(first.contains("@sha256:"), "{first}");
    within("a stop", home.docker.stop(SessionId(2)))
        .await
        .unwrap();
    lead(&home, &tag, "2");
    home.start(3).await.unwrap();
    assert_eq!(image(&home), first);
    within("a stop", home.docker.stop(SessionId(3)))
        .await
        .unwrap();
    // The same after the app was away.
    let kept = loop {
        match home.news.try_recv() {
            Ok(EngineNews::Keep { kept, .. }) => break kept,
            Ok(
                EngineNews::Volumes { .. } | EngineNews::Owned { .. } | EngineNews::Unlimited(_),
            ) => {}
            other => panic!("{other:?}"),
        }
    };
    let mut home = home.with(|with, _| with.kept = kept);
    home.start(4).await.unwrap();
    assert_eq!(image(&home), first);
    home.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_image_is_offered_fetched_and_used_from_the_next_start_on() {
    let Some((mut home, tag)) = used("update-good").await else {
        return;
    };
    assert_eq!(home.docker.look_for_update().await, Looked::Newest);
    home.start(2).await.unwrap();
    let first = image(&home);
    fetched(&mut home, &tag, "2").await;
    assert_eq!(image(&home), first, "what runs is left alone");
    within("a stop", home.docker.stop(SessionId(2)))
        .await
        .unwrap();
    home.start(3).await.unwrap();
    let second = image(&home);
    assert!(second.contains("@sha256:") && second != first);
    assert!(home.has_image(&first), "in case the new one does not do");
    within("a stop", home.docker.stop(SessionId(3)))
        .await
        .unwrap();
    assert!(!home.has_image(&first));
    assert_eq!(home.docker.look_for_update().await, Looked::Newest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_image_that_does_not_become_ready_is_given_up_for_the_former_one() {
    let Some((mut home, tag)) = used("update-bad").await else {
        return;
    };
    home.start(2).await.unwrap();
    let first = image(&home);
    within("a stop", home.docker.stop(SessionId(2)))
        .await
        .unwrap();
    fetched(&mut home, &tag, "broken").await;
    let endpoint = home.start(3).await.unwrap();
    assert!(is_healthy(&endpoint).await);
    assert_eq!(image(&home), first);
    home.until_image(&ImageUpdate::RolledBack).await;
    let offered = home.docker.look_for_update().await;
    assert_eq!(offered, Looked::GivenUp, "it is not offered again");
    // A better one is.
    lead(&home, &tag, "2");
    assert_eq!(home.docker.look_for_update().await, Looked::Newer);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_image_goes_with_its_tag_when_a_session_of_the_newer_one_has_ended_in_peace() {
    let Some((mut home, tag)) = used("update-free").await else {
        return;
    };
    home.start(2).await.unwrap();
    let first = image(&home);
    fetched(&mut home, &tag, "2").await;
    // As if nobody but the app had fetched it.
    home.order(&["tag", &first, &tag]);
    let mut spec = crate::home::spec(3);
    spec.profile = ProfileName("other".into());
    home.start_with(spec, &|_| {}).await.unwrap();
    within("a stop", home.docker.stop(SessionId(2)))
        .await
        .unwrap();
    assert!(home.has_image(&first), "that session says nothing of it");
    let second = image(&home);
    within("a stop", home.docker.stop(SessionId(3)))
        .await
        .unwrap();
    assert!(!home.has_image(&first));
    let id = |image: &str| {
        home.engine
            .docker(&["image", "inspect", "--format={{.Id}}", image])
    };
    assert_eq!(id(&tag), id(&second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_image_that_is_not_there_any_more_is_not_taken_for_one_that_does_not_do() {
    let Some((mut home, tag)) = used("update-gone").await else {
        return;
    };
    home.start(2).await.unwrap();
    let first = image(&home);
    within("a stop", home.docker.stop(SessionId(2)))
        .await
        .unwrap();
    let id = fetched(&mut home, &tag, "2").await;
    home.order(&["image", "rm", "--force", &id]);
    // Nothing is fetched for this one.
    let mut spec = crate::home::spec(3);
    spec.ahead = true;
    home.start_with(spec, &|_| {}).await.unwrap();
    assert_eq!(image(&home), first);
    within("a stop", home.docker.stop(SessionId(3)))
        .await
        .unwrap();
    home.start(4).await.unwrap();
    assert_ne!(image(&home), first, "fetched and tried by whoever waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_is_wanted_while_the_engine_is_away_says_so() {
    let Some(home) = Home::new("update-away") else {
        return;
    };
    let mut home = home.with(|with, _| {
        with.surroundings.docker_host = Some("unix:///run/duotab-nobody.sock".to_owned());
    });
    let socket = "/run/duotab-nobody.sock".to_owned();
    let fault = EngineFault::NotRunning { socket };
    let failure = StartFailure::EngineAway { fault };
    within("the update", home.docker.fetch_update()).await;
    home.until_image(&ImageUpdate::Failed { failure }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_fetches_nothing() {
    let Some(home) = Home::new("update-ahead") else {
        return;
    };
    let home = home.with(|with, engine| {
        with.image = format!("{}/duotab/neko:never-there", engine.registry);
    });
    let mut spec = crate::home::spec(1);
    spec.ahead = true;
    let asked = std::sync::atomic::AtomicBool::new(false);
    let started = home
        .start_with(spec, &|_| {
            asked.store(true, std::sync::atomic::Ordering::Relaxed)
        })
        .await;
    assert!(started.is_err());
    assert!(!asked.into_inner());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_for_a_newer_image_tells_why_there_is_no_answer() {
    let Some(home) = Home::new("update-look") else {
        return;
    };
    assert_eq!(home.docker.look_for_update().await, Looked::Unused);
    let (registry, denied) = (home.engine.registry.clone(), home.engine.denied.clone());
    let missing = format!("{registry}/duotab/neko:never-there");
    let denied = format!("{denied}/duotab/neko:1");
    // Nobody listens there.
    let unreachable = "127.0.0.1:5999/duotab/neko:1".to_owned();
    let mut home = home;
    for failure in [
        StartFailure::ImageMissing { image: missing },
        StartFailure::RegistryDenied { image: denied },
        StartFailure::RegistryUnreachable { image: unreachable },
    ] {
        let (StartFailure::ImageMissing { image }
        | StartFailure::RegistryDenied { image }
        | StartFailure::RegistryUnreachable { image }) = failure.clone()
        else {
            unreachable!()
        };
        home = home.with(|with, _| with.image = image);
        assert_eq!(
            within("an answer", home.docker.look_for_update()).await,
            Looked::Failed { failure }
        );
    }
    let digest = format!("sha256:{}", "0f".repeat(32));
    let home = home.with(|with, _| with.image = format!("{registry}/duotab/neko@{digest}"));
    assert_eq!(home.docker.look_for_update().await, Looked::Fixed);
}
