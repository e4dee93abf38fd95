//! What the proxy itself answers: the challenge, and why something came to nothing.

use bytes::Bytes;
use duotab_core::proxy::Failure;
use http_body_util::{Either, Empty, Full};
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE,
};
use hyper::{Response, StatusCode};

/// RFC 9209.
const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// What is sent to the client: a site's body as it comes, or a page of the proxy's own.
pub(super) type Answer = Response<Either<Incoming, Full<Bytes>>>;

/// An answer without a body.
pub(super) fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Either::Right(Full::default()));
    *answer.status_mut() = status;
    answer
}

/// Asks for the secret.
pub(super) fn challenge(challenge: &str) -> Answer {
    let mut answer = bare(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    if let Ok(value) = HeaderValue::from_str(challenge) {
        answer.headers_mut().insert(PROXY_AUTHENTICATE, value);
    }
    answer
}

/// Says why there is no answer. The page has the site's origin, and so nothing in it that runs.
pub(super) fn failure(failure: Failure) -> Answer {
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>Duotab</title>\
         <meta name=duotab-failure content=\"{failure:?}\"><p>Duotab: {failure}.</p>\n"
    );
    let mut answer = Response::new(Either::Right(Full::from(page)));
    *answer.status_mut() =
        StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = answer.headers_mut();
    let fixed = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let status = format!("duotab; error={}", failure.proxy_status());
    if let Ok(value) = HeaderValue::from_str(&status) {
        headers.insert(PROXY_STATUS, value);
    }
    if failure == Failure::BadRequest {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// A body that is empty.
pub(super) fn nothing() -> Empty<Bytes> {
    Empty::new()
}
