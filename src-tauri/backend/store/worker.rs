//! Workers: machines that the person has as such.

use duotab_core::node::NodeId;
use duotab_core::worker::{Worker, WorkerRecord};
use rusqlite::{Connection, Row};

use super::migration::Migration;
use super::{Store, StoreError, setting};

pub(super) const CREATE: Migration = Migration {
    version: 8,
    sql: "CREATE TABLE worker (
        id      TEXT PRIMARY KEY NOT NULL,
        name    TEXT NOT NULL,
        address TEXT NOT NULL,
        in_use  INTEGER NOT NULL
    ) STRICT;",
};

/// The setting of the highest number that a worker ever had.
const LAST: &str = "last_worker";

impl Store {
    /// All workers, the oldest first. A row that cannot be understood is left out.
    pub fn workers(&self) -> Result<Vec<WorkerRecord>, StoreError> {
        self.with(read)
    }

    /// Save a worker, new or known. It is on the disk when this returns.
    pub fn save_worker(&self, worker: &WorkerRecord) -> Result<(), StoreError> {
        self.with_durable(|connection| write(connection, worker))
    }

    /// Forget a worker. Its id is never given again.
    pub fn delete_worker(&self, id: &NodeId) -> Result<(), StoreError> {
        self.with(|connection| {
            connection
                .prepare_cached("DELETE FROM worker WHERE id = ?1")?
                .execute([&id.0])?;
            Ok(())
        })
    }

    /// The highest number that a worker ever had; 0 if there never was one.
    pub fn last_worker(&self) -> Result<u32, StoreError> {
        self.with(last)
    }
}

fn last(connection: &Connection) -> rusqlite::Result<u32> {
    let last = setting::read(connection, LAST)?.and_then(|it| it.parse().ok());
    Ok(last.unwrap_or(0))
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<WorkerRecord>> {
    let mut statement =
        connection.prepare_cached("SELECT id, name, address, in_use FROM worker ORDER BY rowid")?;
    let mut rows = statement.query(())?;
    let mut workers = Vec::new();
    while let Some(row) = rows.next()? {
        match record(row) {
            Some(worker) => workers.push(worker),
            None => tracing::warn!("saved worker not understood"),
        }
    }
    Ok(workers)
}

fn record(row: &Row<'_>) -> Option<WorkerRecord> {
    let id = NodeId(row.get(0).ok()?);
    // What runs on this machine must never be taken for something that runs there.
    id.number()?;
    Some(WorkerRecord {
        worker: Worker {
            id,
            name: row.get(1).ok()?,
            address: serde_json::from_str(&row.get::<_, String>(2).ok()?).ok()?,
        },
        in_use: row.get(3).ok()?,
    })
}

fn write(connection: &Connection, record: &WorkerRecord) -> rusqlite::Result<()> {
    let worker = &record.worker;
    if let Some(number) = worker.id.number()
        && number > last(connection)?
    {
        setting::write(connection, LAST, &number.to_string())?;
    }
    let address = serde_json::to_string(&worker.address)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO worker (id, name, address, in_use) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address,
                 in_use = excluded.in_use",
        )?
        .execute((&worker.id.0, &worker.name, address, record.in_use))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use duotab_core::worker::WorkerAddress;

    use super::*;
    use crate::store::migration::fresh;

    fn worker(number: u32, name: &str, in_use: bool) -> WorkerRecord {
        WorkerRecord {
            worker: Worker {
                id: NodeId::worker(number),
                name: name.to_owned(),
                address: WorkerAddress::Ssh {
                    destination: "me@attic".to_owned(),
                    port: Some(2222),
                    socket: None,
                },
            },
            in_use,
        }
    }

    #[test]
    fn a_worker_is_read_as_it_was_last_written_in_the_order_they_were_added() {
        let connection = fresh();
        let mut tls = worker(1, "Büro", true);
        tls.worker.address = WorkerAddress::Tls {
            host: "::1".to_owned(),
            port: 2376,
            certificates: "/home/me/.docker".to_owned(),
        };
        write(&connection, &worker(2, "attic", true)).unwrap();
        write(&connection, &tls).unwrap();
        write(&connection, &worker(2, "Dachboden", false)).unwrap();
        let all = read(&connection).unwrap();
        assert_eq!(all, [worker(2, "Dachboden", false), tls]);
    }

    #[test]
    fn the_number_of_a_worker_that_is_gone_is_not_given_again() {
        let connection = fresh();
        assert_eq!(last(&connection).unwrap(), 0);
        for number in [1, 3, 2] {
            write(&connection, &worker(number, "attic", true)).unwrap();
        }
        connection.execute_batch("DELETE FROM worker").unwrap();
        assert_eq!(last(&connection).unwrap(), 3);
    }

    #[test]
    fn a_row_that_cannot_be_understood_or_says_it_is_this_machine_is_left_out() {
        let connection = fresh();
        let address = serde_json::to_string(&worker(1, "a", true).worker.address).unwrap();
        let sql = "INSERT INTO worker VALUES (?1, 'a', ?2, 1)";
        for (id, address) in [("host", address.as_str()), ("w1", "{}"), ("w", "{}")] {
            connection.execute(sql, [id, address]).unwrap();
        }
        assert_eq!(read(&connection).unwrap(), []);
    }
}
