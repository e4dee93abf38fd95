//! What another machine's engine tells of the machine.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::models::{SwarmInfo, SystemInfo};
use bollard::query_parameters::ListContainersOptionsBuilder;
use duotab_core::fault::EngineFault;
use duotab_core::node::{EngineHealth, Node, NodeId, NodeKind};
use duotab_core::worker::{Worker, WorkerCheck, WorkerFacts};
use tokio::time::timeout;

use super::link::Link;
use super::{Docker, DockerConfig, image, ways};

/// How long a whole look may take.
const LOOK_LIMIT: std::time::Duration = std::time::Duration::from_secs(12);
/// An engine that answers at all does so within this.
const BEAT_LIMIT: std::time::Duration = std::time::Duration::from_secs(4);
/// Containers whose limits are looked at. A machine with more has no room.
const CONTAINER_LIMIT: usize = 100;
const MIB: u64 = 1 << 20;

/// What a machine's engine manages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Managed {
    /// No other engine.
    #[default]
    Nothing,
    /// A Docker Swarm; its id.
    Swarm(String),
}

/// What a look at a worker has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// As placement takes it.
    pub node: Node,
    /// The rest; `None` where its engine cannot be asked.
    pub facts: Option<WorkerFacts>,
    /// What it manages; `None` where its engine cannot be asked.
    pub manages: Option<Managed>,
}

impl Docker {
    /// Looks at the worker whose engine this is. Takes some seconds if it is away.
    pub async fn look(&self) -> Seen {
        let inner = &self.inner;
        let looked = async {
            let away = inner.away.borrow().clone();
            if let Some(fault) = away {
                return Err(fault);
            }
            let link = self.link().await?;
            look(&link, &inner.with.image).await
        };
        let silent = || EngineFault::Silent {
            socket: inner.node().0,
        };
        let looked = timeout(LOOK_LIMIT, looked).await;
        let looked = looked.unwrap_or_else(|_| Err(silent()));
        let (name, id) = match &inner.with.worker {
            Some(worker) => (worker.name.clone(), worker.id.clone()),
            None => (String::new(), NodeId::host()),
        };
        let nothing = Looked::default();
        let (looked, engine) = match looked {
            Ok(looked) => (looked, EngineHealth::Healthy),
            Err(fault) => (nothing, EngineHealth::Away(fault)),
        };
        Seen {
            node: Node {
                id,
                name,
                kind: NodeKind::Worker,
                arch: looked.arch,
                cores: looked.cores,
                total_memory_mib: looked.total_memory_mib,
                available_memory_mib: looked.available_memory_mib,
                gpu: looked.gpu,
                engine,
            },
            manages: looked.facts.as_ref().map(|_| looked.manages),
            facts: looked.facts,
        }
    }

    /// What it manages.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub async fn manages(&self) -> Result<Managed, EngineFault> {
        let link = self.link().await?;
        let socket = link.socket.clone();
        let info = link.docker.info().await;
        let info = info.map_err(|_| link.away(EngineFault::NotRunning { socket }))?;
        Ok(managed(&info))
    }

    /// Until the engine has gone away or come back since the last call.
    pub async fn turned(&self) {
        self.inner.turned.notified().await;
    }

    /// A guided check of a worker, whether or not it is one yet.
    pub async fn check(with: &DockerConfig, worker: &Worker) -> WorkerCheck {
        let looking = async {
            let link = Link::far(&worker.address, with.sockets.as_deref()).await?;
            let looked = look(&link, &with.image).await?;
            Ok((Arc::new(link), looked))
        };
        let silent = EngineFault::Silent {
            socket: worker.name.clone(),
        };
        let (link, looked) = match timeout(LOOK_LIMIT, looking).await.unwrap_or(Err(silent)) {
            Ok(there) => there,
            Err(fault) => return WorkerCheck::Away { fault },
        };
        let facts = looked.facts.unwrap_or_default();
        WorkerCheck::Answers {
            cores: looked.cores,
            total_memory_mib: looked.total_memory_mib,
            // No session runs on a machine that manages a Swarm: each of its nodes has a door of its own.
            ways: match facts.image_there {
                Some(true) if looked.manages == Managed::Nothing => {
                    Some(ways::check(with, &link, &worker.id).await)
                }
                _ => None,
            },
            facts,
        }
    }
}

#[derive(Default)]
struct Looked {
    arch: String,
    cores: u32,
    total_memory_mib: u64,
    available_memory_mib: u64,
    gpu: bool,
    manages: Managed,
    facts: Option<WorkerFacts>,
}

async fn look(link: &Link, image: &str) -> Result<Looked, EngineFault> {
    let away = |_| {
        link.away(EngineFault::NotRunning {
            socket: link.socket.clone(),
        })
    };
    let round_trip = link.beat(BEAT_LIMIT).await?;
    let info = link.docker.info().await.map_err(away)?;
    let total = info.mem_total.and_then(|it| u64::try_from(it).ok());
    let total_memory_mib = total.unwrap_or_default() / MIB;
    let promised = promised_mib(link).await.map_err(away)?;
    let labels = info.labels.clone().unwrap_or_default();
    Ok(Looked {
        arch: arch(info.architecture.as_deref().unwrap_or_default()).to_owned(),
        cores: link.facts.cores,
        total_memory_mib,
        available_memory_mib: total_memory_mib.saturating_sub(promised),
        gpu: has_gpu(&info, &labels),
        manages: managed(&info),
        facts: Some(WorkerFacts {
            engine: link.product.clone(),
            labels,
            round_trip_ms: u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX),
            image_there: image::is_there(link, image).await.ok(),
            swarm_node: swarm_node(&info),
            unlimited: link.facts.unlimited(),
        }),
    })
}

/// What all containers there that run, or sleep, may use. An engine knows no more of its machine's
/// memory than that.
async fn promised_mib(link: &Link) -> Result<u64, bollard::errors::Error> {
    let options = ListContainersOptionsBuilder::default()
        .filters(&HashMap::from([("status", vec!["running", "paused"])]))
        .build();
    let containers = link.docker.list_containers(Some(options)).await?;
    let mut promised = 0;
    for container in containers.into_iter().take(CONTAINER_LIMIT) {
        let Some(id) = container.id else { continue };
        // One that has gone since uses nothing.
        let Ok(inspected) = link.docker.inspect_container(&id, None).await else {
            continue;
        };
        let limit = inspected.host_config.and_then(|it| it.memory);
        promised += limit.and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
    }
    Ok(promised / MIB)
}

/// As Rust names it.
pub(super) fn arch(engine: &str) -> &str {
    match engine {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    }
}

/// Its id in the Swarm that it belongs to.
fn swarm_node(info: &SystemInfo) -> Option<String> {
    let id = info.swarm.as_ref()?.node_id.clone()?;
    (!id.is_empty()).then_some(id)
}

fn managed(info: &SystemInfo) -> Managed {
    let swarm = info.swarm.as_ref();
    let swarm = swarm.filter(|it| it.control_available == Some(true));
    let id = |it: &SwarmInfo| it.cluster.as_ref()?.id.clone();
    swarm.map_or(Managed::Nothing, |it| {
        Managed::Swarm(id(it).unwrap_or_default())
    })
}

/// A label says so, or a runtime that is there for nothing else.
fn has_gpu(info: &SystemInfo, labels: &[String]) -> bool {
    let runtimes = info.runtimes.as_ref();
    say_gpu(labels) || runtimes.is_some_and(|all| all.contains_key("nvidia"))
}

/// Whether a label says that there is a GPU.
pub(super) fn say_gpu(labels: &[String]) -> bool {
    labels.iter().any(|label| {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        key == "gpu" && !["", "0", "no", "none", "false"].contains(&value) || label == "gpu"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_known_by_its_label() {
        let has = |label: &str| has_gpu(&SystemInfo::default(), &[label.to_owned()]);
        assert!(has("gpu") && has("gpu=rtx") && has("gpu=1"));
        assert!(!has("gpu=") && !has("gpu=none") && !has("gpus=2"));
    }

    #[test]
    fn architectures_are_named_as_placement_names_them() {
        let named = ["x86_64", "amd64", "arm64", "aarch64", "armv7l"].map(arch);
        assert_eq!(named, ["x86_64", "x86_64", "aarch64", "aarch64", "armv7l"]);
    }
}
