//! Programs that a test starts: they end with it.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::process::{Child, Command};

use crate::{LIMIT, Outcome};

/// A program that is killed when this is dropped, or when the test's own thread dies.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
}

/// The command of a program that ends with the test, whatever way the test ends.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(program)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        let child = command
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        Ok(Self { child })
    }

    /// The child, for its pipes and its end.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The programs that it has started itself.
    pub(crate) fn children(&mut self) -> Outcome<Vec<OwnedFd>> {
        let Some(pid) = self.child.id() else {
            return Ok(Vec::new());
        };
        let mut children = Vec::new();
        for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
            let started = std::fs::read_to_string(thread?.path().join("children"))?;
            for child in started.split_whitespace() {
                let child = Pid::from_raw(child.parse()?).ok_or("no process")?;
                children.push(pidfd_open(child, PidfdFlags::empty())?);
            }
        }
        Ok(children)
    }

    /// Ends the programs that it has started itself.
    pub(crate) fn end_children(&mut self) -> Outcome<()> {
        let children = self.children()?;
        for child in &children {
            // One that has ended meanwhile is no fault.
            let _ = pidfd_send_signal(child, Signal::KILL);
        }
        ended(&children)
    }
}

/// Blocks until these programs, which others have started, have ended.
pub(crate) fn ended(programs: &[OwnedFd]) -> Outcome<()> {
    let limit = LIMIT.try_into()?;
    for program in programs {
        if poll(&mut [PollFd::new(program, PollFlags::IN)], Some(&limit))? == 0 {
            return Err(format!("waited {LIMIT:?} in vain: the end of a program").into());
        }
    }
    Ok(())
}

/// Runs a program to its end.
pub(crate) async fn run(command: &mut Command) -> Outcome<()> {
    let status = command
        .status()
        .await
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}
