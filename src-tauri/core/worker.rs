//! Workers: other machines whose container engine the person can reach. Nothing of ours is
//! installed there.

mod address;

pub use address::AddressFlaw;

use crate::fault::{EngineFault, StartFailure};
use crate::node::{Lack, NodeId, NodeName, Setback};
use crate::streaming::Limit;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a worker's engine is reached. Neither way is in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "by", rename_all = "snake_case")]
#[ts(export)]
pub enum WorkerAddress {
    /// By the person's own SSH, as Docker's client does it: a command there that carries bytes to
    /// the engine's socket.
    Ssh {
        /// `host`, `user@host`, or a name from the person's SSH configuration.
        destination: String,
        /// Unless SSH's configuration says so.
        port: Option<u16>,
        /// The engine's socket there, if it is not the usual one.
        socket: Option<String>,
    },
    /// By TLS, both sides with a certificate.
    Tls {
        /// A name or an address; IPv6 without brackets.
        host: String,
        /// Usually 2376.
        port: u16,
        /// The folder of `ca.pem`, `cert.pem` and `key.pem`.
        certificates: String,
    },
}

/// A machine that the person has as a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// Its id as a node; never that of this machine.
    pub id: NodeId,
    /// What the person calls it.
    pub name: String,
    /// How its engine is reached.
    pub address: WorkerAddress,
}

/// A worker as it is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerRecord {
    /// It.
    pub worker: Worker,
    /// Whether sessions may be placed on it.
    pub in_use: bool,
}

/// What the person asks about machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerCommand {
    /// Take a machine as a worker.
    Add {
        /// What it is called; empty: as its address.
        name: String,
        /// As it was typed.
        address: String,
        /// The folder of the certificates, for TLS.
        certificates: String,
    },
    /// Take the machine of a context that was found, by the context's name.
    AddContext(String),
    /// Forget it.
    Remove {
        /// Which.
        id: NodeId,
        /// End what runs there, and leave the data that are there.
        anyway: bool,
    },
    /// Sessions may be placed on it, or not.
    Use {
        /// Which.
        id: NodeId,
        /// Whether they may.
        on: bool,
        /// If not: end what runs there.
        anyway: bool,
    },
    /// Call it something else.
    Rename {
        /// Which.
        id: NodeId,
        /// What it is called from now on.
        name: String,
    },
    /// See whether it can be a worker.
    Check(NodeId),
    /// Find the person's Docker contexts.
    FindContexts,
}

/// A Docker context of the person: a worker that can be had with one click.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct EngineContext {
    /// Its name.
    pub name: String,
    /// How its engine is reached.
    pub address: WorkerAddress,
}

/// What a look at a worker tells besides its [`crate::node::Node`]. Memory in MiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct WorkerFacts {
    /// The engine's product and version, such as `Docker 28.2.2`.
    pub engine: String,
    /// The engine's labels, `key=value`.
    pub labels: Vec<String>,
    /// Milliseconds from question to answer; of a Swarm's node those to its manager.
    pub round_trip_ms: u32,
    /// Whether the image of the streamed browser is there already; `None` if that cannot be told.
    pub image_there: Option<bool>,
    /// Its id as a node of a Swarm, if it is one.
    pub swarm_node: Option<String>,
    /// What its engine does not hold browsers to.
    pub unlimited: Vec<Limit>,
}

/// The steps of a guided check, in order. Each needs the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "found", rename_all = "snake_case")]
#[ts(export)]
pub enum WorkerCheck {
    /// Its engine cannot be asked, and why.
    Away {
        /// Why.
        fault: EngineFault,
    },
    /// It answers.
    Answers {
        /// What it says of itself.
        facts: WorkerFacts,
        /// Cores.
        cores: u32,
        /// MiB of memory in total.
        #[ts(type = "number")]
        total_memory_mib: u64,
        /// What came of trying the ways into a container there; `None` without an image, and
        /// for a machine that manages a Swarm: each node has ways of its own.
        ways: Option<WaysCheck>,
    },
}

/// The ways into a container of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "came", rename_all = "snake_case")]
#[ts(export)]
pub enum WaysCheck {
    /// No container can be started to try them.
    Refused {
        /// Why.
        failure: StartFailure,
    },
    /// They were tried.
    Tried {
        /// Whether signalling and page control get through, by the engine's own connection.
        signalling: bool,
        /// Whether datagrams arrive and come back: else the picture takes that connection too. `None`
        /// where the machine's own address is not known, behind another one.
        datagrams: Option<bool>,
    },
}

/// What is known of a machine. Memory in MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MachineFacts {
    /// CPU architecture.
    pub arch: String,
    /// Logical cores.
    pub cores: u32,
    /// Memory in total.
    #[ts(type = "number")]
    pub total_memory_mib: u64,
    /// Memory that can still be promised, after what sessions have reserved.
    #[ts(type = "number")]
    pub free_memory_mib: u64,
    /// Whether it has a GPU that encodes.
    pub gpu: bool,
    /// What is known of a worker only.
    pub worker: Option<WorkerFacts>,
}

/// A profile's data on their way to another machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MoveView {
    /// The machine that has them.
    pub from: NodeName,
    /// Where they go.
    pub to: NodeName,
    /// Bytes that are there.
    #[ts(type = "number")]
    pub done: u64,
    /// Bytes in all; 0 while that is not known.
    #[ts(type = "number")]
    pub total: u64,
}

/// A machine as the shell paints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MachineView {
    /// Which.
    pub node: NodeName,
    /// How its engine is reached; `None` for this machine, and for a node of a Swarm.
    pub address: Option<WorkerAddress>,
    /// The machine that manages the Swarm whose node it is.
    pub manager: Option<NodeName>,
    /// Nodes of the Swarm that it manages; 0 if it manages none.
    pub members: u32,
    /// Whether sessions may be placed on it.
    pub in_use: bool,
    /// What is known, if it was ever seen.
    pub facts: Option<MachineFacts>,
    /// Milliseconds since it was seen, when this state was made.
    #[ts(type = "number | null")]
    pub seen_ago_ms: Option<u64>,
    /// All that keeps it from one more session.
    pub lacks: Vec<Lack>,
    /// Why it is passed over for a while, unless the person chooses it.
    pub aside: Option<Setback>,
    /// How many sessions run on it.
    pub sessions: u32,
    /// Whether it is being checked.
    pub checking: bool,
    /// What the last check has found.
    pub checked: Option<WorkerCheck>,
}

/// What the shell paints of machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct MachinesView {
    /// This machine first, then the workers.
    pub known: Vec<MachineView>,
    /// Contexts of the person that are no workers yet.
    pub contexts: Vec<EngineContext>,
    /// Whether contexts are being looked for.
    pub finding: bool,
}
