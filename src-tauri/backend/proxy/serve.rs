//! One connection of a client, from the secret to the last answer.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::proxy::{Failure, Target};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::digest::Shown;
use super::{Limits, Shared, engine, forward, head, tunnel, upgrade};

/// Headers of one request or answer.
pub(super) const MAX_HEADERS: usize = 256;
/// Bytes of all headers of a request. Sites take 8 to 64 KiB.
const MAX_HEADER_BYTES: usize = 256 * 1024;
/// Requests without the secret on one connection; engines need one to learn the challenge.
const MAX_CHALLENGES: u8 = 4;

/// A client that has not shown the secret yet, or has.
struct Guest {
    stranger: Mutex<Option<OwnedSemaphorePermit>>,
    challenges: AtomicU8,
}

/// Serves a connection until it ends.
pub(super) async fn serve(stream: TcpStream, stranger: OwnedSemaphorePermit, shared: Arc<Shared>) {
    let mut first = [0];
    let spoken = timeout(shared.limits.header, stream.peek(&mut first)).await;
    if !matches!(spoken, Ok(Ok(1))) || stream.set_nodelay(true).is_err() {
        tracing::debug!("a client is gone without a word");
        return;
    }
    if first == [engine::VERSION] {
        return engine::serve(stream, stranger, shared).await;
    }
    let guest = Arc::new(Guest {
        stranger: Mutex::new(Some(stranger)),
        challenges: AtomicU8::new(0),
    });
    let limits = shared.limits;
    let service = service_fn(move |request| {
        let (shared, guest) = (Arc::clone(&shared), Arc::clone(&guest));
        async move { Ok::<_, Infallible>(respond(&shared, &guest, request).await) }
    });
    let served = builder(&limits)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a client's connection ended");
    }
}

/// How requests are read.
pub(super) fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_headers(MAX_HEADERS)
        .max_header_size(MAX_HEADER_BYTES)
        .preserve_header_case(true)
        .auto_date_header(false);
    builder
}

async fn respond(shared: &Arc<Shared>, guest: &Guest, request: Request<Incoming>) -> Answer {
    let shown = shared.gate.check(request.method(), request.headers());
    if shown != Shown::Secret {
        let challenge = shared.gate.challenge(shown == Shown::Again);
        let mut challenge = answer::challenge(&challenge);
        if guest.challenges.fetch_add(1, Ordering::Relaxed) >= MAX_CHALLENGES {
            let close = HeaderValue::from_static("close");
            challenge.headers_mut().insert(CONNECTION, close);
        }
        return challenge;
    }
    guest.challenges.store(0, Ordering::Relaxed);
    drop(lock(&guest.stranger).take());

    let target = if request.method() == Method::CONNECT {
        head::connect_target(request.uri())
    } else {
        head::target(request.uri())
    };
    let Some(target) = target else {
        return answer::failure(Failure::BadRequest);
    };
    answer(shared, &target, request).await
}

/// Takes a request to its target; what comes to nothing is noted.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    target: &Target,
    request: Request<Incoming>,
) -> Answer {
    match pass(shared, target, request).await {
        Ok(answer) => {
            shared.failures.clear(target);
            answer
        }
        Err(failure) => {
            tracing::debug!(%target, %failure, "a request came to nothing");
            shared.failures.note(target, failure);
            answer::failure(failure)
        }
    }
}

async fn pass(
    shared: &Arc<Shared>,
    target: &Target,
    request: Request<Incoming>,
) -> Result<Answer, Failure> {
    if request.method() == Method::CONNECT {
        tunnel::open(shared, target, request).await
    } else if head::wants_websocket(request.headers()) {
        upgrade::open(shared, target, request).await
    } else {
        forward::forward(shared, target, request).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
