//! What an address that is being typed in a tab may become.

use std::collections::HashSet;

use super::Browser;
use crate::address::{Completion, complete, site};
use crate::event::HistoryEntry;
use crate::message::TabId;

impl Browser {
    /// Completes it by the sites that tabs of the same profile have shown, open or closed of late, and by
    /// those of its bookmarks.
    #[must_use]
    pub fn completion(&self, id: TabId, typed: &str) -> Option<Completion> {
        let profile = &self.tab(id)?.profile;
        let open = self.tabs.iter().filter(|tab| tab.profile == *profile);
        let open = open.map(|tab| {
            // What is on its way may never come.
            let under_way = tab.loading || tab.problem.is_some();
            sites(
                tab.history.entries(),
                under_way.then_some(tab.history.index()),
            )
        });
        let closed = self.closed.iter().map(|(_, record)| record);
        let closed = closed.filter(|record| record.profile == *profile);
        let closed = closed.map(|record| sites(&record.history, None));
        let kept = self.bookmarks.of(profile);
        let kept = kept.filter_map(|it| site(&it.url)).collect();
        let all = open.chain(closed).chain(std::iter::once(kept));
        complete(typed, all.flatten())
    }
}

/// The sites of a history, each once, but for one entry.
fn sites(entries: &[HistoryEntry], but_for: Option<usize>) -> HashSet<&str> {
    let entries = entries.iter().enumerate();
    let shown = entries.filter(|(at, entry)| Some(*at) != but_for && was_shown(entry));
    shown.filter_map(|(_, entry)| site(&entry.url)).collect()
}

/// What never came has no title; Chromium's error page has the name of the host for one.
fn was_shown(entry: &HistoryEntry) -> bool {
    !entry.title.is_empty() && !entry.url.contains(&format!("//{}", entry.title))
}
