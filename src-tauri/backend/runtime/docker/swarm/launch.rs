//! From nothing to a service whose container serves, or back to nothing.
//!
//! What is made bears the session's label, so that it is found and removed whatever happens on the way.

use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use duotab_core::fault::EngineFault;
use duotab_core::message::{Encoder, SessionId, StartFailure};
use duotab_core::node::NodeId;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::gate::Gate;
use super::held::Held;
use super::nodes::{self, Place};
use super::papers::{self, Papers};
use super::service::{self, Plan};
use super::starting::Starting;
use super::task::Refusal;
use super::{Inner, files, logs, objects, remains};
use crate::endpoint::{Endpoint, Secret};
use crate::runtime::docker::exec::SANDBOX;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::owner::{OWNER, Taken};
use crate::runtime::docker::ready::{self, Door};
use crate::runtime::docker::{fault, image, label, reach};
use crate::runtime::{EngineNews, StartError, StartSpec, random_password};

/// Another one may have the port, on the node or in the Swarm.
const PORT_TRIES: usize = 5;
/// Between two questions to a door that is not open yet.
const ASK_EVERY: Duration = Duration::from_millis(50);
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// All that a start is about.
pub(super) struct Launch<'a> {
    pub(super) inner: &'a Arc<Inner>,
    pub(super) link: &'a Arc<Link>,
    pub(super) spec: &'a StartSpec,
    /// As the app knows it.
    pub(super) node: &'a NodeId,
    pub(super) fetched: &'a (dyn Fn(u8) + Send + Sync),
}

/// Why a service is not made.
enum Unmade {
    /// What the Swarm says.
    Refused(Error),
    /// What would let us in cannot be kept here.
    Papers(StartFailure),
}

impl From<Error> for Unmade {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Unmade {
    /// Whether it may be made all the same.
    fn is_open(&self) -> bool {
        matches!(self, Self::Refused(error) if fault::is_open(error))
    }
}

/// What is made, or half made. Dropped, it is removed.
struct Half {
    inner: Arc<Inner>,
    link: Arc<Link>,
    /// `None` once it is kept or removed.
    session: Option<SessionId>,
    /// A question to a Swarm cannot be taken back: what comes of it is waited for.
    making: Option<JoinHandle<Result<String, Unmade>>>,
}

impl Half {
    /// Has the service made; gives its id.
    async fn make(&mut self, order: Order) -> Result<String, Unmade> {
        let (inner, link) = (Arc::clone(&self.inner), Arc::clone(&self.link));
        self.session = Some(order.spec.session);
        // All that was to go has gone.
        inner.known.settle(order.spec.session);
        inner.known.may_come(order.spec.session, false);
        let making = tokio::spawn(async move { order.carry_out(&inner, &link).await });
        let made = self.making.insert(making).await;
        self.making = None;
        let made = made.unwrap_or_else(|panicked| {
            let error = panicked.to_string();
            Err(Error::DockerStreamError { error }.into())
        });
        if let (Err(error), Some(session)) = (&made, self.session) {
            self.inner.known.may_come(session, error.is_open());
        }
        made
    }

    /// Removes it, whatever has come of it.
    async fn remove(mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        let (inner, link, making) = (self.inner.clone(), self.link.clone(), self.making.take());
        undo(inner, link, session, making).await;
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let (inner, link, making) = (self.inner.clone(), self.link.clone(), self.making.take());
        if let (Some(session), Ok(runtime)) =
            (self.session.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(undo(inner, link, session, making));
        }
    }
}

async fn undo(
    inner: Arc<Inner>,
    link: Arc<Link>,
    session: SessionId,
    making: Option<JoinHandle<Result<String, Unmade>>>,
) {
    if let Some(making) = making
        && let Ok(Err(error)) = making.await
    {
        // It may be made later, and nobody wants it.
        inner.known.may_come(session, error.is_open());
    }
    remains::end(&inner, &link, session).await;
}

/// A service that is to be made.
struct Order {
    spec: StartSpec,
    place: Place,
    image: String,
    gate: Gate,
    papers: Papers,
    to_door: Secret,
}

impl Order {
    /// Has the Swarm keep the files, then make the service.
    async fn carry_out(self, inner: &Inner, link: &Link) -> Result<String, Unmade> {
        let Self {
            spec, place, gate, ..
        } = &self;
        let with = &inner.docker.inner.with;
        let home_closed = inner.docker.closes_home();
        let keeping = inner.drawer.keep(spec.session, &place.node, &self.papers);
        keeping.await.map_err(Unmade::Papers)?;
        let labels = label::of(
            &with.install,
            spec.session,
            &spec.profile,
            home_closed,
            Encoder::Software,
        );
        let labels = label::owned_by(&with.owner, labels);
        let all = files::session(&files::Session {
            inner,
            spec,
            password: &self.papers.password,
            gate,
            home_closed,
        })
        .map_err(Error::from)?;
        let name = label::container_name(with, spec.session);
        let named = |what: &str| format!("{name}-{what}");
        let files = objects::config(link, named("files"), labels.clone(), &all.open).await?;
        let login = objects::secret(link, named("login"), labels.clone(), &all.login).await?;
        let door = objects::secret(link, named("door"), labels.clone(), &self.to_door).await?;
        let plan = Plan {
            name: &name,
            labels,
            install: &with.install,
            profile: &spec.profile,
            image: &self.image,
            flavour: inner.docker.inner.flavour(),
            node: &place.node,
            cores: place.cores,
            port: gate.number(),
            api: link.facts.api,
            files: &files,
            papers: &door,
        };
        let service = service::browser(&plan, spec.memory_mib, &login, home_closed);
        let config_dir = with.surroundings.config_dir.clone();
        let registry = image::login(config_dir, &self.image).await;
        let made = objects::make(link, service, registry).await?;
        tracing::debug!(service = made, "service made");
        Ok(made)
    }
}

impl Launch<'_> {
    /// Until it serves.
    pub(super) async fn run(&self, cancel: &CancellationToken) -> Result<Held, StartError> {
        let mut half = Half {
            inner: Arc::clone(self.inner),
            link: Arc::clone(self.link),
            session: None,
            making: None,
        };
        let launched = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(StartError::Cancelled),
            launched = self.steps(&mut half) => launched,
        };
        if launched.is_ok() {
            half.session = None;
        } else {
            half.remove().await;
        }
        launched
    }

    fn refused(&self, error: &Error) -> StartError {
        StartError::bare(fault::of_start(error, &self.link.socket))
    }

    /// The node, if it takes work.
    async fn place(&self) -> Result<Place, StartError> {
        let (_, node) = self.node.in_swarm().ok_or(StartError::NodeGone)?;
        let found = nodes::find(self.link, node).await;
        let place = found.map_err(|error| self.refused(&error))?;
        let place = place.ok_or(StartError::NodeGone)?;
        match place.fault {
            Some(fault) => Err(StartError::bare(StartFailure::EngineAway { fault })),
            None => Ok(place),
        }
    }

    async fn steps(&self, half: &mut Half) -> Result<Held, StartError> {
        let place = self.place().await?;
        let image = self.inner.image(self.link).await;
        let nothing = || StartError::bare(StartFailure::Exited { code: None });
        let seen_at = place.seen_at(self.link).await;
        let seen_at = seen_at.ok_or_else(|| {
            let (host, detail) = (place.name.clone(), String::new());
            let fault = EngineFault::Unreachable { host, detail };
            StartError::bare(StartFailure::EngineAway { fault })
        })?;
        let mut tries = 0;
        loop {
            tries += 1;
            let port = reach::free_port(self.link);
            let port = port.ok_or(StartError::bare(StartFailure::PortTaken))?;
            let password = random_password().ok_or_else(nothing)?;
            let (papers, to_door) = papers::make(Secret::new(password)).ok_or_else(nothing)?;
            let gate = Gate::new(seen_at, port, &papers).ok_or_else(nothing)?;
            let turn = self.inner.turns.take(&self.spec.profile, &place.node).await;
            remains::make_room(self.inner, self.link, self.spec, &place.node).await?;
            let order = Order {
                spec: self.spec.clone(),
                place: place.clone(),
                image: image.clone(),
                gate: gate.clone(),
                papers: papers.clone(),
                to_door,
            };
            let made = half.make(order).await;
            drop(turn);
            let service = made.map_err(|unmade| match unmade {
                Unmade::Refused(error) => self.refused(&error),
                Unmade::Papers(failure) => StartError::bare(failure),
            })?;
            let node = self.node.clone();
            let held = Held::new(service, node, gate, &papers).ok_or_else(nothing)?;
            match self.until_serves(&held, &place).await {
                Ok(login) => {
                    self.report_sandbox(&held);
                    let endpoint = Endpoint {
                        login,
                        ..held.endpoint
                    };
                    return Ok(Held { endpoint, ..held });
                }
                Err(Refusal::PortTaken) if tries < PORT_TRIES => {
                    tracing::debug!(port, "somebody has the port there");
                }
                Err(Refusal::PortTaken) => return Err(StartError::bare(StartFailure::PortTaken)),
                Err(Refusal::Failure(failure)) => {
                    let log = match failure {
                        // It did not come so far as to say anything.
                        StartFailure::NoRoom { .. } => Vec::new(),
                        _ => logs::last_lines(self.inner, self.link, &held).await,
                    };
                    return Err(StartError::Failed { failure, log });
                }
            }
            remains::remove(self.inner, self.link, self.spec.session).await;
        }
    }

    /// Until Neko lets us in, with the login that showed it, or there is a reason why it will not.
    async fn until_serves(&self, held: &Held, place: &Place) -> Result<Option<Secret>, Refusal> {
        let with = &self.inner.docker.inner.with;
        let starting = Starting {
            link: self.link,
            service: &held.service,
            host: &place.name,
            image: &with.image,
            gate: &held.gate,
            limit: with.start_limit,
            may_fetch: !self.spec.ahead,
            fetched: self.fetched,
        };
        let both = async { tokio::join!(ready::serves(&held.endpoint), self.own(held)) };
        let (door, own) = tokio::select! {
            biased;
            refusal = starting.until_refused() => return Err(refusal),
            both = both => both,
        };
        own?;
        match door {
            Door::Open(login) => Ok(Some(login)),
            Door::Taken => Ok(None),
            Door::Shut => {
                let detail = "Neko does not take its configuration".to_owned();
                Err(Refusal::Failure(StartFailure::Refused { detail }))
            }
        }
    }

    /// Sees to whose the profile's volume is, which is settled before the browser starts.
    async fn own(&self, held: &Held) -> Result<(), Refusal> {
        let (docker, profile) = (&self.inner.docker.inner, &self.spec.profile);
        if profile.is_private() {
            return Ok(());
        }
        let taken = loop {
            // The door is opened by and by, and it is written then; whoever waits has a limit.
            let asked = held.gate.ask(&["cat", OWNER], ASK_LIMIT).await;
            match asked.ok().and_then(|said| docker.with.owner.read(&said)) {
                Some(taken) => break taken,
                None => sleep(ASK_EVERY).await,
            }
        };
        match taken {
            Taken::Ours(epoch) => {
                docker.took(profile, epoch).await;
                Ok(())
            }
            Taken::Theirs(by) => Err(Refusal::Failure(StartFailure::ProfileTaken { by })),
            Taken::InUse => Err(Refusal::Failure(StartFailure::ProfileInUse)),
        }
    }

    /// Says so if the browser's pages are not fenced by the browser itself.
    fn report_sandbox(&self, held: &Held) {
        let (inner, gate) = (Arc::clone(self.inner), held.gate.clone());
        let session = self.spec.session;
        let limit = self.inner.docker.inner.with.start_limit;
        tokio::spawn(async move {
            let said = tokio::select! {
                () = inner.life.cancelled() => return,
                said = gate.ask(&["/bin/bash", "-c", SANDBOX], limit) => said,
            };
            if said.is_ok_and(|word| word.trim() == "none") {
                // Without a receiver there is nobody to tell.
                let _ = inner.news.send(EngineNews::Unsandboxed(session)).await;
            }
        });
    }
}
