//! The signalling WebSocket. The upgrade always succeeds; who may not be there is told so and
//! dropped without a close frame, as Neko does.

use super::token;
use crate::room::{Ending, Outgoing, Room};
use axum::extract::ws::{CloseCode, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Request, State};
use axum::response::Response;
use duotab_core::neko::event::{ClientEvent, Disconnect, DisconnectMessage, ServerEvent};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// The largest event: a clipboard of 1 MiB, every character escaped.
const MAX_MESSAGE: usize = 8 << 20;
/// Neko's.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A client that takes nothing for so long is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

type To = SplitSink<WebSocket, Message>;

pub(super) async fn upgrade(
    State(room): State<Arc<Room>>,
    upgrade: WebSocketUpgrade,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let token = token(&parts);
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| attend(room, token, socket))
}

async fn attend(room: Arc<Room>, token: Option<String>, socket: WebSocket) {
    let (mut to, from) = socket.split();
    let connected = match &token {
        Some(token) => room.connect(token),
        None => Err(Disconnect::NoAuthentication),
    };
    let (serial, outgoing) = match connected {
        Ok(it) => it,
        Err(why) => {
            let _ = write(&mut to, &farewell(why)).await;
            return;
        }
    };
    let _guest = room.come();
    let (commands_in, commands) = mpsc::channel(64);
    let performing = tokio::spawn(perform(Arc::clone(&room), commands));
    let lost = tokio::select! {
        lost = read(from, commands_in) => lost,
        () = send(&mut to, outgoing) => true,
    };
    performing.abort();
    room.disconnect(serial, lost);
}

fn farewell(why: Disconnect) -> ServerEvent {
    let message = why.message().to_owned();
    ServerEvent::SystemDisconnect(DisconnectMessage { message })
}

async fn write(to: &mut To, event: &ServerEvent) -> bool {
    let message = Message::Text(event.encode().into());
    matches!(timeout(WRITE_LIMIT, to.send(message)).await, Ok(Ok(())))
}

async fn ping(to: &mut To) -> bool {
    let message = Message::Ping(Vec::new().into());
    matches!(timeout(WRITE_LIMIT, to.send(message)).await, Ok(Ok(())))
}

/// Sends until the room says the end, or nobody takes it.
async fn send(to: &mut To, mut outgoing: mpsc::Receiver<Outgoing>) {
    let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let taken = tokio::select! {
            it = outgoing.recv() => match it {
                Some(Outgoing::Event(event)) => write(to, &event).await,
                Some(Outgoing::End(Ending::Said(why))) => {
                    let _ = write(to, &farewell(why)).await;
                    false
                }
                None => false,
            },
            _ = heartbeat.tick() => {
                write(to, &ServerEvent::SystemHeartbeat).await && ping(to).await
            }
        };
        if !taken {
            return;
        }
    }
}

/// Reads until the other side is gone; whether it was lost, or said so.
async fn read(mut from: SplitStream<WebSocket>, commands: mpsc::Sender<ClientEvent>) -> bool {
    while let Some(message) = from.next().await {
        match message {
            Ok(Message::Text(text)) => match ClientEvent::decode(&text) {
                Ok(event) => {
                    if commands.send(event).await.is_err() {
                        return true;
                    }
                }
                Err(_) => tracing::debug!("malformed event"),
            },
            Ok(Message::Close(frame)) => {
                let deliberate =
                    |code: CloseCode| matches!(code, close_code::NORMAL | close_code::AWAY);
                return !frame.is_some_and(|it| deliberate(it.code));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "WebSocket");
                return true;
            }
        }
    }
    true
}

/// Performs what the client says, in its order.
async fn perform(room: Arc<Room>, mut commands: mpsc::Receiver<ClientEvent>) {
    while let Some(event) = commands.recv().await {
        let name = event.name().to_owned();
        if let Err(error) = room.obey(event).await {
            tracing::warn!(%error, name, "not done");
        }
    }
}
