//! One session's place: one call at a time changes what runs.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// A session's turn, and the start under way.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) turn: tokio::sync::Mutex<()>,
    start: Mutex<CancellationToken>,
}

impl Slot {
    /// A start begins, and can be given up by this token.
    pub(super) fn starts(&self, cancel: &CancellationToken) {
        self.start
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(cancel);
    }

    /// Gives up the start under way, if any.
    pub(super) fn give_up_start(&self) {
        self.start
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancel();
    }
}
