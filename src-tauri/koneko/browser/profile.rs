//! The profile has one user at a time. A lock of our own says so for all kinds of koneko; the
//! browser's own locks name a process and a host, and outlive both.

use duotab_core::message::StartFailure;
use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// After a kill the last process may live on for a moment.
const WAIT_LIMIT: Duration = Duration::from_secs(4);
const NAME: &str = ".koneko-lock";
/// How the names of those folders begin.
const MEETING_PLACE: &str = "org.chromium.";
/// Some megabytes of each start, which a browser that reports nothing keeps for ever.
const METRICS: [&str; 2] = ["BrowserMetrics", "BrowserMetrics-spare.pma"];
const SINGLETONS: [&str; 3] = ["SingletonLock", "SingletonCookie", "SingletonSocket"];

/// Held while the profile is ours. Chromium inherits it: the profile is free when both are gone.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

/// Takes the lock and clears what a browser that is gone has left.
pub(super) async fn lock(profile: &Path) -> Result<Lock, StartFailure> {
    let unusable = |error: &std::io::Error| crate::privilege::unusable(profile, error);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(profile.join(NAME))
        .map_err(|error| unusable(&error))?;
    let waiting = tokio::task::spawn_blocking(move || {
        flock(&file, FlockOperation::LockExclusive).map(|()| file)
    });
    // When the time is over the thread goes on waiting, and ends with the process.
    let file = match tokio::time::timeout(WAIT_LIMIT, waiting).await {
        Ok(Ok(Ok(file))) => file,
        Ok(Ok(Err(error))) => return Err(unusable(&error.into())),
        Ok(Err(_)) | Err(_) => return Err(StartFailure::ProfileInUse),
    };
    if fcntl_setfd(&file, FdFlags::empty()).is_err() {
        tracing::warn!("the browser does not share the profile's lock");
    }
    if in_use_elsewhere(profile) {
        return Err(StartFailure::ProfileInUse);
    }
    clear(profile).map_err(|error| unusable(&error))?;
    Ok(Lock(file))
}

/// Removes what a browser that is gone has left, here and among the temporary files.
pub(super) fn clear(profile: &Path) -> std::io::Result<()> {
    if let Ok(socket) = std::fs::read_link(profile.join("SingletonSocket")) {
        clear_meeting_place(&socket);
    }
    for name in SINGLETONS {
        let path = profile.join(name);
        if std::fs::symlink_metadata(&path).is_ok() {
            tracing::info!(name, "left behind, removed");
            std::fs::remove_file(&path)?;
        }
    }
    for name in METRICS {
        let path = profile.join(name);
        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
    }
    Ok(())
}

/// Chromium's socket for others of its kind lies in a folder of its own, where a path is short
/// enough for one. Nothing but what Chromium puts there is removed.
fn clear_meeting_place(socket: &Path) {
    let folder = socket.parent().filter(|_| socket.is_absolute());
    let Some(folder) = folder.filter(|it| {
        let name = it.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.trim_start_matches('.').starts_with(MEETING_PLACE))
    }) else {
        return;
    };
    for name in SINGLETONS {
        let _ = std::fs::remove_file(folder.join(name));
    }
    // Not there any more, most of the time: a browser that closes takes it along.
    let _ = std::fs::remove_dir(folder);
}

/// Whether a browser that is not ours has it: its lock is a link to `HOST-PID`. Ours cannot, for
/// the lock above is free. Its number may be one of another namespace, so the process is looked at.
fn in_use_elsewhere(profile: &Path) -> bool {
    let Ok(target) = std::fs::read_link(profile.join("SingletonLock")) else {
        return false;
    };
    let owner = target.to_string_lossy().into_owned();
    let Some(pid) = owner.rsplit_once('-').map(|it| it.1) else {
        return false;
    };
    if pid.is_empty() || !pid.bytes().all(|it| it.is_ascii_digit()) {
        return false;
    }
    let Ok(command) = std::fs::read(format!("/proc/{pid}/cmdline")) else {
        return false;
    };
    let wanted = format!("--user-data-dir={}", profile.display());
    command
        .split(|it| *it == 0)
        .any(|argument| argument == wanted.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::symlink;

    #[tokio::test]
    async fn a_lock_of_a_process_that_is_gone_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        symlink("elsewhere-999999999", dir.path().join("SingletonLock")).unwrap();
        let _lock = lock(dir.path()).await.unwrap();
        assert!(std::fs::symlink_metadata(dir.path().join("SingletonLock")).is_err());
    }

    #[tokio::test]
    async fn what_earlier_starts_have_measured_does_not_pile_up() {
        let dir = tempfile::tempdir().unwrap();
        let metrics = dir.path().join("BrowserMetrics");
        std::fs::create_dir(&metrics).unwrap();
        std::fs::write(metrics.join("BrowserMetrics-1.pma"), [0; 64]).unwrap();
        std::fs::write(dir.path().join("BrowserMetrics-spare.pma"), [0; 64]).unwrap();
        std::fs::write(dir.path().join("Local State"), "{}").unwrap();
        let _lock = lock(dir.path()).await.unwrap();
        assert!(!metrics.exists());
        assert!(!dir.path().join("BrowserMetrics-spare.pma").exists());
        assert!(dir.path().join("Local State").exists());
    }

    #[tokio::test]
    async fn the_folder_of_a_socket_that_is_left_goes_and_a_foreign_one_stays() {
        let dir = tempfile::tempdir().unwrap();
        for (folder, stays) in [("org.chromium.Chromium.a1B2c3", false), ("letters", true)] {
            let place = dir.path().join(folder);
            std::fs::create_dir(&place).unwrap();
            std::fs::write(place.join("SingletonSocket"), "").unwrap();
            symlink("123", place.join("SingletonCookie")).unwrap();
            symlink(
                place.join("SingletonSocket"),
                dir.path().join("SingletonSocket"),
            )
            .unwrap();
            let _lock = lock(dir.path()).await.unwrap();
            assert_eq!(place.join("SingletonSocket").exists(), stays);
            assert_eq!(place.exists(), stays);
        }
    }

    #[tokio::test]
    async fn a_lock_of_some_other_program_with_that_number_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let link = format!("here-{}", std::process::id());
        symlink(link, dir.path().join("SingletonLock")).unwrap();
        let _lock = lock(dir.path()).await.unwrap();
        assert!(std::fs::symlink_metadata(dir.path().join("SingletonLock")).is_err());
    }

    #[tokio::test]
    async fn a_browser_that_is_not_ours_keeps_its_profile() {
        let dir = tempfile::tempdir().unwrap();
        let mut other = std::process::Command::new("sh")
            .args(["-c", "echo; read x", "sh"])
            .arg(format!("--user-data-dir={}", dir.path().display()))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // Its arguments can be read some time after it was started.
        let mut up = other.stdout.take().unwrap();
        up.read_exact(&mut [0]).unwrap();
        let link = format!("here-{}", other.id());
        symlink(link, dir.path().join("SingletonLock")).unwrap();
        let refused = lock(dir.path()).await;
        drop(other.stdin.take());
        other.wait().unwrap();
        assert_eq!(refused.unwrap_err(), StartFailure::ProfileInUse);
    }

    #[tokio::test]
    async fn a_second_lock_is_refused_while_the_first_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let _first = lock(dir.path()).await.unwrap();
        let second = lock(dir.path()).await;
        assert_eq!(second.unwrap_err(), StartFailure::ProfileInUse);
    }
}
