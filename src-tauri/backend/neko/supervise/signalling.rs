//! The signalling leg: attempts, what they report, and what the server says on them.

use duotab_core::message::Leg;
use duotab_core::neko::event::{ClientEvent, Disconnect, Init, ServerEvent};
use duotab_core::neko::signal::{AudioRequest, Candidate, Description, Request, VideoRequest};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

use super::{Client, Outcome, Verdict};
use crate::endpoint::Secret;
use crate::neko::rest::{Rest, RestError};
use crate::neko::signal::{End, Link, LinkId, SignalNews};
use crate::neko::{Failure, News, Options};

/// Waits before the attempts; the last one repeats. A server that starts is found within a
/// quarter of a second.
const WAITS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(30),
    Duration::from_millis(60),
    Duration::from_millis(120),
    Duration::from_millis(250),
];
/// A server that answers takes milliseconds to let go of a login.
const LOGOUT_LIMIT: Duration = Duration::from_secs(1);
/// With the picture there, signalling that comes back within this is not worth a word.
const QUIET: Duration = Duration::from_secs(1);

/// The leg's state.
pub(super) struct Signalling {
    rest: Rest,
    news: mpsc::Sender<SignalNews>,
    link: Option<Link>,
    links: LinkId,
    token: Option<Secret>,
    session: Option<String>,
    /// `system/init` has come on the current link.
    open: bool,
    away_since: Option<Instant>,
    told: bool,
    retry_at: Option<Instant>,
    failures: usize,
    pub(super) sockets: u64,
}

impl Signalling {
    /// `login` is the token of one that is open already.
    pub(super) fn new(rest: Rest, login: Option<Secret>, news: mpsc::Sender<SignalNews>) -> Self {
        Self {
            rest,
            news,
            link: None,
            links: 0,
            token: login,
            session: None,
            open: false,
            away_since: Some(Instant::now()),
            told: true,
            retry_at: None,
            failures: 0,
            sockets: 0,
        }
    }

    pub(super) fn send(&self, event: ClientEvent) -> bool {
        self.open && self.link.as_ref().is_some_and(|it| it.send(event))
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    pub(super) async fn close(&mut self) {
        self.open = false;
        if let Some(link) = self.link.take() {
            link.close().await;
        }
        // A login that stays would keep the next one out until the server has missed this one.
        if let Some(token) = self.token.take() {
            let _ = tokio::time::timeout(LOGOUT_LIMIT, self.rest.logout(&token)).await;
        }
    }

    pub(super) fn deadline(&self, options: &Options) -> Option<Instant> {
        let away = self.away_since?;
        let limit = away + options.signalling_limit;
        let word = (!self.told).then(|| away + QUIET);
        [Some(limit), word, self.retry_at]
            .into_iter()
            .flatten()
            .min()
    }
}

impl Client {
    /// Begins an attempt.
    pub(super) fn link(&mut self) {
        let it = &mut self.signalling;
        it.links += 1;
        it.retry_at = None;
        it.open = false;
        it.link = Some(Link::start(
            it.links,
            it.rest.clone(),
            self.endpoint.clone(),
            it.token.clone(),
            it.news.clone(),
        ));
    }

    pub(super) fn signalling_overdue(&mut self, now: Instant) -> Outcome {
        let it = &mut self.signalling;
        let Some(away) = it.away_since else {
            return Ok(());
        };
        if now >= away + self.options.signalling_limit {
            return Err(Verdict::Failed(Leg::Signalling, Failure::TimedOut));
        }
        if !it.told && now >= away + QUIET {
            it.told = true;
            self.desk.tell(News::Lost(Leg::Signalling));
        }
        if self.signalling.retry_at.is_some_and(|it| now >= it) {
            self.link();
        }
        Ok(())
    }

    pub(super) async fn signal(&mut self, news: SignalNews) -> Outcome {
        let current = self.signalling.link.as_ref().map(|it| it.id);
        match news {
            SignalNews::LoggedIn(id, it) if Some(id) == current => {
                self.signalling.token = Some(it.token.clone());
                self.logged_in(it.token);
                Ok(())
            }
            SignalNews::Event(id, event) if Some(id) == current => self.event(*event).await,
            SignalNews::Ended(id, end) if Some(id) == current => self.ended(end),
            _ => Ok(()),
        }
    }

    pub(super) fn logged_in(&mut self, token: Secret) {
        let login = self.started.elapsed();
        tracing::debug!(took = ?login, "logged in");
        self.stats(|it| it.login = it.login.or(Some(login)));
        self.desk.tell(News::LoggedIn { token });
    }

    /// An attempt or a connection ended: again, or for good?
    fn ended(&mut self, end: End) -> Outcome {
        tracing::debug!(?end, "signalling ended");
        let failed = |failure| Err(Verdict::Failed(Leg::Signalling, failure));
        match end {
            End::Login(RestError::Unauthorized) => return failed(Failure::Unauthorized),
            End::Login(RestError::Forbidden(why)) => return failed(Failure::Forbidden(why)),
            End::Address => return failed(Failure::Address),
            End::Told(Some(why), _) => match why {
                Disconnect::SessionNotFound
                | Disconnect::SessionDeleted
                | Disconnect::NoAuthentication => self.signalling.token = None,
                Disconnect::Shutdown | Disconnect::AlreadyConnected => {}
                Disconnect::Replaced => return failed(Failure::Replaced),
                Disconnect::LoginDisabled
                | Disconnect::ConnectionDisabled
                | Disconnect::SessionDisconnected
                | Disconnect::ProfileChanged => return failed(Failure::PutOut(why)),
            },
            End::Told(None, _) => return failed(Failure::PutOutOtherwise),
            End::Login(_) | End::Broken | End::Stale => {}
        }
        let now = Instant::now();
        let it = &mut self.signalling;
        if it.open {
            it.failures = 0;
        }
        it.open = false;
        it.link = None;
        if it.away_since.is_none() {
            it.away_since = Some(now);
            it.told = false;
        }
        let wait = WAITS[it.failures.min(WAITS.len() - 1)];
        it.failures += 1;
        it.retry_at = Some(now + wait);
        self.host = false;
        Ok(())
    }

    async fn event(&mut self, event: ServerEvent) -> Outcome {
        match event {
            ServerEvent::SystemInit(init) => self.init(init),
            ServerEvent::SignalProvide(provide) => return self.provided(provide).await,
            ServerEvent::SignalCandidate(candidate) => self.take_candidate(candidate).await,
            ServerEvent::SignalOffer(it) | ServerEvent::SignalRestart(it) => {
                if let Some(sdp) = self.media.renegotiate(it.sdp).await {
                    self.send(ClientEvent::SignalAnswer(Description { sdp }));
                }
            }
            ServerEvent::SignalClose => self.peer_closed(),
            ServerEvent::ControlHost(it) => {
                self.host = it.has_host && it.host_id == self.signalling.session;
            }
            ServerEvent::ScreenUpdated(it) => self.take_screen(it.size),
            ServerEvent::ClipboardUpdated(it) => {
                let now = Instant::now();
                let queue = self.shared.input.lock();
                // What a person types is nothing that they copied.
                if !queue.is_ok_and(|mut queue| queue.clipboard(&it.text, now)) {
                    self.desk.tell(News::Clipboard(it.text));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The server is there: bring its state to what we want, and see whether our peer lives.
    fn init(&mut self, init: Init) {
        let it = &mut self.signalling;
        let same = it.session.as_deref() == Some(init.session_id.as_str());
        let watching = init
            .sessions
            .get(&init.session_id)
            .is_some_and(|it| it.state.is_watching);
        it.open = true;
        it.away_since = None;
        it.failures = 0;
        it.sockets += 1;
        it.session = Some(init.session_id.clone());
        let told = std::mem::replace(&mut it.told, true);
        let sockets = it.sockets;
        self.stats(|it| it.sockets = sockets);
        tracing::debug!(sockets, "signalling is open");
        self.host =
            init.control_host.has_host && init.control_host.host_id == Some(init.session_id);
        self.take_screen(init.screen_size);
        if !self.host {
            self.send(ClientEvent::ControlRequest);
        }
        if !same {
            self.unset = true;
            let first = self.options.first_screen;
            // An engine that was started for this view has its size already, and a change of the
            // screen would have it make its capture anew before the picture.
            if let Some(size) = self.wish.map(|it| it.size).or(first)
                && !self.shows(size)
            {
                self.wish_screen(size);
            }
        }
        if same && watching && self.media.is_connected() {
            if told && sockets > 1 && self.media.is_live() {
                // `Lost` was said: take it back.
                self.desk.tell(News::Live);
            }
        } else {
            self.ask_for_peer();
        }
    }

    /// Sets keyboard and locks if that is still to be done. A server takes one word after the
    /// other, and its X server stands still while a layout is compiled (half a second on a busy
    /// machine): the picture goes first.
    pub(super) fn set_keyboard(&mut self) {
        if !std::mem::take(&mut self.unset) {
            return;
        }
        if let Some(map) = self.keyboard.clone() {
            self.send(ClientEvent::KeyboardMap(map));
        }
        if let Some(modifiers) = self.modifiers {
            self.send(ClientEvent::KeyboardModifiers(modifiers));
        }
    }

    /// Asks for a new peer; the server ends the one before.
    pub(super) fn ask_for_peer(&mut self) {
        if !self.signalling.is_open() {
            return;
        }
        let audio = AudioRequest {
            disabled: (!self.options.audio).then_some(true),
        };
        let request = Request {
            video: VideoRequest::default(),
            audio,
        };
        self.media.asked(Instant::now());
        self.send(ClientEvent::SignalRequest(request));
    }

    pub(super) fn send_candidate(&self, candidate: Candidate) {
        self.send(ClientEvent::SignalCandidate(candidate));
    }
}
