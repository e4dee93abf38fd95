//! `make bench`: what a person waits for and what it costs, measured on the built app in a real
//! window on a private display. Prints a table and writes `target/bench/NAME.json`.
//!
//! A bench that could not be measured fails; a goal that is missed does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]
#![allow(missing_docs)]

mod everyday;
mod eye;
mod first_frame;
mod heavy;
mod latency;
mod layers;
mod load;
mod local;
#[allow(dead_code, reason = "the other bench needs the rest")]
mod peers;
mod photon;
mod placing;
mod room;
mod row;
mod running;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;

use duotab_test_support::app::workspace;
use duotab_test_support::{Outcome, ProbeSite, World, zoo};
use row::{Report, Row};

/// What the parts share.
pub(crate) struct Bench {
    pub(crate) site: ProbeSite,
    folder: PathBuf,
    report: Report,
}

impl Bench {
    pub(crate) fn take(&mut self, row: Row) -> Outcome<()> {
        self.report.take(&self.folder, row)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    if World::is_here() {
        return measure().await;
    }
    // Sites with the web's own names and certificates are had in a world of their own alone.
    match again_in_a_world().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the bench in a world of its own: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn again_in_a_world() -> Outcome<()> {
    let world = World::new(&zoo::NAMES)?;
    world.run(std::env::args_os().skip(1)).await
}

async fn measure() -> ExitCode {
    // Cargo adds `--bench`; anything else chooses parts by name.
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with('-'))
        .collect();
    let site = match site::start().await {
        Ok(site) => site,
        Err(error) => {
            eprintln!("no site: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut bench = Bench {
        site,
        folder: workspace().join("target/bench"),
        report: Report::default(),
    };
    println!("{}", row::heading());
    let is_chosen = |part: &str| chosen.is_empty() || chosen.iter().any(|it| it == part);
    for part in [
        "placing",
        "everyday",
        "heavy",
        "first-frame",
        "running",
        "latency",
    ] {
        if !is_chosen(part) {
            continue;
        }
        let measured = match part {
            "everyday" => everyday::measure(&mut bench).await,
            "heavy" => heavy::measure(&mut bench).await,
            "placing" => placing::measure(&mut bench),
            "first-frame" => first_frame::measure(&mut bench).await,
            "running" => running::measure(&mut bench).await,
            _ => latency::measure(&mut bench).await,
        };
        if let Err(error) = measured {
            bench.report.lacks(part, &error);
        }
    }
    if bench.report.print() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
