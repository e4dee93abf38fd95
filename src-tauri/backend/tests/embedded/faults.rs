//! Starts that fail, hang or are given up: each has its cause, and leaves nothing.

use std::time::{Duration, Instant};

use duotab_backend::runtime::{EngineError, StartError};
use duotab_core::message::{SessionId, StartFailure};
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, LIMIT, end, failure, gone, serves, spec, start};

const STEPS: [&str; 3] = ["display", "browser", "server"];

#[tokio::test]
async fn a_stub_that_exits_at_any_step_is_a_failed_start_with_its_code() {
    let mut home = Home::with_stub("exit");
    let (app, _ended) = home.app();
    assert_eq!(
        failure(&app, 1).await.0,
        StartFailure::Exited { code: Some(7) }
    );
    home.assert_nothing_left();
    for step in STEPS {
        home.play(&format!("exit at {step}"));
        let (app, _ended) = home.app();
        assert_eq!(
            failure(&app, 1).await.0,
            StartFailure::Exited { code: Some(3) },
            "{step}"
        );
        home.assert_nothing_left();
    }
}

#[tokio::test]
async fn a_stub_that_names_its_failure_is_believed() {
    for expected in [
        StartFailure::BrowserMissing,
        StartFailure::DisplayServerMissing,
        StartFailure::PortTaken,
        StartFailure::ProfileInUse,
        StartFailure::ProgramMissing {
            program: "bwrap".into(),
        },
        StartFailure::DiskFull { path: "/p".into() },
    ] {
        let home = Home::with_stub(&serde_json::to_string(&expected).unwrap());
        let (app, _ended) = home.app();
        assert_eq!(failure(&app, 1).await.0, expected);
        home.assert_nothing_left();
    }
}

#[tokio::test]
async fn a_stub_that_hangs_at_any_step_is_ended_at_the_limit() {
    for step in STEPS {
        let mut home = Home::with_stub(&format!("hang at {step}"));
        home.with.start_limit = Duration::from_millis(700);
        let (app, _ended) = home.app();
        assert_eq!(failure(&app, 1).await.0, StartFailure::TimedOut, "{step}");
        home.assert_nothing_left();
    }
}

#[tokio::test]
async fn a_stub_that_hears_no_signal_is_killed() {
    let mut home = Home::with_stub("deaf");
    home.with.start_limit = Duration::from_millis(700);
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 1).await.0, StartFailure::TimedOut);
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_stub_that_writes_garbage_is_ended_at_the_limit() {
    let mut home = Home::with_stub("garbage");
    home.with.start_limit = Duration::from_millis(700);
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 1).await.0, StartFailure::TimedOut);
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_stub_that_says_ready_and_does_not_answer_is_no_engine() {
    let home = Home::with_stub("dead port");
    let (app, _ended) = home.app();
    assert_eq!(failure(&app, 1).await.0, StartFailure::TimedOut);
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_failed_start_shows_the_last_lines_of_the_log_without_the_password() {
    let home = Home::with_stub("noisy");
    let (app, _ended) = home.app();
    let (_, log) = failure(&app, 1).await;
    let expected: Vec<String> = (80..100).map(|line| format!("line {line} of …")).collect();
    assert_eq!(log, expected);
}

#[tokio::test]
async fn a_start_cancelled_at_any_step_leaves_nothing() {
    for step in STEPS {
        let mut home = Home::with_stub(&format!("hang at {step}"));
        let steps = home.listen();
        let (app, mut ended) = home.app();
        let cancel = CancellationToken::new();
        let begun = async {
            steps.reached(step).await;
            cancel.cancel();
            Instant::now()
        };
        let (started, cancelled) = tokio::join!(app.start(spec(1), cancel.clone()), begun);
        assert_eq!(started, Err(StartError::Cancelled), "{step}");
        assert!(
            cancelled.elapsed() < Duration::from_secs(3),
            "{:?}",
            cancelled.elapsed()
        );
        home.assert_nothing_left();
        // Nobody is told of an end that was asked for.
        assert!(ended.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_start_cancelled_after_any_time_leaves_nothing() {
    for ms in (0..40).step_by(2) {
        let home = Home::with_stub("ready");
        let (app, _ended) = home.app();
        let cancel = CancellationToken::new();
        let cut = async {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            cancel.cancel();
        };
        let (started, ()) = tokio::join!(app.start(spec(1), cancel.clone()), cut);
        if started.is_ok() {
            app.stop(SessionId(1)).await.unwrap();
        } else {
            assert_eq!(started, Err(StartError::Cancelled), "{ms} ms");
        }
        home.assert_nothing_left();
    }
}

#[test]
fn a_start_dropped_after_any_time_leaves_nothing() {
    for ms in (0..40).step_by(2) {
        let home = Home::with_stub("ready");
        let runtime = Runtime::new().unwrap();
        runtime.block_on(async {
            let (app, _ended) = home.app();
            let start = app.start(spec(1), CancellationToken::new());
            if timeout(Duration::from_millis(ms), start).await.is_ok() {
                app.stop(SessionId(1)).await.unwrap();
            }
        });
        // With the runtime all ends that it was still doing, also on its threads for files.
        drop(runtime);
        Runtime::new().unwrap().block_on(async {
            for (pid, _) in home.processes() {
                gone(pid).await;
            }
        });
        home.assert_nothing_left();
    }
}

#[tokio::test]
async fn a_start_that_was_cancelled_before_it_began_makes_nothing() {
    let home = Home::with_stub("ready");
    let (app, _ended) = home.app();
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(app.start(spec(1), cancel).await, Err(StartError::Cancelled));
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_start_that_is_dropped_on_its_way_leaves_nothing() {
    let mut home = Home::with_stub("hang at server");
    let steps = home.listen();
    let (app, _ended) = home.app();
    tokio::select! {
        started = app.start(spec(1), CancellationToken::new()) => panic!("{started:?}"),
        () = steps.reached("server") => {}
    }
    // The drop kills without waiting.
    for (pid, _) in home.processes() {
        gone(pid).await;
    }
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_stop_cancels_a_start_under_way() {
    let mut home = Home::with_stub("hang at browser");
    let steps = home.listen();
    let (app, _ended) = home.app();
    let stop = async {
        steps.reached("browser").await;
        app.stop(SessionId(1)).await
    };
    let (started, stopped) = tokio::join!(app.start(spec(1), CancellationToken::new()), stop);
    assert_eq!(started, Err(StartError::Cancelled));
    stopped.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_failed_start_can_be_tried_again() {
    let mut home = Home::with_stub("exit at server");
    let (app, _ended) = home.app();
    failure(&app, 1).await;
    home.play("ready");
    let (app, _ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    assert!(serves(&endpoint));
    app.stop(SessionId(1)).await.unwrap();
    home.assert_nothing_left();
}

#[tokio::test]
async fn an_engine_killed_under_a_session_is_told_once_with_its_log_and_leaves_nothing() {
    let home = Home::with_stub("ready");
    let (app, mut ended) = home.app();
    let endpoint = start(&app, 1).await.unwrap();
    crate::home::kill(home.pid(1));
    let told = end(&mut ended).await;
    assert_eq!(told.session, SessionId(1));
    assert!(
        told.log.iter().any(|line| line == "serving"),
        "{:?}",
        told.log
    );
    home.assert_nothing_left();
    assert!(!serves(&endpoint));
    assert!(ended.try_recv().is_err());
    // What is gone can be asked for all the same.
    assert_eq!(app.suspend(SessionId(1)).await, Err(EngineError::Gone));
    assert_eq!(app.resume(SessionId(1)).await, Err(EngineError::Gone));
    assert!(app.adopt(SessionId(1)).await.is_err());
    app.stop(SessionId(1)).await.unwrap();
    assert_eq!(timeout(LIMIT, app.find()).await.unwrap(), []);
}
