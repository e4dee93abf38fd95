//! How long a tab has waited for a machine that is away. It may come back at any moment; only after a
//! while it is offered to go on without it.

use super::Browser;
use crate::event::Millis;
use crate::fault::Stall;
use crate::message::Problem;
use crate::node::NodeId;
use crate::tab::Tab;

/// How long a machine is waited for before it is offered to go on elsewhere, in milliseconds.
pub(super) const LEAVE_MS: u64 = 30_000;

impl Browser {
    /// Notes since when tabs wait.
    pub(super) fn note_away(&mut self) {
        let now = self.now;
        let waits: Vec<bool> = self
            .tabs
            .iter()
            .map(|tab| self.waits_for_machine(tab))
            .collect();
        for (tab, waits) in self.tabs.iter_mut().zip(waits) {
            tab.away_since = waits.then(|| tab.away_since.unwrap_or(now));
        }
    }

    fn waits_for_machine(&self, tab: &Tab) -> bool {
        match &tab.problem {
            Some(Problem::ProfileAway { .. }) => true,
            Some(Problem::EngineStalled { stall, .. }) => {
                matches!(stall, Stall::EngineAway { .. })
                    && self
                        .home_of(&tab.profile)
                        .is_some_and(|home| home != NodeId::host())
            }
            _ => false,
        }
    }

    /// Whether it is offered to go on without the machine that a tab waits for.
    pub(super) fn may_leave(&self, tab: &Tab) -> bool {
        let since = tab.away_since;
        since.is_some_and(|since| self.now.0 >= since.0 + LEAVE_MS)
    }

    /// When it is to be offered next.
    pub(super) fn next_leave(&self) -> Option<Millis> {
        let waits = self.tabs.iter().filter(|tab| !self.may_leave(tab));
        let at = waits.filter_map(|tab| tab.away_since);
        at.map(|since| Millis(since.0 + LEAVE_MS)).min()
    }
}
