//! The private X server: Xvfb with a secret of its own, its screen, and the window manager.

mod focus;
mod manager;
mod screen;

pub(crate) use focus::keep as keep_focus;
pub(crate) use manager::start as start_manager;
pub(crate) use screen::Randr;

use crate::child::{Child, relay_log};
use crate::config::Config;
use crate::fence;
use crate::programs;
use crate::xlink::{AUTH_NAME, Address};
use duotab_core::message::StartFailure;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

/// Xvfb answers within 0.2 s on a slow machine; a loaded one, or one that reads it from a slow disk
/// for the first time, gets its time.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A running X server.
pub(crate) struct Display {
    /// Its process.
    pub child: Child,
    /// Where it is.
    pub address: Address,
    /// The file with its secret.
    pub authority: PathBuf,
}

/// Starts the X server and waits until it takes connections.
pub(crate) async fn start(config: &Config) -> Result<Display, StartFailure> {
    let Some(program) = programs::find("Xvfb") else {
        return Err(StartFailure::DisplayServerMissing);
    };
    let mut cookie = [0; 16];
    getrandom::fill(&mut cookie).map_err(|_| StartFailure::Exited { code: None })?;
    let authority = config.runtime_dir.join("Xauthority");
    write_authority(&authority, &cookie)
        .map_err(|error| crate::privilege::unusable(&config.runtime_dir, &error))?;
    let screen = format!(
        "{}x{}x24",
        config.max_screen.width, config.max_screen.height
    );
    let failed = |_| StartFailure::DisplayServerMissing;
    let mut command = fence::lone(&program).map_err(failed)?;
    command
        .args(["-displayfd", "1", "-screen", "0", &screen])
        .args(["-nolisten", "tcp", "-noreset", "-s", "0", "-dpi", "96"])
        .args(["+extension", "RANDR", "+extension", "XTEST"])
        .args(["+extension", "DAMAGE", "+extension", "MIT-SHM"])
        .arg("-auth")
        .arg(&authority)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = Child::start("Xvfb", command).map_err(failed)?;
    relay_log("Xvfb", child.take_stderr());
    let number = match child.take_stdout() {
        Some(out) => tokio::time::timeout(START_LIMIT, read_number(out)).await,
        None => Ok(None),
    };
    match number {
        Ok(Some(number)) => Ok(Display {
            child,
            address: Address::new(number, Some(cookie)),
            authority,
        }),
        Ok(None) => Err(StartFailure::Exited {
            code: child.code().await,
        }),
        Err(_) => Err(StartFailure::TimedOut),
    }
}

async fn read_number(out: tokio::process::ChildStdout) -> Option<u32> {
    let line = BufReader::new(out).lines().next_line().await;
    line.ok()??.trim().parse().ok()
}

/// One entry for every host and every display number: `u16` family, then address, number, name
/// and data, each behind its `u16` length.
fn write_authority(path: &Path, cookie: &[u8; 16]) -> std::io::Result<()> {
    use std::io::Write;
    const FAMILY_WILD: u16 = 0xffff;
    let mut entry = FAMILY_WILD.to_be_bytes().to_vec();
    for part in [b"".as_slice(), b"", AUTH_NAME, cookie] {
        entry.extend(u16::try_from(part.len()).unwrap_or_default().to_be_bytes());
        entry.extend(part);
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(&entry)
}
