//! Login, token and what there is of a session. As with Neko's `object` provider there is one
//! session per name, and a new login takes the place of an old one that is not connected.

use super::Room;
use super::sockets::{Ending, Socket};
use crate::sender::Peer;
use duotab_core::neko::event::{Disconnect, ServerEvent};
use duotab_core::neko::rest::{LoginReply, Stats};
use duotab_core::neko::shape::{SessionData, SessionState};
use duotab_core::neko::signal::{Audio, Video};
use std::sync::Arc;

/// Characters of a token: 64 of them, one byte each, none wasted.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A session's secret.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)?;
        let text = bytes.map(|it| char::from(ALPHABET[usize::from(it & 63)]));
        Ok(Self(text.iter().collect()))
    }
}

/// Why nobody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginRefused {
    /// Wrong name or password.
    Wrong,
    /// Somebody is there.
    AlreadyConnected,
    /// No random numbers.
    Internal,
}

/// The one session.
pub(super) struct Session {
    pub(super) id: String,
    token: Token,
    pub(super) state: SessionState,
    pub(super) socket: Option<Socket>,
    /// The last WebSocket that went.
    pub(super) lost: Option<u64>,
    pub(super) peer: Option<PeerSlot>,
}

/// The session's peer and what it wants.
pub(super) struct PeerSlot {
    pub(super) serial: u64,
    pub(super) peer: Arc<Peer>,
    pub(super) connected: bool,
    pub(super) video: Video,
    pub(super) audio: Audio,
}

impl Session {
    pub(super) fn tell(&self, event: ServerEvent) {
        if let Some(socket) = &self.socket {
            socket.tell(event);
        }
    }
}

/// Compares without telling by the time how much was right.
fn same(a: &str, b: &str) -> bool {
    let mut difference = a.len() ^ b.len();
    for (at, byte) in a.bytes().enumerate() {
        let other = b.as_bytes().get(at).copied().unwrap_or(!byte);
        difference |= usize::from(std::hint::black_box(byte ^ other));
    }
    difference == 0
}

impl Room {
    /// Lets the person in.
    pub(crate) async fn login(
        &self,
        username: &str,
        password: &str,
    ) -> Result<LoginReply, LoginRefused> {
        let name_fits = same(username, &self.terms.username);
        if !(same(password, &self.terms.password) & name_fits) {
            return Err(LoginRefused::Wrong);
        }
        let token = Token::fresh().map_err(|_| LoginRefused::Internal)?;
        let session = Session {
            id: self.terms.username.clone(),
            token: token.clone(),
            state: SessionState::default(),
            socket: None,
            lost: None,
            peer: None,
        };
        let old = {
            let mut state = self.state();
            // Neko also counts the five seconds behind a lost WebSocket; there is only one person
            // here, who has come back.
            if state.session.as_ref().is_some_and(|it| it.socket.is_some()) {
                return Err(LoginRefused::AlreadyConnected);
            }
            state.hosting = false;
            state.session.replace(session)
        };
        self.forget(old, Disconnect::SessionDeleted).await;
        Ok(LoginReply {
            id: self.terms.username.clone(),
            token: Some(token.0),
            profile: self.profile(),
            state: SessionState::default(),
        })
    }

    /// Lets the session go: its token, its WebSocket and its peer.
    pub(crate) async fn logout(&self) {
        let old = {
            let mut state = self.state();
            state.hosting = false;
            state.session.take()
        };
        self.forget(old, Disconnect::SessionDeleted).await;
    }

    async fn forget(&self, old: Option<Session>, why: Disconnect) {
        let Some(old) = old else {
            return;
        };
        self.tools.input.send(crate::input::Gesture::Release);
        if let Some(socket) = old.socket {
            socket.end(Ending::Said(why));
            self.state().last_left_at = Some(crate::clock::now_rfc3339());
        }
        if let Some(slot) = old.peer {
            self.unwatch();
            slot.peer.close().await;
        }
    }

    /// The session of a token.
    pub(crate) fn session_of(&self, token: &str) -> Option<SessionData> {
        let state = self.state();
        let session = state.session.as_ref()?;
        same(token, &session.token.0).then(|| SessionData {
            id: session.id.clone(),
            profile: self.profile(),
            state: session.state.clone(),
        })
    }

    /// All sessions: one or none.
    pub(crate) fn sessions(&self) -> Vec<SessionData> {
        let state = self.state();
        let one = state.session.as_ref().map(|it| SessionData {
            id: it.id.clone(),
            profile: self.profile(),
            state: it.state.clone(),
        });
        one.into_iter().collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = self.state();
        let connected = state.session.as_ref().filter(|it| it.state.is_connected);
        Stats {
            has_host: state.hosting,
            host_id: connected.filter(|_| state.hosting).map(|it| it.id.clone()),
            server_started_at: state.started_at.clone(),
            total_users: 0,
            last_user_left_at: None,
            total_admins: u32::from(connected.is_some()),
            last_admin_left_at: state.last_left_at.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_64_safe_characters_and_is_new_each_time() {
        let (a, b) = (Token::fresh().unwrap().0, Token::fresh().unwrap().0);
        assert_eq!(a.len(), 64);
        assert!(a.bytes().all(|it| ALPHABET.contains(&it)));
        assert_ne!(a, b);
    }

    #[test]
    fn only_the_same_text_is_the_same() {
        assert!(same("secret", "secret"));
        for other in ["", "secre", "secrets", "Secret", "secreT"] {
            assert!(!same("secret", other), "{other}");
            assert!(!same(other, "secret"), "{other}");
        }
    }
}
