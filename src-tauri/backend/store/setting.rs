//! Settings: one text per key. Also where the install's own id lives.

use rusqlite::{Connection, OptionalExtension};

use super::migration::Migration;
use super::{Store, StoreError};
use duotab_core::search::Search;
use duotab_core::sleep::SleepAfter;
use duotab_core::streaming::{Switch, Switches};

pub(super) const CREATE: Migration = Migration {
    version: 1,
    sql: "CREATE TABLE setting (
        key   TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;",
};

const INSTALL: &str = "install_id";
const COPY: &str = "copy_id";
const LISTS: &str = "block_lists";
const SLEEP_AFTER: &str = "sleep_after";
const SEARCH: &str = "search";
const ON: &str = "on";
const OFF: &str = "off";

const fn key(switch: Switch) -> &'static str {
    match switch {
        Switch::Standby => "standby",
        Switch::HomeClosed => "home_network_closed",
    }
}

impl Store {
    /// A setting's value, if it was ever set.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.with(|connection| read(connection, key))
    }

    /// Set a setting.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.with(|connection| write(connection, key, value))
    }

    /// What the person has switched; what was never switched is off.
    pub fn switches(&self) -> Result<Switches, StoreError> {
        let mut switches = Switches::default();
        for switch in [Switch::Standby, Switch::HomeClosed] {
            switches.set(switch, self.setting(key(switch))?.as_deref() == Some(ON));
        }
        Ok(switches)
    }

    /// The addresses of the block lists; `None` if they were never changed.
    pub fn lists(&self) -> Result<Option<Vec<String>>, StoreError> {
        let saved = self.setting(LISTS)?;
        Ok(saved.map(|text| text.lines().map(str::to_owned).collect()))
    }

    /// Save the addresses of the block lists.
    pub fn save_lists(&self, urls: &[String]) -> Result<(), StoreError> {
        self.set_setting(LISTS, &urls.join("\n"))
    }

    /// Save a switch.
    pub fn save_switch(&self, switch: Switch, on: bool) -> Result<(), StoreError> {
        self.set_setting(key(switch), if on { ON } else { OFF })
    }

    /// When pages are put to sleep, if the person has chosen.
    pub fn sleep_after(&self) -> Result<SleepAfter, StoreError> {
        let saved = self.setting(SLEEP_AFTER)?;
        Ok(saved
            .as_deref()
            .and_then(SleepAfter::named)
            .unwrap_or_default())
    }

    /// Save that.
    pub fn save_sleep_after(&self, after: SleepAfter) -> Result<(), StoreError> {
        self.set_setting(SLEEP_AFTER, after.name())
    }

    /// Where words are searched for, if the person has chosen.
    pub fn search(&self) -> Result<Search, StoreError> {
        let saved = self.setting(SEARCH)?;
        let search = saved.and_then(|typed| Search::read(&typed).ok());
        Ok(search.unwrap_or_default())
    }

    /// Save that.
    pub fn save_search(&self, search: &Search) -> Result<(), StoreError> {
        self.set_setting(SEARCH, search.as_str())
    }

    /// The id of this copy of the install: 32 hex digits, random, made anew where the database is at
    /// another `place` than when it was made.
    pub fn copy_id(&self, place: &str) -> Result<String, StoreError> {
        let fresh = self.random_id()?;
        self.with_durable(|connection| {
            let kept = read(connection, COPY)?;
            let kept = kept.as_deref().and_then(|kept| kept.split_once(' '));
            if let Some((id, before)) = kept
                && before == place
            {
                return Ok(id.to_owned());
            }
            write(connection, COPY, &format!("{fresh} {place}"))?;
            Ok(fresh)
        })
    }

    fn random_id(&self) -> Result<String, StoreError> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::System {
            path: self.path.display().to_string(),
            detail: error.to_string(),
        })?;
        Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
    }

    /// The id of this install: 32 hex digits, random, made once. With a session's id it labels
    /// all that is started, so that two installs never take each other's engines for their own.
    pub fn install_id(&self) -> Result<String, StoreError> {
        let fresh = self.random_id()?;
        self.with_durable(|connection| {
            connection.execute(
                "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (INSTALL, fresh),
            )?;
            connection.query_row(
                "SELECT value FROM setting WHERE key = ?1",
                [INSTALL],
                |row| row.get(0),
            )
        })
    }
}

pub(super) fn read(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(super) fn write(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO setting (key, value) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )?
        .execute([key, value])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migration::fresh;

    #[test]
    fn a_setting_that_was_never_set_is_none() {
        assert_eq!(read(&fresh(), "zoom").unwrap(), None);
    }

    #[test]
    fn the_last_value_of_a_setting_counts() {
        let connection = fresh();
        write(&connection, "zoom", "100").unwrap();
        write(&connection, "zoom", "ß\u{1f600}").unwrap();
        assert_eq!(
            read(&connection, "zoom").unwrap().as_deref(),
            Some("ß\u{1f600}")
        );
    }

    #[test]
    fn a_search_that_cannot_be_used_is_the_first_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("a.db")).store;
        assert_eq!(store.search().unwrap(), Search::default());
        let own = Search::read("http://searx.local/?q=%s").unwrap();
        store.save_search(&own).unwrap();
        assert_eq!(store.search().unwrap(), own);
        store.set_setting(SEARCH, "of a later version").unwrap();
        assert_eq!(store.search().unwrap(), Search::default());
    }

    #[test]
    fn a_database_at_another_place_is_another_copy_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("a.db")).store;
        let here = store.copy_id("attic /home/ann").unwrap();
        assert_eq!(here.len(), 32);
        assert_eq!(store.copy_id("attic /home/ann").unwrap(), here);
        let there = store.copy_id("den /home/ann").unwrap();
        assert_ne!(there, here);
        assert_eq!(store.copy_id("den /home/ann").unwrap(), there);
        // Whoever comes back is a third one: what the second one did meanwhile is not known here.
        assert_ne!(store.copy_id("attic /home/ann").unwrap(), here);
    }
}
