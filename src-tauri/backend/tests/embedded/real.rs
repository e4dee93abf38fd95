//! koneko itself with a real Chromium, where both are there.

use duotab_core::message::{SessionId, StartFailure};

use crate::home::{Home, cpu_ticks, end, failure, kill, serves, start};

#[tokio::test]
async fn koneko_starts_sleeps_wakes_and_stops_without_a_trace() {
    let Some(home) = Home::with_koneko() else {
        return;
    };
    let (app, mut ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    assert!(serves(&endpoint));
    let awake = home.processes().len();
    assert!(awake >= 3, "koneko, Xvfb, Chromium: {:?}", home.processes());

    app.suspend(SessionId(1)).await.unwrap();
    assert!(app.find().await[0].suspended);
    // Measured, not waited for: asleep, nothing uses the processor for half a second.
    let before = cpu_ticks(&home);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let used = cpu_ticks(&home) - before;
    assert!(used <= 2, "{used} ticks");
    app.resume(SessionId(1)).await.unwrap();
    assert!(!app.find().await[0].suspended);

    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
    assert!(!serves(&endpoint));
    assert!(ended.try_recv().is_err());
    assert!(home.with.profiles_dir.join("default").is_dir());
}

#[tokio::test]
async fn koneko_outlives_the_app_is_adopted_and_leaves_nothing_when_it_is_killed() {
    let Some(home) = Home::with_koneko() else {
        return;
    };
    let (app, ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    drop((app, ended));

    let (app, mut ended) = home.app();
    let found = app.find().await;
    assert_eq!(found.len(), 1);
    assert!(found[0].healthy && !found[0].suspended, "{found:?}");
    assert_eq!(app.adopt(SessionId(1)).await.unwrap(), endpoint);
    kill(home.pid(1));
    assert_eq!(end(&mut ended).await.session, SessionId(1));
    home.assert_nothing_left();
}

#[tokio::test]
async fn koneko_killed_asleep_leaves_nothing() {
    let Some(home) = Home::with_koneko() else {
        return;
    };
    let (app, mut ended) = home.app();
    start(&app, 1).await.unwrap();
    app.suspend(SessionId(1)).await.unwrap();
    kill(home.pid(1));
    assert_eq!(end(&mut ended).await.session, SessionId(1));
    home.assert_nothing_left();
}

#[tokio::test]
async fn koneko_stopped_asleep_leaves_nothing() {
    let Some(home) = Home::with_koneko() else {
        return;
    };
    let (app, _ended) = home.app();
    start(&app, 1).await.unwrap();
    app.suspend(SessionId(1)).await.unwrap();
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn koneko_locks_its_profile_for_as_long_as_it_lives() {
    let Some(home) = Home::with_koneko() else {
        return;
    };
    let (app, ended) = home.app();
    start(&app, 1).await.unwrap();
    drop((app, ended));
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 2).await.0, StartFailure::ProfileInUse);
    app.stop(SessionId(1)).await.unwrap();
    start(&app, 2).await.unwrap();
    app.stop(SessionId(2)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn koneko_without_a_browser_or_an_x_server_says_so() {
    let Some(mut home) = Home::with_koneko() else {
        return;
    };
    home.only_programs(&["setsid", "unshare", "bwrap"]);
    home.with.browser = Some("/nowhere/chromium".into());
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 1).await.0, StartFailure::BrowserMissing);
    home.assert_nothing_left();
    home.with.browser = Some("/usr/bin/chromium".into());
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 1).await.0, StartFailure::DisplayServerMissing);
    home.assert_nothing_left();
}
