//! A bare WebSocket and bare HTTP, to see what really comes.

use duotab_core::neko::event::{ClientEvent, ServerEvent};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::fixture::{LIMIT, Server};

/// A WebSocket as it is.
pub(crate) struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Raw {
    pub(crate) async fn open(server: &Server, token: Option<&str>) -> Self {
        let url = format!(
            "ws://{}:{}{}/api/ws",
            server.base.host_str().unwrap(),
            server.base.port_or_known_default().unwrap(),
            server.base.path().trim_end_matches('/')
        );
        let mut request = url.into_client_request().unwrap();
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("Authorization", bearer);
        }
        let (socket, _) = connect_async(request).await.unwrap();
        Self { socket }
    }

    pub(crate) async fn send(&mut self, event: ClientEvent) {
        let text = Message::text(event.encode());
        self.socket.send(text).await.unwrap();
    }

    /// The next event, as text and read; `None` when the server ended the connection.
    pub(crate) async fn next(&mut self) -> Option<(String, ServerEvent)> {
        tokio::time::timeout(LIMIT, async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let text = text.to_string();
                        let event = ServerEvent::decode(&text)
                            .unwrap_or_else(|_| panic!("malformed: {text}"));
                        return Some((text, event));
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        })
        .await
        .expect("an event in time")
    }

    /// Events up to the first that `wanted` wants, that one last.
    pub(crate) async fn until(
        &mut self,
        wanted: impl Fn(&ServerEvent) -> bool,
    ) -> Vec<ServerEvent> {
        let mut seen = Vec::new();
        loop {
            let Some((_, event)) = self.next().await else {
                panic!("closed after {seen:?}");
            };
            let done = wanted(&event);
            seen.push(event);
            if done {
                return seen;
            }
        }
    }

    pub(crate) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.socket.close(None)).await;
    }
}

/// One HTTP call.
pub(crate) async fn call(
    server: &Server,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&str>,
) -> (u16, String) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(LIMIT)
        .build()
        .unwrap();
    let base = server.base.as_str().trim_end_matches('/');
    let method = method.parse().unwrap();
    let mut request = client.request(method, format!("{base}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.body(body.to_owned());
    }
    let reply = request.send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

/// Logs in; gives the reply. A session that ended a moment ago may still count as connected.
pub(crate) async fn log_in(server: &Server) -> duotab_core::neko::rest::LoginReply {
    let body = serde_json::json!({"username": server.user, "password": server.password});
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        let (status, text) =
            call(server, "POST", "/api/login", None, Some(&body.to_string())).await;
        if status == 422 && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        assert_eq!(status, 200, "{text}");
        return serde_json::from_str(&text).unwrap();
    }
}
