//! The list of downloads, one row each.

use duotab_core::message::{Download, DownloadId};
use rusqlite::Connection;

use super::migration::Migration;
use super::{Store, StoreError};

pub(super) const CREATE: Migration = Migration {
    version: 6,
    sql: "CREATE TABLE download (
        id     INTEGER PRIMARY KEY,
        record TEXT NOT NULL
    ) STRICT;",
};

impl Store {
    /// All downloads, the oldest first. A row that cannot be understood is left out.
    pub fn downloads(&self) -> Result<Vec<Download>, StoreError> {
        self.with(read)
    }

    /// Save a download, new or known.
    pub fn save_download(&self, download: &Download) -> Result<(), StoreError> {
        self.with(|connection| write(connection, download))
    }

    /// Forget a download.
    pub fn delete_download(&self, id: DownloadId) -> Result<(), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("DELETE FROM download WHERE id = ?1")?
                .execute([id.0])?;
            Ok(())
        })
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<Download>> {
    let mut statement = connection.prepare_cached("SELECT record FROM download ORDER BY id")?;
    let rows = statement.query_map((), |row| row.get::<_, String>(0))?;
    let mut downloads = Vec::new();
    for record in rows {
        match serde_json::from_str(&record?) {
            Ok(download) => downloads.push(download),
            Err(error) => tracing::warn!(%error, "saved download not understood"),
        }
    }
    Ok(downloads)
}

fn write(connection: &Connection, download: &Download) -> rusqlite::Result<()> {
    let record = serde_json::to_string(download)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO download (id, record) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET record = excluded.record",
        )?
        .execute((download.id.0, record))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migration::fresh;
    use duotab_core::download::{DownloadFault, DownloadState, Hold};
    use duotab_core::message::{Mode, ProfileName};

    #[test]
    fn a_download_is_read_as_it_was_last_written() {
        let connection = fresh();
        let mut download = Download {
            id: DownloadId(7),
            profile: ProfileName("p1".into()),
            mode: Mode::Streamed,
            url: "http://a.example/f".into(),
            name: "f".into(),
            path: "/home/ann/f".into(),
            received: 3,
            total: Some(9),
            hold: Hold::At("\"1\"".into()),
            state: DownloadState::Running,
        };
        write(&connection, &download).unwrap();
        let folder = "/home/ann".into();
        download.state = DownloadState::Failed {
            fault: DownloadFault::DiskFull { folder },
        };
        write(&connection, &download).unwrap();
        assert_eq!(read(&connection).unwrap(), [download]);
    }
}
