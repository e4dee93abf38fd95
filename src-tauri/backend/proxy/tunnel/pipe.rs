//! Pipes through which the kernel leads bytes from one socket to another (`splice(2)`), kept for
//! the next stream when one rests.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Pipes that are there at the same time; further streams are copied.
const MOST: usize = 256;
/// What they all take.
pub(in crate::proxy) const DESCRIPTORS: u64 = 2 * MOST as u64;
/// What the first pipes hold: the more, the less often a stream is looked after.
const LARGE: usize = 1024 * 1024;
/// As many are large. An ordinary person's pipes may hold 64 MiB in all (`pipe(7)`).
const MOST_LARGE: usize = 32;
/// What further pipes hold.
const SMALL: usize = 128 * 1024;
/// As much as there is.
const ALL: usize = 16 * 1024 * 1024;

/// The pipes that wait for a stream.
#[derive(Default)]
pub(in crate::proxy) struct Pipes {
    waiting: Mutex<Vec<Pipe>>,
    count: Arc<AtomicUsize>,
}

impl Pipes {
    /// Whether there may be one to take.
    pub(super) fn any(&self) -> bool {
        !self.lock().is_empty() || self.count.load(Ordering::Relaxed) < MOST
    }

    /// An empty pipe; `None` if there are too many, or none can be had.
    pub(super) fn take(&self) -> Option<Pipe> {
        let waiting = self.lock().pop();
        waiting.or_else(|| Pipe::new(Arc::clone(&self.count)))
    }

    /// Keeps a pipe that is empty again.
    pub(super) fn put(&self, pipe: Pipe) {
        self.lock().push(pipe);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Pipe>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pipe. One with something left in it is dropped with it.
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    count: Arc<AtomicUsize>,
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pipe {
    fn new(count: Arc<AtomicUsize>) -> Option<Self> {
        let others = count.fetch_add(1, Ordering::Relaxed);
        if others >= MOST {
            count.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let capacity = if others < MOST_LARGE { LARGE } else { SMALL };
        match pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK) {
            Ok((read, write)) => {
                if let Err(error) = fcntl_setpipe_size(&write, capacity) {
                    tracing::debug!(%error, "a pipe keeps its size");
                }
                Some(Self { read, write, count })
            }
            Err(error) => {
                count.fetch_sub(1, Ordering::Relaxed);
                tracing::debug!(%error, "no pipe");
                None
            }
        }
    }

    /// Takes what a socket has; 0 if that is closed. The pipe has to be empty: only the socket can
    /// make it wait.
    pub(super) fn fill(&self, from: &TcpStream) -> io::Result<usize> {
        from.try_io(Interest::READABLE, || {
            Ok(splice(from, None, &self.write, None, ALL, flags())?)
        })
    }

    /// Gives all that is in it, `count` bytes, to a socket.
    pub(super) async fn empty(&self, to: &TcpStream, mut count: usize) -> io::Result<()> {
        while count > 0 {
            let given = to.async_io(Interest::WRITABLE, || {
                Ok(splice(&self.read, None, to, None, count, flags())?)
            });
            match given.await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                given => count = count.saturating_sub(given),
            }
        }
        Ok(())
    }
}

fn flags() -> SpliceFlags {
    SpliceFlags::MOVE | SpliceFlags::NONBLOCK
}
