//! The nodes of a Swarm that a worker manages: each is a place for sessions, and the worker is not.

use std::collections::HashMap;

use super::machine_of;
use crate::browser::Browser;
use crate::node::{EngineHealth, Node, NodeId, NodeKind, NodeName};
use crate::worker::WorkerFacts;

/// Characters of a node's own id that tell it from another one of the same name.
const SHORT: usize = 4;

impl Browser {
    /// What is known to be on a node of a Swarm is waited for until the Swarm was heard of.
    pub(super) fn expect_members(&mut self) {
        let rows = self.left.iter().map(|row| row.node.clone());
        let homes = self.profiles.iter().filter_map(|it| it.record.home.clone());
        let known: Vec<NodeId> = rows
            .chain(homes)
            .filter(|id| id.in_swarm().is_some())
            .filter(|id| self.machines.in_use().any(|it| id.is_of(&it.name().id)))
            .collect();
        for id in known {
            let name = self.node_name(&id);
            self.roster.expect(name);
        }
    }

    /// All nodes of the Swarm that a worker manages; none if it manages none.
    pub(in crate::browser) fn fleet_seen(
        &mut self,
        id: &NodeId,
        members: Vec<(Node, WorkerFacts)>,
    ) {
        let used = self.machines.get(id).is_some_and(|it| it.record.in_use);
        if !used {
            return;
        }
        let gone: Vec<NodeId> = self
            .members(id)
            .filter(|known| members.iter().all(|(node, _)| node.id != *known))
            .collect();
        for id in gone {
            self.roster.forget(&id);
        }
        let mut named: HashMap<String, usize> = HashMap::new();
        for (node, _) in &members {
            *named.entry(node.name.clone()).or_default() += 1;
        }
        for (mut node, facts) in members {
            if named.get(&node.name).is_some_and(|count| *count > 1)
                && let Some((_, own)) = node.id.in_swarm()
            {
                let short: String = own.chars().take(SHORT).collect();
                node.name = format!("{} ({short})", node.name);
            }
            node.kind = NodeKind::Worker;
            for session in self.sessions.values_mut() {
                if session.node.id == node.id {
                    session.node.name.clone_from(&node.name);
                }
            }
            self.roster.see(node, Some(facts));
        }
        self.settle_swarms();
        if !self.looking {
            self.place_waiting();
        }
    }

    /// A worker that manages a Swarm is no place for sessions itself, and neither is one that a Swarm in
    /// use has as its node: what ran there beside the Swarm would not be in the Swarm's count.
    pub(super) fn settle_swarms(&mut self) {
        let workers: Vec<NodeId> = self.machines.in_use().map(|it| it.name().id).collect();
        for id in &workers {
            let facts = self.roster.seen(id).and_then(|seen| seen.facts.as_ref());
            let own = facts.and_then(|facts| facts.swarm_node.clone());
            let is_node = own.is_some_and(|own| {
                let node = |manager: &NodeId| NodeId::member(manager, &own);
                workers
                    .iter()
                    .any(|it| self.roster.name(&node(it)).is_some())
            });
            let manages = self.members(id).next().is_some();
            self.roster.set_in_swarm(id, is_node || manages);
        }
    }

    /// Nobody can say how they are, or start anything there.
    pub(super) fn members_away(&mut self, id: &NodeId, engine: &EngineHealth) {
        let members: Vec<NodeId> = self.members(id).collect();
        for id in members {
            let Some(seen) = self.roster.seen(&id).cloned() else {
                continue;
            };
            let engine = engine.clone();
            let node = Node {
                engine,
                ..seen.node
            };
            self.roster.see(node, seen.facts);
        }
    }

    /// What is known of a node of a Swarm whose worker is known.
    pub(super) fn member_name(&self, id: &NodeId) -> Option<NodeName> {
        let (manager, own) = id.in_swarm()?;
        let worker = self.machines.get(&manager)?;
        let known = self.roster.name(id).cloned();
        Some(known.unwrap_or_else(|| {
            let short: String = own.chars().take(SHORT).collect();
            NodeName {
                id: id.clone(),
                name: format!("{} ({short})", worker.record.worker.name),
                kind: NodeKind::Worker,
            }
        }))
    }

    /// The nodes that are known of the Swarm that a worker manages.
    pub(super) fn members(&self, id: &NodeId) -> impl Iterator<Item = NodeId> {
        self.roster.members(id).map(|name| name.id.clone())
    }

    /// It is no place for anything any more, and neither are the nodes of its Swarm.
    pub(super) fn forget_machine(&mut self, id: &NodeId) {
        let members: Vec<NodeId> = self.members(id).collect();
        for id in members.iter().chain([id]) {
            self.roster.forget(id);
        }
    }

    /// The machine that manages the Swarm whose node it is.
    pub(super) fn manager_of(&self, id: &NodeId) -> Option<NodeName> {
        id.in_swarm()?;
        self.worker_name(&machine_of(id))
    }
}
