//! Pages that the person keeps, and those of them that are shown.

use super::Browser;
use super::page::TITLE_CAP;
use crate::action::Action;
use crate::address;
use crate::bookmark::{Bookmark, BookmarkView, Imported, can_be_kept, file};
use crate::message::{Problem, ProfileName, TabId};
use crate::tab::Tab;

/// What there is to keep of a tab: where its page is, or where it was sent.
struct Page {
    profile: ProfileName,
    url: String,
    /// Empty while it is on its way.
    title: String,
    favicon: Option<String>,
}

impl Page {
    fn of(tab: &Tab) -> Option<Self> {
        let heading = tab.heading_for.as_ref();
        let url = heading.map_or(tab.url(), |it| &it.url).to_owned();
        // The icon is that of the page which was there before.
        let is_there = heading.is_none() && tab.problem.is_none();
        (!tab.profile.is_private() && can_be_kept(&url)).then(|| Self {
            profile: tab.profile.clone(),
            url,
            title: if is_there { tab.title() } else { String::new() },
            favicon: tab.favicon.clone().filter(|_| is_there),
        })
    }
}

impl Browser {
    /// At most so many of a tab's profile that have all of these words, the oldest first.
    #[must_use]
    pub fn bookmarks(&self, id: TabId, words: &str, most: usize) -> Vec<BookmarkView> {
        let Some(tab) = self.tab(id) else {
            return Vec::new();
        };
        let words = words.to_lowercase();
        let has_all = |it: &&Bookmark| {
            if words.is_empty() {
                return true;
            }
            let text = format!("{} {}", it.title, address::display(&it.url)).to_lowercase();
            words.split_whitespace().all(|word| text.contains(word))
        };
        let found = self.bookmarks.of(&tab.profile).filter(has_all).take(most);
        found.map(Bookmark::view).collect()
    }

    /// All of a profile; `None` of one that is not there, or keeps none.
    #[must_use]
    pub fn all_bookmarks(&self, profile: &ProfileName) -> Option<Vec<Bookmark>> {
        let keeps = self.profile(profile).is_some() && !profile.is_private();
        keeps.then(|| self.bookmarks.of(profile).cloned().collect())
    }

    /// What would become of these pages of a file, which are usable; `None` likewise.
    #[must_use]
    pub fn preview(&self, profile: &ProfileName, pages: &[file::Page]) -> Option<Imported> {
        let keeps = self.profile(profile).is_some() && !profile.is_private();
        keeps.then(|| self.bookmarks.preview(profile, pages))
    }

    /// Keeps pages of a file, which are usable.
    pub(super) fn add_bookmarks(
        &mut self,
        profile: &ProfileName,
        mut pages: Vec<file::Page>,
    ) -> Result<(), Problem> {
        if self.profile(profile).is_none() || profile.is_private() {
            return Err(Problem::UnknownProfile);
        }
        for page in &mut pages {
            page.title = page.title.chars().take(TITLE_CAP).collect();
        }
        let added = self.bookmarks.add(profile, pages);
        if !added.is_empty() {
            self.act(Action::SaveBookmarks(added));
        }
        Ok(())
    }

    /// Whether the page of a tab is kept; `None` where it cannot be.
    pub(super) fn bookmarked(&self, tab: &Tab) -> Option<bool> {
        let page = Page::of(tab)?;
        Some(self.bookmarks.has(&page.profile, &page.url))
    }

    /// Keeps the page of a tab, or no longer.
    pub(super) fn set_bookmarked(&mut self, id: TabId, on: bool) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let Some(page) = Page::of(tab) else {
            return Ok(());
        };
        if !on {
            return self.remove_bookmark(id, &page.url);
        }
        let favicon = page.favicon.as_deref();
        let (profile, url) = (&page.profile, &page.url);
        let kept = self.bookmarks.keep(profile, url, &page.title, favicon);
        self.actions.extend(kept.map(Action::SaveBookmark));
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

    /// Puts back what was removed in a tab's profile.
    pub(super) fn put_bookmark_back(&mut self, id: TabId, url: &str) -> Result<(), Problem> {
        let tab = self.tab(id).ok_or(Problem::UnknownTab { tab: id })?;
        let profile = tab.profile.clone();
        let back = self.bookmarks.put_back(&profile, url);
        self.actions.extend(back.map(Action::SaveBookmark));
        Ok(())
    }

    /// More is known of the page of a tab, which may have been kept before.
    pub(super) fn complete_bookmark(&mut self, id: TabId) {
        let Some(page) = self.tab(id).and_then(Page::of) else {
            return;
        };
        let favicon = page.favicon.as_deref();
        let (profile, url) = (&page.profile, &page.url);
        let news = self.bookmarks.completed(profile, url, &page.title, favicon);
        self.actions.extend(news.map(Action::SaveBookmark));
    }
}
