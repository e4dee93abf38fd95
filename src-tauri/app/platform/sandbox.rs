//! The web engine's own sandbox: its pages' processes see no file of the person's, no other process,
//! and have no network but the engine's.
//!
//! The engine ends the whole app if it cannot start a process in it. So what it is made of is tried
//! first, once, in the way in which the engine uses it (`BubblewrapLauncher.cpp`).

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Where the engine has the programs of its sandbox, whatever a person has elsewhere.
const FOLDER: &str = "/usr/bin";
/// A mount that does not answer must not hold up the app.
const LIMIT: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Namespaces and mounts as the engine asks for them.
const TRIAL: [&str; 17] = [
    "--die-with-parent",
    "--unshare-pid",
    "--unshare-uts",
    "--unshare-net",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--dir",
    "/run",
    "--",
    "true",
];

static HOLDS: OnceLock<bool> = OnceLock::new();

/// Whether pages can have it on this machine. The first call takes some hundredths of a second.
pub(crate) fn has_sandbox() -> bool {
    *HOLDS.get_or_init(|| {
        let holds = works("bwrap", &TRIAL) && works("xdg-dbus-proxy", &["--version"]);
        if holds {
            tracing::info!("pages run in the web engine's sandbox");
        } else {
            tracing::warn!("pages run without the web engine's sandbox, which does not start here");
        }
        holds
    })
}

fn works(program: &str, arguments: &[&str]) -> bool {
    match tried(program, arguments) {
        Ok(()) => true,
        Err(why) => {
            tracing::info!(program, why, "does not start");
            false
        }
    }
}

fn tried(program: &str, arguments: &[&str]) -> Result<(), String> {
    let words = |error: std::io::Error| error.to_string();
    let place = the_engines(program).ok_or("it is not where the engine has it")?;
    let mut child = Command::new(place)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(words)?;
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(words)? {
            break status;
        }
        if began.elapsed() > LIMIT {
            let _ = child.kill();
            return Err("it does not end".to_owned());
        }
        std::thread::sleep(LOOK_EVERY);
    };
    if status.success() {
        return Ok(());
    }
    let mut said = String::new();
    if let Some(mut words) = child.stderr {
        let _ = words.read_to_string(&mut said);
    }
    Err(said.trim().to_owned())
}

/// The program, if the one that is found first is the engine's.
fn the_engines(program: &str) -> Option<PathBuf> {
    let engines = Path::new(FOLDER).join(program).canonicalize().ok()?;
    let folders = std::env::var_os("PATH")?;
    let mut found =
        std::env::split_paths(&folders).filter_map(|it| it.join(program).canonicalize().ok());
    found.next().filter(|first| *first == engines)
}
