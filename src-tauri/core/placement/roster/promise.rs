//! What is promised on each node, and taken back.

use super::{Hold, Holder, Roster};
use crate::event::Millis;
use crate::node::NodeId;

impl Roster {
    /// Promises memory on a node, or changes what is promised. `taken`: since when it is in use.
    pub fn hold(&mut self, who: Holder, node: &NodeId, memory_mib: u64, taken: Option<Millis>) {
        let hold = Hold {
            node: node.clone(),
            memory_mib,
            taken,
        };
        if self.holds.get(&who) == Some(&hold) {
            return;
        }
        self.release(&who);
        self.holders
            .entry(node.clone())
            .or_default()
            .insert(who.clone());
        self.holds.insert(who, hold);
        self.put_in_place(node);
    }

    /// Takes a promise back.
    pub fn release(&mut self, who: &Holder) {
        let Some(hold) = self.holds.remove(who) else {
            return;
        };
        if let Some(holders) = self.holders.get_mut(&hold.node) {
            holders.remove(who);
            if holders.is_empty() {
                self.holders.remove(&hold.node);
            }
        }
        self.put_in_place(&hold.node);
    }

    /// Who holds memory anywhere.
    pub fn holders(&self) -> impl Iterator<Item = &Holder> {
        self.holds.keys()
    }
}
