//! The folder of one engine in the run folder: configuration, status and log.
//!
//! koneko may own it as another user than ours, so that nothing in it is trusted: what is read is
//! a plain file of a limited size, or nothing.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use duotab_core::message::SessionId;
use rustix::fs::OFlags;

use super::config::KonekoConfig;
use super::status::Status;

/// Bytes of a configuration or a status; both have some hundred.
const FILE_LIMIT: u64 = 64 * 1024;
/// Bytes from the end of a log that are looked at.
const TAIL_LIMIT: u64 = 64 * 1024;
/// Lines of a log that a person is shown.
const LOG_LINES: usize = 20;
/// Characters of one such line.
const LINE_LIMIT: usize = 400;

/// One engine's folder, there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(run: &Path, session: SessionId) -> Self {
        Self(run.join(session.0.to_string()))
    }

    /// Whose folder a path in the run folder is, if it is one.
    pub(super) fn session(path: &Path) -> Option<SessionId> {
        let name = path.file_name()?.to_str()?;
        let session = SessionId(name.parse().ok()?);
        // "+7" and "007" are numbers too, but not names that we give.
        (session.0.to_string() == name).then_some(session)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.0.join("config.json")
    }

    /// Make the folder, and in it the configuration (readable by us alone) and an empty log, which
    /// is returned for writing.
    pub(super) fn create(&self, config: &KonekoConfig) -> io::Result<File> {
        DirBuilder::new().mode(0o700).create(&self.0)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.config_path())?;
        file.write_all(&serde_json::to_vec(config)?)?;
        OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(self.log_path())
    }

    pub(super) fn config(&self) -> Option<KonekoConfig> {
        serde_json::from_slice(&self.read("config.json")?).ok()
    }

    pub(super) fn status(&self) -> Option<Status> {
        Status::parse(&self.read("status.json")?)
    }

    /// The last lines of the log, oldest first, without control characters and without the
    /// password, should it ever stand there.
    pub(super) fn log(&self) -> Vec<String> {
        let secret = self
            .config()
            .map(|config| config.password)
            .unwrap_or_default();
        self.tail()
            .map(|bytes| last_lines(&bytes, &secret))
            .unwrap_or_default()
    }

    /// Remove the folder and all in it. No error if it is not there.
    pub(super) fn remove(&self) {
        match fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(folder = %self.0.display(), %error, "not removed");
            }
            _ => {}
        }
    }

    fn log_path(&self) -> PathBuf {
        self.0.join("koneko.log")
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        open_plain(&self.0.join(name))
            .ok()?
            .take(FILE_LIMIT)
            .read_to_end(&mut bytes)
            .ok()?;
        Some(bytes)
    }

    fn tail(&self) -> io::Result<Vec<u8>> {
        let mut file = open_plain(&self.log_path())?;
        let skipped = file.metadata()?.len().saturating_sub(TAIL_LIMIT);
        file.seek(SeekFrom::Start(skipped))?;
        let mut bytes = Vec::new();
        file.take(TAIL_LIMIT).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// A file, but no link, pipe or device, which could lead elsewhere or never answer.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

fn last_lines(bytes: &[u8], secret: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = if secret.is_empty() {
        text.into_owned()
    } else {
        text.replace(secret, "…")
    };
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .map(|line| {
            line.chars()
                .filter(|c| !c.is_control())
                .take(LINE_LIMIT)
                .collect::<String>()
        })
        .filter(|line| !line.trim().is_empty())
        .take(LOG_LINES)
        .collect();
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_give_are_sessions() {
        let session = |name: &str| Folder::session(&Path::new("/run").join(name));
        assert_eq!(session("7"), Some(SessionId(7)));
        for name in ["+7", "007", "7.old", "lock", "-1", "4294967296", ""] {
            assert_eq!(session(name), None, "{name}");
        }
    }

    #[test]
    fn the_log_shows_its_last_twenty_lines_without_control_characters() {
        let log: String = (0..50)
            .map(|n| format!("\u{1b}[31mline {n}\r\n\n"))
            .collect();
        let lines = last_lines(log.as_bytes(), "");
        assert_eq!(lines.len(), 20);
        assert_eq!(lines[0], "[31mline 30");
        assert_eq!(lines[19], "[31mline 49");
    }

    #[test]
    fn the_log_never_shows_the_password() {
        assert_eq!(last_lines(b"login hunter2 ok", "hunter2"), ["login … ok"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let line = "ß".repeat(100_000);
        assert_eq!(
            last_lines(line.as_bytes(), "")[0].chars().count(),
            LINE_LIMIT
        );
    }

    #[test]
    fn a_link_or_a_pipe_in_the_place_of_a_file_is_nothing() {
        let run = tempfile::tempdir().unwrap();
        let folder = Folder::of(run.path(), SessionId(1));
        fs::create_dir(folder.path()).unwrap();
        let real = run.path().join("real");
        fs::write(&real, r#"{"state":"ready","pid":1,"port":80}"#).unwrap();
        let status = folder.path().join("status.json");
        std::os::unix::fs::symlink(&real, &status).unwrap();
        assert_eq!(folder.status(), None);
        fs::remove_file(&status).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(&status)
            .status()
            .unwrap();
        assert!(made.success());
        assert_eq!(folder.status(), None);
        fs::remove_file(&status).unwrap();
        fs::copy(&real, &status).unwrap();
        assert_eq!(
            folder.status(),
            Some(Status::Ready {
                pid: 1,
                port: 80,
                sandboxed: true
            })
        );
    }
}
