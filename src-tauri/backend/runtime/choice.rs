//! Which kind of engine serves.

mod data;
mod worker;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use duotab_core::event::FoundEngine;
use duotab_core::fault::EngineFault;
use duotab_core::message::SessionId;
use duotab_core::node::{EngineHealth, NodeId};
use duotab_core::streaming::Looked;
use duotab_core::worker::Worker;
use tokio::sync::{OnceCell, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::docker::{Docker, DockerConfig};
use super::embedded::{Embedded, EmbeddedConfig};
use super::{EngineEnded, EngineError, EngineNews, StartError, StartSpec};
use crate::endpoint::Endpoint;

/// News that nobody has taken note of yet.
const NEWS_LIMIT: usize = 64;

/// Which kind of engine is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Containers where a container engine answers, else processes. Settled at the first question:
    /// a profile's data are not the same in the two.
    #[default]
    Auto,
    /// Processes of this machine.
    Embedded,
    /// Containers.
    Docker,
}

impl std::str::FromStr for Choice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" | "" => Ok(Self::Auto),
            "embedded" => Ok(Self::Embedded),
            "docker" | "podman" => Ok(Self::Docker),
            _ => Err(()),
        }
    }
}

/// How engines are started.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// Which kind.
    pub choice: Choice,
    /// As processes.
    pub embedded: EmbeddedConfig,
    /// In containers.
    pub docker: DockerConfig,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Embedded,
    Docker,
}

/// All engines of this machine. Dropped, it lets go of them, and they live on.
#[derive(Debug)]
pub struct Runtime {
    choice: Choice,
    settled: OnceCell<Kind>,
    embedded: Embedded,
    docker: Docker,
    /// Which kind serves a session: one that was found may be of the kind that is not chosen now.
    serving: Mutex<HashMap<SessionId, Kind>>,
    news: mpsc::Sender<EngineNews>,
    workers: Mutex<Vec<Worker>>,
    _end_of_life: DropGuard,
}

impl Runtime {
    /// Starts nothing yet. The receiver tells of what happens to engines although nobody asked.
    #[must_use]
    pub fn new(with: RuntimeConfig) -> (Self, mpsc::Receiver<EngineNews>) {
        let (embedded, ended) = Embedded::new(with.embedded);
        let (docker, told) = Docker::new(with.docker);
        let (news, receiver) = mpsc::channel(NEWS_LIMIT);
        let to_app = news.clone();
        let life = CancellationToken::new();
        let end = life.clone().drop_guard();
        tokio::spawn(async move {
            tokio::select! {
                () = life.cancelled() => {}
                () = pass_on(ended, told, news) => {}
            }
        });
        let runtime = Self {
            choice: with.choice,
            settled: OnceCell::new(),
            embedded,
            docker,
            serving: Mutex::default(),
            news: to_app,
            workers: Mutex::default(),
            _end_of_life: end,
        };
        (runtime, receiver)
    }

    /// Whether engines can be started now.
    pub async fn health(&self) -> EngineHealth {
        match self.settle().await {
            Ok(Kind::Embedded) => self.embedded.health(),
            Ok(Kind::Docker) => match self.docker.health().await {
                Ok(()) => EngineHealth::Healthy,
                Err(fault) => EngineHealth::Away(fault),
            },
            // With neither, the person is told of the one that is half there.
            Err(EngineFault::NotInstalled) => self.embedded.health(),
            Err(fault) => EngineHealth::Away(fault),
        }
    }

    /// What runs on a node, by its labels alone. What is dead, half-started or another install's is
    /// removed. What is being started, stopped or changed right now is left out.
    ///
    /// `None` if the node cannot be asked.
    pub async fn find(&self, node: &NodeId) -> Option<Vec<FoundEngine>> {
        if *node == NodeId::host() {
            Some(self.find_here().await)
        } else {
            None
        }
    }

    async fn find_here(&self) -> Vec<FoundEngine> {
        let processes = async { self.embedded.find().await };
        let containers = async {
            match self.choice {
                Choice::Embedded => Vec::new(),
                Choice::Auto | Choice::Docker => self.docker.find().await,
            }
        };
        let (mut found, containers) = tokio::join!(processes, containers);
        for engine in &found {
            self.serves(engine.session, Kind::Embedded);
        }
        for engine in containers {
            // A session is of one kind. What cannot be is not healthy.
            if found.iter().all(|other| other.session != engine.session) {
                self.serves(engine.session, Kind::Docker);
                found.push(engine);
            }
        }
        found
    }

    /// Starts an engine. On any error, cancel included, nothing of it is left. A session whose
    /// engine runs already keeps it. `fetched` hears how much of the engine's image is there, in
    /// percent, while it is being fetched.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn start(
        &self,
        spec: StartSpec,
        cancel: CancellationToken,
        fetched: &(dyn Fn(u8) + Send + Sync),
    ) -> Result<Endpoint, StartError> {
        let settled = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(StartError::Cancelled),
            settled = self.settle() => settled,
        };
        let kind = settled.unwrap_or(Kind::Embedded);
        self.serves(spec.session, kind);
        match kind {
            Kind::Embedded => {
                let session = spec.session;
                let started = self.embedded.start(spec, cancel).await;
                if started.is_ok() && self.embedded.is_sandboxed(session) == Some(false) {
                    // Whoever does not listen need not know.
                    let _ = self.news.try_send(EngineNews::Unsandboxed(session));
                }
                started
            }
            Kind::Docker => self.docker.start(spec, cancel, fetched).await,
        }
    }

    /// Takes over what [`Runtime::find`] found. What does not answer is removed.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn adopt(&self, session: SessionId) -> Result<Endpoint, StartError> {
        match self.kind(session) {
            Kind::Embedded => self.embedded.adopt(session).await,
            Kind::Docker => self.docker.adopt(session).await,
        }
    }

    /// Lets an engine sleep: it uses no CPU until [`Runtime::resume`].
    ///
    /// # Errors
    /// If it does not run, or does not do it.
    pub async fn suspend(&self, session: SessionId) -> Result<(), EngineError> {
        match self.kind(session) {
            Kind::Embedded => self.embedded.suspend(session).await,
            Kind::Docker => self.docker.suspend(session).await,
        }
    }

    /// Wakes an engine. No harm if it was awake.
    ///
    /// # Errors
    /// If it does not run, or does not answer.
    pub async fn resume(&self, session: SessionId) -> Result<Endpoint, EngineError> {
        match self.kind(session) {
            Kind::Embedded => self.embedded.resume(session).await,
            Kind::Docker => self.docker.resume(session).await,
        }
    }

    /// Ends an engine, running, half-started, found or not there at all, and removes all of it but
    /// the profile's data.
    ///
    /// # Errors
    /// If something stays.
    pub async fn stop(&self, session: SessionId) -> Result<(), EngineError> {
        let stopped = match self.kind(session) {
            Kind::Embedded => self.embedded.stop(session).await,
            Kind::Docker => self.docker.stop(session).await,
        };
        self.serving().remove(&session);
        stopped
    }

    /// Fetches the newer image that was offered: see [`Docker::fetch_update`].
    pub async fn fetch_update(&self) {
        self.docker.fetch_update().await;
    }

    /// Asks for a newer image: see [`Docker::look_for_update`].
    pub async fn look_for_update(&self) -> Looked {
        self.docker.look_for_update().await
    }

    /// Closes the home network to the containers that are started from now on, or opens it.
    pub fn close_home_network(&self, closed: bool) {
        self.docker.close_home_network(closed);
    }

    /// Whether engines are containers, or will be when there are any.
    #[must_use]
    pub fn is_contained(&self) -> bool {
        match self.choice {
            Choice::Embedded => false,
            Choice::Docker => true,
            Choice::Auto => self.settled.get() != Some(&Kind::Embedded),
        }
    }

    /// The kind that serves from now on. Settled once, if anything is there to serve.
    async fn settle(&self) -> Result<Kind, EngineFault> {
        match self.choice {
            Choice::Embedded => Ok(Kind::Embedded),
            Choice::Docker => Ok(Kind::Docker),
            Choice::Auto => {
                let look = || async {
                    let kind = match self.docker.health().await {
                        Ok(()) => Kind::Docker,
                        // What only containers can keep from a browser is not given to it because
                        // they are away; where there can be none, the settings say so.
                        Err(fault)
                            if self.docker.closes_home() && fault != EngineFault::NotInstalled =>
                        {
                            return Err(fault);
                        }
                        Err(_) if self.embedded.health() == EngineHealth::Healthy => Kind::Embedded,
                        Err(fault) => return Err(fault),
                    };
                    tracing::info!(?kind, "engines are of this kind");
                    Ok(kind)
                };
                self.settled.get_or_try_init(look).await.copied()
            }
        }
    }

    fn serving(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Kind>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serves(&self, session: SessionId, kind: Kind) {
        self.serving().insert(session, kind);
    }

    fn kind(&self, session: SessionId) -> Kind {
        let known = self.serving().get(&session).copied();
        known.unwrap_or_else(|| match self.choice {
            Choice::Embedded => Kind::Embedded,
            Choice::Docker => Kind::Docker,
            Choice::Auto => self.settled.get().copied().unwrap_or(Kind::Embedded),
        })
    }
}

/// Both kinds' news, until both are silent or nobody listens.
async fn pass_on(
    mut ended: mpsc::Receiver<EngineEnded>,
    mut told: mpsc::Receiver<EngineNews>,
    news: mpsc::Sender<EngineNews>,
) {
    loop {
        let next = tokio::select! {
            Some(ended) = ended.recv() => EngineNews::Ended(ended),
            Some(told) = told.recv() => told,
            else => return,
        };
        if news.send(next).await.is_err() {
            return;
        }
    }
}
