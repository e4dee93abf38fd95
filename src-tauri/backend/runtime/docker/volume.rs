//! A profile's data in its volume: measured, taken out, put in, cleared and deleted, by a container
//! of the same image in which no browser runs. It works just as well where the engine is far away.
//!
//! What is put in is first put beside the old data, then takes their place by steps that can be cut
//! short anywhere and are ended by whatever next has the volume (`settle.sh`).

mod moving;
pub(super) mod pack;
pub(super) mod room;
pub(super) mod stream;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::errors::Error;
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveVolumeOptionsBuilder};
use duotab_core::message::{ProfileName, StartFailure};
use duotab_core::profile::ProfileFault;

pub(in crate::runtime) use self::moving::{Arriving, Leaving};
use self::room::Room;
use super::end::until_gone;
use super::label::{self, Ours, State};
use super::link::Link;
use super::{Docker, Inner, create, end, fault, found, remove};
use crate::runtime::data::{DataError, Job};

/// Also for the browser's own start.
pub(super) const SETTLE: &str = include_str!("volume/settle.sh");

/// Volumes that are being worked on: no engine may have one of them.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<HashSet<String>>);

impl Tasks {
    pub(super) fn has(&self, volume: &str) -> bool {
        self.all().contains(volume)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Docker {
    /// How much space a profile's data take, in bytes. Nothing if there are none.
    ///
    /// # Errors
    /// If they cannot be measured.
    pub async fn profile_size(&self, profile: &ProfileName, job: Job) -> Result<u64, DataError> {
        let work = async {
            let link = self.link().await.map_err(away)?;
            if !is_there(&self.inner, &link, profile).await? {
                return Ok(0);
            }
            let room = Room::enter(&self.inner, link, profile, false).await?;
            let size = room.run("measure").await.map(|said| said.used);
            room.leave().await;
            size
        };
        self.until_given_up(&job, work).await
    }

    /// Writes a profile's data to a file, without caches. The file is there when it is whole.
    ///
    /// # Errors
    /// Why there is no such file.
    pub async fn export_profile(
        &self,
        profile: &ProfileName,
        to: PathBuf,
        job: Job,
    ) -> Result<(), DataError> {
        let work = async {
            let link = self.link().await.map_err(away)?;
            if !is_there(&self.inner, &link, profile).await? {
                return Err(DataError::Fault(ProfileFault::Empty));
            }
            let room = Room::enter(&self.inner, link, profile, true).await?;
            let done = room.export(to, &job).await;
            room.leave().await;
            done
        };
        self.until_given_up(&job, work).await
    }

    /// Puts the data of an export in the place of a profile's.
    ///
    /// # Errors
    /// Why the profile is as it was.
    pub async fn import_profile(
        &self,
        profile: &ProfileName,
        from: PathBuf,
        job: Job,
    ) -> Result<(), DataError> {
        let work = async {
            // The whole file is looked at before anything is put anywhere.
            let bytes = pack::check(from.clone(), job.clone()).await?;
            let link = self.link().await.map_err(away)?;
            let room = Room::enter(&self.inner, link, profile, true).await?;
            let staged = room.stage(from, bytes, &job).await;
            room.if_well(staged).await
        };
        let room = self.until_given_up(&job, work).await?;
        let done = room.put().await;
        room.leave().await;
        done
    }

    /// Removes cookies and site data; what the person made stays.
    ///
    /// # Errors
    /// Why the profile is as it was.
    pub async fn clear_profile(&self, profile: &ProfileName, job: Job) -> Result<(), DataError> {
        let work = async {
            let link = self.link().await.map_err(away)?;
            if !is_there(&self.inner, &link, profile).await? {
                return Ok(None);
            }
            let room = Room::enter(&self.inner, link, profile, true).await?;
            let staged = room.run("keep").await.map(drop);
            room.if_well(staged).await.map(Some)
        };
        let Some(room) = self.until_given_up(&job, work).await? else {
            return Ok(());
        };
        let done = room.put().await;
        room.leave().await;
        done
    }

    /// Removes a profile's data for good.
    ///
    /// # Errors
    /// Why they are still there.
    pub async fn delete_profile(&self, profile: &ProfileName) -> Result<(), DataError> {
        let link = self.link().await.map_err(away)?;
        let volume = label::volume_name(&self.inner.with.install, profile);
        if is_there(&self.inner, &link, profile).await? {
            self.own(&link, profile).await?;
        }
        let _making = self.inner.making.lock().await;
        make_way(&self.inner, &link, profile).await?;
        let options = RemoveVolumeOptionsBuilder::default().force(false).build();
        match link.docker.remove_volume(&volume, Some(options)).await {
            Ok(()) => {}
            Err(error) if fault::is_gone(&error) => {}
            Err(error) if fault::kind(&error) == fault::Kind::Conflict => {
                return Err(DataError::Fault(ProfileFault::InUse));
            }
            Err(error) => return Err(refused(&link, &error)),
        }
        self.inner.held.remove(profile).await;
        Ok(())
    }

    /// Sees to it that no other copy of the app has had the volume since. Without an image, or room for
    /// a container, there is nobody who could look.
    async fn own(&self, link: &Arc<Link>, profile: &ProfileName) -> Result<(), DataError> {
        let image = self.inner.images.choose(link, false, false, &|_| {}).await;
        if matches!(image, Err(StartFailure::ImageMissing { .. })) {
            return Ok(());
        }
        let owned = async {
            let room = Room::enter(&self.inner, Arc::clone(link), profile, false).await?;
            let owned = room.run("own").await;
            room.leave().await;
            owned.map(drop)
        };
        match owned.await {
            Err(DataError::Fault(ProfileFault::DiskFull { .. })) => Ok(()),
            owned => owned,
        }
    }

    /// Whether the profile may have a volume, as far as is known without asking the engine.
    #[must_use]
    pub fn may_hold(&self, profile: &ProfileName) -> bool {
        self.inner.held.has(profile)
    }

    /// What is dropped when the person gives up, or with the engine, cleans up behind itself.
    async fn until_given_up<T>(
        &self,
        job: &Job,
        work: impl Future<Output = Result<T, DataError>>,
    ) -> Result<T, DataError> {
        tokio::select! {
            biased;
            done = Box::pin(until_given_up(job, work)) => done,
            fault = self.inner.lost() => Err(away(fault)),
        }
    }
}

fn away(fault: duotab_core::fault::EngineFault) -> DataError {
    DataError::Fault(ProfileFault::EngineAway { fault })
}

fn refused(link: &Link, error: &Error) -> DataError {
    fault::of_start(error, &link.socket).into()
}

/// Makes a profile's volume, if it is not there. Podman does not take its labels from a container.
pub(super) async fn make(inner: &Inner, link: &Link, profile: &ProfileName) -> Result<(), Error> {
    inner.held.add(profile).await;
    let volume = create::volume_request(&inner.with.install, profile);
    link.docker.create_volume(volume).await.map(drop)
}

/// What is dropped when the person gives up cleans up behind itself.
pub(super) async fn until_given_up<T>(
    job: &Job,
    work: impl Future<Output = Result<T, DataError>>,
) -> Result<T, DataError> {
    tokio::select! {
        biased;
        () = job.given_up() => Err(DataError::Cancelled),
        done = work => done,
    }
}

async fn is_there(inner: &Inner, link: &Link, profile: &ProfileName) -> Result<bool, DataError> {
    let volume = label::volume_name(&inner.with.install, profile);
    match link.docker.inspect_volume(&volume).await {
        Ok(_) => Ok(true),
        Err(error) if fault::is_gone(&error) => Ok(false),
        Err(error) => Err(refused(link, &error)),
    }
}

/// Sees to it that nobody has the profile's volume: what is dead goes, what lives is not disturbed,
/// unless it is another copy's and the person wants the profile here. `ours` are this copy's
/// containers.
pub(super) async fn clear_way(
    inner: &Inner,
    link: &Link,
    profile: &ProfileName,
    ours: &[Ours],
) -> Result<(), StartFailure> {
    let refused = |error: &Error| fault::of_start(error, &link.socket);
    let volume = label::volume_name(&inner.with.install, profile);
    if inner.tasks.has(&volume) {
        return Err(StartFailure::ProfileInUse);
    }
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&HashMap::from([("volume", vec![volume])]))
        .build();
    let holders = link.docker.list_containers(Some(options)).await;
    for holder in holders.map_err(|error| refused(&error))? {
        let Some(id) = holder.id else { continue };
        let labels = holder.labels.unwrap_or_default();
        let state = label::state(holder.state);
        let own = ours.iter().find(|ours| ours.id == id);
        match (own, label::other_copy(&labels, &inner.with)) {
            (Some(own), _) if own.state == State::Dead || own.session.is_none() => {
                remove(link, &id).await;
            }
            // It could not be asked to go before; what it has is written first.
            (Some(own), _)
                if own.session.is_some_and(|it| inner.known.is_to_go(it))
                    || link.litter.is_unseen() && found::is_left(inner, link, own) =>
            {
                end(link, &id, state).await;
                if !until_gone(link, &id).await {
                    return Err(StartFailure::ProfileInUse);
                }
            }
            // It writes nothing any more, and is for others to look at.
            (None, Some(_)) if state == State::Dead => {}
            (None, Some(name)) if inner.with.owner.wants(profile) => {
                tracing::info!(name, "a profile is taken from another copy of the app");
                if !end(link, &id, state).await {
                    return Err(StartFailure::ProfileTaken { by: name });
                }
            }
            (None, Some(name)) => return Err(StartFailure::ProfileTaken { by: name }),
            _ => {
                tracing::warn!(container = id, "the profile's volume is in use");
                return Err(StartFailure::ProfileInUse);
            }
        }
    }
    Ok(())
}

/// The same where nothing of this copy is known yet.
async fn make_way(inner: &Inner, link: &Link, profile: &ProfileName) -> Result<(), DataError> {
    let ours = label::containers(link, &inner.with).await;
    let ours = ours.map_err(|error| refused(link, &error))?;
    Ok(clear_way(inner, link, profile, &ours).await?)
}
