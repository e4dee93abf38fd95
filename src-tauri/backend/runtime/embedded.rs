//! Engines on this machine without a container engine: one koneko process per session.
//!
//! Each koneko leads a process session of its own and outlives the app. What it was started for
//! stands in its configuration below the run folder, and in its arguments: by these labels alone
//! it is found again.

mod config;
mod control;
mod data;
mod folder;
mod found;
mod launch;
mod process;
mod profile;
mod programs;
mod readable;
mod slot;
mod status;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duotab_core::event::FoundEngine;
use duotab_core::message::{SessionId, StartFailure};
use duotab_core::node::EngineHealth;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::config::{Screen, Size};
use self::control::Control;
pub(super) use self::data::{Arriving, Leaving};
use self::folder::Folder;
use self::launch::Launched;
use self::slot::{Running, Slot};
use super::{EngineEnded, EngineError, StartError, StartSpec};
use crate::dirs::Dirs;
use crate::endpoint::Endpoint;

/// koneko gives Chromium 6 s to write what it has (cookies, history) before it kills it.
const STOP_GRACE: Duration = Duration::from_secs(10);
/// Ends that nobody has taken note of yet. More cannot run on one machine.
const ENDED_LIMIT: usize = 64;

/// How engines are started here.
#[derive(Clone, Debug)]
pub struct EmbeddedConfig {
    /// The koneko program.
    pub koneko: PathBuf,
    /// Where running engines keep status, configuration and log; best in memory.
    pub run_dir: PathBuf,
    /// Where profiles are kept.
    pub profiles_dir: PathBuf,
    /// The install's id, from the store.
    pub install: String,
    /// Chromium's path; `None` looks in the search path.
    pub browser: Option<PathBuf>,
    /// More arguments for it.
    pub browser_args: Vec<String>,
    /// The screen to begin with.
    pub screen: Screen,
    /// The largest screen there will be.
    pub max_screen: Size,
    /// `vp8` or `h264`.
    pub codec: String,
    /// After how long without anyone koneko ends by itself.
    pub idle_exit: Duration,
    /// How long a start may take.
    pub start_limit: Duration,
    /// The folders that programs are looked for in, as in `PATH`.
    pub search_path: OsString,
}

impl EmbeddedConfig {
    /// The usual, in these folders.
    #[must_use]
    pub fn new(koneko: PathBuf, dirs: &Dirs, install: String) -> Self {
        Self {
            koneko,
            run_dir: dirs.run.clone(),
            profiles_dir: dirs.profiles(),
            install,
            browser: None,
            browser_args: Vec::new(),
            screen: Screen {
                width: 1280,
                height: 720,
                rate: 30,
            },
            max_screen: Size {
                width: 3840,
                height: 2160,
            },
            codec: "vp8".to_owned(),
            idle_exit: Duration::from_secs(600),
            // Longer than koneko gives each of its own steps, which it tells more about.
            start_limit: Duration::from_secs(60),
            search_path: std::env::var_os("PATH").unwrap_or_default(),
        }
    }
}

/// All engines of this machine. Dropped, it lets go of them, and they live on.
#[derive(Debug)]
pub struct Embedded {
    with: EmbeddedConfig,
    control: Control,
    slots: Mutex<HashMap<SessionId, Arc<Slot>>>,
    ended: mpsc::Sender<EngineEnded>,
    life: CancellationToken,
    _end_of_life: DropGuard,
}

impl Embedded {
    /// Start nothing yet. The receiver tells of engines that end although nobody asked them to.
    #[must_use]
    pub fn new(with: EmbeddedConfig) -> (Self, mpsc::Receiver<EngineEnded>) {
        let (ended, receiver) = mpsc::channel(ENDED_LIMIT);
        let life = CancellationToken::new();
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let with = EmbeddedConfig {
            koneko: absolute(&with.koneko),
            run_dir: absolute(&with.run_dir),
            profiles_dir: absolute(&with.profiles_dir),
            ..with
        };
        let embedded = Self {
            with,
            control: Control::new(),
            slots: Mutex::default(),
            ended,
            _end_of_life: life.clone().drop_guard(),
            life,
        };
        (embedded, receiver)
    }

    /// Whether all that an engine needs is on this machine. Looks at some files; blocks for less
    /// than a millisecond.
    #[must_use]
    pub fn health(&self) -> EngineHealth {
        let with = &self.with;
        let missing = programs::missing(&with.koneko, with.browser.as_deref(), &with.search_path);
        if missing.is_empty() {
            EngineHealth::Healthy
        } else {
            EngineHealth::Unhealthy(missing.join("; "))
        }
    }

    /// What runs here, by its labels alone. What is dead, half-started or another install's is
    /// removed. What is being started, stopped or changed right now is left out.
    pub async fn find(&self) -> Vec<FoundEngine> {
        let profiles = self.with.profiles_dir.clone();
        let _swept = tokio::task::spawn_blocking(move || data::sweep(&profiles)).await;
        let looks = found::sessions(&self.with.run_dir)
            .into_iter()
            .map(|session| async move {
                let slot = self.slot(session);
                let running = slot.running.try_lock().ok()?;
                found::look(&self.with, &self.control, session, running.as_ref()).await
            });
        futures_util::future::join_all(looks)
            .await
            .into_iter()
            .flatten()
            .collect()
    }

    /// Start an engine. On any error, cancel included, nothing of it is left. A session whose
    /// engine runs already keeps it.
    pub async fn start(
        &self,
        spec: StartSpec,
        cancel: CancellationToken,
    ) -> Result<Endpoint, StartError> {
        let session = spec.session;
        let slot = self.slot(session);
        // `stop` cancels it as well.
        let cancel = cancel.child_token();
        slot.start.begins(&cancel);
        let mut running = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(StartError::Cancelled),
            running = slot.running.lock() => running,
        };
        if let Some(engine) = running.as_ref().filter(|engine| !engine.is_over()) {
            return Ok(engine.endpoint.clone());
        }
        *running = None;
        let left_over = Folder::of(&self.with.run_dir, session);
        found::clear(&self.with, &left_over, STOP_GRACE).await;
        let launched = launch::launch(&self.with, &self.control, spec, &cancel).await?;
        let pid = launched.process.pid().as_raw_pid();
        tracing::info!(session = session.0, pid, "engine started");
        let endpoint = launched.endpoint.clone();
        *running = Some(self.watch(session, launched));
        Ok(endpoint)
    }

    /// Take over what [`Embedded::find`] found. What does not answer is removed.
    pub async fn adopt(&self, session: SessionId) -> Result<Endpoint, StartError> {
        let slot = self.slot(session);
        let mut running = slot.running.lock().await;
        self.hold(session, &mut running).await
    }

    /// Let an engine sleep: its processes use no CPU until [`Embedded::resume`].
    pub async fn suspend(&self, session: SessionId) -> Result<(), EngineError> {
        let slot = self.slot(session);
        let mut running = slot.running.lock().await;
        let endpoint = self
            .hold(session, &mut running)
            .await
            .map_err(|_| EngineError::Gone)?;
        let done = self.control.suspend(&endpoint).await;
        done.map_err(|refusal| answer(running.as_ref(), &refusal))
    }

    /// Wake an engine. No harm if it was awake.
    pub async fn resume(&self, session: SessionId) -> Result<Endpoint, EngineError> {
        let slot = self.slot(session);
        let mut running = slot.running.lock().await;
        let endpoint = self
            .hold(session, &mut running)
            .await
            .map_err(|_| EngineError::Gone)?;
        let done = self.control.resume(&endpoint).await;
        done.map(|()| endpoint)
            .map_err(|refusal| answer(running.as_ref(), &refusal))
    }

    /// End an engine, running, half-started, found or not there at all, and remove all of it but
    /// the profile's data. Takes up to some seconds, for Chromium to write what it has.
    pub async fn stop(&self, session: SessionId) -> Result<(), EngineError> {
        let slot = self.slot(session);
        slot.start.give_up();
        let mut running = slot.running.lock().await;
        let taken = match running.take() {
            Some(engine) => engine.take_back().await,
            None => None,
        };
        let mut left = 0;
        if let Some(mut process) = taken {
            left += process.end(STOP_GRACE).await;
        }
        let folder = Folder::of(&self.with.run_dir, session);
        left += found::clear(&self.with, &folder, STOP_GRACE).await;
        drop(running);
        self.forget(session, slot);
        if left == 0 {
            Ok(())
        } else {
            Err(EngineError::Stuck(left))
        }
    }

    fn slot(&self, session: SessionId) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(session).or_default())
    }

    /// Drop a slot that nobody else uses: sessions come and go.
    fn forget(&self, session: SessionId, slot: Arc<Slot>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and ours.
        if Arc::strong_count(&slot) <= 2 {
            slots.remove(&session);
        }
    }

    /// The endpoint of the running engine, adopted first if need be.
    async fn hold(
        &self,
        session: SessionId,
        running: &mut Option<Running>,
    ) -> Result<Endpoint, StartError> {
        if let Some(engine) = running.as_ref().filter(|engine| !engine.is_over()) {
            return Ok(engine.endpoint.clone());
        }
        *running = None;
        let folder = Folder::of(&self.with.run_dir, session);
        match found::grasp(&self.with, &self.control, &folder).await {
            Some(launched) => {
                let pid = launched.process.pid().as_raw_pid();
                tracing::info!(session = session.0, pid, "engine adopted");
                let endpoint = launched.endpoint.clone();
                *running = Some(self.watch(session, launched));
                Ok(endpoint)
            }
            None => {
                let log = folder.log();
                found::clear(&self.with, &folder, STOP_GRACE).await;
                Err(StartError::Failed {
                    failure: StartFailure::Exited { code: None },
                    log,
                })
            }
        }
    }

    /// Whether the browser of an engine that serves has a sandbox of its own.
    #[must_use]
    pub fn is_sandboxed(&self, session: SessionId) -> Option<bool> {
        match Folder::of(&self.with.run_dir, session).status()? {
            status::Status::Ready { sandboxed, .. } => Some(sandboxed),
            _ => None,
        }
    }

    fn watch(&self, session: SessionId, launched: Launched) -> Running {
        Running::watch(session, launched, &self.life, self.ended.clone())
    }
}

/// What a refusal means: the engine may have ended under the question.
fn answer(running: Option<&Running>, refusal: &control::Refusal) -> EngineError {
    if running.is_some_and(Running::lives) {
        EngineError::Unreachable(refusal.to_string())
    } else {
        EngineError::Gone
    }
}
