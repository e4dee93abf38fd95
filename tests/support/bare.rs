//! The same web engine without the app: `MiniBrowser`, which comes with it.
//!
//! It is driven by keys and not by `WebDriver`, under which it would keep nothing and cache nothing.

use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;

use crate::child::{self, Program};
use crate::{Display, Outcome};

/// A bare browser with data of its own. Dropped, it ends.
#[derive(Debug)]
pub struct Bare {
    home: TempDir,
    program: Program,
}

impl Bare {
    /// Opens it on a display, and gives its window the keyboard.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn open(display: &Display) -> Outcome<Self> {
        Self::open_by(display, None).await
    }

    /// The same, with all of its traffic led through a proxy, by that one's address.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn open_by(display: &Display, proxy: Option<&str>) -> Outcome<Self> {
        let home = tempfile::Builder::new().prefix("bare").tempdir()?;
        let mut browser = child::command(program()?);
        browser
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .envs(display.environment())
            .envs(renderer())
            .env("HOME", home.path())
            .env("NO_AT_BRIDGE", "1")
            .args(proxy.map(|proxy| format!("--proxy={proxy}")))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for folder in ["CONFIG", "DATA", "CACHE"] {
            browser.env(format!("XDG_{folder}_HOME"), home.path());
        }
        let program = Program::start(&mut browser)?;
        display
            .until("the bare browser", |_| display.window().is_ok())
            .await?;
        Ok(Self { home, program })
    }

    /// Where it keeps everything.
    #[must_use]
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Ends it.
    ///
    /// # Errors
    /// If it cannot be ended.
    pub async fn close(mut self) -> Outcome<()> {
        Ok(self.program.child().kill().await?)
    }
}

/// What the app sets for itself where there is no GPU, so that like is compared with like.
fn renderer() -> Option<(&'static str, &'static str)> {
    let gpu = std::fs::read_dir("/dev/dri").is_ok_and(|devices| {
        let mut names = devices.flatten().map(|it| it.file_name());
        names.any(|name| name.to_string_lossy().starts_with("renderD"))
    });
    (!gpu).then_some(("WEBKIT_DISABLE_DMABUF_RENDERER", "1"))
}

/// Where the distribution has put it.
fn program() -> Outcome<PathBuf> {
    let of = |folder: PathBuf| folder.join("webkit2gtk-4.1/MiniBrowser");
    std::fs::read_dir("/usr/lib")?
        .flatten()
        .map(|entry| of(entry.path()))
        .chain([of("/usr/libexec".into()), of("/usr/lib".into())])
        .find(|path| path.is_file())
        .ok_or_else(|| "the engine's MiniBrowser is not there".into())
}
