//! A WebSocket in the clear: a request that becomes a tunnel if the site agrees.

use std::sync::Arc;

use duotab_core::proxy::{Failure, Target};
use http_body_util::Either;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::dial::Use;
use super::forward::{builder, finish, taken_over};
use super::{Shared, head, tunnel};

/// Asks the site, and joins both ends if it agrees.
pub(super) async fn open(
    shared: &Arc<Shared>,
    target: &Target,
    mut request: Request<Incoming>,
) -> Result<Answer, Failure> {
    let initiator = head::initiator(request.headers());
    let line = shared.dial(target, initiator.as_ref(), Use::Tunnel).await?;
    let (mut sender, connection) = builder()
        .handshake(TokioIo::new(line.stream))
        .await
        .map_err(|_| Failure::ClosedEarly)?;
    shared.spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a site's connection ended");
        }
    });

    let client = hyper::upgrade::on(&mut request);
    let whole = request.uri().clone();
    let mut asked = request.map(|_| answer::nothing());
    head::strip_request(asked.headers_mut());
    head::address(&mut asked, false).ok_or(Failure::BadRequest)?;
    mark(asked.headers_mut());
    let mut response = timeout(shared.limits.answer, sender.send_request(asked))
        .await
        .map_err(|_| Failure::AnswerTimedOut)?
        .map_err(|error| {
            if error.is_parse() {
                Failure::BadAnswer
            } else {
                Failure::ClosedEarly
            }
        })?;
    if response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Err(Failure::BadAnswer);
    }
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return finish(shared, target, &whole, response);
    }
    let site = hyper::upgrade::on(&mut response);
    let joined = Arc::clone(shared);
    shared.spawn(async move {
        let (Ok(client), Ok(site)) = tokio::join!(client, site) else {
            return;
        };
        if let (Some(client), Some(site)) = (taken_over(client), taken_over(site)) {
            tunnel::join(client, site, &joined).await;
        }
    });
    let mut answer = answer::bare(StatusCode::SWITCHING_PROTOCOLS);
    head::strip(response.headers_mut());
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    mark(answer.headers_mut());
    Ok(answer.map(|_| Either::Right(http_body_util::Full::default())))
}

fn mark(headers: &mut hyper::HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}
