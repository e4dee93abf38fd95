//! A worker that manages a Swarm: its nodes are places for sessions, and it is none.

use super::machines::{ask, away, node_of, problem_of, saved, see, small, streamed};
use super::world::{host, worker};
use super::*;
use crate::fault::EngineFault;
use crate::message::TabId;
use crate::node::{EngineHealth, Lack, Node};
use crate::worker::{WorkerCommand, WorkerFacts};

fn member(node: &str, name: &str, total_memory_mib: u64) -> Node {
    Node {
        id: NodeId::member(&NodeId::worker(1), node),
        name: name.into(),
        ..worker(1, total_memory_mib)
    }
}

fn see_fleet(bench: &mut Bench, nodes: &[Node]) {
    let nodes = nodes.iter().cloned();
    let nodes = nodes.map(|node| (node, WorkerFacts::default())).collect();
    bench.tell(Event::FleetSeen(NodeId::worker(1), nodes));
    // The machine itself would have more room than any of them.
    see(bench, worker(1, 64_000));
}

fn fleet() -> Vec<Node> {
    vec![member("a", "shed", 16_000), member("b", "loft", 8_000)]
}

#[test]
fn a_manager_s_nodes_are_places_for_sessions_and_it_is_none() {
    let mut bench = small(&[1]);
    see_fleet(&mut bench, &fleet());
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1/a"));
    let known = bench.browser.view().machines.known;
    let names: Vec<&str> = known.iter().map(|it| it.node.name.as_str()).collect();
    assert_eq!(names, ["this machine", "attic 1", "loft", "shed"]);
    assert_eq!(
        (known[1].members, &known[1].lacks),
        (2, &vec![Lack::InSwarm])
    );
    assert_eq!(known[1].sessions, 1, "those of its nodes");
    for node in &known[2..] {
        let manager = node.manager.as_ref().map(|it| it.name.as_str());
        assert_eq!((manager, node.address.clone()), (Some("attic 1"), None));
    }
    assert_eq!((known[2].sessions, known[3].sessions), (0, 1));

    // It has left its Swarm: it is a place itself.
    see_fleet(&mut bench, &[]);
    let known = bench.browser.view().machines.known;
    assert_eq!((known.len(), known[1].members), (2, 0));
    assert_eq!(known[1].lacks, []);
}

#[test]
fn nodes_of_the_same_name_are_told_apart() {
    let mut bench = small(&[1]);
    see_fleet(
        &mut bench,
        &[member("abcdef", "pi", 8_000), member("bcdefg", "pi", 8_000)],
    );
    let known = bench.browser.view().machines.known;
    let nodes = known.iter().filter(|it| it.manager.is_some());
    let names: Vec<&str> = nodes.map(|it| it.node.name.as_str()).collect();
    assert_eq!(names, ["pi (abcd)", "pi (bcde)"]);
}

#[test]
fn what_a_swarm_has_no_room_for_goes_to_the_next_best_node_and_then_nowhere() {
    let mut bench = small(&[1]);
    see_fleet(&mut bench, &fleet());
    bench.world.full.insert(fleet()[0].id.clone());
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1/b"));
    let shed = bench.browser.view().machines.known[3].clone();
    assert_eq!(shed.aside, None, "nothing is wrong with it");

    let mut bench = small(&[1]);
    see_fleet(&mut bench, &fleet());
    bench.world.full.extend(fleet().into_iter().map(|it| it.id));
    let tab = streamed(&mut bench);
    let Some(Problem::NoCapableNode { nodes }) = problem_of(&bench, tab) else {
        panic!("{:?}", problem_of(&bench, tab));
    };
    let refused = nodes.iter().find(|it| it.node.name == "loft").unwrap();
    assert!(matches!(&refused.lacks[..], [Lack::Refused { .. }]));
    assert!(nodes.iter().all(|it| it.node.name != "attic 1"));
}

#[test]
fn ten_starts_at_once_never_promise_more_than_the_nodes_have() {
    let mut bench = small(&[1]);
    see_fleet(&mut bench, &fleet());
    for number in 0..10 {
        let title = format!("profile {number}");
        let colour = crate::profile::Colour::Blue;
        let create = crate::profile::ProfileCommand::Create { title, colour };
        bench.command(Command::Profile(create));
        bench.command(Command::OpenTabOf(ProfileName::numbered(number + 1)));
        let tab = bench.browser.active.unwrap();
        bench.command(Command::Navigate(tab, "http://localhost/a".into()));
        bench.command(Command::SetMode(tab, Mode::Streamed, None));
    }
    bench.settle();
    let on = |id: &str| bench.browser.sessions_on(&NodeId(id.into())).len();
    // 9/10 of the memory is available, and a session takes 2 GiB.
    assert_eq!((on("w1/a"), on("w1/b"), on("w1")), (7, 3, 10));
}

#[test]
fn a_manager_that_is_away_can_say_nothing_of_its_nodes() {
    let mut bench = small(&[1]);
    see_fleet(&mut bench, &fleet());
    see(&mut bench, away(1));
    let known = bench.browser.view().machines.known;
    for node in &known[2..] {
        assert!(
            matches!(&node.lacks[0], Lack::EngineAway { .. }),
            "{node:?}"
        );
        assert!(node.facts.is_some(), "what was known of it still is");
    }
}

#[test]
fn a_node_that_is_down_is_shown_and_not_chosen() {
    let mut bench = small(&[1]);
    let host = "shed".to_owned();
    let fault = EngineFault::NodeDown { host };
    let mut nodes = fleet();
    nodes[0].engine = EngineHealth::Away(fault.clone());
    see_fleet(&mut bench, &nodes);
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1/b"));
    let shed = bench.browser.view().machines.known[3].clone();
    assert_eq!(shed.lacks, [Lack::EngineAway { fault }]);
}

/// A profile's data and its session are on a node of a Swarm that was not heard of yet.
fn left_on_a_node() -> (Bench, TabId) {
    let node = fleet()[0].id.clone();
    let saved = Saved {
        tabs: vec![TabRecord {
            id: TabId(1),
            profile: ProfileName("default".into()),
            position: 1,
            mode: Mode::Streamed,
            history: vec![crate::event::HistoryEntry {
                url: "http://localhost/a".into(),
                title: String::new(),
            }],
            index: 0,
            unasked: false,
            zoom: 100,
            active: true,
        }],
        profiles: vec![ProfileRecord {
            home: Some(node.clone()),
            ..ProfileRecord::first(ProfileName("default".into()))
        }],
        sessions: vec![SessionRecord {
            id: SessionId(7),
            profile: ProfileName("default".into()),
            node: node.clone(),
            state: SavedState::Live,
        }],
        ..saved(&[1])
    };
    let mut bench = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    bench.world.rows.insert(SessionId(7), SavedState::Live);
    let name = ProfileName("default".into());
    let places = bench.world.places.entry(name.clone()).or_default();
    places.insert(node);
    bench.world.engines.insert(SessionId(7));
    bench.world.data.insert(SessionId(7), name);
    bench.settle();
    (bench, TabId(1))
}

#[test]
fn what_runs_on_a_node_is_waited_for_and_adopted_when_its_swarm_is_heard_of() {
    let (mut bench, tab) = left_on_a_node();
    assert!(bench.world.rows.contains_key(&SessionId(7)));
    assert_eq!(problem_of(&bench, tab), None, "it is waited for");
    see_fleet(&mut bench, &fleet());
    bench.world.answers.clear();
    let found = FoundEngine {
        session: SessionId(7),
        node: fleet()[0].id.clone(),
        healthy: true,
        suspended: false,
    };
    bench.tell(Event::EnginesFound(NodeId::worker(1), Some(vec![found])));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    let session = bench.browser.tab(tab).and_then(Tab::session);
    assert_eq!(session, Some(SessionId(7)));
    let view = bench.browser.view().tabs[0].stream.clone().unwrap();
    assert_eq!(view.node.unwrap().name, "shed");
}

#[test]
fn a_manager_is_removed_when_what_is_on_its_nodes_has_come_home() {
    let mut bench = small(&[1]);
    see_fleet(&mut bench, &fleet());
    let tab = streamed(&mut bench);
    let id = NodeId::worker(1);
    let remove = |anyway| WorkerCommand::Remove {
        id: NodeId::worker(1),
        anyway,
    };
    assert!(matches!(
        ask(&mut bench, remove(false)),
        Err(Problem::MachineInUse { sessions: 1, .. })
    ));
    bench.nodes = vec![host(16_000)];
    assert_eq!(ask(&mut bench, remove(true)), Ok(()));
    bench.settle();
    assert_eq!(node_of(&bench, tab).as_deref(), Some("host"));
    assert!(bench.world.log.contains(&Action::DeleteWorker(id)));
    assert_eq!(bench.browser.view().machines.known.len(), 1);
}

#[test]
fn a_worker_that_is_a_node_of_a_swarm_in_use_is_a_place_by_that_alone() {
    let mut bench = small(&[1, 2]);
    let shed = |swarm_node: Option<&str>| {
        let facts = WorkerFacts {
            swarm_node: swarm_node.map(str::to_owned),
            ..WorkerFacts::default()
        };
        Event::NodeSeen(worker(2, 64_000), Some(facts))
    };
    bench.tell(shed(Some("a")));
    see_fleet(&mut bench, &fleet());
    let lacks = |bench: &Bench| {
        let known = bench.browser.view().machines.known;
        let shed = known.into_iter().find(|it| it.node.id.0 == "w2");
        shed.unwrap().lacks
    };
    assert_eq!(lacks(&bench), [Lack::InSwarm]);
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1/a"));
    // It has left it.
    bench.tell(shed(None));
    assert_eq!(lacks(&bench), []);
}
