//! A tab: its history, what its page says of itself, and how far its stream has come.

use crate::address;
use crate::ask::Wish;
use crate::browser::{Crossing, Noted};
use crate::carry::{Carry, Storage};
use crate::cookie::Jar;
use crate::event::{HistoryEntry, Millis, RequestId};
use crate::history::History;
use crate::message::{
    Mode, Problem, ProfileName, Security, SessionId, Stage, StageTime, StreamView, TabId, TabView,
};
use crate::node::NodeId;
use crate::page::PageView;
use crate::record::TabRecord;
use crate::session::Session;
use crate::site::{origin_of, same_host};

/// Icons above this many bytes are not shown: they would travel with every state.
const FAVICON_CAP: usize = 24 * 1024;

/// The zoom of a new tab, in percent.
pub const DEFAULT_ZOOM: u16 = 100;

/// The streamed side of a tab.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TabStream {
    /// The session it belongs to, once one is chosen.
    pub session: Option<SessionId>,
    /// The node that was asked for.
    pub choice: Option<NodeId>,
    /// A node where a start for it has failed: another one is tried, once.
    pub but: Option<NodeId>,
    /// The command to answer when a node is chosen.
    pub request: Option<RequestId>,
    /// Whether its page exists in the engine.
    pub opened: bool,
    /// Whether its page is to be opened once its cookies have come.
    pub held: bool,
    pub(crate) stages: Vec<(Stage, Millis)>,
}

impl TabStream {
    /// Enters a stage; entering the current one again changes nothing.
    pub fn enter(&mut self, stage: Stage, now: Millis) {
        if self.stage() != Some(stage) {
            self.stages.push((stage, now));
        }
    }

    /// Begins to count the stages afresh.
    pub fn restart(&mut self) {
        self.stages.clear();
    }

    /// The current stage.
    #[must_use]
    pub fn stage(&self) -> Option<Stage> {
        self.stages.last().map(|(stage, _)| *stage)
    }

    fn view(&self, session: Option<&Session>, now: Millis) -> StreamView {
        let ends = self
            .stages
            .iter()
            .skip(1)
            .map(|(_, at)| Some(*at))
            .chain([None]);
        let stages = self
            .stages
            .iter()
            .zip(ends)
            .map(|((stage, from), to)| StageTime {
                stage: *stage,
                took_ms: to.map(|to| to.0.saturating_sub(from.0)),
            })
            .collect();
        let began = self.stages.first().map_or(now.0, |(_, at)| at.0);
        StreamView {
            session: self.session,
            stage: self.stage().unwrap_or(Stage::Placing),
            stages,
            elapsed_ms: now.0.saturating_sub(began),
            node: session.map(|session| session.node.clone()),
            fetched_percent: session.and_then(Session::fetched_percent),
            relayed: session.is_some_and(Session::is_relayed),
            encoder: session.and_then(|session| session.encoder),
            moving: None,
        }
    }
}

/// Where the person has sent a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The address.
    pub url: String,
    /// The page shows another document, perhaps of another address; its history says which.
    pub arrived: bool,
    /// A page named the address: what the person asks for is only to try it again.
    pub unasked: bool,
}

/// A tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Its id.
    pub id: TabId,
    /// Whose data its page uses.
    pub profile: ProfileName,
    /// Its mode.
    pub mode: Mode,
    /// Where it has been.
    pub history: History,
    /// What was noted last of where it has been.
    pub noted: Option<Noted>,
    /// Its engine shows an error in the place of a page (a streamed one only).
    pub shows_error: bool,
    /// A page, and nobody else, named the address that could not be opened last.
    pub failed_unasked: bool,
    /// Where the person has sent its page, until the page is there or stays where it is.
    pub heading_for: Option<Heading>,
    /// In percent.
    pub zoom: u16,
    /// Whether its proxied page plays sound, be it muted or not.
    pub audible: bool,
    /// Whether its pages are not to be heard.
    pub muted: bool,
    /// What its proxied page sees or hears the person by.
    pub uses: Vec<Wish>,
    /// Whether its page is loading.
    pub loading: bool,
    /// Its page's icon.
    pub favicon: Option<String>,
    /// What went wrong.
    pub problem: Option<Problem>,
    /// Whether a child webview exists for it.
    pub proxied: bool,
    /// The child webview's history, while the webview waits behind a stream that is not live yet.
    pub waiting_history: Option<History>,
    /// Since when it waits for a machine that is away.
    pub away_since: Option<Millis>,
    /// The streamed side.
    pub stream: Option<TabStream>,
    /// What its page does besides being shown.
    pub page: PageView,
    /// What its page had in the mode that was left, until its next page has taken it.
    pub carry: Option<Carry>,
    /// What the site of its page kept in it when that went to sleep, until its next page is opened.
    pub storage: Option<Storage>,
    /// Since when its proxied page is out of sight, or was asked in vain whether it can sleep.
    pub unseen: Option<Millis>,
    /// Since when its page has been asked whether it may be closed.
    pub asked_to_leave: Option<Millis>,
    /// Its page plays sound, or sees or hears the person.
    pub occupied: bool,
    /// Its page has what could not be had again.
    pub unique: bool,
    /// The cookies that are on their way to its next page.
    pub crossing: Crossing,
    /// Which cookies were taken along last, without their values.
    pub taken_along: Jar,
}

impl Tab {
    /// An empty tab.
    #[must_use]
    pub fn new(id: TabId, profile: ProfileName, mode: Mode) -> Self {
        Self {
            id,
            profile,
            mode,
            history: History::default(),
            failed_unasked: false,
            heading_for: None,
            noted: None,
            shows_error: false,
            audible: false,
            uses: Vec::new(),
            muted: false,
            zoom: DEFAULT_ZOOM,
            loading: false,
            favicon: None,
            problem: None,
            away_since: None,
            proxied: false,
            waiting_history: None,
            stream: None,
            page: PageView::default(),
            carry: None,
            storage: None,
            unseen: None,
            asked_to_leave: None,
            occupied: false,
            unique: false,
            crossing: Crossing::None,
            taken_along: Jar::default(),
        }
    }

    /// A tab as it was saved. Its page is made when it comes to the front.
    #[must_use]
    pub fn restore(record: TabRecord) -> Self {
        let mut history = History::restore(record.history, record.index);
        history.set_named(record.unasked);
        Self {
            history,
            zoom: record.zoom,
            ..Self::new(record.id, record.profile, record.mode)
        }
    }

    /// The tab as it is saved: where the person has sent it, be its page there or not.
    #[must_use]
    pub fn record(&self, position: usize, active: bool) -> TabRecord {
        let mut history = self.history.clone();
        if let Some(heading) = &self.heading_for {
            history.visit(&heading.url);
            history.set_named(heading.unasked);
        }
        let unasked = history
            .current()
            .is_some_and(|it| history.is_named(&it.url));
        let (history, index) = history.to_save();
        TabRecord {
            id: self.id,
            profile: self.profile.clone(),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            mode: self.mode,
            history,
            index,
            unasked,
            zoom: self.zoom,
            active,
        }
    }

    /// Whether what could not be opened lies over a page of the web engine that is still there.
    #[must_use]
    pub fn fails_over_a_page(&self) -> bool {
        let Some(Problem::PageFailed { url, .. }) = &self.problem else {
            return false;
        };
        let there = self.history.current();
        let is_there = self.mode == Mode::Proxy && self.proxied && self.page.painted;
        is_there && there.is_some_and(|entry| entry.url != *url)
    }

    /// The person sends its page to an address.
    pub fn heads_for(&mut self, url: &str, unasked: bool) {
        let url = self.history.without_login(url);
        self.heading_for = None;
        if url == self.url() {
            let unasked = unasked && self.is_unasked();
            self.history.set_named(unasked);
        } else {
            self.heading_for = Some(Heading {
                url,
                arrived: false,
                unasked,
            });
        }
    }

    /// Whatever page it has next is one of this address.
    pub fn visit(&mut self, url: &str, unasked: bool) {
        self.history.visit(url);
        self.history.set_named(unasked);
    }

    /// Whatever page it has next is the one that it was sent to.
    pub fn goes_on_heading(&mut self) {
        if let Some(heading) = self.heading_for.take() {
            self.visit(&heading.url, heading.unasked);
        }
    }

    /// Its page could not show this address, which the person may have `asked` for some time. Where
    /// they have not sent it, a page has led.
    pub fn failed(&mut self, url: &str, asked: bool) {
        let heading = self.heading_for.take();
        let sent = heading.filter(|it| same_host(&it.url, url));
        let there = self.history.current().filter(|entry| entry.url == url);
        self.failed_unasked = match (sent, there) {
            (Some(heading), _) => heading.unasked,
            (None, Some(_)) => self.history.is_named(url) && !asked,
            (None, None) => !asked,
        };
    }

    /// Its engine tells where it is, which the person may have `asked` for some time.
    pub fn is_at(&mut self, entries: &[HistoryEntry], index: usize, asked: bool) {
        let before = self.history.clone();
        self.history.report(entries, index);
        let heading = self.heading_for.take();
        // What a jump leads to is only wished for.
        if let Some(now) = self.history.current().filter(|_| !self.history.jumps()) {
            let sent = heading.as_ref().filter(|it| same_host(&it.url, &now.url));
            let was_there = before.entries().iter().any(|entry| entry.url == now.url)
                && !before.is_named(&now.url);
            // A page may lead to an error at an address that it names.
            let named = match sent {
                Some(heading) => heading.unasked,
                None => !asked && !was_there,
            };
            self.history.set_named(self.shows_error && named);
        }
        self.heading_for = heading.filter(|it| !it.arrived && it.url != self.url());
    }

    /// Whether a page named its address, as `url` tells it.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        match self.problem {
            Some(Problem::PageFailed { .. }) => self.failed_unasked,
            _ => self.history.is_named(self.url()),
        }
    }

    /// The process of its page has ended.
    pub fn lost(&mut self, problem: Problem) {
        self.loading = false;
        self.heading_for = None;
        self.audible = false;
        self.uses.clear();
        self.page.gone();
        self.problem = Some(problem);
    }

    /// Its address, of what it shows or could not; empty for a new tab.
    #[must_use]
    pub fn url(&self) -> &str {
        if let Some(Problem::PageFailed { url, .. }) = &self.problem {
            return url;
        }
        let current = self.history.current();
        current.map_or("", |entry| entry.url.as_str())
    }

    /// The origin of its proxied page, also where that waits behind a stream or a problem.
    pub(crate) fn site_of_proxied(&self) -> Option<String> {
        let history = self.waiting_history.as_ref().unwrap_or(&self.history);
        origin_of(&history.current()?.url)
    }

    /// What the history says of the address.
    pub(crate) fn title(&self) -> String {
        let current = self.history.current();
        let current = current.filter(|entry| entry.url == self.url());
        current.map_or_else(String::new, |entry| entry.title.clone())
    }

    /// The session it belongs to.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.stream.as_ref().and_then(|stream| stream.session)
    }

    /// Whether it has a page to show that does not exist now.
    pub(crate) fn is_asleep(&self) -> bool {
        self.mode == Mode::Proxy
            && !self.proxied
            && self.problem.is_none()
            && !self.url().is_empty()
    }

    /// Whether its page runs in an engine that answers.
    pub(crate) fn is_streaming(&self) -> bool {
        let stage = self.stream.as_ref().and_then(TabStream::stage);
        stage == Some(Stage::Live)
    }

    /// Takes a new icon, unless it is too big to travel.
    pub fn set_favicon(&mut self, favicon: Option<String>) {
        self.favicon = favicon.filter(|f| f.len() <= FAVICON_CAP && f.starts_with("data:image/"));
    }

    /// Whether its page is, or will be, one of this machine's own engine, which can be muted.
    pub fn is_heard_here(&self) -> bool {
        self.proxied || self.mode == Mode::Proxy
    }

    /// The tab as the shell paints it.
    #[must_use]
    pub fn view(&self, session: Option<&Session>, now: Millis) -> TabView {
        TabView {
            id: self.id,
            profile: self.profile.clone(),
            mode: self.mode,
            address: address::display(self.url()),
            heading_for: self
                .heading_for
                .as_ref()
                .map(|it| address::display(&it.url)),
            title: self.title(),
            favicon: self.favicon.clone(),
            loading: self.loading,
            can_go_back: self.history.can_go_back() || self.fails_over_a_page(),
            can_go_forward: self.history.can_go_forward(),
            zoom: self.zoom,
            audible: self.proxied && self.audible,
            // What Chromium plays is not muted by us.
            muted: self.muted && self.is_heard_here(),
            uses: if self.proxied {
                self.uses.clone()
            } else {
                Vec::new()
            },
            security: match &self.problem {
                Some(Problem::PageFailed { .. }) => Security::Failed,
                _ => address::security(self.url()),
            },
            stream: self.stream.as_ref().map(|stream| stream.view(session, now)),
            problem: self.problem.clone(),
            page: self.page.clone(),
            asleep: false,
            elsewhere: false,
            bookmarked: None,
        }
    }
}
