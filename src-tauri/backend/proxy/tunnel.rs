//! A tunnel: bytes that pass from one socket to another, and nothing else.
//!
//! A tunnel that rests holds no buffer: most of a browser's tunnels rest most of the time.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use duotab_core::proxy::{Failure, Target};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::Shared;
use super::answer::{self, Answer};
use super::dial::Use;
use super::forward::taken_over;

/// What is moved at once.
const CHUNK: usize = 64 * 1024;

/// A socket, and what was read from it before the tunnel began.
pub(super) type End = (TcpStream, Bytes);

/// Connects to a target, and joins the client with it.
pub(super) async fn open(
    shared: &Arc<Shared>,
    target: &Target,
    mut request: Request<Incoming>,
) -> Result<Answer, Failure> {
    let line = shared.dial(target, None, Use::Tunnel).await?;
    let client = hyper::upgrade::on(&mut request);
    let linger = shared.limits.half_closed;
    shared.spawn(async move {
        let Some(client) = client.await.ok().and_then(taken_over) else {
            return;
        };
        join(client, (line.stream, Bytes::new()), linger).await;
    });
    Ok(answer::bare(StatusCode::OK))
}

/// Moves bytes both ways until both are done, or one fails. When one end has closed, the other
/// way may rest for `linger`.
pub(super) async fn join(mut near: End, mut far: End, linger: Duration) {
    let (near_read, near_write) = near.0.split();
    let (far_read, far_write) = far.0.split();
    let moved = AtomicU64::new(0);
    let mut out = pin!(pump(near_read, far_write, &near.1, &moved));
    let mut back = pin!(pump(far_read, near_write, &far.1, &moved));
    let half = tokio::select! {
        ended = &mut out => ended.map(|()| Half::Back),
        ended = &mut back => ended.map(|()| Half::Out),
    };
    match half {
        Ok(Half::Back) => rest(back, &moved, linger).await,
        Ok(Half::Out) => rest(out, &moved, linger).await,
        Err(error) => tracing::debug!(%error, "a tunnel broke"),
    }
}

enum Half {
    Out,
    Back,
}

async fn rest(
    mut pump: impl Future<Output = io::Result<()>> + Unpin,
    moved: &AtomicU64,
    linger: Duration,
) {
    loop {
        let before = moved.load(Ordering::Relaxed);
        match tokio::time::timeout(linger, &mut pump).await {
            Err(_) if moved.load(Ordering::Relaxed) != before => {}
            _ => return,
        }
    }
}

/// Moves bytes one way until there are no more, and says so to the other end.
async fn pump(
    from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    first: &[u8],
    moved: &AtomicU64,
) -> io::Result<()> {
    to.write_all(first).await?;
    loop {
        from.readable().await?;
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            match from.try_read_buf(&mut chunk) {
                Ok(0) => return to.shutdown().await,
                Ok(_) => {
                    to.write_all(&chunk).await?;
                    moved.fetch_add(1, Ordering::Relaxed);
                    chunk.clear();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
}
