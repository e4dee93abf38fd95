//! What a page or the person opens from a page: other pages, its source, places of its history.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::address::{self, SOURCE};
use crate::message::{Mode, Problem, ProfileName, SessionId, ShellFocus, TabId};
use crate::page::Direction;
use crate::record::TabRecord;
use crate::site::origin_of;
use crate::tab::Tab;

/// Entries of a history that are offered at a time.
const PLACES: usize = 15;

impl Browser {
    pub(super) fn opened_page(
        &mut self,
        opener: TabId,
        url: &str,
        target: Option<String>,
        foreground: bool,
    ) {
        let (Some(at), Some(tab)) = (self.position(opener), self.tab(opener)) else {
            return;
        };
        // What the new page shows is its own until its first address has come: it may be written
        // by its opener, and must not stand under the address that was asked for.
        let (mode, session, profile) = (tab.mode, tab.session(), tab.profile.clone());
        let id = match (mode, session, target) {
            (Mode::Streamed, Some(session), Some(target)) => {
                self.attach_page(session, at + 1, target, url)
            }
            (Mode::Proxy, _, Some(target)) => self.attach_proxied(profile, at + 1, target, url),
            _ if address::is_openable(url) => self.tab_on(profile, url, mode, at + 1),
            _ => return,
        };
        if foreground {
            self.bring_to_front(Some(id));
        }
    }

    /// The person asked for a tab on something that a page points at.
    pub(super) fn tab_wanted(&mut self, opener: TabId, url: &str, mode: Option<Mode>) {
        let own = self.tab(opener).map(|tab| tab.mode);
        let id = self.tab_beside(opener, url, mode);
        if id.is_some() && mode.is_some() && mode != own {
            self.bring_to_front(id);
        }
    }

    /// An address was dropped on the bars.
    pub(super) fn open_dropped(&mut self, beside: TabId, url: String) -> Result<(), Problem> {
        // A page may have put it there, and pages lead to sites.
        if origin_of(&url).is_none() {
            return Err(Problem::BadAddress { input: url });
        }
        self.open_in_front(beside, &url);
        Ok(())
    }

    /// Opens in front what the page of `opener` may lead to.
    pub(super) fn open_in_front(&mut self, opener: TabId, url: &str) {
        if let Some(id) = self.tab_beside(opener, url, None) {
            self.bring_to_front(Some(id));
            self.act(Action::Focus(ShellFocus::Page));
        }
    }

    /// Opens what was closed last.
    pub(super) fn reopen_tab(&mut self) {
        let Some((at, record)) = self.closed.pop() else {
            return;
        };
        let id = self.open_record(at, record);
        self.permit_address_of(id);
        self.show_opened(id);
    }

    /// Opens beside a tab what it shows, with the way that led there. What the person has asked for
    /// is permitted to the profile already; nothing else is to be.
    pub(super) fn duplicate_tab(&mut self, id: TabId) -> Result<(), Problem> {
        let at = self.known(id)?;
        let tab = &self.tabs[at];
        let failed = match &tab.problem {
            Some(Problem::PageFailed { url, .. }) => Some((url.clone(), tab.is_unasked())),
            _ => None,
        };
        let (record, muted) = (tab.record(at, false), tab.muted);
        let id = self.open_record(at + 1, record);
        if let Some(tab) = self.tab_mut(id) {
            tab.muted = muted;
            if let Some((url, unasked)) = failed {
                tab.visit(&url, unasked);
            }
        }
        self.show_opened(id);
        Ok(())
    }

    /// A tab as it was noted.
    fn open_record(&mut self, at: usize, record: TabRecord) -> TabId {
        let id = self.new_tab(record.mode, at);
        if let Some(tab) = self.tab_mut(id) {
            *tab = Tab::restore(TabRecord { id, ..record });
        }
        id
    }

    fn show_opened(&mut self, id: TabId) {
        self.bring_to_front(Some(id));
        self.act(Action::Focus(ShellFocus::Page));
    }

    /// A tab behind `opener`, in its profile; `None` if no page may open such an address.
    fn tab_beside(&mut self, opener: TabId, url: &str, mode: Option<Mode>) -> Option<TabId> {
        let (at, tab) = (self.position(opener)?, self.tab(opener)?);
        if !address::is_openable(url) {
            return None;
        }
        let (own, profile) = (tab.mode, tab.profile.clone());
        let rule = || self.mode_of_site(&profile, url);
        let wanted = mode.or_else(rule).unwrap_or(own);
        Some(self.tab_on(profile, url, wanted, at + 1))
    }

    fn tab_on(&mut self, profile: ProfileName, url: &str, mode: Mode, position: usize) -> TabId {
        let id = self.new_tab_of(profile, mode, position);
        if let Some(tab) = self.tab_mut(id) {
            tab.visit(url, true);
        }
        id
    }

    /// A tab for a child webview that is there already.
    fn attach_proxied(
        &mut self,
        profile: ProfileName,
        position: usize,
        target: String,
        url: &str,
    ) -> TabId {
        let id = self.new_tab_of(profile, Mode::Proxy, position);
        if let Some(tab) = self.tab_mut(id) {
            tab.proxied = true;
            tab.page.painted = true;
            // The engine has no entry of its own for a source.
            let first = Some(url).filter(|url| url.starts_with(SOURCE));
            tab.history.visit(first.unwrap_or(address::BLANK));
        }
        let zoom = crate::tab::DEFAULT_ZOOM;
        self.act(Action::Proxied(id, PageAction::Attach { target, zoom }));
        id
    }

    pub(super) fn view_source(&mut self, id: TabId) {
        let (Some(at), Some(tab)) = (self.position(id), self.tab(id)) else {
            return;
        };
        let shows_one = tab.url().starts_with(SOURCE);
        match tab.mode {
            _ if shows_one || tab.url().is_empty() => {}
            Mode::Proxy => self.page_action(id, PageAction::Source),
            Mode::Streamed => {
                let (url, profile) = (format!("{SOURCE}{}", tab.url()), tab.profile.clone());
                let id = self.tab_on(profile, &url, Mode::Streamed, at + 1);
                self.bring_to_front(Some(id));
            }
        }
    }

    /// The nearest places first, as they lie.
    pub(super) fn show_history(&mut self, id: TabId, direction: Direction) {
        let Some(tab) = self.tab(id) else { return };
        let entries = tab.history.entries().iter().enumerate();
        let at = tab.history.index();
        let place = |(position, entry): (usize, &crate::event::HistoryEntry)| {
            let shown = if entry.title.is_empty() {
                address::display(&entry.url)
            } else {
                entry.title.clone()
            };
            (position, shown)
        };
        let places: Vec<_> = match direction {
            Direction::Back => entries.take(at).rev().take(PLACES).map(place).collect(),
            Direction::Forward => entries.skip(at + 1).take(PLACES).map(place).collect(),
        };
        if !places.is_empty() {
            self.act(Action::HistoryMenu(id, places));
        }
    }

    pub(super) fn stray_page(&mut self, session: SessionId, target: String, url: &str) {
        let attached = self
            .sessions
            .get(&session)
            .is_some_and(|session| session.is_attached());
        if attached {
            let id = self.attach_page(session, self.tabs.len(), target, url);
            self.bring_to_front(Some(id));
        }
    }
}
