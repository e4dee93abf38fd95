//! The data folder has one owner at a time.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A data folder that is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// The lock hangs on the open file, which the kernel closes with the process.
    lock: File,
}

/// Why the folder is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another copy of the app uses it.
    #[error("{0} is in use by another copy of the app")]
    Taken(PathBuf),
    /// It cannot be made or written, so that nobody can use it.
    #[error("{path}: {source}")]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DataDir {
    /// Make the folder if it is missing, and take it. Never waits.
    pub fn lock(path: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable {
            path: path.to_owned(),
            source,
        };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(unusable)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                lock,
            }),
            Err(Errno::WOULDBLOCK) => Err(LockError::Taken(path.to_owned())),
            Err(error) => Err(unusable(error.into())),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        // Closing alone would not do while a program that is just being started still holds a
        // copy of the handle.
        let _closed_next = flock(&self.lock, FlockOperation::Unlock);
    }
}
