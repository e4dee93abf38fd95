//! The signalling WebSocket as the room sees it: a place to put events, and its coming and going.
//! One that was lost may come back within five seconds without anybody noticing.

use super::Room;
use duotab_core::neko::event::{AdminInit, Disconnect, Init, Pipelines, ServerEvent, StateUpdate};
use duotab_core::neko::shape::ControlHost;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Neko's, for a WebSocket that was lost.
const GRACE: Duration = Duration::from_secs(5);
/// Events that may wait for a slow client.
const MAX_WAITING: usize = 1024;

/// What goes out on a WebSocket.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// An event.
    Event(ServerEvent),
    /// The end of it.
    End(Ending),
}

/// How a WebSocket ends from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With a word.
    Said(Disconnect),
}

/// A WebSocket that is there.
pub(super) struct Socket {
    serial: u64,
    to: mpsc::Sender<Outgoing>,
}

impl Socket {
    pub(super) fn tell(&self, event: ServerEvent) {
        // Full: its task notices that it cannot write, and ends.
        if self.to.try_send(Outgoing::Event(event)).is_err() {
            tracing::warn!("the client does not take its events");
        }
    }

    pub(super) fn end(&self, how: Ending) {
        let _ = self.to.try_send(Outgoing::End(how));
    }
}

impl Room {
    /// A WebSocket came with this token. What goes out on it comes from the channel; the number
    /// says which one it is.
    pub(crate) fn connect(
        &self,
        token: &str,
    ) -> Result<(u64, mpsc::Receiver<Outgoing>), Disconnect> {
        let data = self.session_of(token).ok_or(Disconnect::SessionNotFound)?;
        let (to, from) = mpsc::channel(MAX_WAITING);
        let mut state = self.state();
        state.serial += 1;
        let serial = state.serial;
        let (hosting, screen) = (state.hosting, state.screen);
        let Some(session) = &mut state.session else {
            return Err(Disconnect::SessionNotFound);
        };
        let new = !session.state.is_connected;
        if new {
            session.state.is_connected = true;
            session.state.connected_since = Some(crate::clock::now_rfc3339());
            session.state.not_connected_since = None;
        }
        let old = session.socket.replace(Socket { serial, to });
        let mut own = data;
        own.state = session.state.clone();
        session.tell(ServerEvent::SystemInit(Init {
            session_id: session.id.clone(),
            control_host: ControlHost {
                id: String::new(),
                has_host: hosting,
                host_id: hosting.then(|| session.id.clone()),
            },
            screen_size: screen,
            sessions: [(session.id.clone(), own)].into(),
            settings: Self::settings(),
            touch_events: false,
            screencast_enabled: false,
            webrtc: Pipelines {
                videos: vec![super::peers::PIPELINE.to_owned()],
            },
        }));
        session.tell(ServerEvent::SystemAdmin(AdminInit {
            screen_sizes_list: self.screens(),
            ..AdminInit::default()
        }));
        session.tell(ServerEvent::SessionState(StateUpdate {
            id: session.id.clone(),
            state: session.state.clone(),
        }));
        if let Some(old) = old {
            old.end(Ending::Said(Disconnect::Replaced));
        }
        Ok((serial, from))
    }

    /// A WebSocket is gone: by its own will, or lost.
    pub(crate) fn disconnect(self: &Arc<Self>, serial: u64, lost: bool) {
        {
            let mut state = self.state();
            let Some(session) = &mut state.session else {
                return;
            };
            if session.socket.as_ref().is_none_or(|it| it.serial != serial) {
                // Another has taken its place.
                return;
            }
            session.socket = None;
            session.lost = Some(serial);
        }
        if !lost {
            self.left();
            return;
        }
        let room = Arc::clone(self);
        tokio::spawn(async move {
            room.ending
                .run_until_cancelled(tokio::time::sleep(GRACE))
                .await;
            // A later one that was lost as well has a grace of its own.
            let session_lost = room.state().session.as_ref().and_then(|it| it.lost);
            if session_lost == Some(serial) {
                room.left();
            }
        });
    }

    fn left(&self) {
        let (id, hosting) = {
            let mut state = self.state();
            let hosting = state.hosting;
            let Some(session) = &mut state.session else {
                return;
            };
            if session.socket.is_some() {
                return;
            }
            let now = crate::clock::now_rfc3339();
            session.state.is_connected = false;
            session.state.connected_since = None;
            session.state.not_connected_since = Some(now.clone());
            let id = session.id.clone();
            state.last_left_at = Some(now);
            (id, hosting)
        };
        if hosting {
            self.set_hosting(&id, false);
        }
        self.tools.input.send(crate::input::Gesture::Release);
    }

    /// Says good-bye to whoever is there.
    pub(crate) fn say_shutdown(&self) {
        let state = self.state();
        if let Some(socket) = state.session.as_ref().and_then(|it| it.socket.as_ref()) {
            socket.end(Ending::Said(Disconnect::Shutdown));
        }
    }
}
