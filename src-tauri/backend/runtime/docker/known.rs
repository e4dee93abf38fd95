//! The containers that this app holds, as its calls and the engine's events both see them.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use duotab_core::message::SessionId;

use crate::endpoint::Endpoint;

/// An end this soon after memory ran out is because of it.
const OOM_MEMORY: Duration = Duration::from_secs(10);

/// What a container should be doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Running,
    Paused,
}

/// A container that serves a session.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) container: String,
    pub(super) endpoint: Endpoint,
    pub(super) expected: Expected,
    /// Whether somebody was told that it does not go on.
    pub(super) stalled: bool,
    /// When its memory ran out last.
    oom: Option<Instant>,
}

/// All of them. What is not in here anymore was let go of on purpose.
#[derive(Debug, Default)]
pub(super) struct Known {
    held: Mutex<HashMap<SessionId, Held>>,
    /// Those that were to be stopped while the engine was away.
    abandoned: Mutex<HashSet<SessionId>>,
    /// Those whose container the engine was asked to make and did not answer: it may still come, and
    /// nobody wants it.
    unwanted: Mutex<HashSet<SessionId>>,
    /// Those that a container was asked for in this life of the app.
    asked: Mutex<HashSet<SessionId>>,
}

impl Known {
    fn all(&self) -> MutexGuard<'_, HashMap<SessionId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hold(&self, session: SessionId, container: String, endpoint: Endpoint) {
        let held = Held {
            container,
            endpoint: endpoint.without_login(),
            expected: Expected::Running,
            stalled: false,
            oom: None,
        };
        self.all().insert(session, held);
    }

    pub(super) fn get(&self, session: SessionId) -> Option<Held> {
        self.all().get(&session).cloned()
    }

    pub(super) fn list(&self) -> Vec<(SessionId, Held)> {
        let all = self.all();
        all.iter().map(|(id, held)| (*id, held.clone())).collect()
    }

    /// Whose container it is.
    pub(super) fn session_of(&self, container: &str) -> Option<SessionId> {
        let all = self.all();
        let held = all.iter().find(|(_, held)| held.container == container);
        held.map(|(session, _)| *session)
    }

    /// From now on its end is no news.
    pub(super) fn let_go(&self, session: SessionId) -> Option<Held> {
        self.all().remove(&session)
    }

    /// The same, unless the session has another container by now.
    pub(super) fn let_go_of(&self, session: SessionId, container: &str) -> Option<Held> {
        let mut all = self.all();
        let same = all.get(&session)?.container == container;
        same.then(|| all.remove(&session))?
    }

    pub(super) fn expect(&self, session: SessionId, expected: Expected) {
        if let Some(held) = self.all().get_mut(&session) {
            held.expected = expected;
        }
    }

    /// Notes whether it is held up. False if that was known.
    pub(super) fn stall(&self, session: SessionId, stalled: bool) -> bool {
        let mut all = self.all();
        let held = all.get_mut(&session);
        held.is_some_and(|held| std::mem::replace(&mut held.stalled, stalled) != stalled)
    }

    /// It is to go, and could not be asked to.
    pub(super) fn abandon(&self, session: SessionId) {
        self.going().insert(session);
    }

    /// Those that are to go.
    pub(super) fn abandoned(&self) -> HashSet<SessionId> {
        self.going().clone()
    }

    /// These have gone.
    pub(super) fn settle(&self, gone: &HashSet<SessionId>) {
        self.going().retain(|session| !gone.contains(session));
    }

    /// The engine is asked for a container. What there was of it is no concern of this one.
    pub(super) fn ask_for(&self, session: SessionId) {
        self.asked().insert(session);
        self.going().remove(&session);
        self.may_come(session, false);
    }

    /// Whether a container that comes is to go: what an earlier life of the app asked for can come when
    /// this one has looked for what was left.
    pub(super) fn comes_in_vain(&self, session: SessionId) -> bool {
        self.is_to_go(session) || !self.asked().contains(&session)
    }

    fn asked(&self) -> MutexGuard<'_, HashSet<SessionId>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a container may still come that nobody wants.
    pub(super) fn may_come(&self, session: SessionId, may: bool) {
        let mut all = self.unwanted();
        if may {
            all.insert(session);
        } else {
            all.remove(&session);
        }
    }

    /// Whether a container that is there is to go.
    pub(super) fn is_to_go(&self, session: SessionId) -> bool {
        self.going().contains(&session) || self.unwanted().contains(&session)
    }

    fn unwanted(&self) -> MutexGuard<'_, HashSet<SessionId>> {
        self.unwanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn going(&self) -> MutexGuard<'_, HashSet<SessionId>> {
        self.abandoned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Its memory ran out.
    pub(super) fn note_oom(&self, session: SessionId) {
        if let Some(held) = self.all().get_mut(&session) {
            held.oom = Some(Instant::now());
        }
    }
}

impl Held {
    /// Whether its memory ran out just now.
    pub(super) fn is_out_of_memory(&self) -> bool {
        self.oom.is_some_and(|at| at.elapsed() < OOM_MEMORY)
    }
}
