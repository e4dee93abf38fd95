//! What a page takes along from one mode to the other. A toggle does not wait for it.

use super::Browser;
use crate::action::PageAction;
use crate::carry::{Carry, Order};
use crate::message::{Mode, ProfileName, TabId};
use crate::site::origin_of;

impl Browser {
    /// The page is to be left for its next self: asks what that should have.
    pub(super) fn collect(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        tab.carry = None;
        let (profile, url) = (tab.profile.clone(), tab.url().to_owned());
        let text = self.takes_text_along(&profile, &url);
        self.page_action(
            id,
            PageAction::Carry(Order::Collect {
                text,
                storage: false,
            }),
        );
    }

    /// The page that was left has said what its next self should have.
    pub(super) fn collected(&mut self, id: TabId, mode: Mode, mut carry: Carry) {
        let Some(tab) = self.tab(id) else { return };
        // A page that moves to another machine is left and taken up in the same mode.
        if tab.mode == mode && self.has_page(id) {
            return self.goes_to_sleep(id, carry);
        }
        drop(carry.take_storage());
        if !carry.is_of(tab.url()) {
            // It was about to show something else.
            return;
        }
        let agreed = self.takes_text_along(&tab.profile, &carry.url);
        let carry = if agreed { carry } else { carry.place_only() };
        let loaded = !tab.loading;
        if let Some(tab) = self.tab_mut(id) {
            tab.carry = (!carry.is_empty()).then_some(carry);
        }
        if loaded {
            self.give_carried(id);
        }
    }

    /// A page has loaded: it is to have what its former self had. That is kept until the page has
    /// taken it, for what has loaded may be an empty page on the way.
    pub(super) fn give_carried(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        let url = tab.url().to_owned();
        tab.carry = tab.carry.take().filter(|carry| carry.is_of(&url));
        if let Some(carry) = tab.carry.clone() {
            self.page_action(id, PageAction::Carry(Order::Give(carry)));
        }
    }

    fn takes_text_along(&self, profile: &ProfileName, url: &str) -> bool {
        let site = origin_of(url).and_then(|origin| self.sites.of(profile, &origin));
        site.is_some_and(|site| site.carry == Some(true))
    }
}
