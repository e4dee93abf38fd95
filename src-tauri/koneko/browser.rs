//! Chromium: found, its profile made safe to use, started, and spoken to over a pipe.

mod cdp;
mod profile;
mod windows;

pub(crate) use cdp::{Cdp, Relay};

use crate::child::{Child, relay_log};
use crate::config::{Codec, Config};
use crate::display::Display;
use crate::fence::{Fence, Sandbox};
use duotab_core::chromium;
use duotab_core::message::StartFailure;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::watch;

/// A cold start on a slow disk.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The pipe of the page control is on descriptors 3 (in) and 4 (out); what Chromium prints goes
/// to the log.
const PIPE: &str = r#"exec 3<&0 4>&1 0</dev/null 1>&2; exec "$@""#;

/// A running browser.
pub(crate) struct Browser {
    /// Its first process.
    pub child: Child,
    /// The way to speak to it.
    pub cdp: Cdp,
    /// Whether it shows a page; closed when it never will.
    pub shown: watch::Receiver<bool>,
    profile_dir: PathBuf,
    /// Keeps the profile ours.
    _lock: profile::Lock,
}

impl Browser {
    /// Ends it, and removes what it would leave behind where it had to be killed.
    pub(crate) async fn end(&mut self) {
        self.child.end().await;
        if let Err(error) = profile::clear(&self.profile_dir) {
            tracing::warn!(%error, "left behind by the browser");
        }
    }
}

/// Starts it. It shows its first page some time later.
pub(crate) async fn start(
    program: &Path,
    config: &Config,
    display: &Display,
    (fence, sandbox): (&Fence, Sandbox),
) -> Result<Browser, StartFailure> {
    let lock = profile::lock(&config.profile_dir).await?;
    write_quiet(config).map_err(|error| crate::privilege::unusable(&config.runtime_dir, &error))?;
    let mut command = fence
        .around(Path::new("/bin/sh"))
        .map_err(|_| StartFailure::BrowserMissing)?;
    command
        .args(["-c", PIPE, "sh"])
        .arg(program)
        .args(arguments(config, sandbox))
        .args(&config.browser_args)
        .arg(&config.start_url);
    environment(&mut command, config, display);
    keep_programs_away(&mut command, config);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = Child::start("Chromium", command).map_err(|_| StartFailure::BrowserMissing)?;
    relay_log("Chromium", child.take_stderr());
    let (Some(to), Some(from)) = (child.take_stdin(), child.take_stdout()) else {
        return Err(StartFailure::Exited { code: None });
    };
    let (cdp, events) = Cdp::start(to, from);
    let (showing, shown) = watch::channel(false);
    let keeping = windows::keep_full(cdp.clone(), events, showing);
    tokio::spawn(async move {
        if let Err(error) = keeping.await {
            tracing::error!(%error, "the browser does not answer");
        }
    });
    Ok(Browser {
        child,
        cdp,
        shown,
        profile_dir: config.profile_dir.clone(),
        _lock: lock,
    })
}

/// Waits until a browser shows a page; an error when it does not in time.
pub(crate) async fn shows(mut shown: watch::Receiver<bool>) -> Result<(), StartFailure> {
    match tokio::time::timeout(START_LIMIT, shown.wait_for(|it| *it)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(StartFailure::Exited { code: None }),
        Err(_) => Err(StartFailure::TimedOut),
    }
}

/// Has Chromium find a program in the place of those that open addresses for others: what it opens so
/// would come up on a screen that only streamed pages are on. The person is asked outside, by the app.
fn keep_programs_away(command: &mut Command, config: &Config) {
    const OPENERS: [&str; 2] = ["xdg-open", "xdg-email"];
    let folder = config.runtime_dir.join("programs");
    let made = std::fs::create_dir_all(&folder).and_then(|()| {
        OPENERS.iter().try_for_each(|name| {
            let path = folder.join(name);
            std::fs::write(&path, "#!/bin/sh\n")?;
            std::fs::set_permissions(&path, Permissions::from_mode(0o700))
        })
    });
    if let Err(error) = made {
        tracing::warn!(%error, "Chromium may open other programs");
    }
    let before = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder).chain(std::env::split_paths(&before));
    if let Ok(path) = std::env::join_paths(all) {
        command.env("PATH", path);
    }
}

fn environment(command: &mut Command, config: &Config, display: &Display) {
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let writable = |it: &Path| rustix::fs::access(it, rustix::fs::Access::WRITE_OK).is_ok();
    if !home.is_some_and(|it| writable(&it)) {
        let home = config.profile_dir.join("home");
        if let Err(error) = std::fs::create_dir_all(&home) {
            tracing::warn!(%error, "home");
        }
        command.env("HOME", home);
    }
    command
        .env("DISPLAY", display.address.name())
        .env("XAUTHORITY", &display.authority)
        .env("GDK_BACKEND", "x11")
        .env("NO_AT_BRIDGE", "1")
        .env_remove("KONEKO_STAGE")
        .env_remove("GST_REGISTRY_DISABLE");
}

fn arguments(config: &Config, sandbox: Sandbox) -> Vec<String> {
    let screen = (config.screen.width, config.screen.height);
    let profile = config.profile_dir.display().to_string();
    let quiet = quiet(config).display().to_string();
    let mut all = chromium::arguments(&profile, &quiet, screen, config.scale_percent);
    all.push("--remote-debugging-pipe".to_owned());
    match sandbox {
        Sandbox::Namespaces => all.push("--disable-setuid-sandbox".to_owned()),
        Sandbox::Helper => {}
        Sandbox::None => all.push("--no-sandbox".to_owned()),
    }
    if small_shared_memory() {
        all.push("--disable-dev-shm-usage".to_owned());
    }
    all
}

/// Where the extension lies that keeps Chromium's news of downloads out of the picture.
fn quiet(config: &Config) -> PathBuf {
    config.runtime_dir.join("quiet")
}

fn write_quiet(config: &Config) -> std::io::Result<()> {
    let folder = quiet(config);
    std::fs::create_dir_all(&folder)?;
    for (name, text) in chromium::QUIET {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Containers often have 64 MiB, which a few pages fill.
fn small_shared_memory() -> bool {
    const ENOUGH: u64 = 512 << 20;
    rustix::fs::statvfs("/dev/shm").map_or(true, |it| it.f_blocks * it.f_frsize < ENOUGH)
}

/// The codec's name as Neko has it.
pub(crate) fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Vp8 => "vp8",
        Codec::H264 => "h264",
    }
}
