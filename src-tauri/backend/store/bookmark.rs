//! Pages that the person keeps, one row each.

use duotab_core::bookmark::Bookmark;
use duotab_core::message::ProfileName;
use rusqlite::Connection;

use super::migration::Migration;
use super::{Store, StoreError};

pub(super) const CREATE: Migration = Migration {
    version: 12,
    sql: "CREATE TABLE bookmark (
        profile TEXT NOT NULL,
        url     TEXT NOT NULL,
        title   TEXT NOT NULL,
        favicon TEXT,
        place   INTEGER NOT NULL,
        PRIMARY KEY (profile, url)
    ) STRICT, WITHOUT ROWID;",
};

impl Store {
    /// All pages that are kept.
    pub fn bookmarks(&self) -> Result<Vec<Bookmark>, StoreError> {
        self.with(read)
    }

    /// How many pages are kept in a profile.
    pub fn bookmark_count(&self, profile: &ProfileName) -> Result<u32, StoreError> {
        let count = "SELECT COUNT(*) FROM bookmark WHERE profile = ?1";
        self.with(|connection| connection.query_row(count, [&profile.0], |row| row.get(0)))
    }

    /// Save a page that is kept, new or known. It is on the disk when this returns.
    pub fn save_bookmark(&self, bookmark: &Bookmark) -> Result<(), StoreError> {
        self.with_durable(|connection| write(connection, bookmark))
    }

    /// Save pages that are kept, all or none. They are on the disk when this returns.
    pub fn save_bookmarks(&self, bookmarks: &[Bookmark]) -> Result<(), StoreError> {
        self.with_durable(|connection| {
            let all = connection.unchecked_transaction()?;
            for bookmark in bookmarks {
                write(&all, bookmark)?;
            }
            all.commit()
        })
    }

    /// Forget a page that was kept in a profile.
    pub fn delete_bookmark(&self, profile: &ProfileName, url: &str) -> Result<(), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("DELETE FROM bookmark WHERE profile = ?1 AND url = ?2")?
                .execute([&profile.0, url])?;
            Ok(())
        })
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<Bookmark>> {
    let mut statement = connection.prepare_cached(
        "SELECT profile, url, title, favicon, place FROM bookmark ORDER BY place",
    )?;
    let rows = statement.query_map((), |row| {
        Ok(Bookmark {
            profile: ProfileName(row.get(0)?),
            url: row.get(1)?,
            title: row.get(2)?,
            favicon: row.get(3)?,
            place: row.get(4)?,
        })
    })?;
    rows.collect()
}

fn write(connection: &Connection, bookmark: &Bookmark) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO bookmark (profile, url, title, favicon, place)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (profile, url) DO UPDATE SET
                 title = excluded.title, favicon = excluded.favicon, place = excluded.place",
        )?
        .execute((
            &bookmark.profile.0,
            &bookmark.url,
            &bookmark.title,
            &bookmark.favicon,
            bookmark.place,
        ))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migration::fresh;

    fn page(profile: &str, url: &str, place: u32) -> Bookmark {
        Bookmark {
            profile: ProfileName(profile.into()),
            url: url.into(),
            title: "A page".into(),
            favicon: None,
            place,
        }
    }

    #[test]
    fn pages_come_back_in_their_order_and_as_they_were_last() {
        let connection = fresh();
        let mut first = page("p1", "https://b.example/", 1);
        let second = page("p1", "https://a.example/", 7);
        write(&connection, &second).unwrap();
        write(&connection, &first).unwrap();
        assert_eq!(read(&connection).unwrap(), [first.clone(), second.clone()]);
        first.favicon = Some("data:image/png;base64,AA==".into());
        first.place = 9;
        write(&connection, &first).unwrap();
        assert_eq!(read(&connection).unwrap(), [second, first]);
    }

    #[test]
    fn a_profile_that_is_deleted_takes_its_own_along_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).store;
        let url = "https://a.example/";
        let (mine, work) = (page("default", url, 0), page("p1", url, 1));
        for kept in [&mine, &work] {
            store.save_bookmark(kept).unwrap();
        }
        store.delete_profile(&work.profile).unwrap();
        assert_eq!(store.bookmarks().unwrap(), std::slice::from_ref(&mine));
        store.delete_bookmark(&work.profile, url).unwrap();
        assert_eq!(store.bookmarks().unwrap(), std::slice::from_ref(&mine));
        store.delete_bookmark(&mine.profile, url).unwrap();
        assert!(store.bookmarks().unwrap().is_empty());
    }
}
