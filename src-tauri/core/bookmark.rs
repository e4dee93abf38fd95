//! Pages that the person keeps, to find them again. Each profile has its own; private pages are not
//! kept.

pub mod file;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::address;
use crate::message::ProfileName;

/// A bigger icon is left out, in bytes of its `data:` URL: it is read with each start, and sent with
/// each list.
const FAVICON_CAP: usize = 8 * 1024;

/// A longer address is not kept: that is a page in itself, and no way to one.
const URL_CAP: usize = 8 * 1024;
/// So many a profile takes out of files: all of them are looked through with each key and each page.
const KEPT_CAP: usize = 5000;
/// So many that were removed can be put back.
const REMOVED_CAP: usize = 50;

/// Whether a page at this address can be kept: it can be had again.
#[must_use]
pub fn can_be_kept(url: &str) -> bool {
    url.len() <= URL_CAP && address::can_be_had_again(url)
}

/// A page that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// In whose tabs.
    pub profile: ProfileName,
    /// Its address.
    pub url: String,
    /// Its title, as it was when the page was kept.
    pub title: String,
    /// Its icon as a `data:` URL.
    pub favicon: Option<String>,
    /// Where it stands among those of its profile; no two have the same place.
    pub place: u32,
}

/// A page that is kept, as the shell paints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct BookmarkView {
    /// Where it leads.
    pub url: String,
    /// The address, as it may be shown.
    pub address: String,
    /// Its title; empty if it has none.
    pub title: String,
    /// Its icon as a `data:` URL.
    pub favicon: Option<String>,
}

/// Why bookmarks could not be read from a file, or written to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "cause", rename_all = "snake_case")]
#[ts(export)]
pub enum BookmarkFault {
    /// The system said no.
    Refused {
        /// What it said.
        detail: String,
    },
    /// It is larger than is read.
    TooLarge,
    /// There are none in it.
    None,
}

/// What has become of the bookmarks in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Imported {
    /// So many are kept now that were not.
    pub added: u32,
    /// So many were kept before, or came twice.
    pub known: u32,
    /// So many lead nowhere that could be opened again.
    pub unusable: u32,
    /// So many are more than a profile takes.
    pub over: u32,
}

/// All pages that are kept, and those that no longer are and may be put back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmarks {
    kept: Vec<Bookmark>,
    removed: Vec<Bookmark>,
    /// Another one after each change.
    revision: u32,
}

impl Bookmarks {
    /// The pages as they were saved.
    #[must_use]
    pub fn restore(saved: Vec<Bookmark>) -> Self {
        let mut kept = saved;
        kept.sort_by_key(|it| it.place);
        Self {
            kept,
            ..Self::default()
        }
    }

    /// A number that is another one after each change.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// Those of a profile, the oldest first.
    pub fn of<'a>(&'a self, profile: &'a ProfileName) -> impl Iterator<Item = &'a Bookmark> {
        self.kept.iter().filter(move |it| it.profile == *profile)
    }

    /// Whether this page is kept.
    #[must_use]
    pub fn has(&self, profile: &ProfileName, url: &str) -> bool {
        self.kept.iter().any(|it| it.is(profile, url))
    }

    /// Keeps a page, behind all others or where it was. To be saved, unless it was kept before.
    pub fn keep(
        &mut self,
        profile: &ProfileName,
        url: &str,
        title: &str,
        favicon: Option<&str>,
    ) -> Option<Bookmark> {
        if self.has(profile, url) {
            return None;
        }
        let all = self.kept.iter().chain(&self.removed);
        let last = all.map(|it| it.place).max();
        let was = self.take_removed(profile, url).map(|it| it.place);
        let next = || last.map_or(0, |it| it.saturating_add(1));
        Some(self.put(Bookmark {
            profile: profile.clone(),
            url: url.to_owned(),
            title: title.to_owned(),
            favicon: small(favicon),
            place: was.unwrap_or_else(next),
        }))
    }

    /// What would become of these pages of a file, which are usable.
    #[must_use]
    pub fn preview(&self, profile: &ProfileName, pages: &[file::Page]) -> Imported {
        let mut known: HashSet<&str> = self.of(profile).map(|it| it.url.as_str()).collect();
        let room = KEPT_CAP.saturating_sub(known.len());
        let new = pages.iter().filter(|it| known.insert(&it.url)).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Imported {
            added: count(new.min(room)),
            known: count(pages.len() - new),
            unusable: 0,
            over: count(new.saturating_sub(room)),
        }
    }

    /// Keeps pages of a file, behind all others. Those that were not kept before, to be saved.
    pub fn add(&mut self, profile: &ProfileName, pages: Vec<file::Page>) -> Vec<Bookmark> {
        let all = self.kept.iter().chain(&self.removed);
        let places = all.map(|it| it.place.saturating_add(1)).max().unwrap_or(0)..;
        let mut known: HashSet<String> = self.of(profile).map(|it| it.url.clone()).collect();
        let room = KEPT_CAP.saturating_sub(known.len());
        let new = pages.into_iter().filter(|it| known.insert(it.url.clone()));
        let added: Vec<Bookmark> = (places.zip(new.take(room)))
            .map(|(place, page)| Bookmark {
                profile: profile.clone(),
                url: page.url,
                title: page.title,
                favicon: small(page.favicon.as_deref()),
                place,
            })
            .collect();
        for it in &added {
            self.take_removed(profile, &it.url);
        }
        self.kept.extend(added.iter().cloned());
        self.revision = self.revision.wrapping_add(1);
        added
    }

    /// Keeps a page no longer; whether it was kept.
    pub fn remove(&mut self, profile: &ProfileName, url: &str) -> bool {
        let Some(at) = self.kept.iter().position(|it| it.is(profile, url)) else {
            return false;
        };
        self.removed.push(self.kept.remove(at));
        let over = self.removed.len().saturating_sub(REMOVED_CAP);
        self.removed.drain(..over);
        self.revision = self.revision.wrapping_add(1);
        true
    }

    /// Puts back a page that was removed, where it was. To be saved.
    pub fn put_back(&mut self, profile: &ProfileName, url: &str) -> Option<Bookmark> {
        let back = self.take_removed(profile, url)?;
        Some(self.put(back))
    }

    fn take_removed(&mut self, profile: &ProfileName, url: &str) -> Option<Bookmark> {
        let at = self.removed.iter().position(|it| it.is(profile, url))?;
        Some(self.removed.remove(at))
    }

    fn put(&mut self, bookmark: Bookmark) -> Bookmark {
        let place = bookmark.place;
        let at = self.kept.partition_point(|it| it.place < place);
        self.kept.insert(at, bookmark.clone());
        self.revision = self.revision.wrapping_add(1);
        bookmark
    }

    /// A page that may be one of these has this title and this icon. To be saved, if what it lacked is
    /// among them.
    pub fn completed(
        &mut self,
        profile: &ProfileName,
        url: &str,
        title: &str,
        favicon: Option<&str>,
    ) -> Option<Bookmark> {
        let it = self.kept.iter_mut().find(|it| it.is(profile, url))?;
        let before = it.clone();
        if it.title.is_empty() {
            title.clone_into(&mut it.title);
        }
        if it.favicon.is_none() {
            it.favicon = small(favicon);
        }
        if *it == before {
            return None;
        }
        self.revision = self.revision.wrapping_add(1);
        Some(it.clone())
    }

    /// Forgets all of a profile, which is gone.
    pub fn forget(&mut self, profile: &ProfileName) {
        self.kept.retain(|it| it.profile != *profile);
        self.removed.retain(|it| it.profile != *profile);
        self.revision = self.revision.wrapping_add(1);
    }
}

impl Bookmark {
    fn is(&self, profile: &ProfileName, url: &str) -> bool {
        self.url == url && self.profile == *profile
    }

    /// As the shell paints it.
    #[must_use]
    pub fn view(&self) -> BookmarkView {
        BookmarkView {
            url: self.url.clone(),
            address: address::display(&self.url),
            title: self.title.clone(),
            favicon: self.favicon.clone(),
        }
    }
}

fn small(favicon: Option<&str>) -> Option<String> {
    favicon
        .filter(|it| it.len() <= FAVICON_CAP)
        .map(str::to_owned)
}
