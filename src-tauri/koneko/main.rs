//! koneko: a small Neko-compatible server for one person.
//!
//! It owns a private X server, one Chromium on it, and shows the picture to one viewer over
//! WebRTC. `koneko --config FILE` serves until it is told to end; `koneko --fence …` is how it
//! starts its own children, so that none of them outlives it. `koneko serve` is Neko's server on
//! an X server that is there already, as in Neko's image.

mod beside;
mod browser;
mod capture;
mod child;
mod clock;
mod config;
mod desktop;
mod devices;
mod display;
mod fence;
mod input;
mod plugins;
mod privilege;
mod processes;
mod programs;
mod room;
mod run;
mod sender;
mod server;
mod shelf;
mod sound;
mod status;
mod xlink;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.first().and_then(|it| it.to_str()) {
        Some("--config") if arguments.len() == 2 => serve(Path::new(&arguments[1])),
        // Neko's own options may follow; what there is to know stands in its file and variables.
        Some("serve") => serve_beside(),
        Some("--fence") => fence::become_fence(&arguments[1..]),
        _ => {
            complain("usage: koneko --config FILE | koneko serve");
            ExitCode::from(2)
        }
    }
}

/// A line for the person who started us; there may be nobody to read it.
fn complain(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "koneko: {line}");
}

fn serve(path: &Path) -> ExitCode {
    // What follows changes the working directory.
    let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let config = match config::Config::read(path) {
        Ok(config) => config,
        Err(error) => {
            complain(&format!("{}: {error}", path.display()));
            return ExitCode::from(2);
        }
    };
    let board = status::Board::new(&config.runtime_dir);
    // Returns only when this process already is what it is to be.
    if let Err(failure) = privilege::settle(path, &config) {
        complain(&format!("cannot become an ordinary user: {failure:?}"));
        board.publish(&status::Status::failed(failure));
        return ExitCode::FAILURE;
    }
    // Children die with the thread that started them (PDEATHSIG): they are all started from this
    // future, which runs on the main thread.
    live(async {
        run::run(config, &board).await.map_err(|failure| {
            tracing::error!(?failure, "ending");
            board.publish(&status::Status::failed(failure));
        })
    })
}

fn serve_beside() -> ExitCode {
    live(async {
        beside::run().await.map_err(|error| {
            tracing::error!(%error, "ending");
        })
    })
}

/// Lives one life, with a log.
fn live(life: impl Future<Output = Result<(), ()>>) -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // A log nobody reads any more is no reason to panic.
        .log_internal_errors(false)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("KONEKO_LOG")
                .unwrap_or_else(|_| "info,rtc=error,webrtc=error,rtc_ice=error".into()),
        )
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(life) {
        Ok(()) => ExitCode::SUCCESS,
        Err(()) => ExitCode::FAILURE,
    };
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    code
}
