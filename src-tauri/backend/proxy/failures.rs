//! What came to nothing lately: the web engine tells a page's owner little more than that it did.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use duotab_core::proxy::{Failure, Target};

/// As many as pages can be waiting for a word about them.
const KEPT: usize = 128;

/// The last failure of each of the last targets that failed.
#[derive(Default)]
pub(super) struct Failures(Mutex<VecDeque<(Target, Failure)>>);

impl Failures {
    pub(super) fn note(&self, target: &Target, failure: Failure) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known != target);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((target.clone(), failure));
    }

    /// The target was reached.
    pub(super) fn clear(&self, target: &Target) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.is_empty() {
            kept.retain(|(known, _)| known != target);
        }
    }

    /// What failed so far says nothing any more.
    pub(super) fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    pub(super) fn of(&self, target: &Target) -> Option<Failure> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|(known, _)| known == target)
            .map(|(_, failure)| *failure)
    }
}
