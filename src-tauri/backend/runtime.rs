//! Engines: started, found again, put to sleep, woken and stopped. Nothing above notices which of
//! the two kinds serves: a process of this machine, or a container of its Docker or Podman.

pub mod data;
pub mod docker;
pub mod embedded;

mod choice;
mod under_way;

pub use choice::{Choice, Runtime, RuntimeConfig};

use duotab_core::fault::{EndCause, ImageUpdate, Stall};
use duotab_core::message::{Encoder, ProfileName, SessionId, StartFailure};
use duotab_core::node::{Node, NodeId};
use duotab_core::streaming::Limit;
use duotab_core::worker::WorkerFacts;

/// What to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartSpec {
    /// For which session.
    pub session: SessionId,
    /// With whose data.
    pub profile: ProfileName,
    /// MiB it may use.
    pub memory_mib: u64,
    /// The first page.
    pub start_url: String,
    /// Device pixels per CSS pixel, in percent.
    pub scale_percent: u16,
    /// Width and height of its screen in pixels; `None` takes the configured size.
    pub screen: Option<(u16, u16)>,
    /// Nobody waits for it: nothing is fetched for it.
    pub ahead: bool,
}

/// Why an engine does not run. Nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// It could not be started.
    #[error("start failed: {failure:?}")]
    Failed {
        /// Why.
        failure: StartFailure,
        /// The last lines of its log, at most 20, oldest first.
        log: Vec<String>,
    },
    /// The start was given up.
    #[error("cancelled")]
    Cancelled,
    /// The machine is no worker any more.
    #[error("the machine is no worker any more")]
    NodeGone,
}

impl StartError {
    pub(crate) fn bare(failure: StartFailure) -> Self {
        Self::Failed {
            failure,
            log: Vec::new(),
        }
    }
}

/// Why a running engine did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No engine runs for the session.
    #[error("no engine runs for the session")]
    Gone,
    /// It runs, but does not answer as it should.
    #[error("the engine does not answer: {0}")]
    Unreachable(String),
    /// It was told to end, then killed, and is still there.
    #[error("{0} processes of the engine cannot be ended")]
    Stuck(usize),
}

/// An engine ended although nobody asked it to. Nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEnded {
    /// The session it ran for.
    pub session: SessionId,
    /// How it came to its end.
    pub cause: EndCause,
    /// The last lines of its log, at most 20, oldest first.
    pub log: Vec<String>,
}

/// What happens to running engines although nobody asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineNews {
    /// One ended.
    Ended(EngineEnded),
    /// One is held up, and may come back.
    Stalled(SessionId, Stall),
    /// One that was held up goes on.
    Back(SessionId),
    /// What encodes a session's picture. Told once its engine runs.
    Encodes(SessionId, Encoder),
    /// The browser's own sandbox is off: its kernel or its container does not let it have one.
    Unsandboxed(SessionId),
    /// What this machine's container engine cannot hold browsers to, which may be nothing. Told when it is
    /// found, and when a start has shown it.
    Unlimited(Vec<Limit>),
    /// Something about a newer image.
    Image {
        /// The image's reference, as it was set.
        image: String,
        /// What.
        update: ImageUpdate,
    },
    /// To be kept for the image, and to be given back at the next start of the app.
    Keep {
        /// The image's reference, as it was set.
        image: String,
        /// It.
        kept: String,
    },
    /// What a look at a worker has found: for each one at once, then every 15 s, and within 5 s when
    /// its engine goes away or comes back. Without facts its engine cannot be asked.
    NodeSeen(Node, Option<WorkerFacts>),
    /// To be kept of the volumes that are this copy's, and to be given back at the next start of the
    /// app.
    Owned {
        /// It.
        kept: String,
    },
    /// All nodes of the Swarm that a worker manages, as often as the worker itself, and before it; none
    /// if it manages none.
    FleetSeen(NodeId, Vec<(Node, WorkerFacts)>),
    /// To be kept of the profiles' volumes, and to be given back at the next start of the app.
    Volumes {
        /// It.
        kept: String,
    },
}

/// 32 random bytes in hex; `None` if the system has none to give.
fn random_password() -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
