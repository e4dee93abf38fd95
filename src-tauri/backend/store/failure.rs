//! What can go wrong with the store: at opening, and at each call.

use std::path::Path;

use duotab_core::message::Problem;
use rusqlite::ErrorCode;

/// A call to the store that failed. What was to be saved is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No space is left.
    #[error("{path}: no space left")]
    Full {
        /// The file.
        path: String,
    },
    /// The file cannot be written.
    #[error("{path}: read-only")]
    ReadOnly {
        /// The file.
        path: String,
    },
    /// The file was damaged while it was open.
    #[error("{path}: damaged: {detail}")]
    Damaged {
        /// The file.
        path: String,
        /// What SQLite said.
        detail: String,
    },
    /// Anything else.
    #[error("{path}: {detail}")]
    System {
        /// The file.
        path: String,
        /// What SQLite or the system said.
        detail: String,
    },
}

impl StoreError {
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.display().to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged {
                path,
                detail: error.to_string(),
            },
            _ => Self::System {
                path,
                detail: error.to_string(),
            },
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = match &error {
            StoreError::Full { .. } => "no space left".to_owned(),
            StoreError::ReadOnly { .. } => "read-only".to_owned(),
            StoreError::Damaged { detail, .. } | StoreError::System { detail, .. } => {
                detail.clone()
            }
        };
        match error {
            StoreError::Full { path }
            | StoreError::ReadOnly { path }
            | StoreError::Damaged { path, .. }
            | StoreError::System { path, .. } => Self::StoreFailed { path, detail },
        }
    }
}

/// Why a file cannot be opened as our store.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Not a database, a broken one, or another program's.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Its schema is newer than ours.
    #[error("schema {0} is newer than this version")]
    TooNew(u32),
    /// The place cannot be used: read-only, full, forbidden, locked.
    #[error("{0}")]
    Unavailable(String),
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // `Unknown` is a plain SQL error: a table or column that is not as we left it.
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}
