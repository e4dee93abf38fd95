//! Pages that the person keeps, to find them again. Each profile has its own; private pages are not
//! kept.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::address;
use crate::message::ProfileName;

/// A bigger icon is left out, in bytes of its `data:` URL: it is read with each start, and sent with
/// each list.
const FAVICON_CAP: usize = 8 * 1024;

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
        self.of(profile).any(|it| it.url == url)
    }

    /// Keeps a page, behind all others. To be saved, unless it was kept before.
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
        let kept = Bookmark {
            profile: profile.clone(),
            url: url.to_owned(),
            title: title.to_owned(),
            favicon: small(favicon),
            place: last.map_or(0, |it| it.saturating_add(1)),
        };
        self.removed
            .retain(|it| !(it.profile == *profile && it.url == url));
        self.kept.push(kept.clone());
        self.revision = self.revision.wrapping_add(1);
        Some(kept)
    }

    /// Keeps a page no longer; whether it was kept.
    pub fn remove(&mut self, profile: &ProfileName, url: &str) -> bool {
        let is_it = |it: &Bookmark| it.profile == *profile && it.url == url;
        let Some(at) = self.kept.iter().position(is_it) else {
            return false;
        };
        self.removed.push(self.kept.remove(at));
        self.revision = self.revision.wrapping_add(1);
        true
    }

    /// Puts back what was removed last, where it was. To be saved.
    pub fn put_back(&mut self, profile: &ProfileName) -> Option<Bookmark> {
        let last = self.removed.iter().rposition(|it| it.profile == *profile)?;
        let back = self.removed.remove(last);
        let at = self.kept.partition_point(|it| it.place < back.place);
        self.kept.insert(at, back.clone());
        self.revision = self.revision.wrapping_add(1);
        Some(back)
    }

    /// A page that may be one of these has this icon. To be saved, if it had none.
    pub fn has_icon(
        &mut self,
        profile: &ProfileName,
        url: &str,
        favicon: Option<&str>,
    ) -> Option<Bookmark> {
        let favicon = small(favicon)?;
        let mut kept = self.kept.iter_mut();
        let it = kept.find(|it| it.favicon.is_none() && it.profile == *profile && it.url == url)?;
        it.favicon = Some(favicon);
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
