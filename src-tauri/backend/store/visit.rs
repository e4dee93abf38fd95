//! Pages where the person has been, one row each, however often.

use std::time::{SystemTime, UNIX_EPOCH};

use duotab_core::address;
use duotab_core::message::{ProfileName, VisitView};
use duotab_core::visit::Visit;
use rusqlite::Connection;

use super::migration::Migration;
use super::{Store, StoreError, wipe};

/// `seen` is in milliseconds since 1970: of two pages that follow each other at once one is the later.
pub(super) const CREATE: Migration = Migration {
    version: 13,
    sql: "CREATE TABLE visit (
        profile TEXT NOT NULL,
        url     TEXT NOT NULL,
        title   TEXT NOT NULL,
        seen    INTEGER NOT NULL,
        PRIMARY KEY (profile, url)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visit_seen ON visit (profile, seen);",
};

/// So many pages of a profile are remembered; the ones that were not seen for longest are forgotten.
const CAP: u32 = 5000;

impl Store {
    /// Save that the person is at a page now.
    pub fn save_visit(&self, visit: &Visit) -> Result<(), StoreError> {
        self.with(|connection| write(connection, visit, now(), CAP))
    }

    /// Forget that the person was at this address in a profile, or anywhere in it. Nothing of it is
    /// on the disk any more when this returns.
    pub fn forget_visits(
        &self,
        profile: &ProfileName,
        url: Option<&str>,
    ) -> Result<(), StoreError> {
        self.with_durable(|connection| {
            match url {
                Some(url) => connection.execute(
                    "DELETE FROM visit WHERE profile = ?1 AND url = ?2",
                    (&profile.0, url),
                ),
                None => connection.execute("DELETE FROM visit WHERE profile = ?1", [&profile.0]),
            }?;
            wipe(connection)
        })
    }

    /// At most so many pages where the person has been in a profile, the latest first: those that have
    /// all of these words in their title or address, without regard to case.
    pub fn visits(
        &self,
        profile: &ProfileName,
        words: &str,
        most: usize,
    ) -> Result<Vec<VisitView>, StoreError> {
        self.with(|connection| read(connection, profile, words, most))
    }
}

fn read(
    connection: &Connection,
    profile: &ProfileName,
    words: &str,
    most: usize,
) -> rusqlite::Result<Vec<VisitView>> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut statement = connection.prepare_cached(
        "SELECT url, title, seen FROM visit WHERE profile = ?1 ORDER BY seen DESC",
    )?;
    let mut rows = statement.query([&profile.0])?;
    let mut found = Vec::new();
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        let url: String = row.get(0)?;
        let view = VisitView {
            address: address::display(&url),
            url,
            title: row.get(1)?,
            seen: seconds(row.get(2)?),
        };
        let text = format!("{} {}", view.title, view.address).to_lowercase();
        if words.iter().all(|word| text.contains(word)) {
            found.push(view);
        }
    }
    Ok(found)
}

fn write(connection: &Connection, visit: &Visit, now: i64, cap: u32) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO visit (profile, url, title, seen) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (profile, url) DO UPDATE SET
                 title = iif(excluded.title = '', title, excluded.title), seen = excluded.seen",
        )?
        .execute((&visit.profile.0, &visit.url, &visit.title, now))?;
    connection
        .prepare_cached(
            "DELETE FROM visit WHERE profile = ?1 AND url IN (
                 SELECT url FROM visit WHERE profile = ?1 ORDER BY seen DESC LIMIT -1 OFFSET ?2)",
        )?
        .execute((&visit.profile.0, cap))?;
    Ok(())
}

/// In milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX))
}

fn seconds(millis: i64) -> u32 {
    u32::try_from(millis / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migration::fresh;

    fn at(url: &str, title: &str) -> Visit {
        Visit {
            profile: ProfileName("p1".into()),
            url: url.into(),
            title: title.into(),
        }
    }

    fn see(connection: &Connection, url: &str, title: &str, second: i64) {
        write(connection, &at(url, title), second * 1000, 10).unwrap();
    }

    fn found(connection: &Connection, words: &str, most: usize) -> Vec<(String, u32)> {
        let profile = ProfileName("p1".into());
        let found = read(connection, &profile, words, most).unwrap();
        found.into_iter().map(|it| (it.title, it.seen)).collect()
    }

    #[test]
    fn the_latest_comes_first_each_page_once_with_the_title_that_it_had_last() {
        let connection = fresh();
        see(&connection, "https://a.example/", "Old", 1);
        see(&connection, "https://b.example/", "Other", 2);
        see(&connection, "https://a.example/", "New", 3);
        see(&connection, "https://a.example/", "", 4);
        let all = [("New".to_owned(), 4), ("Other".to_owned(), 2)];
        assert_eq!(found(&connection, "", 9), all);
        assert_eq!(found(&connection, "", 1), all[..1]);
    }

    #[test]
    fn words_are_looked_for_in_titles_and_addresses_in_any_order() {
        let connection = fresh();
        see(
            &connection,
            "https://xn--bcher-kva.example/liste",
            "Ärzte 100%",
            1,
        );
        see(&connection, "https://other.example/", "Something else", 2);
        for words in ["ärzte", "LISTE ÄRZTE", "bücher", "100%", "  liste  "] {
            let found = found(&connection, words, 9);
            assert_eq!(found, [("Ärzte 100%".to_owned(), 1)], "{words}");
        }
        for words in ["liste other", "_", "xn--"] {
            assert_eq!(found(&connection, words, 9), [], "{words}");
        }
    }

    #[test]
    fn what_was_not_seen_for_longest_makes_room() {
        let connection = fresh();
        for now in 1..=5 {
            let url = format!("https://{now}.example/");
            write(&connection, &at(&url, "Page"), now * 1000, 3).unwrap();
        }
        let seen: Vec<u32> = found(&connection, "", 9).iter().map(|it| it.1).collect();
        assert_eq!(seen, [5, 4, 3]);
    }

    #[test]
    fn one_page_is_forgotten_or_all_of_a_profile_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).store;
        let mine = ProfileName("default".into());
        let count = |of: &ProfileName| store.visits(of, "", 9).unwrap().len();
        for url in ["https://a.example/", "https://b.example/"] {
            let theirs = at(url, "Page");
            store.save_visit(&theirs).unwrap();
            let profile = mine.clone();
            store.save_visit(&Visit { profile, ..theirs }).unwrap();
        }
        let work = ProfileName("p1".into());
        store
            .forget_visits(&work, Some("https://a.example/"))
            .unwrap();
        assert_eq!((count(&mine), count(&work)), (2, 1));
        store.forget_visits(&mine, None).unwrap();
        assert_eq!((count(&mine), count(&work)), (0, 1));
        store.delete_profile(&work).unwrap();
        assert_eq!(count(&work), 0);
    }

    #[test]
    fn what_is_forgotten_is_not_in_the_files_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).store;
        let (one, other) = (
            at("https://one.example/", ""),
            at("https://other.example/", ""),
        );
        let on_disk = |url: &str| {
            let files = std::fs::read_dir(folder.path()).unwrap();
            let mut bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
            bytes.any(|it| it.windows(url.len()).any(|part| part == url.as_bytes()))
        };
        store.save_visit(&one).unwrap();
        store.save_visit(&other).unwrap();
        assert!(on_disk(&one.url) && on_disk(&other.url));
        store.forget_visits(&one.profile, Some(&one.url)).unwrap();
        assert!(!on_disk(&one.url) && on_disk(&other.url));
        store.forget_visits(&one.profile, None).unwrap();
        assert!(!on_disk(&other.url));
    }
}
