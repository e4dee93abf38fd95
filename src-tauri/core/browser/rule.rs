//! What the person has decided for a site as a whole, and the mode that it opens in.

use super::Browser;
use crate::action::Action;
use crate::message::{Mode, Problem, ProfileName, TabId};
use crate::site::{Site, origin_of};
use crate::tab::Tab;

impl Browser {
    /// Changes what is decided for the site of a tab.
    pub(super) fn change_site(
        &mut self,
        id: TabId,
        change: impl FnOnce(&mut Site),
    ) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        if let Some(origin) = origin_of(tab.url()) {
            let profile = tab.profile.clone();
            let site = self.sites.change(&profile, &origin, change);
            if !profile.is_private() {
                self.act(Action::SaveSite(site));
            }
        }
        Ok(())
    }

    /// The mode that the site of an address opens in, if that is decided.
    pub(super) fn mode_of_site(&self, profile: &ProfileName, url: &str) -> Option<Mode> {
        let origin = origin_of(url)?;
        self.sites.of(profile, &origin)?.mode
    }

    /// The mode that a tab has to change to for an address that the person gave it. Within a site,
    /// the tab's own mode was the later decision.
    pub(super) fn other_mode_for(&self, tab: &Tab, url: &str) -> Option<Mode> {
        let mode = self.mode_of_site(&tab.profile, url)?;
        (mode != tab.mode && origin_of(tab.url()) != origin_of(url)).then_some(mode)
    }

    /// A page has led to another site: by a link, by an answer, by itself.
    pub(super) fn change_as_site(&mut self, id: TabId) {
        let Some(tab) = self.tab(id) else { return };
        let (url, unasked) = (tab.url().to_owned(), tab.is_unasked());
        let wanted = self.mode_of_site(&tab.profile, &url);
        if let Some(mode) = wanted.filter(|mode| *mode != tab.mode) {
            self.navigate_in(id, mode, &url, unasked);
        }
    }

    /// Goes to an address in the other mode.
    pub(super) fn navigate_in(&mut self, id: TabId, mode: Mode, url: &str, unasked: bool) {
        match mode {
            Mode::Streamed => {
                self.leave_for_stream(id, url, unasked);
                self.want_stream(id, None, None);
            }
            Mode::Proxy => {
                if let Some(tab) = self.tab_mut(id) {
                    tab.problem = None;
                    tab.visit(url, unasked);
                }
                self.back_to_proxy(id);
            }
        }
    }
}
