//! A profile's data that leave its volume for another place, or come into it.

use duotab_core::message::ProfileName;

use super::pack::{self, Packer};
use super::room::Room;
use super::{away, is_there};
use crate::runtime::data::{Carried, DataError, Give, Job, Pump, Put};
use crate::runtime::docker::Docker;

/// Data that leave. They stay in the volume as they are.
pub(in crate::runtime) struct Leaving<'a> {
    room: Room<'a>,
    /// How many bytes there are, about.
    pub(in crate::runtime) bytes: u64,
    names: u64,
}

/// A volume into which data come. Dropped before they have arrived, nothing has changed in it.
pub(in crate::runtime) struct Arriving<'a>(Room<'a>);

impl Docker {
    /// Begins to give a profile's data; `None` if there are none.
    pub(in crate::runtime) async fn leaving(
        &self,
        profile: &ProfileName,
    ) -> Result<Option<Leaving<'_>>, DataError> {
        let link = self.link().await.map_err(away)?;
        if !is_there(&self.inner, &link, profile).await? {
            return Ok(None);
        }
        let room = Room::enter(&self.inner, link, profile, true).await?;
        let there = room.run("measure").await;
        let there = match there {
            Ok(there) => there,
            Err(error) => {
                room.leave().await;
                return Err(error);
            }
        };
        Ok(Some(Leaving {
            room,
            bytes: there.goes,
            names: there.names,
        }))
    }

    /// Begins to take a profile's data, of so many bytes.
    pub(in crate::runtime) async fn arriving(
        &self,
        profile: &ProfileName,
        bytes: u64,
    ) -> Result<Arriving<'_>, DataError> {
        let link = self.link().await.map_err(away)?;
        let room = Room::enter(&self.inner, link, profile, true).await?;
        let made = room.make_room(bytes).await;
        room.if_well(made).await.map(Arriving)
    }
}

impl Leaving<'_> {
    pub(in crate::runtime) fn give(&self) -> (Give, Pump<'_>) {
        let (bytes, pump) = self.room.download();
        (pack::giver(bytes, self.names), pump)
    }

    /// Until the engine cannot be asked any more, and nothing of the job is done either.
    pub(in crate::runtime) async fn lost(&self, job: &Job) -> DataError {
        self.room.lost(job).await
    }

    pub(in crate::runtime) async fn end(self) {
        self.room.leave().await;
    }
}

impl Arriving<'_> {
    pub(in crate::runtime) fn take(&self) -> (Box<dyn Put>, Pump<'_>) {
        let (writer, pump) = self.0.upload();
        (Box::new(Packer::new(writer)), pump)
    }

    /// Until the engine cannot be asked any more, and nothing of the job is done either.
    pub(in crate::runtime) async fn lost(&self, job: &Job) -> DataError {
        self.0.lost(job).await
    }

    /// They take the place of what was there, if they are what was sent.
    pub(in crate::runtime) async fn arrived(self, carried: Carried) -> Result<(), DataError> {
        let expected = self.0.expect(carried).await;
        let room = self.0.if_well(expected).await?;
        let done = room.put().await;
        room.leave().await;
        done
    }

    pub(in crate::runtime) async fn end(self) {
        self.0.leave().await;
    }
}
