//! Whose turn it is with a profile's volume on a node: one container at a time is made with it, and who
//! waits for an end there holds up nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::message::ProfileName;
use tokio::sync::OwnedMutexGuard;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Those of all volumes.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<(ProfileName, String), Turn>>);

impl Turns {
    /// Waits for it; it is over when the answer is dropped.
    pub(super) async fn take(&self, profile: &ProfileName, node: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Volumes come and go.
            all.retain(|_, turn| Arc::strong_count(turn) > 1);
            let key = (profile.clone(), node.to_owned());
            Arc::clone(all.entry(key).or_default())
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn only_who_wants_the_same_volume_on_the_same_node_waits() {
        let turns = Turns::default();
        let [one, other] = ["one", "other"].map(|name| ProfileName(name.to_owned()));
        let first = turns.take(&one, "hall").now_or_never().unwrap();
        assert!(turns.take(&one, "hall").now_or_never().is_none());
        assert!(turns.take(&one, "attic").now_or_never().is_some());
        assert!(turns.take(&other, "hall").now_or_never().is_some());
        drop(first);
        assert!(turns.take(&one, "hall").now_or_never().is_some());
        let all = turns.0.lock().unwrap();
        assert_eq!(all.len(), 1, "nobody holds the others");
    }
}
