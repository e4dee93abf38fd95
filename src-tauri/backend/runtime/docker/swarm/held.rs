//! The sessions that this app holds in a Swarm, as its calls and its watch both see them.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use duotab_core::fault::Stall;
use duotab_core::message::{Encoder, SessionId};
use duotab_core::node::NodeId;
use url::Url;

use super::gate::Gate;
use super::papers::Papers;
use crate::endpoint::{Cdp, Endpoint, ShelfWay};
use crate::runtime::docker::files::{CDP_PORT, SERVER_PORT, SLEEP_PROGRAM};
use crate::runtime::docker::known::Expected;

/// What was asked of a Swarm is done within this, or will not be.
const COMES: Duration = Duration::from_secs(120);
/// For a word that is answered at once.
const WORD_LIMIT: Duration = Duration::from_secs(5);

/// A session in a Swarm.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Its service.
    pub(super) service: String,
    /// The node, as the app knows it.
    pub(super) node: NodeId,
    pub(super) gate: Gate,
    pub(super) endpoint: Endpoint,
    pub(super) encoder: Encoder,
    pub(super) expected: Expected,
    /// Why it does not go on, as it was told.
    pub(super) stalled: Option<Stall>,
}

impl Held {
    pub(super) fn new(service: String, node: NodeId, gate: Gate, papers: &Papers) -> Option<Self> {
        let endpoint = Endpoint {
            base: Url::parse(&format!("http://127.0.0.1:{SERVER_PORT}/")).ok()?,
            via: Some(gate.tunnel(SERVER_PORT)),
            seen_at: Some(gate.address()),
            relay: Some(gate.relay()),
            username: super::USERNAME.to_owned(),
            password: papers.password.clone(),
            login: None,
            cdp: Cdp::Tunnel(gate.tunnel(CDP_PORT)),
            shelf: ShelfWay::Programs(gate.programs()),
        };
        Some(Self {
            service,
            node,
            gate,
            endpoint,
            encoder: Encoder::Software,
            expected: Expected::Running,
            stalled: None,
        })
    }

    /// Its node's id in the Swarm.
    pub(super) fn in_swarm(&self) -> &str {
        self.node.in_swarm().map_or("", |(_, node)| node)
    }

    /// Lets all that runs in its container sleep but its lease and its door, or wakes it.
    pub(super) async fn sleep(&self, asleep: bool) -> std::io::Result<()> {
        let word = if asleep { "STOP" } else { "CONT" };
        let command = ["/bin/bash", SLEEP_PROGRAM, word];
        if self.gate.ask(&command, WORD_LIMIT).await?.trim() == "done" {
            return Ok(());
        }
        Err(std::io::Error::other("its processes do not listen"))
    }

    /// Whether it sleeps.
    pub(super) async fn mood(&self) -> std::io::Result<Mood> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let asking = async {
            let mut opened = self.gate.keep().await?;
            opened.write_all(b"?").await?;
            opened.flush().await?;
            let mut said = [0];
            opened.read_exact(&mut said).await?;
            Ok(Mood::of(said))
        };
        let asked = tokio::time::timeout(WORD_LIMIT, asking).await;
        asked.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    }
}

/// What a door says of its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Awake,
    Asleep,
}

impl Mood {
    pub(super) const fn of(said: [u8; 1]) -> Self {
        match said {
            [b's'] => Self::Asleep,
            _ => Self::Awake,
        }
    }
}

/// All of them. What is not in here any more was let go of on purpose.
#[derive(Debug, Default)]
pub(super) struct Known {
    held: Mutex<HashMap<SessionId, Held>>,
    /// Those that were to be stopped while the Swarm was away.
    abandoned: Mutex<HashSet<SessionId>>,
    /// Those whose service the Swarm was asked to make and did not answer, and when: it may still come,
    /// and nobody wants it.
    unwanted: Mutex<HashMap<SessionId, Instant>>,
}

impl Known {
    fn all(&self) -> MutexGuard<'_, HashMap<SessionId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&self, session: SessionId, held: Held) {
        let endpoint = held.endpoint.without_login();
        let held = Held { endpoint, ..held };
        self.all().insert(session, held);
    }

    /// The same, unless its service is held already: then what is known of it stays. Gives what is
    /// expected of it.
    pub(super) fn take_up(&self, session: SessionId, held: Held) -> Expected {
        let known = self.get(session);
        if let Some(known) = known.filter(|known| known.service == held.service) {
            return known.expected;
        }
        let expected = held.expected;
        self.hold(session, held);
        expected
    }

    pub(super) fn get(&self, session: SessionId) -> Option<Held> {
        self.all().get(&session).cloned()
    }

    pub(super) fn list(&self) -> Vec<(SessionId, Held)> {
        let all = self.all();
        all.iter().map(|(id, held)| (*id, held.clone())).collect()
    }

    /// From now on its end is no news.
    pub(super) fn let_go(&self, session: SessionId) -> Option<Held> {
        self.all().remove(&session)
    }

    /// The same, unless the session has another service by now.
    pub(super) fn let_go_of(&self, session: SessionId, service: &str) -> Option<Held> {
        let mut all = self.all();
        let same = all.get(&session)?.service == service;
        same.then(|| all.remove(&session))?
    }

    pub(super) fn expect(&self, session: SessionId, expected: Expected) {
        if let Some(held) = self.all().get_mut(&session) {
            held.expected = expected;
        }
    }

    /// Notes what holds it up, if anything does. False if that kind of thing was known to.
    pub(super) fn stall(&self, session: SessionId, stall: Option<Stall>) -> bool {
        let mut all = self.all();
        let Some(held) = all.get_mut(&session) else {
            return false;
        };
        // Which words a fault comes with is no news.
        let kind = |stall: &Stall| {
            let fault = match stall {
                Stall::EngineAway { fault } => Some(std::mem::discriminant(fault)),
                Stall::Paused | Stall::Restarting => None,
            };
            (std::mem::discriminant(stall), fault)
        };
        let news = held.stalled.as_ref().map(kind) != stall.as_ref().map(kind);
        held.stalled = stall;
        news
    }

    /// It is to go, and the Swarm could not be asked to.
    pub(super) fn abandon(&self, session: SessionId) {
        self.going().insert(session);
    }

    /// Those that are to go.
    pub(super) fn abandoned(&self) -> HashSet<SessionId> {
        self.going().clone()
    }

    /// It has gone.
    pub(super) fn settle(&self, session: SessionId) {
        self.going().remove(&session);
    }

    /// Whether a service may still come that nobody wants.
    pub(super) fn may_come(&self, session: SessionId, may: bool) {
        let mut all = self.unwanted();
        if may {
            all.insert(session, Instant::now());
        } else {
            all.remove(&session);
        }
    }

    /// Those that are removed when they come.
    pub(super) fn may_all_come(&self) -> HashSet<SessionId> {
        let mut all = self.unwanted();
        all.retain(|_, asked| asked.elapsed() < COMES);
        all.keys().copied().collect()
    }

    fn unwanted(&self) -> MutexGuard<'_, HashMap<SessionId, Instant>> {
        self.unwanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn going(&self) -> MutexGuard<'_, HashSet<SessionId>> {
        self.abandoned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
