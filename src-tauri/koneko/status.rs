//! How far koneko is, for the one who started it: a line on stdout for each state, and the last
//! one in `status.json` for an app that comes later.

use duotab_core::message::StartFailure;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The steps of a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The X server.
    Display,
    /// Chromium.
    Browser,
    /// Our own.
    Server,
}

/// One state; each replaces the last.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Status {
    /// On the way.
    Starting { pid: u32, step: Step },
    /// Serving on this port.
    Ready {
        pid: u32,
        port: u16,
        /// Whether the browser has a sandbox of its own.
        sandboxed: bool,
    },
    /// About to end, and why.
    Failed { pid: u32, failure: StartFailure },
}

impl Status {
    pub(crate) fn starting(step: Step) -> Self {
        let pid = std::process::id();
        Self::Starting { pid, step }
    }

    pub(crate) fn ready(port: u16, sandboxed: bool) -> Self {
        let pid = std::process::id();
        Self::Ready {
            pid,
            port,
            sandboxed,
        }
    }

    pub(crate) fn failed(failure: StartFailure) -> Self {
        let pid = std::process::id();
        Self::Failed { pid, failure }
    }
}

/// Where states are published.
pub(crate) struct Board {
    file: PathBuf,
}

impl Board {
    pub(crate) fn new(runtime_dir: &Path) -> Self {
        Self {
            file: runtime_dir.join("status.json"),
        }
    }

    /// Publishes a state. Nobody may be there to take it; that is no failure.
    pub(crate) fn publish(&self, status: &Status) {
        let Ok(line) = serde_json::to_string(status) else {
            return;
        };
        if let Err(error) = self.write(&line) {
            tracing::warn!(%error, "status file");
        }
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }

    fn write(&self, line: &str) -> std::io::Result<()> {
        let fresh = self.file.with_extension("json.new");
        std::fs::write(&fresh, line)?;
        std::fs::rename(&fresh, &self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_written_as_the_contract_says() {
        let text = serde_json::to_string(&Status::Failed {
            pid: 5,
            failure: StartFailure::BrowserMissing,
        });
        assert_eq!(
            text.unwrap(),
            r#"{"state":"failed","pid":5,"failure":{"cause":"browser_missing"}}"#
        );
    }

    #[test]
    fn the_file_holds_the_last_state_only() {
        let dir = tempfile::tempdir().unwrap();
        let board = Board::new(dir.path());
        board.publish(&Status::starting(Step::Display));
        board.publish(&Status::ready(9, true));
        let text = std::fs::read_to_string(dir.path().join("status.json")).unwrap();
        assert!(text.contains(r#""state":"ready""#) && text.contains(r#""port":9"#));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
