//! Proxied pages that nobody has looked at for a while are closed, and come back where they were.

use super::Browser;
use crate::action::{Action, PageAction};
use crate::address;
use crate::ask::Wish;
use crate::carry::{Carry, Order};
use crate::event::Millis;
use crate::message::{Mode, Problem, TabId};
use crate::site::origin_of;
use crate::sleep::{SleepAfter, SleepView};
use crate::tab::Tab;

impl Browser {
    /// How long a page may stay unseen, in milliseconds; `None` for ever.
    fn sleep_limit_ms(&self) -> Option<u64> {
        match self.settings.sleep_after_ms {
            Some(0) => None,
            Some(limit) => Some(limit),
            None => self.sleep_after.limit_ms(),
        }
    }

    pub(super) fn set_sleep_after(&mut self, after: SleepAfter) -> Result<(), Problem> {
        if self.settings.sleep_after_ms.is_some() {
            return Err(Problem::SleepFixed);
        }
        if self.sleep_after != after {
            self.sleep_after = after;
            self.act(Action::SaveSleepAfter(after));
        }
        Ok(())
    }

    pub(super) fn sleep_view(&self) -> SleepView {
        SleepView {
            after: self.sleep_after,
            fixed: self.settings.sleep_after_ms.is_some(),
        }
    }

    /// Notes since when each page is unseen.
    pub(super) fn note_unseen(&mut self) {
        let (now, active) = (self.now, self.active);
        for tab in &mut self.tabs {
            if active == Some(tab.id) || !tab.proxied || tab.mode != Mode::Proxy {
                tab.unseen = None;
            } else {
                tab.unseen.get_or_insert(now);
            }
        }
    }

    pub(super) fn next_sleep_limit(&self) -> Option<Millis> {
        let limit = self.sleep_limit_ms()?;
        let unseen = self.tabs.iter().filter_map(|tab| tab.unseen);
        unseen.min().map(|since| Millis(since.0 + limit))
    }

    /// Asks pages that were unseen for long whether they can go. One that cannot, or does not
    /// answer, is asked again when as much time has passed once more.
    pub(super) fn put_to_sleep(&mut self) {
        let Some(limit) = self.sleep_limit_ms() else {
            return;
        };
        let now = self.now;
        let late = |tab: &&mut Tab| tab.unseen.is_some_and(|since| now.0 >= since.0 + limit);
        let mut late: Vec<TabId> = (self.tabs.iter_mut().filter(late))
            .map(|tab| {
                tab.unseen = Some(now);
                tab.id
            })
            .collect();
        late.retain(|id| self.can_sleep(*id));
        for id in late {
            self.page_action(
                id,
                PageAction::Carry(Order::Collect {
                    text: false,
                    storage: true,
                }),
            );
        }
    }

    /// A page in its tab's own mode has said what its next self should have: where it is to sleep.
    pub(super) fn goes_to_sleep(&mut self, id: TabId, mut carry: Carry) {
        // The answer to another question, which came late, does not have all.
        if carry.typed || carry.storage.is_none() || !self.can_sleep(id) {
            return;
        }
        if self.tab(id).is_some_and(|tab| carry.is_of(tab.url())) {
            let storage = carry.take_storage();
            self.lay_down(id, Some(carry.place_only()));
            if let Some(tab) = self.tab_mut(id) {
                tab.storage = storage;
            }
        }
    }

    /// The process of a proxied page has ended. One that nobody looks at is opened again when its tab
    /// comes to the front, as one that sleeps.
    pub(super) fn crashed(&mut self, id: TabId) {
        let seen = self.active == Some(id);
        match self.tab_mut(id) {
            Some(tab) if seen || tab.mode == Mode::Streamed => tab.lost(Problem::PageCrashed),
            Some(tab) => {
                tab.loading = false;
                self.lay_down(id, None);
            }
            None => {}
        }
    }

    fn lay_down(&mut self, id: TabId, carry: Option<Carry>) {
        let Some(tab) = self.tab_mut(id) else { return };
        tab.goes_on_heading();
        tab.proxied = false;
        tab.unseen = None;
        tab.page.gone();
        tab.carry = carry.filter(|carry| !carry.is_empty());
        self.act(Action::Proxied(id, PageAction::Close));
    }

    /// Whether its page is to tell of what happens while nobody looks.
    fn may_notify(&self, tab: &Tab) -> bool {
        let wish = [Wish::Notifications];
        origin_of(tab.url())
            .is_some_and(|origin| self.sites.answer(&tab.profile, &origin, &wish) == Some(true))
    }

    /// Whether nothing would be lost but what can be had again.
    fn can_sleep(&self, id: TabId) -> bool {
        let Some(tab) = self.tab(id) else {
            return false;
        };
        let is_had_again = address::can_be_had_again(tab.url());
        self.active != Some(id)
            && tab.mode == Mode::Proxy
            && tab.proxied
            && !tab.loading
            && !tab.occupied
            && !tab.unique
            && !self.may_notify(tab)
            && tab.problem.is_none()
            && tab.page.asks.is_empty()
            && is_had_again
            // Which page a file belongs to is not known.
            && !self.downloads.are_running(&tab.profile, tab.mode)
    }
}
