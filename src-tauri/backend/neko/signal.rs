//! The signalling WebSocket: one attempt, from login to the end of the connection, as a task of
//! its own. It never tries again by itself.

use duotab_core::neko::event::{ClientEvent, Disconnect, ServerEvent};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::rest::{LoggedIn, Rest, RestError, api};
use crate::endpoint::{Duplex, Endpoint, Secret};

/// A connection that is not there after this is tried anew.
const CONNECT_LIMIT: Duration = Duration::from_millis(800);
/// The same by way of a tunnel.
const FAR_CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long the upgrade may take once there is a connection.
const UPGRADE_LIMIT: Duration = Duration::from_millis(1500);
/// How long a write may take before the connection counts as dead.
const WRITE_LIMIT: Duration = Duration::from_secs(3);
/// How long a goodbye may take.
const GOODBYE_LIMIT: Duration = Duration::from_millis(500);
/// Time between two pings.
const PING: Duration = Duration::from_secs(2);
/// Silence after which the connection counts as dead: a server answers pings.
const STALE: Duration = Duration::from_millis(6500);
/// The largest message that is read. A session list with many sessions, or a clipboard.
const MAX_MESSAGE: usize = 4 << 20;
/// Events on their way to the server.
const PLACES: usize = 128;

/// Tells one attempt's news from those of the ones before it.
pub(super) type LinkId = u64;

/// Why an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The login failed.
    Login(RestError),
    /// No connection, or it broke.
    Broken,
    /// The server said why.
    Told(Option<Disconnect>, String),
    /// Nothing was heard for [`STALE`].
    Stale,
    /// The address cannot be used at all.
    Address,
}

/// News of one attempt.
#[derive(Debug)]
pub(super) enum SignalNews {
    LoggedIn(LinkId, LoggedIn),
    Event(LinkId, Box<ServerEvent>),
    /// The last of all.
    Ended(LinkId, End),
}

/// A running attempt; dropping it closes the connection in good order.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    sender: mpsc::Sender<ClientEvent>,
    task: JoinHandle<()>,
    end: DropGuard,
}

impl Link {
    /// Begins an attempt; without a token it logs in first.
    pub(super) fn start(
        id: LinkId,
        rest: Rest,
        endpoint: Endpoint,
        token: Option<Secret>,
        news: mpsc::Sender<SignalNews>,
    ) -> Self {
        let (sender, events) = mpsc::channel(PLACES);
        let cancel = CancellationToken::new();
        let attempt = Attempt {
            id,
            news,
            cancel: cancel.clone(),
        };
        let task = tokio::spawn(async move {
            let end = attempt.run(rest, endpoint, token, events).await;
            if !attempt.cancel.is_cancelled() {
                let _ = attempt.news.send(SignalNews::Ended(id, end)).await;
            }
        });
        Self {
            id,
            sender,
            task,
            end: cancel.drop_guard(),
        }
    }

    /// Closes the connection and waits until it is closed.
    pub(super) async fn close(self) {
        drop(self.end);
        let _ = self.task.await;
    }

    /// Sends an event; false if there is no room for it.
    pub(super) fn send(&self, event: ClientEvent) -> bool {
        self.sender.try_send(event).is_ok()
    }
}

struct Attempt {
    id: LinkId,
    news: mpsc::Sender<SignalNews>,
    cancel: CancellationToken,
}

impl Attempt {
    async fn run(
        &self,
        rest: Rest,
        endpoint: Endpoint,
        token: Option<Secret>,
        events: mpsc::Receiver<ClientEvent>,
    ) -> End {
        let opened = async {
            let token = match token {
                Some(token) => token,
                None => {
                    let it = rest.login().await.map_err(End::Login)?;
                    let token = it.token.clone();
                    self.tell(SignalNews::LoggedIn(self.id, it)).await?;
                    token
                }
            };
            open(&endpoint, &token).await
        };
        let socket = tokio::select! {
            () = self.cancel.cancelled() => return End::Broken,
            opened = opened => match opened {
                Ok(socket) => socket,
                Err(end) => return end,
            },
        };
        self.talk(socket, events).await
    }

    async fn tell(&self, news: SignalNews) -> Result<(), End> {
        self.news.send(news).await.map_err(|_| End::Broken)
    }

    /// Carries events both ways until one side ends it.
    async fn talk(
        &self,
        socket: WebSocketStream<Box<dyn Duplex>>,
        mut events: mpsc::Receiver<ClientEvent>,
    ) -> End {
        let (mut sink, mut stream) = socket.split();
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let write = tokio::select! {
                () = self.cancel.cancelled() => {
                    let _ = timeout(GOODBYE_LIMIT, goodbye(&mut sink, &mut stream)).await;
                    return End::Broken;
                }
                message = stream.next() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => match ServerEvent::decode(&text) {
                            Ok(ServerEvent::SystemDisconnect(why)) => {
                                return End::Told(Disconnect::parse(&why.message), why.message);
                            }
                            Ok(event) => {
                                tracing::trace!(name = event.name(), "from the server");
                                let news = SignalNews::Event(self.id, Box::new(event));
                                if let Err(end) = self.tell(news).await {
                                    return end;
                                }
                            }
                            Err(error) => tracing::debug!(%error, "on the signalling socket"),
                        },
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Broken,
                        Some(Ok(_)) => {}
                    }
                    continue;
                }
                event = events.recv() => match event {
                    Some(event) => {
                        tracing::trace!(name = event.name(), "to the server");
                        Message::text(event.encode())
                    }
                    None => return End::Broken,
                },
                _ = ping.tick() => {
                    if heard.elapsed() > STALE {
                        return End::Stale;
                    }
                    Message::Ping(Default::default())
                }
            };
            match timeout(WRITE_LIMIT, sink.send(write)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return End::Broken,
                Err(_) => return End::Stale,
            }
        }
    }
}

/// Says goodbye and hears the answer out: a socket that is dropped with something unread is
/// reset, and the server may not see the goodbye, without which it keeps the session connected.
async fn goodbye(
    sink: &mut (impl Sink<Message> + Unpin),
    stream: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
) {
    let goodbye = CloseFrame {
        code: CloseCode::Normal,
        reason: "".into(),
    };
    if sink.send(Message::Close(Some(goodbye))).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = stream.next().await {
        if message.is_close() {
            return;
        }
    }
}

/// Opens the WebSocket.
async fn open(
    endpoint: &Endpoint,
    token: &Secret,
) -> Result<WebSocketStream<Box<dyn Duplex>>, End> {
    let base = &endpoint.base;
    if base.scheme() != "http" {
        return Err(End::Address);
    }
    let mut url = api(base, "ws");
    url.set_scheme("ws").map_err(|()| End::Address)?;
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|_| End::Address)?;
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| End::Address)?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let limit = match endpoint.via {
        Some(_) => FAR_CONNECT_LIMIT,
        None => CONNECT_LIMIT,
    };
    let stream = timeout(limit, endpoint.dial())
        .await
        .map_err(|_| End::Broken)?
        .map_err(|_| End::Broken)?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let upgrade = client_async_with_config(request, stream, Some(config));
    let (socket, _) = timeout(UPGRADE_LIMIT, upgrade)
        .await
        .map_err(|_| End::Broken)?
        .map_err(|_| End::Broken)?;
    Ok(socket)
}
