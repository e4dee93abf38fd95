//! What an address that is being typed in a tab may become.

use super::Browser;
use crate::address::{Completion, complete};
use crate::message::TabId;

impl Browser {
    /// Completes it by what the tabs of the same profile have shown, open or closed of late.
    #[must_use]
    pub fn completion(&self, id: TabId, typed: &str) -> Option<Completion> {
        let profile = &self.tab(id)?.profile;
        let open = self.tabs.iter().filter(|tab| tab.profile == *profile);
        let open = open.flat_map(|tab| tab.history.entries());
        let closed = self.closed.iter().map(|(_, record)| record);
        let closed = closed.filter(|record| record.profile == *profile);
        let closed = closed.flat_map(|record| &record.history);
        complete(typed, open.chain(closed).map(|entry| entry.url.as_str()))
    }
}
