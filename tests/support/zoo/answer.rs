//! Answers that a page orders, and an echo of what it has sent.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::Book;
use super::serve::way;

/// The longest body that is echoed, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// Gives what the query orders: `status`, `h` (a header, `Name: value`, any number of them), `body`
/// or `file`; `key` notes the request. A request that has the answer's `ETag` or `Last-Modified`
/// already gets a 304.
pub(super) async fn answer(State(book): State<Book>, request: Request) -> Response {
    let orders = orders(&request);
    let order = |name: &str| orders.iter().find(|(it, _)| it == name).map(|(_, it)| it);
    let known = request.headers().clone();
    if let Some(key) = order("key") {
        let told = tell(request).await;
        book.note(key, told);
    }
    let mut response = Response::new(match order("file") {
        Some(file) => Body::from(super::bulk::read(file)),
        None => Body::from(order("body").cloned().unwrap_or_default()),
    });
    let status = order("status").and_then(|it| it.parse().ok());
    *response.status_mut() = status
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or_default();
    headers(&orders, response.headers_mut());
    if is_known(&known, response.headers()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    response
}

/// Tells what came, as JSON; with `page`, as a page that hands it to its opener or parent. `h` as
/// for [`answer`].
pub(super) async fn echo(State(book): State<Book>, request: Request) -> Response {
    let orders = orders(&request);
    let order = |name: &str| orders.iter().find(|(it, _)| it == name).map(|(_, it)| it);
    let told = tell(request).await;
    if let Some(key) = order("key") {
        book.note(key, told.clone());
    }
    let (kind, text) = match order("page") {
        Some(_) => (
            "text/html; charset=utf-8",
            // What was sent may look like a tag.
            format!(
                "<!doctype html><script>(opener ?? parent).postMessage({{ echo: {} }}, '*')</script>",
                told.to_string().replace('<', "\\u003c")
            ),
        ),
        None => ("application/json", told.to_string()),
    };
    let mut response = Response::new(Body::from(text));
    let fields = response.headers_mut();
    fields.insert("content-type", HeaderValue::from_static(kind));
    fields.insert("cache-control", HeaderValue::from_static("no-store"));
    headers(&orders, fields);
    response
}

fn orders(request: &Request) -> Vec<(String, String)> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn headers(orders: &[(String, String)], headers: &mut HeaderMap) {
    for (_, line) in orders.iter().filter(|(name, _)| name == "h") {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let name = HeaderName::try_from(name.trim());
        let value = HeaderValue::from_bytes(value.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
}

fn is_known(asked: &HeaderMap, given: &HeaderMap) -> bool {
    let same = |question, answer| match (asked.get(question), given.get(answer)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    };
    same(IF_NONE_MATCH, ETAG)
        || !asked.contains_key(IF_NONE_MATCH) && same(IF_MODIFIED_SINCE, LAST_MODIFIED)
}

/// All of a request. Each byte of its body is a letter of `body`.
async fn tell(request: Request) -> Value {
    let way = way(&request);
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST).await.unwrap_or_default();
    let letters = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    let fields: Vec<(&str, String)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), letters(value.as_bytes())))
        .collect();
    json!({
        "method": head.method.as_str(),
        "path": head.uri.path_and_query().map(ToString::to_string),
        "host": head.uri.authority().map_or_else(
            || head.headers.get("host").map(|host| letters(host.as_bytes())),
            |authority| Some(authority.to_string()),
        ),
        "version": format!("{:?}", head.version),
        "secure": way.secure,
        "connection": way.connection,
        "reached": way.reached,
        "headers": fields,
        "body": letters(&body),
    })
}
