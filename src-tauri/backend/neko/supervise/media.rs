//! The media leg: one peer at a time, its keyframes, its input.

use duotab_core::message::Leg;
use duotab_core::neko::data::ServerMessage;
use duotab_core::neko::event::ClientEvent;
use duotab_core::neko::input::InputMessage;
use duotab_core::neko::signal::{Candidate, Description, Provide};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

use super::way::Way;
use super::{Client, Outcome, Verdict, ping};
use crate::neko::keyframe::Keyframes;
use crate::neko::outlet::Outlet;
use crate::neko::peer::{Peer, PeerError, PeerId, PeerNews, PeerPlan, PeerState};
use crate::neko::{Failure, News, Options, Stats};

/// How long the server may take to offer a peer.
const OFFER_LIMIT: Duration = Duration::from_millis(1500);
/// How long encryption may take from there.
const SECURE_LIMIT: Duration = Duration::from_secs(4);
/// The longest silence that a peer may come back from: the server ends it after 4 s.
const SILENCE_LIMIT: Duration = Duration::from_secs(6);
/// The same where a relay can be had, which is better than silence.
const FAR_SILENCE_LIMIT: Duration = Duration::from_millis(1500);
/// Candidates that are kept until the offer comes.
const MAX_CANDIDATES: usize = 64;
/// Time between two measurements of the round trip.
const MEASURE: Duration = Duration::from_secs(1);

/// Where the peer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There is none, and none was asked for.
    None,
    /// Asked for.
    Asked(Instant),
    /// Looking for a way.
    Reaching(Instant),
    /// Found one.
    Securing(Instant),
    Connected,
    /// Connected, but nothing is heard.
    Silent(Instant),
}

/// The leg's state.
pub(super) struct Media {
    plan: PeerPlan,
    way: Way,
    pub(super) peer: Option<Peer>,
    step: Step,
    candidates: Vec<Candidate>,
    pub(super) keyframes: Keyframes,
    round_trip: watch::Sender<Duration>,
    smoothed: Option<Duration>,
    since: Instant,
    measure_at: Option<Instant>,
    answered_at: Option<Instant>,
    away_since: Option<Instant>,
    /// A first frame went out since the last loss.
    live: bool,
    told: bool,
    connect: Option<Duration>,
    first_frame: Option<Duration>,
    peers: u64,
    /// Peers since one was connected.
    tries: usize,
}

/// The leg's part of the statistics.
pub(super) struct Measured(Stats);

impl Measured {
    pub(super) fn put(self, stats: &mut Stats) {
        let (login, sockets) = (stats.login, stats.sockets);
        *stats = Stats {
            login,
            sockets,
            ..self.0
        };
    }
}

impl Media {
    pub(super) fn new(
        outlet: Outlet,
        news: mpsc::Sender<PeerNews>,
        loopback_only: bool,
        way: Way,
    ) -> Self {
        let (round_trip, watched) = watch::channel(Duration::ZERO);
        Self {
            plan: PeerPlan {
                id: 0,
                outlet,
                news,
                round_trip: watched,
                loopback_only,
            },
            way,
            peer: None,
            step: Step::None,
            candidates: Vec::new(),
            keyframes: Keyframes::default(),
            round_trip,
            smoothed: None,
            since: Instant::now(),
            measure_at: None,
            answered_at: None,
            away_since: None,
            live: false,
            told: true,
            connect: None,
            first_frame: None,
            peers: 0,
            tries: 0,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.peer.as_ref().is_some_and(Peer::is_open)
    }

    pub(super) const fn is_connected(&self) -> bool {
        matches!(self.step, Step::Connected)
    }

    /// The picture is not to come for now.
    pub(super) fn paused(&mut self) {
        self.keyframes.stop();
    }

    /// The picture is to come again, and begins with a key frame.
    pub(super) fn resumed(&mut self, now: Instant) {
        self.keyframes.resumed(now);
    }

    pub(super) const fn is_live(&self) -> bool {
        self.live
    }

    pub(super) fn send(&self, message: &InputMessage) -> bool {
        self.peer
            .as_ref()
            .is_some_and(|it| it.send(message.encode()))
    }

    /// A new peer was asked for; the one before is dead to the server.
    pub(super) fn asked(&mut self, now: Instant) {
        self.peer = None;
        self.candidates.clear();
        self.keyframes.stop();
        self.measure_at = None;
        self.away_since.get_or_insert(now);
        self.step = Step::Asked(now + OFFER_LIMIT);
    }

    pub(super) async fn renegotiate(&mut self, sdp: String) -> Option<String> {
        let answered = self.peer.as_ref()?.renegotiate(sdp).await;
        answered
            .inspect_err(|error| tracing::debug!(%error, "a new offer was not taken"))
            .ok()
    }

    pub(super) fn pong(&mut self, client_ms: u64, now: Instant) {
        let InputMessage::Ping { client_ms: sent } = ping(now.duration_since(self.since)) else {
            return;
        };
        // Anything else is the answer to a paste's ping, or not ours.
        let Some(micros) = sent.checked_sub(client_ms).filter(|it| *it < 10_000_000) else {
            return;
        };
        let trip = Duration::from_micros(micros);
        let smoothed = self.smoothed.map_or(trip, |it| (it * 7 + trip) / 8);
        self.smoothed = Some(smoothed);
        self.keyframes.set_round_trip(smoothed);
        self.round_trip.send_replace(smoothed);
    }

    pub(super) fn deadline(&self, options: &Options) -> Option<Instant> {
        let step = match self.step {
            Step::Asked(at) | Step::Reaching(at) | Step::Securing(at) | Step::Silent(at) => {
                Some(at)
            }
            Step::None | Step::Connected => None,
        };
        let limit = self.away_since.map(|it| it + self.limit(options));
        [step, limit, self.keyframes.deadline(), self.measure_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// How long they may be away.
    fn limit(&self, options: &Options) -> Duration {
        match self.step {
            Step::Connected if self.first_frame.is_none() => options.first_frame_limit,
            _ => options.media_limit,
        }
    }

    pub(super) fn measured(&self) -> Measured {
        let counts = self
            .peer
            .as_ref()
            .and_then(|it| it.video.counts.lock().ok().map(|it| *it))
            .unwrap_or_default();
        Measured(Stats {
            login: None,
            connect: self.connect,
            first_frame: self.first_frame,
            round_trip: self.smoothed,
            packets: counts.packets,
            nacked: counts.nacked,
            recovered: counts.recovered,
            lost: counts.lost,
            frames: counts.frames,
            keys_asked: self.keyframes.asked,
            peers: self.peers,
            sockets: 0,
        })
    }

    pub(super) async fn close(&mut self) {
        if let Some(peer) = self.peer.take() {
            peer.close().await;
        }
    }

    fn is_current(&self, id: PeerId) -> bool {
        self.peer.as_ref().is_some_and(|it| it.id == id)
    }
}

impl Client {
    /// The server offers a peer.
    pub(super) async fn provided(&mut self, mut provide: Provide) -> Outcome {
        self.media.peers += 1;
        self.media.plan.id += 1;
        let mut candidates = std::mem::take(&mut self.media.candidates);
        let mut plan = self.media.plan.clone();
        plan.loopback_only |= self.media.way.is_relayed(self.media.tries);
        self.media.way.lead(&mut provide, &mut candidates);
        match Peer::answer(plan, &provide, &candidates).await {
            Ok((peer, sdp)) => {
                self.media.peer = Some(peer);
                let now = Instant::now();
                self.media.answered_at = Some(now);
                let limit = self.media.way.limit(self.media.tries);
                self.media.tries += 1;
                self.media.step = Step::Reaching(now + limit);
                self.media.away_since.get_or_insert(now);
                self.send(ClientEvent::SignalAnswer(Description { sdp }));
                tracing::debug!(peer = self.media.plan.id, "the offer is answered");
                Ok(())
            }
            Err(PeerError::NoCodec) => Err(Verdict::Failed(Leg::Media, Failure::NoCodec)),
            Err(error) => {
                tracing::warn!(%error, "the offer was not taken");
                self.media.step = Step::Asked(Instant::now() + OFFER_LIMIT);
                Ok(())
            }
        }
    }

    pub(super) async fn take_candidate(&mut self, mut candidate: Candidate) {
        if let Some(peer) = &self.media.peer {
            if self.media.way.lead_one(&mut candidate) {
                peer.candidate(&candidate).await;
            }
        } else if self.media.candidates.len() < MAX_CANDIDATES {
            self.media.candidates.push(candidate);
        }
    }

    /// `signal/close`: the server let go of the peer.
    pub(super) fn peer_closed(&mut self) {
        // A close for the peer before may come behind the request for the next one.
        if matches!(self.media.step, Step::Asked(_) | Step::Reaching(_)) {
            return;
        }
        self.lose_media();
        self.ask_for_peer();
    }

    pub(super) async fn peer(&mut self, news: PeerNews) -> Outcome {
        if !self.media.is_current(news.peer()) {
            return Ok(());
        }
        match news {
            PeerNews::State(_, state) => self.peer_state(state),
            PeerNews::Candidate(_, candidate) => self.send_candidate(candidate),
            PeerNews::Open(_) => {
                self.measure();
            }
            PeerNews::Data(_, message) => self.data(message),
            PeerNews::Began(_) => self.media.keyframes.began(Instant::now()),
            PeerNews::NeedKey(_) => self.need_key(false),
            PeerNews::Key(_) => {
                tracing::trace!("a key frame");
                self.media.keyframes.got();
            }
            PeerNews::Live(_) => {
                self.media.live = true;
                self.media.told = false;
                self.media.away_since = None;
                if self.media.first_frame.is_none() {
                    self.media.first_frame = Some(self.started.elapsed());
                    tracing::debug!(took = ?self.media.first_frame, "the first frame");
                }
                self.set_keyboard();
            }
        }
        Ok(())
    }

    fn peer_state(&mut self, state: PeerState) {
        let now = Instant::now();
        match (state, self.media.step) {
            (PeerState::Reached, Step::Reaching(_)) => {
                self.media.step = Step::Securing(now + SECURE_LIMIT);
            }
            (PeerState::Reached | PeerState::Connected, Step::Silent(_)) => {
                self.media.step = Step::Connected;
                self.need_key(true);
            }
            (PeerState::Connected, Step::Reaching(_) | Step::Securing(_)) => {
                self.media.step = Step::Connected;
                self.media.tries = 0;
                if let Some(relayed) = self.media.way.connected() {
                    self.desk.tell(News::Relayed(relayed));
                }
                self.media.connect = self.media.answered_at.map(|it| now - it);
                self.media.keyframes.connected(now);
                self.unwatched.connected(now);
                tracing::debug!(took = ?self.media.connect, "the peer is connected");
            }
            (PeerState::Silent, Step::Connected) => {
                self.lose_media();
                let limit = match self.media.way.is_far() {
                    true => FAR_SILENCE_LIMIT,
                    false => SILENCE_LIMIT,
                };
                self.media.step = Step::Silent(now + limit);
            }
            (PeerState::Gone, _) => {
                self.lose_media();
                self.media.peer = None;
                self.media.step = Step::None;
                self.ask_for_peer();
            }
            _ => {}
        }
    }

    /// Says once that the picture is gone, and that the next key frame brings it back.
    fn lose_media(&mut self) {
        self.media.away_since.get_or_insert_with(Instant::now);
        self.media.live = false;
        // Only a picture shows that the way is there again.
        self.go_on();
        if let Some(peer) = &self.media.peer {
            peer.video.restart.store(true, Ordering::Release);
            peer.video.say_live.store(true, Ordering::Release);
        }
        if !std::mem::replace(&mut self.media.told, true) {
            self.desk.tell(News::Lost(Leg::Media));
        }
    }

    fn data(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::CursorPosition { x, y } => {
                self.desk.tell(News::CursorPosition { x, y });
            }
            ServerMessage::CursorImage {
                width,
                height,
                hot_x,
                hot_y,
                png,
            } => self.desk.tell(News::CursorImage {
                width,
                height,
                hot_x,
                hot_y,
                png: png.into(),
            }),
            ServerMessage::Pong { client_ms, .. } => self.pong(client_ms),
        }
    }

    fn measure(&mut self) {
        let now = Instant::now();
        self.media.measure_at = Some(now + MEASURE);
        let message = ping(now.duration_since(self.media.since));
        self.media.send(&message);
    }

    pub(super) async fn media_overdue(&mut self, now: Instant) -> Outcome {
        if let Some(away) = self.media.away_since {
            if !self.signalling.is_open() {
                // Without signalling nothing can be done here; that leg's limit runs.
                self.media.away_since = Some(away.max(now - self.options.media_limit / 2));
            } else if now >= away + self.media.limit(&self.options) {
                return Err(Verdict::Failed(Leg::Media, Failure::TimedOut));
            }
        }
        let late = match self.media.step {
            Step::Asked(at) | Step::Reaching(at) | Step::Securing(at) | Step::Silent(at) => {
                now >= at
            }
            Step::None | Step::Connected => false,
        };
        if late {
            tracing::debug!(step = ?self.media.step, "the peer is late");
            // Perhaps the server is to be had on another interface than the loopback.
            self.media.plan.loopback_only = false;
            self.media.peer = None;
            self.media.step = Step::None;
            self.ask_for_peer();
        }
        let ask = self.media.keyframes.timeout(now);
        self.ask_for_key(ask);
        if self.media.measure_at.is_some_and(|it| now >= it) {
            self.measure();
        }
        Ok(())
    }
}
