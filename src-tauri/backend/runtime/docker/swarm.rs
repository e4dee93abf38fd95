//! Engines on the nodes of a Docker Swarm: a service for each session, which the Swarm itself admits,
//! refuses and starts anew. It is asked through the engine of the worker that manages it.
//!
//! A manager has no way into the containers of other nodes. So each of ours has a door: TLS on a port
//! of its node, with certificates that are made for that session and compared whole (`papers`, `gate`).
//! Login, signalling, page control, the relay of datagrams, sleep and the lease all go through it, and
//! nothing of them goes another way.

mod files;
mod gate;
mod held;
mod launch;
mod logs;
mod nodes;
mod objects;
mod papers;
mod remains;
mod rooms;
mod service;
mod starting;
mod task;
mod tidy;
mod turns;
mod watch;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duotab_core::event::FoundEngine;
use duotab_core::fault::{EndCause, EngineFault, Stall};
use duotab_core::message::{SessionId, StartFailure};
use duotab_core::node::{Node, NodeId};
use duotab_core::worker::WorkerFacts;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::held::{Held, Known};
use self::launch::Launch;
use self::papers::Drawer;
use self::rooms::Rooms;
pub(in crate::runtime) use self::rooms::{Arriving, Leaving};
use self::turns::Turns;
use self::watch::Verdict;
use super::image::Reference;
use super::link::Link;
use super::slot::Slots;
use super::{Docker, WAKE_LIMIT, away, fault, image, ready, unreachable};
use crate::endpoint::Endpoint;
use crate::runtime::{EngineError, EngineNews, StartError, StartSpec};

/// Who logs in.
const USERNAME: &str = "duotab";
/// For an answer of the Swarm.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// For a look at all nodes.
const LOOK_LIMIT: Duration = Duration::from_secs(12);

/// What calls and the watch share.
#[derive(Debug)]
struct Inner {
    /// The engine of the machine that manages it.
    docker: Arc<Docker>,
    drawer: Drawer,
    known: Known,
    rooms: Rooms,
    /// The image, by its digest, once that is known.
    image: Mutex<Option<String>>,
    /// No profile may come into two services.
    turns: Turns,
    slots: Slots,
    /// Whether all that an earlier life of the app has left was taken over or removed.
    found: AtomicBool,
    news: mpsc::Sender<EngineNews>,
    life: CancellationToken,
}

impl Inner {
    /// What services are made from: the digest that the image's tag stands for, as the manager has it
    /// or its registry says, so that all nodes have the same. The tag itself where neither can tell.
    async fn image(&self, link: &Link) -> String {
        let set = &self.docker.inner.with.image;
        let reference = Reference::parse(set);
        let kept = || self.image.lock().unwrap_or_else(PoisonError::into_inner);
        if reference.is_fixed() {
            return set.clone();
        }
        if let Some(known) = kept().clone() {
            return known;
        }
        let digest = match image::digest(link, set).await {
            Some(digest) => Some(digest),
            None => {
                let config_dir = self.docker.inner.with.surroundings.config_dir.clone();
                let login = image::login(config_dir, set).await;
                let asking = link.docker.inspect_registry_image(set, login);
                let asked = timeout(ANSWER_LIMIT, asking).await.ok();
                asked.and_then(|it| it.ok()?.descriptor.digest)
            }
        };
        let Some(digest) = digest else {
            return set.clone();
        };
        let pinned = format!("{}@{digest}", reference.repository);
        *kept() = Some(pinned.clone());
        pinned
    }
}

/// All sessions of this install on the nodes of one Swarm. Dropped, it lets go of them, and they live
/// on.
#[derive(Debug)]
pub struct Swarm {
    inner: Arc<Inner>,
    _end_of_life: DropGuard,
}

impl Swarm {
    /// Asks nobody yet. `docker` is the engine of the machine that manages it, or might; `folder` is
    /// for what lets us into its containers, this person's alone.
    #[must_use]
    pub fn new(docker: Arc<Docker>, folder: PathBuf, news: mpsc::Sender<EngineNews>) -> Self {
        let life = CancellationToken::new();
        let drawer = Drawer::new(folder, &docker.inner.with.owner.id);
        let inner = Arc::new(Inner {
            docker,
            drawer,
            known: Known::default(),
            rooms: Rooms::default(),
            image: Mutex::default(),
            turns: Turns::default(),
            slots: Slots::default(),
            found: AtomicBool::new(false),
            news,
            life: life.clone(),
        });
        tokio::spawn(watch::watch(Arc::clone(&inner)));
        Self {
            inner,
            _end_of_life: life.drop_guard(),
        }
    }

    async fn link(&self) -> Result<Arc<Link>, EngineFault> {
        self.inner.docker.link().await
    }

    /// All nodes as they are now. Takes some seconds if the manager is away.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub async fn look(&self) -> Result<Vec<(Node, WorkerFacts)>, EngineFault> {
        let manager = self.inner.docker.inner.node();
        let looking = async {
            let link = self.link().await?;
            let round_trip = link.beat(LOOK_LIMIT).await?;
            let looked = nodes::look(&link, &manager, round_trip).await;
            looked.map_err(|error| silence(&link, &error))
        };
        let silent = || EngineFault::Silent {
            socket: manager.0.clone(),
        };
        let looked = timeout(LOOK_LIMIT, looking).await;
        looked.unwrap_or_else(|_| Err(silent()))
    }

    /// What runs in the Swarm, by its labels alone. What is dead, half-started or cannot be reached
    /// any more is removed. What is being started, stopped or changed right now is left out.
    ///
    /// # Errors
    /// Why the manager cannot be asked.
    pub async fn find(&self) -> Result<Vec<FoundEngine>, EngineFault> {
        let link = self.link().await?;
        let found = remains::all(&self.inner, &link).await;
        found.map_err(|error| silence(&link, &error))
    }

    /// Starts an engine on a node. On any error, cancel included, nothing of it is left. A session
    /// whose engine runs already keeps it. `fetched` hears 0 while the node fetches the image: how
    /// far that is no Swarm says.
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
        let session = spec.session;
        let slot = self.inner.slots.of(session);
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
        let launch = Launch {
            inner: &self.inner,
            link: &link,
            spec: &spec,
            node,
            fetched,
        };
        let held = launch.run(&cancel).await;
        let held = held.map_err(|error| link.truer(error))?;
        tracing::info!(
            session = session.0,
            service = held.service,
            "service started"
        );
        Ok(self.hold(session, held))
    }

    /// Takes over what [`Swarm::find`] found. What does not answer, and will not, is removed.
    ///
    /// # Errors
    /// Why it does not run.
    pub async fn adopt(&self, session: SessionId) -> Result<Endpoint, StartError> {
        let slot = self.inner.slots.of(session);
        let _turn = slot.turn.lock().await;
        let link = self.link().await.map_err(away);
        // One that is held already needs no manager.
        if let Some(held) = self.inner.known.get(session)
            && timeout(WAKE_LIMIT, ready::answers(&held.endpoint))
                .await
                .is_ok()
        {
            return Ok(self.hold(session, held));
        }
        self.take(&link?, session).await
    }

    /// Lets an engine sleep: its processes use no CPU until [`Swarm::resume`]. What is reserved for it
    /// stays so, for its memory is still there.
    ///
    /// # Errors
    /// If it does not run, or does not do it.
    pub async fn suspend(&self, session: SessionId) -> Result<(), EngineError> {
        let slot = self.inner.slots.of(session);
        let _turn = slot.turn.lock().await;
        let held = match self.inner.known.get(session) {
            Some(held) => held,
            None => {
                let link = self.link().await.map_err(unreachable)?;
                let taken = self.take(&link, session).await;
                taken.map_err(|_| EngineError::Gone)?;
                self.inner.known.get(session).ok_or(EngineError::Gone)?
            }
        };
        remains::expect(&self.inner, session, true);
        held.sleep(true).await.map_err(|error| {
            remains::expect(&self.inner, session, false);
            EngineError::Unreachable(error.to_string())
        })
    }

    /// Wakes an engine. No harm if it was awake.
    ///
    /// # Errors
    /// If it does not run, or does not answer.
    pub async fn resume(&self, session: SessionId) -> Result<Endpoint, EngineError> {
        let slot = self.inner.slots.of(session);
        let _turn = slot.turn.lock().await;
        // Before it wakes, or the watch would see to it that it sleeps.
        remains::expect(&self.inner, session, false);
        if let Some(held) = self.inner.known.get(session)
            && held.sleep(false).await.is_ok()
            && timeout(WAKE_LIMIT, ready::answers(&held.endpoint))
                .await
                .is_ok()
        {
            return Ok(self.hold(session, held));
        }
        let link = self.link().await.map_err(unreachable)?;
        let taken = self.take(&link, session).await;
        taken.map_err(|error| match error {
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
    /// If the manager cannot be asked, or something stays.
    pub async fn stop(&self, session: SessionId) -> Result<(), EngineError> {
        let slot = self.inner.slots.of(session);
        slot.start.give_up();
        let turn = slot.turn.lock().await;
        self.inner.known.let_go(session);
        let stopped = match self.link().await {
            Ok(link) if remains::remove(&self.inner, &link, session).await => Ok(()),
            Ok(_) => Err(EngineError::Stuck(1)),
            Err(fault) => Err(unreachable(fault)),
        };
        if stopped.is_err() {
            // It goes when the Swarm is back.
            self.inner.known.abandon(session);
        }
        drop(turn);
        self.inner.slots.forget(session, slot);
        stopped
    }

    /// From now on its end is news. One that sleeps is woken by whoever asks for this.
    fn hold(&self, session: SessionId, held: Held) -> Endpoint {
        let endpoint = held.endpoint.clone();
        // Whoever does not listen need not know.
        let news = EngineNews::Encodes(session, held.encoder);
        let _ = self.inner.news.try_send(news);
        let held = Held {
            expected: super::Expected::Running,
            stalled: None,
            ..held
        };
        self.inner.known.hold(session, held);
        endpoint
    }

    /// Takes hold of a session's service, and wakes it.
    async fn take(&self, link: &Arc<Link>, session: SessionId) -> Result<Endpoint, StartError> {
        let refused =
            |error: &bollard::errors::Error| StartError::bare(fault::of_start(error, &link.socket));
        let with = &self.inner.docker.inner.with;
        let services = objects::services(link, with).await;
        let services = services.map_err(|error| refused(&error))?;
        let mine = services.iter().find(|ours| ours.session == Some(session));
        let gone = || StartError::bare(StartFailure::Exited { code: None });
        let Some(ours) = mine else {
            self.inner.known.let_go(session);
            return Err(gone());
        };
        let grasped = remains::grasp(&self.inner, link, ours, session).await;
        let Some(held) = grasped.map_err(|error| refused(&error))? else {
            self.inner.known.let_go(session);
            remains::end(&self.inner, link, session).await;
            return Err(gone());
        };
        remains::expect(&self.inner, session, false);
        let waking = async {
            held.sleep(false).await.ok()?;
            ready::answers(&held.endpoint).await;
            Some(())
        };
        if timeout(WAKE_LIMIT, waking).await == Ok(Some(())) {
            return Ok(self.hold(session, held));
        }
        self.not_there(link, session, held).await
    }

    /// It does not answer. If its door does not open either, that may change by itself, and is waited
    /// for; unless its Swarm says that it is over.
    async fn not_there(
        &self,
        link: &Arc<Link>,
        session: SessionId,
        held: Held,
    ) -> Result<Endpoint, StartError> {
        let verdict = if held.gate.opens().await {
            None
        } else {
            Some(watch::ask(link, &held).await.map_err(away)?)
        };
        let failure = match verdict {
            None => StartFailure::TimedOut,
            Some(Verdict::Over(EndCause::Exited { code })) => StartFailure::Exited { code },
            Some(Verdict::Over(_)) => StartFailure::Exited { code: None },
            Some(verdict @ (Verdict::Runs { .. } | Verdict::Stalled(_))) => {
                let fault = verdict.clone().fault(link);
                let stalled = match verdict {
                    Verdict::Stalled(stall) => stall,
                    _ => Stall::EngineAway {
                        fault: fault.clone(),
                    },
                };
                let stalled = Some(stalled);
                self.inner.known.hold(session, Held { stalled, ..held });
                return Err(away(fault));
            }
        };
        self.inner.known.let_go(session);
        let log = logs::last_lines(&self.inner, link, &held).await;
        remains::end(&self.inner, link, session).await;
        Err(StartError::Failed { failure, log })
    }
}

/// Why a manager that gave this error cannot be asked.
fn silence(link: &Link, error: &bollard::errors::Error) -> EngineFault {
    tracing::debug!(%error, "a Swarm does not answer");
    let socket = link.socket.clone();
    link.away(match fault::of_call(error) {
        EngineError::Unreachable(_) => EngineFault::NotRunning { socket },
        _ => EngineFault::Silent { socket },
    })
}
