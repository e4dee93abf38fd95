//! The browser against a made-up world that answers late, in any order, or badly.

mod anyway;
mod blocking;
mod bookmarks;
mod carry;
mod closing;
mod cookies;
mod download;
mod fleet;
mod heading;
mod machines;
mod moving;
mod open;
mod page;
mod permissions;
mod print;
mod profiles;
mod rule;
mod settings;
mod sleep;
mod sound;
mod stale;
mod stall;
mod standby;
mod streaming;
mod toggling;
mod visits;
mod walk;
mod world;

use super::*;
use crate::action::PageAction;
use crate::event::{Command, FoundEngine, PageNews};
use crate::message::{Stage, StartFailure};
use crate::node::NodeId;
use crate::record::SavedState;
use world::{Bench, host};

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
    browser.handle(
        Millis(1),
        Event::EnginesFound(NodeId::host(), Some(engines)),
    );
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

#[test]
fn an_address_of_the_command_line_takes_the_empty_tab() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let presents = |launch: Option<&str>| Action::PresentWindow(launch.map(str::to_owned));
    bench.tell(Event::StartedWith(vec!["http://localhost/a".into()]));
    assert_eq!(bench.browser.tabs.len(), 1);
    assert!(!bench.world.log.contains(&presents(None)));
    bench.command(Command::ShowSettings(true));
    let launch = Some("a-launch".to_owned());
    bench.tell(Event::SecondInstance(vec![], launch));
    assert_eq!(bench.browser.tabs.len(), 1);
    assert!(bench.world.log.contains(&presents(Some("a-launch"))));
    assert!(bench.browser.settings_shown);
    let inputs = vec!["http://localhost/b".into()];
    bench.tell(Event::SecondInstance(inputs, None));
    assert_eq!(bench.browser.tabs.len(), 2);
    assert!(bench.world.log.contains(&presents(None)));
    assert!(!bench.browser.settings_shown, "or it would be behind them");
}

#[test]
fn the_proxy_may_reach_what_the_person_asked_for_and_not_what_a_page_did() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://192.168.1.1/".into()));
    bench.command(Command::OpenTab {
        input: Some("localhost:3000".into()),
        mode: None,
        background: true,
    });
    let opened = PageNews::OpenedPage {
        url: "http://192.168.1.2/".into(),
        target: None,
        foreground: true,
    };
    bench.tell(Event::Page(tab, Mode::Proxy, opened));
    let permitted: Vec<&str> = bench
        .world
        .log
        .iter()
        .filter_map(|action| match action {
            Action::Permit(_, url) => Some(url.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(permitted, ["http://192.168.1.1/", "http://localhost:3000/"]);
}

#[test]
fn what_a_page_named_is_not_permitted_by_the_next_start_or_by_opening_its_tab_again() {
    const THERE: &str = "http://192.168.1.2/";
    let permits = |bench: &Bench| {
        let permit = |action: &&Action| matches!(action, Action::Permit(_, url) if url == THERE);
        bench.world.log.iter().filter(permit).count()
    };
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/".into()));
    let pointed = PageNews::TabWanted {
        url: THERE.into(),
        mode: None,
    };
    bench.tell(Event::Page(tab, Mode::Proxy, pointed));
    let pointed = bench.browser.tabs[1].id;
    bench.command(Command::CloseTab(pointed));
    bench.command(Command::ReopenTab);
    assert_eq!(permits(&bench), 0);
    let again = |bench: &Bench| {
        let saved = Saved {
            tabs: bench.browser.saved.values().cloned().collect(),
            ..Saved::default()
        };
        let mut browser = Browser::new(Settings::default(), saved, Millis(0));
        browser
            .take_actions()
            .filter(|action| matches!(action, Action::Permit(_, url) if url == THERE))
            .count()
    };
    assert_eq!(again(&bench), 0);
    // What was there is what the person has seen.
    let front = bench.browser.active.unwrap();
    let entries = vec![crate::event::HistoryEntry {
        url: THERE.into(),
        title: String::new(),
    }];
    let there = PageNews::History { entries, index: 0 };
    bench.tell(Event::Page(front, Mode::Proxy, there));
    assert_eq!(again(&bench), 1);
}

#[test]
fn an_app_that_is_closing_starts_nothing_whatever_it_hears_of_machines() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.stream();
    bench.command(Command::Quit);
    for _ in 0..3 {
        let nodes = bench.nodes.clone();
        bench.tell(Event::NodesSeen(nodes));
        bench.settle();
    }
    assert!(bench.world.exited);
    assert!(bench.world.engines.is_empty() && bench.world.rows.is_empty());
}
