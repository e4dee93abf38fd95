//! Starts the Browser app.

use std::process::ExitCode;

fn main() -> ExitCode {
    duotab::run()
}
