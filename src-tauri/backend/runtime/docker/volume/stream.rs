//! Bytes between a thread that reads and writes archives and an engine that sends and takes them.
//! Neither side gets ahead of the other by more than a few pieces.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bollard::errors::Error;
use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::runtime::docker::link::Link;

/// Pieces under way.
const AHEAD: usize = 8;
/// Bytes of a piece.
const PIECE: usize = 256 * 1024;
/// For each piece, while the engine has it.
const SILENCE: Duration = Duration::from_secs(60);

/// What an engine sends, to be read by a thread. It has an end only if the engine came to it.
pub(in crate::runtime::docker) struct Bytewise {
    /// `None` is the end.
    pieces: mpsc::Receiver<Option<Bytes>>,
    rest: Bytes,
    ended: bool,
}

impl Bytewise {
    pub(in crate::runtime::docker) fn new(pieces: mpsc::Receiver<Option<Bytes>>) -> Self {
        Self {
            pieces,
            rest: Bytes::new(),
            ended: false,
        }
    }
}

impl Read for Bytewise {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Some(piece)) => self.rest = piece,
                Some(None) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let some = self.rest.split_to(self.rest.len().min(into.len()));
        if let Some(into) = into.get_mut(..some.len()) {
            into.copy_from_slice(&some);
        }
        Ok(some.len())
    }
}

/// A folder of a container as an archive, and what carries it.
pub(super) fn download<'a>(
    link: &'a Link,
    container: &'a str,
    path: &str,
) -> (Bytewise, impl Future<Output = Result<(), Error>> + 'a) {
    let (to, pieces) = mpsc::channel(AHEAD);
    let options = DownloadFromContainerOptionsBuilder::default()
        .path(path)
        .build();
    let pump = async move {
        let mut sent = Box::pin(
            link.docker
                .download_from_container(container, Some(options)),
        );
        loop {
            match timeout(SILENCE, sent.next()).await {
                Err(_) => return Err(Error::RequestTimeoutError),
                Ok(None) => {
                    // Whoever reads no more says why.
                    let _ = to.send(None).await;
                    return Ok(());
                }
                Ok(Some(Err(error))) => return Err(error),
                Ok(Some(Ok(piece))) => {
                    if to.send(Some(piece)).await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    };
    (Bytewise::new(pieces), pump)
}

/// What a thread writes, for an engine. Dropped before its end, it breaks the body.
pub(in crate::runtime::docker) struct Pieces {
    to: mpsc::Sender<io::Result<Bytes>>,
    gathered: Vec<u8>,
}

impl Pieces {
    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.gathered);
        let sent = self.to.blocking_send(Ok(piece.into()));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    pub(in crate::runtime::docker) fn end(mut self) -> io::Result<()> {
        self.send()?;
        // An empty piece says that this was all.
        self.send()
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The body of a request, as it is written.
pub(in crate::runtime::docker) struct Body(mpsc::Receiver<io::Result<Bytes>>);

pub(in crate::runtime::docker) fn body() -> (Pieces, Body) {
    let (to, pieces) = mpsc::channel(AHEAD);
    let writer = Pieces {
        to,
        gathered: Vec::new(),
    };
    (writer, Body(pieces))
}

impl Body {
    /// The next piece. An empty one says that this was all; `None` before that, that it broke.
    pub(in crate::runtime::docker) async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.0.recv().await
    }
}

/// Why an upload failed.
pub(super) enum Broken {
    Engine(Error),
    /// The engine has taken nothing for a minute.
    Silent,
}

/// What an engine has taken of a body. It is silent only with a piece in its hand: where the pieces come
/// from may have nothing for it for minutes.
#[derive(Default)]
struct Taken {
    pieces: AtomicU64,
    asks: AtomicBool,
}

impl Taken {
    fn asks(&self) {
        self.asks.store(true, Ordering::Relaxed);
    }

    fn has(&self) {
        self.pieces.fetch_add(1, Ordering::Relaxed);
        self.asks.store(false, Ordering::Relaxed);
    }

    /// How many it has; `None` while it waits for one.
    fn now(&self) -> Option<u64> {
        (!self.asks.load(Ordering::Relaxed)).then(|| self.pieces.load(Ordering::Relaxed))
    }
}

/// Puts an archive into a folder of a container.
pub(super) async fn upload(
    link: &Link,
    container: &str,
    path: &str,
    Body(pieces): Body,
) -> Result<(), Broken> {
    let options = UploadToContainerOptionsBuilder::default()
        .path(path)
        .build();
    let taken = Arc::new(Taken::default());
    let count = Arc::clone(&taken);
    let body = futures_util::stream::unfold(Some(pieces), move |pieces| {
        let count = Arc::clone(&count);
        async move {
            let mut pieces = pieces?;
            count.asks();
            let piece = pieces.recv().await;
            count.has();
            match piece {
                Some(Ok(piece)) if piece.is_empty() => None,
                Some(piece) => Some((piece, Some(pieces))),
                None => Some((Err(io::ErrorKind::UnexpectedEof.into()), None)),
            }
        }
    });
    // Its answer comes when all is there; it has no limit of its own.
    let sending =
        link.pulls
            .upload_to_container(container, Some(options), bollard::body_try_stream(body));
    let silent = async {
        let mut before = 0;
        loop {
            tokio::time::sleep(SILENCE).await;
            match taken.now() {
                Some(now) if now == before => return,
                Some(now) => before = now,
                None => {}
            }
        }
    };
    tokio::select! {
        sent = sending => sent.map_err(Broken::Engine),
        () = silent => Err(Broken::Silent),
    }
}
