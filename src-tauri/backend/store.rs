//! What survives a restart: open tabs, sessions and settings, in one SQLite file.
//!
//! Opening never fails. A file that cannot be used is set aside under another name, never deleted,
//! and where nothing can be written the store lives in memory; the [`Notice`] says so. No secret is
//! ever stored here. All calls block.

mod aside;
mod bookmark;
mod data_dir;
mod download;
mod failure;
mod migration;
mod profile;
mod session;
mod setting;
mod site;
mod tab;
mod visit;
mod worker;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duotab_core::message::Notice;
use rusqlite::{Connection, OpenFlags};

pub use self::data_dir::{DataDir, LockError};
use self::failure::Refused;
pub use self::failure::StoreError;
pub use self::session::NextIds;

/// "DuoT", in the header of the file: tells our database from any other program's.
const APPLICATION_ID: i32 = 0x4475_6f54;

/// How long a write waits for another process's lock. The data folder is locked by one app at a
/// time, so that only a backup or a curious person with `sqlite3` can be in the way.
const BUSY_LIMIT: Duration = Duration::from_secs(2);

/// The open store.
#[derive(Debug)]
pub struct Store {
    /// `None` only where not even memory could be had.
    connection: Option<Connection>,
    path: PathBuf,
}

/// A store, and what the person is to be told about how it was opened.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub store: Store,
    /// What went wrong, if anything.
    pub notice: Option<Notice>,
}

impl Store {
    /// Open the file, make it where there is none, and bring it up to date.
    #[must_use]
    pub fn open(path: &Path) -> Opened {
        let (suffix, told): (_, fn(String) -> Notice) = match connect(path) {
            Ok(connection) => return Self::kept(path, connection, None),
            Err(Refused::Unavailable(detail)) => return Self::in_memory(path, detail),
            Err(Refused::Damaged(detail)) => {
                tracing::warn!(path = %path.display(), detail, "database damaged");
                ("corrupt", |path| Notice::StoreSetAside { path })
            }
            Err(Refused::TooNew(version)) => {
                tracing::warn!(path = %path.display(), version, "database from a newer version");
                ("newer", |path| Notice::StoreTooNew { path })
            }
        };
        let aside = match aside::set_aside(path, suffix) {
            Ok(aside) => aside,
            Err(error) => return Self::in_memory(path, error.to_string()),
        };
        match connect(path) {
            Ok(connection) => Self::kept(path, connection, Some(told(aside.display().to_string()))),
            Err(refused) => Self::in_memory(path, refused.to_string()),
        }
    }

    fn kept(path: &Path, connection: Connection, notice: Option<Notice>) -> Opened {
        Opened {
            store: Self {
                connection: Some(connection),
                path: path.to_owned(),
            },
            notice,
        }
    }

    fn in_memory(path: &Path, detail: String) -> Opened {
        tracing::warn!(path = %path.display(), detail, "database unavailable");
        let connection = Connection::open_in_memory()
            .and_then(|mut connection| {
                migration::migrate(&mut connection)?;
                Ok(connection)
            })
            .ok();
        Opened {
            store: Self {
                connection,
                path: path.to_owned(),
            },
            notice: Some(Notice::StoreUnavailable {
                path: path.display().to_string(),
                detail,
            }),
        }
    }

    /// Run statements, and give a failure its path.
    fn with<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::System {
                path: self.path.display().to_string(),
                detail: "out of memory".to_owned(),
            });
        };
        run(connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As [`Store::with`], and on the disk itself when it returns.
    ///
    /// In WAL mode with `synchronous=NORMAL` a commit survives the app's death but not a power
    /// cut. That is right for tabs; what names a running engine on another machine must not be
    /// forgotten.
    fn with_durable<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.with(|connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            let done = run(connection);
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            done
        })
    }
}

/// Takes what was deleted out of the log too.
fn wipe(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
}

fn connect(path: &Path) -> Result<Connection, Refused> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // SQLite would make it readable by everyone; the write-ahead log takes its mode from here.
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_LIMIT)?;

    let owner: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let objects: u32 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if owner != APPLICATION_ID && (owner != 0 || version != 0 || objects != 0) {
        return Err(Refused::Damaged("another program's database".to_owned()));
    }
    if version > migration::latest() {
        return Err(Refused::TooNew(version));
    }
    if connection.is_readonly("main")? {
        return Err(Refused::Unavailable("read-only".to_owned()));
    }
    let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Refused::Damaged(verdict));
    }

    if owner != APPLICATION_ID {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // What is forgotten is not to be found in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migration::migrate(&mut connection)?;
    tab::read(&connection)?;
    session::read(&connection)?;
    profile::read(&connection)?;
    // Also shows that the place can be written, now and not at the first save.
    setting::write(&connection, "opened_by", env!("CARGO_PKG_VERSION"))?;
    Ok(connection)
}
