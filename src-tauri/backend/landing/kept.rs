//! What is kept of a file that was held up: its first bytes, and its name.

use std::fs::File as Place;
use std::io;
use std::path::{Path, PathBuf};

use duotab_core::download::DownloadFault;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::{Landing, fault};

/// What is added to the name of a file until all of it is there.
const PART: &str = ".part";

/// What the web engine adds to the name of a file until it has all of it.
const ENGINE_PART: &str = ".wkdownload";

/// What the file at `path` is called until all of it is there.
#[must_use]
pub fn part_of(path: &Path) -> PathBuf {
    with(path, PART)
}

/// Where the web engine writes what is to be at `path`, until it has all of it.
#[must_use]
pub fn written_by_engine(path: &Path) -> PathBuf {
    with(path, ENGINE_PART)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(ending);
    part.into()
}

/// The first part of a file. It stays when this is dropped.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
}

impl Kept {
    /// Keeps what the web engine has written as the first part of `path`: the engine finds nothing to
    /// remove, and can end nothing any more.
    ///
    /// # Errors
    /// If it cannot be moved, or something is where the part is to be.
    pub fn keep(path: &Path) -> io::Result<()> {
        rename(&written_by_engine(path), &part_of(path))
    }

    /// Keeps what the web engine writes, now and later, as the first part of `path`: the engine goes
    /// on, and removes its own name alone if that breaks.
    ///
    /// # Errors
    /// If the file system has no second names, or something is where the part is to be.
    pub fn share(path: &Path) -> io::Result<()> {
        std::fs::hard_link(written_by_engine(path), part_of(path))
    }

    /// The web engine has all of it: what was kept has the file's own name.
    pub fn complete(path: &Path) {
        let _ = std::fs::remove_file(part_of(path));
    }

    /// Keeps the name of `path` for the part that lies beside it, and says how long that is, in bytes;
    /// 0 if there is none: then nothing is kept.
    #[must_use]
    pub fn hold(path: &Path) -> u64 {
        let length = length(path);
        if length == 0 {
            Self::discard(path);
            return 0;
        }
        // An engine that died has removed nothing.
        let _ = std::fs::remove_file(written_by_engine(path));
        if let Err(error) = Place::create_new(path)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            tracing::warn!(%error, "a name is not kept");
        }
        length
    }

    /// Keeps what is there of `path` after an end that nobody expected, and says how long it is, as
    /// [`Self::hold`] does.
    #[must_use]
    pub fn recover(path: &Path) -> u64 {
        // Without a second name it is where the web engine has written it.
        let _ = Self::keep(path);
        Self::hold(path)
    }

    /// Removes what is kept, what the web engine is writing, and the name that was kept for it.
    pub fn discard(path: &Path) {
        let parts = [part_of(path), written_by_engine(path)];
        // These alone say that the name is ours.
        if parts.map(|part| std::fs::remove_file(part).is_ok()) != [false; 2] {
            free(path);
        }
    }

    /// Takes up what is kept of `path`, by another name if somebody has taken that one; `None` if it
    /// is not there any more.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn take(path: &Path) -> Result<Option<Self>, DownloadFault> {
        if length(path) == 0 {
            free(path);
            return Ok(None);
        }
        let folder = path.parent().unwrap_or(Path::new("/"));
        let is_ours = match path.symlink_metadata() {
            Ok(file) => file.is_file() && file.len() == 0,
            Err(_) => Place::create_new(path).is_ok(),
        };
        if is_ours {
            let path = path.to_owned();
            return Ok(Some(Self { path }));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut other = Landing::reserve(folder, &name)?;
        let moved = rename(&part_of(path), &other.part);
        moved.map_err(|error| fault(folder, &error))?;
        other.landed = true;
        let path = other.path.clone();
        Ok(Some(Self { path }))
    }

    /// The file, with its folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes are there.
    #[must_use]
    pub fn length(&self) -> u64 {
        length(&self.path)
    }

    /// Begins to write behind what is there.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub async fn open(&self) -> Result<Adding<'_>, DownloadFault> {
        let part = part_of(&self.path);
        let file = File::options().append(true).open(part).await;
        let file = file.map_err(|error| self.fault(&error))?;
        Ok(Adding { file, to: self })
    }

    /// All of it is there: it is what it is called from now on.
    ///
    /// # Errors
    /// If it cannot take its name.
    pub async fn land(&self) -> Result<(), DownloadFault> {
        let moved = tokio::fs::rename(part_of(&self.path), &self.path).await;
        moved.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &io::Error) -> DownloadFault {
        fault(self.path.parent().unwrap_or(Path::new("/")), error)
    }
}

/// A file that more is added to.
#[derive(Debug)]
pub struct Adding<'a> {
    file: File,
    to: &'a Kept,
}

impl Adding<'_> {
    /// The next bytes.
    ///
    /// # Errors
    /// If they cannot be written.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadFault> {
        let written = self.file.write_all(bytes).await;
        written.map_err(|error| self.to.fault(&error))
    }

    /// These were the last ones.
    ///
    /// # Errors
    /// If they cannot be written.
    pub async fn end(mut self) -> Result<(), DownloadFault> {
        let written = self.file.flush().await;
        written.map_err(|error| self.to.fault(&error))
    }
}

/// Moves a file to where nothing is.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot see to it.
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_err() => {
            std::fs::rename(from, to)
        }
        moved => Ok(moved?),
    }
}

fn length(path: &Path) -> u64 {
    let part = part_of(path).symlink_metadata();
    part.ok()
        .filter(std::fs::Metadata::is_file)
        .map_or(0, |part| part.len())
}

/// Gives up a name that was kept, if nobody has put anything there.
fn free(path: &Path) {
    let there = path.symlink_metadata();
    if there.is_ok_and(|file| file.is_file() && file.len() == 0) {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn half(folder: &Path) -> PathBuf {
        let path = folder.join("a.txt");
        std::fs::write(part_of(&path), "half ").unwrap();
        assert_eq!(Kept::hold(&path), 5);
        path
    }

    #[tokio::test]
    async fn the_rest_is_added_and_the_file_takes_its_name() {
        let home = tempfile::tempdir().unwrap();
        let path = half(home.path());
        assert_eq!(std::fs::read(&path).unwrap(), b"", "the name is kept");
        let kept = Kept::take(&path).unwrap().unwrap();
        let mut adding = kept.open().await.unwrap();
        adding.write(b"and half").await.unwrap();
        adding.end().await.unwrap();
        assert_eq!(kept.length(), 13);
        kept.land().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"half and half");
        assert!(!part_of(&path).exists());
    }

    #[tokio::test]
    async fn a_file_that_somebody_has_put_there_meanwhile_is_not_touched() {
        let home = tempfile::tempdir().unwrap();
        let path = half(home.path());
        std::fs::write(&path, "another").unwrap();
        let kept = Kept::take(&path).unwrap().unwrap();
        assert_eq!(kept.path(), home.path().join("a (1).txt"));
        kept.land().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"another");
        assert_eq!(std::fs::read(kept.path()).unwrap(), b"half ");
    }

    #[test]
    fn what_is_discarded_leaves_nothing_and_what_is_not_ours_stays() {
        let home = tempfile::tempdir().unwrap();
        let path = half(home.path());
        Kept::discard(&path);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        std::fs::write(&path, "").unwrap();
        Kept::discard(&path);
        assert!(path.exists(), "without a part the name is somebody else's");
    }

    #[test]
    fn a_part_that_somebody_else_has_there_is_not_replaced() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.txt");
        for keep in [Kept::keep, Kept::share] {
            std::fs::write(written_by_engine(&path), "half ").unwrap();
            std::fs::write(part_of(&path), "mine").unwrap();
            let kept = keep(&path).map_err(|error| error.kind());
            assert_eq!(kept, Err(io::ErrorKind::AlreadyExists));
            assert_eq!(std::fs::read(part_of(&path)).unwrap(), b"mine");
            std::fs::remove_file(part_of(&path)).unwrap();
            keep(&path).unwrap();
            assert_eq!(Kept::hold(&path), 5);
            Kept::discard(&path);
            assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn what_the_engine_goes_on_writing_is_kept_when_it_removes_its_own() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.txt");
        let written = written_by_engine(&path);
        std::fs::write(&path, "").unwrap();
        let mut engine = Place::create_new(&written).unwrap();
        Kept::share(&path).unwrap();
        engine.write_all(b"half ").unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(&written).unwrap();
        assert_eq!(Kept::hold(&path), 5);
        assert_eq!(std::fs::read(part_of(&path)).unwrap(), b"half ");
        assert_eq!(std::fs::read(&path).unwrap(), b"", "the name is kept");
    }

    #[test]
    fn what_an_app_that_was_killed_has_left_is_kept_by_one_name() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.txt");
        for shared in [true, false] {
            std::fs::write(&path, "").unwrap();
            std::fs::write(written_by_engine(&path), "half ").unwrap();
            if shared {
                Kept::share(&path).unwrap();
            }
            assert_eq!(Kept::recover(&path), 5);
            assert_eq!(std::fs::read(part_of(&path)).unwrap(), b"half ");
            assert!(!written_by_engine(&path).exists());
            assert_eq!(Kept::recover(&path), 5, "once more");
            Kept::discard(&path);
        }
        assert_eq!(Kept::recover(&path), 0);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_complete_has_its_own_name_alone_also_if_it_is_empty() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.txt");
        std::fs::write(written_by_engine(&path), "").unwrap();
        Kept::share(&path).unwrap();
        std::fs::rename(written_by_engine(&path), &path).unwrap();
        Kept::complete(&path);
        assert!(path.exists());
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn of_a_file_that_has_not_begun_to_come_nothing_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.txt");
        std::fs::write(written_by_engine(&path), "").unwrap();
        Kept::keep(&path).unwrap();
        assert_eq!(Kept::hold(&path), 0);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_part_that_is_gone_is_none() {
        let home = tempfile::tempdir().unwrap();
        let path = half(home.path());
        std::fs::remove_file(part_of(&path)).unwrap();
        assert!(Kept::take(&path).unwrap().is_none());
        assert!(!path.exists());
    }
}
