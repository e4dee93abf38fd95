//! A client of the page control, as small as can be.

use crate::engine::{Engine, LIMIT};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) struct Cdp {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    page: Option<String>,
}

impl Cdp {
    pub(crate) async fn connect(engine: &Engine, token: &str) -> Self {
        let mut request = engine
            .ws_url("/api/koneko/cdp")
            .into_client_request()
            .unwrap();
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("Authorization", bearer);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Self {
            socket,
            next: 1,
            page: None,
        }
    }

    /// The next message; `None` when the socket is closed.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(LIMIT, self.socket.next()).await;
            match message.expect("a message in time")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// Calls the browser, or the page once one is attached.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.next;
        self.next += 1;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(page) = &self.page {
            message["sessionId"] = json!(page);
        }
        let text = Message::text(message.to_string());
        self.socket.send(text).await.unwrap();
        loop {
            let answer = self.next().await.expect("an answer");
            if answer["id"] == id {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// Waits for an event.
    pub(crate) async fn event(&mut self, method: &str) {
        while self.next().await.expect("an event")["method"] != method {}
    }

    /// Attaches to the first page.
    pub(crate) async fn attach(&mut self) {
        let targets = self.call("Target.getTargets", json!({})).await;
        let targets = targets["targetInfos"].as_array().unwrap();
        let page = targets.iter().find(|it| it["type"] == "page").unwrap();
        let target = page["targetId"].clone();
        self.attach_to(&target).await;
    }

    /// Attaches to this page.
    pub(crate) async fn attach_to(&mut self, target: &Value) {
        let params = json!({ "targetId": target, "flatten": true });
        let attached = self.call("Target.attachToTarget", params).await;
        self.page = Some(attached["sessionId"].as_str().unwrap().to_owned());
    }

    /// What an expression comes to; promises are waited for.
    pub(crate) async fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let result = self.call("Runtime.evaluate", params).await;
        assert!(result.get("exceptionDetails").is_none(), "{result}");
        result["result"]["value"].clone()
    }

    /// Puts this into the page's body and waits until it has been painted.
    pub(crate) async fn show(&mut self, body: &str) {
        let body = serde_json::to_string(body).unwrap();
        self.evaluate(&format!(
            "document.body.innerHTML = {body}; \
             new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        ))
        .await;
    }
}
