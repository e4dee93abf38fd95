//! A profile's data, wherever they are.

use std::path::PathBuf;

use duotab_core::message::ProfileName;
use duotab_core::profile::ProfileFault;

use super::{Kind, Runtime};
use crate::runtime::data::{DataError, Job};

impl Runtime {
    /// How much space a profile's data take, in bytes. Nothing if there are none.
    ///
    /// # Errors
    /// If they cannot be measured.
    pub async fn profile_size(&self, profile: &ProfileName, job: Job) -> Result<u64, DataError> {
        match self.keeper(profile).await? {
            Kind::Embedded => self.embedded.profile_size(profile, job).await,
            Kind::Docker => self.docker.profile_size(profile, job).await,
        }
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
        match self.keeper(profile).await? {
            Kind::Embedded => self.embedded.export_profile(profile, to, job).await,
            Kind::Docker => self.docker.export_profile(profile, to, job).await,
        }
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
        match self.keeper(profile).await? {
            Kind::Embedded => self.embedded.import_profile(profile, from, job).await,
            Kind::Docker => self.docker.import_profile(profile, from, job).await,
        }
    }

    /// Removes cookies and site data, of both kinds; what the person made stays.
    ///
    /// # Errors
    /// If that is not done everywhere. An engine that may have some and cannot be asked is one.
    pub async fn clear_profile(&self, profile: &ProfileName, job: Job) -> Result<(), DataError> {
        // What the other kind has kept from an earlier day is the same person's.
        if self.is_in_volume(profile).await {
            self.docker.clear_profile(profile, job.clone()).await?;
        }
        self.embedded.clear_profile(profile, job).await
    }

    /// Removes a profile's data for good, of both kinds.
    ///
    /// # Errors
    /// Why some are still there. An engine that may have some and cannot be asked is a reason.
    pub async fn delete_profile(&self, profile: &ProfileName) -> Result<(), DataError> {
        if self.is_in_volume(profile).await {
            self.docker.delete_profile(profile).await?;
        }
        self.embedded.delete_profile(profile).await
    }

    /// Whether the profile may have a volume, whichever kind serves now.
    async fn is_in_volume(&self, profile: &ProfileName) -> bool {
        self.docker.may_hold(profile) || self.settle().await == Ok(Kind::Docker)
    }

    /// The kind that has the profile's data.
    async fn keeper(&self, profile: &ProfileName) -> Result<Kind, DataError> {
        match self.settle().await {
            Ok(kind) => Ok(kind),
            Err(fault) if self.docker.may_hold(profile) => {
                Err(ProfileFault::EngineAway { fault }.into())
            }
            Err(_) => Ok(Kind::Embedded),
        }
    }
}
