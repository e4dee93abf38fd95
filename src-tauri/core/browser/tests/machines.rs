//! Workers: taken, given back, seen, lost, and tried one after the other.

use super::world::{host, worker};
use super::*;
use crate::fault::EngineFault;
use crate::message::TabId;
use crate::node::{EngineHealth, Lack, Node, Setback};
use crate::worker::{WorkerAddress, WorkerCheck, WorkerCommand, WorkerFacts, WorkerRecord};

pub(super) fn saved(numbers: &[u32]) -> Saved {
    let record = |number: &u32| WorkerRecord {
        worker: crate::worker::Worker {
            id: NodeId::worker(*number),
            name: format!("attic {number}"),
            address: WorkerAddress::read(&format!("attic{number}"), "").unwrap(),
        },
        in_use: true,
    };
    Saved {
        workers: numbers.iter().map(record).collect(),
        ..Saved::default()
    }
}

/// A host that is too small, and these workers.
pub(super) fn small(numbers: &[u32]) -> Bench {
    Bench::of(Settings::default(), saved(numbers), vec![host(3_900)])
}

pub(super) fn see(bench: &mut Bench, node: Node) {
    bench.tell(Event::NodeSeen(node, Some(WorkerFacts::default())));
}

pub(super) fn away(number: u32) -> Node {
    let socket = String::new();
    Node {
        engine: EngineHealth::Away(EngineFault::Silent { socket }),
        total_memory_mib: 0,
        ..worker(number, 0)
    }
}

pub(super) fn node_of(bench: &Bench, tab: TabId) -> Option<String> {
    let view = bench.browser.view();
    let tab = view.tabs.into_iter().find(|it| it.id == tab)?;
    Some(tab.stream?.node?.id.0)
}

pub(super) fn problem_of(bench: &Bench, tab: TabId) -> Option<Problem> {
    bench.browser.tab(tab).and_then(|tab| tab.problem.clone())
}

pub(super) fn ask(bench: &mut Bench, command: WorkerCommand) -> Result<(), Problem> {
    let request = bench.command(Command::Worker(command));
    bench.world.replies[&request].clone()
}

fn add(bench: &mut Bench, address: &str) -> Result<(), Problem> {
    let command = WorkerCommand::Add {
        name: String::new(),
        address: address.into(),
        certificates: String::new(),
    };
    ask(bench, command)
}

pub(super) fn streamed(bench: &mut Bench) -> TabId {
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    tab
}

#[test]
fn a_machine_that_is_added_is_saved_used_and_checked_under_an_id_of_its_own() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.settle();
    assert_eq!(add(&mut bench, "me@attic"), Ok(()));
    let view = bench.browser.view().machines;
    let attic = &view.known[1];
    assert_eq!(
        (attic.node.id.0.as_str(), attic.node.name.as_str()),
        ("w1", "attic")
    );
    assert!(attic.in_use && attic.checking);
    assert_eq!(attic.lacks, [Lack::NotSeen]);
    let node = "attic".to_owned();
    assert_eq!(
        add(&mut bench, "me@attic"),
        Err(Problem::MachineKnown { node })
    );
    assert!(matches!(
        add(&mut bench, "-oX"),
        Err(Problem::BadMachine { .. })
    ));

    let id = NodeId::worker(1);
    let check = WorkerCheck::Answers {
        facts: WorkerFacts::default(),
        cores: 4,
        total_memory_mib: 8_000,
        ways: None,
    };
    bench.tell(Event::WorkerChecked(id.clone(), check.clone()));
    let attic = bench.browser.view().machines.known[1].clone();
    assert_eq!((attic.checking, attic.checked), (false, Some(check)));

    let remove = WorkerCommand::Remove { id, anyway: false };
    assert_eq!(ask(&mut bench, remove), Ok(()));
    assert_eq!(bench.browser.view().machines.known.len(), 1);
    assert_eq!(add(&mut bench, "me@attic"), Ok(()));
    assert_eq!(bench.browser.view().machines.known[1].node.id.0, "w2");
}

#[test]
fn a_small_host_places_on_a_worker_as_soon_as_it_is_seen() {
    let mut bench = small(&[1]);
    let tab = streamed(&mut bench);
    assert_eq!(
        (bench.stage(tab), problem_of(&bench, tab)),
        (Some(Stage::Placing), None)
    );
    see(&mut bench, worker(1, 16_000));
    bench.settle();
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1"));
    assert_eq!(bench.stage(tab), Some(Stage::Live));
}

#[test]
fn a_worker_that_never_answers_is_waited_for_a_moment_and_then_named() {
    let mut bench = small(&[1]);
    let tab = streamed(&mut bench);
    let until = bench.browser.deadline().unwrap();
    bench.now = until;
    bench.tell(Event::Deadline);
    let Some(Problem::NoCapableNode { nodes }) = problem_of(&bench, tab) else {
        panic!("nobody can serve it");
    };
    assert_eq!(nodes[1].lacks, [Lack::NotSeen]);
    assert_eq!(nodes[1].node.name, "attic 1");
}

#[test]
fn the_host_does_not_wait_for_a_dead_worker() {
    let mut bench = Bench::of(Settings::default(), saved(&[1]), vec![host(16_000)]);
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("host"));
    assert_eq!(bench.stage(tab), Some(Stage::Live));
}

#[test]
fn a_start_that_fails_is_tried_once_on_the_next_best_machine() {
    let mut bench = small(&[1, 2, 3]);
    for (number, memory) in [(1, 32_000), (2, 16_000), (3, 8_000)] {
        see(&mut bench, worker(number, memory));
        bench.world.broken.insert(NodeId::worker(number));
    }
    bench.world.broken.remove(&NodeId::worker(2));
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w2"));
    let first = &bench.browser.view().machines.known[1];
    assert!(matches!(first.aside, Some(Setback::Failed { .. })));

    // With the second one broken too, that is the end, and what is said is what happened there.
    let mut bench = small(&[1, 2, 3]);
    for (number, memory) in [(1, 32_000), (2, 16_000), (3, 8_000)] {
        see(&mut bench, worker(number, memory));
        bench.world.broken.insert(NodeId::worker(number));
    }
    let tab = streamed(&mut bench);
    assert!(
        matches!(problem_of(&bench, tab), Some(Problem::StartFailed { node, .. }) if node == "attic 2")
    );
}

#[test]
fn a_profile_that_another_copy_has_says_nothing_against_the_machine_and_can_be_taken() {
    let mut bench = small(&[1, 2]);
    see(&mut bench, worker(1, 32_000));
    see(&mut bench, worker(2, 16_000));
    bench.world.taken = Some("den".into());
    let tab = streamed(&mut bench);
    let Some(Problem::StartFailed { node, failure, .. }) = problem_of(&bench, tab) else {
        panic!("no other machine could do better");
    };
    let by = "den".to_owned();
    assert_eq!(
        (node.as_str(), failure),
        ("attic 1", StartFailure::ProfileTaken { by })
    );
    let known = bench.browser.view().machines.known;
    assert!(known.iter().all(|machine| machine.aside.is_none()));
    bench.command(Command::TakeProfile(tab));
    bench.settle();
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1"));
    assert_eq!(bench.stage(tab), Some(Stage::Live));
}

#[test]
fn a_machine_that_was_chosen_is_never_replaced_by_another() {
    let mut bench = small(&[1, 2]);
    see(&mut bench, worker(1, 16_000));
    see(&mut bench, worker(2, 16_000));
    bench.world.broken.insert(NodeId::worker(1));
    let tab = bench.first();
    let choice = Some(NodeId::worker(1));
    bench.command(Command::SetMode(tab, Mode::Streamed, choice));
    bench.settle();
    assert!(
        matches!(problem_of(&bench, tab), Some(Problem::StartFailed { node, .. }) if node == "attic 1")
    );
}

#[test]
fn ten_starts_at_once_never_promise_more_than_there_is() {
    let mut bench = small(&[1, 2]);
    see(&mut bench, worker(1, 8_000));
    see(&mut bench, worker(2, 6_000));
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
    let on = |id: &str| {
        let all = bench.browser.sessions.values();
        all.filter(|session| session.node.id.0 == id).count()
    };
    // 9/10 of the memory is available, and a session takes 2 GiB.
    assert_eq!((on("w1"), on("w2")), (3, 2));
}

fn left_on_worker(engine_runs: bool) -> (Bench, TabId, TabId) {
    let tab = |number: u32, profile: &str| TabRecord {
        id: TabId(number),
        profile: ProfileName(profile.into()),
        position: number,
        mode: Mode::Streamed,
        history: vec![crate::event::HistoryEntry {
            url: "http://localhost/a".into(),
            title: String::new(),
        }],
        index: 0,
        unasked: false,
        zoom: 100,
        active: number == 1,
    };
    let profile = |name: &str| ProfileRecord {
        home: Some(NodeId::worker(1)).filter(|_| name == "p1"),
        ..ProfileRecord::first(ProfileName(name.into()))
    };
    let saved = Saved {
        tabs: vec![tab(1, "p1"), tab(2, "default")],
        profiles: vec![profile("default"), profile("p1")],
        sessions: vec![SessionRecord {
            id: SessionId(7),
            profile: ProfileName("p1".into()),
            node: NodeId::worker(1),
            state: SavedState::Live,
        }],
        ..saved(&[1])
    };
    let mut bench = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    bench.world.rows.insert(SessionId(7), SavedState::Live);
    let name = ProfileName("p1".into());
    bench
        .world
        .places
        .entry(name.clone())
        .or_default()
        .insert(NodeId::worker(1));
    if engine_runs {
        bench.world.engines.insert(SessionId(7));
        bench.world.data.insert(SessionId(7), name);
    }
    bench.settle();
    (bench, TabId(1), TabId(2))
}

fn found(session: u32) -> FoundEngine {
    FoundEngine {
        session: SessionId(session),
        node: NodeId::worker(1),
        healthy: true,
        suspended: false,
    }
}

#[test]
fn a_session_on_a_worker_that_cannot_be_asked_yet_is_kept_and_adopted_when_it_is_back() {
    let (mut bench, there, here) = left_on_worker(true);
    assert!(
        bench.world.rows.contains_key(&SessionId(7)),
        "not forgotten"
    );
    // Another profile's tab does not wait for it.
    bench.command(Command::SelectTab(here));
    bench.settle();
    assert_eq!(bench.stage(here), Some(Stage::Live));
    // The one whose data are there does not start without them.
    let until = bench.now.0 + 60_000;
    bench.now.0 = until;
    bench.tell(Event::Deadline);
    assert!(matches!(
        problem_of(&bench, there),
        Some(Problem::ProfileAway { copy: false, .. })
    ));
    see(&mut bench, away(1));
    see(&mut bench, worker(1, 16_000));
    let asked = Action::FindEngines(NodeId::worker(1));
    assert_eq!(bench.world.log.iter().filter(|it| **it == asked).count(), 1);
    bench.world.answers.clear();
    bench.tell(Event::EnginesFound(NodeId::worker(1), Some(vec![found(7)])));
    bench.settle();
    assert_eq!(bench.stage(there), Some(Stage::Live));
    let session = bench.browser.tab(there).and_then(Tab::session);
    assert_eq!(session, Some(SessionId(7)));
}

#[test]
fn a_session_that_is_gone_when_its_worker_is_back_is_begun_anew_there() {
    let (mut bench, there, _) = left_on_worker(false);
    see(&mut bench, worker(1, 16_000));
    bench.settle();
    assert_eq!(node_of(&bench, there).as_deref(), Some("w1"));
    assert_eq!(bench.stage(there), Some(Stage::Live));
    assert!(!bench.world.rows.contains_key(&SessionId(7)));
}

#[test]
fn a_worker_that_stays_away_can_be_left_for_another_machine() {
    let (mut bench, there, _) = left_on_worker(false);
    bench.now.0 += 60_000;
    bench.tell(Event::Deadline);
    bench.world.places.clear();
    bench.command(Command::RunElsewhere(there, None));
    bench.settle();
    assert_eq!(node_of(&bench, there).as_deref(), Some("host"));
    // What still runs over there belongs to nobody, and is ended when it is found.
    bench.world.engines.insert(SessionId(7));
    see(&mut bench, worker(1, 16_000));
    bench.world.answers.clear();
    bench.tell(Event::EnginesFound(NodeId::worker(1), Some(vec![found(7)])));
    let stop = Action::StopEngine(SessionId(7), NodeId::worker(1));
    assert!(bench.world.log.contains(&stop));
}

#[test]
fn a_machine_with_something_of_the_persons_is_removed_only_when_that_is_agreed_to() {
    let mut bench = small(&[1]);
    see(&mut bench, worker(1, 16_000));
    let tab = streamed(&mut bench);
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w1"));
    let id = NodeId::worker(1);
    for command in [
        WorkerCommand::Remove {
            id: id.clone(),
            anyway: false,
        },
        WorkerCommand::Use {
            id: id.clone(),
            on: false,
            anyway: false,
        },
    ] {
        let refused = ask(&mut bench, command);
        assert!(matches!(
            refused,
            Err(Problem::MachineInUse { sessions: 1, .. })
        ));
    }
    bench.nodes = vec![host(16_000)];
    let anyway = WorkerCommand::Remove {
        id: id.clone(),
        anyway: true,
    };
    assert_eq!(ask(&mut bench, anyway), Ok(()));
    bench.settle();
    // What was there has come home first, and the tab with it.
    assert_eq!(node_of(&bench, tab).as_deref(), Some("host"));
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert!(bench.world.log.contains(&Action::DeleteWorker(id)));
    assert_eq!(bench.browser.view().machines.known.len(), 1);
}
