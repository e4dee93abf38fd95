//! Noting where the person has been.

use super::Browser;
use crate::action::Action;
use crate::bookmark::can_be_kept;
use crate::message::{Problem, ProfileName, TabId};
use crate::visit::Visit;

impl Browser {
    /// Whose tab it is, if what is visited there is noted.
    #[must_use]
    pub fn noted_profile(&self, id: TabId) -> Option<ProfileName> {
        let profile = &self.tab(id)?.profile;
        (!profile.is_private()).then(|| profile.clone())
    }

    /// The page of a tab is there, or has its title.
    pub(super) fn note_visit(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        if tab.profile.is_private() || tab.problem.is_some() || !can_be_kept(tab.url()) {
            return;
        }
        let visit = Visit {
            profile: tab.profile.clone(),
            url: tab.url().to_owned(),
            title: tab.title(),
        };
        // Titles that count or blink are noted once.
        let titled = !visit.title.is_empty();
        let known = tab.noted.as_ref().filter(|(url, _)| *url == visit.url);
        if known.is_some_and(|(_, before)| *before || !titled) {
            return;
        }
        tab.noted = Some((visit.url.clone(), titled));
        self.act(Action::SaveVisit(visit));
    }

    /// Forgets that the person was at an address in a tab's profile, or anywhere in it.
    pub(super) fn forget_visits(&mut self, id: TabId, url: Option<String>) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let profile = tab.profile.clone();
        self.act(Action::ForgetVisits(profile, url));
        Ok(())
    }
}
