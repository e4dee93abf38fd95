//! Zoom, and looking for something in a page.

use super::Browser;
use crate::action::PageAction;
use crate::message::TabId;
use crate::page::{Direction, Find};

/// The zoom that can be set, in percent.
const ZOOM: std::ops::RangeInclusive<u16> = 25..=500;

impl Browser {
    pub(super) fn set_zoom(&mut self, id: TabId, percent: u16) {
        let percent = percent.clamp(*ZOOM.start(), *ZOOM.end());
        if let Some(tab) = self.tab_mut(id) {
            tab.zoom = percent;
            self.page_action(id, PageAction::Zoom(percent));
        }
    }

    pub(super) fn find(&mut self, id: TabId, text: &str) {
        let Some(tab) = self.tab_mut(id) else { return };
        let find = Find::of(text);
        let before = tab.page.find.replace(find.clone());
        if !find.text.is_empty() {
            self.page_action(id, PageAction::Find(find.text));
        } else if before.is_some_and(|before| !before.text.is_empty()) {
            self.page_action(id, PageAction::FindEnd);
        }
    }

    pub(super) fn find_step(&mut self, id: TabId, direction: Direction) {
        let Some(tab) = self.tab_mut(id) else { return };
        let looks = tab.page.find.as_ref().is_some_and(|f| !f.text.is_empty());
        if looks {
            self.page_action(id, PageAction::FindStep(direction));
        }
    }

    pub(super) fn find_end(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        if tab.page.find.take().is_some() {
            self.page_action(id, PageAction::FindEnd);
        }
    }

    /// Another page has come under the text that is looked for.
    pub(super) fn find_again(&mut self, id: TabId) {
        let find = self.tab(id).and_then(|tab| tab.page.find.as_ref());
        let text = find.map(|find| find.text.clone());
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.page_action(id, PageAction::Find(text));
        }
    }
}
