//! A profile's data, wherever they are.

use std::path::PathBuf;

use duotab_core::message::ProfileName;

use super::{Kind, Runtime};
use crate::runtime::data::{DataError, Job};

impl Runtime {
    /// How much space a profile's data take, in bytes. Nothing if there are none.
    ///
    /// # Errors
    /// If they cannot be measured.
    pub async fn profile_size(&self, profile: &ProfileName, job: Job) -> Result<u64, DataError> {
        match self.keeper().await {
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
        match self.keeper().await {
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
        match self.keeper().await {
            Kind::Embedded => self.embedded.import_profile(profile, from, job).await,
            Kind::Docker => self.docker.import_profile(profile, from, job).await,
        }
    }

    /// Removes cookies and site data, of both kinds; what the person made stays.
    ///
    /// # Errors
    /// If that is not done everywhere.
    pub async fn clear_profile(&self, profile: &ProfileName, job: Job) -> Result<(), DataError> {
        // What the other kind has kept from an earlier day is the same person's.
        if self.keeper().await == Kind::Docker {
            self.docker.clear_profile(profile, job.clone()).await?;
        }
        self.embedded.clear_profile(profile, job).await
    }

    /// Removes a profile's data for good, of both kinds.
    ///
    /// # Errors
    /// Why some are still there.
    pub async fn delete_profile(&self, profile: &ProfileName) -> Result<(), DataError> {
        if self.keeper().await == Kind::Docker {
            self.docker.delete_profile(profile).await?;
        }
        self.embedded.delete_profile(profile).await
    }

    async fn keeper(&self) -> Kind {
        self.settle().await.unwrap_or(Kind::Embedded)
    }
}
