//! Pages that are heard, and tabs that are not to be.

use super::world::{Bench, host};
use crate::action::{Action, PageAction};
use crate::event::{Command, Event, PageNews};
use crate::message::{Mode, TabId};

fn browsing() -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://a.test/song".into()));
    (bench, tab)
}

fn says(bench: &mut Bench, tab: TabId, news: PageNews) {
    bench.tell(Event::Page(tab, Mode::Proxy, news));
}

/// Whether the tab is heard, and whether it is muted.
fn shown(bench: &Bench, tab: TabId) -> (bool, bool) {
    let state = bench.world.painted.clone().expect("a state");
    let view = state.tabs.into_iter().find(|it| it.id == tab).unwrap();
    (view.audible, view.muted)
}

fn orders(bench: &Bench, tab: TabId, muted: bool) -> usize {
    let order = Action::Proxied(tab, PageAction::Mute(muted));
    bench.world.log.iter().filter(|it| **it == order).count()
}

#[test]
fn a_tab_tells_that_it_is_heard_until_its_page_is_gone() {
    let (mut bench, tab) = browsing();
    says(&mut bench, tab, PageNews::Audible(true));
    assert_eq!(shown(&bench, tab), (true, false));
    says(&mut bench, tab, PageNews::Audible(false));
    assert_eq!(shown(&bench, tab), (false, false));
    says(&mut bench, tab, PageNews::Audible(true));
    says(&mut bench, tab, PageNews::Crashed);
    assert_eq!(shown(&bench, tab), (false, false));
}

#[test]
fn a_muted_tab_stays_so_whatever_page_it_has() {
    let (mut bench, tab) = browsing();
    bench.settle();
    bench.command(Command::SetMuted(tab, true));
    assert_eq!(shown(&bench, tab), (false, false), "not before it is so");
    bench.settle();
    assert_eq!(shown(&bench, tab), (false, true));
    bench.command(Command::OpenTab {
        input: None,
        mode: None,
        background: false,
    });
    says(&mut bench, tab, PageNews::Crashed);
    bench.command(Command::SelectTab(tab));
    assert_eq!(orders(&bench, tab, true), 2, "the page that comes next");
    bench.command(Command::SetMuted(tab, false));
    bench.settle();
    assert_eq!(shown(&bench, tab), (false, false));
}

#[test]
fn a_page_that_waits_behind_a_stream_is_heard_and_muted_as_before() {
    let (mut bench, tab) = browsing();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    says(&mut bench, tab, PageNews::Audible(true));
    bench.command(Command::SetMuted(tab, true));
    says(&mut bench, tab, PageNews::Muted(true));
    assert_eq!(shown(&bench, tab), (true, true));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(shown(&bench, tab), (true, true));
}

#[test]
fn a_tab_can_be_muted_before_it_has_a_page() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::SetMuted(tab, true));
    assert_eq!(orders(&bench, tab, true), 0);
    bench.command(Command::Navigate(tab, "http://a.test/song".into()));
    assert_eq!(orders(&bench, tab, true), 1);
}
