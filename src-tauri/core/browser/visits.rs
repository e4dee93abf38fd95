//! Noting where the person has been.

use super::Browser;
use super::page::TITLE_CAP;
use crate::action::Action;
use crate::address;
use crate::bookmark::can_be_kept;
use crate::message::{Problem, ProfileName, ShellFocus, TabId};
use crate::tab::Tab;
use crate::visit::Visit;

/// So many titles of a page are noted, one in place of the other: some come late, and some count or
/// blink without end.
const TITLES: u8 = 4;

/// What was noted last of a tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    url: String,
    title: String,
    titles: u8,
}

impl Browser {
    /// Whose tab it is, if what is visited there is noted.
    #[must_use]
    pub fn noted_profile(&self, id: TabId) -> Option<ProfileName> {
        let profile = &self.tab(id)?.profile;
        (!profile.is_private()).then(|| profile.clone())
    }

    /// The page of a tab is there, or has another title.
    pub(super) fn note_visit(&mut self, id: TabId) {
        let Some(tab) = self.tab_mut(id) else { return };
        let is_there = tab.problem.is_none() && !tab.shows_error && !tab.history.jumps();
        if !is_there || tab.profile.is_private() || !can_be_kept(tab.url()) {
            return;
        }
        let url = tab.url().to_owned();
        let title: String = tab.title().chars().take(TITLE_CAP).collect();
        let known = tab.noted.as_ref().filter(|it| it.url == url);
        let over = |it: &Noted| it.title == title || title.is_empty() || it.titles >= TITLES;
        if known.is_some_and(over) {
            return;
        }
        tab.noted = Some(Noted {
            url: url.clone(),
            title: title.clone(),
            titles: known.map_or(1, |it| it.titles + 1),
        });
        let profile = tab.profile.clone();
        self.act(Action::SaveVisit(Visit {
            profile,
            url,
            title,
        }));
    }

    /// Shows where the person has been: in the tab in front if it is empty, else in a new one. Of private
    /// tabs nothing is noted, and nothing is shown in them.
    pub(super) fn show_visits(&mut self) {
        let front = self.active.and_then(|id| self.tab(id));
        let profile = front.map(|tab| tab.profile.clone());
        let profile = profile.filter(|profile| !profile.is_private());
        let is_empty = |tab: &Tab| {
            address::display(tab.url()).is_empty() && tab.problem.is_none() && tab.stream.is_none()
        };
        if profile.is_none() || !front.is_some_and(is_empty) {
            let profile = profile.unwrap_or_else(|| self.settings.profile.clone());
            let id = self.new_tab_of(profile, self.settings.default_mode, self.tabs.len());
            self.bring_to_front(Some(id));
        }
        if let Some(id) = self.active {
            self.act(Action::FocusIn(ShellFocus::Visits, id));
        }
    }

    /// Forgets that the person was at an address in a tab's profile, or anywhere in it.
    pub(super) fn forget_visits(&mut self, id: TabId, url: Option<String>) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let profile = tab.profile.clone();
        self.act(Action::ForgetVisits(profile, url));
        Ok(())
    }
}
