//! A plain request and its answer, both streamed.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use duotab_core::proxy::{Failure, Target};
use http_body_util::{Either, Empty};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper::header::{LOCATION, PROXY_AUTHORIZATION};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::{self, Answer};
use super::dial::{Line, Use};
use super::pool::{Key, Upstream};
use super::serve::MAX_HEADERS;
use super::{Shared, head, vantage};

/// The body of a request, as it goes to the site.
pub(super) type Sent = Either<Watched, Empty<Bytes>>;

/// A body that counts what has gone through it, so that a slow upload is not taken for a site
/// that does not answer.
pub(super) struct Watched {
    body: Incoming,
    moved: Arc<AtomicU64>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.moved.fetch_add(1, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Takes a request to its target, and the answer back.
pub(super) async fn forward(
    shared: &Arc<Shared>,
    target: &Target,
    mut request: Request<Incoming>,
) -> Result<Answer, Failure> {
    let initiator = head::initiator(request.headers());
    let initiator = initiator.as_ref();
    // For each request, not only for each connection: a page may use what another one has opened.
    shared.block(target)?;
    let from = vantage::seen_from(target);
    let asked = shared.policy(|policy| {
        policy.way(target, initiator, from)?;
        Ok::<_, Failure>(policy.is_asked_for(target, initiator))
    })?;
    let key = Key {
        target: target.clone(),
        asked,
    };
    head::strip_request(request.headers_mut());
    let whole = request.uri().clone();
    let repeatable = is_repeatable(&request);
    let moved = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&moved);
    let mut request = request.map(|body| {
        if body.is_end_stream() {
            Either::Right(answer::nothing())
        } else {
            Either::Left(Watched {
                body,
                moved: counted,
            })
        }
    });

    while let Some(upstream) = shared.pool.take(&key) {
        let spare = repeatable.then(|| copy(&request));
        match exchange(shared, upstream, &key, &whole, request, &moved).await {
            Ok(response) => return finish(shared, target, &whole, response),
            // The site closed the connection while it waited: RFC 9110, 9.2.2.
            Err((Failure::ClosedEarly, unsent)) => match unsent.or(spare) {
                Some(again) => request = again,
                None => return Err(Failure::ClosedEarly),
            },
            Err((failure, _)) => return Err(failure),
        }
    }
    let line = shared.dial(target, initiator, Use::Requests).await?;
    let upstream = connect(shared, line).await?;
    let response = exchange(shared, upstream, &key, &whole, request, &moved)
        .await
        .map_err(|(failure, _)| failure)?;
    finish(shared, target, &whole, response)
}

fn is_repeatable(request: &Request<Incoming>) -> bool {
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    safe && request.body().is_end_stream()
}

/// The same request; only for one without a body.
fn copy(request: &Request<Sent>) -> Request<Sent> {
    let mut copy = Request::new(Either::Right(answer::nothing()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy
}

/// Speaks HTTP on a connection.
pub(super) async fn connect(shared: &Arc<Shared>, line: Line) -> Result<Upstream, Failure> {
    let (sender, connection) = builder()
        .handshake::<_, Sent>(TokioIo::new(line.stream))
        .await
        .map_err(|_| Failure::ClosedEarly)?;
    shared.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a site's connection ended");
        }
    });
    Ok(Upstream {
        sender,
        reader: line.reader,
    })
}

pub(super) fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .preserve_header_case(true)
        .max_headers(MAX_HEADERS)
        .ignore_invalid_headers_in_responses(true);
    builder
}

/// One request on a connection, which waits for the next as soon as the answer is read to its end.
async fn exchange(
    shared: &Arc<Shared>,
    mut upstream: Upstream,
    key: &Key,
    whole: &Uri,
    mut request: Request<Sent>,
    moved: &AtomicU64,
) -> Result<Response<Incoming>, (Failure, Option<Request<Sent>>)> {
    *request.uri_mut() = whole.clone();
    let reader = upstream.reader.as_ref();
    head::address(&mut request, reader.is_some()).ok_or((Failure::BadRequest, None))?;
    if let Some(value) = reader.and_then(|it| it.authorization.clone()) {
        request.headers_mut().insert(PROXY_AUTHORIZATION, value);
    }
    let sending = upstream.sender.try_send_request(request);
    let response = progressing(sending, moved, shared.limits.answer)
        .await
        .ok_or((Failure::AnswerTimedOut, None))?
        .map_err(|mut error| {
            let unsent = error.take_message().map(|mut request| {
                request.headers_mut().remove(PROXY_AUTHORIZATION);
                request
            });
            let error = error.error();
            tracing::debug!(%error, "no answer");
            let failure = if error.is_parse() || error.is_parse_status() {
                Failure::BadAnswer
            } else {
                Failure::ClosedEarly
            };
            (failure, unsent)
        })?;
    if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        // From an exit it is meant for us; from a site it is a question about our own secret.
        let failure = if upstream.reader.is_some() {
            Failure::ExitLogin
        } else {
            Failure::BadAnswer
        };
        return Err((failure, None));
    }
    let (waiting, key) = (Arc::clone(shared), key.clone());
    shared.spawn(async move {
        if upstream.sender.ready().await.is_ok() {
            waiting.pool.put(key, upstream);
        }
    });
    Ok(response)
}

/// Waits for an answer as long as the request still moves, and then for `limit`.
async fn progressing<T>(
    answer: impl Future<Output = T>,
    moved: &AtomicU64,
    limit: Duration,
) -> Option<T> {
    let mut answer = pin!(answer);
    loop {
        let before = moved.load(Ordering::Relaxed);
        match tokio::time::timeout(limit, &mut answer).await {
            Ok(answer) => return Some(answer),
            Err(_) if moved.load(Ordering::Relaxed) == before => return None,
            Err(_) => {}
        }
    }
}

/// The answer as it goes to the client.
pub(super) fn finish(
    shared: &Shared,
    target: &Target,
    whole: &Uri,
    mut response: Response<Incoming>,
) -> Result<Answer, Failure> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // Nobody asked for it.
        return Err(Failure::BadAnswer);
    }
    let location = response.headers().get(LOCATION);
    if let Some(location) = location.and_then(|it| it.to_str().ok())
        && response.status().is_redirection()
    {
        follow(shared, target, &whole.to_string(), location);
    }
    head::strip(response.headers_mut());
    Ok(response.map(Either::Left))
}

/// A site sends its visitor on from an address.
pub(super) fn follow(shared: &Shared, target: &Target, from: &str, location: &str) {
    if !shared.policy(|policy| policy.is_permitted(target)) {
        return;
    }
    let next = url::Url::parse(from)
        .and_then(|from| from.join(location))
        .ok()
        .and_then(|next| Target::of_url(next.as_str()));
    if let Some(next) = next {
        shared.change_policy(|policy| policy.follow(target, &next));
    }
}

/// What a connection that was taken over leaves: the socket, and what was read from it too early.
pub(super) fn taken_over(upgraded: hyper::upgrade::Upgraded) -> Option<(TcpStream, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    Some((parts.io.into_inner(), parts.read_buf))
}
