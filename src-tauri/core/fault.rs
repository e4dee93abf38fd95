//! What goes wrong with engines in containers, as far as a person can act on the difference.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a container engine (Docker, Podman) cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[ts(export)]
pub enum EngineFault {
    /// Nothing of one is on this machine.
    NotInstalled,
    /// It is there, but nobody answers at its socket.
    NotRunning {
        /// Where it was looked for.
        socket: String,
    },
    /// The socket is not for this person.
    NoPermission {
        /// The socket.
        socket: String,
    },
    /// It took the question, and gave no answer in time.
    Silent {
        /// The socket.
        socket: String,
    },
    /// It speaks only an API that is too old.
    TooOld {
        /// The newest API version that it speaks.
        api: String,
    },
    /// The address that is configured for it cannot be used.
    BadAddress {
        /// It.
        address: String,
    },
    /// This machine has no SSH client.
    SshMissing,
    /// Its host key is not among those that this person has accepted.
    HostUnknown {
        /// The machine, as SSH is asked for it.
        host: String,
    },
    /// Its host key is another one than the one that this person has accepted.
    HostKeyChanged {
        /// The machine, as SSH is asked for it.
        host: String,
    },
    /// It does not accept this person's key or certificate.
    NotAllowed {
        /// The machine.
        host: String,
    },
    /// No connection to the machine can be made.
    Unreachable {
        /// The machine.
        host: String,
        /// What the system or SSH said.
        detail: String,
    },
    /// A certificate is missing, out of date, or not the one that was expected.
    CertificateBad {
        /// The machine.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The machine answers, and has neither Docker nor Podman.
    NoEngineThere {
        /// The machine.
        host: String,
    },
    /// It is a node of a Swarm whose manager does not hear of it.
    NodeDown {
        /// The machine.
        host: String,
    },
    /// It is a node of a Swarm that somebody has closed to new work.
    NodeClosed {
        /// The machine.
        host: String,
    },
    /// A Swarm has started a session on the machine, and its port there cannot be reached.
    PortClosed {
        /// The machine's address.
        host: String,
        /// The port.
        port: u16,
    },
}

/// How an engine came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[ts(export)]
pub enum EndCause {
    /// By itself.
    Exited {
        /// Its exit code, if it had one.
        code: Option<i32>,
    },
    /// It took more memory than it was promised.
    OutOfMemory,
    /// Somebody killed it.
    Killed,
    /// Somebody removed its container.
    Removed,
    /// The container engine was stopped or started anew, and took it along.
    EngineRestarted,
    /// It no longer did what it was asked.
    Unresponsive,
}

/// What holds up an engine that is not lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "stall", rename_all = "snake_case")]
#[ts(export)]
pub enum Stall {
    /// Somebody has paused its container.
    Paused,
    /// The container engine is away.
    EngineAway {
        /// Why.
        fault: EngineFault,
    },
    /// Its Swarm starts it anew.
    Restarting,
}

/// What becomes of a newer image of the streamed browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "step", rename_all = "snake_case")]
#[ts(export)]
pub enum ImageUpdate {
    /// The registry has it.
    Offered,
    /// It is being fetched.
    Fetching {
        /// How much of it is there.
        percent: u8,
    },
    /// It is there, and the next session is started from it.
    Fetched,
    /// It could not be fetched.
    Failed {
        /// Why.
        failure: StartFailure,
    },
    /// It did not become ready: the former one is used again.
    RolledBack,
}

/// What keeps an engine from starting, as far as the person can act on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[ts(export)]
pub enum StartFailure {
    /// The machine has no Chromium.
    BrowserMissing,
    /// The machine has no private X server (Xvfb).
    DisplayServerMissing,
    /// Another program that the engine needs is missing.
    ProgramMissing {
        /// The program's name.
        program: String,
    },
    /// No space is left where the profile lives.
    DiskFull {
        /// The folder.
        path: String,
    },
    /// The profile's folder cannot be written.
    ReadOnly {
        /// The folder.
        path: String,
    },
    /// No port could be had.
    PortTaken,
    /// The profile is in use by a session that is not ours.
    ProfileInUse,
    /// Another copy of the app has the profile, or has had it since.
    ProfileTaken {
        /// What its machine is called; empty if that is not known.
        by: String,
    },
    /// The engine ended while it was starting.
    Exited {
        /// Its exit code, if it had one.
        code: Option<i32>,
    },
    /// The engine did not become ready in time.
    TimedOut,
    /// The container engine cannot be asked.
    EngineAway {
        /// Why.
        fault: EngineFault,
    },
    /// No space is left where the container engine keeps its images and containers.
    EngineDiskFull,
    /// There is no such image.
    ImageMissing {
        /// Its reference.
        image: String,
    },
    /// The registry does not let us have the image.
    RegistryDenied {
        /// The image's reference.
        image: String,
    },
    /// The registry cannot be reached.
    RegistryUnreachable {
        /// The image's reference.
        image: String,
    },
    /// The container engine refused, for a reason of its own.
    Refused {
        /// Its words.
        detail: String,
    },
    /// The Swarm has no room for it on that node.
    NoRoom {
        /// Its words.
        detail: String,
    },
}
