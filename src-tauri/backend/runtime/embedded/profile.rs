//! Profiles on this machine: their folders, and that each has one owner at a time.

use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use duotab_core::message::{ProfileName, StartFailure};
use rustix::fs::{Access, FlockOperation, access, flock, statvfs};
use rustix::io::Errno;

use super::data;

/// Below this, Chromium starts and then breaks in odd ways. Bytes.
const ROOM: u64 = 32 * 1024 * 1024;

/// The kernel tells nobody that a lock is free but who waits without a limit.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// A file name has at most 255 bytes; the rest is for endings.
const NAME_LIMIT: usize = 200;

/// A profile that is ours.
#[derive(Debug)]
pub(super) struct Profile {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The lock hangs on the open file. The engine inherits it, so that the profile stays locked
    /// as long as the engine lives, whatever becomes of the app.
    pub(super) lock: File,
}

impl Profile {
    /// One that goes with the folder of its engine, where it is made by the engine itself. It has no
    /// other owner, and its lock says nothing.
    pub(super) fn passing(run: &Path, engine: &Path) -> Result<Self, StartFailure> {
        Ok(Self {
            folder: engine.join("profile"),
            lock: File::open(run).map_err(|error| unwritable(run, &error))?,
        })
    }

    /// Make the folder if it is missing, check that it can be used, and take it. Blocks: a
    /// fifth of a second if somebody else has it.
    pub(super) fn take(profiles: &Path, name: &ProfileName) -> Result<Self, StartFailure> {
        let name = folder_name(name);
        let folder = profiles.join(&name);
        let refused = |error: io::Error| unwritable(&folder, &error);
        make_folder(profiles).map_err(refused)?;
        let Lock { file: lock, .. } = Lock::take(profiles, &name)?;
        // Before an empty one takes the place of what is only set aside.
        data::settle(profiles, &name).map_err(refused)?;
        make_folder(&folder).map_err(refused)?;
        access(&folder, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| unwritable(&folder, &error.into()))?;
        if statvfs(&folder).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < ROOM) {
            return Err(StartFailure::DiskFull {
                path: folder.display().to_string(),
            });
        }
        Ok(Self { folder, lock })
    }
}

/// A profile's lock, which lies beside its folder: the folder may be another one tomorrow.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Take it, by the name of the profile's folder. Blocks: a fifth of a second if somebody else
    /// has it.
    pub(super) fn take(profiles: &Path, name: &str) -> Result<Self, StartFailure> {
        let path = profiles.join(format!("{name}.lock"));
        for _ in 0..LOCK_TRIES {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(&path)
                .map_err(|error| unwritable(profiles, &error))?;
            match lock_soon(&file) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Err(StartFailure::ProfileInUse),
                Err(error) => return Err(unwritable(profiles, &error.into())),
            }
            // Whoever had it may have removed the profile and its lock.
            let same = std::fs::metadata(&path)
                .ok()
                .zip(file.metadata().ok())
                .is_some_and(|(there, ours)| there.ino() == ours.ino());
            if same {
                return Ok(Self { file, path });
            }
        }
        Err(StartFailure::ProfileInUse)
    }

    /// The profile is gone, and so is its lock.
    pub(super) fn remove(self) {
        let _was_there = std::fs::remove_file(&self.path);
    }
}

/// Take a lock that is free, or nearly: a program that some other thread is just starting holds a
/// copy of each of our handles for the moment until it runs, also of those that we have let go.
fn lock_soon(lock: &File) -> Result<(), Errno> {
    for _ in 0..LOCK_TRIES {
        match flock(lock, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => std::thread::sleep(LOCK_PAUSE),
            done => return done,
        }
    }
    flock(lock, FlockOperation::NonBlockingLockExclusive)
}

/// Make a folder that is closed to others, and what is above it.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// What a failure to write means to a person.
pub(super) fn unwritable(folder: &Path, error: &io::Error) -> StartFailure {
    tracing::warn!(folder = %folder.display(), %error, "folder cannot be written");
    let path = folder.display().to_string();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StartFailure::DiskFull { path }
        }
        _ => StartFailure::ReadOnly { path },
    }
}

/// A name for the folder: letters, digits, `-` and `_` stay; each other byte, also `.` and `/`,
/// becomes `%` and two hex digits. Two profiles never share a folder, and none leaves its place.
pub(super) fn folder_name(name: &ProfileName) -> String {
    let mut folder = String::new();
    for byte in name.0.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            folder.push(char::from(byte));
        } else {
            let _infallible = write!(folder, "%{byte:02x}");
        }
    }
    if folder.is_empty() {
        return "%".to_owned();
    }
    if folder.len() > NAME_LIMIT {
        folder.truncate(NAME_LIMIT - 18);
        let _infallible = write!(folder, "%%{:016x}", fnv1a(name.0.as_bytes()));
    }
    folder
}

/// FNV-1a, 64 bits: the same for ever, unlike the standard library's hashes.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folder(name: &str) -> String {
        folder_name(&ProfileName(name.to_owned()))
    }

    #[test]
    fn a_plain_name_stays_as_it_is() {
        assert_eq!(folder("default"), "default");
        assert_eq!(folder("Work_2-b"), "Work_2-b");
    }

    #[test]
    fn no_name_leads_out_of_the_folder_of_profiles() {
        assert_eq!(folder(".."), "%2e%2e");
        assert_eq!(folder("../../etc"), "%2e%2e%2f%2e%2e%2fetc");
        assert_eq!(folder("/root"), "%2froot");
        assert_eq!(folder(""), "%");
        assert_eq!(folder("a\0b"), "a%00b");
    }

    proptest! {
        #[test]
        fn every_name_gives_one_plain_folder(name in any::<String>()) {
            let folder = folder(&name);
            prop_assert!(!folder.is_empty() && folder.len() <= NAME_LIMIT);
            prop_assert!(!folder.contains(['/', '.', '\0']));
        }

        #[test]
        fn two_names_never_share_a_folder(a in ".{0,90}", b in ".{0,90}") {
            prop_assert_eq!(a == b, folder(&a) == folder(&b));
        }
    }

    #[test]
    fn a_profile_has_one_owner_at_a_time() {
        let profiles = tempfile::tempdir().unwrap();
        let name = ProfileName("default".into());
        let first = Profile::take(profiles.path(), &name).unwrap();
        let second = Profile::take(profiles.path(), &name);
        assert_eq!(second.unwrap_err(), StartFailure::ProfileInUse);
        Profile::take(profiles.path(), &ProfileName("other".into())).unwrap();
        drop(first);
        Profile::take(profiles.path(), &name).unwrap();
    }

    #[test]
    fn a_profile_that_was_set_aside_is_not_replaced_by_an_empty_one() {
        let profiles = tempfile::tempdir().unwrap();
        let aside = profiles.path().join("default.old");
        std::fs::create_dir(&aside).unwrap();
        std::fs::write(aside.join("mark"), "old").unwrap();
        let taken = Profile::take(profiles.path(), &ProfileName("default".into())).unwrap();
        assert_eq!(std::fs::read(taken.folder.join("mark")).unwrap(), b"old");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let failure = Profile::take(Path::new("/proc/duotab"), &ProfileName("default".into()));
        let path = "/proc/duotab/default".to_owned();
        assert_eq!(failure.unwrap_err(), StartFailure::ReadOnly { path });
    }
}
