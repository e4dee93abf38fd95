//! A shelf behind koneko's HTTP.

use std::io;

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use http_body_util::{BodyExt as _, Empty, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

use super::Taken;
use crate::endpoint::{Endpoint, Secret};

/// Bytes that are given at once.
const PIECE: usize = 256 * 1024;
/// Bytes of an answer that is no file.
const ANSWER_LIMIT: usize = 64 * 1024;

type Given = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;

#[derive(Deserialize)]
struct About {
    folder: String,
}

pub(super) async fn folder(endpoint: &Endpoint, token: &Secret) -> io::Result<String> {
    let answer = ask(endpoint, token, Method::GET, "", nothing()).await?;
    let body = Limited::new(answer.into_body(), ANSWER_LIMIT);
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let about: About = serde_json::from_slice(&body)?;
    Ok(about.folder)
}

pub(super) async fn take(
    endpoint: &Endpoint,
    token: &Secret,
    name: &str,
) -> io::Result<(u64, Taken)> {
    let answer = ask(endpoint, token, Method::GET, name, nothing()).await?;
    let size = answer.headers().get(CONTENT_LENGTH);
    let size = size.and_then(|size| size.to_str().ok()?.parse().ok());
    let size = size.ok_or_else(|| io::Error::other("a file without a size"))?;
    let body = answer.into_body().into_data_stream();
    let body = StreamReader::new(body.map_err(io::Error::other));
    Ok((size, Box::new(body)))
}

pub(super) async fn put(
    endpoint: &Endpoint,
    token: &Secret,
    place: &str,
    size: u64,
    source: impl AsyncRead + Send + Unpin + 'static,
) -> io::Result<()> {
    let pieces = stream::try_unfold((source.take(size), size), |(mut source, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = vec![0; PIECE];
        let read = source.read(&mut piece).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(read);
        let left = left.saturating_sub(read as u64);
        Ok(Some((Frame::data(Bytes::from(piece)), (source, left))))
    });
    let body = Given::new(StreamBody::new(pieces));
    ask(endpoint, token, Method::PUT, place, (body, size)).await?;
    Ok(())
}

pub(super) async fn remove(endpoint: &Endpoint, token: &Secret, name: &str) -> io::Result<()> {
    ask(endpoint, token, Method::DELETE, name, nothing()).await?;
    Ok(())
}

fn nothing() -> (Given, u64) {
    let empty = Empty::new().map_err(|never| match never {});
    (Given::new(empty), 0)
}

/// On a connection of its own, which ends with the answer.
async fn ask(
    endpoint: &Endpoint,
    token: &Secret,
    method: Method,
    place: &str,
    (body, size): (Given, u64),
) -> io::Result<Response<Incoming>> {
    let url = url(endpoint, place)?;
    let stream = TokioIo::new(endpoint.dial().await?);
    let (mut sender, connection) = handshake(stream).await.map_err(io::Error::other)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::trace!(%error, "a connection to a shelf");
        }
    });
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()));
    let mut bearer = bearer.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    bearer.set_sensitive(true);
    let request = Request::builder()
        .method(method)
        .uri(url.path())
        .header(HOST, url.authority())
        .header(CONTENT_LENGTH, size)
        .header(AUTHORIZATION, bearer)
        .body(body)
        .map_err(invalid)?;
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(io::Error::other)?;
    match answer.status() {
        status if status.is_success() => Ok(answer),
        StatusCode::NOT_FOUND => Err(io::ErrorKind::NotFound.into()),
        StatusCode::INSUFFICIENT_STORAGE => Err(io::ErrorKind::StorageFull.into()),
        status => Err(io::Error::other(format!("the shelf says {status}"))),
    }
}

fn url(endpoint: &Endpoint, place: &str) -> io::Result<url::Url> {
    let mut url = endpoint.base.clone();
    url.path_segments_mut()
        .map_err(|()| io::Error::from(io::ErrorKind::InvalidInput))?
        .pop_if_empty()
        .extend(["api", "koneko", "shelf"])
        .extend(place.split('/').filter(|part| !part.is_empty()));
    Ok(url)
}
