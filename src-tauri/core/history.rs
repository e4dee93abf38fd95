//! A tab's history, which outlives the engine page that shows it.
//!
//! The engine keeps a list of its own for each page and reports it whole. A toggle, a restart or a
//! step beyond that list begins a new *run*: the entries around the run stay, and the run mirrors
//! the engine's list from there on.

use crate::address::{Login, split_login};
use crate::event::HistoryEntry;
use std::collections::BTreeSet;

/// Entries kept per tab; the oldest go first.
const CAP: usize = 200;

/// A tab's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    entries: Vec<HistoryEntry>,
    current: usize,
    /// Where the run begins in `entries`, and how long it is.
    run_start: usize,
    run_len: usize,
    /// How many of the engine's entries lie before the run.
    skip: usize,
    /// A jump whose load was not committed yet.
    jump: Option<Jump>,
    /// What stood in an address last; it is in no entry.
    login: Option<Login>,
    /// Addresses in it that a page named: nobody has asked for them, and none was ever there.
    named: BTreeSet<String>,
}

/// Where a history stood before a jump.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Jump {
    current: usize,
    run_start: usize,
    run_len: usize,
    skip: usize,
    /// Its load has begun.
    begun: bool,
}

/// How a step is to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// By the engine, in its own list.
    Engine,
    /// By loading this address.
    Load(String),
}

impl History {
    /// A history as it was saved.
    #[must_use]
    pub fn restore(mut entries: Vec<HistoryEntry>, index: usize) -> Self {
        entries.truncate(CAP);
        let current = index.min(entries.len().saturating_sub(1));
        Self {
            run_start: current,
            run_len: usize::from(!entries.is_empty()),
            current,
            entries,
            named: BTreeSet::new(),
            skip: 0,
            jump: None,
            login: None,
        }
    }

    /// All entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    /// Where it stands.
    #[must_use]
    pub fn index(&self) -> usize {
        self.current
    }

    /// The current entry; `None` for a tab that has not been anywhere.
    #[must_use]
    pub fn current(&self) -> Option<&HistoryEntry> {
        self.entries.get(self.current)
    }

    /// Whether there is anything to go back to.
    #[must_use]
    pub fn can_go_back(&self) -> bool {
        self.current > 0
    }

    /// Whether there is anything to go forward to.
    #[must_use]
    pub fn can_go_forward(&self) -> bool {
        self.current + 1 < self.entries.len()
    }

    /// The title of the current entry has become known.
    pub fn set_title(&mut self, title: &str) {
        if let Some(entry) = self.entries.get_mut(self.current) {
            title.clone_into(&mut entry.title);
        }
    }

    /// The person goes to an address in a page that has no engine page yet, or whose engine has
    /// not reported: what lay ahead is forgotten.
    pub fn visit(&mut self, url: &str) {
        let url = self.without_login(url);
        if self.current().is_some_and(|entry| entry.url == url) {
            return;
        }
        self.entries.truncate(self.current + 1);
        self.entries.push(HistoryEntry {
            url,
            title: String::new(),
        });
        self.current = self.entries.len() - 1;
        self.begin_run(0);
        self.trim();
    }

    /// Notes whether a page, and nobody else, named the current address. One that another entry has
    /// as well, for which that is not so, is not.
    pub fn set_named(&mut self, named: bool) {
        let Some(entry) = self.current() else { return };
        let url = entry.url.clone();
        let others = self.entries.iter().enumerate();
        let mut others = others.filter(|(at, entry)| *at != self.current && entry.url == url);
        if named && (self.named.contains(&url) || others.next().is_none()) {
            self.named.insert(url);
        } else {
            self.named.remove(&url);
        }
        self.named
            .retain(|url| self.entries.iter().any(|entry| entry.url == *url));
    }

    /// Whether a page, and nobody else, named this address of an entry.
    #[must_use]
    pub fn is_named(&self, url: &str) -> bool {
        self.named.contains(url)
    }

    /// What of it outlives the app, and where in that it stands: without what only a page named and
    /// what is not current.
    #[must_use]
    pub fn to_save(&self) -> (Vec<HistoryEntry>, usize) {
        let stays = |(at, entry): &(usize, &HistoryEntry)| {
            *at == self.current || !self.is_named(&entry.url)
        };
        let kept = || self.entries.iter().enumerate().filter(stays);
        let index = kept().take_while(|(at, _)| *at < self.current).count();
        (kept().map(|(_, entry)| entry.clone()).collect(), index)
    }

    /// The address as it may be seen and saved. A login in it is remembered, for whoever asks.
    pub fn without_login(&mut self, url: &str) -> String {
        let Some((url, login)) = split_login(url) else {
            return url.to_owned();
        };
        self.login = Some(login);
        url
    }

    /// What stood in an address last.
    #[must_use]
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// A fresh engine page shows the current entry.
    pub fn fresh_page(&mut self) {
        self.begin_run(0);
    }

    fn begin_run(&mut self, skip: usize) {
        self.run_start = self.current;
        self.run_len = usize::from(!self.entries.is_empty());
        self.skip = skip;
        self.jump = None;
    }

    /// Whether the load of a jump is not committed yet: the current entry is only wished for.
    #[must_use]
    pub fn jumps(&self) -> bool {
        self.jump.is_some()
    }

    /// The page began or ended loading. A jump whose load ends without having been committed has
    /// not happened: the page still shows what it showed before.
    pub fn loads(&mut self, loading: bool) {
        match &mut self.jump {
            Some(jump) if loading => jump.begun = true,
            Some(jump) if jump.begun => {
                (self.current, self.run_start) = (jump.current, jump.run_start);
                (self.run_len, self.skip) = (jump.run_len, jump.skip);
                self.jump = None;
            }
            _ => {}
        }
    }

    /// The page shows another document. A report of it follows, perhaps after the end of loading.
    pub fn commits(&mut self) {
        self.jump = None;
    }

    /// One step back; `None` if there is nothing there.
    pub fn back(&mut self) -> Option<Step> {
        if !self.can_go_back() {
            return None;
        }
        if self.current > self.run_start {
            return Some(Step::Engine);
        }
        Some(self.jump(self.current - 1))
    }

    /// One step forward; `None` if there is nothing there.
    pub fn forward(&mut self) -> Option<Step> {
        if !self.can_go_forward() {
            return None;
        }
        if self.current + 1 < self.run_start + self.run_len {
            return Some(Step::Engine);
        }
        Some(self.jump(self.current + 1))
    }

    /// To any entry; `None` if there is no such one, or it is the current one.
    pub fn go(&mut self, to: usize) -> Option<Step> {
        if to == self.current || to >= self.entries.len() {
            return None;
        }
        let run = self.run_start..self.run_start + self.run_len;
        if run.contains(&to) && run.contains(&self.current) {
            return Some(Step::Engine);
        }
        Some(self.jump(to))
    }

    /// Loading `to` adds an entry behind the engine's current one; the run begins there.
    fn jump(&mut self, to: usize) -> Step {
        // Of two jumps, it is the first that began where the page is.
        let before = self.jump.take().unwrap_or(Jump {
            current: self.current,
            run_start: self.run_start,
            run_len: self.run_len,
            skip: self.skip,
            begun: false,
        });
        let engine_index = before.skip + before.current.saturating_sub(before.run_start);
        self.current = to;
        self.begin_run(engine_index + 1);
        self.jump = Some(Jump {
            begun: false,
            ..before
        });
        Step::Load(self.entries[to].url.clone())
    }

    /// The engine's own list. Returns whether anything changed.
    pub fn report(&mut self, entries: &[HistoryEntry], index: usize) -> bool {
        if index >= entries.len() {
            return false;
        }
        if index < self.skip {
            // Either the load of a jump has not been committed yet, or the page itself went back
            // beyond the run. The former ends by a report at or behind `skip`.
            if entries.len() <= self.skip {
                return false;
            }
            self.skip = index;
        }
        self.jump = None;
        let run = entries[self.skip..].iter().map(|entry| HistoryEntry {
            url: self.without_login(&entry.url),
            title: entry.title.clone(),
        });
        let run: Vec<_> = run.collect();
        let before = self.clone();
        let old = self.run_start..(self.run_start + self.run_len).min(self.entries.len());
        let moved_on =
            run.iter().enumerate().skip(1).any(|(n, entry)| {
                self.entries[old.clone()].get(n).map(|e| &e.url) != Some(&entry.url)
            });
        if moved_on {
            self.entries.truncate(old.end);
        }
        self.run_len = run.len();
        self.entries.splice(old, run);
        self.current = self.run_start + (index - self.skip);
        self.trim();
        *self != before
    }

    fn trim(&mut self) {
        let over = self.entries.len().saturating_sub(CAP);
        if over > 0 && over <= self.run_start {
            self.entries.drain(..over);
            self.current -= over;
            self.run_start -= over;
        } else if over > 0 {
            // The run itself is too long: forget that it mirrors the engine from its beginning.
            let shift = over - self.run_start;
            self.entries.drain(..over);
            self.current = self.current.saturating_sub(over);
            self.run_start = 0;
            self.run_len = self.run_len.saturating_sub(shift);
            self.skip += shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(urls: &[&str]) -> Vec<HistoryEntry> {
        urls.iter()
            .map(|url| HistoryEntry {
                url: (*url).to_owned(),
                title: String::new(),
            })
            .collect()
    }

    fn urls(history: &History) -> Vec<&str> {
        history.entries().iter().map(|e| e.url.as_str()).collect()
    }

    #[test]
    fn a_toggle_keeps_what_lies_behind_and_ahead() {
        let mut history = History::default();
        history.visit("a");
        history.report(&list(&["a", "b", "c"]), 1);
        history.fresh_page();
        history.report(&list(&["b"]), 0);
        assert_eq!(urls(&history), ["a", "b", "c"]);
        assert!(history.can_go_back() && history.can_go_forward());
    }

    #[test]
    fn a_step_beyond_the_engine_page_loads_the_address() {
        let mut history = History::restore(list(&["a", "b"]), 1);
        assert_eq!(history.back(), Some(Step::Load("a".into())));
        assert!(!history.report(&list(&["b"]), 0), "not committed yet");
        history.report(&list(&["b", "a"]), 1);
        assert_eq!((urls(&history), history.index()), (vec!["a", "b"], 0));
        assert_eq!(history.forward(), Some(Step::Load("b".into())));
        history.report(&list(&["b", "a", "b"]), 2);
        assert_eq!((urls(&history), history.index()), (vec!["a", "b"], 1));
    }

    #[test]
    fn a_jump_that_was_stopped_has_not_happened() {
        let mut history = History::restore(list(&["a", "b"]), 1);
        assert_eq!(history.back(), Some(Step::Load("a".into())));
        // The end of what was loading before says nothing of the jump.
        history.loads(false);
        assert_eq!(history.index(), 0);
        history.loads(true);
        history.loads(false);
        assert_eq!(history.index(), 1);
        history.report(&list(&["b", "c"]), 1);
        assert_eq!((urls(&history), history.index()), (vec!["a", "b", "c"], 2));
    }

    #[test]
    fn a_jump_whose_report_comes_after_the_end_of_its_load_has_happened() {
        let mut history = History::restore(list(&["a", "b"]), 1);
        assert_eq!(history.back(), Some(Step::Load("a".into())));
        history.loads(true);
        history.commits();
        history.loads(false);
        history.report(&list(&["b", "a"]), 1);
        assert_eq!((urls(&history), history.index()), (vec!["a", "b"], 0));
    }

    #[test]
    fn of_two_jumps_before_the_first_has_come_the_second_counts() {
        let mut history = History::restore(list(&["a", "b", "c"]), 2);
        assert_eq!(history.back(), Some(Step::Load("b".into())));
        assert_eq!(history.back(), Some(Step::Load("a".into())));
        history.loads(true);
        history.report(&list(&["c", "a"]), 1);
        history.loads(false);
        assert_eq!((urls(&history), history.index()), (vec!["a", "b", "c"], 0));
    }

    #[test]
    fn a_new_page_after_going_back_forgets_what_lay_ahead() {
        let mut history = History::restore(list(&["a", "b", "c"]), 1);
        history.report(&list(&["b", "d"]), 1);
        assert_eq!((urls(&history), history.index()), (vec!["a", "b", "d"], 2));
    }

    #[test]
    fn a_redirect_replaces_the_entry_and_keeps_what_lay_ahead() {
        let mut history = History::restore(list(&["http://a", "c"]), 0);
        history.report(&list(&["https://a"]), 0);
        assert_eq!(urls(&history), ["https://a", "c"]);
    }

    #[test]
    fn an_entry_of_the_engine_page_is_gone_to_by_the_engine_and_any_other_is_loaded() {
        let mut history = History::restore(list(&["a", "b"]), 1);
        history.report(&list(&["b", "c", "d"]), 2);
        assert_eq!(history.go(1), Some(Step::Engine));
        assert_eq!(history.go(0), Some(Step::Load("a".into())));
        assert_eq!(history.go(0), None, "it is there");
        assert_eq!(history.go(9), None);
    }

    #[test]
    fn steps_within_the_engine_page_are_left_to_the_engine() {
        let mut history = History::default();
        history.visit("a");
        history.report(&list(&["a", "b"]), 1);
        assert_eq!(history.back(), Some(Step::Engine));
        history.report(&list(&["a", "b"]), 0);
        assert_eq!(history.forward(), Some(Step::Engine));
        assert_eq!(history.back(), None);
    }

    proptest! {
        #[test]
        fn it_never_leaves_its_list(steps in prop::collection::vec((0_u8..6, 0_usize..60, 0_usize..60), 0..60)) {
            let mut history = History::default();
            for (what, n, at) in steps {
                match what {
                    0 => history.visit(&format!("v{n}")),
                    1 => history.fresh_page(),
                    2 => { history.back(); }
                    3 => { history.forward(); }
                    _ => {
                        let entries: Vec<_> = (0..n).map(|i| HistoryEntry { url: format!("r{i}"), title: String::new() }).collect();
                        history.report(&entries, at);
                    }
                }
                prop_assert!(history.entries().len() <= CAP);
                prop_assert!(history.entries().is_empty() || history.index() < history.entries().len());
            }
        }
    }
}
