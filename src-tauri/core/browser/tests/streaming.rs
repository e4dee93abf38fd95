//! What the person sets about streamed browsers, and when it holds.

use super::*;
use crate::fault::ImageUpdate;
use crate::message::Notice;
use crate::streaming::{Limit, Looked, StreamingView, Switch};

fn view(bench: &Bench) -> StreamingView {
    bench.browser.view().streaming
}

fn switch(bench: &mut Bench, switch: Switch, on: bool) -> Result<(), Problem> {
    let request = bench.command(Command::Switch(switch, on));
    bench.world.replies[&request].clone()
}

fn engines(bench: &Bench) -> Vec<SessionId> {
    bench.world.engines.iter().copied().collect()
}

#[test]
fn an_engine_is_made_ready_when_the_switch_is_on_and_goes_when_it_is_off() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.settle();
    assert_eq!(engines(&bench), []);
    assert_eq!(switch(&mut bench, Switch::Standby, true), Ok(()));
    bench.settle();
    assert_eq!(engines(&bench).len(), 1);
    assert!(view(&bench).standby.on);
    // Once more is no news.
    let saves = |bench: &Bench| {
        let is_save = |it: &&Action| matches!(it, Action::SaveSwitch(..));
        bench.world.log.iter().filter(is_save).count()
    };
    assert_eq!(switch(&mut bench, Switch::Standby, true), Ok(()));
    assert_eq!(saves(&bench), 1);
    assert_eq!(switch(&mut bench, Switch::Standby, false), Ok(()));
    bench.settle();
    assert_eq!((engines(&bench), saves(&bench)), (vec![], 2));
    assert!(!view(&bench).standby.on);
}

#[test]
fn what_serves_a_tab_is_left_alone() {
    let mut bench = Bench::new(vec![host(16_000)]);
    switch(&mut bench, Switch::Standby, true).unwrap();
    let tab = bench.stream();
    let serving = engines(&bench);
    for (which, on) in [(Switch::HomeClosed, true), (Switch::Standby, false)] {
        switch(&mut bench, which, on).unwrap();
        bench.settle();
        assert_eq!(engines(&bench), serving);
        assert_eq!(bench.stage(tab), Some(Stage::Live));
    }
}

#[test]
fn one_that_was_ready_before_the_home_network_was_closed_makes_way_for_another() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.tell(Event::EnginesContained(true));
    switch(&mut bench, Switch::Standby, true).unwrap();
    bench.settle();
    let open = engines(&bench);
    switch(&mut bench, Switch::HomeClosed, true).unwrap();
    bench.settle();
    let closed = engines(&bench);
    assert_eq!((open.len(), closed.len()), (1, 1));
    assert_ne!(open, closed);
    let log = &bench.world.log;
    let close = log
        .iter()
        .position(|it| *it == Action::CloseHomeNetwork(true));
    let starts =
        |it: &Action| matches!(it, Action::StartEngine { session, .. } if *session == closed[0]);
    assert!(close.is_some() && close < log.iter().position(starts));
}

#[test]
fn what_the_environment_says_counts_more_than_the_switch() {
    let settings = Settings {
        standby: Some(false),
        ..Settings::default()
    };
    let saved = Saved {
        switches: Switches {
            standby: true,
            home_closed: true,
        },
        ..Saved::default()
    };
    let mut bench = Bench::of(settings, saved, vec![host(16_000)]);
    bench.settle();
    assert_eq!(engines(&bench), []);
    let shown = view(&bench);
    assert!(shown.standby.fixed && !shown.standby.on);
    assert!(!shown.home_closed.fixed && shown.home_closed.on);
    let fixed = Err(Problem::SwitchFixed {
        switch: Switch::Standby,
    });
    assert_eq!(switch(&mut bench, Switch::Standby, true), fixed);
    assert_eq!(switch(&mut bench, Switch::HomeClosed, false), Ok(()));
}

#[test]
fn a_look_for_a_newer_image_is_answered_once_and_forgotten_when_it_is_old() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let asked = |bench: &Bench| {
        let asks = |it: &&Action| **it == Action::LookForUpdate;
        bench.world.log.iter().filter(asks).count()
    };
    bench.command(Command::LookForUpdate);
    assert_eq!(asked(&bench), 0, "processes have no image");
    bench.tell(Event::EnginesContained(true));
    bench.command(Command::LookForUpdate);
    bench.command(Command::LookForUpdate);
    assert_eq!(asked(&bench), 1);
    assert!(view(&bench).looking);
    bench.tell(Event::UpdateLooked(Looked::Newer));
    assert_eq!(view(&bench).looked, Some(Looked::Newer));
    let told = |update| {
        let image = "neko:1".to_owned();
        Event::Notice(Notice::EngineImage { image, update })
    };
    bench.tell(told(ImageUpdate::Offered));
    assert_eq!(view(&bench).looked, Some(Looked::Newer));
    bench.tell(told(ImageUpdate::Fetching { percent: 1 }));
    assert_eq!(view(&bench).looked, Some(Looked::Fetching));
    bench.tell(told(ImageUpdate::Fetched));
    assert_eq!(view(&bench).looked, Some(Looked::Fetched));
    bench.tell(told(ImageUpdate::RolledBack));
    assert_eq!(view(&bench).looked, None);

    bench.command(Command::LookForUpdate);
    bench.tell(Event::UpdateLooked(Looked::Newest));
    assert!(!view(&bench).looking);
    bench.command(Command::ShowSettings(true));
    assert_eq!(view(&bench).looked, None);
}

#[test]
fn what_an_engine_is_not_held_to_is_shown() {
    let mut bench = Bench::new(vec![host(16_000)]);
    assert_eq!(view(&bench).unlimited, []);
    let unlimited = vec![Limit::Memory, Limit::Processor];
    bench.tell(Event::EnginesUnlimited(unlimited.clone()));
    assert_eq!(view(&bench).unlimited, unlimited);
}
