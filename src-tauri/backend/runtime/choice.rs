//! Which kind of engine serves.

mod claims;
mod data;
mod moving;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::event::FoundEngine;
use duotab_core::fault::EngineFault;
use duotab_core::message::{Encoder, ProfileName, SessionId};
use duotab_core::node::{EngineHealth, NodeId};
use duotab_core::streaming::Looked;
use tokio::sync::{OnceCell, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::worker::Workers;
use super::docker::{Docker, DockerConfig, Owner, Swarm};
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

/// What serves a session.
#[derive(Clone, Debug)]
enum Server {
    /// One of this machine's kinds.
    Here(Kind),
    /// A worker's engine, which stays reachable for as long as it serves anything.
    There(Arc<Docker>),
    /// A Swarm, the same.
    Fleet(Arc<Swarm>),
}

/// All engines of this machine, and those of its workers. Dropped, it lets go of them, and they live on.
#[derive(Debug)]
pub struct Runtime {
    choice: Choice,
    settled: OnceCell<Kind>,
    embedded: Embedded,
    docker: Docker,
    /// What serves a session: one that was found may be of the kind that is not chosen now.
    serving: Mutex<HashMap<SessionId, Server>>,
    workers: Workers,
    owner: Owner,
    news: mpsc::Sender<EngineNews>,
    _end_of_life: DropGuard,
}

impl Runtime {
    /// Starts nothing yet. The receiver tells of what happens to engines although nobody asked.
    #[must_use]
    pub fn new(with: RuntimeConfig) -> (Self, mpsc::Receiver<EngineNews>) {
        let swarms = with.embedded.profiles_dir.with_file_name("swarm");
        let sockets = with.embedded.run_dir.join("ssh");
        let (embedded, ended) = Embedded::new(with.embedded);
        let far = DockerConfig {
            sockets: Some(sockets),
            // What is kept is of the engine here; there each life of the app begins anew, with the
            // image that is set.
            kept: String::new(),
            volumes: String::new(),
            update_every: None,
            ..with.docker.clone()
        };
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
            owner: far.owner.clone(),
            serving: Mutex::default(),
            workers: Workers::new(far, swarms, to_app.clone()),
            news: to_app,
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
            return Some(self.find_here().await);
        }
        let worker = self.workers.get(node)?;
        let mut found = worker.find_if_there().await.ok()?;
        for engine in &found {
            self.serves(engine.session, Server::There(Arc::clone(&worker)));
        }
        if let Some(swarm) = self.workers.swarm(node)
            && self.workers.brings(&worker.manages().await.ok()?, node)
        {
            let services = swarm.find().await.ok()?;
            for engine in &services {
                self.serves(engine.session, Server::Fleet(Arc::clone(&swarm)));
            }
            found.extend(services);
        }
        Some(found)
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
            self.serves(engine.session, Server::Here(Kind::Embedded));
        }
        for engine in containers {
            // A session is of one kind. What cannot be is not healthy.
            if found.iter().all(|other| other.session != engine.session) {
                self.serves(engine.session, Server::Here(Kind::Docker));
                found.push(engine);
            }
        }
        found
    }

    /// Starts an engine on a machine. On any error, cancel included, nothing of it is left. A session
    /// whose engine runs already keeps it. `fetched` hears how much of the engine's image is there,
    /// in percent, while it is being fetched.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn start(
        &self,
        spec: StartSpec,
        node: &NodeId,
        cancel: CancellationToken,
        fetched: &(dyn Fn(u8) + Send + Sync),
    ) -> Result<Endpoint, StartError> {
        if node.in_swarm().is_some() {
            let swarm = self.workers.swarm(node).ok_or(StartError::NodeGone)?;
            self.serves(spec.session, Server::Fleet(Arc::clone(&swarm)));
            return swarm.start(spec, node, cancel, fetched).await;
        }
        if *node != NodeId::host() {
            let worker = self.workers.get(node).ok_or(StartError::NodeGone)?;
            self.serves(spec.session, Server::There(Arc::clone(&worker)));
            return worker.start(spec, cancel, fetched).await;
        }
        let settled = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(StartError::Cancelled),
            settled = self.settle() => settled,
        };
        let kind = settled.unwrap_or(Kind::Embedded);
        self.serves(spec.session, Server::Here(kind));
        match kind {
            Kind::Embedded => {
                let session = spec.session;
                let started = self.embedded.start(spec, cancel).await;
                if started.is_ok() {
                    self.encodes_here(session);
                }
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
    pub async fn adopt(&self, session: SessionId, node: &NodeId) -> Result<Endpoint, StartError> {
        match self.server(session, node).ok_or(StartError::NodeGone)? {
            Server::Here(Kind::Embedded) => {
                self.encodes_here(session);
                self.embedded.adopt(session).await
            }
            Server::Here(Kind::Docker) => self.docker.adopt(session).await,
            Server::There(worker) => worker.adopt(session).await,
            Server::Fleet(swarm) => swarm.adopt(session).await,
        }
    }

    /// Lets an engine sleep: it uses no CPU until [`Runtime::resume`].
    ///
    /// # Errors
    /// If it does not run, or does not do it.
    pub async fn suspend(&self, session: SessionId, node: &NodeId) -> Result<(), EngineError> {
        match self.server(session, node).ok_or(EngineError::Gone)? {
            Server::Here(Kind::Embedded) => self.embedded.suspend(session).await,
            Server::Here(Kind::Docker) => self.docker.suspend(session).await,
            Server::There(worker) => worker.suspend(session).await,
            Server::Fleet(swarm) => swarm.suspend(session).await,
        }
    }

    /// Wakes an engine. No harm if it was awake.
    ///
    /// # Errors
    /// If it does not run, or does not answer.
    pub async fn resume(&self, session: SessionId, node: &NodeId) -> Result<Endpoint, EngineError> {
        match self.server(session, node).ok_or(EngineError::Gone)? {
            Server::Here(Kind::Embedded) => self.embedded.resume(session).await,
            Server::Here(Kind::Docker) => self.docker.resume(session).await,
            Server::There(worker) => worker.resume(session).await,
            Server::Fleet(swarm) => swarm.resume(session).await,
        }
    }

    /// Ends an engine, running, half-started, found or not there at all, and removes all of it but
    /// the profile's data.
    ///
    /// # Errors
    /// If something stays.
    pub async fn stop(&self, session: SessionId, node: &NodeId) -> Result<(), EngineError> {
        let stopped = match self.server(session, node) {
            Some(Server::Here(Kind::Embedded)) => self.embedded.stop(session).await,
            Some(Server::Here(Kind::Docker)) => self.docker.stop(session).await,
            Some(Server::There(worker)) => worker.stop(session).await,
            Some(Server::Fleet(swarm)) => swarm.stop(session).await,
            // Nobody knows the way any more; what runs there ends when its lease does.
            None => Err(EngineError::Gone),
        };
        self.serving().remove(&session);
        stopped
    }

    /// The next time, a profile's volume is taken from whatever copy of the app has it.
    pub fn take_profile(&self, profile: &ProfileName) {
        self.owner.want(profile);
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
        self.workers.close_home_network(closed);
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

    /// What is no container has the processor alone.
    fn encodes_here(&self, session: SessionId) {
        // Whoever does not listen need not know.
        let news = EngineNews::Encodes(session, Encoder::Software);
        let _ = self.news.try_send(news);
    }

    fn serving(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Server>> {
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serves(&self, session: SessionId, server: Server) {
        self.serving().insert(session, server);
    }

    /// What serves a session, or would; `None` where the machine is no worker any more.
    fn server(&self, session: SessionId, node: &NodeId) -> Option<Server> {
        if let Some(known) = self.serving().get(&session) {
            return Some(known.clone());
        }
        if node.in_swarm().is_some() {
            return self.workers.swarm(node).map(Server::Fleet);
        }
        if *node != NodeId::host() {
            return self.workers.get(node).map(Server::There);
        }
        Some(Server::Here(match self.choice {
            Choice::Embedded => Kind::Embedded,
            Choice::Docker => Kind::Docker,
            Choice::Auto => self.settled.get().copied().unwrap_or(Kind::Embedded),
        }))
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
