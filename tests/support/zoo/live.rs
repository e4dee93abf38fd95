//! What does not end with an answer: events, sockets, bodies that come in drops.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::time::interval;

use super::Book;

/// Three events, two of them with names and ids, then the end. Who comes again with the last id
/// gets one more, and the next time a 204, which says not to come again.
pub(super) async fn events(
    State(book): State<Book>,
    Query(asked): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let key = asked.get("key").cloned().unwrap_or_default();
    let last = headers.get("last-event-id");
    let last = last.and_then(|it| it.to_str().ok().map(str::to_owned));
    book.note(&key, json!({ "last": last }));
    let text = match last.as_deref() {
        None => {
            ": a remark\nretry: 50\n\ndata: first\n\nid: 2\nevent: named\ndata: second\ndata: line\n\nid: 3\ndata: {\"third\": \"ü\"}\n\n"
        }
        Some("3") => "id: 4\ndata: again\n\n",
        Some(_) => return StatusCode::NO_CONTENT.into_response(),
    };
    let drops = text.split_inclusive("\n\n").map(str::to_owned).collect();
    let fields = [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
    ];
    (fields, drip_of(drops, Duration::from_millis(30))).into_response()
}

/// `parts` parts of a body, `pause` milliseconds apart.
pub(super) async fn drip(Query(asked): Query<BTreeMap<String, u64>>) -> Response {
    let parts = asked.get("parts").copied().unwrap_or(3);
    let pause = asked.get("pause").copied().unwrap_or(50);
    let drops = (0..parts).map(|part| format!("part {part};")).collect();
    (
        [("content-type", "text/plain; charset=utf-8")],
        drip_of(drops, Duration::from_millis(pause)),
    )
        .into_response()
}

fn drip_of(drops: Vec<String>, pause: Duration) -> Body {
    let drops = (drops.into_iter(), interval(pause));
    Body::from_stream(stream::unfold(drops, |(mut drops, mut clock)| async move {
        clock.tick().await;
        let drop = drops.next()?;
        Some((Ok::<_, std::io::Error>(drop), (drops, clock)))
    }))
}

/// Echoes messages; `bye CODE` has it close with that code. Of `one` and `two` it speaks `two`.
pub(super) async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["two"])
        .max_message_size(16 * 1024 * 1024)
        .on_upgrade(talk)
}

async fn talk(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let answer = match message {
            Message::Text(text) => match text.strip_prefix("bye ") {
                Some(code) => Message::Close(Some(axum::extract::ws::CloseFrame {
                    code: code.parse().unwrap_or(1000),
                    reason: "as you wish".into(),
                })),
                None => Message::Text(text),
            },
            Message::Binary(bytes) => Message::Binary(bytes),
            _ => continue,
        };
        if socket.send(answer).await.is_err() {
            return;
        }
    }
}
