//! A Wayland compositor whose screen is a window over all of an X server's: apps are its clients,
//! while hands and eyes stay those of the X server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::net::UnixStream;

use crate::child::{self, Program};
use crate::{Outcome, until_open, within};

/// Set, it makes every window of the tests a window on Wayland.
pub(crate) const WAYLAND: &str = "DUOTAB_TEST_WAYLAND";

const SOCKET: &str = "wayland-1";

#[derive(Debug)]
pub(crate) struct Compositor {
    folder: TempDir,
    layout: String,
    _program: Program,
}

impl Compositor {
    /// On this X server, whose keyboard layout it takes over.
    pub(crate) async fn start(
        display: &str,
        (width, height): (u16, u16),
        layout: &str,
    ) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("wayland").tempdir()?;
        let program = Program::start(
            child::command("weston")
                .args(["--no-config", "--backend=x11-backend.so", "--use-pixman"])
                .args(["--shell=kiosk-shell.so", "--idle-time=0"])
                .args([format!("--width={width}"), format!("--height={height}")])
                .arg(format!("--socket={SOCKET}"))
                .env("DISPLAY", display)
                .env("XDG_RUNTIME_DIR", folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let compositor = Self {
            folder,
            layout: layout.to_owned(),
            _program: program,
        };
        let socket = compositor.socket();
        within("weston", until_open(|| UnixStream::connect(&socket))).await?;
        Ok(compositor)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(SOCKET)
    }

    pub(crate) fn environment(&self) -> [(&'static str, OsString); 4] {
        [
            ("WAYLAND_DISPLAY", SOCKET.into()),
            ("XDG_RUNTIME_DIR", self.folder.path().into()),
            ("GDK_BACKEND", "wayland".into()),
            ("XKB_DEFAULT_LAYOUT", self.layout.clone().into()),
        ]
    }
}
