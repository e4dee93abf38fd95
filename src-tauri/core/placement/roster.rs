//! All nodes that are known, what is promised on each, and the order in which they are chosen.
//!
//! A choice looks at the first nodes of each class, not at all of them: what changes a node's
//! place in the order (a look, a promise, its age) puts it in its new place at once.

mod fleet;
mod promise;
mod rank;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use self::rank::{Rank, from, step};
use super::{Demand, flaws, name_of};
use crate::event::Millis;
use crate::message::{NodeLacks, Problem, ProfileName, SessionId};
use crate::node::{EngineHealth, Lack, Node, NodeId, NodeKind, NodeName, Setback};
use crate::worker::WorkerFacts;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How long what was seen of a worker is good enough to choose it, in milliseconds.
pub const FRESH_MS: u64 = 60_000;

/// How long a node that failed a start is passed over, in milliseconds.
pub const ASIDE_MS: u64 = 5 * 60_000;

/// How many nodes a refusal names.
const NAMED_CAP: usize = 50;

/// Who holds memory on a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A session.
    Session(SessionId),
    /// A profile whose data are on their way there.
    Move(ProfileName),
}

/// What was seen of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// It. If its engine is away, what else is known is from before.
    pub node: Node,
    /// What is known of a worker only.
    pub facts: Option<WorkerFacts>,
    /// When it last answered.
    pub at: Millis,
}

/// Host, worker with a GPU, worker without.
const CLASSES: u8 = 3;

#[derive(Clone, Debug)]
struct Entry {
    name: NodeName,
    seen: Option<Seen>,
    /// When anything was last heard, also that it is away.
    heard: Option<Millis>,
    aside: Option<(Millis, Setback)>,
    /// Sessions run there by its Swarm alone.
    in_swarm: bool,
    rank: Option<Rank>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Hold {
    node: NodeId,
    memory_mib: u64,
    /// Since when it is in use; from then on a look at the node has it in what is available.
    taken: Option<Millis>,
}

/// All nodes that are known. Memory in MiB.
#[derive(Clone, Debug)]
pub struct Roster {
    demand: Demand,
    now: Millis,
    entries: BTreeMap<NodeId, Entry>,
    holds: BTreeMap<Holder, Hold>,
    holders: BTreeMap<NodeId, BTreeSet<Holder>>,
    /// Those that can be chosen.
    ranks: BTreeSet<Rank>,
    /// When a node may lose or gain its place by time alone.
    turns: BTreeSet<(Millis, NodeId)>,
}

impl Roster {
    /// No nodes yet.
    #[must_use]
    pub fn new(demand: Demand) -> Self {
        Self {
            demand,
            now: Millis::default(),
            entries: BTreeMap::new(),
            holds: BTreeMap::new(),
            holders: BTreeMap::new(),
            ranks: BTreeSet::new(),
            turns: BTreeSet::new(),
        }
    }

    /// Time goes on: what was seen grows old, what was set aside comes back.
    pub fn pass(&mut self, now: Millis) {
        self.now = self.now.max(now);
        while let Some((at, _)) = self.turns.first()
            && *at <= self.now
        {
            if let Some((_, id)) = self.turns.pop_first() {
                self.put_in_place(&id);
            }
        }
    }

    /// A node that may come to be seen.
    pub fn expect(&mut self, name: NodeName) {
        let id = name.id.clone();
        let entry = self.entries.entry(id.clone()).or_insert_with(|| Entry {
            name: name.clone(),
            seen: None,
            heard: None,
            aside: None,
            in_swarm: false,
            rank: None,
        });
        if let Some(seen) = &mut entry.seen {
            seen.node.name.clone_from(&name.name);
        }
        entry.name = name;
        self.put_in_place(&id);
    }

    /// A node as it is now.
    pub fn see(&mut self, node: Node, facts: Option<WorkerFacts>) {
        let now = self.now;
        if !self.entries.contains_key(&node.id) {
            self.expect(name_of(&node));
        }
        let id = node.id.clone();
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.name = name_of(&node);
        let answers = node.engine == EngineHealth::Healthy;
        let before = entry.seen.take();
        let at = match &before {
            Some(before) if !answers => before.at,
            _ => now,
        };
        // What a node that is away had is still the best that is known of it.
        let (node, facts) = match before {
            Some(before) if !answers && node.total_memory_mib == 0 => {
                let (name, engine) = (node.name, node.engine);
                let known = Node {
                    name,
                    engine,
                    ..before.node
                };
                (known, before.facts)
            }
            Some(before) if !answers => (node, before.facts.or(facts)),
            _ => (node, facts),
        };
        entry.seen = Some(Seen { node, facts, at });
        entry.heard = Some(now);
        self.turns.insert((Millis(now.0 + FRESH_MS), id.clone()));
        self.put_in_place(&id);
    }

    /// A node is no longer there.
    pub fn forget(&mut self, id: &NodeId) {
        if let Some(rank) = self.entries.remove(id).and_then(|entry| entry.rank) {
            self.ranks.remove(&rank);
        }
    }

    /// A start there came to nothing: it is passed over for a while.
    pub fn set_aside(&mut self, id: &NodeId, setback: Setback) {
        let until = Millis(self.now.0 + ASIDE_MS);
        if let Some(entry) = self.entries.get_mut(id) {
            entry.aside = Some((until, setback));
            self.turns.insert((until, id.clone()));
            self.put_in_place(id);
        }
    }

    /// It is as good as any other again.
    pub fn forgive(&mut self, id: &NodeId) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.aside = None;
            self.put_in_place(id);
        }
    }

    /// All nodes, seen or not, by id.
    pub fn names(&self) -> impl Iterator<Item = &NodeName> {
        self.entries.values().map(|entry| &entry.name)
    }

    /// A node by its id.
    #[must_use]
    pub fn name(&self, id: &NodeId) -> Option<&NodeName> {
        self.entries.get(id).map(|entry| &entry.name)
    }

    /// What was seen of a node.
    #[must_use]
    pub fn seen(&self, id: &NodeId) -> Option<&Seen> {
        self.entries.get(id)?.seen.as_ref()
    }

    /// Why a node is passed over, if it is.
    #[must_use]
    pub fn aside(&self, id: &NodeId) -> Option<&Setback> {
        let (until, setback) = self.entries.get(id)?.aside.as_ref()?;
        (*until > self.now).then_some(setback)
    }

    /// Whether anything was heard of a node since then.
    #[must_use]
    pub fn heard_since(&self, id: &NodeId, since: Millis) -> bool {
        let heard = self.entries.get(id).and_then(|entry| entry.heard);
        heard.is_some_and(|heard| heard >= since)
    }

    /// Whether a node's engine answers, as far as is known.
    #[must_use]
    pub fn answers(&self, id: &NodeId) -> bool {
        self.entries.get(id).is_some_and(|entry| {
            let healthy = |seen: &Seen| seen.node.engine == EngineHealth::Healthy;
            self.is_fresh(entry) && entry.seen.as_ref().is_some_and(healthy)
        })
    }

    /// Whether nobody knows whether a worker could be chosen: it was never heard of, or not lately.
    #[must_use]
    pub fn is_unsure(&self, id: &NodeId) -> bool {
        self.entries.get(id).is_some_and(|entry| match &entry.seen {
            None => entry.heard.is_none() && entry.name.kind == NodeKind::Worker,
            Some(seen) => seen.node.engine == EngineHealth::Healthy && !self.is_fresh(entry),
        })
    }

    /// Memory a node can still promise: what is available now less what was promised but not
    /// taken when that was seen, and never more than the total less all promises.
    #[must_use]
    pub fn free_memory_mib(&self, id: &NodeId) -> u64 {
        self.seen(id).map_or(0, |seen| self.free_of(seen))
    }

    fn free_of(&self, seen: &Seen) -> u64 {
        let (mut promised, mut pending) = (0_u64, 0_u64);
        let holds = self.holders.get(&seen.node.id).into_iter().flatten();
        for hold in holds.filter_map(|who| self.holds.get(who)) {
            promised = promised.saturating_add(hold.memory_mib);
            if hold.taken.is_none_or(|since| since >= seen.at) {
                pending = pending.saturating_add(hold.memory_mib);
            }
        }
        let unpromised = seen.node.total_memory_mib.saturating_sub(promised);
        seen.node
            .available_memory_mib
            .saturating_sub(pending)
            .min(unpromised)
    }

    /// All that keeps a node from a session that needs so much memory now, though it were asked
    /// for by name; empty if it is capable.
    #[must_use]
    pub fn lacks(&self, id: &NodeId, memory_mib: u64) -> Vec<Lack> {
        let Some(entry) = self.entries.get(id) else {
            return vec![Lack::NotSeen];
        };
        let Some(seen) = &entry.seen else {
            return vec![Lack::NotSeen];
        };
        if entry.in_swarm {
            return vec![Lack::InSwarm];
        }
        let mut lacks = flaws(&seen.node, &self.demand);
        if lacks.is_empty() && !self.is_fresh(entry) {
            lacks.push(Lack::NotSeen);
        }
        let free = self.free_of(seen);
        if free < memory_mib && seen.node.total_memory_mib > 0 {
            lacks.push(Lack::FreeMemory {
                has: free,
                needs: memory_mib,
            });
        }
        lacks
    }

    /// Whether a node can be chosen without being asked for by name.
    #[must_use]
    pub fn is_ready(&self, id: &NodeId, memory_mib: u64) -> bool {
        let rank = self.entries.get(id).and_then(|entry| entry.rank.as_ref());
        rank.is_some_and(|rank| rank.2 >= memory_mib)
    }

    /// Chooses a node for a session that needs so much memory, but not that one.
    ///
    /// A node that is set aside is chosen only where there is no other.
    ///
    /// # Errors
    /// [`Problem::NodeGone`] if the explicit choice is not known;
    /// [`Problem::NoCapableNode`] with what each node lacks.
    pub fn place(
        &self,
        memory_mib: u64,
        choice: Option<&NodeId>,
        but: Option<&NodeId>,
    ) -> Result<NodeName, Problem> {
        if let Some(id) = choice {
            let name = self
                .name(id)
                .ok_or_else(|| Problem::NodeGone { node: id.0.clone() })?;
            let lacks = self.lacks(id, memory_mib);
            if lacks.is_empty() {
                return Ok(name.clone());
            }
            let node = name.clone();
            return Err(Problem::NoCapableNode {
                nodes: vec![NodeLacks { node, lacks }],
            });
        }
        self.ready(memory_mib, but)
            .or_else(|| self.last_resort(memory_mib, but))
            .ok_or_else(|| self.refusal(memory_mib, but))
    }

    /// The best node that can be chosen now, but not that one.
    #[must_use]
    pub fn ready(&self, memory_mib: u64, but: Option<&NodeId>) -> Option<NodeName> {
        let least = step(memory_mib);
        let best = (0..CLASSES).find_map(|class| {
            let mut above = self.ranks.range(from(class, u32::MAX, 0)..).next();
            while let Some(rank) = above.filter(|rank| rank.0 == class && rank.1.0 >= least) {
                let step = rank.1.0;
                let mut enough = self.ranks.range(from(class, step, memory_mib)..);
                let on_step = |rank: &Rank| (rank.0, rank.1.0) == (class, step);
                let found = enough.find(|rank| !on_step(rank) || Some(&rank.5) != but);
                if let Some(best) = found.filter(|rank| on_step(rank)) {
                    return Some(best);
                }
                above = found;
            }
            None
        });
        best.and_then(|rank| self.name(&rank.5)).cloned()
    }

    /// The best of those that are set aside.
    fn last_resort(&self, memory_mib: u64, but: Option<&NodeId>) -> Option<NodeName> {
        let capable = self.entries.values().filter(|entry| {
            let id = &entry.name.id;
            entry.aside.is_some() && Some(id) != but && self.lacks(id, memory_mib).is_empty()
        });
        let best = capable.filter_map(|entry| Some((self.rank_of(entry.seen.as_ref()?), entry)));
        best.min_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, entry)| entry.name.clone())
    }

    fn refusal(&self, memory_mib: u64, but: Option<&NodeId>) -> Problem {
        let mut nodes: Vec<NodeLacks> = self
            .entries
            .values()
            .filter(|entry| !entry.in_swarm)
            .take(NAMED_CAP)
            .map(|entry| {
                let id = &entry.name.id;
                let mut lacks = self.lacks(id, memory_mib);
                if let Some(setback) = self.aside(id).filter(|_| Some(id) == but) {
                    let setback = setback.clone();
                    lacks.push(Lack::SetAside { setback });
                }
                NodeLacks {
                    node: entry.name.clone(),
                    lacks,
                }
            })
            .collect();
        nodes.sort_by(|a, b| {
            let key = |n: &NodeLacks| (n.node.kind != NodeKind::Host, n.node.name.clone());
            key(a).cmp(&key(b))
        });
        Problem::NoCapableNode { nodes }
    }

    fn is_fresh(&self, entry: &Entry) -> bool {
        let fresh = |seen: &Seen| self.now.0 < seen.at.0 + FRESH_MS;
        // This machine is looked at before each choice.
        entry.name.kind == NodeKind::Host || entry.seen.as_ref().is_some_and(fresh)
    }

    fn rank_of(&self, seen: &Seen) -> Rank {
        let class = match (seen.node.kind, seen.node.gpu) {
            (NodeKind::Host, _) => 0,
            (NodeKind::Worker, true) => 1,
            (NodeKind::Worker, false) => 2,
        };
        let free = self.free_of(seen);
        (
            class,
            Reverse(step(free)),
            free,
            seen.facts.as_ref().map_or(0, |facts| facts.round_trip_ms),
            seen.node.name.clone(),
            seen.node.id.clone(),
        )
    }

    fn put_in_place(&mut self, id: &NodeId) {
        let Some(entry) = self.entries.get(id) else {
            return;
        };
        let seen = entry.seen.as_ref().filter(|seen| {
            flaws(&seen.node, &self.demand).is_empty()
                && self.is_fresh(entry)
                && self.aside(id).is_none()
                && !entry.in_swarm
        });
        let rank = seen.map(|seen| self.rank_of(seen));
        if rank == entry.rank {
            return;
        }
        if let Some(before) = &entry.rank {
            self.ranks.remove(before);
        }
        if let Some(rank) = &rank {
            self.ranks.insert(rank.clone());
        }
        if let Some(entry) = self.entries.get_mut(id) {
            entry.rank = rank;
        }
    }
}
