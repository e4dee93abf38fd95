//! A tab moves to another machine, with all of its profile, or stays where it was.

use super::world::{host, worker};
use super::*;
use crate::message::{Notice, TabId};
use crate::profile::{ProfileFault, WorkEnd};

fn fleet() -> Bench {
    Bench::new(vec![host(16_000), worker(1, 16_000), worker(2, 16_000)])
}

fn node_of(bench: &Bench, tab: TabId) -> Option<String> {
    let view = bench.browser.view();
    let tab = view.tabs.into_iter().find(|it| it.id == tab)?;
    Some(tab.stream?.node?.id.0)
}

fn record(bench: &Bench) -> ProfileRecord {
    let name = ProfileName("default".into());
    bench.world.profiles.get(&name).unwrap().clone()
}

fn run_on(bench: &mut Bench, tab: TabId, node: NodeId) -> RequestId {
    bench.command(Command::SetMode(tab, Mode::Streamed, Some(node)))
}

/// A live tab on the host, and another one of its profile.
fn two_live() -> (Bench, TabId, TabId) {
    let mut bench = fleet();
    let first = bench.stream();
    bench.command(Command::OpenTab {
        input: Some("http://localhost/b".into()),
        mode: Some(Mode::Streamed),
        background: false,
    });
    bench.settle();
    let second = bench.browser.tabs[1].id;
    assert_eq!(bench.stage(second), Some(Stage::Live));
    assert_eq!(record(&bench).home, Some(NodeId::host()));
    (bench, first, second)
}

#[test]
fn a_live_tab_moves_with_all_of_its_profile_and_opens_the_same_pages() {
    let (mut bench, first, second) = two_live();
    bench.world.log.clear();
    let asked = run_on(&mut bench, first, NodeId::worker(1));
    assert_eq!(bench.world.replies.get(&asked), Some(&Ok(())));
    bench.settle();
    for (tab, url) in [
        (first, "http://localhost/a"),
        (second, "http://localhost/b"),
    ] {
        assert_eq!(node_of(&bench, tab).as_deref(), Some("w1"));
        assert_eq!(bench.stage(tab), Some(Stage::Live));
        let opened = |action: &Action| matches!(action, Action::Streamed(_, t, PageAction::Open { url: u, .. }) if *t == tab && u == url);
        assert!(bench.world.log.iter().any(opened), "{url}");
    }
    assert_eq!(bench.world.engines.len(), 1);
    let record = record(&bench);
    assert_eq!(record.home, Some(NodeId::worker(1)));
    assert_eq!(record.copy, Some(NodeId::host()), "the older copy is kept");
    // And home again.
    run_on(&mut bench, second, NodeId::host());
    bench.settle();
    assert_eq!(node_of(&bench, first).as_deref(), Some("host"));
    let name = ProfileName("default".into());
    let places = &bench.world.places[&name];
    assert_eq!(places.iter().collect::<Vec<_>>(), [&NodeId::host()]);
}

#[test]
fn the_way_of_the_data_is_shown_on_the_tab() {
    let (mut bench, first, _) = two_live();
    run_on(&mut bench, first, NodeId::worker(1));
    let stopped = bench.world.answers.remove(0);
    bench.tell(stopped);
    let name = ProfileName("default".into());
    bench.tell(Event::ProfileProgress(name, 3, 10));
    let stream = bench.browser.view().tabs[0].stream.clone().unwrap();
    let moving = stream.moving.unwrap();
    assert_eq!(
        (moving.to.id.0.as_str(), moving.done, moving.total),
        ("w1", 3, 10)
    );
}

#[test]
fn data_that_cannot_be_moved_leave_the_tabs_where_they_were() {
    let (mut bench, first, second) = two_live();
    let fault = ProfileFault::DiskFull {
        path: None,
        needs: 2,
        has: 1,
    };
    bench.world.move_end = Some(WorkEnd::Failed(fault.clone()));
    run_on(&mut bench, first, NodeId::worker(1));
    bench.settle();
    for tab in [first, second] {
        assert_eq!(node_of(&bench, tab).as_deref(), Some("host"));
        assert_eq!(bench.stage(tab), Some(Stage::Live));
    }
    let notices = bench.browser.view().notices;
    assert!(
        matches!(&notices[..], [Notice::NotMoved { to, fault: Some(it), .. }] if to == "worker 1" && *it == fault)
    );
    assert_eq!(record(&bench).home, Some(NodeId::host()));
}

#[test]
fn a_browser_that_does_not_start_over_there_sends_the_tabs_back() {
    let (mut bench, first, second) = two_live();
    bench.world.broken.insert(NodeId::worker(1));
    run_on(&mut bench, first, NodeId::worker(1));
    bench.settle();
    for tab in [first, second] {
        assert_eq!(node_of(&bench, tab).as_deref(), Some("host"));
        assert_eq!(bench.stage(tab), Some(Stage::Live));
    }
    let notices = bench.browser.view().notices;
    assert!(matches!(
        &notices[..],
        [Notice::NotMoved { fault: None, .. }]
    ));
    assert_eq!(record(&bench).home, Some(NodeId::host()));
}

#[test]
fn a_machine_without_room_is_refused_and_the_tab_is_untouched() {
    let (mut bench, first, _) = two_live();
    bench.nodes = vec![host(16_000), worker(1, 3_000)];
    bench.tell(Event::NodesSeen(bench.nodes.clone()));
    bench.world.log.clear();
    let asked = run_on(&mut bench, first, NodeId::worker(1));
    let refused = bench.world.replies.get(&asked);
    assert!(matches!(refused, Some(Err(Problem::NoCapableNode { .. }))));
    assert_eq!(bench.stage(first), Some(Stage::Live));
    assert!(
        !bench
            .world
            .log
            .iter()
            .any(|it| matches!(it, Action::StopEngine(..)))
    );
}

#[test]
fn a_profile_whose_home_has_no_room_takes_its_data_along() {
    let (mut bench, first, second) = two_live();
    for tab in [first, second] {
        bench.command(Command::SetMode(tab, Mode::Proxy, None));
    }
    bench.settle();
    bench.tell(Event::Deadline);
    bench.now.0 += 20 * 60_000;
    bench.tell(Event::Deadline);
    bench.settle();
    assert!(bench.world.engines.is_empty());
    bench.nodes = vec![host(3_000), worker(1, 16_000)];
    bench.command(Command::SetMode(first, Mode::Streamed, None));
    bench.settle();
    assert_eq!(node_of(&bench, first).as_deref(), Some("w1"));
    assert_eq!(record(&bench).home, Some(NodeId::worker(1)));
    // From now on it is at home there, though this machine has room again.
    bench.nodes = vec![host(16_000), worker(1, 16_000)];
    bench.command(Command::SetMode(second, Mode::Streamed, None));
    bench.settle();
    assert_eq!(node_of(&bench, second).as_deref(), Some("w1"));
}

#[test]
fn data_that_nobody_waits_for_any_more_are_not_moved_on() {
    let (mut bench, first, second) = two_live();
    run_on(&mut bench, first, NodeId::worker(1));
    let stopped = bench.world.answers.remove(0);
    bench.tell(stopped);
    bench.command(Command::CancelStream(first));
    bench.command(Command::CancelStream(second));
    let name = ProfileName("default".into());
    let given_up = |action: &Action| *action == Action::CancelProfileWork(name.clone());
    assert!(bench.world.log.iter().any(given_up));
}

#[test]
fn a_private_tab_moves_without_any_data() {
    let mut bench = fleet();
    let private = ProfileName("private".into());
    bench.command(Command::OpenTabOf(private));
    let tab = bench.browser.active.unwrap();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    run_on(&mut bench, tab, NodeId::worker(1));
    bench.settle();
    run_on(&mut bench, tab, NodeId::worker(2));
    bench.settle();
    assert_eq!(node_of(&bench, tab).as_deref(), Some("w2"));
    assert_eq!(bench.world.engines.len(), 1);
    assert!(
        !bench
            .world
            .log
            .iter()
            .any(|it| matches!(it, Action::WorkOnProfile(..)))
    );
}
