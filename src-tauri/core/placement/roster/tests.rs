use super::*;
use crate::fault::StartFailure;
use proptest::prelude::*;

const NEED: u64 = 2_048;

fn host(total: u64, available: u64) -> Node {
    Node {
        id: NodeId::host(),
        name: "this machine".into(),
        kind: NodeKind::Host,
        arch: "aarch64".into(),
        cores: 4,
        total_memory_mib: total,
        available_memory_mib: available,
        gpu: false,
        engine: EngineHealth::Healthy,
    }
}

fn worker(id: &str, total: u64) -> Node {
    Node {
        id: NodeId(id.into()),
        name: id.into(),
        kind: NodeKind::Worker,
        ..host(total, total)
    }
}

fn away(mut node: Node) -> Node {
    node.engine = EngineHealth::Unhealthy("down".into());
    node
}

fn near(round_trip_ms: u32) -> Option<WorkerFacts> {
    Some(WorkerFacts {
        round_trip_ms,
        ..WorkerFacts::default()
    })
}

fn roster(nodes: impl IntoIterator<Item = Node>) -> Roster {
    let mut roster = Roster::new(Demand::default());
    for node in nodes {
        roster.see(node, None);
    }
    roster
}

fn session(number: u32) -> Holder {
    Holder::Session(SessionId(number))
}

fn chosen(roster: &Roster) -> Option<String> {
    roster.place(NEED, None, None).ok().map(|node| node.id.0)
}

fn failed() -> Setback {
    Setback::Failed {
        failure: StartFailure::TimedOut,
    }
}

#[test]
fn a_16_gb_host_without_workers_serves_itself() {
    assert_eq!(
        chosen(&roster([host(15_900, 14_000)])).as_deref(),
        Some("host")
    );
}

#[test]
fn a_4_gb_host_without_workers_refuses_and_says_what_it_lacks() {
    let roster = roster([host(3_900, 3_000)]);
    let Err(Problem::NoCapableNode { nodes }) = roster.place(NEED, None, None) else {
        panic!("a 4 GB host must refuse");
    };
    let lack = Lack::TotalMemory {
        has: 3_900,
        needs: 6_144,
    };
    assert_eq!(nodes[0].lacks, [lack]);
}

#[test]
fn a_promise_counts_until_a_look_has_seen_that_it_was_taken() {
    let mut roster = roster([host(16_000, 5_000)]);
    let free = |roster: &Roster| roster.free_memory_mib(&NodeId::host());
    roster.hold(session(1), &NodeId::host(), NEED, None);
    assert_eq!(free(&roster), 2_952);
    roster.pass(Millis(1_000));
    roster.hold(session(1), &NodeId::host(), NEED, Some(Millis(1_000)));
    assert_eq!(free(&roster), 2_952, "not seen since");
    roster.pass(Millis(1_001));
    roster.see(host(16_000, 3_000), None);
    assert_eq!(free(&roster), 3_000);
    roster.release(&session(1));
    assert_eq!(free(&roster), 3_000);
}

#[test]
fn a_gpu_comes_first_then_room_then_nearness_then_the_name() {
    let mut roster = roster([host(3_900, 3_000)]);
    let order = ["g", "big", "near", "a", "b"];
    let gpu = Node {
        gpu: true,
        ..worker("g", 6_000)
    };
    roster.see(gpu, near(90));
    roster.see(worker("big", 32_000), near(50));
    roster.see(worker("near", 16_000), near(1));
    roster.see(worker("b", 16_000), near(5));
    roster.see(worker("a", 16_000), near(5));
    for expected in order {
        assert_eq!(chosen(&roster).as_deref(), Some(expected));
        roster.forget(&NodeId(expected.into()));
    }
}

#[test]
fn a_worker_that_was_not_seen_lately_is_passed_over_and_named() {
    let mut roster = roster([host(3_900, 3_000), worker("w1", 16_000)]);
    assert_eq!(chosen(&roster).as_deref(), Some("w1"));
    roster.pass(Millis(FRESH_MS));
    assert_eq!(chosen(&roster), None);
    assert_eq!(
        roster.lacks(&NodeId("w1".into()), NEED),
        [Lack::NotSeen],
        "asked for by name it is as old"
    );
    roster.see(worker("w1", 16_000), None);
    assert_eq!(chosen(&roster).as_deref(), Some("w1"));
}

#[test]
fn a_worker_that_goes_away_keeps_what_was_known_of_it() {
    let mut roster = roster([]);
    roster.see(worker("w1", 16_000), near(3));
    roster.pass(Millis(500));
    let nothing = Node {
        cores: 0,
        arch: String::new(),
        ..away(worker("w1", 0))
    };
    roster.see(nothing, None);
    let id = NodeId("w1".into());
    let seen = roster.seen(&id).unwrap();
    assert_eq!((seen.node.cores, seen.at), (4, Millis(0)));
    assert_eq!(seen.facts, near(3));
    let detail = "down".to_owned();
    assert_eq!(roster.lacks(&id, NEED), [Lack::Engine { detail }]);
    assert!(!roster.answers(&id) && roster.heard_since(&id, Millis(500)));
}

#[test]
fn a_node_that_failed_is_passed_over_for_a_while_unless_it_is_the_last() {
    let mut roster = roster([worker("big", 32_000), worker("small", 16_000)]);
    let big = NodeId("big".into());
    roster.set_aside(&big, failed());
    assert_eq!(chosen(&roster).as_deref(), Some("small"));
    assert_eq!(roster.aside(&big), Some(&failed()));
    let by_name = roster.place(NEED, Some(&big), None);
    assert_eq!(by_name.map(|node| node.id), Ok(big.clone()));

    let small = NodeId("small".into());
    let last = roster.place(NEED, None, Some(&small));
    assert_eq!(last.map(|node| node.id), Ok(big.clone()));

    roster.pass(Millis(ASIDE_MS));
    roster.see(worker("big", 32_000), None);
    assert_eq!(chosen(&roster).as_deref(), Some("big"));
    roster.set_aside(&big, failed());
    roster.forgive(&big);
    assert_eq!(chosen(&roster).as_deref(), Some("big"));
}

#[test]
fn a_refusal_says_why_the_one_that_just_failed_is_no_choice() {
    let mut roster = roster([worker("w1", 16_000)]);
    let id = NodeId("w1".into());
    roster.set_aside(&id, failed());
    let Err(Problem::NoCapableNode { nodes }) = roster.place(NEED, None, Some(&id)) else {
        panic!("there is no other");
    };
    let setback = failed();
    assert_eq!(nodes[0].lacks, [Lack::SetAside { setback }]);
}

fn node_strategy() -> impl Strategy<Value = Node> {
    (
        0_u8..8,
        prop_oneof![Just("x86_64"), Just("aarch64"), Just("arm")],
        1_u32..9,
        (0_u64..20_000, 0_u64..20_000),
        any::<bool>(),
        prop::bool::weighted(0.9),
    )
        .prop_map(|(n, arch, cores, (total, available), gpu, healthy)| {
            let mut node = match n {
                0 => host(total, available.min(total)),
                n => Node {
                    available_memory_mib: available.min(total),
                    ..worker(&format!("w{n}"), total)
                },
            };
            node.arch = arch.into();
            (node.cores, node.gpu) = (cores, gpu);
            if healthy { node } else { away(node) }
        })
}

fn nodes_strategy() -> impl Strategy<Value = Vec<Node>> {
    prop::collection::vec(node_strategy(), 0..8)
}

/// One thing that happens to a roster.
#[derive(Clone, Debug)]
enum Turn {
    See(Node, u32),
    Hold(u32, u8, Option<u64>),
    Release(u32),
    Aside(u8),
    Forgive(u8),
    Forget(u8),
    Pass(u64),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => (node_strategy(), 0_u32..50).prop_map(|(node, ms)| Turn::See(node, ms)),
        4 => (0_u32..12, 0_u8..8, prop::option::of(0_u64..400_000))
            .prop_map(|(who, node, taken)| Turn::Hold(who, node, taken)),
        2 => (0_u32..12).prop_map(Turn::Release),
        1 => (0_u8..8).prop_map(Turn::Aside),
        1 => (0_u8..8).prop_map(Turn::Forgive),
        1 => (0_u8..8).prop_map(Turn::Forget),
        2 => (0_u64..90_000).prop_map(Turn::Pass),
    ]
}

fn id(n: u8) -> NodeId {
    match n {
        0 => NodeId::host(),
        n => NodeId(format!("w{n}")),
    }
}

fn take(roster: &mut Roster, turn: Turn) {
    match turn {
        Turn::See(node, ms) => roster.see(node, near(ms)),
        Turn::Hold(who, node, taken) => {
            roster.hold(session(who), &id(node), NEED, taken.map(Millis));
        }
        Turn::Release(who) => roster.release(&session(who)),
        Turn::Aside(node) => roster.set_aside(&id(node), failed()),
        Turn::Forgive(node) => roster.forgive(&id(node)),
        Turn::Forget(node) => roster.forget(&id(node)),
        Turn::Pass(ms) => {
            let now = Millis(roster.now.0 + ms);
            roster.pass(now);
        }
    }
}

/// Looks at every node, as the order would have it if there were none.
fn by_looking_at_all(roster: &Roster, but: Option<&NodeId>) -> Option<NodeId> {
    let capable = |aside: bool| {
        let of = roster.entries.values().filter(move |entry| {
            let id = &entry.name.id;
            roster.aside(id).is_some() == aside
                && Some(id) != but
                && roster.lacks(id, NEED).is_empty()
        });
        of.filter_map(|entry| entry.seen.as_ref())
            .map(|seen| roster.rank_of(seen))
            .min()
    };
    capable(false).or_else(|| capable(true)).map(|rank| rank.5)
}

proptest! {
    #[test]
    fn the_order_chooses_what_a_look_at_every_node_would(
        turns in prop::collection::vec(turn(), 0..60),
        but in prop::option::of(0_u8..8),
    ) {
        let but = but.map(id);
        let mut roster = Roster::new(Demand::default());
        for turn in turns {
            take(&mut roster, turn);
            let placed = roster.place(NEED, None, but.as_ref()).ok().map(|node| node.id);
            prop_assert_eq!(placed, by_looking_at_all(&roster, but.as_ref()));
        }
    }

    #[test]
    fn an_incapable_node_is_never_chosen(nodes in nodes_strategy(), choice in prop::option::of(0_u8..8)) {
        let roster = roster(nodes);
        let choice = choice.map(id);
        match roster.place(NEED, choice.as_ref(), None) {
            Ok(node) => prop_assert_eq!(roster.lacks(&node.id, NEED), vec![]),
            Err(_) => for node in roster.names().filter(|n| choice.as_ref().is_none_or(|c| *c == n.id)) {
                prop_assert!(!roster.lacks(&node.id, NEED).is_empty());
            },
        }
    }

    #[test]
    fn an_explicit_choice_is_never_replaced(nodes in nodes_strategy(), name in 0_u8..8) {
        if let Ok(node) = roster(nodes).place(NEED, Some(&id(name)), None) {
            prop_assert_eq!(node.id, id(name));
        }
    }

    #[test]
    fn no_node_is_ever_over_committed(nodes in nodes_strategy(), arrivals in 1_u32..40) {
        let mut roster = roster(nodes);
        let before: Vec<(NodeId, u64)> = roster
            .entries
            .values()
            .filter_map(|entry| entry.seen.as_ref())
            .map(|seen| (seen.node.id.clone(), seen.node.available_memory_mib))
            .collect();
        for arrival in 0..arrivals {
            let Ok(node) = roster.place(NEED, None, None) else { break };
            // Some are in use at once, and no look has told yet.
            let taken = (arrival % 2 == 0).then_some(Millis(1));
            roster.hold(session(arrival), &node.id, NEED, taken);
        }
        for (node, available) in before {
            let held = roster.holders.get(&node).map_or(0, BTreeSet::len);
            prop_assert!(u64::try_from(held).unwrap() * NEED <= available);
        }
    }

    #[test]
    fn a_capable_host_comes_before_every_worker(nodes in nodes_strategy()) {
        let roster = roster(nodes);
        if roster.lacks(&NodeId::host(), NEED).is_empty() {
            prop_assert_eq!(chosen(&roster), Some("host".to_owned()));
        }
    }
}
