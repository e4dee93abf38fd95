//! Engines on other machines.

use std::sync::PoisonError;

use duotab_core::fault::EngineFault;
use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;
use duotab_core::profile::ProfileFault;
use duotab_core::worker::{EngineContext, Worker, WorkerCheck};

use super::Runtime;
use crate::runtime::data::{DataError, Job};

impl Runtime {
    /// From now on these workers are in use, and no others. Each is told of at once.
    pub fn use_workers(&self, workers: Vec<Worker>) {
        *self.workers.lock().unwrap_or_else(PoisonError::into_inner) = workers;
    }

    /// Looks at all workers in use now; each is told of.
    pub async fn look_at_workers(&self) {}

    /// The person's Docker contexts that lead to other machines.
    pub async fn contexts(&self) -> Vec<EngineContext> {
        Vec::new()
    }

    /// Sees step by step whether a machine can be a worker. It need not be in use.
    pub async fn check_worker(&self, _worker: &Worker) -> WorkerCheck {
        WorkerCheck::Away {
            fault: EngineFault::NotInstalled,
        }
    }

    /// Brings a profile's data, which nobody has, to another node. Those at the first one stay
    /// as they are. Without any there is nothing to do.
    ///
    /// # Errors
    /// Why they are not there. What was there before is untouched.
    pub async fn move_profile(
        &self,
        _profile: &ProfileName,
        _from: &NodeId,
        _to: &NodeId,
        _job: Job,
    ) -> Result<(), DataError> {
        let fault = EngineFault::NotInstalled;
        Err(ProfileFault::EngineAway { fault }.into())
    }

    /// Removes an older copy of a profile's data from a node, if it can be asked.
    pub async fn drop_copy(&self, _profile: &ProfileName, _node: &NodeId) {}
}
