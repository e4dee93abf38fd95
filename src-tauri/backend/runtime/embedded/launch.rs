//! From nothing to an engine that serves, or back to nothing.
//!
//! Whatever happens on the way (failure, limit, cancel, the future itself dropped) what was made
//! is undone: the process group killed, the folder removed, the profile let go.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use duotab_core::message::StartFailure;
use tokio::process::Command;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::config::{KonekoConfig, Screen};
use super::control::{self, Control};
use super::folder::Folder;
use super::process::Process;
use super::profile::{Profile, make_folder, unwritable};
use super::status::{Status, Watch};
use super::{EmbeddedConfig, programs};
use crate::endpoint::{Cdp, Endpoint, Secret, ShelfWay};
use crate::runtime::{StartError, StartSpec, random_password};

/// How long a half-started engine may take to put itself away. Nothing of worth is in it yet.
const UNDO_GRACE: Duration = Duration::from_secs(1);

/// An engine that serves.
#[derive(Debug)]
pub(super) struct Launched {
    pub(super) process: Process,
    pub(super) folder: Folder,
    pub(super) endpoint: Endpoint,
}

pub(super) async fn launch(
    with: &EmbeddedConfig,
    control: &Control,
    spec: StartSpec,
    cancel: &CancellationToken,
) -> Result<Launched, StartError> {
    let limit = Instant::now() + with.start_limit;
    let missing = |program: &str| {
        StartError::bare(StartFailure::ProgramMissing {
            program: program.to_owned(),
        })
    };
    if !programs::is_program(&with.koneko) {
        return Err(missing("koneko"));
    }
    let setsid = programs::find("setsid", &with.search_path).ok_or_else(|| missing("setsid"))?;

    // On a thread of its own: a home on a network may take its time.
    let mut preparing = tokio::task::spawn_blocking({
        let with = with.clone();
        move || Prepared::make(&with, &spec)
    });
    let prepared = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(StartError::Cancelled),
        () = sleep_until(limit) => Err(StartError::bare(StartFailure::TimedOut)),
        prepared = &mut preparing => Ok(prepared),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared
            .unwrap_or(Err(StartFailure::Exited { code: None }))
            .map_err(StartError::bare)?,
        Err(given_up) => {
            // What the thread still makes is undone once it is done: mostly before we return.
            let _made_and_dropped = timeout(UNDO_GRACE, preparing).await;
            return Err(given_up);
        }
    };
    let mut half = prepared.spawn(with, setsid).map_err(StartError::bare)?;
    let served = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(StartError::Cancelled),
        () = sleep_until(limit) => Err(StartError::bare(StartFailure::TimedOut)),
        served = half.serves(control) => served.map_err(StartError::bare),
    };
    match served {
        Ok(endpoint) => half.keep(endpoint),
        Err(error) => Err(half.undo(error).await),
    }
}

/// Who logs in to an engine of this configuration, at this port.
pub(super) fn endpoint(config: &KonekoConfig, port: u16) -> Option<Endpoint> {
    Some(Endpoint {
        base: control::base(port)?,
        via: None,
        seen_at: None,
        relay: None,
        username: config.username.clone(),
        password: Secret::new(config.password.clone()),
        login: None,
        cdp: Cdp::KonekoRelay,
        shelf: ShelfWay::Koneko,
    })
}

/// Files only. Dropped, they are removed.
struct Prepared {
    config: KonekoConfig,
    /// `None` once it belongs to a process.
    folder: Option<Folder>,
    log: Option<std::fs::File>,
    profile: Profile,
}

impl Prepared {
    fn make(with: &EmbeddedConfig, spec: &StartSpec) -> Result<Self, StartFailure> {
        make_folder(&with.run_dir).map_err(|error| unwritable(&with.run_dir, &error))?;
        let folder = Folder::of(&with.run_dir, spec.session);
        // What is private lies with what goes when the engine goes.
        let profile = if spec.profile.is_private() {
            Profile::passing(&with.run_dir, folder.path())
        } else {
            Profile::take(&with.profiles_dir, &spec.profile)
        }?;
        let config = KonekoConfig {
            session: spec.session.0,
            install: with.install.clone(),
            bind: "127.0.0.1:0".to_owned(),
            username: "duotab".to_owned(),
            password: random_password().ok_or(StartFailure::Exited { code: None })?,
            profile_dir: profile.folder.clone(),
            runtime_dir: folder.path().to_owned(),
            screen: spec.screen.map_or(with.screen, |(width, height)| Screen {
                width,
                height,
                rate: with.screen.rate,
            }),
            max_screen: with.max_screen,
            browser: with.browser.clone(),
            browser_args: with.browser_args.clone(),
            start_url: spec.start_url.clone(),
            scale_percent: spec.scale_percent,
            codec: with.codec.clone(),
            idle_exit_seconds: with.idle_exit.as_secs(),
            memory_mib: spec.memory_mib,
        };
        let log = folder.create(&config);
        let mut prepared = Self {
            config,
            folder: Some(folder),
            log: None,
            profile,
        };
        let unwritable = |error| unwritable(&with.run_dir, &error);
        prepared.log = Some(log.map_err(unwritable)?);
        Ok(prepared)
    }

    /// Start the process. Needs the async runtime, unlike the rest.
    fn spawn(
        mut self,
        with: &EmbeddedConfig,
        setsid: PathBuf,
    ) -> Result<HalfStarted, StartFailure> {
        let gone = StartFailure::Exited { code: None };
        let (Some(folder), Some(log)) = (self.folder.clone(), self.log.take()) else {
            return Err(gone);
        };
        // Before the process is, so that no step of it is missed.
        let watch = Watch::new(folder.path()).map_err(|error| unwritable(folder.path(), &error))?;
        let lock = self.profile.lock.try_clone().map_err(|_| gone.clone())?;
        let child = Command::new(setsid)
            .arg(&with.koneko)
            .arg("--config")
            .arg(folder.config_path())
            // Nothing can be read from the lock, as from /dev/null; it is there to be held.
            .stdin(lock)
            .stdout(Stdio::null())
            .stderr(log)
            .current_dir("/")
            .env("PATH", &with.search_path)
            // The person's own display is none of its business.
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("XAUTHORITY")
            .kill_on_drop(false)
            .spawn()
            .map_err(|error| {
                tracing::error!(%error, "koneko not started");
                StartFailure::ProgramMissing {
                    program: "setsid".to_owned(),
                }
            })?;
        let process = Process::of_child(child).map_err(|_| gone)?;
        let config = self.config.clone();
        self.folder = None;
        Ok(HalfStarted {
            process: Some(process),
            folder,
            watch,
            config,
        })
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            folder.remove();
        }
    }
}

/// A process on its way. Dropped, it is killed, and its files removed.
struct HalfStarted {
    /// `None` once it is kept or undone.
    process: Option<Process>,
    folder: Folder,
    watch: Watch,
    config: KonekoConfig,
}

impl HalfStarted {
    /// Wait until it serves, without a limit.
    async fn serves(&mut self, control: &Control) -> Result<Endpoint, StartFailure> {
        let gone = StartFailure::Exited { code: None };
        let port = loop {
            match self.folder.status() {
                Some(Status::Ready { port, .. }) => break port,
                Some(Status::Failed { failure, .. }) => return Err(failure),
                Some(Status::Starting { step, .. }) => tracing::debug!(step, "koneko starts"),
                None => {}
            }
            let Some(process) = &mut self.process else {
                return Err(gone);
            };
            tokio::select! {
                changed = self.watch.changed() => changed.map_err(|_| gone.clone())?,
                () = process.ended() => {
                    let (code, _) = process.bury().await;
                    return Err(match self.folder.status() {
                        Some(Status::Failed { failure, .. }) => failure,
                        _ => StartFailure::Exited { code },
                    });
                }
            }
        };
        let endpoint = endpoint(&self.config, port).ok_or(StartFailure::PortTaken)?;
        if control.is_healthy(&endpoint.base).await {
            Ok(endpoint)
        } else {
            Err(StartFailure::TimedOut)
        }
    }

    fn keep(mut self, endpoint: Endpoint) -> Result<Launched, StartError> {
        match self.process.take() {
            Some(process) => Ok(Launched {
                process,
                folder: self.folder.clone(),
                endpoint,
            }),
            None => Err(StartError::bare(StartFailure::Exited { code: None })),
        }
    }

    /// End it, and add the last it said to the error.
    async fn undo(mut self, error: StartError) -> StartError {
        if let Some(process) = &mut self.process {
            process.end(UNDO_GRACE).await;
        }
        let error = match error {
            StartError::Failed { failure, .. } => StartError::Failed {
                failure,
                log: self.folder.log(),
            },
            error => error,
        };
        self.process = None;
        self.folder.remove();
        error
    }
}

impl Drop for HalfStarted {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            process.kill();
            self.folder.remove();
        }
    }
}
