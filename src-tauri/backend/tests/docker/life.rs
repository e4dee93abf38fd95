//! Started, found again, put to sleep, woken and stopped.

use duotab_backend::endpoint::Cdp;
use duotab_backend::runtime::{EngineError, StartError};
use duotab_core::message::{SessionId, StartFailure};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, is_healthy, log_in, spec, within};

const ONE: SessionId = SessionId(1);

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_serves_until_it_is_stopped_and_leaves_the_profile_alone() {
    let Some(home) = Home::new("life-serves") else {
        return;
    };
    let endpoint = home.start(1).await.unwrap();
    assert_eq!(log_in(&endpoint).await.len(), 64);
    assert_eq!(
        home.start(1).await.unwrap(),
        endpoint.clone().without_login(),
        "it keeps its engine"
    );
    assert_eq!(home.containers("{{.State}}"), ["running"]);
    within("the stop", home.docker.stop(ONE)).await.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
    assert_eq!(home.volumes(), ["duotab-lifeserv-default"]);
    assert!(!is_healthy(&endpoint).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_outlives_the_app_and_is_taken_over_by_its_labels_alone() {
    let Some(mut home) = Home::new("life-adopted") else {
        return;
    };
    let endpoint = home.start(1).await.unwrap();
    home.restart();
    let found = home.docker.find().await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].session, ONE);
    assert!(found[0].healthy && !found[0].suspended);
    let adopted = within("taking over", home.docker.adopt(ONE)).await.unwrap();
    let same = endpoint.without_login();
    assert_eq!(adopted, same, "the same address, user and password");
    home.docker.stop(ONE).await.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_sleeps_is_found_asleep_and_serves_when_it_is_woken() {
    let Some(mut home) = Home::new("life-asleep") else {
        return;
    };
    home.start(1).await.unwrap();
    home.docker.suspend(ONE).await.unwrap();
    home.docker.suspend(ONE).await.unwrap();
    if home.can_pause() {
        assert_eq!(home.containers("{{.State}}"), ["paused"]);
    } else {
        assert_eq!(home.run("ls /tmp/duotab-asleep").len(), 1);
    }
    home.restart();
    let found = home.docker.find().await;
    assert!(found.len() == 1 && found[0].healthy && found[0].suspended);
    let endpoint = within("waking", home.docker.resume(ONE)).await.unwrap();
    assert!(is_healthy(&endpoint).await);
    home.docker.suspend(ONE).await.unwrap();
    within("the stop", home.docker.stop(ONE)).await.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_is_put_to_sleep_and_woken_whatever_is_just_beginning_in_it() {
    let Some(home) = Home::new("life-begins") else {
        return;
    };
    let Cdp::Tunnel(tunnel) = home.start(1).await.unwrap().cdp else {
        panic!("a way without a tunnel");
    };
    for _ in 0..6 {
        // The engine answers before it has begun the processes, one after the other.
        let dials = std::iter::repeat_with(|| tunnel.dial()).take(6);
        let reached = within("some processes", join_all(dials)).await;
        within("the sleep", home.docker.suspend(ONE)).await.unwrap();
        within("waking", home.docker.resume(ONE)).await.unwrap();
        drop(reached);
    }
    within("the stop", home.docker.stop(ONE)).await.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_install_runs_is_left_alone() {
    let (Some(home), Some(other)) = (Home::new("life-own"), Home::new("other-own")) else {
        return;
    };
    let endpoint = other.start(1).await.unwrap();
    assert_eq!(home.docker.find().await, []);
    home.docker.stop(ONE).await.unwrap();
    assert!(matches!(
        home.docker.resume(ONE).await,
        Err(EngineError::Gone)
    ));
    assert!(is_healthy(&endpoint).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_half_started_or_is_dead_is_removed_at_the_first_look() {
    let Some(mut home) = Home::new("life-dead") else {
        return;
    };
    home.start(1).await.unwrap();
    home.restart();
    let container = home.container();
    home.order(&["kill", &container]);
    assert_eq!(home.docker.find().await, []);
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
    let adopted = home.docker.adopt(ONE).await;
    assert!(matches!(adopted, Err(StartError::Failed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_life_asked_for_is_removed_when_it_comes_after_the_first_look() {
    let Some(home) = Home::new("life-late") else {
        return;
    };
    assert_eq!(home.docker.find().await, []);
    home.start(1).await.unwrap();
    let install = format!("--label=io.duotab.install={}", home.with.install);
    let session = "--label=io.duotab.session=7";
    home.order(&["create", &install, session, &home.with.image]);
    let gone = async {
        while home.containers("{{.ID}}").len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    within("its removal", gone).await;
    home.docker.stop(ONE).await.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_kept_from_one_engine_to_the_next_and_belongs_to_the_browser() {
    let Some(home) = Home::new("life-profile") else {
        return;
    };
    let profile = "/home/neko/.config/chromium";
    home.start(1).await.unwrap();
    home.run_beside_page(&format!(
        "echo kept >{profile}/mark; ln -s gone-1 {profile}/SingletonX"
    ));
    // A browser that is killed leaves its locks.
    home.order(&["kill", &home.container()]);
    home.docker.stop(ONE).await.unwrap();
    home.start(2).await.unwrap();
    assert_eq!(home.run(&format!("cat {profile}/mark")), ["kept"]);
    // What is in it may be the image's, which Podman copies with its modes; the folder keeps it.
    let owners = home.run_beside_page(&format!("stat -c %u:%g {profile} {profile}/Default"));
    assert_eq!(owners, ["1000:1000", "1000:1000"]);
    let mode = home.run_beside_page(&format!("stat -c %a {profile}"));
    assert_eq!(mode, ["700"]);
    home.docker.stop(SessionId(2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_never_in_two_engines() {
    let Some(home) = Home::new("life-twice") else {
        return;
    };
    home.start(1).await.unwrap();
    let second = home.start(2).await;
    assert!(matches!(
        second,
        Err(StartError::Failed {
            failure: StartFailure::ProfileInUse,
            ..
        })
    ));
    assert_eq!(home.containers("{{.ID}}").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_given_up_leaves_nothing_at_any_moment() {
    let Some(home) = Home::new("life-cancel") else {
        return;
    };
    home.start(9).await.unwrap();
    home.docker.stop(SessionId(9)).await.unwrap();
    for (session, millis) in [1_u64, 30, 120, 300, 600, 1000].into_iter().enumerate() {
        let cancel = CancellationToken::new();
        let later = cancel.clone();
        let given_up = tokio::spawn(async move {
            let at = tokio::time::Instant::now() + std::time::Duration::from_millis(millis);
            tokio::time::sleep_until(at).await;
            later.cancel();
        });
        let session = u32::try_from(session).unwrap();
        let starting = home.docker.start(spec(session), cancel, &|_| {});
        let started = within("giving up", starting).await;
        given_up.await.unwrap();
        if started.is_ok() {
            home.docker.stop(SessionId(session)).await.unwrap();
        } else {
            assert_eq!(started, Err(StartError::Cancelled));
        }
        assert_eq!(home.containers("{{.ID}}"), [""; 0], "after {millis} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_cuts_a_start_short() {
    let Some(home) = Home::new("life-short") else {
        return;
    };
    let starting = home
        .docker
        .start(spec(1), CancellationToken::new(), &|_| {});
    let (started, stopped) = tokio::join!(starting, async {
        tokio::task::yield_now().await;
        home.docker.stop(ONE).await
    });
    assert_eq!(started, Err(StartError::Cancelled));
    stopped.unwrap();
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

/// A few each time; `DUOTAB_TEST_CYCLES` says how many for those who have the time.
const CYCLES: u32 = 8;

#[tokio::test(flavor = "multi_thread")]
async fn many_starts_and_stops_leave_no_growth() {
    let Some(home) = Home::new("life-many") else {
        return;
    };
    let cycles = std::env::var("DUOTAB_TEST_CYCLES").map_or(CYCLES, |it| it.parse().unwrap());
    let held = || {
        let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
        (count("/proc/self/fd"), count("/proc/self/task"))
    };
    let networks = || home.engine.docker(&["network", "ls", "--quiet"]).len();
    home.start(0).await.unwrap();
    home.docker.stop(SessionId(0)).await.unwrap();
    let (before, networks_before) = (held(), networks());
    let (mut starts, mut stops) = (Vec::new(), Vec::new());
    for session in 1..=cycles {
        let began = std::time::Instant::now();
        home.start(session).await.unwrap();
        starts.push(began.elapsed());
        home.docker.stop(SessionId(session)).await.unwrap();
        stops.push(began.elapsed() - starts[starts.len() - 1]);
    }
    let after = held();
    let middle = |mut all: Vec<std::time::Duration>| {
        all.sort();
        all[all.len() / 2]
    };
    eprintln!(
        "measured: {cycles} cycles, descriptors and threads {before:?} before and {after:?} after, \
         start {:?}, stop {:?}",
        middle(starts),
        middle(stops)
    );
    assert!(after.0 <= before.0 + 4, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 2, "{before:?} {after:?}");
    assert_eq!(networks(), networks_before);
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
    assert_eq!(home.volumes().len(), 1);
}
