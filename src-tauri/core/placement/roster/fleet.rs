//! Machines that belong to a Swarm: its nodes are places for sessions, and they themselves are none.

use super::Roster;
use crate::node::{NodeId, NodeName};

impl Roster {
    /// Whether sessions run on it by its Swarm alone, and it is no place for one by itself.
    pub fn set_in_swarm(&mut self, id: &NodeId, in_swarm: bool) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.in_swarm = in_swarm;
            self.put_in_place(id);
        }
    }

    /// The nodes of the Swarm that a machine manages, by id.
    pub fn members(&self, manager: &NodeId) -> impl Iterator<Item = &NodeName> {
        // What stands behind the slash is a Swarm's; the next character is the nought.
        let from = NodeId::member(manager, "");
        let to = NodeId(format!("{}0", manager.0));
        self.entries.range(from..to).map(|(_, entry)| &entry.name)
    }
}
