//! Engines that are held up, and images that are on their way.

use super::super::*;
use super::world::{Bench, host};
use crate::event::Command;
use crate::fault::{EngineFault, Stall};
use crate::message::Stage;

fn only_session(bench: &Bench) -> SessionId {
    *bench.browser.sessions.keys().next().expect("a session")
}

#[test]
fn a_paused_engine_is_named_and_its_tabs_come_back_by_themselves() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let session = only_session(&bench);
    bench.tell(Event::EngineStalled(session, Stall::Paused));
    assert_eq!(
        bench.browser.tab(tab).and_then(|tab| tab.problem.clone()),
        Some(Problem::EngineStalled {
            node: "this machine".into(),
            stall: Stall::Paused
        })
    );
    assert!(bench.world.attached.is_empty(), "nothing hangs on to it");
    bench.tell(Event::EngineBack(session));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert_eq!(bench.browser.tab(tab).and_then(|t| t.problem.clone()), None);
    assert_eq!(only_session(&bench), session, "the same engine");
}

#[test]
fn the_person_can_take_up_an_engine_that_is_held_up() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let session = only_session(&bench);
    let fault = EngineFault::NotRunning {
        socket: "/run/docker.sock".into(),
    };
    bench.tell(Event::EngineStalled(session, Stall::EngineAway { fault }));
    bench.command(Command::Reload(tab));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert_eq!(bench.browser.tab(tab).and_then(|t| t.problem.clone()), None);
}

#[test]
fn an_engine_that_is_back_before_anybody_missed_it_changes_nothing() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let session = only_session(&bench);
    let before = bench.world.log.len();
    bench.tell(Event::EngineBack(session));
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    assert_eq!(bench.world.log.len(), before);
}

#[test]
fn the_image_s_progress_is_painted_until_the_engine_starts() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.settle();
    let tab = bench.first();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    let seen = bench.world.answers.remove(0);
    bench.tell(seen);
    let percent = |bench: &Bench| {
        let painted = bench.world.painted.as_ref().expect("painted");
        let stream = painted.tabs[0].stream.as_ref().expect("a stream");
        stream.fetched_percent
    };
    assert_eq!(percent(&bench), None);
    bench.tell(Event::ImageFetched(only_session(&bench), 34));
    assert_eq!(percent(&bench), Some(34));
    bench.settle();
    assert_eq!(percent(&bench), None);
}
