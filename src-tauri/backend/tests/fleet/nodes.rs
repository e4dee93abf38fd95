//! What is told of the nodes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use duotab_backend::runtime::EngineNews;
use duotab_core::fault::EngineFault;
use duotab_core::node::{EngineHealth, NodeId, NodeKind};
use duotab_core::worker::Worker;

use crate::home::{Home, MEMORY_MIB, within};

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_brings_its_nodes_with_what_each_has_and_what_is_promised_there() {
    let Some(mut home) = Home::new("swarm-seen") else {
        return;
    };
    let seen = home.next_fleet().await;
    let mut nodes: Vec<_> = seen.iter().map(|(node, _)| node.clone()).collect();
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["node1", "node2", "node3"]);
    let memory: Vec<u64> = nodes.iter().map(|node| node.total_memory_mib).collect();
    assert_eq!(memory, [4096, 6144, 3072]);
    assert_eq!(nodes[2].cores, 1, "it has a core less");
    assert!(nodes[0].cores > 1 && nodes[1].gpu && !nodes[0].gpu);
    for (number, node) in (1..).zip(&nodes) {
        assert_eq!(node.id, home.fleet.node(number));
        assert_eq!(
            (node.kind, &node.engine),
            (NodeKind::Worker, &EngineHealth::Healthy)
        );
        assert_eq!(node.arch, std::env::consts::ARCH);
        assert_eq!(node.available_memory_mib, node.total_memory_mib);
    }
    let facts = seen.iter().find(|(node, _)| node.name == "node3");
    let facts = &facts.unwrap().1;
    assert!(facts.engine.starts_with("Docker 2"), "{facts:?}");
    for label in ["place=loft", "floor=second"] {
        assert!(facts.labels.contains(&label.to_owned()), "{facts:?}");
    }
    home.start(1, 2).await.unwrap();
    home.runtime.look_at_workers().await;
    let promised = async {
        loop {
            let seen = home.next_fleet().await;
            let node = seen.iter().find(|(node, _)| node.name == "node2");
            if node.unwrap().0.available_memory_mib == 6144 - MEMORY_MIB {
                return;
            }
        }
    };
    within("what a session has promised", promised).await;
    home.stop(1, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_workers_that_manage_the_same_swarm_one_brings_its_nodes() {
    let Some(mut home) = Home::new("swarm-twice") else {
        return;
    };
    let twin = Worker {
        id: NodeId("gallery".to_owned()),
        ..home.fleet.worker()
    };
    home.runtime.use_workers(vec![home.fleet.worker(), twin]);
    let mut counts = BTreeMap::new();
    let both = async {
        while counts.len() < 2 {
            if let Some(EngineNews::FleetSeen(worker, nodes)) = home.news.recv().await {
                counts.insert(worker, nodes.len());
            }
        }
    };
    within("both", both).await;
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_cut_off_is_told_to_be_down_and_to_be_back() {
    let Some(mut home) = Home::new("swarm-down") else {
        return;
    };
    assert_eq!(home.next_fleet().await.len(), 3);
    let cut = home.fleet.cut(3);
    let (began, host) = (Instant::now(), "node3".to_owned());
    let down = EngineHealth::Away(EngineFault::NodeDown { host });
    let mut glance = tokio::time::interval(Duration::from_secs(1));
    let mut until = async |home: &mut Home, health: &EngineHealth| {
        loop {
            glance.tick().await;
            home.runtime.look_at_workers().await;
            let seen = home.next_fleet().await;
            if seen
                .iter()
                .any(|(node, _)| node.name == "node3" && node.engine == *health)
            {
                return;
            }
        }
    };
    within("the node's end", until(&mut home, &down)).await;
    eprintln!("told to be down after {:?}", began.elapsed());
    drop(cut);
    let began = Instant::now();
    within(
        "the node's return",
        until(&mut home, &EngineHealth::Healthy),
    )
    .await;
    eprintln!("told to be back after {:?}", began.elapsed());
}
