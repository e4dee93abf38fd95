//! What koneko has beside Neko's API: the page control, sleep, and the end.

use super::Caller;
use super::answer::{DONE, Refusal};
use crate::browser::Relay;
use crate::room::Room;
use axum::Json;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;

/// The largest message that a client may send to Chromium.
const MAX_MESSAGE: usize = 64 << 20;
/// A client that takes nothing for so long is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(20);

/// What a person may want to know of this koneko.
pub(super) async fn about(
    State(room): State<Arc<Room>>,
    _caller: Caller,
) -> Json<serde_json::Value> {
    Json(serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "sandbox": room.tools.sandbox,
        "fence": room.tools.fence,
        "suspended": room.is_suspended(),
    }))
}

/// One text message is one DevTools message, both ways.
pub(super) async fn page_control(
    State(room): State<Arc<Room>>,
    _caller: Caller,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    if room.is_suspended() {
        return Err(Refusal::unprocessable("suspended"));
    }
    let browser = room.tools.browser.as_ref().ok_or_else(Refusal::internal)?;
    // The first page is the one that the first tab takes.
    crate::browser::shows(browser.shown.clone())
        .await
        .map_err(|failure| {
            tracing::warn!(?failure, "page control");
            Refusal::internal()
        })?;
    let relay = browser.cdp.relay().await.map_err(|error| {
        tracing::warn!(%error, "page control");
        Refusal::internal()
    })?;
    Ok(upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| converse(room, relay, socket)))
}

async fn converse(room: Arc<Room>, mut relay: Relay, socket: WebSocket) {
    let _guest = room.come();
    let (mut to, mut from) = socket.split();
    loop {
        tokio::select! {
            text = relay.from.recv() => {
                let Some(text) = text else { break };
                let sending = to.send(Message::Text(text.into()));
                if !matches!(tokio::time::timeout(WRITE_LIMIT, sending).await, Ok(Ok(()))) {
                    return;
                }
            }
            message = from.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if !relay.send(&text).await {
                        tracing::debug!("no DevTools message");
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = room.ending.cancelled() => break,
        }
    }
    let _ = tokio::time::timeout(WRITE_LIMIT, to.send(Message::Close(None))).await;
}

pub(super) async fn suspend(State(room): State<Arc<Room>>, _caller: Caller) -> StatusCode {
    room.suspend().await;
    DONE
}

pub(super) async fn resume(State(room): State<Arc<Room>>, _caller: Caller) -> StatusCode {
    room.resume();
    DONE
}

pub(super) async fn shutdown(State(room): State<Arc<Room>>, _caller: Caller) -> StatusCode {
    room.ending.cancel();
    DONE
}
