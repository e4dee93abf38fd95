//! One way of a tunnel: what a socket gives, taken to another socket.
//!
//! Little is copied. What fills the chunk is the beginning of a stream, and a stream is led through
//! a pipe of the kernel's: its bytes never come here.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::pipe::Pipes;

/// What is copied at once. Where the kernel has no way to lead a stream, all is copied.
const CHUNK: usize = if cfg!(target_os = "linux") { 16 } else { 256 } * 1024;
/// More than this at a time is a stream.
const STREAM: usize = 64 * 1024;

/// How a burst ended.
enum End {
    /// There is no more for the moment.
    Rest,
    /// There is no more for good.
    Closed,
    /// There is more, and it wants another way.
    Other,
}

/// One way of a tunnel.
pub(super) struct Flow<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    /// Counts what has moved, to see whether anything does.
    moved: &'a AtomicU64,
    pipes: &'a Pipes,
    /// Whether it is a stream at the moment.
    streams: bool,
}

impl<'a> Flow<'a> {
    pub(super) fn new(
        from: ReadHalf<'a>,
        to: WriteHalf<'a>,
        moved: &'a AtomicU64,
        pipes: &'a Pipes,
    ) -> Self {
        Self {
            from,
            to,
            moved,
            pipes,
            streams: false,
        }
    }

    /// Moves bytes until there are no more, and says so to the other end.
    pub(super) async fn run(mut self, first: &[u8]) -> io::Result<()> {
        self.to.write_all(first).await?;
        loop {
            self.from.readable().await?;
            loop {
                let end = if self.streams {
                    self.lead().await?
                } else {
                    self.copy().await?
                };
                match end {
                    End::Rest => break,
                    End::Closed => return self.to.shutdown().await,
                    End::Other => {}
                }
            }
        }
    }

    /// Copies until there is no more or the chunk was filled.
    async fn copy(&mut self) -> io::Result<End> {
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            match self.from.try_read_buf(&mut chunk) {
                Ok(0) => return Ok(End::Closed),
                Ok(count) => {
                    self.to.write_all(&chunk).await?;
                    self.count();
                    chunk.clear();
                    if count == CHUNK && self.pipes.any() {
                        self.streams = true;
                        return Ok(End::Other);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(End::Rest),
                Err(error) => return Err(error),
            }
        }
    }

    /// Leads bytes through a pipe until there are no more.
    async fn lead(&mut self) -> io::Result<End> {
        let Some(pipe) = self.pipes.take() else {
            self.streams = false;
            return Ok(End::Other);
        };
        let mut total: usize = 0;
        let end = loop {
            match pipe.fill(self.from.as_ref()) {
                Ok(0) => break End::Closed,
                Ok(count) => {
                    pipe.empty(self.to.as_ref(), count).await?;
                    self.count();
                    total = total.saturating_add(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break End::Rest,
                Err(error) => return Err(error),
            }
        };
        self.pipes.put(pipe);
        self.streams = total >= STREAM;
        Ok(end)
    }

    fn count(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }
}
