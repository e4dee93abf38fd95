//! By which of its managers each Swarm is reached. What runs there would be two workers' otherwise,
//! and each would remove what the other has started.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duotab_core::node::NodeId;

use crate::runtime::docker::Managed;

/// Swarms by their ids, and which worker brings each. A clone is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Arc<Mutex<HashMap<String, NodeId>>>);

/// A worker in use; what it has claimed is let go of with it.
#[derive(Debug)]
pub(super) struct Claim {
    claims: Claims,
    worker: NodeId,
}

impl Claims {
    fn all(&self) -> MutexGuard<'_, HashMap<String, NodeId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker that comes into use.
    pub(super) fn of(&self, worker: NodeId) -> Claim {
        Claim {
            claims: self.clone(),
            worker,
        }
    }

    /// Whether a worker brings a Swarm's nodes.
    pub(super) fn brings(&self, managed: &Managed, worker: &NodeId) -> bool {
        matches!(managed, Managed::Swarm(id) if self.claim(id, worker))
    }

    /// The first that is seen to manage a Swarm brings it.
    fn claim(&self, swarm: &str, worker: &NodeId) -> bool {
        let mut all = self.all();
        let by = all
            .entry(swarm.to_owned())
            .or_insert_with(|| worker.clone());
        by == worker
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.all().retain(|_, by| *by != self.worker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_managers_of_a_swarm_one_brings_it_until_it_is_put_out_of_use() {
        let claims = Claims::default();
        let (one, two) = (NodeId::worker(1), NodeId::worker(2));
        let first = claims.of(one.clone());
        let _second = claims.of(two.clone());
        assert!(claims.claim("hall", &one) && claims.claim("hall", &one));
        assert!(!claims.claim("hall", &two) && claims.claim("attic", &two));
        drop(first);
        assert!(claims.claim("hall", &two) && !claims.claim("hall", &one));
    }
}
