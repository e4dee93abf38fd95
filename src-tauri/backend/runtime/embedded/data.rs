//! A profile's data on this machine: measured, taken out, put in, cleared and deleted, while no
//! engine has them.

mod place;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use duotab_core::message::ProfileName;
use duotab_core::profile::ProfileFault;
use rustix::fs::OFlags;

use self::place::{Place, make};
pub(super) use self::place::{settle, sweep};
use super::Embedded;
use super::profile::{self, folder_name};
use crate::runtime::data::{
    DataError, Half, Job, Kind, Limits, Piece, Reader, Writer, blocking, check_room, is_kept,
    is_left_out, open_export,
};

/// Folders within folders that are followed.
const DEPTH_LIMIT: usize = 40;

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
                Ok(())
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
    fn export(&self, to: &Path, job: &Job) -> Result<(), DataError> {
        let _lock = self.lock()?;
        let mut bytes = 0;
        each(&self.folder, &mut |path, facts| {
            if !is_left_out(path) && facts.is_file() {
                // A header and the rest of the last block.
                bytes += facts.len() + 1024;
            }
            Ok(())
        })?;
        if bytes == 0 {
            return Err(DataError::Fault(ProfileFault::Empty));
        }
        let half = Half::begin(to)?;
        check_room(crate::runtime::data::folder_of(to), bytes)?;
        job.begins(bytes);
        let refused = |error: &io::Error| DataError::of(to, error);
        let buffered = io::BufWriter::new(half.file());
        let mut writer = Writer::begin(buffered, job.clone()).map_err(|error| refused(&error))?;
        each(&self.folder, &mut |path, facts| {
            if is_left_out(path) {
                return Ok(());
            }
            job.goes_on()?;
            let piece = Piece {
                path: path.to_owned(),
                kind: kind_of(facts),
                bytes: if facts.is_file() { facts.len() } else { 0 },
                mode: facts.mode(),
                changed: u64::try_from(facts.mtime()).unwrap_or(0),
            };
            match piece.kind {
                Kind::Folder => writer.add(&piece, &mut io::empty()),
                Kind::File => match open_plain(&self.folder.join(path)) {
                    Ok(mut file) => writer.add(&piece, &mut file),
                    // Gone since it was seen.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    Err(error) => return Err(DataError::of(path, &error)),
                },
                Kind::Other => Ok(()),
            }
            .map_err(|error| refused(&error))
        })?;
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
        self.change_places(new)
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
                return Ok(());
            }
            let to = new.0.join(path);
            let done = match kind_of(facts) {
                Kind::Folder => make(&to),
                Kind::File => fs::hard_link(self.folder.join(path), &to),
                Kind::Other => Ok(()),
            };
            done.map_err(|error| DataError::of(&to, &error))
        })?;
        // The folder's owner is the one that engines run as.
        if let Ok(facts) = fs::metadata(&self.folder) {
            let _same_already =
                std::os::unix::fs::chown(&new.0, Some(facts.uid()), Some(facts.gid()));
        }
        self.change_places(new)
    }
}

/// Every file and folder below `folder`, each folder before what is in it. Links are not followed.
fn each(
    folder: &Path,
    take: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<(), DataError>,
) -> Result<(), DataError> {
    below(folder, Path::new(""), 0, take)
}

fn below(
    folder: &Path,
    within: &Path,
    depth: usize,
    take: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let here = folder.join(within);
    let entries = match fs::read_dir(&here) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(DataError::of(&here, &error)),
    };
    for entry in entries.flatten() {
        let path = within.join(entry.file_name());
        // Gone since it was seen.
        let Ok(facts) = entry.metadata() else {
            continue;
        };
        take(&path, &facts)?;
        if facts.is_dir() && depth < DEPTH_LIMIT {
            below(folder, &path, depth + 1, take)?;
        }
    }
    Ok(())
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
