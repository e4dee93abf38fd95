//! Which pages there are, which tab each belongs to, and what is known of each.

use std::collections::HashMap;
use std::sync::Arc;

use duotab_core::ask::{AskId, Wish};
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use serde_json::Value;
use tokio::sync::{Notify, OnceCell, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::asks::Asked;
use super::find::Looked;
use super::framed::Framed;
use super::news::Told;
use super::permission::Passing;

/// Pages that are kept track of. A Chromium with more has run away.
const MAX_PAGES: usize = 512;
/// The longest name of a target or session that is taken; Chromium's have 32 characters.
const MAX_NAME: usize = 128;
/// The longest address that is kept of a page.
const MAX_URL: usize = 64 << 10;

/// An empty page, as Chromium begins with and as new pages are made.
pub(super) const BLANK: &str = "about:blank";

/// What is known of one page.
pub(super) struct Page {
    /// The tab that it belongs to.
    pub(super) tab: Option<TabId>,
    /// Its address, as the browser last said.
    pub(super) url: watch::Sender<String>,
    /// The page that opened it.
    pub(super) opener: Option<String>,
    /// Its CDP session, attached once.
    pub(super) session: Arc<OnceCell<String>>,
    /// The frame that is the page.
    pub(super) main_frame: String,
    /// The address that this frame shows, once it has shown another since we attached to it.
    pub(super) shows: Option<String>,
    /// Whether it is loading, once that is known.
    pub(super) loading: Option<bool>,
    /// The address that it last wanted to have opened elsewhere.
    pub(super) wanted: Option<String>,
    /// Where it leads that only the person's mail program could follow.
    pub(super) mail: Option<PageNews>,
    /// The load whose failure was told.
    pub(super) failed: Option<String>,
    /// Counts the navigations that we asked for: the answer of an older one is no news.
    pub(super) navigation: u64,
    /// The last of them has not been answered.
    pub(super) unanswered: bool,
    /// A load that failed meanwhile, and its address.
    pub(super) unreachable: Option<(String, String)>,
    /// Made for a tab of ours, so what it held before its first address is nobody's history.
    pub(super) fresh: bool,
    /// It has shown a document since we attached to it.
    pub(super) shown: bool,
    /// Where an empty page was sent, until it shows something.
    pub(super) goal: Option<String>,
    /// The load of that goal has not been answered: the end of another load is the empty page's.
    pub(super) under_way: bool,
    /// It was told to close.
    pub(super) closing: bool,
    /// Its zoom in percent.
    pub(super) zoom: u16,
    /// What it has asked.
    pub(super) asked: Asked,
    /// What it may, or may not, until its document goes.
    pub(super) passing: Passing,
    /// What is looked for in it.
    pub(super) looked: Looked,
    /// What was told of it last.
    pub(super) told: Told,
    /// Its history or title may have changed.
    pub(super) changed: Arc<Notify>,
    /// It shows another document, or has loaded it.
    pub(super) document: Arc<Notify>,
    /// It shows another document.
    pub(super) turned: Arc<Notify>,
    /// Its icon may have changed.
    pub(super) icon_changed: Arc<Notify>,
    /// Ends the tasks of its session, with the session or with the page.
    watched: Option<DropGuard>,
}

/// The pages of one Chromium.
#[derive(Default)]
pub(super) struct Book {
    pages: HashMap<String, Page>,
    sessions: HashMap<String, String>,
    /// Sessions of frames of other processes.
    framed: Framed,
    tabs: HashMap<TabId, String>,
    turns: HashMap<TabId, Arc<tokio::sync::Mutex<()>>>,
    /// Pages that we are about to make, so that one that comes up may be ours.
    opening: usize,
    /// Pages that came up meanwhile and may be ours.
    undecided: Vec<String>,
    /// What is decided for sites, for each origin.
    pub(super) rules: HashMap<(String, Wish), bool>,
    /// An empty page kept so that the browser lives, or that it began with.
    reserve: Option<String>,
}

/// What a page that came up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Somebody should look after it.
    New,
    /// It is known, or is nothing that we look after, or may be ours.
    Settled,
}

/// A name as Chromium gives it, if it is one.
fn name(value: &Value) -> Option<&str> {
    value
        .as_str()
        .filter(|name| !name.is_empty() && name.len() <= MAX_NAME)
}

fn address(value: &Value) -> &str {
    value
        .as_str()
        .filter(|url| url.len() <= MAX_URL)
        .unwrap_or(BLANK)
}

impl Book {
    /// Takes the pages that were there before us from the answer to `Target.getTargets`.
    pub(super) fn list(&mut self, answer: &Value) {
        for info in answer["targetInfos"].as_array().into_iter().flatten() {
            if let Some(target) = self.insert(info)
                && self.reserve.is_none()
                && address(&info["url"]) == BLANK
            {
                self.reserve = Some(target);
            }
        }
    }

    /// Puts a page into the book by its `targetInfo`, if it is a new one.
    fn insert(&mut self, info: &Value) -> Option<String> {
        let target = name(&info["targetId"])?;
        // A page that is loaded ahead, or a page's own picture-in-picture, has a subtype.
        if info["type"] != "page"
            || info["subtype"].is_string()
            || self.pages.contains_key(target)
            || self.pages.len() >= MAX_PAGES
        {
            return None;
        }
        let page = Page {
            tab: None,
            url: watch::Sender::new(address(&info["url"]).to_owned()),
            opener: name(&info["openerId"]).map(str::to_owned),
            session: Arc::default(),
            main_frame: target.to_owned(),
            shows: None,
            loading: None,
            wanted: None,
            mail: None,
            failed: None,
            navigation: 0,
            unanswered: false,
            unreachable: None,
            fresh: false,
            shown: false,
            goal: None,
            under_way: false,
            closing: false,
            zoom: 100,
            asked: Asked::default(),
            passing: Passing::new(),
            looked: Looked::default(),
            told: Told::default(),
            changed: Arc::default(),
            document: Arc::default(),
            turned: Arc::default(),
            icon_changed: Arc::default(),
            watched: None,
        };
        self.pages.insert(target.to_owned(), page);
        Some(target.to_owned())
    }

    /// `Target.targetCreated` or `targetInfoChanged`.
    pub(super) fn seen(&mut self, info: &Value) -> Option<(String, Arrival)> {
        let target = name(&info["targetId"])?;
        if let Some(page) = self.pages.get(target) {
            let url = address(&info["url"]);
            page.url.send_if_modified(|old| {
                let changed = old != url;
                if changed {
                    url.clone_into(old);
                }
                changed
            });
            return Some((target.to_owned(), Arrival::Settled));
        }
        let target = self.insert(info)?;
        let known_opener = self
            .pages
            .get(&target)
            .is_some_and(|page| page.opener.is_some());
        if self.opening > 0 && !known_opener {
            self.undecided.push(target.clone());
            return Some((target, Arrival::Settled));
        }
        Some((target, Arrival::New))
    }

    /// `Target.targetDestroyed`. The tab that it belonged to, unless we closed it.
    pub(super) fn destroyed(&mut self, target: &str) -> Option<TabId> {
        let page = self.pages.remove(target)?;
        self.sessions.retain(|_, of| of != target);
        self.framed.destroyed(target);
        self.undecided.retain(|of| of != target);
        if self.reserve.as_deref() == Some(target) {
            self.reserve = None;
        }
        let tab = page.tab?;
        self.tabs.remove(&tab);
        self.turns.remove(&tab);
        Some(tab)
    }

    /// Whether the browser has any page.
    pub(super) fn has_pages(&self) -> bool {
        !self.pages.is_empty()
    }

    /// Notes a page's session. Its tasks end with the token; `None` if the page is gone already.
    pub(super) fn attached(&mut self, target: &str, session: &str) -> Option<CancellationToken> {
        let page = self.pages.get_mut(target)?;
        let end = CancellationToken::new();
        page.watched = Some(end.clone().drop_guard());
        self.sessions.insert(session.to_owned(), target.to_owned());
        Some(end)
    }

    /// Notes the session of a frame that is of another process than the session that tells of it.
    pub(super) fn attached_frame(&mut self, teller: &str, session: &Value) -> Option<String> {
        let page = self.sessions.get(teller).map(String::as_str);
        let page = page.or_else(|| self.framed.page(teller))?.to_owned();
        let session = name(session)?;
        let noted = self.framed.attached(page, teller, session);
        noted.then(|| session.to_owned())
    }

    /// The sessions of a page's frames.
    pub(super) fn frame_sessions(&self, target: &str) -> Vec<String> {
        self.framed.of_page(target)
    }

    /// A session ended while its page may live on. The page, if the session was its own, and the
    /// questions that have gone with it and with its frames.
    pub(super) fn detached(&mut self, session: &str) -> (Option<String>, Vec<(TabId, AskId)>) {
        let mut ended = self.framed.ended(session);
        let target = self.sessions.remove(session);
        ended.extend(target.iter().map(|it| (it.clone(), session.to_owned())));
        let mut gone = Vec::new();
        for (target, session) in ended {
            if let Some(page) = self.pages.get_mut(&target) {
                let asked = page.asked.forget_of(&session).into_iter();
                gone.extend(asked.filter_map(|ask| Some((page.tab?, ask))));
            }
        }
        let target = target.filter(|target| match self.pages.get_mut(target) {
            Some(page) => {
                page.session = Arc::default();
                page.watched = None;
                if page.goal.is_none() {
                    // Nobody has heard whether it ended meanwhile.
                    page.loading = None;
                }
                true
            }
            None => false,
        });
        (target, gone)
    }

    /// The page of a session, which may be that of a frame.
    pub(super) fn page_around(&mut self, session: &str) -> Option<(&str, &mut Page)> {
        let own = self.sessions.get(session).map(String::as_str);
        let target = own.or_else(|| self.framed.page(session))?;
        let page = self.pages.get_mut(target)?;
        Some((target, page))
    }

    /// The page of a session.
    pub(super) fn of_session(&mut self, session: &str) -> Option<(&str, &mut Page)> {
        let target = self.sessions.get(session)?;
        let page = self.pages.get_mut(target)?;
        Some((target, page))
    }

    /// A page.
    pub(super) fn page(&mut self, target: &str) -> Option<&mut Page> {
        self.pages.get_mut(target)
    }

    /// The tab whose page opened this one, and the address that it asked for. A link that is
    /// opened with Control, Shift or the middle button names no opener, but its page has just
    /// asked for that address.
    pub(super) fn opener(&mut self, target: &str) -> Option<(TabId, Option<String>)> {
        let page = self.pages.get(target)?;
        if let Some(opener) = &page.opener {
            let opener = opener.clone();
            let page = self.pages.get_mut(&opener)?;
            return Some((page.tab?, page.wanted.take()));
        }
        let url = page.url.borrow().clone();
        let asking = |page: &&mut Page| page.tab.is_some() && page.wanted.as_ref() == Some(&url);
        let page = self.pages.values_mut().find(asking)?;
        Some((page.tab?, page.wanted.take()))
    }

    /// A tab's target.
    pub(super) fn target(&self, tab: TabId) -> Option<String> {
        self.tabs.get(&tab).cloned()
    }

    /// The tab of a target.
    pub(super) fn owner(&self, target: &str) -> Option<TabId> {
        self.pages.get(target)?.tab
    }

    /// The lock that makes a tab's actions take turns.
    pub(super) fn turn(&mut self, tab: TabId) -> Arc<tokio::sync::Mutex<()>> {
        // Those of tabs that never had a page.
        if self.turns.len() > 2 * MAX_PAGES {
            let tabs = &self.tabs;
            self.turns
                .retain(|tab, turn| tabs.contains_key(tab) || Arc::strong_count(turn) > 1);
        }
        Arc::clone(self.turns.entry(tab).or_default())
    }

    /// Pages of no tab, without the reserve.
    pub(super) fn strays(&self) -> Vec<(String, String)> {
        self.pages
            .iter()
            .filter(|(target, page)| {
                page.tab.is_none() && !page.closing && self.reserve.as_ref() != Some(target)
            })
            .map(|(target, page)| (target.clone(), page.url.borrow().clone()))
            .collect()
    }

    /// Gives a page to a tab; `false` if it is not there or belongs to another.
    pub(super) fn claim(&mut self, target: &str, tab: TabId, zoom: u16) -> bool {
        let Some(page) = self.pages.get_mut(target) else {
            return false;
        };
        if page.closing || page.tab.is_some_and(|of| of != tab) {
            return false;
        }
        page.tab = Some(tab);
        page.zoom = zoom;
        page.told = Told::default();
        if let Some(before) = self.tabs.insert(tab, target.to_owned())
            && before != target
            && let Some(page) = self.pages.get_mut(&before)
        {
            page.tab = None;
        }
        if self.reserve.as_deref() == Some(target) {
            self.reserve = None;
        }
        true
    }

    /// Takes a page from its tab.
    pub(super) fn release(&mut self, tab: TabId) -> Option<String> {
        let target = self.tabs.remove(&tab)?;
        if let Some(page) = self.pages.get_mut(&target) {
            page.tab = None;
        }
        Some(target)
    }

    /// The questions of all pages, which nobody can answer any more.
    pub(super) fn forget_asked(&mut self) -> Vec<(TabId, AskId)> {
        let mut gone = Vec::new();
        for page in self.pages.values_mut() {
            let asked = page.asked.forget();
            gone.extend(
                page.tab
                    .iter()
                    .flat_map(|tab| asked.iter().map(|ask| (*tab, *ask))),
            );
        }
        gone
    }

    /// Whether this is the only page that will be left open.
    pub(super) fn is_last(&self, target: &str) -> bool {
        !self
            .pages
            .iter()
            .any(|(other, page)| other != target && !page.closing)
    }

    /// The empty page in reserve, for a new tab; it has to be claimed at once.
    pub(super) fn reserve(&mut self) -> Option<String> {
        let target = self.reserve.take()?;
        let free = self
            .pages
            .get(&target)
            .is_some_and(|page| page.tab.is_none() && !page.closing && *page.url.borrow() == BLANK);
        free.then_some(target)
    }

    /// We are about to make a page.
    pub(super) fn begin_opening(&mut self) {
        self.opening += 1;
    }

    /// The page is made, or is not. Those that came up meanwhile and are not ours.
    #[must_use]
    pub(super) fn end_opening(&mut self, made: Option<&str>) -> Vec<String> {
        if let Some(target) = made {
            let info = serde_json::json!({ "targetId": target, "type": "page", "url": BLANK });
            self.insert(&info);
            self.undecided.retain(|other| other != target);
        }
        self.opening = self.opening.saturating_sub(1);
        if self.opening == 0 {
            std::mem::take(&mut self.undecided)
        } else {
            Vec::new()
        }
    }

    /// Keeps an empty page in reserve.
    pub(super) fn keep(&mut self, target: String) {
        self.reserve = Some(target);
    }
}
