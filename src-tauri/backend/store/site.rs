//! What the person has decided for sites, one row each.

use duotab_core::message::Site;
use rusqlite::Connection;

use super::migration::Migration;
use super::{Store, StoreError};

pub(super) const CREATE: Migration = Migration {
    version: 5,
    sql: "CREATE TABLE site (
        profile TEXT NOT NULL,
        origin  TEXT NOT NULL,
        rules   TEXT NOT NULL,
        PRIMARY KEY (profile, origin)
    ) STRICT, WITHOUT ROWID;",
};

impl Store {
    /// All decisions. A row that cannot be understood is left out.
    pub fn sites(&self) -> Result<Vec<Site>, StoreError> {
        self.with(read)
    }

    /// Save what is decided for a site; forget the site if nothing is.
    pub fn save_site(&self, site: &Site) -> Result<(), StoreError> {
        self.with(|connection| write(connection, site))
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<Site>> {
    let mut statement =
        connection.prepare_cached("SELECT rules FROM site ORDER BY profile, origin")?;
    let rows = statement.query_map((), |row| row.get::<_, String>(0))?;
    let mut sites = Vec::new();
    for rules in rows {
        match serde_json::from_str(&rules?) {
            Ok(site) => sites.push(site),
            Err(error) => tracing::warn!(%error, "saved decision not understood"),
        }
    }
    Ok(sites)
}

fn write(connection: &Connection, site: &Site) -> rusqlite::Result<()> {
    if site.is_empty() {
        connection
            .prepare_cached("DELETE FROM site WHERE profile = ?1 AND origin = ?2")?
            .execute([&site.profile.0, &site.origin])?;
        return Ok(());
    }
    let rules = serde_json::to_string(site)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO site (profile, origin, rules) VALUES (?1, ?2, ?3)
             ON CONFLICT (profile, origin) DO UPDATE SET rules = excluded.rules",
        )?
        .execute([&site.profile.0, &site.origin, &rules])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migration::fresh;
    use duotab_core::message::{Mode, ProfileName};

    #[test]
    fn a_decision_is_kept_until_it_is_taken_back() {
        let connection = fresh();
        let mut site = Site {
            profile: ProfileName("p1".into()),
            origin: "https://a.example".into(),
            wishes: Vec::new(),
            mode: Some(Mode::Streamed),
            carry: None,
            cookies: None,
            unblocked: None,
            home: None,
            zoom: None,
        };
        write(&connection, &site).unwrap();
        assert_eq!(read(&connection).unwrap(), [site.clone()]);
        site.mode = None;
        write(&connection, &site).unwrap();
        assert!(read(&connection).unwrap().is_empty());
    }

    #[test]
    fn a_row_that_makes_no_sense_is_left_out() {
        let connection = fresh();
        let bad = "INSERT INTO site VALUES ('p1', 'https://a.example', 'nonsense')";
        connection.execute(bad, ()).unwrap();
        assert!(read(&connection).unwrap().is_empty());
    }
}
