//! Beside an engine that answers some questions and not others.

use std::sync::atomic::{AtomicUsize, Ordering};

use duotab_core::message::SessionId;
use tokio::sync::watch;

use super::*;
use crate::runtime::docker::Docker;
use crate::runtime::docker::stand_in::{FORBIDDEN, StandIn};

/// One that forbids its events, and its list of containers for as long as it is told to.
struct Gate {
    engine: StandIn,
    lets_list: watch::Sender<bool>,
    lists: watch::Sender<usize>,
    events: Arc<AtomicUsize>,
}

impl Gate {
    fn start() -> Self {
        let (lets_list, lists) = (watch::Sender::new(false), watch::Sender::new(0));
        let events = Arc::new(AtomicUsize::new(0));
        let (lets, listed, asked) = (lets_list.subscribe(), lists.clone(), Arc::clone(&events));
        let engine = StandIn::start(move |_, path| {
            if path.contains("/events") {
                asked.fetch_add(1, Ordering::Relaxed);
            } else if path.contains("/containers/json") {
                listed.send_modify(|it| *it += 1);
                if *lets.borrow() {
                    return (200, "[]");
                }
            }
            FORBIDDEN
        });
        Self {
            engine,
            lets_list,
            lists,
            events,
        }
    }

    fn docker(&self) -> Docker {
        self.engine.docker()
    }

    async fn until_lists(&self, count: usize) {
        let mut lists = self.lists.subscribe();
        let listed = lists.wait_for(|it| *it >= count);
        let listed = tokio::time::timeout(Duration::from_secs(20), listed).await;
        assert!(listed.is_ok(), "{count} looks");
    }
}

#[tokio::test]
async fn an_engine_whose_events_are_forbidden_is_asked_for_them_now_and_then() {
    let gate = Gate::start();
    gate.lets_list.send_replace(true);
    let docker = gate.docker();
    docker.health().await.unwrap();
    // Looked at all the same, in place of its events.
    gate.until_lists(1).await;
    gate.until_lists(2).await;
    let asked = gate.events.load(Ordering::Relaxed);
    assert!(asked < 20, "{asked} times in a few seconds");
}

#[tokio::test]
async fn what_could_not_be_stopped_is_not_forgotten_while_nothing_can_be_seen() {
    let gate = Gate::start();
    let docker = gate.docker();
    docker.inner.known.abandon(SessionId(7));
    docker.health().await.unwrap();
    gate.until_lists(2).await;
    assert!(docker.inner.known.abandoned().contains(&SessionId(7)));
    let seen = *gate.lists.borrow();
    gate.lets_list.send_replace(true);
    // A look is let go of when the events end before it.
    for more in 1..8 {
        gate.until_lists(seen + more).await;
        if docker.inner.known.abandoned().is_empty() {
            return;
        }
    }
    panic!("not settled");
}
