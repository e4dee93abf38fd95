//! One connection of the lane, from stranger to view to gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use duotab_core::lane::FromView;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::outbox::{Outbox, Parcel};
use super::socket::Socket;
use super::ticket::SECRET_CHARS;
use super::{Frame, Input, Shared, lock};

/// From `accept` to a redeemed ticket.
const GREETING_LIMIT: Duration = Duration::from_secs(2);
/// The largest message of a view: a clipboard's text.
const MAX_MESSAGE: usize = 1 << 20;

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, permit: OwnedSemaphorePermit, shared: Arc<Shared>) {
    let greeted = tokio::select! {
        () = shared.end.cancelled() => return,
        greeted = tokio::time::timeout(GREETING_LIMIT, greet(stream, &shared)) => greeted,
    };
    drop(permit);
    let Some((socket, write)) = greeted.ok().flatten() else {
        tracing::debug!("a stranger on the lane was turned away");
        return;
    };
    let leave = shared.end.child_token();
    if let Some(before) = lock(&shared.current).replace(leave.clone()) {
        before.cancel();
    }
    // The one before says its `ViewGone` before it leaves the seat.
    let _seat = tokio::select! {
        () = leave.cancelled() => return,
        seat = shared.seat.lock() => seat,
    };
    tokio::select! {
        biased;
        () = leave.cancelled() => return,
        sent = shared.input.send(Input::ViewConnected) => if sent.is_err() { return },
    }
    shared.outbox.connect();
    tokio::select! {
        () = leave.cancelled() => {}
        () = read(socket, &shared) => {}
        () = write_all(write, &shared.outbox) => {}
    }
    shared.outbox.disconnect();
    tokio::select! {
        () = shared.end.cancelled() => {}
        _ = shared.input.send(Input::ViewGone) => {}
    }
}

/// The handshake and the ticket. `None` for everyone who is not the view.
async fn greet(
    stream: TcpStream,
    shared: &Shared,
) -> Option<(WebSocketStream<Socket>, OwnedWriteHalf)> {
    stream.set_nodelay(true).ok()?;
    let refused = Arc::new(AtomicBool::new(false));
    let socket = Socket::new(stream, Arc::clone(&refused));
    let config = WebSocketConfig::default()
        .read_buffer_size(16 << 10)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    // The error type is the WebSocket crate's.
    #[allow(clippy::result_large_err)]
    let check = |request: &Request, response: Response| {
        if is_shell(request, shared) {
            Ok(response)
        } else {
            refused.store(true, Ordering::Relaxed);
            Err(ErrorResponse::new(None))
        }
    };
    let mut socket = tokio_tungstenite::accept_hdr_async_with_config(socket, check, Some(config))
        .await
        .ok()?;
    let Message::Text(secret) = socket.next().await?.ok()? else {
        return None;
    };
    if secret.len() != SECRET_CHARS
        || !lock(&shared.tickets).redeem(secret.as_str(), Instant::now())
    {
        return None;
    }
    socket.flush().await.ok()?;
    let write = socket.get_mut().admit(Arc::clone(&shared.outbox))?;
    Some((socket, write))
}

/// Whether the request comes from a page of the shell, to this very lane. The host is checked
/// against DNS rebinding.
fn is_shell(request: &Request, shared: &Shared) -> bool {
    let host = format!("127.0.0.1:{}", shared.port);
    request.uri().path() == "/"
        && only(request.headers(), &header::HOST).is_some_and(|value| value == host)
        && only(request.headers(), &header::ORIGIN)
            .is_some_and(|value| shared.origins.iter().any(|origin| origin == value))
}

/// A header's value, if it stands there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// Hands on what the view says, until it says something wrong or leaves.
async fn read(mut socket: WebSocketStream<Socket>, shared: &Shared) {
    while let Some(message) = socket.next().await {
        let bytes = match message {
            Ok(Message::Binary(bytes)) => bytes,
            Ok(Message::Ping(_) | Message::Pong(_)) => continue,
            Ok(_) => return,
            Err(Error::ConnectionClosed) => return,
            Err(error) => {
                tracing::debug!(%error, "the view's socket failed");
                return;
            }
        };
        let Ok(message) = FromView::decode(&bytes) else {
            tracing::warn!(op = bytes.first(), "the view sent a malformed message");
            return;
        };
        if let FromView::Painted { sequence, .. } = message {
            shared.outbox.painted(sequence);
        }
        if shared.input.send(Input::View(message)).await.is_err() {
            return;
        }
    }
}

/// Writes what waits. No limit: a view that does not read is overtaken by its own next frame in
/// the outbox, replaced by the next view, or ended with the lane.
async fn write_all(mut out: OwnedWriteHalf, outbox: &Outbox) {
    loop {
        let written = match outbox.next().await {
            Parcel::Raw(bytes) => out.write_all(&bytes).await,
            Parcel::Message(bytes) => send(&mut out, &[], bytes).await,
            Parcel::Frame(frame) => send(&mut out, &frame_head(&frame), frame.data).await,
        };
        if let Err(error) = written {
            tracing::debug!(%error, "the view's socket failed");
            return;
        }
    }
}

/// The lane's own header of a frame, see [`duotab_core::lane::ToView`].
fn frame_head(frame: &Frame) -> [u8; 15] {
    let mut head = [0; 15];
    head[0] = 1;
    head[1] = u8::from(frame.key);
    head[2] = frame.codec.number();
    head[3..7].copy_from_slice(&frame.sequence.to_be_bytes());
    head[7..].copy_from_slice(&frame.time_us.to_be_bytes());
    head
}

/// One binary WebSocket message of `head` and `body`, whose bytes go to the system uncopied: the
/// WebSocket crate would copy a frame twice.
async fn send(out: &mut OwnedWriteHalf, head: &[u8], body: Bytes) -> std::io::Result<()> {
    let header = FrameHeader {
        opcode: OpCode::Data(Data::Binary),
        ..FrameHeader::default()
    };
    let mut front = Vec::with_capacity(10 + head.len());
    let length = u64::try_from(head.len() + body.len()).unwrap_or(u64::MAX);
    header
        .format(length, &mut front)
        .map_err(std::io::Error::other)?;
    front.extend_from_slice(head);
    out.write_all_buf(&mut Bytes::from(front).chain(body)).await
}
