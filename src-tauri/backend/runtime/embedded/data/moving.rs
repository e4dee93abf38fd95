//! A profile's data that leave for another machine, or come from one.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use duotab_core::message::ProfileName;

use super::place::{New, Place};
use super::{Embedded, give, profile, put};
use crate::runtime::data::{
    Carried, DataError, Give, Job, Piece, Pump, Put, blocking, check_room, is_left_out, sum_of,
};
use crate::runtime::embedded::profile::Lock;

/// Data that leave. They stay here as they are.
#[derive(Debug)]
pub(in crate::runtime) struct Leaving {
    place: Place,
    /// How many bytes there are, as an archive.
    pub(in crate::runtime) bytes: u64,
    _lock: Lock,
}

/// Where data come. Dropped before they have arrived, nothing has changed.
#[derive(Debug)]
pub(in crate::runtime) struct Arriving {
    place: Place,
    held: Arc<Held>,
}

/// What they are put in, and the profile's lock. The thread that puts them there has it too: it goes
/// on for a moment when they are given up.
#[derive(Debug)]
struct Held {
    new: New,
    _lock: Lock,
}

impl Embedded {
    /// Begins to give a profile's data; `None` if there are none.
    pub(in crate::runtime) async fn leaving(
        &self,
        profile: &ProfileName,
    ) -> Result<Option<Leaving>, DataError> {
        let place = Place::of(&self.with, profile);
        blocking(move || {
            let lock = place.lock()?;
            let bytes = place.bytes()?;
            Ok((bytes > 0).then_some(Leaving {
                place,
                bytes,
                _lock: lock,
            }))
        })
        .await
    }

    /// Begins to take a profile's data, of so many bytes.
    pub(in crate::runtime) async fn arriving(
        &self,
        profile: &ProfileName,
        bytes: u64,
    ) -> Result<Arriving, DataError> {
        let place = Place::of(&self.with, profile);
        blocking(move || {
            profile::make_folder(&place.profiles)
                .map_err(|error| DataError::of(&place.profiles, &error))?;
            let lock = place.lock()?;
            check_room(&place.profiles, bytes)?;
            let new = place.fresh()?;
            let held = Arc::new(Held { new, _lock: lock });
            Ok(Arriving { place, held })
        })
        .await
    }
}

impl Leaving {
    pub(in crate::runtime) fn give(&self, job: &Job) -> (Give, Pump<'_>) {
        let (folder, job) = (self.place.folder.clone(), job.clone());
        let given = move |take: crate::runtime::data::Take<'_>| give(&folder, &job, take);
        (Box::new(given), Box::pin(async { Ok(()) }))
    }
}

impl Arriving {
    pub(in crate::runtime) fn take(&self) -> (Box<dyn Put>, Pump<'_>) {
        let folder = Folder(Arc::clone(&self.held));
        (Box::new(folder), Box::pin(async { Ok(()) }))
    }

    /// They take the place of what was there, if they are what was sent.
    pub(in crate::runtime) async fn arrived(self, carried: Carried) -> Result<(), DataError> {
        blocking(move || {
            // With its lock, whoever still waits for this.
            let Self { place, held } = self;
            let sum = sum_of(&held.new.0, &carried.order);
            let sum = sum.map_err(|error| DataError::of(&held.new.0, &error))?;
            if sum != carried.md5 {
                return Err(DataError::differs());
            }
            place.change_places(&held.new)
        })
        .await
    }
}

/// The folder in which they are put.
struct Folder(Arc<Held>);

impl Put for Folder {
    fn put(&mut self, piece: &Piece, data: &mut dyn Read) -> io::Result<()> {
        if is_left_out(&piece.path) {
            return Ok(());
        }
        let folder: &Path = &self.0.new.0;
        put(folder, piece, data).map_err(|error| match error.raw_os_error() {
            Some(_) => DataError::of(folder, &error).carried(),
            None => error,
        })
    }

    fn end(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}
