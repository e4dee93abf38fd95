//! What a client says on its WebSocket, and what is done about it.

use super::Room;
use crate::desktop::Content;
use crate::sender::PeerError;
use duotab_core::neko::event::ClientEvent;
use std::sync::Arc;

const DOWN: &[bool] = &[true];
const UP: &[bool] = &[false];
const PRESS: &[bool] = &[true, false];

impl Room {
    /// Does what a client says. The one person may do everything.
    pub(crate) async fn obey(self: &Arc<Self>, event: ClientEvent) -> Result<(), PeerError> {
        match event {
            ClientEvent::SignalRequest(it) => self.request_peer(it).await?,
            ClientEvent::SignalAnswer(it) => self.peer_answer(it).await?,
            ClientEvent::SignalOffer(it) => self.peer_offer(it).await?,
            ClientEvent::SignalCandidate(it) => self.peer_candidate(it).await?,
            ClientEvent::SignalRestart => self.peer_restart().await?,
            ClientEvent::SignalVideo(it) => self.set_video(&it),
            ClientEvent::SignalAudio(it) => self.set_audio(&it),
            ClientEvent::ControlRequest => self.take_control(),
            ClientEvent::ControlRelease => {
                let id = self.terms.username.clone();
                self.set_hosting(&id, false);
            }
            ClientEvent::ScreenSet(it) => {
                let id = self.terms.username.clone();
                if self.resize(&id, it).await.is_none() {
                    tracing::warn!(?it, "screen size refused");
                }
            }
            ClientEvent::ClipboardSet(it) if self.is_hosting() => {
                let html = String::new();
                self.set_clipboard(Content {
                    text: it.text,
                    html,
                })
                .await;
            }
            ClientEvent::KeyboardMap(it) if self.is_hosting() => {
                // It takes a while, and the peer need not wait for it; the next map does.
                let turn = self.map_turn().await;
                let room = Arc::clone(self);
                tokio::spawn(async move {
                    if !room.set_map(turn, it).await {
                        tracing::warn!("keyboard map refused");
                    }
                });
            }
            ClientEvent::KeyboardModifiers(it) if self.is_hosting() => self.set_modifiers(&it),
            ClientEvent::SystemLogs(lines) => {
                for line in lines.iter().take(64) {
                    let message: String = line.message.chars().take(1000).collect();
                    tracing::info!(level = line.level, "client: {message}");
                }
            }
            other => self.obey_hand(other).await,
        }
        Ok(())
    }

    /// Input: each takes control first (implicit hosting).
    async fn obey_hand(&self, event: ClientEvent) {
        if event.name().starts_with("control/") {
            self.take_control();
        }
        match event {
            ClientEvent::ControlMove(it) => self.point(it.x, it.y),
            ClientEvent::ControlScroll(it) => self.scroll(it),
            ClientEvent::ControlButtonPress(it) => self.button(it, PRESS),
            ClientEvent::ControlButtonDown(it) => self.button(it, DOWN),
            ClientEvent::ControlButtonUp(it) => self.button(it, UP),
            ClientEvent::ControlKeyPress(it) => self.key(it, PRESS),
            ClientEvent::ControlKeyDown(it) => self.key(it, DOWN),
            ClientEvent::ControlKeyUp(it) => self.key(it, UP),
            ClientEvent::ControlCut => self.shortcut('x'.into()),
            ClientEvent::ControlCopy => self.shortcut('c'.into()),
            ClientEvent::ControlSelectAll => self.shortcut('a'.into()),
            ClientEvent::ControlPaste(it) => self.paste(it.text).await,
            other => tracing::debug!(name = other.name(), "not handled"),
        }
    }
}
