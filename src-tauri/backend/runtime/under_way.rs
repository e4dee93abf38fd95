//! A start that can be given up while it is under way.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// A session's start, if one is under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<CancellationToken>);

impl UnderWay {
    /// A start begins, and can be given up by this token.
    pub(super) fn begins(&self, cancel: &CancellationToken) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(cancel);
    }

    /// Gives it up.
    pub(super) fn give_up(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .cancel();
    }
}
