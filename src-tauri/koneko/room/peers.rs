//! The peer that shows the picture to the session, and what the viewer asks of it.

use super::Room;
use super::sessions::PeerSlot;
use crate::input::Gesture;
use crate::sender::{Peer, PeerError, PeerEvent};
use duotab_core::neko::data::ServerMessage;
use duotab_core::neko::event::{ServerEvent, StateUpdate};
use duotab_core::neko::input::InputMessage;
use duotab_core::neko::signal::{
    Audio, AudioRequest, Candidate, Description, Provide, Request, Video, VideoRequest,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The one pipeline's name, as Neko's first.
pub(super) const PIPELINE: &str = "main";
/// A viewer that has not come by then does not come.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

impl Room {
    /// The session wants a new peer.
    pub(crate) async fn request_peer(self: &Arc<Self>, wish: Request) -> Result<(), PeerError> {
        if self.is_suspended() {
            return Ok(());
        }
        if self.terms.way.port != 0 {
            // There is only one port, and the peer that was there has it.
            let old = self.state().session.as_mut().and_then(|it| it.peer.take());
            if let Some(old) = old {
                self.unwatch();
                old.peer.close().await;
            }
        }
        let (peer, sdp, events) = Peer::offer(self.terms.way, self.terms.codec).await?;
        let peer = Arc::new(peer);
        let video = video(wish.video.disabled.unwrap_or(false));
        let audio = Audio {
            disabled: wish.audio.disabled.unwrap_or(false),
        };
        let offered = self.install(&peer, sdp, video, audio);
        let (serial, old) = match offered {
            Some(it) => it,
            None => {
                peer.close().await;
                return Ok(());
            }
        };
        tokio::spawn(Arc::clone(self).attend(serial, peer, events));
        if let Some(old) = old {
            self.unwatch();
            old.peer.close().await;
        }
        Ok(())
    }

    /// Makes it the session's peer and tells the viewer; the peer that was there before.
    fn install(
        &self,
        peer: &Arc<Peer>,
        sdp: String,
        video: Video,
        audio: Audio,
    ) -> Option<(u64, Option<PeerSlot>)> {
        let mut state = self.state();
        state.serial += 1;
        let serial = state.serial;
        let session = state.session.as_mut()?;
        let old = session.peer.replace(PeerSlot {
            serial,
            peer: Arc::clone(peer),
            connected: false,
            video: video.clone(),
            audio,
        });
        session.tell(ServerEvent::SignalProvide(Provide {
            sdp,
            iceservers: Vec::new(),
            video: video.clone(),
            audio,
        }));
        session.tell(ServerEvent::SignalVideo(video));
        session.tell(ServerEvent::SignalAudio(audio));
        Some((serial, old))
    }

    /// Sees to a peer until it ends.
    async fn attend(
        self: Arc<Self>,
        serial: u64,
        peer: Arc<Peer>,
        mut events: mpsc::Receiver<PeerEvent>,
    ) {
        let mut cursor = self.tools.desktop.cursor.clone();
        let mut open = false;
        let mut connected = false;
        let late = tokio::time::sleep(CONNECT_LIMIT);
        tokio::pin!(late);
        loop {
            tokio::select! {
                event = events.recv() => match event {
                    None | Some(PeerEvent::Gone) => break,
                    Some(PeerEvent::Candidate(it)) => self.tell_of(serial, ServerEvent::SignalCandidate(it)),
                    Some(PeerEvent::Connected) => {
                        connected = true;
                        self.connected(serial);
                    }
                    Some(PeerEvent::KeyRequest) => self.tools.capture.request_key(),
                    Some(PeerEvent::ChannelOpen) => {
                        open = true;
                        let image = cursor.borrow_and_update().clone();
                        if let Some(image) = image {
                            peer.tell(&image).await;
                        }
                        let (x, y) = self.state().pointer;
                        peer.tell(&ServerMessage::CursorPosition { x, y }).await;
                    }
                    Some(PeerEvent::Message(bytes)) => self.message(&peer, &bytes).await,
                },
                Ok(()) = cursor.changed(), if open => {
                    let image = cursor.borrow_and_update().clone();
                    if let Some(image) = image {
                        peer.tell(&image).await;
                    }
                }
                () = &mut late, if !connected => break,
                () = self.ending.cancelled() => break,
            }
        }
        self.peer_gone(serial).await;
    }

    fn tell_of(&self, serial: u64, event: ServerEvent) {
        let state = self.state();
        if let Some(session) = &state.session
            && session.peer.as_ref().is_some_and(|it| it.serial == serial)
        {
            session.tell(event);
        }
    }

    fn connected(&self, serial: u64) {
        let mut state = self.state();
        let Some(session) = &mut state.session else {
            return;
        };
        let Some(slot) = session.peer.as_mut().filter(|it| it.serial == serial) else {
            return;
        };
        if slot.connected {
            return;
        }
        slot.connected = true;
        slot.peer.begin();
        self.tools.capture.pause(slot.video.disabled);
        self.tools.capture.watch(slot.peer.sink.clone());
        self.send_sound(slot);
        session.state.is_watching = true;
        session.state.watching_since = Some(crate::clock::now_rfc3339());
        session.state.not_watching_since = None;
        session.tell(ServerEvent::SessionState(StateUpdate {
            id: session.id.clone(),
            state: session.state.clone(),
        }));
    }

    /// Ends the peer if it is still the session's.
    async fn peer_gone(&self, serial: u64) {
        let slot = {
            let mut state = self.state();
            let Some(session) = &mut state.session else {
                return;
            };
            let ours = session.peer.as_ref().is_some_and(|it| it.serial == serial);
            let Some(slot) = session.peer.take_if(|_| ours) else {
                return;
            };
            self.unwatch();
            if session.state.is_watching {
                session.state.is_watching = false;
                session.state.watching_since = None;
                session.state.not_watching_since = Some(crate::clock::now_rfc3339());
                session.tell(ServerEvent::SessionState(StateUpdate {
                    id: session.id.clone(),
                    state: session.state.clone(),
                }));
            }
            session.tell(ServerEvent::SignalClose);
            slot
        };
        self.tools.input.send(Gesture::Release);
        slot.peer.close().await;
    }

    /// Ends whatever peer there is.
    pub(super) async fn end_peer(&self) {
        let serial = self
            .state()
            .session
            .as_ref()
            .and_then(|it| it.peer.as_ref().map(|it| it.serial));
        if let Some(serial) = serial {
            self.peer_gone(serial).await;
        }
    }

    fn peer(&self) -> Option<Arc<Peer>> {
        let state = self.state();
        let slot = state.session.as_ref()?.peer.as_ref()?;
        Some(Arc::clone(&slot.peer))
    }

    pub(crate) async fn peer_answer(&self, it: Description) -> Result<(), PeerError> {
        match self.peer() {
            Some(peer) => peer.answered(it.sdp).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn peer_offer(&self, it: Description) -> Result<(), PeerError> {
        if let Some(peer) = self.peer() {
            let sdp = peer.offered(it.sdp).await?;
            self.tell(ServerEvent::SignalAnswer(Description { sdp }));
        }
        Ok(())
    }

    pub(crate) async fn peer_candidate(&self, it: Candidate) -> Result<(), PeerError> {
        match self.peer() {
            Some(peer) => peer.candidate(it).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn peer_restart(&self) -> Result<(), PeerError> {
        if let Some(peer) = self.peer() {
            let sdp = peer.restart().await?;
            self.tell(ServerEvent::SignalRestart(Description { sdp }));
        }
        Ok(())
    }

    /// The viewer changes its video. Going on begins with a key frame, as in Neko.
    pub(crate) fn set_video(&self, wish: &VideoRequest) {
        let mut state = self.state();
        let Some(session) = &mut state.session else {
            return;
        };
        let Some(slot) = &mut session.peer else {
            return;
        };
        let Some(disabled) = wish.disabled.filter(|it| *it != slot.video.disabled) else {
            return;
        };
        slot.video = video(disabled);
        self.tools.capture.pause(disabled);
        let now = slot.video.clone();
        session.tell(ServerEvent::SignalVideo(now));
    }

    /// The viewer changes its audio.
    pub(crate) fn set_audio(&self, wish: &AudioRequest) {
        let mut state = self.state();
        let Some(session) = &mut state.session else {
            return;
        };
        let Some(slot) = &mut session.peer else {
            return;
        };
        if let Some(disabled) = wish.disabled.filter(|it| *it != slot.audio.disabled) {
            slot.audio.disabled = disabled;
            if slot.connected {
                self.send_sound(slot);
            }
            let now = slot.audio;
            session.tell(ServerEvent::SignalAudio(now));
        }
    }

    /// Sends the sound to a peer that wants it.
    fn send_sound(&self, slot: &PeerSlot) {
        let ear = (!slot.audio.disabled).then(|| slot.peer.ear.clone());
        self.tools.sound.send_to(ear);
    }

    /// Nobody watches or listens any more.
    pub(super) fn unwatch(&self) {
        self.tools.capture.unwatch();
        self.tools.sound.send_to(None);
    }

    /// A message on the data channel. Only the one who has control may do more than point.
    async fn message(&self, peer: &Peer, bytes: &[u8]) {
        let Ok(message) = InputMessage::decode(bytes) else {
            tracing::debug!("malformed input");
            return;
        };
        if let InputMessage::Ping { client_ms } = message {
            let server_ms = crate::clock::now_ms();
            peer.tell(&ServerMessage::Pong {
                client_ms,
                server_ms,
            })
            .await;
        } else if self.is_hosting() {
            self.input(message);
        }
    }
}

fn video(disabled: bool) -> Video {
    Video {
        disabled,
        id: PIPELINE.to_owned(),
        video: PIPELINE.to_owned(),
        auto: false,
    }
}
