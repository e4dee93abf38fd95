//! Facts about the machines that can run a streamed session, as of now.

mod gpu;

use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::node::{EngineHealth, Node, NodeId, NodeKind};
use sysinfo::{CGroupLimits, ProcessRefreshKind, ProcessesToUpdate, System};

const MIB: u64 = 1024 * 1024;

/// Where the facts come from.
#[derive(Clone, Debug)]
pub enum NodeSource {
    /// This machine, as it is.
    Host,
    /// What [`GivenNodes`] says: machines that a test makes up.
    Given(GivenNodes),
}

/// Nodes that are what they are said to be. A clone speaks of the same nodes.
#[derive(Clone, Debug, Default)]
pub struct GivenNodes(Arc<Mutex<Vec<Node>>>);

impl GivenNodes {
    /// From now on there are these nodes and no others.
    pub fn set(&self, nodes: Vec<Node>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = nodes;
    }
}

impl From<Vec<Node>> for GivenNodes {
    fn from(nodes: Vec<Node>) -> Self {
        Self(Arc::new(Mutex::new(nodes)))
    }
}

impl NodeSource {
    /// All nodes. `engine` is the health of this machine's own engine. Blocks for some
    /// milliseconds: not for an async thread.
    #[must_use]
    pub fn look(&self, engine: EngineHealth) -> Vec<Node> {
        match self {
            Self::Host => vec![host(engine)],
            Self::Given(nodes) => nodes
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// This machine. Blocks for some milliseconds: not for an async thread.
#[must_use]
pub fn host(engine: EngineHealth) -> Node {
    let memory = Memory::now();
    Node {
        id: NodeId::host(),
        name: host_name(),
        kind: NodeKind::Host,
        arch: std::env::consts::ARCH.to_owned(),
        cores: cores(),
        total_memory_mib: memory.total / MIB,
        available_memory_mib: memory.available / MIB,
        gpu: gpu::encodes(),
        engine,
    }
}

/// What this machine calls itself.
#[must_use]
pub fn host_name() -> String {
    let name = System::host_name().ok().filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "localhost".to_owned())
}

/// Logical cores that we may use: affinity and CPU quota count. Falls to 1 where nothing is known.
fn cores() -> u32 {
    std::thread::available_parallelism()
        .ok()
        .and_then(|cores| u32::try_from(cores.get()).ok())
        .unwrap_or(1)
}

/// Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Memory {
    total: u64,
    available: u64,
}

impl Memory {
    fn now() -> Self {
        let Ok(mut system) = System::new() else {
            return Self::default();
        };
        system.refresh_memory();
        let mut memory = Self {
            total: system.total_memory(),
            available: system.available_memory(),
        };
        if let Some(limits) = system.cgroup_limits() {
            memory = memory.within(&limits);
        }
        // The root group and our own can differ: a service or a login slice may have a limit.
        if let Ok(own) = sysinfo::get_current_pid() {
            system.refresh_processes_specifics(
                ProcessesToUpdate::Some(&[own]),
                false,
                ProcessRefreshKind::nothing().without_tasks(),
            );
            if let Some(limits) = system
                .process(own)
                .and_then(sysinfo::Process::cgroup_limits)
            {
                memory = memory.within(&limits);
            }
        }
        memory
    }

    /// The same under a control group's limit, if that is lower. What the group uses beyond its
    /// anonymous memory is file cache, which the kernel gives back.
    fn within(self, limits: &CGroupLimits) -> Self {
        if limits.total_memory == 0 || limits.total_memory >= self.total {
            return self;
        }
        let room = limits
            .free_memory
            .max(limits.total_memory.saturating_sub(limits.rss));
        Self {
            total: limits.total_memory,
            available: self.available.min(room),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const GIB: u64 = 1024 * MIB;

    fn limits(total: u64, free: u64, rss: u64) -> CGroupLimits {
        CGroupLimits {
            total_memory: total,
            free_memory: free,
            free_swap: 0,
            rss,
        }
    }

    #[test]
    fn this_machine_has_memory_and_cores() {
        let node = host(EngineHealth::Healthy);
        assert!(node.total_memory_mib >= 256, "{node:?}");
        assert!(
            node.available_memory_mib <= node.total_memory_mib,
            "{node:?}"
        );
        assert!(node.available_memory_mib > 0, "{node:?}");
        assert!(node.cores >= 1 && !node.name.is_empty(), "{node:?}");
        assert_eq!((node.id, node.kind), (NodeId::host(), NodeKind::Host));
    }

    #[test]
    fn looking_at_this_machine_takes_no_time_that_a_person_notices() {
        let fastest = (0..5)
            .map(|_| {
                let start = Instant::now();
                let _node = host(EngineHealth::Healthy);
                start.elapsed()
            })
            .min();
        assert!(fastest < Some(Duration::from_millis(20)), "{fastest:?}");
    }

    #[test]
    fn a_lower_limit_of_the_control_group_counts() {
        let machine = Memory {
            total: 16 * GIB,
            available: 12 * GIB,
        };
        assert_eq!(
            machine.within(&limits(4 * GIB, 3 * GIB, GIB)),
            Memory {
                total: 4 * GIB,
                available: 3 * GIB
            }
        );
    }

    #[test]
    fn a_limit_above_the_machine_changes_nothing() {
        let machine = Memory {
            total: 16 * GIB,
            available: 12 * GIB,
        };
        assert_eq!(machine.within(&limits(16 * GIB, 1, GIB)), machine);
        assert_eq!(machine.within(&limits(u64::MAX, u64::MAX, 0)), machine);
        assert_eq!(machine.within(&limits(0, 0, 0)), machine);
    }

    #[test]
    fn file_cache_in_the_control_group_counts_as_room() {
        let machine = Memory {
            total: 16 * GIB,
            available: 12 * GIB,
        };
        assert_eq!(machine.within(&limits(4 * GIB, 0, GIB)).available, 3 * GIB);
    }

    #[test]
    fn given_nodes_change_when_they_are_set() {
        let given = GivenNodes::default();
        let source = NodeSource::Given(given.clone());
        assert_eq!(source.look(EngineHealth::Healthy), []);
        let node = host(EngineHealth::Unhealthy("no Chromium".to_owned()));
        given.set(vec![node.clone()]);
        assert_eq!(source.look(EngineHealth::Healthy), [node]);
    }
}
