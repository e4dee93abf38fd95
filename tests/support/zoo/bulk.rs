//! Files, their parts, and bodies without end.

use std::collections::BTreeMap;
use std::ops::Range;

use axum::body::Body;
use axum::extract::{Path, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::json;

use crate::app::workspace;

/// What is sent at once, in bytes.
const CHUNK: u64 = 64 * 1024;

/// The byte at a place of every long body: no two neighbouring chunks are the same.
fn at(place: u64) -> u8 {
    u8::try_from((place.wrapping_mul(31) ^ (place >> 16)) & 0xff).unwrap_or_default()
}

/// A file of the zoo; empty if there is none.
pub(super) fn read(name: &str) -> Vec<u8> {
    let name: String = name.chars().filter(|it| !"/\\".contains(*it)).collect();
    std::fs::read(workspace().join("tests/zoo/files").join(name)).unwrap_or_default()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript",
        "css" => "text/css",
        "html" => "text/html",
        "webm" => "video/webm",
        "png" => "image/png",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// A file of the zoo, whole or a part.
pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let whole = Bytes::from(read(&name));
    if whole.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let length = u64::try_from(whole.len()).unwrap_or_default();
    part(&headers, length, kind(&name), move |range| {
        let index = |at| usize::try_from(at).unwrap_or_default();
        Body::from(whole.slice(index(range.start)..index(range.end)))
    })
}

/// So many bytes: `size`, of the pattern.
pub(super) async fn bytes(
    Query(asked): Query<BTreeMap<String, u64>>,
    headers: HeaderMap,
) -> Response {
    let size = asked.get("size").copied().unwrap_or_default();
    part(&headers, size, "application/octet-stream", pattern)
}

fn pattern(range: Range<u64>) -> Body {
    Body::from_stream(stream::unfold(range, |mut range| async move {
        if range.is_empty() {
            return None;
        }
        let end = range.end.min(range.start + CHUNK);
        let chunk: Bytes = (range.start..end).map(at).collect();
        range.start = end;
        Some((Ok::<_, std::io::Error>(chunk), range))
    }))
}

/// The part that is asked for (RFC 9110, 14): one range, or all.
fn part(
    headers: &HeaderMap,
    length: u64,
    kind: &str,
    body: impl FnOnce(Range<u64>) -> Body,
) -> Response {
    let asked = headers.get(header::RANGE).and_then(|it| it.to_str().ok());
    let range = asked.and_then(|asked| {
        let (first, last) = asked.strip_prefix("bytes=")?.split_once('-')?;
        if first.is_empty() {
            return Some(length.saturating_sub(last.parse().ok()?)..length);
        }
        let last = last.parse().map_or(length, |last: u64| last + 1);
        Some(first.parse().ok()?..last.min(length))
    });
    let fields = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    match range {
        Some(range) if range.start >= length => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            [(header::CONTENT_RANGE, format!("bytes */{length}"))],
        )
            .into_response(),
        Some(range) => {
            let told = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            let size = range.end - range.start;
            let sized = [
                (header::CONTENT_RANGE, told),
                (header::CONTENT_LENGTH, size.to_string()),
            ];
            (StatusCode::PARTIAL_CONTENT, fields, sized, body(range)).into_response()
        }
        None => {
            let sized = [(header::CONTENT_LENGTH, length.to_string())];
            (fields, sized, body(0..length)).into_response()
        }
    }
}

/// Reads a body to its end; tells its length, and the sum of its bytes.
pub(super) async fn upload(request: Request) -> Response {
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    let mut body = request.into_body().into_data_stream();
    let (mut length, mut sum) = (0_u64, 0_u64);
    while let Some(chunk) = body.next().await {
        let Ok(chunk) = chunk else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        length += u64::try_from(chunk.len()).unwrap_or_default();
        sum += chunk.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    }
    axum::Json(json!({ "length": length, "sum": sum, "declared": declared })).into_response()
}
