//! A profile's data on a node of a Swarm, by a service of the same image in which no browser runs, and
//! through its door.

mod carry;
mod entering;
mod moving;
mod room;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use duotab_core::fault::EngineFault;
use duotab_core::message::{ProfileName, StartFailure};
use duotab_core::node::NodeId;
use duotab_core::profile::ProfileFault;
use tokio::time::timeout;

use self::entering::{Entering, Entry};
pub(in crate::runtime) use self::moving::{Arriving, Leaving};
use self::room::{NOTES, Room};
use super::{Inner, Swarm, nodes, remains};
use crate::runtime::StartError;
use crate::runtime::data::{DataError, Job};
use crate::runtime::docker::link::Link;
use crate::runtime::docker::volume;
use crate::runtime::docker::volume::pack;
use crate::runtime::docker::{away, label};

/// Somebody else may have the port.
const PORT_TRIES: usize = 5;
/// For a room whose node has to fetch its image first.
const FETCH_LIMIT: Duration = Duration::from_secs(600);

/// The rooms that there are: volumes, and their services once these are made.
#[derive(Debug, Default)]
pub(super) struct Rooms(Mutex<HashMap<String, Option<String>>>);

impl Rooms {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a service is one of them, or may turn out to be one that is being made.
    pub(super) fn may_have(&self, service: &str) -> bool {
        let is = |it: &Option<String>| it.as_ref().is_none_or(|it| it == service);
        self.all().values().any(is)
    }

    /// Whether a profile's volume on a node is being worked on.
    pub(super) fn are_in(&self, profile: &ProfileName, node: &str) -> bool {
        self.all().contains_key(&key(profile, node))
    }

    /// Whether there is none.
    pub(super) fn are_none(&self) -> bool {
        self.all().is_empty()
    }
}

/// Volumes of the same name are on many nodes.
fn key(profile: &ProfileName, node: &str) -> String {
    format!("{} on {node}", profile.0)
}

/// Nobody else works on a volume while this is there.
struct Claim {
    inner: Arc<Inner>,
    key: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.inner.rooms.all().remove(&self.key);
    }
}

fn refused(link: &Link, error: &bollard::errors::Error) -> DataError {
    crate::runtime::docker::fault::of_start(error, &link.socket).into()
}

impl Swarm {
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
        let work = async {
            let (room, entering) = self.enter(profile, node, false).await?;
            let said = room.run("measure").await;
            room.leave().await;
            let said = said?;
            if said.names > NOTES {
                return Ok(said.used);
            }
            entering.leave_nothing().await;
            Ok(0)
        };
        volume::until_given_up(&job, work).await
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
        let work = async {
            let (room, entering) = self.enter(profile, node, true).await?;
            let done = room.export(to, &job).await;
            room.leave().await;
            if done == Err(DataError::Fault(ProfileFault::Empty)) {
                entering.leave_nothing().await;
            }
            done
        };
        volume::until_given_up(&job, work).await
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
        let work = async {
            // The whole file is looked at before anything is put anywhere.
            let bytes = pack::check(from.clone(), job.clone()).await?;
            let (room, _) = self.enter(profile, node, true).await?;
            let staged = room.stage(from, bytes, &job).await;
            room.if_well(staged).await
        };
        let room = volume::until_given_up(&job, work).await?;
        let done = room.put().await;
        room.leave().await;
        done
    }

    /// Removes cookies and site data from a node; what the person made stays.
    ///
    /// # Errors
    /// Why the profile is as it was.
    pub async fn clear_profile(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        job: Job,
    ) -> Result<(), DataError> {
        let work = async {
            let (room, _) = self.enter(profile, node, true).await?;
            let staged = room.run("keep").await;
            room.if_well(staged).await
        };
        let room = volume::until_given_up(&job, work).await?;
        let done = room.put().await;
        room.leave().await;
        done
    }

    /// Removes a profile's data from a node for good. Its volume goes with them where the node's
    /// engine is asked at the usual place; elsewhere it stays behind, empty.
    ///
    /// # Errors
    /// Why they are still there.
    pub async fn delete_profile(
        &self,
        profile: &ProfileName,
        node: &NodeId,
    ) -> Result<(), DataError> {
        // Nobody gives this up, and no Swarm says how far a node's fetching is.
        let entered = timeout(FETCH_LIMIT, self.enter(profile, node, true)).await;
        let (room, entering) =
            entered.map_err(|_| DataError::failed("its image takes too long"))??;
        let emptied = room.run("empty").await;
        room.leave().await;
        emptied?;
        entering.leave_nothing().await;
        Ok(())
    }

    /// Goes in; without leave to fetch its image only where that is there.
    async fn enter(
        &self,
        profile: &ProfileName,
        node: &NodeId,
        may_fetch: bool,
    ) -> Result<(Room, Arc<Entering>), DataError> {
        let link = self.link().await.map_err(away).map_err(from_start)?;
        let entering = self.entering(link, profile, node).await?;
        let mut tries = 0;
        loop {
            tries += 1;
            match entering.open(may_fetch).await {
                Ok(room) => return Ok((room, entering)),
                Err(Entry::PortTaken) if tries < PORT_TRIES => {}
                Err(Entry::PortTaken) => return Err(StartFailure::PortTaken.into()),
                Err(Entry::Failed(error)) => return Err(error),
            }
        }
    }

    /// Sees to it that nobody has the volume.
    async fn entering(
        &self,
        link: Arc<Link>,
        profile: &ProfileName,
        node: &NodeId,
    ) -> Result<Arc<Entering>, DataError> {
        let gone = || {
            let host = node.0.clone();
            let fault = EngineFault::NodeDown { host };
            DataError::Fault(ProfileFault::EngineAway { fault })
        };
        let (_, own) = node.in_swarm().ok_or_else(gone)?;
        let place = nodes::find(&link, own).await;
        let place = place.map_err(|error| refused(&link, &error))?;
        let place = place.ok_or_else(gone)?;
        if let Some(fault) = place.fault {
            return Err(DataError::Fault(ProfileFault::EngineAway { fault }));
        }
        let seen_at = place.seen_at(&link).await;
        let address = seen_at.ok_or_else(gone)?;
        let install = self.inner.docker.inner.with.install.clone();
        let image = self.inner.image(&link).await;
        let _turn = self.inner.turns.take(profile, own).await;
        let key = key(profile, own);
        if self.inner.rooms.all().contains_key(&key) {
            return Err(DataError::Fault(ProfileFault::InUse));
        }
        self.inner.rooms.all().insert(key.clone(), None);
        let entering = Entering {
            claim: Arc::new(Claim {
                inner: Arc::clone(&self.inner),
                key,
            }),
            name: label::room_name(&install),
            node: own.to_owned(),
            host: place.name,
            cores: place.cores,
            address,
            profile: profile.clone(),
            install,
            image,
            link,
        };
        remains::clear_way(&self.inner, &entering.link, profile, own).await?;
        Ok(Arc::new(entering))
    }
}

fn from_start(error: StartError) -> DataError {
    match error {
        StartError::Failed { failure, .. } => failure.into(),
        StartError::Cancelled | StartError::NodeGone => DataError::Cancelled,
    }
}
