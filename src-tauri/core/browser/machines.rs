//! The machines that the person has as workers, and what is seen of all.

mod fleet;
mod view;

use super::Browser;
use crate::action::Action;
use crate::event::FoundEngine;
use crate::message::{Problem, ProfileName, SessionId};
use crate::node::{EngineHealth, Node, NodeId, NodeKind, NodeName};
use crate::profile::DataWork;
use crate::session::{Happening, State};
use crate::worker::{
    EngineContext, Worker, WorkerAddress, WorkerCheck, WorkerCommand, WorkerFacts, WorkerRecord,
};

/// More would be a slip.
const WORKERS_CAP: usize = 200;
/// Characters of a name.
const NAME_CAP: usize = 60;

/// All workers, and the contexts that could be some.
#[derive(Clone, Debug, Default)]
pub(super) struct Machines {
    workers: Vec<Machine>,
    contexts: Vec<EngineContext>,
    finding: bool,
    /// The highest number that a worker ever had.
    last: u32,
}

#[derive(Clone, Debug)]
struct Machine {
    record: WorkerRecord,
    checking: bool,
    checked: Option<WorkerCheck>,
    /// Whether what runs there was asked for since it came back.
    asked: bool,
    /// It goes when nothing of the person's is there any more.
    leaving: bool,
}

impl Machine {
    fn new(record: WorkerRecord) -> Self {
        Self {
            record,
            checking: false,
            checked: None,
            asked: false,
            leaving: false,
        }
    }

    fn name(&self) -> NodeName {
        NodeName {
            id: self.record.worker.id.clone(),
            name: self.record.worker.name.clone(),
            kind: NodeKind::Worker,
        }
    }
}

impl Machines {
    pub(super) fn restore(records: Vec<WorkerRecord>, last: u32) -> Self {
        let numbers = records.iter().filter_map(|it| it.worker.id.number());
        let last = numbers.fold(last, u32::max);
        Self {
            workers: records.into_iter().map(Machine::new).collect(),
            last,
            ..Self::default()
        }
    }

    fn of(&mut self, id: &NodeId) -> Result<&mut Machine, Problem> {
        let of = |machine: &&mut Machine| machine.record.worker.id == *id;
        self.workers
            .iter_mut()
            .find(of)
            .ok_or(Problem::UnknownMachine)
    }

    fn get(&self, id: &NodeId) -> Option<&Machine> {
        self.workers.iter().find(|it| it.record.worker.id == *id)
    }

    fn in_use(&self) -> impl Iterator<Item = &Machine> {
        let used = |machine: &&Machine| machine.record.in_use && !machine.leaving;
        self.workers.iter().filter(used)
    }
}

impl Browser {
    /// At the start of the app.
    pub(super) fn use_saved_workers(&mut self) {
        let names: Vec<NodeName> = self.machines.in_use().map(Machine::name).collect();
        for name in &names {
            self.roster.expect(name.clone());
        }
        if !names.is_empty() {
            self.use_workers();
        }
        // What ran on a machine that is none any more is found by nobody.
        let (left, lost) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|row| names.iter().any(|name| row.node.is_of(&name.id)));
        self.left = left;
        self.expect_members();
        for row in lost {
            self.act(Action::DeleteSession(row.id));
        }
    }

    fn use_workers(&mut self) {
        let used = |machine: &Machine| machine.record.worker.clone();
        let workers: Vec<Worker> = self.machines.in_use().map(used).collect();
        self.act(Action::UseWorkers(workers));
    }

    pub(super) fn worker_name(&self, id: &NodeId) -> Option<NodeName> {
        let worker = self.machines.get(id).map(Machine::name);
        worker.or_else(|| self.member_name(id))
    }

    pub(super) fn worker_command(&mut self, command: WorkerCommand) -> Result<(), Problem> {
        match command {
            WorkerCommand::Add {
                name,
                address,
                certificates,
            } => {
                let read = WorkerAddress::read(&address, &certificates);
                let address = read.map_err(|flaw| Problem::BadMachine { flaw })?;
                self.add_worker(&name, address)?;
            }
            WorkerCommand::AddContext(name) => {
                let found = self.machines.contexts.iter().find(|it| it.name == name);
                let context = found.cloned().ok_or(Problem::UnknownMachine)?;
                self.add_worker(&context.name, context.address)?;
            }
            WorkerCommand::Remove { id, anyway } => self.remove_worker(&id, anyway)?,
            WorkerCommand::Use { id, on, anyway } => self.use_worker(&id, on, anyway)?,
            WorkerCommand::Rename { id, name } => {
                let machine = self.machines.of(&id)?;
                if let Some(name) = plain(&name) {
                    machine.record.worker.name = name;
                }
                let (record, name) = (machine.record.clone(), machine.name());
                if self.roster.name(&id).is_some() {
                    self.roster.expect(name.clone());
                }
                for session in self.sessions.values_mut() {
                    if session.node.id == id {
                        session.node.name.clone_from(&name.name);
                    }
                }
                self.act(Action::SaveWorker(record));
                self.use_workers();
            }
            WorkerCommand::Check(id) => self.check_worker(&id)?,
            WorkerCommand::FindContexts => {
                if !std::mem::replace(&mut self.machines.finding, true) {
                    self.act(Action::FindContexts);
                }
            }
        }
        Ok(())
    }

    /// A machine that is added is to be used; one that does not answer is never chosen.
    fn add_worker(&mut self, name: &str, address: WorkerAddress) -> Result<(), Problem> {
        let same = |machine: &&Machine| machine.record.worker.address == address;
        if let Some(known) = self.machines.workers.iter().find(same) {
            let node = known.record.worker.name.clone();
            return Err(Problem::MachineKnown { node });
        }
        if self.machines.workers.len() >= WORKERS_CAP {
            return Ok(());
        }
        self.machines.last = self.machines.last.saturating_add(1);
        let id = NodeId::worker(self.machines.last);
        let name = plain(name).unwrap_or_else(|| short_name(&address));
        let worker = Worker {
            id: id.clone(),
            name,
            address,
        };
        let machine = Machine::new(WorkerRecord {
            worker,
            in_use: true,
        });
        self.roster.expect(machine.name());
        self.act(Action::SaveWorker(machine.record.clone()));
        self.machines.workers.push(machine);
        self.use_workers();
        self.check_worker(&id)
    }

    fn check_worker(&mut self, id: &NodeId) -> Result<(), Problem> {
        let machine = self.machines.of(id)?;
        if !std::mem::replace(&mut machine.checking, true) {
            let worker = machine.record.worker.clone();
            self.act(Action::CheckWorker(worker));
        }
        Ok(())
    }

    pub(super) fn worker_checked(&mut self, id: &NodeId, check: WorkerCheck) {
        let Ok(machine) = self.machines.of(id) else {
            return;
        };
        machine.checking = false;
        if matches!(check, WorkerCheck::Answers { .. }) {
            self.roster.forgive(id);
        }
        if let Ok(machine) = self.machines.of(id) {
            machine.checked = Some(check);
        }
    }

    pub(super) fn contexts_found(&mut self, contexts: Vec<EngineContext>) {
        self.machines.finding = false;
        self.machines.contexts = contexts;
    }

    /// Refuses if something of the person's is on the machine.
    fn nothing_is_on(&self, id: &NodeId, data: bool) -> Result<(), Problem> {
        let left = self.left.iter().filter(|row| row.node.is_of(id));
        let sessions = self.sessions_on(id).len() + left.count();
        let profiles = if data {
            self.profiles_at(id)
        } else {
            Vec::new()
        };
        if sessions == 0 && profiles.is_empty() {
            return Ok(());
        }
        let title = |name: &ProfileName| self.profile(name).map(|it| it.record.title.clone());
        Err(Problem::MachineInUse {
            node: self.node_name(id).name,
            sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
            profiles: profiles.iter().filter_map(title).collect(),
        })
    }

    /// Also those on the nodes of the Swarm that it manages.
    pub(super) fn sessions_on(&self, id: &NodeId) -> Vec<SessionId> {
        let on = self.sessions.values();
        on.filter(|session| session.node.id.is_of(id) && session.state() != State::Gone)
            .map(|session| session.id)
            .collect()
    }

    fn profiles_at(&self, id: &NodeId) -> Vec<ProfileName> {
        let names = self.profiles.iter().map(|it| &it.record.name);
        let is_there = |name: &&ProfileName| self.home_of(name).is_some_and(|home| home.is_of(id));
        names.filter(is_there).cloned().collect()
    }

    fn use_worker(&mut self, id: &NodeId, on: bool, anyway: bool) -> Result<(), Problem> {
        let machine = self.machines.of(id)?;
        if machine.record.in_use == on {
            return Ok(());
        }
        if !on && !anyway {
            self.nothing_is_on(id, false)?;
        }
        let machine = self.machines.of(id)?;
        machine.record.in_use = on;
        machine.asked = false;
        let (record, name) = (machine.record.clone(), machine.name());
        self.act(Action::SaveWorker(record));
        if on {
            self.roster.expect(name);
        } else {
            self.put_out_of_use(id);
        }
        self.use_workers();
        if on {
            self.check_worker(id)?;
        }
        Ok(())
    }

    /// Ends what runs on a machine. Its tabs go elsewhere, if their data are there.
    fn put_out_of_use(&mut self, id: &NodeId) {
        for session in self.sessions_on(id) {
            self.step(session, Happening::Dismissed);
        }
        let (left, kept) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|row| row.node.is_of(id));
        self.left = kept;
        for row in left {
            self.act(Action::DeleteSession(row.id));
        }
        self.forget_machine(id);
    }

    fn remove_worker(&mut self, id: &NodeId, anyway: bool) -> Result<(), Problem> {
        self.machines.of(id)?;
        if !anyway {
            self.nothing_is_on(id, true)?;
        }
        for session in self.sessions_on(id) {
            self.step(session, Happening::Dismissed);
        }
        self.machines.of(id)?.leaving = true;
        for name in self.profiles_at(id) {
            let from = self.home_of(&name).unwrap_or_else(|| id.clone());
            let brings = self.roster.answers(&from);
            if brings && !self.is_worked_on(&name) {
                // What is there comes home first.
                let to = NodeId::host();
                self.want_work(&name, DataWork::Move { from, to });
            } else if !brings {
                self.leave_home(&name, &from);
            }
        }
        self.begin_waiting_work();
        self.finish_leaving();
        Ok(())
    }

    /// Whether the machine that has the profile's data is about to be removed.
    pub(super) fn is_leaving_home(&self, name: &ProfileName) -> bool {
        let home = self.home_of(name);
        let machine = home.and_then(|home| self.machines.get(&machine_of(&home)));
        machine.is_some_and(|machine| machine.leaving)
    }

    /// What was to be brought home from a machine that goes could not be: it stays.
    pub(super) fn stay_after_all(&mut self, id: &NodeId) {
        if let Ok(machine) = self.machines.of(&machine_of(id)) {
            machine.leaving = false;
        }
    }

    /// Removes what was to be removed and has nothing of the person's any more.
    pub(super) fn finish_leaving(&mut self) {
        let leaving = self.machines.workers.iter().filter(|it| it.leaving);
        let ids: Vec<NodeId> = leaving.map(|it| it.record.worker.id.clone()).collect();
        for id in ids {
            if self.nothing_is_on(&id, true).is_err() || self.has_stale(&id) {
                continue;
            }
            self.forget_data_at(&id);
            let stays = |machine: &Machine| machine.record.worker.id != id;
            self.machines.workers.retain(stays);
            self.forget_machine(&id);
            self.act(Action::DeleteWorker(id));
            self.use_workers();
        }
    }

    /// A worker as it is now.
    pub(super) fn worker_seen(&mut self, mut node: Node, facts: Option<WorkerFacts>) {
        let id = node.id.clone();
        let Ok(machine) = self.machines.of(&id) else {
            return;
        };
        if !machine.record.in_use {
            return;
        }
        node.name.clone_from(&machine.record.worker.name);
        node.kind = NodeKind::Worker;
        let engine = node.engine.clone();
        let answers = engine == EngineHealth::Healthy;
        // Each time that it is back: what was begun when it went away is known to nobody else.
        let asked = std::mem::replace(&mut machine.asked, answers);
        let asks = answers && !asked;
        self.roster.see(node, facts);
        if answers {
            self.drop_again(&id);
        } else {
            self.members_away(&id, &engine);
        }
        self.settle_swarms();
        if asks {
            self.mention_left(&id);
            self.act(Action::FindEngines(id));
        }
        if !self.looking {
            self.place_waiting();
        }
    }

    /// What runs on a worker that can be asked again.
    pub(super) fn worker_engines(&mut self, node: &NodeId, found: Option<Vec<FoundEngine>>) {
        let Ok(machine) = self.machines.of(node) else {
            return;
        };
        let Some(found) = found else {
            machine.asked = false;
            return;
        };
        let (rows, kept) = std::mem::take(&mut self.left)
            .into_iter()
            .partition(|row| row.node.is_of(node));
        self.left = kept;
        self.take_over(&found, &rows);
        let waits =
            |tab: &&mut crate::tab::Tab| matches!(tab.problem, Some(Problem::ProfileAway { .. }));
        let mut again = Vec::new();
        for tab in self.tabs.iter_mut().filter(waits) {
            tab.problem = None;
            again.push(tab.id);
        }
        for tab in again {
            self.want_stream(tab, None, None);
        }
        self.place_waiting();
    }
}

/// The machine through which a node is had.
fn machine_of(id: &NodeId) -> NodeId {
    id.in_swarm()
        .map_or_else(|| id.clone(), |(manager, _)| manager)
}

/// A name without what cannot be seen; `None` if nothing is left of it.
fn plain(name: &str) -> Option<String> {
    let shown: String = name.chars().filter(|c| !c.is_control()).collect();
    let name: String = shown.trim().chars().take(NAME_CAP).collect();
    (!name.is_empty()).then_some(name)
}

/// The host of an address, as a name.
fn short_name(address: &WorkerAddress) -> String {
    let host = match address {
        WorkerAddress::Ssh { destination, .. } => destination
            .rsplit_once('@')
            .map_or(destination.as_str(), |it| it.1),
        WorkerAddress::Tls { host, .. } => host,
    };
    plain(host).unwrap_or_default()
}
