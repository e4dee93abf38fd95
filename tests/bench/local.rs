//! A plain Chromium on a display of its own: what the streamed one is compared with.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use duotab_test_support::{Colour, Display, Outcome};
use tokio::process::{Child, Command};

use crate::eye::Eye;
use crate::load::Family;

/// A cold start on a loaded machine.
const LIMIT: Duration = Duration::from_secs(40);
pub(crate) const MIDDLE: (i16, i16) = (640, 360);

/// A running Chromium. It ends when this is dropped.
pub(crate) struct Local {
    pub(crate) eye: Eye,
    began: Instant,
    child: Child,
    profile: tempfile::TempDir,
    _display: Display,
}

/// Where Chromium is.
pub(crate) fn chromium() -> Outcome<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|it| it.is_file())
        .ok_or_else(|| "no Chromium".into())
}

impl Local {
    /// Starts it on a page, with a new profile, and waits for a colour in the middle;
    /// gives the time from its start until the colour stood in the framebuffer.
    pub(crate) async fn start(url: &str, colour: Colour) -> Outcome<(Self, Duration)> {
        let local = Self::spawn(url).await?;
        let seen = tokio::task::block_in_place(|| {
            local
                .eye
                .until("the page in a plain Chromium", MIDDLE, colour, LIMIT)
        })?;
        let started = seen - local.began;
        Ok((local, started))
    }

    /// Starts it on a page, with a new profile.
    pub(crate) async fn spawn(url: &str) -> Outcome<Self> {
        let display = Display::start(1280, 720).await?;
        let profile = tempfile::Builder::new().prefix("duotab-local").tempdir()?;
        let eye = Eye::open(display.name())?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(chromium()?)
            .args([
                "--kiosk",
                "--ozone-platform=x11",
                "--window-position=0,0",
                "--window-size=1280,720",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-breakpad",
                "--password-store=basic",
                "--disable-gpu",
                "--disable-features=Translate,MediaRouter,OptimizationHints",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()));
        if rustix::process::getuid().is_root() {
            command.arg("--no-sandbox");
        }
        command
            .arg(url)
            .env("DISPLAY", display.name())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn()?;
        Ok(Self {
            began: Instant::now(),
            eye,
            child,
            profile,
            _display: display,
        })
    }

    pub(crate) fn family(&self) -> Family {
        Family::new(self.child.id().into_iter().collect(), self.profile.path())
    }

    /// Ends it, and waits until it has.
    pub(crate) async fn end(mut self) -> Outcome<()> {
        Ok(self.child.kill().await?)
    }
}
