//! A node's place in the order.

use std::cmp::Reverse;

use crate::node::NodeId;

/// Class, the step of free memory, how much exactly in MiB, round trip in milliseconds, name, id.
///
/// Steps double. On one step the fullest that has enough comes first: what is left stays in one piece.
pub(super) type Rank = (u8, Reverse<u32>, u64, u32, String, NodeId);

/// What is about as much as nothing, in MiB: a session of the app and as much again.
const LEAST_STEP_MIB: u64 = 4_096;

/// Which step so much free memory is on.
pub(super) fn step(free_mib: u64) -> u32 {
    let times = (free_mib / LEAST_STEP_MIB).checked_ilog2();
    times.map_or(0, |times| times + 1)
}

/// Where a class's nodes with so much memory on a step begin.
pub(super) fn from(class: u8, step: u32, memory_mib: u64) -> Rank {
    let nobody = NodeId(String::new());
    (class, Reverse(step), memory_mib, 0, String::new(), nobody)
}
