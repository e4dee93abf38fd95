//! Where a profile is on this machine, and what may lie beside it.
//!
//! What is to take the place of a profile is made beside it, `NAME.new`, and changes places with it
//! in one step of the file system. Where that has no such step the profile waits as `NAME.old`
//! meanwhile, and comes back if nothing has taken its place. Whatever ends the app, the profile is
//! the old one or the new one, whole; what is left beside it is removed by the next look.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use duotab_core::message::ProfileName;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::runtime::data::DataError;
use crate::runtime::embedded::EmbeddedConfig;
use crate::runtime::embedded::profile::{Lock, folder_name};

/// What takes a profile's place.
const NEW: &str = "new";
/// The profile while what takes its place moves in.
const OLD: &str = "old";
/// What is a profile no more, and is not gone yet.
const GONE: &str = "gone";

/// Removes what an app that was killed has left beside its profiles, and brings back what it had
/// only set aside.
pub(in crate::runtime::embedded) fn sweep(profiles: &Path) {
    for entry in fs::read_dir(profiles).into_iter().flatten().flatten() {
        let path = entry.path();
        let left = path
            .extension()
            .is_some_and(|end| end == NEW || end == OLD || end == GONE);
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else {
            continue;
        };
        if !left {
            continue;
        }
        // Somebody may be at it.
        let Ok(_lock) = Lock::take(profiles, name) else {
            continue;
        };
        tracing::info!(folder = %path.display(), "removing what is left of a profile's change");
        if let Err(error) = settle(profiles, name) {
            tracing::error!(profile = name, %error, "a profile that was set aside stays there");
            continue;
        }
        remove(&beside(profiles, name, NEW));
        remove(&beside(profiles, name, GONE));
    }
}

/// Ends what was cut short between two steps: a profile that was set aside comes back, unless
/// another one has taken its place. By whoever has its lock, before anything else.
///
/// # Errors
/// If it cannot be had; it is still there, aside.
pub(in crate::runtime::embedded) fn settle(profiles: &Path, name: &str) -> io::Result<()> {
    let (folder, old) = (profiles.join(name), beside(profiles, name, OLD));
    if !exists(&old)? {
        return Ok(());
    }
    if !exists(&folder)? {
        tracing::warn!(profile = name, "bringing back a profile that was set aside");
        return fs::rename(&old, &folder);
    }
    // In one step, for half of it must never be taken for a profile.
    let gone = beside(profiles, name, GONE);
    remove(&gone);
    fs::rename(&old, &gone)?;
    remove(&gone);
    Ok(())
}

/// What cannot be looked at may be there.
fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn beside(profiles: &Path, name: &str, end: &str) -> PathBuf {
    profiles.join(format!("{name}.{end}"))
}

/// One profile's place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) profiles: PathBuf,
    pub(super) folder: PathBuf,
    name: String,
}

impl Place {
    pub(super) fn of(with: &EmbeddedConfig, profile: &ProfileName) -> Self {
        let name = folder_name(profile);
        Self {
            folder: with.profiles_dir.join(&name),
            profiles: with.profiles_dir.clone(),
            name,
        }
    }

    fn beside(&self, end: &str) -> PathBuf {
        beside(&self.profiles, &self.name, end)
    }

    /// Takes the profile.
    pub(super) fn lock(&self) -> Result<Lock, DataError> {
        let lock = Lock::take(&self.profiles, &self.name)?;
        settle(&self.profiles, &self.name).map_err(|error| self.refused(&error))?;
        Ok(lock)
    }

    pub(super) fn delete(&self) -> Result<(), DataError> {
        if !self.profiles.is_dir() {
            return Ok(());
        }
        let lock = self.lock()?;
        let gone = self.beside(GONE);
        remove(&gone);
        match fs::rename(&self.folder, &gone) {
            Ok(()) => remove(&gone),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(self.refused(&error)),
        }
        remove(&self.beside(NEW));
        lock.remove();
        Ok(())
    }

    /// An empty folder for what is to take its place.
    pub(super) fn fresh(&self) -> Result<New, DataError> {
        let new = New(self.beside(NEW));
        remove(&new.0);
        make(&new.0).map_err(|error| DataError::of(&new.0, &error))?;
        Ok(new)
    }

    pub(super) fn change_places(&self, new: &New) -> Result<(), DataError> {
        let refused = |error: Errno| self.refused(&error.into());
        // All of it is on the disk before it counts.
        if let Ok(folder) = File::open(&new.0) {
            rustix::fs::syncfs(&folder).map_err(refused)?;
        }
        match renameat_with(CWD, &new.0, CWD, &self.folder, RenameFlags::EXCHANGE) {
            Err(Errno::NOENT) => {
                fs::rename(&new.0, &self.folder).map_err(|error| self.refused(&error))
            }
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                self.step_aside(new).map_err(|error| self.refused(&error))
            }
            // What was the profile goes with `new`.
            done => done.map_err(refused),
        }
    }

    /// Changes places where the file system cannot do it in one step.
    fn step_aside(&self, new: &New) -> io::Result<()> {
        fs::rename(&self.folder, self.beside(OLD))?;
        let moved = fs::rename(&new.0, &self.folder);
        let settled = settle(&self.profiles, &self.name);
        if let Err(error) = &settled {
            tracing::error!(profile = self.name, %error, "a profile that was set aside stays there");
        }
        moved
    }

    fn refused(&self, error: &io::Error) -> DataError {
        DataError::of(&self.folder, error)
    }
}

/// What is being made, or what it has taken the place of. Dropped, it goes.
#[derive(Debug)]
pub(super) struct New(pub(super) PathBuf);

impl Drop for New {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

pub(super) fn make(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(folder = %folder.display(), %error, "not removed");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A profile with one file, and its place.
    fn place(profiles: &Path) -> Place {
        make(&profiles.join("default")).unwrap();
        fs::write(profiles.join("default/mark"), "old").unwrap();
        Place {
            profiles: profiles.to_owned(),
            folder: profiles.join("default"),
            name: "default".to_owned(),
        }
    }

    fn names(profiles: &Path) -> Vec<String> {
        let all = fs::read_dir(profiles).unwrap();
        let all = all.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut all: Vec<String> = all.filter(|it| !it.ends_with(".lock")).collect();
        all.sort();
        all
    }

    #[test]
    fn places_are_changed_where_the_file_system_has_no_step_for_it() {
        let profiles = tempfile::tempdir().unwrap();
        let place = place(profiles.path());
        let new = place.fresh().unwrap();
        fs::write(new.0.join("mark"), "new").unwrap();
        place.step_aside(&new).unwrap();
        drop(new);
        assert_eq!(fs::read(place.folder.join("mark")).unwrap(), b"new");
        assert_eq!(names(profiles.path()), ["default"]);
    }

    #[test]
    fn a_profile_whose_place_nothing_could_take_is_back_at_once() {
        let profiles = tempfile::tempdir().unwrap();
        let place = place(profiles.path());
        let new = place.fresh().unwrap();
        // The second of the two steps fails.
        remove(&new.0);
        place.step_aside(&new).unwrap_err();
        drop(new);
        assert_eq!(fs::read(place.folder.join("mark")).unwrap(), b"old");
        assert_eq!(names(profiles.path()), ["default"]);
    }

    #[test]
    fn wherever_a_change_of_places_is_cut_short_one_whole_copy_is_found_by_whoever_comes_next() {
        // What the next start does first, and what the next work with the data does.
        let nexts: [fn(&Place); 2] = [
            |place| sweep(&place.profiles),
            |place| {
                drop(place.lock().unwrap());
            },
        ];
        for next in nexts {
            let profiles = tempfile::tempdir().unwrap();
            let place = place(profiles.path());
            let new = place.fresh().unwrap();
            fs::write(new.0.join("mark"), "new").unwrap();
            // Cut short after the first step.
            fs::rename(&place.folder, place.beside(OLD)).unwrap();
            next(&place);
            assert_eq!(fs::read(place.folder.join("mark")).unwrap(), b"old");
            // After the second.
            let new = place.fresh().unwrap();
            fs::write(new.0.join("mark"), "new").unwrap();
            fs::rename(&place.folder, place.beside(OLD)).unwrap();
            fs::rename(&new.0, &place.folder).unwrap();
            next(&place);
            assert_eq!(fs::read(place.folder.join("mark")).unwrap(), b"new");
            assert_eq!(names(profiles.path()), ["default"]);
        }
    }
}
