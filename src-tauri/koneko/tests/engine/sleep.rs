//! Suspend and resume.

use crate::cdp::Cdp;
use crate::engine::{Engine, LIMIT};
use std::time::Duration;

/// Processes that do not sleep: koneko, and a keeper where there is one.
const AWAKE: usize = 2;

/// What two processes that only wait may use of a second.
const NOTHING: Duration = Duration::from_millis(5);

/// Processor time that all threads of these processes have had. The clock ticks of `stat` are too
/// coarse: a moment's work can be the last bit of one.
fn used(pids: &[u32]) -> Duration {
    let threads = |pid: &u32| std::fs::read_dir(format!("/proc/{pid}/task"));
    let nanoseconds = pids
        .iter()
        .flat_map(threads)
        .flatten()
        .flatten()
        .map(|thread| {
            let ran = std::fs::read_to_string(thread.path().join("schedstat")).unwrap();
            let first = ran.split(' ').next().unwrap();
            first.parse::<u64>().unwrap()
        })
        .sum();
    Duration::from_nanos(nanoseconds)
}

/// Waits until what was told to stop has: a thread does so when it has its turn.
async fn until_stopped(pids: &[u32]) {
    let states = |pid: &u32| {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
        threads
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|thread| {
                let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
                stat.rsplit_once(')')?.1.trim_start().chars().next()
            })
    };
    let looking = async {
        let runs = |pid: &&u32| states(pid).any(|it| it != 'T' && it != 'Z');
        while pids.iter().filter(runs).count() > AWAKE {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, looking).await.expect("stopped");
}

#[tokio::test]
async fn asleep_it_uses_no_cpu_and_awake_it_goes_on() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let mut cdp = Cdp::connect(&engine, &token).await;
    cdp.attach().await;
    cdp.show("<div id=a></div>").await;
    cdp.evaluate("window.n = 0; setInterval(() => a.textContent = n++, 5); 1")
        .await;
    assert_eq!(engine.post(&token, "/api/koneko/suspend").await, 204);
    let all = engine.tree();
    until_stopped(&all).await;
    let before = used(&all);
    // The measure is over time: nothing is waited for.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = used(&all) - before;
    assert!(used < NOTHING, "{used:?}");
    assert_eq!(engine.tree(), all);
    assert_eq!(engine.post(&token, "/api/koneko/resume").await, 204);
    let more = "new Promise(done => { const was = n; \
                const look = () => n > was ? done(true) : setTimeout(look, 5); look() })";
    assert_eq!(cdp.evaluate(more).await, true);
}

#[tokio::test]
async fn asleep_it_can_still_be_told_to_end() {
    let mut engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    assert_eq!(engine.post(&token, "/api/koneko/suspend").await, 204);
    assert_eq!(engine.post(&token, "/api/koneko/shutdown").await, 204);
    assert_eq!(engine.ended().await, Some(0));
}
