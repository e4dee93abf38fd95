//! A made-up world.

use super::super::*;
use crate::action::PageAction;
use crate::ask::{Answer, AskId};
use crate::cookie;
use crate::event::{Command, HistoryEntry, PageNews};
use crate::message::{Stage, StartFailure};
use crate::node::{EngineHealth, Node, NodeId, NodeKind};
use crate::profile::{DataWork, WorkEnd};
use crate::record::SavedState;
use std::collections::BTreeSet;

pub(super) fn host(total_memory_mib: u64) -> Node {
    Node {
        id: NodeId::host(),
        name: "this machine".into(),
        kind: NodeKind::Host,
        arch: "x86_64".into(),
        cores: 4,
        total_memory_mib,
        available_memory_mib: total_memory_mib * 9 / 10,
        gpu: false,
        engine: EngineHealth::Healthy,
    }
}

pub(super) fn worker(number: u32, total_memory_mib: u64) -> Node {
    Node {
        id: NodeId::worker(number),
        name: format!("worker {number}"),
        kind: NodeKind::Worker,
        ..host(total_memory_mib)
    }
}

/// The world as far as the browser has changed it.
#[derive(Default)]
pub(super) struct World {
    /// Rows in the store.
    pub(super) rows: BTreeMap<SessionId, SavedState>,
    /// Engines that exist, in whatever state.
    pub(super) engines: BTreeSet<SessionId>,
    /// Whose data an engine has, also one that is gone.
    pub(super) data: BTreeMap<SessionId, ProfileName>,
    /// Where an engine runs, also one that is gone.
    pub(super) at: BTreeMap<SessionId, NodeId>,
    /// Where a profile has data, newer and older ones.
    pub(super) places: BTreeMap<ProfileName, BTreeSet<NodeId>>,
    /// Where starts fail.
    pub(super) broken: BTreeSet<NodeId>,
    /// Another copy of the app, which has all profiles.
    pub(super) taken: Option<String>,
    /// Where a Swarm has no room, whatever is known.
    pub(super) full: BTreeSet<NodeId>,
    /// How a move of data ends, if not well.
    pub(super) move_end: Option<WorkEnd>,
    /// Profiles whose data are being worked on.
    pub(super) working: BTreeSet<ProfileName>,
    /// What is saved of profiles.
    pub(super) profiles: BTreeMap<ProfileName, ProfileRecord>,
    pub(super) attached: BTreeSet<SessionId>,
    /// Tabs whose pages have something to lose.
    pub(super) objecting: BTreeSet<TabId>,
    /// Tabs whose pages do not answer.
    pub(super) silent: BTreeSet<TabId>,
    /// Child webviews.
    pub(super) webviews: BTreeSet<TabId>,
    pub(super) answers: Vec<Event>,
    pub(super) replies: BTreeMap<RequestId, Result<(), Problem>>,
    pub(super) log: Vec<Action>,
    pub(super) exited: bool,
    pub(super) painted: Option<ShellState>,
}

impl World {
    pub(super) fn carry_out(&mut self, action: Action, nodes: &[Node]) {
        self.log.push(action.clone());
        match action {
            Action::SaveSession(record) => {
                self.rows.insert(record.id, record.state);
            }
            Action::DeleteSession(id) => {
                assert!(
                    !self.engines.contains(&id),
                    "a row of a running engine is gone"
                );
                self.rows.remove(&id);
            }
            Action::LookAtNodes => self.answers.push(Event::NodesSeen(nodes.to_vec())),
            Action::FindEngines(node) => {
                self.answers.push(Event::EnginesFound(node, Some(vec![])));
            }
            Action::SaveProfile(record) => {
                self.profiles.insert(record.name.clone(), record);
            }
            Action::DeleteProfile(name) => {
                self.profiles.remove(&name);
            }
            Action::DropCopy(name, node) => {
                let saved = self.profiles.get(&name);
                let home = saved.and_then(|it| it.home.as_ref());
                assert_ne!(home, Some(&node), "what is in use is dropped");
                let places = self.places.entry(name.clone()).or_default();
                // What was begun there and not ended need not be there at all.
                assert!(!places.remove(&node) || !places.is_empty(), "the last copy");
                self.answers.push(Event::CopyDropped(name, node, true));
            }
            Action::WorkOnProfile(name, at, work) => {
                let places = self.places.entry(name.clone()).or_default();
                let there = places.is_empty() || places.contains(&at);
                assert!(there, "it is not there");
                let holder = self
                    .engines
                    .iter()
                    .find(|id| self.data.get(id) == Some(&name));
                assert_eq!(holder, None, "an engine has the data that are worked on");
                let saved = self.profiles.get(&name).and_then(|it| it.pending);
                assert_eq!(saved, work.pending(), "begun before it was saved");
                self.working.insert(name.clone());
                let end = match &work {
                    DataWork::Measure => WorkEnd::Measured(7),
                    DataWork::Move { from, to } => match &self.move_end {
                        Some(end) => end.clone(),
                        None => {
                            // Also where there was nothing yet.
                            places.extend([from.clone(), to.clone()]);
                            WorkEnd::Done
                        }
                    },
                    _ => WorkEnd::Done,
                };
                self.answers.push(Event::ProfileWorked(name, work, end));
            }
            Action::StartEngine {
                session,
                profile,
                node,
                ..
            } => {
                let holder = self
                    .engines
                    .iter()
                    .find(|id| self.data.get(id) == Some(&profile));
                assert_eq!(holder, None, "another engine has the data");
                if !profile.is_private() {
                    let places = self.places.entry(profile.clone()).or_default();
                    let there = places.is_empty() || places.contains(&node);
                    assert!(there, "it starts without the data that it had");
                }
                let changing = self.working.contains(&profile);
                assert!(!changing, "an engine takes data that are worked on");
                self.data.insert(session, profile);
                assert_eq!(self.rows.get(&session), Some(&SavedState::Starting));
                if let Some(by) = self.taken.clone() {
                    let failure = StartFailure::ProfileTaken { by };
                    let failed = Event::StartFailed(session, failure, vec![]);
                    return self.answers.push(failed);
                }
                if self.broken.contains(&node) {
                    let failed = Event::StartFailed(session, StartFailure::TimedOut, vec![]);
                    return self.answers.push(failed);
                }
                if self.full.contains(&node) {
                    let detail = "insufficient resources".to_owned();
                    let failure = StartFailure::NoRoom { detail };
                    let failed = Event::StartFailed(session, failure, vec![]);
                    return self.answers.push(failed);
                }
                self.at.insert(session, node);
                self.engines.insert(session);
                self.answers.push(Event::EngineStarted(session));
            }
            Action::TakeProfile(_) => self.taken = None,
            Action::ResumeEngine(id, _) => {
                assert!(self.engines.contains(&id));
                self.answers.push(Event::EngineStarted(id));
            }
            Action::SuspendEngine(id, _) => {
                assert_eq!(self.rows.get(&id), Some(&SavedState::Suspended));
                self.answers.push(Event::EngineSuspended(id));
            }
            Action::StopEngine(id, _) => {
                self.engines.remove(&id);
                self.answers
                    .retain(|answer| !matches!(answer, Event::EngineStarted(i) if *i == id));
                self.answers.push(Event::EngineStopped(id));
            }
            Action::Connect(id, _) => {
                assert!(self.engines.contains(&id), "no engine to connect to");
                assert!(self.attached.insert(id), "connected twice");
                self.answers.push(Event::StreamLive(id));
            }
            Action::Disconnect(id) => {
                assert!(self.attached.remove(&id), "was not connected");
            }
            Action::Streamed(id, tab, page) => {
                assert!(
                    self.attached.contains(&id),
                    "page order without page control"
                );
                self.may_close(tab, Mode::Streamed, &page);
                if let PageAction::Open { url, .. } = page {
                    let news = |news| Event::Page(tab, Mode::Streamed, news);
                    self.answers.push(news(PageNews::Opened));
                    let entry = HistoryEntry {
                        url,
                        title: "t".into(),
                    };
                    self.answers.push(news(PageNews::History {
                        entries: vec![entry],
                        index: 0,
                    }));
                }
            }
            Action::Cookies(tab, _, cookie::Order::Give(_)) => {
                assert!(!self.webviews.contains(&tab), "too late for the page");
            }
            Action::Proxied(tab, PageAction::Open { .. } | PageAction::Attach { .. }) => {
                assert!(self.webviews.insert(tab), "two webviews for one tab");
            }
            Action::Proxied(tab, PageAction::Close) => {
                assert!(self.webviews.remove(&tab), "no webview to close");
            }
            Action::Proxied(_, PageAction::Discard(_)) => {}
            Action::Proxied(tab, action) => {
                assert!(self.webviews.contains(&tab));
                self.may_close(tab, Mode::Proxy, &action);
                if let PageAction::Mute(muted) = action {
                    let now = PageNews::Muted(muted);
                    self.answers.push(Event::Page(tab, Mode::Proxy, now));
                }
            }
            Action::Reply(request, result) => {
                let again = self.replies.insert(request, result);
                assert_eq!(again, None, "answered twice");
            }
            Action::Exit => self.exited = true,
            Action::Paint(state) => self.painted = Some(state),
            _ => {}
        }
    }
}

impl World {
    fn may_close(&mut self, tab: TabId, mode: Mode, action: &PageAction) {
        if *action == PageAction::MayClose && !self.silent.contains(&tab) {
            let objects = PageNews::Objects(self.objecting.contains(&tab));
            self.answers.push(Event::Page(tab, mode, objects));
        }
    }
}

pub(super) struct Bench {
    pub(super) browser: Browser,
    pub(super) world: World,
    pub(super) nodes: Vec<Node>,
    pub(super) now: Millis,
    pub(super) requests: u64,
}

impl Bench {
    pub(super) fn new(nodes: Vec<Node>) -> Self {
        Self::with(Settings::default(), nodes)
    }

    pub(super) fn with(settings: Settings, nodes: Vec<Node>) -> Self {
        Self::of(settings, Saved::default(), nodes)
    }

    pub(super) fn of(settings: Settings, saved: Saved, nodes: Vec<Node>) -> Self {
        let mut bench = Self {
            browser: Browser::new(settings, saved, Millis(0)),
            world: World::default(),
            nodes,
            now: Millis(0),
            requests: 0,
        };
        bench.drain();
        bench
    }

    pub(super) fn drain(&mut self) {
        let actions: Vec<Action> = self.browser.take_actions().collect();
        for action in actions {
            self.world.carry_out(action, &self.nodes);
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        if let Event::ProfileWorked(name, ..) = &event {
            self.world.working.remove(name);
        }
        if let Event::EngineStarted(id) = &event
            && let (Some(profile), Some(node)) = (self.world.data.get(id), self.world.at.get(id))
        {
            let places = self.world.places.entry(profile.clone()).or_default();
            places.insert(node.clone());
        }
        if let Event::ProfileWorked(name, DataWork::Delete, _) = &event {
            self.world.places.remove(name);
        }
        self.now.0 += 10;
        self.browser.handle(self.now, event);
        self.drain();
    }

    pub(super) fn command(&mut self, command: Command) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        let toggles = matches!(command, Command::SetMode(..) | Command::Navigate(..));
        self.tell(Event::Command(request, command));
        // A page that has something to say to that says it at once.
        let says = |it: &Event| matches!(it, Event::Page(_, _, PageNews::Objects(_)));
        if let Some(at) = self.world.answers.iter().position(says).filter(|_| toggles) {
            let answer = self.world.answers.remove(at);
            self.tell(answer);
        }
        request
    }

    /// Lets the world give all its answers.
    pub(super) fn settle(&mut self) {
        for _ in 0..1000 {
            if self.world.answers.is_empty() {
                return;
            }
            let answer = self.world.answers.remove(0);
            self.tell(answer);
        }
        panic!("the world never comes to rest");
    }

    /// How a command was answered.
    pub(super) fn reply(&self, request: RequestId) -> Option<Result<(), Problem>> {
        self.world.replies.get(&request).cloned()
    }

    /// Whether the person is asked if a page is to be left.
    pub(super) fn is_asked_to_leave(&self, tab: TabId) -> bool {
        let tab = self.browser.tab(tab).expect("a tab");
        tab.page.asks.iter().any(|ask| ask.id == AskId::LEAVE)
    }

    /// The person answers that.
    pub(super) fn answer_leave(&mut self, tab: TabId, answer: Answer) {
        self.command(Command::Answer(tab, AskId::LEAVE, answer));
        self.settle();
    }

    pub(super) fn first(&self) -> TabId {
        self.browser.tabs[0].id
    }

    pub(super) fn stage(&self, tab: TabId) -> Option<Stage> {
        self.browser.tab(tab)?.stream.as_ref()?.stage()
    }

    pub(super) fn stream(&mut self) -> TabId {
        let tab = self.first();
        self.command(Command::Navigate(tab, "http://localhost/a".into()));
        self.command(Command::SetMode(tab, Mode::Streamed, None));
        self.settle();
        tab
    }
}
