//! Profiles: what a person calls them, and what was begun with their data.

use duotab_core::message::{NodeId, ProfileName};
use duotab_core::network::Network;
use duotab_core::profile::ProfileRecord;
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::migration::Migration;
use super::{Store, StoreError, setting, wipe};

pub(super) const CREATE: Migration = Migration {
    version: 4,
    sql: "CREATE TABLE profile (
        name    TEXT PRIMARY KEY NOT NULL,
        title   TEXT NOT NULL,
        colour  TEXT NOT NULL,
        pending TEXT
    ) STRICT;
    ALTER TABLE tab ADD COLUMN profile TEXT NOT NULL DEFAULT 'default';",
};

pub(super) const ADD_NETWORK: Migration = Migration {
    version: 7,
    sql: "ALTER TABLE profile ADD COLUMN network TEXT;",
};

/// Until now, all data were on this machine.
pub(super) const HOMES: Migration = Migration {
    version: 9,
    sql: "ALTER TABLE profile ADD COLUMN home TEXT;
    ALTER TABLE profile ADD COLUMN copy TEXT;
    UPDATE profile SET home = 'host';
    INSERT OR IGNORE INTO profile (name, title, colour, home)
        SELECT 'default', 'Default', 'grey', 'host'
        WHERE EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'session');",
};

pub(super) const STALE: Migration = Migration {
    version: 10,
    sql: "ALTER TABLE profile ADD COLUMN stale TEXT NOT NULL DEFAULT '';
    ALTER TABLE profile ADD COLUMN left_at TEXT;",
};

impl Store {
    /// All profiles, the oldest first. A row that cannot be understood is left out.
    pub fn profiles(&self) -> Result<Vec<ProfileRecord>, StoreError> {
        self.with(read)
    }

    /// Save a profile, new or known. It is on the disk when this returns.
    pub fn save_profile(&self, profile: &ProfileRecord) -> Result<(), StoreError> {
        self.with_durable(|connection| write(connection, profile))
    }

    /// Forget a profile, and all that was decided, kept, visited and downloaded in it.
    pub fn delete_profile(&self, profile: &ProfileName) -> Result<(), StoreError> {
        self.with_durable(|connection| {
            for forget in [
                "DELETE FROM profile WHERE name = ?1",
                "DELETE FROM site WHERE profile = ?1",
                "DELETE FROM bookmark WHERE profile = ?1",
                "DELETE FROM visit WHERE profile = ?1",
                "DELETE FROM download WHERE json_extract(record, '$.profile') = ?1",
            ] {
                connection.execute(forget, [&profile.0])?;
            }
            wipe(connection)
        })
    }
}

/// The setting of the highest number that a profile ever had.
const LAST: &str = "last_profile";

/// The first number that no profile ever had.
pub(super) fn next_number(connection: &Connection) -> rusqlite::Result<u32> {
    let last = setting::read(connection, LAST)?.and_then(|it| it.parse::<u32>().ok());
    Ok(last.map_or(1, |last| last.saturating_add(1)))
}

pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<ProfileRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, title, colour, pending, network, home, copy, stale, left_at
         FROM profile ORDER BY rowid",
    )?;
    let mut rows = statement.query(())?;
    let mut profiles = Vec::new();
    while let Some(row) = rows.next()? {
        match record(row) {
            Some(profile) => profiles.push(profile),
            None => tracing::warn!("saved profile not understood"),
        }
    }
    Ok(profiles)
}

fn record(row: &Row<'_>) -> Option<ProfileRecord> {
    let pending: Option<String> = row.get(3).ok()?;
    let network: Option<String> = row.get(4).ok()?;
    Some(ProfileRecord {
        name: ProfileName(row.get(0).ok()?),
        title: row.get(1).ok()?,
        colour: from_word(&row.get::<_, String>(2).ok()?)?,
        pending: match pending {
            Some(word) => Some(from_word(&word)?),
            None => None,
        },
        network: match network {
            Some(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "saved way to the network not understood");
                Network::nowhere()
            }),
            None => Network::default(),
        },
        home: row.get::<_, Option<String>>(5).ok()?.map(NodeId),
        copy: row.get::<_, Option<String>>(6).ok()?.map(NodeId),
        stale: nodes(&row.get::<_, String>(7).ok()?),
        left: row.get::<_, Option<String>>(8).ok()?.map(NodeId),
    })
}

/// One id a line.
fn nodes(text: &str) -> Vec<NodeId> {
    text.lines().map(|id| NodeId(id.to_owned())).collect()
}

fn write(connection: &Connection, profile: &ProfileRecord) -> rusqlite::Result<()> {
    if let Some(number) = profile.name.number()
        && number >= next_number(connection)?
    {
        setting::write(connection, LAST, &number.to_string())?;
    }
    let pending = profile.pending.as_ref().map(word).transpose()?;
    let network = serde_json::to_string(&profile.network)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO profile (name, title, colour, pending, network, home, copy, stale,
                 left_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (name) DO UPDATE SET title = excluded.title, colour = excluded.colour,
                 pending = excluded.pending, network = excluded.network, home = excluded.home,
                 copy = excluded.copy, stale = excluded.stale, left_at = excluded.left_at",
        )?
        .execute((
            &profile.name.0,
            &profile.title,
            word(&profile.colour)?,
            pending,
            network,
            profile.home.as_ref().map(|node| &node.0),
            profile.copy.as_ref().map(|node| &node.0),
            profile
                .stale
                .iter()
                .map(|node| node.0.as_str())
                .collect::<Vec<_>>()
                .join("\n"),
            profile.left.as_ref().map(|node| &node.0),
        ))?;
    Ok(())
}

/// A plain variant's name, as it travels.
fn word(of: &impl Serialize) -> rusqlite::Result<String> {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(rusqlite::Error::InvalidQuery),
        Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
    }
}

fn from_word<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use duotab_core::profile::{Colour, Pending};

    use super::*;
    use crate::store::migration::fresh;

    #[test]
    fn a_profile_is_read_as_it_was_last_written_in_the_order_they_were_made() {
        let connection = fresh();
        let profile = |name: &str, pending: Option<Pending>| ProfileRecord {
            name: ProfileName(name.into()),
            title: "Büro".into(),
            colour: Colour::Green,
            home: pending.map(|_| NodeId::worker(2)),
            copy: pending.map(|_| NodeId::host()),
            stale: pending.iter().map(|_| NodeId::worker(1)).collect(),
            left: pending.map(|_| NodeId::worker(2)),
            pending,
            network: Network::nowhere(),
        };
        write(&connection, &profile("p2", Some(Pending::Clear))).unwrap();
        write(&connection, &profile("default", None)).unwrap();
        write(&connection, &profile("p2", Some(Pending::Delete))).unwrap();
        assert_eq!(
            read(&connection).unwrap(),
            [
                profile("p2", Some(Pending::Delete)),
                profile("default", None)
            ]
        );
    }

    #[test]
    fn the_number_of_a_deleted_profile_is_not_given_again() {
        let connection = fresh();
        assert_eq!(next_number(&connection).unwrap(), 1);
        for name in ["default", "p2", "p1"] {
            let first = ProfileRecord::first(ProfileName(name.into()));
            write(&connection, &first).unwrap();
        }
        connection.execute_batch("DELETE FROM profile").unwrap();
        assert_eq!(next_number(&connection).unwrap(), 3);
    }

    #[test]
    fn a_way_that_cannot_be_understood_is_not_taken_for_the_straight_one() {
        let connection = fresh();
        connection
            .execute_batch(
                "INSERT INTO profile (name, title, colour, network)
                 VALUES ('a', 'A', 'red', '{\"exit\":\"tor\"}')",
            )
            .unwrap();
        let network = read(&connection).unwrap().remove(0).network;
        assert_eq!(network, Network::nowhere());
    }

    #[test]
    fn a_row_that_cannot_be_understood_is_left_out() {
        let connection = fresh();
        connection
            .execute_batch(
                "INSERT INTO profile (name, title, colour) VALUES ('a', 'A', 'ultraviolet')",
            )
            .unwrap();
        assert_eq!(read(&connection).unwrap(), []);
    }

    #[test]
    fn data_of_an_older_version_are_on_this_machine_if_there_can_be_any() {
        let before = |sessions: bool| {
            let connection = fresh();
            let back = "ALTER TABLE profile DROP COLUMN home;
                ALTER TABLE profile DROP COLUMN copy;
                INSERT INTO profile (name, title, colour) VALUES ('p1', 'Work', 'blue');";
            connection.execute_batch(back).unwrap();
            if sessions {
                let one = "INSERT INTO session (profile, node, state)
                    VALUES ('default', 'host', 'live'); DELETE FROM session;";
                connection.execute_batch(one).unwrap();
            }
            connection.execute_batch(HOMES.sql).unwrap();
            let homes = read(&connection).unwrap().into_iter();
            homes
                .map(|it| (it.name.0, it.home.map(|home| home.0)))
                .collect::<Vec<_>>()
        };
        let here = |name: &str| (name.to_owned(), Some("host".to_owned()));
        assert_eq!(before(false), [here("p1")]);
        assert_eq!(before(true), [here("p1"), here("default")]);
    }
}
