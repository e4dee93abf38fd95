//! An engine that is kept ready, and when it is not.

use super::*;
use crate::node::Node;
use crate::session::State;

fn bench(memory_mib: u64) -> Bench {
    let settings = Settings {
        standby: Some(true),
        ..Settings::default()
    };
    Bench::with(settings, vec![host(memory_mib)])
}

fn only_session(bench: &Bench) -> &Session {
    assert_eq!(bench.browser.sessions.len(), 1);
    bench.browser.sessions.values().next().unwrap()
}

#[test]
fn an_engine_is_ready_before_a_tab_asks_and_the_tab_takes_it() {
    let mut bench = bench(16_000);
    bench.settle();
    let ready = only_session(&bench);
    assert_eq!((ready.state(), ready.tabs.len()), (State::Detached, 0));
    let id = ready.id;
    let tab = bench.stream();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert_eq!(only_session(&bench).id, id);
    assert_eq!(bench.world.engines.len(), 1);
}

#[test]
fn the_next_engine_is_made_ready_when_a_session_is_over() {
    let mut bench = bench(16_000);
    let tab = bench.stream();
    let first = only_session(&bench).id;
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    bench.settle();
    assert_eq!(
        bench.world.engines.len(),
        1,
        "the one that sleeps is enough"
    );
    bench.now = bench.browser.deadline().unwrap();
    bench.tell(Event::Deadline);
    bench.settle();
    let next = only_session(&bench);
    assert!(next.id > first && next.state() == State::Detached);
}

#[test]
fn a_machine_that_is_short_of_memory_keeps_none_ready_and_serves_all_the_same() {
    let mut bench = Bench::with(
        Settings {
            standby: Some(true),
            ..Settings::default()
        },
        vec![Node {
            available_memory_mib: 3_000,
            ..host(16_000)
        }],
    );
    bench.settle();
    assert!(bench.world.engines.is_empty());
    let tab = bench.stream();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
}

#[test]
fn one_that_cannot_be_started_is_not_tried_again_and_again() {
    let mut bench = bench(16_000);
    bench
        .world
        .answers
        .retain(|it| !matches!(it, Event::EngineStarted(_)));
    bench.settle();
    let id = only_session(&bench).id;
    bench.world.engines.clear();
    let failure = StartFailure::ImageMissing { image: "i".into() };
    bench.tell(Event::StartFailed(id, failure, vec![]));
    bench.settle();
    assert!(bench.browser.sessions.is_empty() && bench.browser.notices.is_empty());
    let tab = bench.stream();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
}

#[test]
fn a_tab_that_joined_one_that_failed_gets_an_engine_of_its_own() {
    let mut bench = bench(16_000);
    while bench.browser.sessions.is_empty() {
        let answer = bench.world.answers.remove(0);
        bench.tell(answer);
    }
    let id = only_session(&bench).id;
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench
        .world
        .answers
        .retain(|it| !matches!(it, Event::EngineStarted(_)));
    bench.world.engines.clear();
    let failure = StartFailure::ImageMissing { image: "i".into() };
    bench.tell(Event::StartFailed(id, failure, vec![]));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert!(only_session(&bench).id > id);
}

#[test]
fn closing_the_app_ends_the_one_that_waits() {
    let mut bench = bench(16_000);
    bench.settle();
    bench.command(Command::Quit);
    bench.settle();
    assert!(bench.world.engines.is_empty() && bench.world.rows.is_empty());
    assert!(bench.world.exited);
}

#[test]
fn what_nobody_asked_for_makes_room_for_another_profile_s_tab() {
    let mut bench = bench(16_000);
    bench.settle();
    let ready = only_session(&bench).id;
    bench
        .browser
        .new_tab_of(ProfileName("other".into()), Mode::Proxy, 1);
    let tab = bench.browser.tabs[1].id;
    bench.nodes[0].available_memory_mib = 1_000;
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    while bench.world.engines.contains(&ready) {
        let answer = bench.world.answers.remove(0);
        bench.tell(answer);
    }
    bench.nodes[0].available_memory_mib = 3_000;
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert!(only_session(&bench).id > ready);
}

#[test]
fn a_private_tab_gets_an_engine_of_its_own_beside_the_one_that_is_ready() {
    let mut bench = bench(16_000);
    bench.settle();
    let ready = only_session(&bench).id;
    let private = ProfileName("private".into());
    bench.browser.new_tab_of(private.clone(), Mode::Proxy, 1);
    let tab = bench.browser.tabs[1].id;
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    let sessions = &bench.browser.sessions;
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[&ready].state(), State::Detached);
    let own = sessions.values().find(|it| it.profile == private).unwrap();
    assert_eq!(own.tabs.len(), 1);
    bench.command(Command::CloseTab(tab));
    bench.settle();
    assert_eq!(only_session(&bench).id, ready, "no private one is kept");
}
