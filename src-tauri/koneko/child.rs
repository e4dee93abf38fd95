//! One program that koneko runs.

use std::process::ExitStatus;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

/// How long a child that was told to end may take.
const END_LIMIT: Duration = Duration::from_secs(1);
/// A longer line is cut: the log is for people.
const MAX_LINE: usize = 2048;
/// What is kept of all that a child says, in bytes: the log may lie in memory.
const MAX_SAID: usize = 1 << 20;

/// A running program, or one that has ended.
pub(crate) struct Child {
    name: &'static str,
    inner: tokio::process::Child,
    ended: Option<ExitStatus>,
}

impl Child {
    pub(crate) fn start(name: &'static str, mut command: Command) -> std::io::Result<Self> {
        let inner = command.kill_on_drop(true).spawn()?;
        Ok(Self {
            name,
            inner,
            ended: None,
        })
    }

    pub(crate) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.inner.stdin.take()
    }

    pub(crate) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.inner.stdout.take()
    }

    pub(crate) fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.inner.stderr.take()
    }

    /// Its process, while it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.inner.id()
    }

    /// Waits for its end.
    pub(crate) async fn wait(&mut self) -> Option<i32> {
        if self.ended.is_none() {
            self.ended = self.inner.wait().await.ok();
        }
        self.ended.and_then(|it| it.code())
    }

    /// The code it ended with, if it did or does so at once.
    pub(crate) async fn code(&mut self) -> Option<i32> {
        tokio::time::timeout(END_LIMIT, self.wait()).await.ok()?
    }

    /// Asks it to end, and makes it.
    pub(crate) async fn end(&mut self) {
        if let Some(pid) = self.inner.id() {
            crate::processes::terminate(pid);
        }
        if tokio::time::timeout(END_LIMIT, self.wait()).await.is_err() {
            tracing::warn!(child = self.name, "did not end, killed");
            let _ = self.inner.kill().await;
        }
    }
}

/// Puts what a child says on stderr into our log, line by line. Ends with the child.
pub(crate) fn relay_log(name: &'static str, from: Option<ChildStderr>) {
    if let Some(from) = from {
        tokio::spawn(relay(name, from));
    }
}

async fn relay(name: &'static str, from: impl AsyncRead + Unpin) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut said = 0;
    loop {
        line.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        match (&mut from).take(limit).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) if said > MAX_SAID => {}
            Ok(length) => {
                said += length;
                let text = String::from_utf8_lossy(&line);
                tracing::info!("{name}: {}", text.trim_end());
                if said > MAX_SAID {
                    tracing::warn!("{name} says too much: the rest is dropped");
                }
            }
        }
    }
}
