//! Nodes: the machines that can run a streamed session, as facts.

use crate::fault::EngineFault;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A node's id: `host` for this machine, else the name of its engine context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(transparent)]
#[ts(type = "string")]
pub struct NodeId(pub String);

impl NodeId {
    /// This machine.
    #[must_use]
    pub fn host() -> Self {
        Self("host".to_owned())
    }
}

/// This machine or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(export)]
pub enum NodeKind {
    /// This machine.
    Host,
    /// Another machine.
    Worker,
}

/// Something that a node has too little of. Memory in MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "lack", rename_all = "snake_case")]
#[ts(export)]
pub enum Lack {
    /// Too little memory in total.
    TotalMemory {
        /// MiB it has.
        #[ts(type = "number")]
        has: u64,
        /// MiB it needs.
        #[ts(type = "number")]
        needs: u64,
    },
    /// Too little memory free after what live sessions have reserved.
    FreeMemory {
        /// MiB free.
        #[ts(type = "number")]
        has: u64,
        /// MiB needed.
        #[ts(type = "number")]
        needs: u64,
    },
    /// Too few cores.
    Cores {
        /// Cores it has.
        has: u32,
        /// Cores it needs.
        needs: u32,
    },
    /// No browser exists for its architecture.
    Architecture {
        /// Its architecture.
        has: String,
    },
    /// Its container engine cannot be asked.
    EngineAway {
        /// Why.
        fault: EngineFault,
    },
    /// Its engine is not healthy.
    Engine {
        /// What the engine or the system said.
        detail: String,
    },
}

/// Whether a node's engine can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineHealth {
    /// It answers.
    Healthy,
    /// It does not, and why.
    Unhealthy(String),
    /// It is a container engine that cannot be asked.
    Away(EngineFault),
}

/// What is known of a node at one moment. Memory in MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// The name that is shown.
    pub name: String,
    /// This machine or another.
    pub kind: NodeKind,
    /// CPU architecture as `std::env::consts::ARCH` names it.
    pub arch: String,
    /// Logical cores.
    pub cores: u32,
    /// Memory in total.
    pub total_memory_mib: u64,
    /// Memory that can be had now without swapping.
    pub available_memory_mib: u64,
    /// Whether it has a GPU that encodes.
    pub gpu: bool,
    /// Whether its engine answers.
    pub engine: EngineHealth,
}
