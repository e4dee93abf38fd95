//! Where files land on this machine: the person's folder for downloads, each under a safe name that
//! nothing else has.

mod kept;
mod rest;

use std::fs::File as Place;
use std::io;
use std::path::{Path, PathBuf};

use duotab_core::download::{DownloadFault, name};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

pub use kept::{Kept, part_of, written_by_engine};
pub use rest::{Guise, Unfinished, go_on};

/// Names with a number that are tried; a folder with more of them is full in its own way.
const TRIES: u32 = 10_000;

/// A file that is coming. Its name is taken from the beginning on, by an empty file; what has come
/// lies beside it. Dropped before its end, nothing of it stays.
#[derive(Debug)]
pub struct Landing {
    path: PathBuf,
    name: String,
    part: PathBuf,
    landed: bool,
}

impl Landing {
    /// Takes a name in `folder`, which is made if need be, for what is called `suggested` elsewhere.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn reserve(folder: &Path, suggested: &str) -> Result<Self, DownloadFault> {
        let fault = |error: io::Error| fault(folder, &error);
        std::fs::create_dir_all(folder).map_err(fault)?;
        let safe = name::safe(suggested);
        for number in 0..TRIES {
            let name = match number {
                0 => safe.clone(),
                number => name::numbered(&safe, number),
            };
            let path = folder.join(&name);
            let part = part_of(&path);
            if part.symlink_metadata().is_ok() {
                continue;
            }
            match Place::create_new(&path) {
                Ok(_) => {
                    return Ok(Self {
                        path,
                        name,
                        part,
                        landed: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fault(error)),
            }
        }
        Err(fault(io::ErrorKind::AlreadyExists.into()))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its name with the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to write it, from its first byte on.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub async fn open(&self) -> Result<Writing<'_>, DownloadFault> {
        let file = File::create(&self.part).await;
        let file = file.map_err(|error| self.fault(&error))?;
        Ok(Writing {
            file,
            landing: self,
        })
    }

    /// All of it is written: it is what it is called from now on.
    ///
    /// # Errors
    /// If it cannot take its name.
    pub async fn land(mut self) -> Result<(), DownloadFault> {
        let moved = tokio::fs::rename(&self.part, &self.path).await;
        moved.map_err(|error| self.fault(&error))?;
        self.landed = true;
        Ok(())
    }

    fn fault(&self, error: &io::Error) -> DownloadFault {
        fault(self.path.parent().unwrap_or(Path::new("/")), error)
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Writing<'a> {
    file: File,
    landing: &'a Landing,
}

impl Writing<'_> {
    /// The next bytes.
    ///
    /// # Errors
    /// If they cannot be written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadFault> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|error| self.landing.fault(&error))
    }

    /// These were the last ones.
    ///
    /// # Errors
    /// If they cannot be written.
    pub async fn end(mut self) -> Result<(), DownloadFault> {
        let written = self.file.flush().await;
        written.map_err(|error| self.landing.fault(&error))
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.landed {
            // The second is there only if something has come.
            let _ = std::fs::remove_file(&self.path);
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// What keeps files out of a folder.
#[must_use]
pub fn fault(folder: &Path, error: &io::Error) -> DownloadFault {
    let folder = folder.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            DownloadFault::DiskFull { folder }
        }
        _ => DownloadFault::NotWritable { folder },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_file_takes_a_name_that_nobody_has_and_has_it_when_it_is_complete() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("new/folder");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.txt"), "before").unwrap();
        let landing = Landing::reserve(&folder, "../a.txt").unwrap();
        assert_eq!(landing.name(), "a (1).txt");
        let other = Landing::reserve(&folder, "a.txt").unwrap();
        assert_eq!(other.name(), "a (2).txt");
        let mut writing = landing.open().await.unwrap();
        writing.write(b"all of it").await.unwrap();
        writing.end().await.unwrap();
        assert_eq!(std::fs::read(folder.join("a (1).txt")).unwrap(), b"");
        landing.land().await.unwrap();
        assert_eq!(
            std::fs::read(folder.join("a (1).txt")).unwrap(),
            b"all of it"
        );
        drop(other);
        assert_eq!(names(&folder), ["a (1).txt", "a.txt"]);
    }

    #[tokio::test]
    async fn what_does_not_come_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let landing = Landing::reserve(home.path(), "a").unwrap();
        landing.open().await.unwrap().write(b"half").await.unwrap();
        assert_eq!(names(home.path()), ["a", "a.part"]);
        drop(landing);
        assert_eq!(names(home.path()), Vec::<String>::new());
    }

    #[test]
    fn a_folder_that_is_none_is_named() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("file");
        std::fs::write(&folder, "").unwrap();
        let shown = folder.display().to_string();
        let fault = Landing::reserve(&folder, "a").unwrap_err();
        assert_eq!(fault, DownloadFault::NotWritable { folder: shown });
    }
}
