//! Placement: which node runs a new streamed session.
//!
//! An explicit node if it is capable, else an error, never another one; without a choice this
//! host if it is capable, else the best worker: GPU first, then most free memory, then name.

use crate::message::{NodeLacks, NodeName, Problem};
use crate::node::{EngineHealth, Lack, Node, NodeId, NodeKind};

/// Architectures that a Chromium and a Neko image exist for.
const ARCHITECTURES: [&str; 2] = ["x86_64", "aarch64"];

/// What a node must have in total. Memory in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Memory in total.
    pub total_memory_mib: u64,
    /// Logical cores.
    pub cores: u32,
}

/// What is asked of nodes. Memory in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The floor for this host.
    pub host: Floor,
    /// The floor for a worker.
    pub worker: Floor,
    /// What one session reserves.
    pub session_memory_mib: u64,
}

impl Default for Demand {
    fn default() -> Self {
        Self {
            host: Floor {
                total_memory_mib: 6144,
                cores: 1,
            },
            worker: Floor {
                total_memory_mib: 4096,
                cores: 4,
            },
            session_memory_mib: 2048,
        }
    }
}

/// What sessions hold on a node. Memory in MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Where.
    pub node: NodeId,
    /// How much was promised.
    pub memory_mib: u64,
    /// Whether it is already in use, and so missing from the node's available memory.
    pub in_use: bool,
}

/// Memory a node can still promise, in MiB: what is available now less what was promised but not
/// taken yet, and never more than the total less all promises.
#[must_use]
pub fn free_memory_mib(node: &Node, reservations: &[Reservation]) -> u64 {
    let (mut promised, mut pending) = (0_u64, 0_u64);
    for held in reservations.iter().filter(|held| held.node == node.id) {
        promised = promised.saturating_add(held.memory_mib);
        if !held.in_use {
            pending = pending.saturating_add(held.memory_mib);
        }
    }
    let unpromised = node.total_memory_mib.saturating_sub(promised);
    node.available_memory_mib
        .saturating_sub(pending)
        .min(unpromised)
}

/// All that keeps a node from taking one more session; empty if it is capable.
#[must_use]
pub fn lacks(node: &Node, reservations: &[Reservation], demand: &Demand) -> Vec<Lack> {
    let floor = match node.kind {
        NodeKind::Host => demand.host,
        NodeKind::Worker => demand.worker,
    };
    let mut lacks = Vec::new();
    match &node.engine {
        EngineHealth::Healthy => {}
        EngineHealth::Unhealthy(detail) => lacks.push(Lack::Engine {
            detail: detail.clone(),
        }),
        EngineHealth::Away(fault) => lacks.push(Lack::EngineAway {
            fault: fault.clone(),
        }),
    }
    if !ARCHITECTURES.contains(&node.arch.as_str()) {
        lacks.push(Lack::Architecture {
            has: node.arch.clone(),
        });
    }
    if node.total_memory_mib < floor.total_memory_mib {
        lacks.push(Lack::TotalMemory {
            has: node.total_memory_mib,
            needs: floor.total_memory_mib,
        });
    }
    if node.cores < floor.cores {
        lacks.push(Lack::Cores {
            has: node.cores,
            needs: floor.cores,
        });
    }
    let free = free_memory_mib(node, reservations);
    if free < demand.session_memory_mib {
        lacks.push(Lack::FreeMemory {
            has: free,
            needs: demand.session_memory_mib,
        });
    }
    lacks
}

/// Chooses a node.
///
/// # Errors
/// [`Problem::NodeGone`] if the explicit choice is not among `nodes`;
/// [`Problem::NoCapableNode`] with what each asked node lacks.
pub fn place<'a>(
    nodes: &'a [Node],
    reservations: &[Reservation],
    demand: &Demand,
    choice: Option<&NodeId>,
) -> Result<&'a Node, Problem> {
    let asked: Vec<&Node> = match choice {
        Some(id) => {
            let node = nodes.iter().find(|node| node.id == *id);
            vec![node.ok_or_else(|| Problem::NodeGone { node: id.0.clone() })?]
        }
        None => nodes.iter().collect(),
    };
    let best = asked
        .iter()
        .copied()
        .filter(|node| lacks(node, reservations, demand).is_empty())
        .min_by_key(|node| {
            (
                node.kind != NodeKind::Host,
                !node.gpu,
                std::cmp::Reverse(free_memory_mib(node, reservations)),
                &node.name,
                &node.id,
            )
        });
    best.ok_or_else(|| {
        let mut nodes: Vec<NodeLacks> = asked
            .iter()
            .map(|node| NodeLacks {
                node: name_of(node),
                lacks: lacks(node, reservations, demand),
            })
            .collect();
        nodes.sort_by(|a, b| {
            let key = |n: &NodeLacks| (n.node.kind != NodeKind::Host, n.node.name.clone());
            key(a).cmp(&key(b))
        });
        Problem::NoCapableNode { nodes }
    })
}

/// The node as the person knows it.
#[must_use]
pub fn name_of(node: &Node) -> NodeName {
    NodeName {
        id: node.id.clone(),
        name: node.name.clone(),
        kind: node.kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn host(total: u64, available: u64) -> Node {
        Node {
            id: NodeId::host(),
            name: "this machine".into(),
            kind: NodeKind::Host,
            arch: "aarch64".into(),
            cores: 4,
            total_memory_mib: total,
            available_memory_mib: available,
            gpu: false,
            engine: EngineHealth::Healthy,
        }
    }

    fn node_strategy() -> impl Strategy<Value = Node> {
        (
            0_u8..6,
            any::<bool>(),
            prop_oneof![Just("x86_64"), Just("aarch64"), Just("arm")],
            1_u32..9,
            0_u64..20_000,
            0_u64..20_000,
            any::<bool>(),
            prop::bool::weighted(0.9),
        )
            .prop_map(
                |(n, is_host, arch, cores, total, available, gpu, healthy)| {
                    let mut node = host(total, available.min(total));
                    if !is_host {
                        node.id = NodeId(format!("w{n}"));
                        node.name = format!("worker {n}");
                        node.kind = NodeKind::Worker;
                    }
                    node.arch = arch.into();
                    node.cores = cores;
                    node.gpu = gpu;
                    if !healthy {
                        node.engine = EngineHealth::Unhealthy("down".into());
                    }
                    node
                },
            )
    }

    fn nodes_strategy() -> impl Strategy<Value = Vec<Node>> {
        prop::collection::vec(node_strategy(), 0..8).prop_map(|mut nodes| {
            nodes.sort_by(|a, b| a.id.cmp(&b.id));
            nodes.dedup_by(|a, b| a.id == b.id);
            nodes
        })
    }

    #[test]
    fn a_16_gb_host_without_workers_serves_itself() {
        let nodes = [host(15_900, 14_000)];
        let placed = place(&nodes, &[], &Demand::default(), None);
        assert_eq!(placed.map(|node| &node.id), Ok(&NodeId::host()));
    }

    #[test]
    fn a_4_gb_host_without_workers_refuses_and_says_what_it_lacks() {
        let nodes = [host(3_900, 3_000)];
        let Err(Problem::NoCapableNode { nodes }) = place(&nodes, &[], &Demand::default(), None)
        else {
            panic!("a 4 GB host must refuse");
        };
        assert_eq!(
            nodes[0].lacks,
            [Lack::TotalMemory {
                has: 3_900,
                needs: 6_144
            }]
        );
    }

    #[test]
    fn a_reservation_that_is_not_taken_yet_counts_against_what_is_available() {
        let node = host(16_000, 5_000);
        let held = |in_use| Reservation {
            node: NodeId::host(),
            memory_mib: 2_048,
            in_use,
        };
        assert_eq!(free_memory_mib(&node, &[held(true)]), 5_000);
        assert_eq!(free_memory_mib(&node, &[held(false)]), 2_952);
    }

    proptest! {
        #[test]
        fn an_incapable_node_is_never_chosen(nodes in nodes_strategy(), choice in prop::option::of(0_usize..8)) {
            let demand = Demand::default();
            let choice = choice.and_then(|n| nodes.get(n)).map(|node| node.id.clone());
            if let Ok(node) = place(&nodes, &[], &demand, choice.as_ref()) {
                prop_assert_eq!(lacks(node, &[], &demand), vec![]);
            } else {
                for node in nodes.iter().filter(|n| choice.as_ref().is_none_or(|c| *c == n.id)) {
                    prop_assert!(!lacks(node, &[], &demand).is_empty());
                }
            }
        }

        #[test]
        fn an_explicit_choice_is_never_replaced(nodes in nodes_strategy(), name in 0_u8..6) {
            let choice = NodeId(format!("w{name}"));
            if let Ok(node) = place(&nodes, &[], &Demand::default(), Some(&choice)) {
                prop_assert_eq!(&node.id, &choice);
            }
        }

        #[test]
        fn the_order_of_nodes_is_irrelevant(nodes in nodes_strategy(), seed in any::<prop::sample::Index>()) {
            let mut turned = nodes.clone();
            if !turned.is_empty() {
                let by = seed.index(turned.len());
                turned.rotate_left(by);
            }
            prop_assert_eq!(
                place(&nodes, &[], &Demand::default(), None).cloned(),
                place(&turned, &[], &Demand::default(), None).cloned()
            );
        }

        #[test]
        fn no_node_is_ever_over_committed(nodes in nodes_strategy(), arrivals in 1_usize..40) {
            let demand = Demand::default();
            let mut held: Vec<Reservation> = Vec::new();
            for _ in 0..arrivals {
                let Ok(node) = place(&nodes, &held, &demand, None) else { break };
                held.push(Reservation {
                    node: node.id.clone(),
                    memory_mib: demand.session_memory_mib,
                    in_use: false,
                });
            }
            for node in &nodes {
                let sum: u64 = held.iter().filter(|h| h.node == node.id).map(|h| h.memory_mib).sum();
                prop_assert!(sum <= node.available_memory_mib);
            }
        }

        #[test]
        fn a_capable_host_comes_before_every_worker(nodes in nodes_strategy()) {
            let demand = Demand::default();
            let capable = nodes.iter().any(|n| n.kind == NodeKind::Host && lacks(n, &[], &demand).is_empty());
            if let (true, Ok(node)) = (capable, place(&nodes, &[], &demand, None)) {
                prop_assert_eq!(node.kind, NodeKind::Host);
            }
        }
    }
}
