//! Streamed sessions, saved before anything is asked of their engines.

use duotab_core::message::{ProfileName, SessionId, TabId};
use duotab_core::node::NodeId;
use duotab_core::record::{SavedState, SessionRecord};
use rusqlite::{Connection, OptionalExtension, Row};

use super::migration::Migration;
use super::{Store, StoreError, profile};

pub(super) const CREATE: Migration = Migration {
    version: 3,
    sql: "CREATE TABLE session (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        profile TEXT NOT NULL,
        node    TEXT NOT NULL,
        state   TEXT NOT NULL
    ) STRICT;",
};

/// The first ids that no tab, no session and no profile of this install ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextIds {
    /// For the next tab.
    pub tab: TabId,
    /// For the next session.
    pub session: SessionId,
    /// The number of the next profile.
    pub profile: u32,
}

impl Store {
    /// All sessions, the oldest first. A row that cannot be understood is left out: what runs for
    /// it is found by its label.
    pub fn sessions(&self) -> Result<Vec<SessionRecord>, StoreError> {
        self.with(read)
    }

    /// Save a session, new or known. It is on the disk when this returns.
    pub fn save_session(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.with_durable(|connection| write(connection, session))
    }

    /// Forget a session.
    pub fn delete_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("DELETE FROM session WHERE id = ?1")?
                .execute([session.0])?;
            Ok(())
        })
    }

    /// The next free ids. Those of deleted rows never come back.
    pub fn next_ids(&self) -> Result<NextIds, StoreError> {
        self.with(|connection| {
            Ok(NextIds {
                tab: TabId(next_id(connection, "tab")?),
                session: SessionId(next_id(connection, "session")?),
                profile: profile::next_number(connection)?,
            })
        })
    }
}

fn next_id(connection: &Connection, table: &str) -> rusqlite::Result<u32> {
    let highest: Option<u32> = connection
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = ?1",
            [table],
            |row| row.get(0),
        )
        .optional()?;
    Ok(highest.map_or(1, |highest| highest.saturating_add(1)))
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<SessionRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT id, profile, node, state FROM session ORDER BY id")?;
    let mut rows = statement.query(())?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        match record(row) {
            Some(session) => sessions.push(session),
            None => tracing::warn!(
                session = row.get::<_, i64>(0)?,
                "saved session not understood"
            ),
        }
    }
    Ok(sessions)
}

fn record(row: &Row<'_>) -> Option<SessionRecord> {
    Some(SessionRecord {
        id: SessionId(row.get(0).ok()?),
        profile: ProfileName(row.get(1).ok()?),
        node: NodeId(row.get(2).ok()?),
        state: match row.get_ref(3).ok()?.as_str().ok()? {
            "starting" => SavedState::Starting,
            "connecting" => SavedState::Connecting,
            "live" => SavedState::Live,
            "reconnecting" => SavedState::Reconnecting,
            "suspended" => SavedState::Suspended,
            "ending" => SavedState::Ending,
            _ => return None,
        },
    })
}

fn write(connection: &Connection, session: &SessionRecord) -> rusqlite::Result<()> {
    let state = match session.state {
        SavedState::Starting => "starting",
        SavedState::Connecting => "connecting",
        SavedState::Live => "live",
        SavedState::Reconnecting => "reconnecting",
        SavedState::Suspended => "suspended",
        SavedState::Ending => "ending",
    };
    connection
        .prepare_cached(
            "INSERT INTO session (id, profile, node, state) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET profile = excluded.profile, node = excluded.node,
                 state = excluded.state",
        )?
        .execute((session.id.0, &session.profile.0, &session.node.0, state))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migration::fresh;

    fn session(id: u32, state: SavedState) -> SessionRecord {
        SessionRecord {
            id: SessionId(id),
            profile: ProfileName("default".to_owned()),
            node: NodeId::host(),
            state,
        }
    }

    #[test]
    fn a_session_is_read_in_each_state_as_it_was_written() {
        let connection = fresh();
        let states = [
            SavedState::Starting,
            SavedState::Connecting,
            SavedState::Live,
            SavedState::Reconnecting,
            SavedState::Suspended,
            SavedState::Ending,
        ];
        for state in states {
            write(&connection, &session(1, state)).unwrap();
            assert_eq!(read(&connection).unwrap(), [session(1, state)]);
        }
    }

    #[test]
    fn a_deleted_session_never_gives_its_id_away() {
        let connection = fresh();
        assert_eq!(next_id(&connection, "session").unwrap(), 1);
        write(&connection, &session(7, SavedState::Live)).unwrap();
        connection.execute("DELETE FROM session", ()).unwrap();
        write(&connection, &session(3, SavedState::Live)).unwrap();
        assert_eq!(next_id(&connection, "session").unwrap(), 8);
    }

    #[test]
    fn a_session_in_an_unknown_state_is_left_out() {
        let connection = fresh();
        write(&connection, &session(1, SavedState::Live)).unwrap();
        connection
            .execute("UPDATE session SET state = 'dreaming'", ())
            .unwrap();
        assert_eq!(read(&connection).unwrap(), []);
    }
}
