//! Open tabs, with their history.

use duotab_core::message::{Mode, ProfileName, TabId};
use duotab_core::record::TabRecord;
use rusqlite::{Connection, Row};

use super::migration::Migration;
use super::{Store, StoreError};

// AUTOINCREMENT: SQLite then keeps the highest id that ever was, also once its row is gone.
pub(super) const CREATE: Migration = Migration {
    version: 2,
    sql: "CREATE TABLE tab (
        id       INTEGER PRIMARY KEY AUTOINCREMENT,
        position INTEGER NOT NULL,
        mode     TEXT NOT NULL,
        history  TEXT NOT NULL,
        at       INTEGER NOT NULL,
        zoom     INTEGER NOT NULL,
        active   INTEGER NOT NULL
    ) STRICT;",
};

pub(super) const UNASKED: Migration = Migration {
    version: 11,
    sql: "ALTER TABLE tab ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0;",
};

impl Store {
    /// All tabs in the strip's order. A row that cannot be understood is left out.
    pub fn tabs(&self) -> Result<Vec<TabRecord>, StoreError> {
        self.with(read)
    }

    /// Save a tab, new or known.
    pub fn save_tab(&self, tab: &TabRecord) -> Result<(), StoreError> {
        self.with(|connection| write(connection, tab))
    }

    /// Forget a tab.
    pub fn delete_tab(&self, tab: TabId) -> Result<(), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("DELETE FROM tab WHERE id = ?1")?
                .execute([tab.0])?;
            Ok(())
        })
    }
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<TabRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, position, mode, history, at, zoom, active, profile, unasked FROM tab ORDER BY position, id",
    )?;
    let mut rows = statement.query(())?;
    let mut tabs = Vec::new();
    while let Some(row) = rows.next()? {
        match record(row) {
            Some(tab) => tabs.push(tab),
            None => tracing::warn!(tab = row.get::<_, i64>(0)?, "saved tab not understood"),
        }
    }
    Ok(tabs)
}

fn record(row: &Row<'_>) -> Option<TabRecord> {
    Some(TabRecord {
        id: TabId(row.get(0).ok()?),
        position: row.get(1).ok()?,
        mode: match row.get_ref(2).ok()?.as_str().ok()? {
            "proxy" => Mode::Proxy,
            "streamed" => Mode::Streamed,
            _ => return None,
        },
        history: serde_json::from_str(row.get_ref(3).ok()?.as_str().ok()?).ok()?,
        index: row.get::<_, u32>(4).ok()? as usize,
        zoom: row.get(5).ok()?,
        active: row.get(6).ok()?,
        profile: ProfileName(row.get(7).ok()?),
        unasked: row.get(8).ok()?,
    })
}

fn write(connection: &Connection, tab: &TabRecord) -> rusqlite::Result<()> {
    let history = serde_json::to_string(&tab.history)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mode = match tab.mode {
        Mode::Proxy => "proxy",
        Mode::Streamed => "streamed",
    };
    let at = u32::try_from(tab.index).unwrap_or(u32::MAX);
    connection
        .prepare_cached(
            "INSERT INTO tab (id, position, mode, history, at, zoom, active, profile, unasked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET position = excluded.position, mode = excluded.mode,
                 history = excluded.history, at = excluded.at, zoom = excluded.zoom,
                 active = excluded.active, profile = excluded.profile,
                 unasked = excluded.unasked",
        )?
        .execute((
            tab.id.0,
            tab.position,
            mode,
            history,
            at,
            tab.zoom,
            tab.active,
            &tab.profile.0,
            tab.unasked,
        ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use duotab_core::event::HistoryEntry;
    use proptest::prelude::*;

    use super::*;
    use crate::store::migration::fresh;

    fn any_tab() -> impl Strategy<Value = TabRecord> {
        let entry =
            (any::<String>(), any::<String>()).prop_map(|(url, title)| HistoryEntry { url, title });
        (
            any::<u32>(),
            any::<u32>(),
            any::<bool>(),
            prop::collection::vec(entry, 0..4),
            any::<u32>(),
            any::<u16>(),
            any::<bool>(),
        )
            .prop_map(
                |(id, position, proxy, history, index, zoom, active)| TabRecord {
                    id: TabId(id),
                    position,
                    mode: if proxy { Mode::Proxy } else { Mode::Streamed },
                    history,
                    index: index as usize,
                    zoom,
                    active,
                    unasked: active && proxy,
                    profile: ProfileName(if proxy { "default" } else { "p1" }.to_owned()),
                },
            )
    }

    proptest! {
        #[test]
        fn a_tab_is_read_as_it_was_written(tab in any_tab()) {
            let connection = fresh();
            write(&connection, &tab).unwrap();
            prop_assert_eq!(read(&connection).unwrap(), [tab]);
        }

        #[test]
        fn the_last_save_of_a_tab_counts(first in any_tab(), mut last in any_tab()) {
            let connection = fresh();
            last.id = first.id;
            write(&connection, &first).unwrap();
            write(&connection, &last).unwrap();
            prop_assert_eq!(read(&connection).unwrap(), [last]);
        }
    }

    #[test]
    fn a_row_that_cannot_be_understood_does_not_take_the_others_with_it() {
        let connection = fresh();
        let tab = TabRecord {
            id: TabId(1),
            position: 0,
            mode: Mode::Proxy,
            history: Vec::new(),
            index: 0,
            unasked: false,
            zoom: 100,
            active: true,
            profile: ProfileName("default".into()),
        };
        for id in 1..=5 {
            write(
                &connection,
                &TabRecord {
                    id: TabId(id),
                    ..tab.clone()
                },
            )
            .unwrap();
        }
        connection
            .execute_batch(
                "UPDATE tab SET mode = 'telepathy' WHERE id = 1;
                 UPDATE tab SET history = '[{' WHERE id = 2;
                 UPDATE tab SET zoom = -1 WHERE id = 3;
                 UPDATE tab SET at = 99999999999 WHERE id = 4;",
            )
            .unwrap();
        let left: Vec<_> = read(&connection)
            .unwrap()
            .into_iter()
            .map(|tab| tab.id.0)
            .collect();
        assert_eq!(left, [5]);
    }
}
