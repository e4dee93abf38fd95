//! A profile's data as both kinds of engines keep them: the browser's own folder, exported as
//! one file and carried piece by piece between machines and kinds.

mod archive;
mod carry;
mod contents;
mod file;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duotab_core::message::StartFailure;
use duotab_core::profile::ProfileFault;
use tokio_util::sync::CancellationToken;

pub(super) use self::archive::{Kind, Limits, Piece, Reader, Writer, below, header, walk};
pub(super) use self::carry::{Carried, Give, Pump, Put, Take, carry, sum_of};
pub(super) use self::contents::{KEPT_PROFILE, KEPT_TOP, LEFT_OUT, is_kept, is_left_out};
pub(super) use self::file::{Half, check_room, folder_of, open_export};

/// Bytes that stay free beside what is written.
pub(super) const SLACK: u64 = 16 << 20;

/// Why nothing was done to a profile's data. They are as they were before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The person gave it up.
    #[error("cancelled")]
    Cancelled,
    /// It cannot be done.
    #[error("profile data: {0:?}")]
    Fault(ProfileFault),
}

impl From<ProfileFault> for DataError {
    fn from(fault: ProfileFault) -> Self {
        Self::Fault(fault)
    }
}

impl DataError {
    /// What the system's error on `path` means to a person.
    pub(super) fn of(path: &Path, error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref().and_then(|it| it.downcast_ref::<Self>()) {
            return inner.clone();
        }
        let at = path.display().to_string();
        Self::Fault(match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ProfileFault::DiskFull {
                path: Some(at),
                needs: 0,
                has: 0,
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ProfileFault::NoPermission { path: at }
            }
            io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory => ProfileFault::NotThere { path: at },
            _ => ProfileFault::Failed {
                detail: format!("{at}: {error}"),
            },
        })
    }

    /// Something that nobody can do anything about but try again.
    pub(super) fn failed(detail: impl Into<String>) -> Self {
        Self::Fault(ProfileFault::Failed {
            detail: detail.into(),
        })
    }

    /// An engine takes no more, and does not say why.
    pub(super) fn silent() -> Self {
        Self::failed("the container engine takes nothing any more")
    }

    /// What arrived is not what was sent.
    pub(super) fn differs() -> Self {
        Self::failed("what has arrived is not what was sent")
    }

    /// A path that no export can have.
    pub(super) fn too_deep(path: &Path) -> Self {
        let names: PathBuf = path.iter().take(4).collect();
        Self::Fault(ProfileFault::Failed {
            detail: format!("too many folders within each other in {}", names.display()),
        })
    }

    /// Carried through code that knows the system's errors alone.
    pub(super) fn carried(self) -> io::Error {
        io::Error::other(self)
    }
}

impl From<StartFailure> for DataError {
    fn from(failure: StartFailure) -> Self {
        Self::Fault(match failure {
            StartFailure::EngineAway { fault } => ProfileFault::EngineAway { fault },
            StartFailure::EngineDiskFull => ProfileFault::DiskFull {
                path: None,
                needs: 0,
                has: 0,
            },
            StartFailure::DiskFull { path } => ProfileFault::DiskFull {
                path: Some(path),
                needs: 0,
                has: 0,
            },
            StartFailure::ReadOnly { path } => ProfileFault::NoPermission { path },
            StartFailure::ProfileInUse => ProfileFault::InUse,
            StartFailure::ProfileTaken { by } => ProfileFault::Taken { by },
            other => ProfileFault::Failed {
                detail: words(&other),
            },
        })
    }
}

/// What is said to a person of a start whose reason is not one of the data's own.
fn words(failure: &StartFailure) -> String {
    match failure {
        StartFailure::ImageMissing { image } => format!("the image {image} is not there"),
        StartFailure::RegistryDenied { image } => {
            format!("the registry does not give out the image {image}")
        }
        StartFailure::RegistryUnreachable { image } => {
            format!("the registry of the image {image} cannot be reached")
        }
        StartFailure::Refused { detail } => detail.clone(),
        StartFailure::TimedOut => "it takes too long".to_owned(),
        StartFailure::PortTaken => "no port is free".to_owned(),
        StartFailure::ProgramMissing { program } => format!("{program} is missing"),
        _ => "the engine does not start".to_owned(),
    }
}

/// Hears how far it is: bytes done, and bytes in all.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Something that takes a while: it says how far it is, and can be given up. Cheap to clone.
#[derive(Clone)]
pub struct Job {
    progress: Progress,
    cancel: CancellationToken,
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").finish_non_exhaustive()
    }
}

impl Job {
    /// One that begins.
    #[must_use]
    pub fn new(progress: Progress, cancel: CancellationToken) -> Self {
        Self {
            progress,
            cancel,
            done: Arc::default(),
            total: Arc::default(),
        }
    }

    /// One that nobody watches.
    #[must_use]
    pub fn unwatched() -> Self {
        Self::new(Arc::new(|_, _| {}), CancellationToken::new())
    }

    /// So many bytes there are in all; none of them is done.
    pub(super) fn begins(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        (self.progress)(0, total);
    }

    /// So many bytes more are done.
    ///
    /// # Errors
    /// If it was given up meanwhile.
    pub(super) fn did(&self, bytes: u64) -> Result<(), DataError> {
        let total = self.total.load(Ordering::Relaxed);
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        let done = before.saturating_add(bytes).min(total);
        // A person sees no more than a hundred steps.
        let step = (total / 100).max(1);
        if before / step != done / step {
            (self.progress)(done, total);
        }
        self.goes_on()
    }

    /// # Errors
    /// If it was given up.
    pub(super) fn goes_on(&self) -> Result<(), DataError> {
        if self.cancel.is_cancelled() {
            Err(DataError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// How many bytes are done.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) async fn given_up(&self) {
        self.cancel.cancelled().await;
    }
}

/// Runs what blocks, and gives it up with the person.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DataError> + Send + 'static,
) -> Result<T, DataError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panicked| {
            Err(DataError::Fault(ProfileFault::Failed {
                detail: panicked.to_string(),
            }))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_a_reason_in_words() {
        let image = || "a/b:1".to_owned();
        for (failure, said) in [
            (
                StartFailure::ImageMissing { image: image() },
                "the image a/b:1 is not there",
            ),
            (StartFailure::TimedOut, "it takes too long"),
            (
                StartFailure::Exited { code: Some(3) },
                "the engine does not start",
            ),
        ] {
            let detail = said.to_owned();
            assert_eq!(
                DataError::from(failure),
                DataError::Fault(ProfileFault::Failed { detail })
            );
        }
    }
}
