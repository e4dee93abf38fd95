//! A tunnel: bytes that pass from one socket to another, and nothing else.
//!
//! A tunnel that rests holds no buffer: most of a browser's tunnels rest most of the time.

mod ear;
mod flow;
#[cfg(target_os = "linux")]
mod pipe;
#[cfg(not(target_os = "linux"))]
#[path = "tunnel/no_pipe.rs"]
mod pipe;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use duotab_core::proxy::{Failure, Target};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
#[cfg(target_os = "linux")]
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::Shared;
use super::answer::{self, Answer};
use super::dial::Use;
use super::forward::taken_over;
pub(super) use ear::Ear;
use flow::{Flow, Words};
pub(super) use pipe::{DESCRIPTORS, Pipes};

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
    let joined = Arc::clone(shared);
    shared.spawn(async move {
        let Some(client) = client.await.ok().and_then(taken_over) else {
            return;
        };
        join(client, (line.stream, Bytes::new()), &joined).await;
    });
    Ok(answer::bare(StatusCode::OK))
}

/// Moves bytes both ways until both are done, or one fails. When one end has closed, the other
/// way may rest for a while only.
pub(super) async fn join(near: End, far: End, shared: &Shared) {
    join_heard(near, far, shared, None).await;
}

/// The same, while somebody listens to what the far end answers.
pub(super) async fn join_heard(
    mut near: End,
    mut far: End,
    shared: &Shared,
    ear: Option<&Ear<'_>>,
) {
    let linger = shared.limits.half_closed;
    let (near_read, near_write) = near.0.split();
    let (far_read, far_write) = far.0.split();
    let moved = AtomicU64::new(0);
    let flow = |from, to, words| Flow::new(from, to, &moved, &shared.room.pipes, words);
    let mut out = pin!(flow(near_read, far_write, ear.map(Words::Client)).run(&near.1));
    let mut back = pin!(flow(far_read, near_write, ear.map(Words::Site)).run(&far.1));
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

/// Waits until a client has closed its side, whatever it has said before: that stays to be read.
#[cfg(target_os = "linux")]
pub(super) async fn gone(client: &TcpStream) {
    // Of what was asked for only the end can come: no socket here is registered for urgent data.
    if client.ready(Interest::PRIORITY).await.is_err() {
        std::future::pending().await
    }
}

/// The same, but no more is noticed of one that has said something.
#[cfg(not(target_os = "linux"))]
pub(super) async fn gone(client: &TcpStream) {
    if !matches!(client.peek(&mut [0]).await, Ok(0)) {
        std::future::pending().await
    }
}

async fn rest(
    mut flow: impl Future<Output = io::Result<()>> + Unpin,
    moved: &AtomicU64,
    linger: Duration,
) {
    loop {
        let before = moved.load(Ordering::Relaxed);
        match tokio::time::timeout(linger, &mut flow).await {
            Err(_) if moved.load(Ordering::Relaxed) != before => {}
            _ => return,
        }
    }
}
