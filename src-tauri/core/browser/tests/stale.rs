//! Data that a move, or a machine that is lost, leaves behind.

use super::world::{host, worker};
use super::*;
use crate::fault::{EngineFault, Stall};
use crate::message::{Notice, TabId};
use crate::node::{EngineHealth, Node};
use crate::profile::{ProfileCommand, ProfileFault, WorkEnd};
use crate::worker::{Worker, WorkerAddress, WorkerFacts, WorkerRecord};

fn name() -> ProfileName {
    ProfileName("default".into())
}

fn record(bench: &Bench) -> ProfileRecord {
    bench.world.profiles[&name()].clone()
}

fn see(bench: &mut Bench, node: Node) {
    bench.tell(Event::NodeSeen(node, Some(WorkerFacts::default())));
    bench.settle();
}

fn away(number: u32) -> Node {
    let socket = String::new();
    Node {
        engine: EngineHealth::Away(EngineFault::Silent { socket }),
        ..worker(number, 16_000)
    }
}

fn node_of(bench: &Bench, tab: TabId) -> Option<NodeId> {
    let view = bench.browser.view();
    let tab = view.tabs.into_iter().find(|it| it.id == tab)?;
    Some(tab.stream?.node?.id)
}

fn places(bench: &Bench) -> Vec<NodeId> {
    bench.world.places[&name()].iter().cloned().collect()
}

/// A tab that is live on this machine, with workers that answer.
fn live(numbers: &[u32]) -> (Bench, TabId) {
    let of = |number: &u32| WorkerRecord {
        worker: Worker {
            id: NodeId::worker(*number),
            name: format!("attic {number}"),
            address: WorkerAddress::read(&format!("attic{number}"), "").unwrap(),
        },
        in_use: true,
    };
    let saved = Saved {
        workers: numbers.iter().map(of).collect(),
        ..Saved::default()
    };
    let mut bench = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    for number in numbers {
        see(&mut bench, worker(*number, 16_000));
    }
    let tab = bench.stream();
    (bench, tab)
}

fn run_on(bench: &mut Bench, tab: TabId, node: NodeId) {
    bench.command(Command::SetMode(tab, Mode::Streamed, Some(node)));
    bench.settle();
}

#[test]
fn what_a_move_may_have_begun_is_noted_before_and_dropped_when_it_has_come_to_nothing() {
    let (mut bench, tab) = live(&[1]);
    let detail = "the cable".to_owned();
    let fault = ProfileFault::Failed { detail };
    bench.world.move_end = Some(WorkEnd::Failed(fault));
    run_on(&mut bench, tab, NodeId::worker(1));
    let log = &bench.world.log;
    let noted = log.iter().position(
        |action| matches!(action, Action::SaveProfile(it) if it.stale == [NodeId::worker(1)]),
    );
    let begun = log
        .iter()
        .position(|action| matches!(action, Action::WorkOnProfile(..)));
    assert!(noted.is_some() && noted < begun);
    let dropped = Action::DropCopy(name(), NodeId::worker(1));
    assert!(log.contains(&dropped));
    assert_eq!(
        (record(&bench).stale, places(&bench)),
        (vec![], vec![NodeId::host()])
    );
}

#[test]
fn what_cannot_be_dropped_now_is_when_its_machine_is_seen_again_even_by_the_next_life_of_the_app() {
    let (mut bench, tab) = live(&[1, 2]);
    run_on(&mut bench, tab, NodeId::worker(1));
    see(&mut bench, away(1));
    // Its engine answers no more, but the tab had its data moved just before.
    bench
        .world
        .places
        .entry(name())
        .or_default()
        .insert(NodeId::worker(1));
    see(&mut bench, worker(1, 16_000));
    run_on(&mut bench, tab, NodeId::worker(2));
    assert_eq!(places(&bench), [NodeId::host(), NodeId::worker(2)]);

    let stale = ProfileRecord {
        home: Some(NodeId::host()),
        stale: vec![NodeId::worker(1)],
        ..ProfileRecord::first(name())
    };
    let saved = Saved {
        profiles: vec![stale],
        workers: vec![WorkerRecord {
            worker: Worker {
                id: NodeId::worker(1),
                name: "attic".into(),
                address: WorkerAddress::read("attic", "").unwrap(),
            },
            in_use: true,
        }],
        ..Saved::default()
    };
    let mut bench = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    bench.settle();
    let dropped = Action::DropCopy(name(), NodeId::worker(1));
    assert!(!bench.world.log.contains(&dropped), "nobody can be asked");
    bench.tell(Event::NodeSeen(
        worker(1, 16_000),
        Some(WorkerFacts::default()),
    ));
    assert!(bench.world.log.contains(&dropped));
    // It fails, and is tried again when it is seen the next time, not before.
    bench.world.answers.clear();
    bench.tell(Event::CopyDropped(name(), NodeId::worker(1), false));
    bench.tell(Event::Deadline);
    let times = |bench: &Bench| bench.world.log.iter().filter(|it| **it == dropped).count();
    assert_eq!(times(&bench), 1);
    see(&mut bench, worker(1, 16_000));
    assert_eq!(times(&bench), 2);
    assert_eq!(record(&bench).stale, []);
}

#[test]
fn no_data_come_to_where_older_ones_are_still_on_their_way_out() {
    let (mut bench, tab) = live(&[1]);
    run_on(&mut bench, tab, NodeId::worker(1));
    run_on(&mut bench, tab, NodeId::host());
    assert_eq!(places(&bench), [NodeId::host()]);
    // The same with an engine that takes its time.
    run_on(&mut bench, tab, NodeId::worker(1));
    bench.command(Command::SetMode(tab, Mode::Streamed, Some(NodeId::host())));
    let is_drop = |event: &Event| matches!(event, Event::CopyDropped(..));
    while !bench.world.answers.iter().any(is_drop) {
        let answer = bench.world.answers.remove(0);
        bench.tell(answer);
    }
    let at = bench.world.answers.iter().position(is_drop).unwrap();
    let late = bench.world.answers.remove(at);
    bench.settle();
    bench.world.log.clear();
    run_on(&mut bench, tab, NodeId::worker(1));
    let moves = |action: &Action| matches!(action, Action::WorkOnProfile(..));
    assert!(!bench.world.log.iter().any(moves), "it waits");
    bench.tell(late);
    bench.settle();
    assert!(bench.world.log.iter().any(moves));
    assert_eq!(node_of(&bench, tab), Some(NodeId::worker(1)));
}

/// A tab that went on here without the worker that has newer data, which is back.
fn left_behind() -> (Bench, TabId) {
    let (mut bench, tab) = live(&[1]);
    run_on(&mut bench, tab, NodeId::worker(1));
    let session = bench.browser.tab(tab).and_then(Tab::session).unwrap();
    let socket = String::new();
    let fault = EngineFault::Silent { socket };
    see(&mut bench, away(1));
    bench.tell(Event::EngineStalled(session, Stall::EngineAway { fault }));
    let offered = |bench: &Bench| bench.browser.view().tabs[0].elsewhere;
    assert!(!offered(&bench), "it may be back at any moment");
    let at = bench.browser.deadline().unwrap();
    bench.now = Millis(at.0.max(bench.now.0 + 30_000));
    bench.tell(Event::Deadline);
    assert!(offered(&bench));
    // What still runs there is found when the machine is back.
    bench.world.engines.remove(&session);
    bench.command(Command::RunElsewhere(tab, None));
    bench.settle();
    assert_eq!(node_of(&bench, tab), Some(NodeId::host()));
    assert_eq!(record(&bench).left, Some(NodeId::worker(1)));
    assert_eq!(bench.browser.view().notices, []);
    see(&mut bench, worker(1, 16_000));
    let notices = bench.browser.view().notices;
    assert!(
        matches!(&notices[..], [Notice::LeftBehind { node, .. }] if node == "attic 1"),
        "{notices:?}"
    );
    (bench, tab)
}

fn take_back(bench: &mut Bench, back: bool) {
    let name = name();
    bench.command(Command::Profile(ProfileCommand::TakeBack { name, back }));
    bench.settle();
}

#[test]
fn newer_data_of_a_machine_that_is_back_are_mentioned_and_can_be_used_again() {
    let (mut bench, tab) = left_behind();
    let address = bench.browser.view().tabs[0].address.clone();
    assert!(!address.is_empty());
    take_back(&mut bench, true);
    assert_eq!(bench.browser.view().tabs[0].address, address);
    assert_eq!(bench.browser.view().notices, []);
    assert_eq!(node_of(&bench, tab), Some(NodeId::worker(1)));
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    let record = record(&bench);
    assert_eq!((record.home, record.left), (Some(NodeId::worker(1)), None));
    assert_eq!(record.copy, Some(NodeId::host()), "what came since is kept");
}

#[test]
fn newer_data_that_nobody_wants_go() {
    let (mut bench, tab) = left_behind();
    take_back(&mut bench, false);
    assert_eq!(bench.browser.view().notices, []);
    assert_eq!(node_of(&bench, tab), Some(NodeId::host()));
    let record = record(&bench);
    assert_eq!((record.left, record.stale), (None, vec![]));
    assert_eq!(places(&bench), [NodeId::host()]);
}
