//! The web engine's own sandbox: its pages' processes see no file of the person's, no other process,
//! and have no network but the engine's.
//!
//! The engine ends the whole app if it cannot start a process in it. So what it is made of is tried
//! first, once, in the way in which the engine uses it (`BubblewrapLauncher.cpp`).

use std::process::{Command, Stdio};
use std::sync::OnceLock;

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
    let done = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    match done {
        Ok(done) if done.status.success() => true,
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            tracing::info!(program, said = said.trim(), "does not start");
            false
        }
        Err(error) => {
            tracing::info!(program, %error, "does not start");
            false
        }
    }
}
