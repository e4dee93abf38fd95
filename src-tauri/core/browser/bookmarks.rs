//! Pages that the person keeps, and those of them that are shown.

use super::Browser;
use crate::action::Action;
use crate::bookmark::BookmarkView;
use crate::message::{Problem, TabId};
use crate::tab::Tab;

impl Browser {
    /// Those of a tab's profile, the oldest first.
    #[must_use]
    pub fn bookmarks(&self, id: TabId) -> Vec<BookmarkView> {
        let Some(tab) = self.tab(id) else {
            return Vec::new();
        };
        let of_profile = self.bookmarks.of(&tab.profile);
        of_profile.map(|it| it.view()).collect()
    }

    /// Whether the page of a tab is kept; `None` where it cannot be.
    pub(super) fn bookmarked(&self, tab: &Tab) -> Option<bool> {
        let can_be = !tab.profile.is_private() && !tab.url().is_empty();
        can_be.then(|| self.bookmarks.has(&tab.profile, tab.url()))
    }

    /// Keeps the page of a tab, or no longer.
    pub(super) fn set_bookmarked(&mut self, id: TabId, on: bool) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        if self.bookmarked(tab).is_none() {
            return Ok(());
        }
        let (profile, url) = (tab.profile.clone(), tab.url().to_owned());
        if on {
            let (title, favicon) = (tab.title(), tab.favicon.clone());
            let kept = self
                .bookmarks
                .keep(&profile, &url, &title, favicon.as_deref());
            self.actions.extend(kept.map(Action::SaveBookmark));
        } else {
            self.remove_bookmark(id, &url)?;
        }
        Ok(())
    }

    /// Keeps a page of a tab's profile no longer.
    pub(super) fn remove_bookmark(&mut self, id: TabId, url: &str) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let profile = tab.profile.clone();
        if self.bookmarks.remove(&profile, url) {
            self.act(Action::DeleteBookmark(profile, url.to_owned()));
        }
        Ok(())
    }

    /// Puts back what was removed last in a tab's profile.
    pub(super) fn put_bookmark_back(&mut self, id: TabId) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let profile = tab.profile.clone();
        let back = self.bookmarks.put_back(&profile);
        self.actions.extend(back.map(Action::SaveBookmark));
        Ok(())
    }

    /// The page of a tab has got its icon, which may have come after it was kept.
    pub(super) fn bookmark_icon(&mut self, id: TabId) {
        let Some(tab) = self.tab(id) else { return };
        let (profile, url) = (tab.profile.clone(), tab.url().to_owned());
        let favicon = tab.favicon.clone();
        let news = self.bookmarks.has_icon(&profile, &url, favicon.as_deref());
        self.actions.extend(news.map(Action::SaveBookmark));
    }
}
