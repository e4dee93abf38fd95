//! Programs that a test starts: they end with it.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::Outcome;

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
