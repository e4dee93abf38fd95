//! How long the choice of a machine takes in a fleet of 10 000 that is nearly full.

use std::time::Instant;

use duotab_core::event::Millis;
use duotab_core::message::SessionId;
use duotab_core::node::{EngineHealth, Node, NodeId, NodeKind};
use duotab_core::placement::{Demand, Holder, Roster};
use duotab_test_support::Outcome;

use crate::Bench;
use crate::row::{Row, percentile};

const NODES: u32 = 10_000;
const DECISIONS: u32 = 20_000;
const SESSION_MIB: u64 = 2_048;

fn node(number: u32) -> Node {
    let total = [4_096, 8_192, 16_384][number as usize % 3];
    Node {
        id: NodeId::worker(number),
        name: format!("node {number}"),
        kind: NodeKind::Worker,
        arch: "x86_64".into(),
        cores: 8,
        total_memory_mib: total,
        available_memory_mib: total - 512 - u64::from(number * 37 % 1_024),
        gpu: number.is_multiple_of(10),
        engine: EngineHealth::Healthy,
    }
}

/// Microseconds of each decision: a choice and the promise that follows it.
fn decisions() -> Vec<f64> {
    let mut roster = Roster::new(Demand::default());
    roster.pass(Millis(1));
    (1..=NODES).for_each(|number| roster.see(node(number), None));
    let mut sessions = Vec::new();
    let take = |roster: &mut Roster, sessions: &mut Vec<Holder>, number: u32| {
        let placed = roster.place(SESSION_MIB, None, None);
        if let Ok(node) = placed {
            let who = Holder::Session(SessionId(number));
            roster.hold(who.clone(), &node.id, SESSION_MIB, None);
            sessions.push(who);
            return true;
        }
        false
    };
    let mut number = 0;
    while take(&mut roster, &mut sessions, number) {
        number += 1;
    }
    (0..DECISIONS)
        .map(|turn| {
            let goes = (turn as usize * 7_919) % sessions.len();
            let gone = sessions.swap_remove(goes);
            roster.release(&gone);
            number += 1;
            let began = Instant::now();
            take(&mut roster, &mut sessions, number);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect()
}

pub(crate) fn measure(bench: &mut Bench) -> Outcome<()> {
    let samples = decisions();
    let method = "a choice and its promise among 10 000 nodes that are full but for one session";
    let rows = [("median", 50.0), ("p99", 99.0), ("worst", 100.0)];
    for (name, rank) in rows {
        let value = percentile(&samples, rank);
        let name = format!("placing, {name}");
        bench.take(Row::new(&name, "µs", value, method).goal(1_000.0))?;
    }
    Ok(())
}
