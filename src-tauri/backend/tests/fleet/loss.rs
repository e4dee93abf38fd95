//! A container, a node or a manager that is lost in the middle, and comes back.

use std::time::{Duration, Instant};

use duotab_backend::runtime::{EngineNews, StartError};
use duotab_core::fault::{EndCause, EngineFault, Stall};
use duotab_core::message::{SessionId, StartFailure};

use crate::home::{Client, Home, spec, within};

const ONE: SessionId = SessionId(1);
/// Within which a loss is told.
const NOTICED: Duration = Duration::from_secs(5);

impl Home {
    /// A picture by what [`Runtime::adopt`] gives.
    ///
    /// [`Runtime::adopt`]: duotab_backend::runtime::Runtime::adopt
    async fn picture(&self, node: u8) {
        let node = self.fleet.node(node);
        let adopted = within("taking over", self.runtime.adopt(ONE, &node)).await;
        let mut client = Client::start(adopted.unwrap());
        client.frame().await;
        client.neko.close().await;
    }

    async fn stalled(&mut self) -> Stall {
        let began = Instant::now();
        let news = self.next_news().await;
        let EngineNews::Stalled(ONE, stall) = news else {
            panic!("{news:?}");
        };
        assert!(began.elapsed() < NOTICED, "{:?}", began.elapsed());
        stall
    }

    /// Waits until the session of a node that was cut off goes on. What its Swarm says of it meanwhile
    /// is told as soon as it does, in place of what was told first.
    async fn back(&mut self, meanwhile: impl Fn(&Stall) -> bool) {
        loop {
            match self.next_news().await {
                EngineNews::Back(ONE) => return,
                EngineNews::Stalled(ONE, stall) if meanwhile(&stall) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

fn is_down(stall: &Stall) -> bool {
    let Stall::EngineAway { fault } = stall else {
        return false;
    };
    matches!(fault, EngineFault::NodeDown { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_killed_is_started_anew_by_its_swarm_and_taken_up_again() {
    let Some(mut home) = Home::new("swarm-killed") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let before = home.containers(2, "{{.ID}}");
    let _ = home.fleet.docker(2, &["kill", &before[0]]);
    let began = Instant::now();
    // A manager that hears of it late knows of nothing at first.
    while home.stalled().await != Stall::Restarting {}
    assert_eq!(home.next_news().await, EngineNews::Back(ONE));
    eprintln!("it serves again after {:?}", began.elapsed());
    home.picture(2).await;
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
    home.until_empty(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_for_a_moment_is_noticed_and_goes_on_as_if_nothing_had_been() {
    let Some(mut home) = Home::new("swarm-cut") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let before = home.containers(2, "{{.ID}}");
    let cut = home.fleet.cut(2);
    assert!(matches!(home.stalled().await, Stall::EngineAway { .. }));
    drop(cut);
    home.back(is_down).await;
    home.picture(2).await;
    assert_eq!(home.containers(2, "{{.ID}}"), before, "the same one");
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_its_swarm_has_given_up_is_taken_up_again_when_it_is_back() {
    let Some(mut home) = Home::new("swarm-lost") else {
        return;
    };
    home.start(1, 3).await.unwrap();
    let before = home.containers(3, "{{.ID}}");
    let cut = home.fleet.cut(3);
    assert!(matches!(home.stalled().await, Stall::EngineAway { .. }));
    let host = "node3".to_owned();
    let down = StartFailure::EngineAway {
        fault: EngineFault::NodeDown { host },
    };
    let node = home.fleet.node(3);
    let given_up = async {
        // Whoever asks for it now is told what the Swarm knows of the node, as soon as it does.
        loop {
            match home.runtime.adopt(ONE, &node).await {
                Err(StartError::Failed { failure, .. }) if failure == down => return,
                Err(StartError::Failed {
                    failure: StartFailure::EngineAway { .. },
                    ..
                }) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    within("the end of the Swarm's patience", given_up).await;
    let refused = within("a start", home.starting(spec(2), &node)).await;
    let Err(StartError::Failed { failure, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(failure, down);
    drop(cut);
    let began = Instant::now();
    // What ran there answers for a moment more, and is ended: that is not it.
    let anew = |stall: &Stall| is_down(stall) || *stall == Stall::Restarting;
    home.back(anew).await;
    eprintln!("it serves again after {:?}", began.elapsed());
    assert_eq!(home.run(3, "neko", "echo here"), ["here"]);
    let running = home.containers(3, "{{.ID}} {{.State}}");
    let still = format!("{} running", before[0]);
    assert!(!running.contains(&still), "{running:?}");
    home.picture(3).await;
    home.stop(1, 3).await;
    assert_eq!(home.kept(), [""; 0]);
    home.until_empty(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_is_killed_holds_up_nothing_that_runs_and_starts_nothing_more() {
    let Some(mut home) = Home::new("swarm-manager") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let node = home.fleet.node(3);
    let killed = home.fleet.kill(1);
    home.picture(2).await;
    let refused = within("a start", home.starting(spec(2), &node)).await;
    let Err(StartError::Failed { failure, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        matches!(failure, StartFailure::EngineAway { .. }),
        "{failure:?}"
    );
    drop(killed);
    home.picture(2).await;
    while let Ok(news) = home.news.try_recv() {
        assert!(!matches!(news, EngineNews::Stalled(..)), "{news:?}");
    }
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_ends_and_a_service_that_is_removed_are_ends_and_leave_nothing() {
    let Some(mut home) = Home::new("swarm-ends") else {
        return;
    };
    home.start(1, 2).await.unwrap();
    let _ = home.run(2, "neko", "pkill -INT -o chromium");
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("no end");
    };
    let exited = EndCause::Exited { code: Some(0) };
    assert_eq!((ended.session, ended.cause), (ONE, exited));
    assert_eq!(home.kept(), [""; 0]);
    home.start(1, 2).await.unwrap();
    let service = home.kept().into_iter().find(|name| name.ends_with("-1"));
    let _ = home.fleet.docker(1, &["service", "rm", &service.unwrap()]);
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("no end");
    };
    assert_eq!((ended.session, ended.cause), (ONE, EndCause::Removed));
    assert_eq!(home.kept(), [""; 0]);
    home.until_empty(2).await;
}
