//! The same way on another machine as on this one, each stage of it.

use std::path::Path;
use std::time::Instant;

use duotab_core::node::NodeId;
use duotab_test_support::Outcome;
use duotab_test_support::engine::Engine;
use duotab_test_support::worker::Far;

use crate::clock::{PICTURE, START, Stage};
use crate::frames::{Ways, pairs};
use crate::life::{Kept, Life};
use crate::row::{Report, Row, percentile};

const ROUNDS: usize = 5;

/// How a worker is reached.
struct Way {
    name: &'static str,
    address: String,
    certificates: String,
    kept: Kept,
    /// Whether the install has it.
    known: bool,
    taken: Ways,
}

impl Way {
    fn new(name: &'static str, address: String, certificates: String) -> Outcome<Self> {
        let (kept, taken) = (Kept::new()?, Ways::default());
        Ok(Self {
            name,
            address,
            certificates,
            kept,
            known: false,
            taken,
        })
    }

    async fn round(&mut self, engine: &Engine, stages: &[Stage], timed: bool) -> Outcome<()> {
        let mut life = Life::begin(engine, &self.kept, false).await?;
        if !self.address.is_empty() && !self.known {
            let (address, certificates) = (self.address.clone(), self.certificates.clone());
            life.take_worker(address, certificates).await?;
            self.known = true;
        }
        let node = if self.known {
            life.worker().await?
        } else {
            NodeId::host()
        };
        let began = Instant::now();
        life.open_on(&node).await?;
        if timed {
            self.taken.take(began, stages)?;
        }
        life.end().await
    }
}

pub(crate) async fn measure(
    engine: &Engine,
    far: &Far,
    report: &mut Report,
    folder: &Path,
) -> Outcome<()> {
    let stages: Vec<Stage> = START.into_iter().chain(PICTURE).collect();
    let mut here = Way::new("here", String::new(), String::new())?;
    let tls = format!("tcp://{}:2376", far.address);
    let mut ways = [
        Way::new("tls", tls, far.certificates())?,
        Way::new("ssh", "ssh://worker".to_owned(), String::new())?,
    ];
    // The image is fetched and the profiles made before anything is timed.
    for round in 0..=ROUNDS {
        here.round(engine, &stages, round > 0).await?;
        for way in &mut ways {
            way.round(engine, &stages, round > 0).await?;
        }
    }
    for way in ways {
        let name = format!("worker-{}", way.name);
        let before = here.taken.rows("here", &stages);
        let rows = way.taken.rows(&name, &stages);
        for (row, before) in rows.into_iter().zip(before) {
            report.take(folder, row.against("here", Some(before.value)))?;
        }
        let method = "from the command until the first whole frame, of an engine that is started on \
                      another machine behind a cable without limits; median";
        let frame = Row::median(
            &format!("{name}-first-frame"),
            "ms",
            &way.taken.frame,
            method,
        )
        .against("here", Some(percentile(&here.taken.frame, 50.0)));
        report.take(folder, frame)?;
        let over = pairs(&way.taken.frame, &here.taken.frame);
        let method = "the same less what it took here just before, pair by pair; median";
        let over = Row::median(&format!("{name}-first-frame-over"), "ms", &over, method);
        report.take(folder, over)?;
    }
    Ok(())
}
