//! A profile's data on this machine: measured, taken out, put in, cleared and deleted, while no
//! engine has them.

mod moving;
mod place;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use duotab_core::message::ProfileName;
use duotab_core::profile::ProfileFault;
use rustix::fs::OFlags;

pub(in crate::runtime) use self::moving::{Arriving, Leaving};
use self::place::{Place, make};
pub(super) use self::place::{settle, sweep};
use super::Embedded;
use super::profile::{self, folder_name};
use crate::runtime::data::{
    DataError, Half, Job, Kind, Limits, Piece, Reader, Take, Writer, below, blocking, check_room,
    is_kept, is_left_out, open_export,
};

impl Embedded {
    /// How much space a profile's data take, in bytes. Nothing if there are none.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn profile_size(&self, profile: &ProfileName, job: Job) -> Result<u64, DataError> {
        let folder = self.with.profiles_dir.join(folder_name(profile));
        blocking(move || {
            let mut bytes = 0;
            each(&folder, &mut |_, facts| {
                job.goes_on()?;
                // `st_blocks` counts 512 bytes (stat(2)).
                bytes += facts.blocks() * 512;
                Ok(true)
            })
            .map(|()| bytes)
        })
        .await
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
        let place = Place::of(&self.with, profile);
        blocking(move || place.export(&to, &job)).await
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
        let place = Place::of(&self.with, profile);
        blocking(move || place.import(&from, &job)).await
    }

    /// Removes cookies and site data; what the person made stays.
    ///
    /// # Errors
    /// Why the profile is as it was.
    pub async fn clear_profile(&self, profile: &ProfileName, job: Job) -> Result<(), DataError> {
        let place = Place::of(&self.with, profile);
        blocking(move || place.clear(&job)).await
    }

    /// Removes a profile's data for good.
    ///
    /// # Errors
    /// Why they are still there.
    pub async fn delete_profile(&self, profile: &ProfileName) -> Result<(), DataError> {
        let place = Place::of(&self.with, profile);
        blocking(move || place.delete()).await
    }
}

impl Place {
    /// What leaves with the profile, as an archive: each piece with a header and the rest of its last
    /// block.
    fn bytes(&self) -> Result<u64, DataError> {
        let mut bytes = 0;
        each(&self.folder, &mut |path, facts| {
            let goes = !is_left_out(path);
            if goes && facts.is_file() {
                bytes += facts.len() + 1024;
            }
            Ok(goes)
        })?;
        Ok(bytes)
    }

    fn export(&self, to: &Path, job: &Job) -> Result<(), DataError> {
        let _lock = self.lock()?;
        let bytes = self.bytes()?;
        if bytes == 0 {
            return Err(DataError::Fault(ProfileFault::Empty));
        }
        let half = Half::begin(to)?;
        check_room(crate::runtime::data::folder_of(to), bytes)?;
        job.begins(bytes);
        let refused = |error: &io::Error| DataError::of(to, error);
        let buffered = io::BufWriter::new(half.file());
        let mut writer = Writer::begin(buffered, job.clone()).map_err(|error| refused(&error))?;
        give(&self.folder, job, &mut |piece, data| {
            writer.add(piece, data)
        })
        .map_err(|error| refused(&error))?;
        writer
            .end()
            .and_then(|buffered| buffered.into_inner().map_err(io::Error::from).map(drop))
            .map_err(|error| refused(&error))?;
        half.keep()
    }

    fn import(&self, from: &Path, job: &Job) -> Result<(), DataError> {
        let (file, bytes) = open_export(from)?;
        profile::make_folder(&self.profiles)
            .map_err(|error| DataError::of(&self.profiles, &error))?;
        let _lock = self.lock()?;
        check_room(&self.profiles, bytes)?;
        job.begins(bytes);
        let new = self.fresh()?;
        let reader = Reader {
            path: from,
            limits: Limits::default(),
            job,
        };
        let mut unwritten = None;
        let read = reader.read(io::BufReader::new(file), &mut |piece, data| {
            if is_left_out(&piece.path) {
                return Ok(());
            }
            put(&new.0, piece, data).inspect_err(|error| {
                if error.raw_os_error().is_some() {
                    unwritten = Some(DataError::of(&new.0, error));
                }
            })
        });
        read.map_err(|error| unwritten.unwrap_or(error))?;
        self.change_places(&new)
    }

    fn clear(&self, job: &Job) -> Result<(), DataError> {
        let _lock = self.lock()?;
        if !self.folder.exists() {
            return Ok(());
        }
        let new = self.fresh()?;
        each(&self.folder, &mut |path, facts| {
            job.goes_on()?;
            if !is_kept(path) {
                return Ok(false);
            }
            let to = new.0.join(path);
            let done = match kind_of(facts) {
                Kind::Folder => make(&to),
                Kind::File => fs::hard_link(self.folder.join(path), &to),
                Kind::Other => Ok(()),
            };
            done.map_err(|error| DataError::of(&to, &error))?;
            Ok(true)
        })?;
        // The folder's owner is the one that engines run as.
        if let Ok(facts) = fs::metadata(&self.folder) {
            let _same_already =
                std::os::unix::fs::chown(&new.0, Some(facts.uid()), Some(facts.gid()));
        }
        self.change_places(&new)
    }
}

/// Gives what leaves with a profile, piece by piece.
fn give(folder: &Path, job: &Job, take: Take<'_>) -> io::Result<()> {
    let mut untaken = None;
    let given = each(folder, &mut |path, facts| {
        if is_left_out(path) {
            return Ok(false);
        }
        job.goes_on()?;
        let piece = Piece {
            path: path.to_owned(),
            kind: kind_of(facts),
            bytes: if facts.is_file() { facts.len() } else { 0 },
            mode: facts.mode(),
            changed: u64::try_from(facts.mtime()).unwrap_or(0),
        };
        let taken = match piece.kind {
            Kind::Folder => take(&piece, &mut io::empty()),
            Kind::File => match unless_gone(open_plain(&folder.join(path))) {
                Ok(Some(mut file)) => take(&piece, &mut file),
                Ok(None) => Ok(()),
                Err(error) => return Err(DataError::of(path, &error)),
            },
            Kind::Other => Ok(()),
        };
        taken.map_err(|error| {
            untaken = Some(error);
            DataError::silent()
        })?;
        Ok(true)
    });
    given.map_err(|error| untaken.unwrap_or_else(|| error.carried()))
}

/// Every file and folder below `folder`, each folder before what is in it. Links are not followed.
/// What is gone since it was seen is left out; all else that cannot be looked at is an error, for
/// whoever asks may remove what was not taken along. `take` says whether to look into a folder.
fn each(
    folder: &Path,
    take: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<bool, DataError>,
) -> Result<(), DataError> {
    each_in(folder, Path::new(""), take)
}

fn each_in(
    folder: &Path,
    within: &Path,
    take: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<bool, DataError>,
) -> Result<(), DataError> {
    let here = folder.join(within);
    let refused = |error: io::Error| DataError::of(&here, &error);
    let Some(entries) = unless_gone(fs::read_dir(&here)).map_err(refused)? else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.map_err(refused)?;
        let path = within.join(entry.file_name());
        let facts = unless_gone(entry.metadata());
        let Some(facts) = facts.map_err(|error| DataError::of(&entry.path(), &error))? else {
            continue;
        };
        if below(&path).is_none() {
            return Err(DataError::too_deep(&path));
        }
        if take(&path, &facts)? && facts.is_dir() {
            each_in(folder, &path, take)?;
        }
    }
    Ok(())
}

fn unless_gone<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

fn kind_of(facts: &fs::Metadata) -> Kind {
    if facts.is_dir() {
        Kind::Folder
    } else if facts.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}

/// A file, but no link and no pipe that took its place.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

/// Puts a piece of an export below `folder`; its path was checked.
fn put(folder: &Path, piece: &Piece, data: &mut dyn Read) -> io::Result<()> {
    let to = folder.join(&piece.path);
    if piece.kind == Kind::Folder {
        return make(&to);
    }
    if let Some(parent) = to.parent() {
        make(parent)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        // No piece takes the place of another, and none is written through a link.
        .create_new(true)
        .mode(0o600 | (piece.mode & 0o100))
        .open(&to)?;
    io::copy(data, &mut file)?;
    file.flush()?;
    let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(piece.changed));
    if let Some(changed) = changed {
        file.set_modified(changed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    use super::*;

    fn look(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
        let mut seen = Vec::new();
        each(folder, &mut |path, _| {
            seen.push(path.to_owned());
            Ok(true)
        })?;
        Ok(seen)
    }

    #[test]
    fn what_cannot_be_looked_at_is_an_error_and_not_left_out() {
        const SELF: &str = "what_cannot_be_looked_at_is_an_error_and_not_left_out";
        if rustix::process::geteuid().is_root() {
            // Nothing is closed to root.
            let again = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--test-threads=1", SELF])
                .env("TMPDIR", "/tmp")
                .uid(65_534)
                .output();
            // Nor is this program open to everybody everywhere.
            if let Ok(again) = again {
                assert!(again.status.success(), "{again:?}");
            }
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let closed = folder.path().join("closed");
        make(&closed.join("within")).unwrap();
        assert_eq!(look(folder.path()).unwrap().len(), 2);
        // Its names can be read, and no more.
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o400)).unwrap();
        let looked = look(folder.path());
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let path = closed.join("within").display().to_string();
        assert_eq!(looked, Err(ProfileFault::NoPermission { path }.into()));
    }
}
