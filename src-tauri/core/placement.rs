//! Placement: which node runs a new streamed session.
//!
//! An explicit node if it is capable, else an error, never another one; without a choice this
//! host if it is capable, else the best worker: GPU first, then most free memory (in steps, and among
//! those that have about as much the fullest that has enough), then the nearest, then name.

mod roster;

pub use roster::{ASIDE_MS, FRESH_MS, Holder, Roster, Seen};

use crate::node::{EngineHealth, Lack, Node, NodeKind, NodeName};

/// Architectures that a Chromium and a Neko image exist for.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

/// What a node must have in total. Memory in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Memory in total.
    pub total_memory_mib: u64,
    /// Logical cores.
    pub cores: u32,
}

/// What is asked of nodes. Memory in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The floor for this host.
    pub host: Floor,
    /// The floor for a worker.
    pub worker: Floor,
    /// What one session reserves.
    pub session_memory_mib: u64,
}

impl Default for Demand {
    fn default() -> Self {
        Self {
            host: Floor {
                total_memory_mib: 6144,
                cores: 1,
            },
            worker: Floor {
                total_memory_mib: 4096,
                cores: 4,
            },
            session_memory_mib: 2048,
        }
    }
}

/// What keeps a node from ever taking a session as it is now, whatever runs there.
#[must_use]
pub fn flaws(node: &Node, demand: &Demand) -> Vec<Lack> {
    let floor = match node.kind {
        NodeKind::Host => demand.host,
        NodeKind::Worker => demand.worker,
    };
    let mut flaws = Vec::new();
    match &node.engine {
        EngineHealth::Healthy => {}
        EngineHealth::Unhealthy(detail) => flaws.push(Lack::Engine {
            detail: detail.clone(),
        }),
        EngineHealth::Away(fault) => flaws.push(Lack::EngineAway {
            fault: fault.clone(),
        }),
    }
    // Nobody could say more of it.
    if !flaws.is_empty() && node.total_memory_mib == 0 {
        return flaws;
    }
    if !ARCHITECTURES.contains(&node.arch.as_str()) {
        flaws.push(Lack::Architecture {
            has: node.arch.clone(),
        });
    }
    if node.total_memory_mib < floor.total_memory_mib {
        flaws.push(Lack::TotalMemory {
            has: node.total_memory_mib,
            needs: floor.total_memory_mib,
        });
    }
    if node.cores < floor.cores {
        flaws.push(Lack::Cores {
            has: node.cores,
            needs: floor.cores,
        });
    }
    flaws
}

/// The node as the person knows it.
#[must_use]
pub fn name_of(node: &Node) -> NodeName {
    NodeName {
        id: node.id.clone(),
        name: node.name.clone(),
        kind: node.kind,
    }
}
