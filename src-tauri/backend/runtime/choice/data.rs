//! A profile's data, wherever they are, and from one machine to another.

use std::path::PathBuf;

use duotab_core::fault::EngineFault;
use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;
use duotab_core::profile::ProfileFault;

use super::{Kind, Runtime, Server};
use crate::runtime::data::{DataError, Job};

impl Runtime {
    /// How much space a profile's data take on a node, in bytes. Nothing if there are none.
    ///
    /// # Errors
    /// If they cannot be measured.
    pub async fn profile_size(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        job: Job,
    ) -> Result<u64, DataError> {
        match self.keeper(profile, node).await? {
            Server::Here(Kind::Embedded) => self.embedded.profile_size(profile, job).await,
            Server::Here(Kind::Docker) => self.docker.profile_size(profile, job).await,
            Server::There(worker) => worker.profile_size(profile, job).await,
            Server::Fleet(swarm) => swarm.profile_size(profile, node, job).await,
        }
    }

    /// Writes a profile's data on a node to a file here, without caches. The file is there when it
    /// is whole.
    ///
    /// # Errors
    /// Why there is no such file.
    pub async fn export_profile(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        to: PathBuf,
        job: Job,
    ) -> Result<(), DataError> {
        match self.keeper(profile, node).await? {
            Server::Here(Kind::Embedded) => self.embedded.export_profile(profile, to, job).await,
            Server::Here(Kind::Docker) => self.docker.export_profile(profile, to, job).await,
            Server::There(worker) => worker.export_profile(profile, to, job).await,
            Server::Fleet(swarm) => swarm.export_profile(profile, node, to, job).await,
        }
    }

    /// Puts the data of an export in the place of a profile's on a node.
    ///
    /// # Errors
    /// Why the profile is as it was.
    pub async fn import_profile(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        from: PathBuf,
        job: Job,
    ) -> Result<(), DataError> {
        match self.keeper(profile, node).await? {
            Server::Here(Kind::Embedded) => self.embedded.import_profile(profile, from, job).await,
            Server::Here(Kind::Docker) => self.docker.import_profile(profile, from, job).await,
            Server::There(worker) => worker.import_profile(profile, from, job).await,
            Server::Fleet(swarm) => swarm.import_profile(profile, node, from, job).await,
        }
    }

    /// Removes cookies and site data from a node, of both kinds; what the person made stays.
    ///
    /// # Errors
    /// If that is not done everywhere. An engine that may have some and cannot be asked is one.
    pub async fn clear_profile(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        job: Job,
    ) -> Result<(), DataError> {
        match self.elsewhere(node)? {
            Some(Server::There(worker)) => return worker.clear_profile(profile, job).await,
            Some(Server::Fleet(swarm)) => return swarm.clear_profile(profile, node, job).await,
            Some(Server::Here(_)) | None => {}
        }
        // What the other kind has kept from an earlier day is the same person's.
        if self.is_in_volume(profile).await {
            self.docker.clear_profile(profile, job.clone()).await?;
        }
        self.embedded.clear_profile(profile, job).await
    }

    /// Removes a profile's data from a node for good, of both kinds.
    ///
    /// # Errors
    /// Why some are still there. An engine that may have some and cannot be asked is a reason.
    pub async fn delete_profile(
        &self,
        profile: &ProfileName,
        node: &NodeId,
    ) -> Result<(), DataError> {
        match self.elsewhere(node)? {
            Some(Server::There(worker)) => return worker.delete_profile(profile).await,
            Some(Server::Fleet(swarm)) => return swarm.delete_profile(profile, node).await,
            Some(Server::Here(_)) | None => {}
        }
        if self.is_in_volume(profile).await {
            self.docker.delete_profile(profile).await?;
        }
        self.embedded.delete_profile(profile).await
    }

    /// What serves another machine; `None` for this one.
    fn elsewhere(&self, node: &NodeId) -> Result<Option<Server>, DataError> {
        if *node == NodeId::host() {
            return Ok(None);
        }
        let known = match node.in_swarm() {
            Some(_) => self.workers.swarm(node).map(Server::Fleet),
            None => self.workers.get(node).map(Server::There),
        };
        known.map(Some).ok_or_else(|| {
            let fault = EngineFault::NotInstalled;
            ProfileFault::EngineAway { fault }.into()
        })
    }

    /// Whether the profile may have a volume, whichever kind serves now.
    async fn is_in_volume(&self, profile: &ProfileName) -> bool {
        self.docker.may_hold(profile) || self.settle().await == Ok(Kind::Docker)
    }

    /// What has the profile's data on a node, or would have them.
    pub(super) async fn keeper(
        &self,
        profile: &ProfileName,
        node: &NodeId,
    ) -> Result<Server, DataError> {
        if let Some(server) = self.elsewhere(node)? {
            return Ok(server);
        }
        match self.settle().await {
            Ok(kind) => Ok(Server::Here(kind)),
            Err(fault) if self.docker.may_hold(profile) => {
                Err(ProfileFault::EngineAway { fault }.into())
            }
            Err(_) => Ok(Server::Here(Kind::Embedded)),
        }
    }
}
