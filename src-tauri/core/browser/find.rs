//! Zoom, and looking for something in a page.

use super::Browser;
use crate::action::PageAction;
use crate::message::TabId;
use crate::page::{Direction, Find};
use crate::site::origin_of;
use crate::tab::{DEFAULT_ZOOM, Tab};

/// The zoom that can be set, in percent.
const ZOOM: std::ops::RangeInclusive<u16> = 25..=500;

impl Browser {
    /// Zooms a tab, and with it its site: wherever else it is shown, and whenever it is again.
    pub(super) fn set_zoom(&mut self, id: TabId, percent: u16) {
        let percent = percent.clamp(*ZOOM.start(), *ZOOM.end());
        let Some(tab) = self.tab(id) else { return };
        let (profile, origin) = (tab.profile.clone(), origin_of(tab.url()));
        self.zoom_tab(id, percent);
        if origin.is_none() {
            return;
        }
        let zoom = Some(percent).filter(|percent| *percent != DEFAULT_ZOOM);
        // The tab is known.
        let _ = self.change_site(id, |site| site.zoom = zoom);
        let shown = |tab: &&Tab| tab.profile == profile && origin_of(tab.url()) == origin;
        let others: Vec<TabId> = self.tabs.iter().filter(shown).map(|tab| tab.id).collect();
        for other in others {
            self.zoom_tab(other, percent);
        }
    }

    /// The tab has come to another site: it is shown as that was last.
    pub(super) fn zoom_as_site(&mut self, id: TabId) {
        let zoom = self.zoom_of_site(id).unwrap_or(DEFAULT_ZOOM);
        self.zoom_tab(id, zoom);
    }

    /// What was set for the site of a tab.
    pub(super) fn zoom_of_site(&self, id: TabId) -> Option<u16> {
        let tab = self.tab(id)?;
        let origin = origin_of(tab.url())?;
        self.sites.of(&tab.profile, &origin)?.zoom
    }

    fn zoom_tab(&mut self, id: TabId, percent: u16) {
        let Some(tab) = self.tab_mut(id) else { return };
        if std::mem::replace(&mut tab.zoom, percent) != percent {
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
