//! One way of a tunnel: what a socket gives, taken to another socket.
//!
//! Little is copied. What fills the chunk is the beginning of a stream, and a stream is led through
//! a pipe of the kernel's: its bytes never come here.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::{Instant, timeout_at};

use super::ear::{Ear, LONGEST, PATIENCE};
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

/// Whose words go this way, where somebody listens.
#[derive(Clone, Copy)]
pub(super) enum Words<'a> {
    Client(&'a Ear<'a>),
    Site(&'a Ear<'a>),
}

/// One way of a tunnel.
pub(super) struct Flow<'a> {
    from: ReadHalf<'a>,
    to: WriteHalf<'a>,
    /// Counts what has moved, to see whether anything does.
    moved: &'a AtomicU64,
    pipes: &'a Pipes,
    words: Option<Words<'a>>,
    /// Whether it is a stream at the moment.
    streams: bool,
}

impl<'a> Flow<'a> {
    pub(super) fn new(
        from: ReadHalf<'a>,
        to: WriteHalf<'a>,
        moved: &'a AtomicU64,
        pipes: &'a Pipes,
        words: Option<Words<'a>>,
    ) -> Self {
        Self {
            from,
            to,
            moved,
            pipes,
            words,
            streams: false,
        }
    }

    /// Moves bytes until there are no more, and says so to the other end.
    pub(super) async fn run(mut self, first: &[u8]) -> io::Result<()> {
        self.to.write_all(first).await?;
        loop {
            self.from.readable().await?;
            loop {
                let end = if let Some(ear) = self.listens() {
                    self.listen(ear).await?
                } else if self.streams {
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

    /// Who wants to hear what comes next.
    fn listens(&self) -> Option<&'a Ear<'a>> {
        match self.words {
            Some(Words::Site(ear)) if ear.waits() => Some(ear),
            _ => None,
        }
    }

    /// Takes the beginning of an answer, and lets it be heard before it goes on.
    async fn listen(&mut self, ear: &Ear<'_>) -> io::Result<End> {
        let mut head = Vec::with_capacity(LONGEST);
        let until = Instant::now() + PATIENCE;
        let end = loop {
            match self.from.try_read_buf(&mut head) {
                Ok(0) => break End::Closed,
                Ok(_) if !Ear::wants_more(&head) => break End::Other,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if head.is_empty() {
                        return Ok(End::Rest);
                    }
                    if timeout_at(until, self.from.readable()).await.is_err() {
                        break End::Other;
                    }
                }
                Err(error) => return Err(error),
            }
        };
        ear.hear(&head);
        self.to.write_all(&head).await?;
        self.count();
        Ok(end)
    }

    /// Copies until there is no more or the chunk was filled.
    async fn copy(&mut self) -> io::Result<End> {
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            if self.listens().is_some() {
                return Ok(End::Other);
            }
            match self.from.try_read_buf(&mut chunk) {
                Ok(0) => return Ok(End::Closed),
                Ok(count) => {
                    self.spoken();
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
            if self.listens().is_some() {
                break End::Other;
            }
            match pipe.fill(self.from.as_ref()) {
                Ok(0) => break End::Closed,
                Ok(count) => {
                    self.spoken();
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

    /// Something came, and goes on next.
    fn spoken(&self) {
        if let Some(Words::Client(ear)) = self.words {
            ear.asks();
        }
    }

    fn count(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }
}
