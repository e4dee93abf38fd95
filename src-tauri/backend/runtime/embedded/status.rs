//! What koneko says of itself: one small file that it replaces as a whole at each step.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use duotab_core::message::StartFailure;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use serde::Deserialize;
use tokio::io::unix::AsyncFd;

use super::readable::readable;

/// The content of the file. What a newer koneko adds is ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Status {
    /// On its way.
    Starting {
        /// Its own process.
        pid: i32,
        /// Where it is.
        step: Option<String>,
    },
    /// It serves.
    Ready {
        /// Its own process.
        pid: i32,
        /// On this port of the loopback interface.
        port: u16,
        /// Whether its browser has a sandbox of its own. An older koneko does not say.
        #[serde(default = "yes")]
        sandboxed: bool,
    },
    /// It gives up, and ends.
    Failed {
        /// Its own process.
        pid: i32,
        /// Why.
        failure: StartFailure,
    },
}

const fn yes() -> bool {
    true
}

impl Status {
    /// Nonsense is no status.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|status| !matches!(status, Self::Ready { port: 0, .. }))
    }

    /// Its own process, as it says.
    pub(super) fn pid(&self) -> i32 {
        match *self {
            Self::Starting { pid, .. } | Self::Ready { pid, .. } | Self::Failed { pid, .. } => pid,
        }
    }
}

/// Wakes when a file was put into a folder. The kernel tells, so that koneko needs no pipe to us
/// that would break under it when the app dies.
#[derive(Debug)]
pub(super) struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(
            &inotify,
            folder,
            WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE,
        )?;
        Ok(Self(readable(inotify)?))
    }

    /// Wait for the next change. Changes in quick succession count as one.
    pub(super) async fn changed(&mut self) -> io::Result<()> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut seen = false;
            let mut buffer = [MaybeUninit::<u8>::uninit(); 4096];
            loop {
                match rustix::io::read(ready.get_inner(), &mut buffer) {
                    Ok(_) => seen = true,
                    Err(Errno::INTR) => {}
                    Err(Errno::WOULDBLOCK) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            ready.clear_ready();
            if seen {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_understood() {
        let parse = |text: &str| Status::parse(text.as_bytes());
        assert_eq!(
            parse(r#"{"state":"starting","pid":1,"step":"display"}"#),
            Some(Status::Starting {
                pid: 1,
                step: Some("display".into())
            })
        );
        assert_eq!(
            parse(r#"{"state":"ready","pid":1,"port":41234,"new":true}"#),
            Some(Status::Ready {
                pid: 1,
                port: 41234,
                sandboxed: true
            })
        );
        assert_eq!(
            parse(r#"{"state":"failed","pid":1,"failure":{"cause":"disk_full","path":"/p"}}"#),
            Some(Status::Failed {
                pid: 1,
                failure: StartFailure::DiskFull { path: "/p".into() }
            })
        );
    }

    #[test]
    fn nonsense_is_no_status() {
        for text in [
            "",
            "{",
            "null",
            "[]",
            r#"{"state":"ready"}"#,
            r#"{"state":"odd"}"#,
        ] {
            assert_eq!(Status::parse(text.as_bytes()), None, "{text}");
        }
        for port in ["0", "65536", "-1", "\"80\"", "8.5"] {
            let text = format!(r#"{{"state":"ready","pid":1,"port":{port}}}"#);
            assert_eq!(Status::parse(text.as_bytes()), None, "{text}");
        }
    }
}
