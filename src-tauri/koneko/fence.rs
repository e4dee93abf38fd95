//! Fences around children: none of them outlives koneko, not even when koneko is killed with
//! SIGKILL, and not even when they are stopped.
//!
//! * A lone program (X server, window manager) gets `PR_SET_PDEATHSIG`, which outlives `exec`.
//! * Chromium, which is a tree, gets a process namespace of its own by bubblewrap; when its first
//!   process dies the kernel kills all of it.
//! * Where that is not to be had, a keeper stands between: a subreaper that is told of our death
//!   and kills the tree.

mod keeper;
mod sandbox;

pub(crate) use sandbox::{Sandbox, probe};

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::process::Command;

/// How a tree of processes is held together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fence {
    /// A process namespace, by bubblewrap at this path.
    Namespace(PathBuf),
    /// A keeper of ours.
    Keeper,
}

impl Fence {
    /// Its name for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Namespace(_) => "namespace",
            Self::Keeper => "keeper",
        }
    }

    /// A command that runs `program` inside.
    pub(crate) fn around(&self, program: &Path) -> std::io::Result<Command> {
        match self {
            Self::Namespace(bwrap) => {
                let mut command = Command::new(bwrap);
                command.args(NAMESPACE).arg(program);
                Ok(command)
            }
            Self::Keeper => ours("keep", program),
        }
    }
}

/// Bubblewrap's arguments: all of this machine as it is, but a process namespace.
const NAMESPACE: [&str; 8] = [
    "--die-with-parent",
    "--unshare-pid",
    "--dev-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--",
];

/// A command that runs one lone `program` that dies with us.
pub(crate) fn lone(program: &Path) -> std::io::Result<Command> {
    ours("die", program)
}

fn ours(kind: &str, program: &Path) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("--fence")
        .arg(kind)
        .arg(std::process::id().to_string())
        .arg(program);
    Ok(command)
}

/// What `koneko --fence KIND PARENT PROGRAM ARGUMENT…` does.
pub(crate) fn become_fence(arguments: &[OsString]) -> ExitCode {
    let [kind, parent, program, rest @ ..] = arguments else {
        return ExitCode::from(2);
    };
    let parent = parent.to_str().and_then(|it| it.parse().ok());
    let Some(parent) = parent.and_then(Pid::from_raw) else {
        return ExitCode::from(2);
    };
    let mut command = std::process::Command::new(program);
    command.args(rest);
    if kind == "keep" {
        return keeper::keep(command, parent);
    }
    if set_parent_process_death_signal(Some(Signal::KILL)).is_err() || getppid() != Some(parent) {
        // The parent died before it was asked for.
        return ExitCode::FAILURE;
    }
    crate::complain(&format!(
        "{}: {}",
        program.to_string_lossy(),
        command.exec()
    ));
    ExitCode::from(127)
}
