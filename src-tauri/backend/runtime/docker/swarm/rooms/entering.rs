//! A room on its way: nobody else has the volume, and a door is opened.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use duotab_core::message::ProfileName;
use tokio::time::{sleep, timeout};

use super::room::{Made, Room};
use super::{Claim, refused};
use crate::endpoint::Secret;
use crate::runtime::data::DataError;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::swarm::gate::Gate;
use crate::runtime::docker::swarm::service::{self, Kept, Plan};
use crate::runtime::docker::swarm::starting::Starting;
use crate::runtime::docker::swarm::task::{self, Refusal, Standing};
use crate::runtime::docker::swarm::{files, objects, papers};
use crate::runtime::docker::{image, label, reach};
use crate::runtime::random_password;

/// Until a room's door opens, once its image is there.
pub(super) const OPEN_LIMIT: Duration = Duration::from_secs(30);

/// A Swarm tells of no task by itself.
const ASK_EVERY: Duration = Duration::from_millis(150);

/// Where Docker's engine is asked on its own machine.
const SOCKET: &str = "/var/run/docker.sock";
/// Asks it to remove a volume; one that is not there is removed. usage: SOCKET VOLUME
const REMOVAL: &str = include_str!("../files/removal.py");

/// Why nobody gets in.
pub(super) enum Entry {
    PortTaken,
    Failed(DataError),
}

impl From<DataError> for Entry {
    fn from(error: DataError) -> Self {
        Self::Failed(error)
    }
}

/// A room that is about to be made.
pub(super) struct Entering {
    pub(super) claim: Arc<Claim>,
    pub(super) link: Arc<Link>,
    /// Of its service.
    pub(super) name: String,
    pub(super) node: String,
    pub(super) host: String,
    pub(super) cores: u32,
    pub(super) address: std::net::IpAddr,
    pub(super) profile: ProfileName,
    pub(super) install: String,
    pub(super) image: String,
}

impl Entering {
    fn labels(&self) -> HashMap<String, String> {
        let owner = &self.claim.inner.docker.inner.with.owner;
        label::owned_by(owner, label::of_volume(&self.install, &self.profile))
    }

    pub(super) fn plan<'a>(&'a self, port: u16, (files, papers): (&'a Kept, &'a Kept)) -> Plan<'a> {
        Plan {
            name: &self.name,
            labels: self.labels(),
            install: &self.install,
            profile: &self.profile,
            image: &self.image,
            flavour: self.claim.inner.docker.inner.flavour(),
            node: &self.node,
            cores: self.cores,
            port,
            api: self.link.facts.api,
            files,
            papers,
        }
    }

    pub(super) fn room(&self) -> Room {
        Room {
            claim: Arc::clone(&self.claim),
            link: Arc::clone(&self.link),
            profile: self.profile.clone(),
            made: Made::default(),
            making: None,
            gate: None,
        }
    }

    pub(super) async fn login(&self) -> Option<bollard::auth::DockerCredentials> {
        let config_dir = self
            .claim
            .inner
            .docker
            .inner
            .with
            .surroundings
            .config_dir
            .clone();
        image::login(config_dir, &self.image).await
    }

    pub(super) async fn open(self: &Arc<Self>, may_fetch: bool) -> Result<Room, Entry> {
        let nothing = || DataError::failed("this machine has no randomness to give");
        let port = reach::free_port(&self.link).ok_or(Entry::PortTaken)?;
        let password = random_password().ok_or_else(nothing)?;
        let (papers, to_door) = papers::make(Secret::new(password)).ok_or_else(nothing)?;
        let gate = Gate::new(self.address, port, &papers).ok_or_else(nothing)?;
        let mut room = self.room();
        let made = room.make(Arc::clone(self).make(port, to_door)).await;
        let service = made.map_err(|error| Entry::Failed(refused(&self.link, &error)))?;
        room.gate = Some(gate.clone());
        let starting = Starting {
            link: &self.link,
            service: &service,
            host: &self.host,
            image: &self.claim.inner.docker.inner.with.image,
            gate: &gate,
            limit: OPEN_LIMIT,
            may_fetch,
            fetched: &|_| {},
        };
        match starting.until_open().await {
            Ok(()) => Ok(room),
            Err(refusal) => {
                room.leave().await;
                Err(match refusal {
                    Refusal::PortTaken => Entry::PortTaken,
                    Refusal::Failure(failure) => Entry::Failed(failure.into()),
                })
            }
        }
    }

    /// Has it made; gives what there is of it also where that is not all.
    async fn make(self: Arc<Self>, port: u16, to_door: Secret) -> (Made, Result<String, Error>) {
        let mut made = Made::default();
        let steps = async {
            let link = &self.link;
            let name = |what: &str| format!("{}-{what}", self.name);
            let owner = &self.claim.inner.docker.inner.with.owner;
            let files = files::room(owner, &self.profile)?;
            let files = objects::config(link, name("files"), self.labels(), &files).await?;
            made.files = Some(files.clone());
            let papers = objects::secret(link, name("door"), self.labels(), &to_door).await?;
            made.papers = Some(papers.clone());
            let spec = service::room(&self.plan(port, (&files, &papers)));
            let service = objects::make(link, spec, self.login().await).await?;
            made.service = Some((service.clone(), self.node.clone()));
            Ok(service)
        };
        let done = steps.await;
        (made, done)
    }

    /// Has the node's engine remove the volume, in which nobody has anything. Nobody had it meanwhile.
    pub(super) async fn leave_nothing(self: &Arc<Self>) {
        if let Err(error) = self.remove_volume().await {
            tracing::warn!(?error, "an empty volume stays on a node of a Swarm");
        }
    }

    async fn remove_volume(self: &Arc<Self>) -> Result<(), DataError> {
        let mut room = self.room();
        let made = room.make(Arc::clone(self).make_removal()).await;
        let service = made.map_err(|error| refused(&self.link, &error))?;
        let ended = timeout(OPEN_LIMIT, async {
            loop {
                let tasks = objects::tasks(&self.link, &service).await;
                let newest = tasks.ok().and_then(|tasks| task::newest(&tasks));
                match newest.map(|it| it.standing) {
                    Some(Standing::Over(Some(0), _)) => return Ok(()),
                    Some(
                        Standing::Over(_, words)
                        | Standing::Failed(words)
                        | Standing::Refused(words),
                    ) => return Err(DataError::failed(words)),
                    _ => sleep(ASK_EVERY).await,
                }
            }
        });
        let ended = ended.await;
        room.leave().await;
        ended.unwrap_or_else(|_| Err(DataError::failed("the node's engine takes too long")))
    }

    /// The same for a task that has the node's engine remove the volume.
    async fn make_removal(self: Arc<Self>) -> (Made, Result<String, Error>) {
        let nothing = Kept::default();
        let plan = self.plan(0, (&nothing, &nothing));
        let spec = service::removal(&plan, SOCKET, REMOVAL);
        let service = objects::make(&self.link, spec, self.login().await).await;
        let made = Made {
            service: service
                .as_ref()
                .ok()
                .map(|id| (id.clone(), self.node.clone())),
            ..Made::default()
        };
        (made, service)
    }
}
