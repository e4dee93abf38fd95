//! The whole browser as one pure value: tabs, sessions and nodes, and the rules between them.
//!
//! [`Browser::handle`] takes one event with the time; then [`Browser::take_actions`] is drained.
//! What is in front, what is saved and what is painted are derived after each event, in one place
//! ([`Browser::settle`]), so no rule has to remember them.

mod anyway;
mod ask;
mod away;
mod blocking;
mod bookmarks;
mod carry;
mod closing;
mod command;
mod complete;
mod cookies;
mod download;
mod engine;
mod find;
mod giving;
mod leftovers;
mod machines;
mod moving;
mod news;
mod open;
mod page;
mod paint;
mod placing;
mod profiles;
mod rule;
mod search;
mod sites;
mod sleep;
mod sound;
mod stale;
mod standby;
mod stream;
mod streaming;
#[cfg(test)]
mod tests;
mod toggle;
mod visits;

use crate::action::Action;
use crate::bookmark::{Bookmark, Bookmarks};
use crate::download::{Download, Downloads};
use crate::event::{Event, Millis, RequestId};
use crate::message::{
    ContentArea, Mode, Notice, Problem, ProfileName, SessionId, ShellState, TabId,
};
use crate::node::NodeId;
use crate::placement::{Demand, Roster};
use crate::profile::{self, ProfileRecord};
use crate::proxy::Target;
use crate::record::{SessionRecord, TabRecord};
use crate::search::Search;
use crate::session::Session;
use crate::site::{Site, Sites};
use crate::sleep::SleepAfter;
use crate::streaming::Switches;
use crate::tab::Tab;
use crate::worker::WorkerRecord;
use blocking::Lists;
pub use cookies::Crossing;
use machines::Machines;
use profiles::Profile;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use streaming::Streaming;
pub use visits::Noted;

/// Closed tabs that can be reopened.
const REOPENABLE_CAP: usize = 25;

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is asked of nodes.
    pub demand: Demand,
    /// How long an engine sleeps before it is ended, in milliseconds.
    pub suspended_limit_ms: u64,
    /// How long the app waits for its engines to end when it closes, in milliseconds.
    pub quit_limit_ms: u64,
    /// The mode of a new tab.
    pub default_mode: Mode,
    /// The profile that is always there.
    pub profile: ProfileName,
    /// Settles [`crate::streaming::Switch::Standby`], whatever the person has switched.
    pub standby: Option<bool>,
    /// Settles [`crate::streaming::Switch::HomeClosed`] likewise.
    pub home_closed: Option<bool>,
    /// Settles after how many milliseconds unseen pages sleep, whatever the person has chosen; 0 for
    /// never.
    pub sleep_after_ms: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            demand: Demand::default(),
            suspended_limit_ms: 15 * 60 * 1000,
            quit_limit_ms: 12_000,
            default_mode: Mode::Proxy,
            profile: ProfileName(profile::DEFAULT.to_owned()),
            standby: None,
            home_closed: None,
            sleep_after_ms: None,
        }
    }
}

/// What an earlier run of the app left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// The tabs.
    pub tabs: Vec<TabRecord>,
    /// The sessions.
    pub sessions: Vec<SessionRecord>,
    /// The profiles.
    pub profiles: Vec<ProfileRecord>,
    /// What is decided for sites.
    pub sites: Vec<Site>,
    /// The pages that are kept.
    pub bookmarks: Vec<Bookmark>,
    /// The list of downloads.
    pub downloads: Vec<Download>,
    /// What the person has switched.
    pub switches: Switches,
    /// The addresses of the block lists; `None` if they were never changed.
    pub lists: Option<Vec<String>>,
    /// When pages are put to sleep.
    pub sleep_after: SleepAfter,
    /// Where words are searched for.
    pub search: Search,
    /// The highest tab id ever used.
    pub last_tab: u32,
    /// The highest session id ever used.
    pub last_session: u32,
    /// The highest number that a profile ever had.
    pub last_profile: u32,
    /// The workers.
    pub workers: Vec<WorkerRecord>,
    /// The highest number that a worker ever had.
    pub last_worker: u32,
}

/// Whether the engines of an earlier run are known.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Leftovers {
    /// The engines are being looked for; these rows are to be matched.
    Unknown(Vec<SessionRecord>),
    /// All are adopted or gone.
    Settled,
}

/// The whole browser.
#[derive(Debug)]
pub struct Browser {
    settings: Settings,
    tabs: Vec<Tab>,
    active: Option<TabId>,
    /// Tabs that were in front before, the last one last.
    recent: Vec<TabId>,
    /// What the person has asked for in profiles that have tabs.
    asked: BTreeMap<ProfileName, BTreeSet<Target>>,
    closed: Vec<(usize, TabRecord)>,
    sessions: BTreeMap<SessionId, Session>,
    profiles: Vec<Profile>,
    /// The nodes, as last seen.
    roster: Roster,
    machines: Machines,
    /// What an earlier run left on workers that could not be asked yet.
    left: Vec<SessionRecord>,
    /// When nodes were last asked for.
    asked_nodes: Option<Millis>,
    sites: Sites,
    bookmarks: Bookmarks,
    /// Hosts that nobody vouches for, and that the person wanted all the same.
    unproven: BTreeSet<(ProfileName, String)>,
    /// Profiles whose streams may leave past the way that is set for them.
    around: BTreeSet<ProfileName>,
    downloads: Downloads,
    streaming: Streaming,
    lists: Lists,
    sleep_after: SleepAfter,
    search: Search,
    looking: bool,
    leftovers: Leftovers,
    area: ContentArea,
    full_screen: bool,
    settings_shown: bool,
    /// Whether there are private tabs.
    private: bool,
    notices: Vec<Notice>,
    /// Whether the window may be closed, while that is being found out.
    leave: Option<closing::Leave>,
    toggles: BTreeMap<TabId, toggle::Toggle>,
    quitting_since: Option<Millis>,
    /// The app was told that it can end.
    exited: bool,
    /// The last engine that was kept ready came to nothing: no other until a picture was there.
    standby_failed: bool,
    last_tab: u32,
    last_session: u32,
    last_profile: u32,
    now: Millis,
    actions: VecDeque<Action>,
    // What the world was last told, to tell only differences.
    saved: BTreeMap<TabId, TabRecord>,
    shown: Option<TabId>,
    watched: Option<SessionId>,
    painted: Option<ShellState>,
}

impl Browser {
    /// The browser as it was left, with one empty tab if there was none.
    #[must_use]
    pub fn new(settings: Settings, saved: Saved, now: Millis) -> Self {
        let mut records = saved.tabs;
        records.sort_by_key(|record| record.position);
        let active = records.iter().find(|record| record.active).map(|r| r.id);
        let known = records.iter().map(|r| (r.id, r.clone())).collect();
        let highest_tab = records.iter().map(|r| r.id.0).max().unwrap_or(0);
        let highest_session = saved.sessions.iter().map(|r| r.id.0).max().unwrap_or(0);
        let numbers = saved.profiles.iter().filter_map(|it| it.name.number());
        let highest_profile = numbers.max().unwrap_or(0);
        let profiles = Profile::restore(&settings.profile, saved.profiles);
        let (downloads, ended) = Downloads::restore(saved.downloads);
        let host = NodeId::host();
        let (here, left) = saved.sessions.into_iter().partition(|it| it.node == host);
        let mut browser = Self {
            tabs: records.into_iter().map(Tab::restore).collect(),
            active: None,
            recent: Vec::new(),
            asked: BTreeMap::new(),
            closed: Vec::new(),
            sessions: BTreeMap::new(),
            profiles,
            roster: Roster::new(settings.demand),
            machines: Machines::restore(saved.workers, saved.last_worker),
            left,
            asked_nodes: Some(now),
            sites: Sites::restore(saved.sites),
            bookmarks: Bookmarks::restore(saved.bookmarks),
            unproven: BTreeSet::new(),
            around: BTreeSet::new(),
            downloads,
            streaming: Streaming::restore(saved.switches),
            lists: Lists::restore(saved.lists),
            sleep_after: saved.sleep_after,
            search: saved.search,
            looking: true,
            leftovers: Leftovers::Unknown(here),
            area: ContentArea::default(),
            full_screen: false,
            settings_shown: false,
            private: false,
            notices: Vec::new(),
            leave: None,
            toggles: BTreeMap::new(),
            quitting_since: None,
            exited: false,
            standby_failed: false,
            last_tab: saved.last_tab.max(highest_tab),
            last_session: saved.last_session.max(highest_session),
            last_profile: saved.last_profile.max(highest_profile),
            now,
            actions: VecDeque::from([Action::FindEngines(NodeId::host()), Action::LookAtNodes]),
            saved: known,
            shown: None,
            watched: None,
            painted: None,
            settings,
        };
        browser.save_downloads(ended);
        browser.use_networks();
        browser.use_sites();
        browser.use_saved_workers();
        if browser.tabs.is_empty() {
            browser.new_tab(browser.settings.default_mode, 0);
        }
        browser.keep_profiles();
        browser.end_pending_work();
        // What was open is what the person left open.
        let restored: Vec<TabId> = browser.tabs.iter().map(|tab| tab.id).collect();
        for tab in restored {
            browser.permit_address_of(tab);
        }
        let front = active.or_else(|| browser.tabs.first().map(|tab| tab.id));
        browser.bring_to_front(front);
        browser.settle();
        browser
    }

    /// Takes one event.
    pub fn handle(&mut self, now: Millis, event: Event) {
        self.now = self.now.max(now);
        self.roster.pass(self.now);
        match event {
            Event::Command(request, command) => self.command(request, command),
            Event::Page(tab, mode, news) => self.page_news(tab, mode, news),
            Event::StrayPage {
                session,
                target,
                url,
            } => self.stray_page(session, target, &url),
            Event::ProfileProgress(name, done, total) => self.work_progress(&name, done, total),
            Event::ProfileWorked(name, work, end) => self.worked(&name, &work, end),
            Event::Download(transfer, news) => self.download_news(transfer, news),
            Event::FilesChosen(tab, ask, files) => self.files_chosen(tab, ask, files),
            Event::Notice(notice) => self.notice(notice),
            Event::List(url, news) => self.list_news(&url, news),
            Event::EnginesContained(contained) => self.engines_contained(contained),
            Event::EnginesUnlimited(unlimited) => self.engines_unlimited(unlimited),
            Event::UpdateLooked(looked) => self.update_looked(looked),
            Event::StartedWith(inputs) => self.open_all(inputs),
            Event::SecondInstance(inputs, launch) => {
                self.act(Action::PresentWindow(launch));
                self.open_all(inputs);
            }
            Event::ContextsFound(contexts) => self.contexts_found(contexts),
            Event::WorkerChecked(id, check) => self.worker_checked(&id, check),
            Event::Deadline => {}
            event => self.stream_event(event),
        }
        self.pass_deadlines();
        self.settle();
    }

    /// What is to be done, in order.
    pub fn take_actions(&mut self) -> impl Iterator<Item = Action> + '_ {
        self.actions.drain(..)
    }

    /// When [`Event::Deadline`] is wanted at the latest.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let quit = self
            .quitting_since
            .filter(|_| !self.exited)
            .map(|since| Millis(since.0 + self.settings.quit_limit_ms));
        let look = self
            .asked_nodes
            .filter(|_| !self.looking && self.tabs.iter().any(standby::waits))
            .map(|asked| Millis(asked.0 + placing::LOOK_LIMIT_MS));
        let limits = [
            self.next_idle_limit(),
            self.next_cookie_limit(),
            self.next_sleep_limit(),
            self.next_answer_limit(),
            self.next_leave(),
            quit,
            look,
        ];
        limits.into_iter().flatten().min()
    }

    fn notice(&mut self, notice: Notice) {
        self.hear_of_image(&notice);
        if matches!(notice, Notice::EngineImage { .. }) {
            let other = |it: &Notice| !matches!(it, Notice::EngineImage { .. });
            self.notices.retain(other);
        }
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    fn forget_private_lists(&mut self) {
        self.forget_lists_of(ProfileName::is_private);
        self.act(Action::ForgetPrivate);
    }

    /// Forgets what was decided and downloaded in these profiles.
    fn forget_lists_of(&mut self, of: impl Fn(&ProfileName) -> bool) {
        self.forget_sites_of(&of);
        for order in self.downloads.forget_all_of(&of) {
            self.act(Action::Download(order));
        }
    }

    fn reply(&mut self, request: RequestId, result: Result<(), Problem>) {
        self.act(Action::Reply(request, result));
    }

    fn position(&self, id: TabId) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.id == id)
    }

    fn tab_mut(&mut self, id: TabId) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.id == id)
    }

    fn tab(&self, id: TabId) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.id == id)
    }

    fn new_tab(&mut self, mode: Mode, position: usize) -> TabId {
        self.new_tab_of(self.settings.profile.clone(), mode, position)
    }

    fn new_tab_of(&mut self, profile: ProfileName, mode: Mode, position: usize) -> TabId {
        self.last_tab += 1;
        let id = TabId(self.last_tab);
        let tab = Tab::new(id, profile, mode);
        self.tabs.insert(position.min(self.tabs.len()), tab);
        id
    }

    fn bring_to_front(&mut self, id: Option<TabId>) {
        if let Some(before) = self.active {
            self.recent.retain(|tab| *tab != before);
            self.recent.push(before);
        }
        self.active = id;
        if let Some(id) = id {
            self.wake(id);
        }
    }

    fn pass_deadlines(&mut self) {
        self.end_idle_sessions();
        self.give_up_cookies();
        self.put_to_sleep();
        self.give_up_asking_pages();
        let late = |asked: &mut Millis| self.now.0 >= asked.0 + placing::LOOK_LIMIT_MS;
        if !self.looking && self.asked_nodes.take_if(late).is_some() {
            self.place_waiting();
        }
        if let Some(since) = self.quitting_since.filter(|_| !self.exited) {
            let late = self.now.0 >= since.0 + self.settings.quit_limit_ms;
            if self.sessions.is_empty() || late {
                self.exited = true;
                self.act(Action::Exit);
            }
        }
    }
}
