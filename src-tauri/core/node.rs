//! Nodes: the machines that can run a streamed session, as facts.

use crate::fault::{EndCause, EngineFault, StartFailure};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A node's id: `host` for this machine, `w1`, `w2`, … for a worker, never given twice; `w1/…` for a
/// node of the Swarm that a worker manages.
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

    /// A worker, by its number.
    #[must_use]
    pub fn worker(number: u32) -> Self {
        Self(format!("w{number}"))
    }

    /// The number of a worker.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.0.strip_prefix('w')?.parse().ok()
    }

    /// A node of the Swarm that a machine manages, by the Swarm's own id for it.
    #[must_use]
    pub fn member(manager: &Self, node: &str) -> Self {
        Self(format!("{}/{node}", manager.0))
    }

    /// The machine through which it is had, and the Swarm's own id for it, if it is a Swarm's.
    #[must_use]
    pub fn in_swarm(&self) -> Option<(Self, &str)> {
        let (manager, node) = self.0.split_once('/')?;
        Some((Self(manager.to_owned()), node))
    }

    /// Whether it is that machine, or a node of the Swarm that it manages.
    #[must_use]
    pub fn is_of(&self, machine: &Self) -> bool {
        self == machine
            || self
                .in_swarm()
                .is_some_and(|(manager, _)| manager == *machine)
    }

    /// Whether it is this machine or another.
    #[must_use]
    pub fn kind(&self) -> NodeKind {
        if *self == Self::host() {
            NodeKind::Host
        } else {
            NodeKind::Worker
        }
    }
}

/// A node as the person knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct NodeName {
    /// Its id, for an explicit choice.
    pub id: NodeId,
    /// The name that is shown.
    pub name: String,
    /// This machine or another.
    pub kind: NodeKind,
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
    /// Nothing was heard of it lately, or ever.
    NotSeen,
    /// It belongs to a Swarm: sessions run on it, or on the others, by that.
    InSwarm,
    /// Its Swarm has no room for one more there, whatever is known here.
    Refused {
        /// The Swarm's words.
        detail: String,
    },
    /// The last start there came to nothing.
    SetAside {
        /// What happened.
        setback: Setback,
    },
}

/// What came of a start on a node, for which it is passed over for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[ts(export)]
pub enum Setback {
    /// The engine could not be started.
    Failed {
        /// Why.
        failure: StartFailure,
    },
    /// The node did not answer.
    Unreachable {
        /// What the system said.
        detail: String,
    },
    /// The node was gone.
    Gone,
    /// The engine ended before there was a picture.
    Ended {
        /// How.
        end: EndCause,
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
