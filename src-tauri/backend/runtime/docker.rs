//! Engines in containers: one Neko per session, on this machine's Docker or Podman, or on that of
//! another machine.
//!
//! Each container bears the install's and the session's id, and outlives the app: by these labels
//! alone it is found again. Whoever may use the engine's socket can become root on this machine;
//! that holds for the app as for any other program of this person.

mod archive;
mod config;
mod context;
mod create;
mod encoder;
mod end;
mod exec;
mod facts;
mod fault;
mod files;
mod flavour;
mod found;
mod gates;
mod held;
mod image;
mod images;
mod known;
mod label;
mod launch;
mod lease;
mod link;
mod litter;
mod login;
mod logs;
mod machine;
mod network;
mod node;
mod owner;
mod pause;
mod pin;
mod place;
mod probe;
mod progress;
mod reach;
mod ready;
mod slot;
#[cfg(test)]
mod stand_in;
mod swarm;
mod up;
mod volume;
mod watch;
mod way;
mod ways;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duotab_core::event::FoundEngine;
use duotab_core::fault::EngineFault;
use duotab_core::message::{Encoder, SessionId, StartFailure};
use duotab_core::node::NodeId;
use duotab_core::worker::EngineContext;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::config::{DockerConfig, IMAGE};
use self::end::{end, remove};
use self::flavour::Flavour;
use self::held::Held;
use self::image::Reference;
use self::images::Images;
use self::known::{Expected, Known};
use self::link::Link;
pub use self::machine::{Device, Machine};
pub use self::node::{Managed, Seen};
pub use self::owner::Owner;
use self::pause::{keep_awake, pause};
pub use self::place::{Address, Surroundings};
use self::slot::Slots;
pub use self::swarm::Swarm;
pub(in crate::runtime) use self::swarm::{Arriving as ArrivingNode, Leaving as LeavingNode};
pub(in crate::runtime) use self::volume::{Arriving, Leaving};
use super::{EngineError, EngineNews, StartError, StartSpec};
use crate::endpoint::Endpoint;

/// How long a woken engine may take to answer.
const WAKE_LIMIT: Duration = Duration::from_secs(5);
/// How long the first look may wait for an engine that does not answer.
const FIND_LIMIT: Duration = Duration::from_secs(10);
/// News that nobody has taken note of yet.
const NEWS_LIMIT: usize = 64;

/// What calls and events share.
#[derive(Debug)]
struct Inner {
    with: DockerConfig,
    known: Known,
    images: Images,
    held: Held,
    home_closed: AtomicBool,
    /// Why another machine's engine cannot be asked, while it cannot.
    away: tokio::sync::watch::Sender<Option<EngineFault>>,
    /// It went away, or came back.
    turned: Notify,
    /// One container at a time is made: no profile may come into two.
    making: tokio::sync::Mutex<()>,
    tasks: volume::Tasks,
    news: mpsc::Sender<EngineNews>,
    life: CancellationToken,
}

impl Inner {
    fn flavour(&self) -> Flavour {
        Flavour::of(Reference::parse(&self.with.image).repository)
    }

    /// Which machine it is on.
    fn node(&self) -> NodeId {
        let worker = self.with.worker.as_ref();
        worker.map_or_else(NodeId::host, |worker| worker.id.clone())
    }

    /// Looks for the engine.
    async fn reach(&self) -> Result<Link, EngineFault> {
        match &self.with.worker {
            Some(worker) => Link::far(&worker.address, self.with.sockets.as_deref()).await,
            None => Link::find(&self.with.surroundings).await,
        }
    }
}

/// All containers of this install. Dropped, it lets go of them, and they live on.
#[derive(Debug)]
pub struct Docker {
    inner: Arc<Inner>,
    /// The engine, once one has answered, and whether containers were looked for in vain before.
    link: tokio::sync::Mutex<(Option<Arc<Link>>, bool)>,
    slots: Slots,
    _end_of_life: DropGuard,
}

impl Docker {
    /// Asks nobody yet. The receiver tells of what happens to engines although nobody asked.
    #[must_use]
    pub fn new(with: DockerConfig) -> (Self, mpsc::Receiver<EngineNews>) {
        let (news, receiver) = mpsc::channel(NEWS_LIMIT);
        let life = CancellationToken::new();
        let images = Images::new(
            with.image.clone(),
            with.surroundings.config_dir.clone(),
            &with.kept,
            news.clone(),
        );
        let docker = Self {
            inner: Arc::new(Inner {
                images,
                held: Held::new(&with.volumes, news.clone()),
                home_closed: AtomicBool::new(with.home_closed),
                with,
                away: tokio::sync::watch::Sender::default(),
                turned: Notify::new(),
                known: Known::default(),
                making: tokio::sync::Mutex::default(),
                tasks: volume::Tasks::default(),
                news,
                life: life.clone(),
            }),
            link: tokio::sync::Mutex::default(),
            slots: Slots::default(),
            _end_of_life: life.drop_guard(),
        };
        (docker, receiver)
    }

    /// Whether the engine answers now.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn health(&self) -> Result<(), EngineFault> {
        self.link().await?.hello().await
    }

    /// What runs here, by its labels alone. What is dead or half-started is removed; what is
    /// another install's is left alone. What is being started, stopped or changed right now is
    /// left out.
    pub async fn find(&self) -> Vec<FoundEngine> {
        match self.find_if_there().await {
            Ok(found) => found,
            Err(fault) => {
                tracing::debug!(?fault, "no containers to look for");
                // Nobody will ask again for what runs there.
                let mut kept = self.link.lock().await;
                match &kept.0 {
                    Some(link) => link.litter.look_again(),
                    None => kept.1 = true,
                }
                Vec::new()
            }
        }
    }

    /// The same, where an engine that cannot be asked is asked again some other time.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub async fn find_if_there(&self) -> Result<Vec<FoundEngine>, EngineFault> {
        let silent = || EngineFault::Silent {
            socket: self.inner.node().0,
        };
        let linked = timeout(FIND_LIMIT, self.link()).await;
        let link = linked.unwrap_or_else(|_| Err(silent()))?;
        link.hello().await?;
        let found = found::all(self, &link).await;
        found.map_err(|error| fault::away(&error, &link.socket).unwrap_or_else(silent))
    }

    /// Starts an engine. On any error, cancel included, nothing of it is left. A session whose
    /// engine runs already keeps it. `fetched` hears how much of the image is there, in percent.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn start(
        &self,
        spec: StartSpec,
        cancel: CancellationToken,
        fetched: &(dyn Fn(u8) + Send + Sync),
    ) -> Result<Endpoint, StartError> {
        let session = spec.session;
        let slot = self.slots.of(session);
        // `stop` cancels it as well.
        let cancel = cancel.child_token();
        slot.start.begins(&cancel);
        let _turn = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(StartError::Cancelled),
            turn = slot.turn.lock() => turn,
        };
        if let Some(held) = self.inner.known.get(session) {
            return Ok(held.endpoint);
        }
        let link = self.link().await.map_err(away)?;
        let launched = tokio::select! {
            biased;
            launched = Box::pin(launch::launch(&self.inner, &link, &spec, &cancel, fetched)) => launched,
            fault = self.inner.lost() => {
                // What there is of it goes when the engine is back.
                self.inner.known.abandon(session);
                self.inner.known.may_come(session, true);
                Err(away(fault))
            }
        };
        let launched = launched.map_err(|error| link.truer(error))?;
        tracing::info!(
            session = session.0,
            container = launched.container,
            "engine started"
        );
        let endpoint = launched.endpoint;
        self.inner
            .known
            .hold(session, launched.container, endpoint.clone());
        self.tell_encoder(session, launched.encoder);
        Ok(endpoint)
    }

    /// Takes over what [`Docker::find`] found, or what somebody has paused. What does not answer
    /// is removed.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn adopt(&self, session: SessionId) -> Result<Endpoint, StartError> {
        let slot = self.slots.of(session);
        let _turn = slot.turn.lock().await;
        let link = self.link().await.map_err(away)?;
        self.hold(&link, session).await
    }

    /// Lets an engine sleep: its processes use no CPU until [`Docker::resume`].
    ///
    /// # Errors
    /// If it does not run, or the engine does not do it.
    pub async fn suspend(&self, session: SessionId) -> Result<(), EngineError> {
        let slot = self.slots.of(session);
        let _turn = slot.turn.lock().await;
        let link = self.link().await.map_err(unreachable)?;
        let held = match self.inner.known.get(session) {
            Some(held) => held,
            None => {
                let taken = self.hold(&link, session).await;
                taken.map_err(|_| EngineError::Gone)?;
                self.inner.known.get(session).ok_or(EngineError::Gone)?
            }
        };
        self.inner.known.expect(session, Expected::Paused);
        let paused = pause(&link, &held.container).await;
        paused.map_err(|error| {
            self.inner.known.expect(session, Expected::Running);
            fault::of_call(&error)
        })
    }

    /// Wakes an engine. No harm if it was awake.
    ///
    /// # Errors
    /// If it does not run, or does not answer.
    pub async fn resume(&self, session: SessionId) -> Result<Endpoint, EngineError> {
        let slot = self.slots.of(session);
        let _turn = slot.turn.lock().await;
        let link = self.link().await.map_err(unreachable)?;
        let held = self.hold(&link, session).await;
        held.map_err(|error| match error {
            StartError::Failed {
                failure: StartFailure::EngineAway { fault },
                ..
            } => unreachable(fault),
            _ => EngineError::Gone,
        })
    }

    /// Ends an engine, running, half-started, found or not there at all, and removes all of it but
    /// the profile's data. Takes up to some seconds, for Chromium to write what it has.
    ///
    /// # Errors
    /// If the engine cannot be asked, or something stays.
    pub async fn stop(&self, session: SessionId) -> Result<(), EngineError> {
        let slot = self.slots.of(session);
        slot.start.give_up();
        let turn = slot.turn.lock().await;
        self.inner.known.let_go(session);
        let stopped = self.end_all(session).await;
        match self.link().await {
            Ok(link) if stopped.is_ok() => {
                self.inner.images.has_served_well(&link, session).await;
            }
            // It goes when the engine is back.
            _ => self.inner.known.abandon(session),
        }
        drop(turn);
        self.slots.forget(session, slot);
        stopped
    }

    /// The engines of other machines that this person already has, by name. Reads small files.
    #[must_use]
    pub fn contexts(with: &DockerConfig) -> Vec<EngineContext> {
        context::all(&with.surroundings)
    }

    /// Closes the home network to the containers that are started from now on, or opens it. Those
    /// that run keep what they have.
    pub fn close_home_network(&self, closed: bool) {
        self.inner.home_closed.store(closed, Ordering::Relaxed);
    }

    pub(super) fn closes_home(&self) -> bool {
        self.inner.home_closed.load(Ordering::Relaxed)
    }

    /// Ends all containers of a session; there is one at most, unless something went wrong.
    async fn end_all(&self, session: SessionId) -> Result<(), EngineError> {
        let link = self.link().await.map_err(unreachable)?;
        let all = label::containers(&link, &self.inner.with).await;
        let all = all.map_err(|error| fault::of_call(&error))?;
        let mut left = 0;
        for ours in all.iter().filter(|ours| ours.session == Some(session)) {
            left += usize::from(!end(&link, &ours.id, ours.state).await);
        }
        match left {
            0 => Ok(()),
            left => Err(EngineError::Stuck(left)),
        }
    }

    /// The way to the engine, found first if need be. From then on its events are heard.
    async fn link(&self) -> Result<Arc<Link>, EngineFault> {
        let mut kept = self.link.lock().await;
        if let Some(link) = &kept.0 {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(self.inner.reach().await?);
        tracing::info!(socket = link.socket, facts = ?link.facts, "engine found");
        kept.0 = Some(Arc::clone(&link));
        // Before anything is waited for: whoever asks may give up.
        let inner = &self.inner;
        tokio::spawn(watch::watch(Arc::clone(inner), Arc::clone(&link)));
        tokio::spawn(images::ask_now_and_then(
            Arc::clone(inner),
            Arc::clone(&link),
        ));
        tokio::spawn(lease::renew(Arc::clone(inner), Arc::clone(&link)));
        tokio::spawn(litter::clear(Arc::clone(inner), Arc::clone(&link)));
        facts::tell(inner, link.facts.unlimited());
        if std::mem::take(&mut kept.1) {
            link.litter.look_again();
            found::sweep(inner, &link).await;
        }
        inner.held.look(&link, &inner.with.install).await;
        Ok(link)
    }

    /// The endpoint of the running engine, adopted and woken first if need be.
    async fn hold(&self, link: &Arc<Link>, session: SessionId) -> Result<Endpoint, StartError> {
        let grasped = found::grasp(&self.inner, link, session).await;
        let Some(launched) =
            grasped.map_err(|error| StartError::bare(fault::of_start(&error, &link.socket)))?
        else {
            self.inner.known.let_go(session);
            return Err(StartError::bare(StartFailure::Exited { code: None }));
        };
        let endpoint = launched.endpoint;
        self.inner
            .known
            .hold(session, launched.container.clone(), endpoint.clone());
        let answers = async {
            tokio::select! {
                () = ready::answers(&endpoint) => {}
                never = keep_awake(link, &launched.container) => match never {},
            }
        };
        let awake = timeout(WAKE_LIMIT, answers).await;
        if awake.is_ok() {
            tracing::debug!(session = session.0, "Neko answers again");
            self.tell_encoder(session, launched.encoder);
            return Ok(endpoint);
        }
        self.inner.known.let_go(session);
        let log = logs::last_lines(link, &launched.container, self.inner.flavour()).await;
        remove(link, &launched.container).await;
        Err(StartError::Failed {
            failure: StartFailure::TimedOut,
            log,
        })
    }

    fn tell_encoder(&self, session: SessionId, encoder: Encoder) {
        // Whoever does not listen need not know.
        let news = EngineNews::Encodes(session, encoder);
        let _ = self.inner.news.try_send(news);
    }
}

fn away(fault: EngineFault) -> StartError {
    StartError::bare(StartFailure::EngineAway { fault })
}

fn unreachable(fault: EngineFault) -> EngineError {
    EngineError::Unreachable(format!("{fault:?}"))
}
