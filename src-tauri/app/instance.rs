//! One app for each data folder. Who comes second hands its addresses to the first and leaves.
//!
//! The lock on the data folder decides, because two apps on one store is what must not be; the
//! lock file names the socket of its holder. An app that is ending keeps the lock and takes nothing
//! more, so that who comes then waits for the lock. No session bus is needed for it.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::mpsc::UnboundedSender;

use duotab_backend::dirs::Dirs;

/// What the second one may say, in bytes.
const LONGEST: u64 = 64 * 1024;
/// How long one side waits for the other, which is on the same machine.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an app that is ending is waited for: longer than it gives itself.
const LEAVE: Duration = Duration::from_secs(40);
/// How often the lock is tried meanwhile: nothing tells when it is free.
const KNOCK: Duration = Duration::from_millis(20);
/// What the first answers when it has taken the addresses.
const TAKEN: &[u8] = b"taken\n";

/// What an app was started with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The addresses of its command line.
    pub addresses: Vec<String>,
    /// The desktop's name for the launch, if it has one: it shows that something is on its way, and
    /// lets the window come to the front that was waited for.
    pub launch: Option<String>,
}

/// Whether this app is the one.
#[derive(Debug)]
pub enum Claim {
    /// It is; for as long as the lease lives.
    First(Lease),
    /// Another is, and has taken the addresses.
    Second,
}

/// Why neither could be had.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The data folder cannot be used.
    #[error("the lock file {path} cannot be used: {source}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another app holds the data folder and does not answer.
    #[error("another Duotab holds {path} and does not answer: {source}")]
    Deaf {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The right to the data folder.
#[derive(Debug)]
pub struct Lease {
    /// Hears those who come second, if there could be a socket.
    pub ear: Option<Ear>,
    _lock: File,
}

/// Where those who come second are heard. Dropped, it sends them to wait for the lease's end.
#[derive(Debug)]
pub struct Ear {
    path: PathBuf,
    listener: std::os::unix::net::UnixListener,
}

/// Claims the data folder, or hands `start` to the app that has it. Blocks while that one ends.
///
/// # Errors
/// [`ClaimError`] if the folder cannot be used, or its holder does not answer.
pub fn claim(dirs: &Dirs, start: &Start) -> Result<Claim, ClaimError> {
    let path = dirs.data.join("lock");
    let failed = |source| ClaimError::Lock {
        path: path.clone(),
        source,
    };
    private_folder(&dirs.data).map_err(failed)?;
    let mut lock = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    let begun = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => {
                let ear = listen(&dirs.run, &mut lock)
                    .inspect_err(
                        |error| tracing::warn!(%error, "a second app cannot reach this one"),
                    )
                    .ok();
                return Ok(Claim::First(Lease { ear, _lock: lock }));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        match named_in(&mut lock).and_then(|socket| talk(&socket, start)) {
            Ok(()) => return Ok(Claim::Second),
            // It is between its lock and its socket, or between its last word and its end.
            Err(error) if nobody_listens(&error) && begun.elapsed() < LEAVE => {
                std::thread::sleep(KNOCK);
            }
            Err(source) => return Err(ClaimError::Deaf { path, source }),
        }
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}

impl Ear {
    /// Passes on what comes from apps that are started later, until the receiver is gone.
    ///
    /// # Errors
    /// If the socket cannot be listened to.
    pub async fn listen(self, heard: UnboundedSender<Start>) -> io::Result<()> {
        self.listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(self.listener.try_clone()?)?;
        tracing::debug!(socket = %self.path.display(), "listening for a second app");
        loop {
            let (mut stream, _) = tokio::select! {
                () = heard.closed() => return Ok(()),
                next = listener.accept() => next?,
            };
            let talk = async {
                let mut text = Vec::new();
                (&mut stream).take(LONGEST).read_to_end(&mut text).await?;
                let start: Start = serde_json::from_slice(&text)?;
                let _ = heard.send(start);
                stream.write_all(TAKEN).await
            };
            match tokio::time::timeout(PATIENCE, talk).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "a second app was not understood"),
                Err(_) => tracing::warn!("a second app fell silent"),
            }
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        // A socket that stays behind is removed by the next lease.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Opens the socket and names it in the lock file.
fn listen(runtime: &Path, lock: &mut File) -> io::Result<Ear> {
    private_folder(runtime)?;
    if let Ok(old) = named_in(lock) {
        // Its holder is gone, or the lock would not be ours.
        let _ = std::fs::remove_file(old);
    }
    let path = runtime.join(format!("instance-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = std::os::unix::net::UnixListener::bind(&path)?;
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", path.display())?;
    Ok(Ear { path, listener })
}

fn named_in(lock: &mut File) -> io::Result<PathBuf> {
    let mut text = String::new();
    lock.rewind()?;
    lock.take(4096).read_to_string(&mut text)?;
    match text.strip_suffix('\n') {
        Some(path) if path.starts_with('/') && path.ends_with(".sock") => Ok(path.into()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn talk(socket: &Path, start: &Start) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&serde_json::to_vec(start)?)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.take(64).read_to_end(&mut answer)?;
    if answer == TAKEN {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(address: &str) -> Start {
        Start {
            addresses: vec![address.to_owned()],
            launch: None,
        }
    }

    fn dirs(root: &Path) -> Dirs {
        Dirs {
            data: root.join("data"),
            run: root.join("run"),
            shared: false,
        }
    }

    #[tokio::test]
    async fn the_second_hands_its_addresses_to_the_first() {
        let root = tempfile::tempdir().unwrap();
        let dirs = dirs(root.path());
        let Claim::First(mut lease) = claim(&dirs, &Start::default()).unwrap() else {
            panic!("nobody else is there");
        };
        let (heard, mut starts) = tokio::sync::mpsc::unbounded_channel();
        let ear = tokio::spawn(lease.ear.take().unwrap().listen(heard));
        let given = Start {
            addresses: vec!["http://localhost/ä".to_owned(), "two".to_owned()],
            launch: Some("a-launch".to_owned()),
        };
        let second = {
            let (dirs, given) = (dirs.clone(), given.clone());
            tokio::task::spawn_blocking(move || claim(&dirs, &given).unwrap())
        };
        assert!(matches!(second.await.unwrap(), Claim::Second));
        assert_eq!(starts.recv().await, Some(given));
        drop(starts);
        ear.await.unwrap().unwrap();
        drop(lease);
        assert!(matches!(
            claim(&dirs, &Start::default()).unwrap(),
            Claim::First(_)
        ));
    }

    #[test]
    fn an_app_that_is_ending_takes_nothing_and_the_next_waits_for_its_end() {
        let root = tempfile::tempdir().unwrap();
        let dirs = dirs(root.path());
        let Claim::First(mut lease) = claim(&dirs, &Start::default()).unwrap() else {
            panic!("nobody else is there");
        };
        let ear = lease.ear.take().unwrap();
        let (done, claimed) = std::sync::mpsc::channel();
        std::thread::spawn(move || done.send(claim(&dirs, &start("early"))));
        // It has reached the app and gets no answer any more.
        let met = ear.listener.accept().unwrap();
        drop((met, ear));
        assert!(claimed.recv_timeout(Duration::from_millis(100)).is_err());
        drop(lease);
        assert!(matches!(claimed.recv().unwrap(), Ok(Claim::First(_))));
    }

    #[tokio::test]
    async fn nonsense_on_the_socket_does_not_end_the_listening() {
        let root = tempfile::tempdir().unwrap();
        let dirs = dirs(root.path());
        let Claim::First(mut lease) = claim(&dirs, &Start::default()).unwrap() else {
            panic!("nobody else is there");
        };
        let socket = lease.ear.as_ref().unwrap().path.clone();
        let (heard, mut starts) = tokio::sync::mpsc::unbounded_channel();
        let _ear = tokio::spawn(lease.ear.take().unwrap().listen(heard));
        let mut rude = UnixStream::connect(&socket).unwrap();
        rude.write_all(&[0xff; 70_000]).ok();
        drop(rude);
        let polite = tokio::task::spawn_blocking(move || talk(&socket, &start("a")));
        polite.await.unwrap().unwrap();
        assert_eq!(starts.recv().await, Some(start("a")));
    }

    #[test]
    fn what_a_killed_app_left_behind_hinders_nobody() {
        let root = tempfile::tempdir().unwrap();
        let dirs = dirs(root.path());
        std::fs::create_dir_all(&dirs.data).unwrap();
        std::fs::create_dir_all(&dirs.run).unwrap();
        let stale = dirs.run.join("instance-1.sock");
        drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
        std::fs::write(dirs.data.join("lock"), format!("{}\n", stale.display())).unwrap();
        assert!(matches!(
            claim(&dirs, &Start::default()).unwrap(),
            Claim::First(_)
        ));
        assert!(!stale.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_an_error_and_no_panic() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("data"), b"a file").unwrap();
        assert!(matches!(
            claim(&dirs(root.path()), &Start::default()),
            Err(ClaimError::Lock { .. })
        ));
    }
}
