//! A live view in words: the person's hands on the picture.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::app::{App, SHELL};

/// A view that looks at what it is shown, and acts on the picture of the tab in front.
pub(crate) struct View {
    hands: futures_util::stream::SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Message>,
    eyes: JoinHandle<()>,
}

impl View {
    pub(crate) async fn open(app: &mut App) -> Self {
        let ticket = app.lane_ticket().await;
        let mut request = ticket.url.as_str().into_client_request().unwrap();
        request
            .headers_mut()
            .insert("Origin", SHELL.parse().unwrap());
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let (mut hands, mut eyes) = socket.split();
        hands.send(Message::text(ticket.secret)).await.unwrap();
        let eyes = tokio::spawn(async move { while eyes.next().await.is_some() {} });
        Self { hands, eyes }
    }

    /// Moves the pointer, in pixels of the picture.
    pub(crate) async fn point(&mut self, x: u16, y: u16) {
        let mut message = vec![1];
        message.extend(x.to_be_bytes());
        message.extend(y.to_be_bytes());
        self.hands.send(Message::binary(message)).await.unwrap();
    }

    /// Clicks, in pixels of the picture.
    pub(crate) async fn click(&mut self, x: u16, y: u16) {
        for down in [1, 0] {
            let mut message = vec![4, down, 0];
            message.extend(x.to_be_bytes());
            message.extend(y.to_be_bytes());
            self.hands.send(Message::binary(message)).await.unwrap();
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.eyes.abort();
    }
}
