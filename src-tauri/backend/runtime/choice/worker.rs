//! The workers in use: one more container engine each, with the Swarm that it may manage, and a look
//! at both now and then.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duotab_core::fault::EngineFault;
use duotab_core::message::ProfileName;
use duotab_core::node::{EngineHealth, NodeId};
use duotab_core::profile::ProfileFault;
use duotab_core::worker::{EngineContext, Worker, WorkerAddress, WorkerCheck};
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Runtime;
use super::claims::{Claim, Claims};
use crate::runtime::EngineNews;
use crate::runtime::data::DataError;
use crate::runtime::docker::{Docker, DockerConfig, Managed, Seen, Swarm};

/// How often a worker that is there is looked at, and one that is away.
const LOOK_EVERY: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// All workers in use.
#[derive(Debug)]
pub(super) struct Workers {
    with: DockerConfig,
    /// For what lets this app into the containers of Swarms.
    folder: PathBuf,
    news: mpsc::Sender<EngineNews>,
    used: Mutex<HashMap<NodeId, Used>>,
    claims: Claims,
}

#[derive(Debug)]
struct Used {
    address: WorkerAddress,
    docker: Arc<Docker>,
    swarm: Arc<Swarm>,
    /// Ends the looks.
    _end: DropGuard,
    _claim: Claim,
}

impl Workers {
    /// `with` is what all of them have in common.
    pub(super) fn new(with: DockerConfig, folder: PathBuf, news: mpsc::Sender<EngineNews>) -> Self {
        Self {
            with,
            folder,
            news,
            used: Mutex::default(),
            claims: Claims::default(),
        }
    }

    fn used(&self) -> std::sync::MutexGuard<'_, HashMap<NodeId, Used>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker's engine.
    pub(super) fn get(&self, node: &NodeId) -> Option<Arc<Docker>> {
        self.used().get(node).map(|used| Arc::clone(&used.docker))
    }

    /// The Swarm that a node belongs to, or that a worker manages if it manages any.
    pub(super) fn swarm(&self, node: &NodeId) -> Option<Arc<Swarm>> {
        let manager = node.in_swarm().map(|(manager, _)| manager);
        let used = self.used();
        let used = used.get(manager.as_ref().unwrap_or(node))?;
        Some(Arc::clone(&used.swarm))
    }

    /// Whether a worker brings the Swarm that it manages.
    pub(super) fn brings(&self, managed: &Managed, worker: &NodeId) -> bool {
        self.claims.brings(managed, worker)
    }

    pub(super) fn close_home_network(&self, closed: bool) {
        for used in self.used().values() {
            used.docker.close_home_network(closed);
        }
    }

    fn set(&self, workers: Vec<Worker>, home_closed: bool) {
        let mut used = self.used();
        let mut before = std::mem::take(&mut *used);
        for worker in workers {
            // What it is called is no matter of its engine's.
            let same = |it: &Used| it.address == worker.address;
            let kept = before.remove(&worker.id).filter(same);
            let now = kept.unwrap_or_else(|| self.begin(worker.clone(), home_closed));
            used.insert(worker.id, now);
        }
    }

    fn fleet(&self, swarm: &Arc<Swarm>) -> Fleet {
        Fleet {
            swarm: Arc::clone(swarm),
            claims: self.claims.clone(),
            news: self.news.clone(),
        }
    }

    fn begin(&self, worker: Worker, home_closed: bool) -> Used {
        let with = DockerConfig {
            worker: Some(worker.clone()),
            home_closed,
            ..self.with.clone().elsewhere()
        };
        let (docker, mut told) = Docker::new(with);
        let (docker, life) = (Arc::new(docker), CancellationToken::new());
        let news = self.news.clone();
        // Ends with the engine: whoever still has a session there hears of it.
        tokio::spawn(async move {
            while let Some(told) = told.recv().await {
                let of_here = matches!(
                    told,
                    EngineNews::Keep { .. } | EngineNews::Volumes { .. } | EngineNews::Image { .. }
                );
                if !of_here && news.send(told).await.is_err() {
                    return;
                }
            }
        });
        let (folder, to_app) = (self.folder.clone(), self.news.clone());
        let swarm = Arc::new(Swarm::new(Arc::clone(&docker), folder, to_app));
        let looks = look(Arc::clone(&docker), self.fleet(&swarm), self.news.clone());
        let end = life.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = looks => {}
            }
        });
        Used {
            address: worker.address,
            docker,
            swarm,
            _end: life.drop_guard(),
            _claim: self.claims.of(worker.id),
        }
    }
}

/// Looks at a worker now and then, and at once when its engine goes away or comes back.
async fn look(docker: Arc<Docker>, fleet: Fleet, news: mpsc::Sender<EngineNews>) {
    let mut told: Option<EngineFault> = None;
    loop {
        let seen = docker.look().await;
        fleet.tell(&seen).await;
        let fault = match &seen.node.engine {
            EngineHealth::Away(fault) => Some(fault.clone()),
            EngineHealth::Healthy | EngineHealth::Unhealthy(_) => None,
        };
        let wait = if fault.is_some() {
            LOOK_AGAIN
        } else {
            LOOK_EVERY
        };
        // That it is still away for the same reason is no news.
        if (fault.is_none() || fault != told)
            && news
                .send(EngineNews::NodeSeen(seen.node, seen.facts))
                .await
                .is_err()
        {
            return;
        }
        told = fault;
        let _ = tokio::time::timeout(wait, docker.turned()).await;
    }
}

/// What a worker brings beside itself.
struct Fleet {
    swarm: Arc<Swarm>,
    claims: Claims,
    news: mpsc::Sender<EngineNews>,
}

impl Fleet {
    /// Tells of the nodes that a worker brings, before it is told of the worker itself: what runs on
    /// them is asked for then.
    async fn tell(&self, seen: &Seen) {
        let nodes = match &seen.manages {
            Some(managed) if self.claims.brings(managed, &seen.node.id) => self.swarm.look().await,
            Some(_) => Ok(Vec::new()),
            // What is known of them stays.
            None => return,
        };
        match nodes {
            Ok(nodes) => {
                // Without a receiver there is nobody to tell.
                let fleet = EngineNews::FleetSeen(seen.node.id.clone(), nodes);
                let _ = self.news.send(fleet).await;
            }
            Err(fault) => tracing::warn!(?fault, "a Swarm's nodes cannot be seen"),
        }
    }
}

impl Runtime {
    /// The workers in use from now on. One that was in use and is among them stays as it is; one
    /// that is not can be asked for no new session, and those that it serves go on.
    pub fn use_workers(&self, workers: Vec<Worker>) {
        self.workers.set(workers, self.docker.closes_home());
    }

    /// The engines of other machines that this person already has.
    pub async fn contexts(&self) -> Vec<EngineContext> {
        let with = self.workers.with.clone();
        let reading = tokio::task::spawn_blocking(move || Docker::contexts(&with));
        reading.await.unwrap_or_default()
    }

    /// Sees whether a machine can be a worker; it need not be in use. Takes some seconds at most.
    pub async fn check_worker(&self, worker: &Worker) -> WorkerCheck {
        Docker::check(&self.workers.with, worker).await
    }

    /// Looks at all workers in use now; each is told of.
    pub async fn look_at_workers(&self) {
        let both = |used: &Used| (Arc::clone(&used.docker), self.workers.fleet(&used.swarm));
        let all: Vec<_> = self.workers.used().values().map(both).collect();
        let looks = all.into_iter().map(|(docker, fleet)| async move {
            let seen = docker.look().await;
            fleet.tell(&seen).await;
            let Seen { node, facts, .. } = seen;
            let _ = self.news.send(EngineNews::NodeSeen(node, facts)).await;
        });
        join_all(looks).await;
    }

    /// Removes an older copy of a profile's data from a node. Whether it is gone.
    pub async fn drop_copy(&self, profile: &ProfileName, node: &NodeId) -> bool {
        match self.delete_profile(profile, node).await {
            Ok(()) => true,
            // Another copy of the app has it now: it is no copy of ours any more.
            Err(DataError::Fault(ProfileFault::Taken { .. })) => true,
            Err(error) => {
                tracing::warn!(?error, "an older copy of a profile stays");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(name: &str, port: u16) -> Worker {
        Worker {
            id: NodeId("w1".to_owned()),
            name: name.to_owned(),
            address: WorkerAddress::Tls {
                host: "127.0.0.1".to_owned(),
                port,
                certificates: "/nowhere".to_owned(),
            },
        }
    }

    #[tokio::test]
    async fn a_worker_that_is_called_something_else_is_the_same_one_and_one_that_is_elsewhere_is_not()
     {
        let with = DockerConfig::new("renamed".to_owned());
        let (news, _told) = mpsc::channel(8);
        let workers = Workers::new(with, "/nowhere".into(), news);
        let now = |it: Worker| {
            let id = it.id.clone();
            workers.set(vec![it], false);
            workers.swarm(&id).unwrap()
        };
        let first = now(worker("shed", 1));
        assert!(Arc::ptr_eq(&first, &now(worker("garden", 1))));
        assert!(!Arc::ptr_eq(&first, &now(worker("garden", 2))));
    }
}
