//! What the shell paints of machines.

use super::Machine;
use crate::browser::Browser;
use crate::message::{MachinesView, NodeId, NodeName};
use crate::node::Lack;
use crate::worker::{EngineContext, MachineFacts, MachineView};

impl Browser {
    pub(in crate::browser) fn machines_view(&self) -> MachinesView {
        let host = NodeId::host();
        let mut known = Vec::new();
        // One that was seen without being anybody's worker is one of a test.
        let others = self
            .roster
            .names()
            .filter(|name| name.id != host && self.worker_name(&name.id).is_none());
        let here = self.roster.name(&host).into_iter().chain(others);
        known.extend(here.map(|name| self.machine_view(name.clone(), None)));
        for machine in self.machines.workers.iter().filter(|it| !it.leaving) {
            known.push(self.machine_view(machine.name(), Some(machine)));
            let id = &machine.record.worker.id;
            let names = self.members(id).filter_map(|id| self.worker_name(&id));
            let mut members: Vec<NodeName> = names.collect();
            members.sort_by(|one, other| one.name.cmp(&other.name));
            known.extend(
                members
                    .into_iter()
                    .map(|name| self.machine_view(name, None)),
            );
        }
        let is_new = |context: &&EngineContext| {
            let same = |it: &Machine| it.record.worker.address == context.address;
            !self.machines.workers.iter().any(same)
        };
        MachinesView {
            known,
            contexts: self
                .machines
                .contexts
                .iter()
                .filter(is_new)
                .cloned()
                .collect(),
            finding: self.machines.finding,
        }
    }

    fn machine_view(&self, node: NodeName, machine: Option<&Machine>) -> MachineView {
        let id = &node.id;
        let memory = self.settings.demand.session_memory_mib;
        let seen = self.roster.seen(id);
        let in_use = machine.is_none_or(|it| it.record.in_use);
        let lacks: Vec<Lack> = if in_use {
            self.roster.lacks(id, memory)
        } else {
            Vec::new()
        };
        MachineView {
            address: machine.map(|it| it.record.worker.address.clone()),
            manager: self.manager_of(id),
            members: u32::try_from(self.members(id).count()).unwrap_or(u32::MAX),
            in_use,
            facts: seen.map(|seen| MachineFacts {
                arch: seen.node.arch.clone(),
                cores: seen.node.cores,
                total_memory_mib: seen.node.total_memory_mib,
                free_memory_mib: self.roster.free_memory_mib(id),
                gpu: seen.node.gpu,
                worker: seen.facts.clone(),
            }),
            seen_ago_ms: seen.map(|seen| self.now.0.saturating_sub(seen.at.0)),
            lacks,
            aside: self.roster.aside(id).cloned(),
            sessions: u32::try_from(self.sessions_on(id).len()).unwrap_or(u32::MAX),
            checking: machine.is_some_and(|it| it.checking),
            checked: machine.and_then(|it| it.checked.clone()),
            node,
        }
    }
}
