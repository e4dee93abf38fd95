//! The browser against a made-up world that answers late, in any order, or badly.

use super::*;
use crate::action::PageAction;
use crate::event::{Command, HistoryEntry, PageNews, RequestId, SavedState};
use crate::message::{Leg, Stage, StartFailure};
use crate::node::{EngineHealth, NodeId, NodeKind};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn host(total_memory_mib: u64) -> Node {
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

/// The world as far as the browser has changed it.
#[derive(Default)]
struct World {
    /// Rows in the store.
    rows: BTreeMap<SessionId, SavedState>,
    /// Engines that exist, in whatever state.
    engines: BTreeSet<SessionId>,
    attached: BTreeSet<SessionId>,
    /// Child webviews.
    webviews: BTreeSet<TabId>,
    answers: Vec<Event>,
    replies: BTreeMap<RequestId, Result<(), Problem>>,
    log: Vec<Action>,
    exited: bool,
    painted: Option<ShellState>,
}

impl World {
    fn carry_out(&mut self, action: Action, nodes: &[Node]) {
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
            Action::FindEngines => self.answers.push(Event::EnginesFound(vec![])),
            Action::StartEngine { session, .. } => {
                assert_eq!(self.rows.get(&session), Some(&SavedState::Starting));
                self.engines.insert(session);
                self.answers.push(Event::EngineStarted(session));
            }
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
            Action::Proxied(tab, PageAction::Open { .. }) => {
                assert!(self.webviews.insert(tab), "two webviews for one tab");
            }
            Action::Proxied(tab, PageAction::Close) => {
                assert!(self.webviews.remove(&tab), "no webview to close");
            }
            Action::Proxied(tab, _) => assert!(self.webviews.contains(&tab)),
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

struct Bench {
    browser: Browser,
    world: World,
    nodes: Vec<Node>,
    now: Millis,
    requests: u64,
}

impl Bench {
    fn new(nodes: Vec<Node>) -> Self {
        let mut bench = Self {
            browser: Browser::new(Settings::default(), Saved::default(), Millis(0)),
            world: World::default(),
            nodes,
            now: Millis(0),
            requests: 0,
        };
        bench.drain();
        bench
    }

    fn drain(&mut self) {
        let actions: Vec<Action> = self.browser.take_actions().collect();
        for action in actions {
            self.world.carry_out(action, &self.nodes);
        }
    }

    fn tell(&mut self, event: Event) {
        self.now.0 += 10;
        self.browser.handle(self.now, event);
        self.drain();
    }

    fn command(&mut self, command: Command) -> RequestId {
        self.requests += 1;
        let request = RequestId(self.requests);
        self.tell(Event::Command(request, command));
        request
    }

    /// Lets the world give all its answers.
    fn settle(&mut self) {
        for _ in 0..1000 {
            if self.world.answers.is_empty() {
                return;
            }
            let answer = self.world.answers.remove(0);
            self.tell(answer);
        }
        panic!("the world never comes to rest");
    }

    fn first(&self) -> TabId {
        self.browser.tabs[0].id
    }

    fn stage(&self, tab: TabId) -> Option<Stage> {
        self.browser.tab(tab)?.stream.as_ref()?.stage()
    }

    fn stream(&mut self) -> TabId {
        let tab = self.first();
        self.command(Command::Navigate(tab, "http://localhost/a".into()));
        self.command(Command::SetMode(tab, Mode::Streamed, None));
        self.settle();
        tab
    }
}

#[test]
fn a_toggle_goes_through_all_stages_and_keeps_the_address() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    let opened = bench.world.log.iter().any(|action| {
        matches!(action, Action::Streamed(_, t, PageAction::Open { url, .. }) if *t == tab && url == "http://localhost/a")
    });
    assert!(opened);
    assert!(
        bench.world.webviews.is_empty(),
        "the picture has replaced the webview"
    );
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    bench.settle();
    assert_eq!(
        bench.browser.tab(tab).map(Tab::url),
        Some("http://localhost/a")
    );
    assert_eq!(bench.world.webviews.len(), 1);
    assert_eq!(
        bench.world.rows.values().collect::<Vec<_>>(),
        [&SavedState::Suspended]
    );
}

#[test]
fn a_small_host_refuses_and_creates_nothing() {
    let mut bench = Bench::new(vec![host(3_900)]);
    let tab = bench.first();
    let request = bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    assert!(matches!(
        bench.world.replies.get(&request),
        Some(Err(Problem::NoCapableNode { .. }))
    ));
    assert!(bench.world.rows.is_empty() && bench.world.engines.is_empty());
}

#[test]
fn a_second_streamed_tab_joins_the_session() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.stream();
    bench.command(Command::OpenTab {
        input: Some("http://localhost/b".into()),
        mode: Some(Mode::Streamed),
        background: false,
    });
    bench.settle();
    assert_eq!(bench.world.engines.len(), 1);
    assert_eq!(
        bench
            .browser
            .sessions
            .values()
            .map(|s| s.tabs.len())
            .sum::<usize>(),
        2
    );
}

#[test]
fn cancel_leaves_nothing_at_every_stage() {
    // After how many answers of the world the person cancels.
    for after in 0..4 {
        let mut bench = Bench::new(vec![host(16_000)]);
        bench.settle();
        let tab = bench.first();
        bench.command(Command::SetMode(tab, Mode::Streamed, None));
        for _ in 0..after {
            if bench.world.answers.is_empty() || bench.stage(tab) == Some(Stage::Live) {
                break;
            }
            let answer = bench.world.answers.remove(0);
            bench.tell(answer);
        }
        if bench.stage(tab) == Some(Stage::Live) {
            continue;
        }
        bench.command(Command::CancelStream(tab));
        bench.settle();
        assert!(bench.world.rows.is_empty(), "row left after {after}");
        assert!(bench.world.engines.is_empty(), "engine left after {after}");
        assert_eq!(bench.browser.tab(tab).map(|t| t.mode), Some(Mode::Proxy));
    }
}

#[test]
fn a_session_that_sleeps_too_long_is_ended() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    bench.settle();
    bench.now = bench
        .browser
        .deadline()
        .expect("a limit for the sleeping session");
    bench.tell(Event::Deadline);
    bench.settle();
    assert!(bench.world.rows.is_empty() && bench.world.engines.is_empty());
}

#[test]
fn a_link_to_a_new_window_becomes_a_streamed_tab_of_the_same_session() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let opener = bench.stream();
    bench.tell(Event::Page(
        opener,
        Mode::Streamed,
        PageNews::OpenedPage {
            url: "http://localhost/new".into(),
            target: Some("T2".into()),
            foreground: true,
        },
    ));
    let tabs = &bench.browser.tabs;
    assert_eq!(tabs.len(), 2);
    assert_eq!(tabs[1].session(), tabs[0].session());
    assert_eq!(bench.browser.active, Some(tabs[1].id));
}

#[test]
fn what_an_earlier_run_left_is_adopted_stopped_or_forgotten() {
    let row = |id, state| SessionRecord {
        id: SessionId(id),
        profile: ProfileName("default".into()),
        node: NodeId::host(),
        state,
    };
    let found = |id, healthy| FoundEngine {
        session: SessionId(id),
        node: NodeId::host(),
        healthy,
        suspended: false,
    };
    use crate::event::FoundEngine;
    let saved = Saved {
        sessions: vec![
            row(1, SavedState::Live),
            row(2, SavedState::Ending),
            row(3, SavedState::Live),
            row(4, SavedState::Starting),
        ],
        ..Saved::default()
    };
    let mut browser = Browser::new(Settings::default(), saved, Millis(0));
    browser.take_actions().for_each(drop);
    let engines = vec![
        found(1, true),
        found(2, true),
        found(3, false),
        found(9, true),
    ];
    browser.handle(Millis(1), Event::EnginesFound(engines));
    let actions: Vec<Action> = browser.take_actions().collect();
    let stopped: Vec<u32> = actions
        .iter()
        .filter_map(|a| match a {
            Action::StopEngine(id, _) => Some(id.0),
            _ => None,
        })
        .collect();
    assert_eq!(stopped, [2, 3, 9], "ending, unhealthy, unknown");
    assert!(actions.contains(&Action::DeleteSession(SessionId(4))));
    assert!(actions.contains(&Action::SuspendEngine(SessionId(1), NodeId::host())));
    assert_eq!(
        browser.last_session, 9,
        "an id of a found engine is never given again"
    );
}

#[test]
fn a_failed_start_names_the_machine_and_can_be_tried_again() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.settle();
    let tab = bench.first();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    let seen = bench.world.answers.remove(0);
    bench.tell(seen);
    bench.world.answers.clear();
    bench.world.engines.clear();
    let log = vec!["no chromium".to_owned()];
    bench.tell(Event::StartFailed(
        SessionId(1),
        StartFailure::BrowserMissing,
        log,
    ));
    let problem = bench.browser.tab(tab).and_then(|t| t.problem.clone());
    assert!(
        matches!(problem, Some(Problem::StartFailed { ref node, .. }) if node == "this machine")
    );
    assert!(bench.world.rows.is_empty());
    bench.command(Command::Reload(tab));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
}

#[derive(Clone, Debug)]
enum Move {
    Command(u8, u8),
    Answer(u8),
    Drop(u8),
    News(u8, u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => (0_u8..14, any::<u8>()).prop_map(|(c, t)| Move::Command(c, t)),
        4 => any::<u8>().prop_map(Move::Answer),
        1 => any::<u8>().prop_map(Move::Drop),
        2 => (0_u8..8, any::<u8>()).prop_map(|(n, t)| Move::News(n, t)),
    ];
    prop::collection::vec(one, 0..80)
}

fn make_move(bench: &mut Bench, what: Move) {
    let tab_at = |bench: &Bench, n: u8| {
        let tabs = &bench.browser.tabs;
        tabs[usize::from(n) % tabs.len()].id
    };
    match what {
        Move::Command(c, t) => {
            let tab = tab_at(bench, t);
            let command = match c {
                0 => Command::CloseTab(tab),
                1 => Command::SelectTab(tab),
                2 => Command::ReopenTab,
                3 => Command::Navigate(tab, "http://localhost/n".into()),
                4 | 5 => Command::SetMode(tab, Mode::Streamed, None),
                6 => Command::SetMode(tab, Mode::Proxy, None),
                7 => Command::GoBack(tab),
                8 => Command::GoForward(tab),
                9 => Command::Reload(tab),
                10 => Command::CancelStream(tab),
                11 => Command::MoveTab(tab, usize::from(t)),
                _ => Command::OpenTab {
                    input: Some("http://localhost/o".into()),
                    mode: (c == 12).then_some(Mode::Streamed),
                    background: t % 2 == 0,
                },
            };
            bench.command(command);
        }
        // Any answer may come before another, except that one engine's own keep their order.
        Move::Answer(n) if !bench.world.answers.is_empty() => {
            let at = usize::from(n) % bench.world.answers.len();
            let answer = bench.world.answers.remove(at);
            bench.tell(answer);
        }
        // The engine ends under the browser.
        Move::Drop(n) if !bench.world.engines.is_empty() => {
            let at = usize::from(n) % bench.world.engines.len();
            let Some(id) = bench.world.engines.iter().nth(at).copied() else {
                return;
            };
            let stopping = bench
                .world
                .answers
                .iter()
                .any(|a| matches!(a, Event::EngineStopped(i) if *i == id));
            if stopping {
                return;
            }
            bench.world.engines.remove(&id);
            bench.world.answers.retain(|a| {
                !matches!(a, Event::EngineStarted(i) | Event::EngineSuspended(i) | Event::StreamLive(i) if *i == id)
            });
            bench.tell(Event::EngineEnded(id, vec![]));
        }
        Move::News(n, t) => {
            let tab = tab_at(bench, t);
            let mode = if t % 3 == 0 {
                Mode::Proxy
            } else {
                Mode::Streamed
            };
            let attached = bench.world.attached.first().copied();
            match (n, attached) {
                (0, Some(id)) => bench.tell(Event::StreamLost(id, Leg::Media)),
                (1, Some(id)) => bench.tell(Event::StreamFailed(id, Leg::Media)),
                (2, Some(id)) => bench.tell(Event::StreamLive(id)),
                (3, _) => bench.tell(Event::Page(tab, mode, PageNews::Crashed)),
                (4, Some(_)) => {
                    let streamed = bench
                        .browser
                        .tab(tab)
                        .is_some_and(|t| t.mode == Mode::Streamed);
                    if streamed && bench.browser.has_page(tab) {
                        bench.tell(Event::Page(tab, Mode::Streamed, PageNews::Closed));
                    }
                }
                _ => bench.tell(Event::Page(tab, mode, PageNews::Title("x".into()))),
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_nothing_leaks_and_every_command_is_answered(moves in moves()) {
        let mut bench = Bench::new(vec![host(16_000)]);
        for one in moves {
            make_move(&mut bench, one);
            prop_assert!(!bench.browser.tabs.is_empty());
            prop_assert!(bench.browser.active.is_some_and(|id| bench.browser.tab(id).is_some()));
            prop_assert!(bench.world.engines.len() <= 2, "one session per profile and node");
            for (id, session) in &bench.browser.sessions {
                for tab in &session.tabs {
                    let tab = bench.browser.tab(*tab);
                    prop_assert_eq!(tab.and_then(Tab::session), Some(*id));
                }
            }
        }
        bench.settle();
        prop_assert_eq!(u64::try_from(bench.world.replies.len()).ok(), Some(bench.requests));
        prop_assert_eq!(bench.world.rows.keys().collect::<Vec<_>>(), bench.world.engines.iter().collect::<Vec<_>>());
        bench.command(Command::Quit);
        bench.settle();
        prop_assert!(bench.world.exited);
        prop_assert!(bench.world.engines.is_empty() && bench.world.rows.is_empty());
        prop_assert!(bench.world.attached.is_empty());
    }
}
