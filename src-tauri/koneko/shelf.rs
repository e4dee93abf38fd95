//! The shelf: a folder in which files wait on their way between the browser and the person's own
//! machine. It begins empty, and goes with us.

use rustix::fs::OFlags;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tokio::fs::File;

/// In the browser's folder, with a name that no export takes along.
const NAME: &str = ".duotab-shelf";

/// The folder.
#[derive(Debug)]
pub(crate) struct Shelf(PathBuf);

/// A file's place on the shelf: a name, or a name within a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// From `name` or `batch/name`; `None` for what would lead elsewhere.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        let plain = |part: &&str| {
            !part.is_empty()
                && part.len() <= 255
                && !part.contains('\0')
                && !matches!(*part, "." | "..")
        };
        (parts.len() <= 2 && parts.iter().all(plain)).then(|| Self(parts.iter().collect()))
    }
}

impl Shelf {
    /// An empty one in the browser's folder.
    pub(crate) fn make(profile: &Path) -> io::Result<Self> {
        let folder = profile.join(NAME);
        remove(&folder)?;
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// A file to read, with its size in bytes.
    pub(crate) async fn open(&self, place: &Place) -> io::Result<(File, u64)> {
        let path = self.0.join(&place.0);
        // A page's process may have put a link there.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut options = File::options();
        options.read(true).custom_flags(flags.bits().cast_signed());
        let file = options.open(path).await?;
        let about = file.metadata().await?;
        if !about.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok((file, about.len()))
    }

    /// A new file to write.
    pub(crate) async fn create(&self, place: &Place) -> io::Result<File> {
        let path = self.0.join(&place.0);
        if let Some(batch) = path.parent().filter(|it| *it != self.0) {
            let mut builder = tokio::fs::DirBuilder::new();
            builder.mode(0o700).recursive(true).create(batch).await?;
        }
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        options.open(path).await
    }

    /// Removes a file, or a batch. No error if it is not there.
    pub(crate) async fn remove(&self, place: &Place) -> io::Result<()> {
        let path = self.0.join(&place.0);
        on_thread(move || remove(&path)).await
    }

    /// Removes all files that are in no batch: those that wait to be fetched.
    pub(crate) async fn clear(&self) -> io::Result<()> {
        let folder = self.0.clone();
        on_thread(move || {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if !entry.file_type()?.is_dir() {
                    std::fs::remove_file(entry.path())?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Removes it with all that is in it.
    pub(crate) fn end(&self) {
        if let Err(error) = remove(&self.0) {
            tracing::warn!(%error, "left on the shelf");
        }
    }
}

async fn on_thread(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

/// Removes what is there, a folder with all in it. Links are not followed.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match std::fs::symlink_metadata(path) {
        Ok(it) if it.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn a_place_is_on_the_shelf_or_is_none() {
        for good in ["a", "a b.txt", "0-1.crdownload", "batch/größe.txt", "..."] {
            assert!(Place::read(good).is_some(), "{good}");
        }
        for bad in ["", "..", "a/..", "/a", "a/", "a/b/c", "./a", "a\0b"] {
            assert!(Place::read(bad).is_none(), "{bad}");
        }
        assert!(Place::read(&"x".repeat(256)).is_none());
    }

    #[tokio::test]
    async fn a_shelf_begins_empty_and_leaves_nothing() {
        let profile = tempfile::tempdir().unwrap();
        let left = profile.path().join(NAME);
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join("old"), "").unwrap();
        let shelf = Shelf::make(profile.path()).unwrap();
        assert!(!left.join("old").exists());
        let place = Place::read("batch/new").unwrap();
        let mut file = shelf.create(&place).await.unwrap();
        file.write_all(b"text").await.unwrap();
        file.flush().await.unwrap();
        std::fs::write(left.join("fetched"), "").unwrap();
        shelf.clear().await.unwrap();
        assert!(!left.join("fetched").exists());
        let (mut file, size) = shelf.open(&place).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!((text.as_str(), size), ("text", 4));
        shelf.remove(&Place::read("batch").unwrap()).await.unwrap();
        shelf.remove(&Place::read("batch").unwrap()).await.unwrap();
        assert!(!left.join("batch").exists());
        shelf.end();
        assert!(!left.exists());
    }

    #[tokio::test]
    async fn a_link_that_a_page_has_put_there_is_not_followed() {
        let profile = tempfile::tempdir().unwrap();
        let shelf = Shelf::make(profile.path()).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", shelf.folder().join("link")).unwrap();
        let place = Place::read("link").unwrap();
        assert!(shelf.open(&place).await.is_err());
        shelf.remove(&place).await.unwrap();
        assert!(Path::new("/etc/passwd").exists());
    }
}
