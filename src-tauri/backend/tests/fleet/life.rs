//! Started, found again, put to sleep, woken and stopped, there.

use duotab_backend::neko::News;
use duotab_backend::page;
use duotab_backend::runtime::StartError;
use duotab_backend::runtime::docker::DockerConfig;
use duotab_core::message::{ProfileName, SessionId, StartFailure};

use crate::home::{Client, Home, spec, within};

const ONE: SessionId = SessionId(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_on_a_node_that_only_its_swarm_reaches_and_leaves_nothing_but_its_profile() {
    let Some(home) = Home::new("swarm-life") else {
        return;
    };
    let began = std::time::Instant::now();
    let endpoint = home.start(1, 2).await.unwrap();
    let serves = began.elapsed();
    assert_eq!(home.containers(2, "{{.State}}"), ["running"]);
    assert_eq!(home.kept().len(), 4, "{:?}", home.kept());
    let began = std::time::Instant::now();
    let mut client = Client::start(endpoint.clone());
    client.frame().await;
    eprintln!(
        "in a Swarm it serves after {serves:?}, first frame {:?} later",
        began.elapsed()
    );
    assert!(!client.relayed, "datagrams arrive by themselves");
    let token = duotab_backend::endpoint::Secret::new("unused");
    let pages = within("page control", page::connect(&endpoint, &token)).await;
    drop(pages.unwrap());
    client.neko.close().await;
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
    home.until_empty(2).await;
    assert_eq!(home.volumes(2), ["duotab-swarmlif-default"]);
    assert_eq!(std::fs::read_dir(home.papers()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_is_in_no_volume() {
    let Some(home) = Home::new("swarm-private") else {
        return;
    };
    let mut spec = spec(1);
    spec.profile = ProfileName("private".into());
    let node = home.fleet.node(2);
    within("a start", home.starting(spec, &node)).await.unwrap();
    let at = "stat -f -c %T /home/neko/.config/chromium /home/neko/.cache /dev/shm";
    assert_eq!(home.run(2, "neko", at), ["tmpfs"; 3]);
    home.stop(1, 2).await;
    assert_eq!((home.kept(), home.volumes(2)), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_datagrams_are_lost_the_door_carries_them() {
    let Some(home) = Home::new("swarm-relay") else {
        return;
    };
    let _lost = home.fleet.drop_datagrams();
    let mut client = Client::start(home.start(1, 2).await.unwrap());
    client
        .until("the relay", |news| *news == News::Relayed(true))
        .await;
    client.frame().await;
    client.neko.close().await;
    home.stop(1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_nobody_has_is_named() {
    let missing = |docker: &mut DockerConfig| {
        docker.image = docker.image.replace("neko:1", "nobody:1");
    };
    let Some(home) = Home::with("swarm-image", missing) else {
        return;
    };
    let Err(StartError::Failed { failure, .. }) = home.start(1, 2).await else {
        panic!("it starts");
    };
    assert!(
        matches!(failure, StartFailure::ImageMissing { .. }),
        "{failure:?}"
    );
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_sleeps_outlives_the_app_and_serves_when_it_is_woken() {
    let Some(mut home) = Home::new("swarm-asleep") else {
        return;
    };
    home.start(1, 3).await.unwrap();
    let node = home.fleet.node(3);
    home.runtime.suspend(ONE, &node).await.unwrap();
    home.restart();
    let manager = home.fleet.worker().id;
    let found = within("a look", home.runtime.find(&manager)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].session, &found[0].node), (ONE, &node));
    assert!(found[0].healthy && found[0].suspended);
    let endpoint = within("waking", home.runtime.resume(ONE, &node)).await;
    let mut client = Client::start(endpoint.unwrap());
    client.frame().await;
    client.neko.close().await;
    home.stop(1, 3).await;
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_starts_at_once_never_over_commit_a_node_and_the_rest_is_refused_for_want_of_room() {
    let Some(home) = Home::new("swarm-ten") else {
        return;
    };
    let node = home.fleet.node(3);
    let starts = (1..=10).map(|number| {
        let mut spec = spec(number);
        spec.profile = ProfileName(format!("p{number}"));
        home.starting(spec, &node)
    });
    let began = std::time::Instant::now();
    let all = within("all starts", futures_util::future::join_all(starts)).await;
    eprintln!("ten answers after {:?}", began.elapsed());
    let (well, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
    // 3 GiB of memory and one core: by half a core each, two have room.
    assert_eq!(well.len(), 2);
    for refused in refused {
        let Err(StartError::Failed { failure, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(
            matches!(&failure, StartFailure::NoRoom { detail } if detail.contains("insufficient resources")),
            "{failure:?}"
        );
    }
    assert_eq!(home.containers(3, "{{.State}}"), ["running"; 2]);
    assert_eq!(home.kept().len(), 2 * 4);
    for session in 1..=10 {
        home.stop(session, 3).await;
    }
    assert_eq!(home.kept(), [""; 0]);
    home.until_empty(3).await;
}
