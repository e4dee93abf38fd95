//! What an earlier life of the app has left: taken over, or swept.

use std::time::Duration;

use duotab_core::message::SessionId;

use crate::home::{Client, Home, within};

const ONE: SessionId = SessionId(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_the_app_and_is_taken_over_by_the_next_one() {
    let Some(mut home) = Home::new("swarm-left") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let before = home.containers(2, "{{.ID}}");
    home.restart();
    let manager = home.fleet.worker().id;
    let found = within("a look", home.runtime.find(&manager)).await.unwrap();
    assert_eq!(found.len(), 1);
    let node = home.fleet.node(2);
    assert_eq!((found[0].session, &found[0].node), (ONE, &node));
    assert!(found[0].healthy && !found[0].suspended);
    let endpoint = within("taking over", home.runtime.adopt(ONE, &node)).await;
    let mut client = Client::start(endpoint.unwrap());
    client.frame().await;
    client.neko.close().await;
    assert_eq!(home.containers(2, "{{.ID}}"), before);
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_enter_any_more_is_swept_with_all_that_belongs_to_it() {
    let Some(mut home) = Home::new("swarm-swept") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    std::fs::remove_dir_all(home.papers()).unwrap();
    // What a start that was cut short leaves, before it has a service.
    let label = ["--label", "io.duotab.install=swarm-swept"];
    let of_session = ["--label", "io.duotab.session=2"];
    let made: Vec<&str> = ["config", "create"]
        .into_iter()
        .chain(label)
        .chain(of_session)
        .chain(["duotab-half", "/etc/hostname"])
        .collect();
    let _ = home.fleet.docker(1, &made);
    home.restart();
    let manager = home.fleet.worker().id;
    let found = within("a look", home.runtime.find(&manager)).await;
    assert_eq!(found, Some(Vec::new()));
    assert_eq!(home.kept(), [""; 0]);
    home.until_empty(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_life_asked_for_and_comes_late_is_swept_and_what_is_held_is_not() {
    let Some(mut home) = Home::new("swarm-late") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let before = home.containers(2, "{{.ID}}");
    home.restart();
    let manager = home.fleet.worker().id;
    let found = within("a look", home.runtime.find(&manager)).await.unwrap();
    assert_eq!(found.len(), 1);
    let held = home.kept().len();
    // A session's, and a room's.
    for (name, label) in [
        ("late-9", "io.duotab.session=9"),
        ("late-room", "of=nobody"),
    ] {
        let words = [
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--replicas",
            "0",
            "--name",
            name,
            "--label",
            "io.duotab.install=swarm-late",
            "--label",
            label,
            &home.fleet.image,
        ];
        let _ = home.fleet.docker(1, &words);
    }
    assert_eq!(home.kept().len(), held + 2);
    let mut glance = tokio::time::interval(Duration::from_millis(500));
    within("a sweep", async {
        while home.kept().len() > held {
            glance.tick().await;
        }
    })
    .await;
    assert_eq!(home.containers(2, "{{.ID}}"), before);
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_any_more_ends_itself_is_not_started_anew_and_what_is_held_is_not_ended()
 {
    // It begins before Neko serves.
    let lease = Duration::from_secs(20);
    let Some(mut home) = Home::with("swarm-lease", |docker| docker.lease = lease) else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let container = home.containers(2, "{{.ID}}").concat();
    let until_dead = |home: &Home| {
        let (fleet, container) = (home.fleet.clone(), container.clone());
        tokio::task::spawn_blocking(move || fleet.docker(2, &["wait", &container]))
    };
    let dead = until_dead(&home);
    let ends = tokio::time::timeout(lease + lease / 2, dead).await;
    assert!(ends.is_err(), "it is held");
    home.end();
    let code = within("its end", until_dead(&home)).await.unwrap();
    assert_eq!(code, ["0"]);
    // Who asks before its Swarm knows is told to wait.
    home.until_known_ended().await;
    home.restart();
    let manager = home.fleet.worker().id;
    let found = within("a look", home.runtime.find(&manager)).await;
    assert_eq!(found, Some(Vec::new()));
    assert_eq!(home.kept(), [""; 0], "nothing is left");
    home.until_empty(2).await;
}
