//! Bringing a database up to date, one numbered step after the other.

use rusqlite::{Connection, TransactionBehavior};

use super::{bookmark, download, profile, session, setting, site, tab, visit, worker};

/// One step: the schema version that it leads to, and its SQL. Never changed once released.
pub(super) struct Migration {
    pub(super) version: u32,
    pub(super) sql: &'static str,
}

/// All steps in order. Each belongs to the file of its table.
const MIGRATIONS: &[&Migration] = &[
    &setting::CREATE,
    &tab::CREATE,
    &session::CREATE,
    &profile::CREATE,
    &site::CREATE,
    &download::CREATE,
    &profile::ADD_NETWORK,
    &worker::CREATE,
    &profile::HOMES,
    &profile::STALE,
    &tab::UNASKED,
    &bookmark::CREATE,
    &visit::CREATE,
];

/// The schema version that this program writes.
pub(super) fn latest() -> u32 {
    MIGRATIONS.last().map_or(0, |last| last.version)
}

/// Do what is not yet done, all of it or nothing.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for migration in MIGRATIONS
        .iter()
        .filter(|migration| migration.version > version)
    {
        transaction.execute_batch(migration.sql)?;
        transaction.pragma_update(None, "user_version", migration.version)?;
    }
    transaction.commit()
}

#[cfg(test)]
pub(super) fn fresh() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_from_one_without_a_gap() {
        let versions: Vec<u32> = MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .collect();
        assert_eq!(versions, (1..=latest()).collect::<Vec<_>>());
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let mut connection = fresh();
        migrate(&mut connection).unwrap();
        let version: u32 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, latest());
    }

    #[test]
    fn a_step_that_fails_undoes_the_steps_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE session (other TEXT)")
            .unwrap();
        assert!(migrate(&mut connection).is_err());
        let tables: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(tables, ["session"]);
    }
}
