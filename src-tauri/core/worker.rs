//! Workers: other machines whose container engine the person can reach. Nothing of ours is
//! installed there.

use crate::fault::EngineFault;
use crate::node::NodeId;
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Worker {
    /// Its id as a node; never that of this machine.
    pub id: NodeId,
    /// What the person calls it.
    pub name: String,
    /// How its engine is reached.
    pub address: WorkerAddress,
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
    /// Milliseconds from question to answer.
    pub round_trip_ms: u32,
    /// Whether the image of the streamed browser is there already.
    pub image_there: bool,
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
    },
}
