//! A profile's data on this machine: measured, taken out, put in, cleared and deleted, while no
//! engine has them.
//!
//! What is to take the place of a profile is made beside it, `NAME.new`, and changes places with it
//! in one step of the file system. Whatever ends the app, the profile is the old one or the new
//! one; what is left beside it is removed by the next look.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use duotab_core::message::ProfileName;
use duotab_core::profile::ProfileFault;
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::profile::{self, Lock, folder_name};
use super::{Embedded, EmbeddedConfig};
use crate::runtime::data::{
    DataError, Half, Job, Kind, Limits, Piece, Reader, Writer, blocking, check_room, is_kept,
    is_left_out, open_export,
};

/// What takes a profile's place.
const NEW: &str = "new";
/// A profile that was deleted, and is not gone yet.
const GONE: &str = "gone";
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

/// Removes what an app that was killed has left beside its profiles.
pub(super) fn sweep(profiles: &Path) {
    for entry in fs::read_dir(profiles).into_iter().flatten().flatten() {
        let path = entry.path();
        let left = path
            .extension()
            .is_some_and(|end| end == NEW || end == GONE);
        // Somebody may be at it.
        let lock = || Lock::take(profiles, path.file_stem()?.to_str()?).ok();
        if left && lock().is_some() {
            tracing::info!(folder = %path.display(), "removing what is left of a profile's change");
            remove(&path);
        }
    }
}

/// Where a profile is, and what may lie beside it.
struct Place {
    profiles: PathBuf,
    name: String,
    folder: PathBuf,
}

impl Place {
    fn of(with: &EmbeddedConfig, profile: &ProfileName) -> Self {
        let name = folder_name(profile);
        Self {
            folder: with.profiles_dir.join(&name),
            profiles: with.profiles_dir.clone(),
            name,
        }
    }

    fn beside(&self, end: &str) -> PathBuf {
        self.profiles.join(format!("{}.{end}", self.name))
    }

    fn lock(&self) -> Result<Lock, DataError> {
        Ok(Lock::take(&self.profiles, &self.name)?)
    }

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

    fn delete(&self) -> Result<(), DataError> {
        if !self.profiles.is_dir() {
            return Ok(());
        }
        let lock = self.lock()?;
        let gone = self.beside(GONE);
        remove(&gone);
        match fs::rename(&self.folder, &gone) {
            Ok(()) => remove(&gone),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(DataError::of(&self.folder, &error)),
        }
        remove(&self.beside(NEW));
        lock.remove();
        Ok(())
    }

    fn fresh(&self) -> Result<New, DataError> {
        let new = New(self.beside(NEW));
        remove(&new.0);
        make(&new.0).map_err(|error| DataError::of(&new.0, &error))?;
        Ok(new)
    }

    fn change_places(&self, new: New) -> Result<(), DataError> {
        let refused = |error: Errno| DataError::of(&self.folder, &error.into());
        // All of it is on the disk before it counts.
        if let Ok(folder) = File::open(&new.0) {
            rustix::fs::syncfs(&folder).map_err(refused)?;
        }
        match renameat_with(CWD, &new.0, CWD, &self.folder, RenameFlags::EXCHANGE) {
            Err(Errno::NOENT) => {
                fs::rename(&new.0, &self.folder).map_err(|e| DataError::of(&self.folder, &e))
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                // Not every file system can do it in one step: the old one steps aside, and is
                // brought back by hand should the machine stop right here.
                let gone = self.beside(GONE);
                remove(&gone);
                fs::rename(&self.folder, &gone)
                    .and_then(|()| fs::rename(&new.0, &self.folder))
                    .map_err(|error| DataError::of(&self.folder, &error))?;
                remove(&gone);
                Ok(())
            }
            // What was the profile goes with `new`.
            done => done.map_err(refused),
        }
    }
}

/// What is being made, or what it has taken the place of. Dropped, it goes.
struct New(PathBuf);

impl Drop for New {
    fn drop(&mut self) {
        remove(&self.0);
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

fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
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

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(folder = %folder.display(), %error, "not removed");
        }
        _ => {}
    }
}
