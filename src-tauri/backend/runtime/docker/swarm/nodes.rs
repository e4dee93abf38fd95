//! The nodes of a Swarm, as its manager knows them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{Node as Listed, NodeSpecAvailabilityEnum, NodeState, Task, TaskState};
use bollard::query_parameters::{ListNodesOptions, ListTasksOptionsBuilder};
use duotab_core::fault::EngineFault;
use duotab_core::node::{EngineHealth, Node, NodeId, NodeKind};
use duotab_core::worker::WorkerFacts;

use crate::runtime::docker::link::Link;
use crate::runtime::docker::node::{arch, say_gpu};

const MIB: i64 = 1 << 20;
const CORE: i64 = 1_000_000_000;

/// A node, as far as a start there has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its id in the Swarm.
    pub(super) node: String,
    /// What it is called there.
    pub(super) name: String,
    /// Where the manager sees it; `None` where that is the manager itself.
    address: Option<IpAddr>,
    pub(super) cores: u32,
    /// Why it takes no work, if it takes none.
    pub(super) fault: Option<EngineFault>,
}

impl Place {
    /// Whether the manager does not hear of it; one that is only closed to new work is not.
    pub(super) const fn is_down(&self) -> bool {
        matches!(self.fault, Some(EngineFault::NodeDown { .. }))
    }

    /// Where this machine sees it, as far as that is known.
    pub(super) async fn seen_at(&self, link: &Link) -> Option<IpAddr> {
        match (self.address, &link.way) {
            (Some(address), _) => Some(address),
            (None, Some(way)) => way.peer().await,
            (None, None) => None,
        }
    }
}

/// All nodes, as placement takes them. `manager` is the machine that was asked.
pub(super) async fn look(
    link: &Link,
    manager: &NodeId,
    round_trip: Duration,
) -> Result<Vec<(Node, WorkerFacts)>, Error> {
    // A Swarm remembers many that have ended.
    let live = ListTasksOptionsBuilder::default()
        .filters(&HashMap::from([("desired-state", vec!["running"])]))
        .build();
    let (nodes, tasks) = tokio::try_join!(
        link.docker.list_nodes(None::<ListNodesOptions>),
        link.docker.list_tasks(Some(live))
    )?;
    let promised = promised(&tasks);
    let round_trip_ms = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX);
    let seen = nodes.iter().filter_map(|listed| {
        let place = place(listed)?;
        let description = listed.description.clone().unwrap_or_default();
        let resources = description.resources.unwrap_or_default();
        let memory = resources.memory_bytes.unwrap_or_default();
        let promised = promised.get(&place.node).copied().unwrap_or_default();
        let mib = |bytes: i64| u64::try_from(bytes / MIB).unwrap_or_default();
        let engine = description.engine.unwrap_or_default();
        let labels = labels(
            engine.labels,
            listed.spec.as_ref().and_then(|it| it.labels.clone()),
        );
        let platform = description.platform.unwrap_or_default();
        let node = Node {
            id: NodeId::member(manager, &place.node),
            name: place.name.clone(),
            kind: NodeKind::Worker,
            arch: arch(platform.architecture.as_deref().unwrap_or_default()).to_owned(),
            cores: place.cores,
            total_memory_mib: mib(memory),
            available_memory_mib: mib(memory.saturating_sub(promised)),
            gpu: say_gpu(&labels),
            engine: place
                .fault
                .map_or(EngineHealth::Healthy, EngineHealth::Away),
        };
        let version = engine.engine_version.unwrap_or_default();
        let facts = WorkerFacts {
            engine: format!("Docker {version}"),
            labels,
            round_trip_ms,
            // Only its own engine could say.
            image_there: None,
            swarm_node: Some(place.node),
            // What it admits to a node, the node can hold to.
            unlimited: Vec::new(),
        };
        Some((node, facts))
    });
    Ok(seen.collect())
}

/// One node.
pub(super) async fn find(link: &Link, node: &str) -> Result<Option<Place>, Error> {
    match link.docker.inspect_node(node).await {
        Ok(listed) => Ok(place(&listed)),
        Err(error) if crate::runtime::docker::fault::is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Of the engine and of the Swarm, in order.
fn labels(
    engine: Option<HashMap<String, String>>,
    swarm: Option<HashMap<String, String>>,
) -> Vec<String> {
    let both = engine.into_iter().chain(swarm).flatten();
    let mut all: Vec<String> = both.map(|(key, value)| format!("{key}={value}")).collect();
    all.sort();
    all.dedup();
    all
}

/// Bytes that are promised on each node, by the Swarm's own count: to all that runs, or is about to.
fn promised(tasks: &[Task]) -> HashMap<String, i64> {
    let mut promised = HashMap::new();
    for task in tasks {
        let state = task.status.as_ref().and_then(|it| it.state);
        let lives = state.is_some_and(|state| state <= TaskState::RUNNING);
        let (Some(node), true) = (&task.node_id, lives) else {
            continue;
        };
        let resources = task.spec.as_ref().and_then(|it| it.resources.as_ref());
        let promise = resources.and_then(|it| it.reservations.as_ref()?.memory_bytes);
        *promised.entry(node.clone()).or_default() += promise.unwrap_or_default();
    }
    promised
}

fn place(listed: &Listed) -> Option<Place> {
    let node = listed.id.clone()?;
    let description = listed.description.as_ref();
    let name = description.and_then(|it| it.hostname.clone());
    let name = name.filter(|it| !it.is_empty()).unwrap_or(node.clone());
    let status = listed.status.as_ref();
    let address = status.and_then(|it| it.addr.as_ref()?.parse::<IpAddr>().ok());
    let cores = description.and_then(|it| it.resources.as_ref()?.nano_cpus);
    let host = name.clone();
    let is_ready = status.and_then(|it| it.state) == Some(NodeState::READY);
    let availability = listed.spec.as_ref().and_then(|it| it.availability);
    let fault = if !is_ready {
        Some(EngineFault::NodeDown { host })
    } else if availability == Some(NodeSpecAvailabilityEnum::ACTIVE) {
        None
    } else {
        Some(EngineFault::NodeClosed { host })
    };
    Some(Place {
        node,
        name,
        // The manager itself need not know where others see it.
        address: address.filter(|it| !it.is_unspecified() && !it.is_loopback()),
        cores: u32::try_from(cores.unwrap_or_default() / CORE).unwrap_or_default(),
        fault,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::{
        NodeDescription, NodeSpec, NodeStatus, ResourceObject, TaskSpec, TaskSpecResources,
        TaskStatus,
    };

    fn listed(state: NodeState, availability: NodeSpecAvailabilityEnum, addr: &str) -> Listed {
        Listed {
            id: Some("abc".to_owned()),
            description: Some(NodeDescription {
                hostname: Some("shed".to_owned()),
                resources: Some(ResourceObject {
                    nano_cpus: Some(4 * CORE),
                    ..ResourceObject::default()
                }),
                ..NodeDescription::default()
            }),
            spec: Some(NodeSpec {
                availability: Some(availability),
                ..NodeSpec::default()
            }),
            status: Some(NodeStatus {
                state: Some(state),
                addr: Some(addr.to_owned()),
                ..NodeStatus::default()
            }),
            ..Listed::default()
        }
    }

    #[test]
    fn a_node_that_is_down_or_closed_says_so() {
        use NodeSpecAvailabilityEnum::{ACTIVE, DRAIN};
        let fault = |state, availability| {
            let listed = listed(state, availability, "10.0.0.2");
            place(&listed).unwrap().fault
        };
        let host = || "shed".to_owned();
        assert_eq!(fault(NodeState::READY, ACTIVE), None);
        let down = EngineFault::NodeDown { host: host() };
        assert_eq!(fault(NodeState::DOWN, ACTIVE), Some(down));
        let closed = EngineFault::NodeClosed { host: host() };
        assert_eq!(fault(NodeState::READY, DRAIN), Some(closed));
    }

    #[test]
    fn a_manager_that_does_not_know_where_it_is_seen_has_no_address() {
        let at = |addr: &str| {
            let listed = listed(NodeState::READY, NodeSpecAvailabilityEnum::ACTIVE, addr);
            place(&listed).unwrap().address
        };
        assert_eq!(at("10.0.0.2"), "10.0.0.2".parse().ok());
        assert_eq!((at("0.0.0.0"), at("127.0.0.1"), at("")), (None, None, None));
    }

    #[test]
    fn what_has_ended_is_promised_nothing() {
        let task = |state, bytes| Task {
            node_id: Some("abc".to_owned()),
            status: Some(TaskStatus {
                state: Some(state),
                ..TaskStatus::default()
            }),
            spec: Some(TaskSpec {
                resources: Some(TaskSpecResources {
                    reservations: Some(ResourceObject {
                        memory_bytes: Some(bytes),
                        ..ResourceObject::default()
                    }),
                    ..TaskSpecResources::default()
                }),
                ..TaskSpec::default()
            }),
            ..Task::default()
        };
        let tasks = [
            task(TaskState::RUNNING, 3 * MIB),
            task(TaskState::PREPARING, 2 * MIB),
            task(TaskState::FAILED, 8 * MIB),
        ];
        assert_eq!(promised(&tasks).get("abc"), Some(&(5 * MIB)));
    }
}
