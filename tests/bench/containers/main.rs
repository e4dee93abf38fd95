//! What a container costs: the way to its picture, cold and kept ready, split by stage; what the
//! app adds to the engine's own start; the memory of ten pages in one session or in ten; and the same
//! way on another machine, and how fast a profile goes there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]
#![allow(missing_docs)]

mod clock;
mod eye;
mod far;
mod frames;
mod install;
mod life;
mod memory;
mod moved;
#[path = "../row.rs"]
#[allow(dead_code, reason = "the other bench needs the rest")]
mod row;

use std::process::ExitCode;
use std::time::Duration;

use duotab_test_support::app::workspace;
use duotab_test_support::engine::Engine;
use duotab_test_support::worker::Far;
use row::Report;

/// For anything that is waited for.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> ExitCode {
    let Some(engine) = Engine::here() else {
        return ExitCode::SUCCESS;
    };
    let mut report = Report::default();
    let folder = workspace().join("target/bench");
    // Cargo adds `--bench`; anything else chooses parts by name.
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with('-'))
        .collect();
    let is_chosen = |part: &str| chosen.is_empty() || chosen.iter().any(|it| it == part);
    println!("{}", row::heading());
    if let Err(error) = clock::listen() {
        report.lacks("containers", &error);
    }
    if is_chosen("frames")
        && let Err(error) = frames::measure(&engine, &mut report, &folder).await
    {
        report.lacks("containers-first-frame", &error);
    }
    if is_chosen("memory")
        && let Err(error) = memory::measure(&engine, &mut report, &folder).await
    {
        report.lacks("containers-memory", &error);
    }
    let Some(far) = Far::here() else {
        report.lacks("workers", &"there is none");
        report.print();
        return ExitCode::FAILURE;
    };
    if is_chosen("far")
        && let Err(error) = far::measure(&engine, &far, &mut report, &folder).await
    {
        report.lacks("workers-first-frame", &error);
    }
    if is_chosen("moved")
        && let Err(error) = moved::measure(&far, &mut report, &folder).await
    {
        report.lacks("workers-moved", &error);
    }
    if report.print() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
