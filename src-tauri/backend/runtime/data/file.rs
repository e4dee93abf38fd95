//! The file of an export: not there at all until it is whole.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use duotab_core::profile::ProfileFault;
use rustix::fs::{AtFlags, CWD, OFlags, linkat, statvfs};

use super::{DataError, SLACK};

/// Opens a file that a person chose: a plain one, or nothing.
pub(crate) fn open_export(path: &Path) -> Result<(File, u64), DataError> {
    let flags = OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| DataError::of(path, &error))?;
    let facts = file
        .metadata()
        .map_err(|error| DataError::of(path, &error))?;
    if facts.is_file() {
        Ok((file, facts.len()))
    } else {
        Err(DataError::Fault(ProfileFault::NotOurs {
            path: path.display().to_string(),
        }))
    }
}

/// # Errors
/// If `folder` has no room for `needs` bytes.
pub(crate) fn check_room(folder: &Path, needs: u64) -> Result<(), DataError> {
    let Ok(disk) = statvfs(folder) else {
        return Ok(());
    };
    let has = disk.f_bavail.saturating_mul(disk.f_frsize);
    if has < needs.saturating_add(SLACK) {
        return Err(DataError::Fault(ProfileFault::DiskFull {
            path: Some(folder.display().to_string()),
            needs,
            has,
        }));
    }
    Ok(())
}

/// A file that is being written. It has no name, where the file system can do that: whatever
/// happens, nothing of it is left. Else it has a hidden name until it is whole.
#[derive(Debug)]
pub(crate) struct Half {
    file: File,
    target: PathBuf,
    /// Its name while it is not whole.
    hidden: Option<PathBuf>,
}

impl Half {
    /// Begins the file that will be `target`.
    pub(crate) fn begin(target: &Path) -> Result<Self, DataError> {
        let refused = |error: &io::Error| DataError::of(target, error);
        let folder = folder_of(target);
        if !folder.is_dir() {
            return Err(DataError::Fault(ProfileFault::NotThere {
                path: folder.display().to_string(),
            }));
        }
        if target.is_dir() {
            return Err(refused(&io::ErrorKind::IsADirectory.into()));
        }
        let nameless = OpenOptions::new()
            .write(true)
            .mode(0o600)
            .custom_flags(OFlags::TMPFILE.bits().cast_signed())
            .open(folder);
        match nameless {
            Ok(file) => Ok(Self {
                file,
                target: target.to_owned(),
                hidden: None,
            }),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(refused(&error)),
            Err(_) => {
                let hidden = hidden_name(target);
                let file = OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                    .open(&hidden)
                    .map_err(|error| refused(&error))?;
                Ok(Self {
                    file,
                    target: target.to_owned(),
                    hidden: Some(hidden),
                })
            }
        }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// It is whole: takes the place of what was there.
    pub(crate) fn keep(mut self) -> Result<(), DataError> {
        let target = self.target.clone();
        let named = || -> io::Result<()> {
            self.file.sync_all()?;
            let hidden = match &self.hidden {
                Some(hidden) => hidden.clone(),
                None => {
                    let hidden = hidden_name(&self.target);
                    let _was_there = std::fs::remove_file(&hidden);
                    let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                    linkat(CWD, own, CWD, &hidden, AtFlags::SYMLINK_FOLLOW)?;
                    hidden
                }
            };
            self.hidden = Some(hidden.clone());
            std::fs::rename(hidden, &self.target)
        };
        let mut named = named;
        let done = named();
        if done.is_ok() {
            self.hidden = None;
        }
        done.map_err(|error| DataError::of(&target, &error))
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        if let Some(hidden) = &self.hidden {
            let _gone = std::fs::remove_file(hidden);
        }
    }
}

pub(crate) fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn hidden_name(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.part"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn names(folder: &Path) -> Vec<String> {
        let all = std::fs::read_dir(folder).unwrap();
        let mut all: Vec<String> = all
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.tar");
        std::fs::write(&target, "old").unwrap();
        let half = Half::begin(&target).unwrap();
        half.file().write_all(b"new").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"old");
        drop(half);
        assert_eq!(names(folder.path()), ["a.tar"]);
        let half = Half::begin(&target).unwrap();
        half.file().write_all(b"new").unwrap();
        half.keep().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.tar"]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let path = "/proc/duotab/a.tar";
        let refused = Half::begin(Path::new(path)).unwrap_err();
        let folder = "/proc/duotab".to_owned();
        assert_eq!(
            refused,
            DataError::Fault(ProfileFault::NotThere { path: folder })
        );
    }

    #[test]
    fn a_folder_or_a_pipe_is_no_export() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            open_export(folder.path()),
            Err(DataError::Fault(ProfileFault::NotOurs { .. }))
        ));
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(open_export(&pipe).is_err());
    }
}
