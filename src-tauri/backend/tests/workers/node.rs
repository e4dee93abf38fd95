//! What is told of the machine.

use std::time::{Duration, Instant};

use duotab_backend::runtime::EngineNews;
use duotab_core::node::{EngineHealth, Node, NodeKind};
use duotab_core::worker::{WaysCheck, WorkerCheck, WorkerFacts};

use crate::home::{Home, attic, within};

impl Home {
    async fn next_seen(&mut self) -> (Node, Option<WorkerFacts>) {
        loop {
            let news = within("news", self.news.recv()).await.expect("news");
            if let EngineNews::NodeSeen(node, facts) = news {
                return (node, facts);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_seen_at_once_and_what_runs_there_counts() {
    let Some(mut home) = Home::new("far-seen") else {
        return;
    };
    let (node, facts) = home.next_seen().await;
    let facts = facts.unwrap();
    assert_eq!((&node.id, node.kind), (&attic(), NodeKind::Worker));
    assert_eq!(node.engine, EngineHealth::Healthy);
    assert_eq!(node.arch, std::env::consts::ARCH);
    assert!(facts.engine.starts_with("Docker 2"), "{facts:?}");
    assert!(facts.image_there == Some(true) && !node.gpu);
    assert!(facts.labels.contains(&"place=attic".to_owned()));
    assert!(node.cores > 0 && node.available_memory_mib <= node.total_memory_mib);
    let before = node.available_memory_mib;
    home.start(1).await.unwrap();
    home.runtime.look_at_workers().await;
    let room = async {
        loop {
            let (node, _) = home.next_seen().await;
            if node.available_memory_mib == before - 1024 {
                return;
            }
        }
    };
    within("what a session has promised", room).await;
    home.stop(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_engine_is_killed_is_seen_away_and_back_within_seconds() {
    let Some(mut home) = Home::new("far-killed") else {
        return;
    };
    assert!(home.next_seen().await.1.is_some());
    let killed = home.far.kill();
    let began = Instant::now();
    while home.next_seen().await.1.is_some() {}
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    drop(killed);
    let began = Instant::now();
    while home.next_seen().await.1.is_none() {}
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_a_machine_has_and_which_way_does_not_lead_there() {
    let Some(home) = Home::new("far-check") else {
        return;
    };
    for address in [home.far.tls("client"), home.far.ssh("worker")] {
        let worker = home.far.worker(address);
        let check = home.runtime.check_worker(&worker).await;
        let WorkerCheck::Answers {
            facts, cores, ways, ..
        } = check
        else {
            panic!("{check:?}");
        };
        assert!(facts.image_there == Some(true) && cores > 0);
        let tried = |signalling, datagrams| WaysCheck::Tried {
            signalling,
            datagrams: Some(datagrams),
        };
        assert_eq!(ways, Some(tried(true, true)));
        let _lost = home.far.drop_datagrams();
        let check = home.runtime.check_worker(&worker).await;
        let WorkerCheck::Answers { ways, .. } = check else {
            panic!("{check:?}");
        };
        assert_eq!(
            ways,
            Some(tried(true, false)),
            "the leg that fails is named"
        );
    }
    let left = [
        "ps",
        "--all",
        "--quiet",
        "--filter",
        "label=io.duotab.check",
    ];
    assert_eq!(home.far.docker(&left), [""; 0]);
}
