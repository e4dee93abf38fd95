//! The data channel: messages in, input out, each without waiting for the other.

use bytes::BytesMut;
use duotab_core::neko::data::ServerMessage;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::{DataChannel, DataChannelEvent};

use super::{PeerId, PeerNews};

/// Messages on their way into the crate; it takes them in microseconds.
const PLACES: usize = 256;
/// The largest message that is read: a cursor of 256 x 256 without compression, and some.
const MAX_MESSAGE: usize = 1 << 20;
/// How long the crate may take for one message.
const SEND_LIMIT: Duration = Duration::from_secs(2);

/// The sending end, usable as soon as the channel is open.
#[derive(Clone, Default)]
pub(super) struct Channel {
    sender: Arc<OnceLock<mpsc::Sender<Vec<u8>>>>,
}

impl Channel {
    pub(super) fn is_open(&self) -> bool {
        self.sender.get().is_some_and(|it| !it.is_closed())
    }

    pub(super) fn send(&self, message: Vec<u8>) -> bool {
        self.sender
            .get()
            .is_some_and(|it| it.try_send(message).is_ok())
    }

    /// Runs until the channel closes or the peer is let go.
    pub(super) async fn run(
        self,
        channel: Arc<dyn DataChannel>,
        id: PeerId,
        news: mpsc::Sender<PeerNews>,
        cancel: CancellationToken,
    ) {
        let (sender, mut messages) = mpsc::channel::<Vec<u8>>(PLACES);
        let mut sender = Some(sender);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                event = channel.poll() => match event {
                    Some(DataChannelEvent::OnOpen) => {
                        if let Some(sender) = sender.take() && self.sender.set(sender).is_ok() {
                            let _ = news.try_send(PeerNews::Open(id));
                        }
                    }
                    Some(DataChannelEvent::OnMessage(message)) => {
                        if message.is_string || message.data.len() > MAX_MESSAGE {
                            continue;
                        }
                        match ServerMessage::decode(&message.data) {
                            Ok(message) => {
                                let _ = news.try_send(PeerNews::Data(id, message));
                            }
                            Err(error) => tracing::debug!(%error, "on the data channel"),
                        }
                    }
                    Some(DataChannelEvent::OnClose) | None => return,
                    Some(_) => {}
                },
                message = messages.recv() => {
                    let Some(message) = message else { continue };
                    let sent = channel.try_send(BytesMut::from(&message[..]));
                    match tokio::time::timeout(SEND_LIMIT, sent).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::debug!(%error, "input was dropped"),
                        Err(_) => return,
                    }
                }
            }
        }
    }
}
