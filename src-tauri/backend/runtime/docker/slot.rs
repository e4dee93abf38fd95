//! One session's place: one call at a time changes what runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duotab_core::message::SessionId;

use crate::runtime::under_way::UnderWay;

/// A session's turn, and the start under way.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) turn: tokio::sync::Mutex<()>,
    pub(super) start: UnderWay,
}

/// Those of all sessions.
#[derive(Debug, Default)]
pub(super) struct Slots(Mutex<HashMap<SessionId, Arc<Slot>>>);

impl Slots {
    pub(super) fn of(&self, session: SessionId) -> Arc<Slot> {
        Arc::clone(self.all().entry(session).or_default())
    }

    /// Whether something is being done to a session right now.
    pub(super) fn is_busy(&self, session: SessionId) -> bool {
        let all = self.all();
        let slot = all.get(&session);
        slot.is_some_and(|slot| slot.turn.try_lock().is_err())
    }

    /// Drops one that nobody else uses: sessions come and go.
    pub(super) fn forget(&self, session: SessionId, slot: Arc<Slot>) {
        let mut all = self.all();
        // The map's and the caller's.
        if Arc::strong_count(&slot) <= 2 {
            all.remove(&session);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
