//! How CDP messages travel: a pair of channels, one whole message each, filled by a WebSocket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header::AUTHORIZATION};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use url::Url;

use super::{PageError, version};
use crate::endpoint::{Secret, Tunnel};

/// For the connection and its handshake.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The largest CDP message taken. A history of fifty `data:` addresses is large; nothing that we
/// ask for is larger.
const MAX_MESSAGE: usize = 32 << 20;
/// Messages that may wait either way.
const DEPTH: usize = 64;
/// How often the other side is pinged, and how long it may be silent.
const PING_EVERY: Duration = Duration::from_secs(5);
const SILENCE_LIMIT: Duration = Duration::from_secs(20);

/// A way to a browser-level CDP endpoint.
pub struct Transport {
    /// To the browser. Ends the connection when it is dropped.
    pub out: mpsc::Sender<String>,
    /// From the browser. Ends with the connection.
    pub incoming: mpsc::Receiver<String>,
}

impl Transport {
    /// The relay of a Neko-compatible engine: `{base}/api/koneko/cdp`, with its login's token.
    ///
    /// # Errors
    /// If it cannot be reached or refuses.
    pub async fn relay(base: &Url, token: &Secret) -> Result<Self, PageError> {
        let unreachable = |what: &str| PageError::Unreachable(what.to_owned());
        let mut url = base.clone();
        let scheme = if base.scheme() == "https" {
            "wss"
        } else {
            "ws"
        };
        url.set_scheme(scheme)
            .map_err(|()| unreachable("not an HTTP address"))?;
        url.path_segments_mut()
            .map_err(|()| unreachable("not an HTTP address"))?
            .pop_if_empty()
            .extend(["api", "koneko", "cdp"]);
        let mut request = url
            .as_str()
            .into_client_request()
            .map_err(|error| PageError::Unreachable(error.to_string()))?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
            .map_err(|_| unreachable("the token is no header value"))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        Self::request(request).await
    }

    /// A browser's own endpoint, as Chromium prints it: `ws://127.0.0.1:port/devtools/browser/id`.
    ///
    /// # Errors
    /// If it cannot be reached or refuses.
    pub async fn websocket(url: &str) -> Result<Self, PageError> {
        let request = url
            .into_client_request()
            .map_err(|error| PageError::Unreachable(error.to_string()))?;
        Self::request(request).await
    }

    /// The browser at the other end of a tunnel, which says itself where its endpoint is.
    ///
    /// # Errors
    /// If it cannot be reached, or is no browser.
    pub async fn tunnel(tunnel: &Tunnel) -> Result<Self, PageError> {
        let connecting = async {
            let broken = |error: std::io::Error| PageError::Unreachable(error.to_string());
            let mut stream = tunnel.dial().await.map_err(broken)?;
            let url = version::endpoint(&mut stream).await?;
            let request = url
                .into_client_request()
                .map_err(|error| PageError::Unreachable(error.to_string()))?;
            let connected =
                tokio_tungstenite::client_async_with_config(request, stream, Some(config())).await;
            Ok(connected.map_err(refusal)?.0)
        };
        Ok(Self::over(within_limit(connecting).await?))
    }

    async fn request(request: Request) -> Result<Self, PageError> {
        let connecting = async {
            let connected =
                tokio_tungstenite::connect_async_with_config(request, Some(config()), true).await;
            Ok(connected.map_err(refusal)?.0)
        };
        Ok(Self::over(within_limit(connecting).await?))
    }

    fn over<S>(socket: WebSocketStream<S>) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (out, outgoing) = mpsc::channel(DEPTH);
        let (sender, incoming) = mpsc::channel(DEPTH);
        tokio::spawn(pump(socket, outgoing, sender));
        Self { out, incoming }
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

fn refusal(error: Error) -> PageError {
    match error {
        Error::Http(answer) => PageError::Refused(answer.status().as_u16()),
        other => PageError::Unreachable(other.to_string()),
    }
}

async fn within_limit<T>(
    connecting: impl Future<Output = Result<T, PageError>>,
) -> Result<T, PageError> {
    tokio::time::timeout(CONNECT_LIMIT, connecting)
        .await
        .unwrap_or(Err(PageError::TimedOut { method: "connect" }))
}

/// Carries messages both ways until either side ends.
async fn pump<S>(
    socket: WebSocketStream<S>,
    mut outgoing: mpsc::Receiver<String>,
    incoming: mpsc::Sender<String>,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let (mut write, mut read) = socket.split();
    let writing = async {
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            let message = tokio::select! {
                message = outgoing.recv() => match message {
                    Some(text) => Message::text(text),
                    None => return,
                },
                _ = ping.tick() => Message::Ping(bytes::Bytes::new()),
            };
            // A browser that does not read is a browser that is gone.
            let sent = tokio::time::timeout(SILENCE_LIMIT, write.send(message)).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    };
    let reading = async {
        while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENCE_LIMIT, read.next()).await {
            if let Message::Text(text) = message
                && incoming.send(text.as_str().to_owned()).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
}
