//! Pages that are heard, tabs that are not to be, and pages that see or hear the person.

use super::world::{Bench, host};
use crate::action::{Action, PageAction};
use crate::ask::Wish;
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

#[test]
fn a_streamed_tab_does_not_pretend_to_be_muted() {
    let (mut bench, tab) = browsing();
    bench.settle();
    bench.command(Command::SetMuted(tab, true));
    bench.settle();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    says(&mut bench, tab, PageNews::Closed);
    assert_eq!(shown(&bench, tab), (false, false));
    bench.command(Command::SetMuted(tab, false));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(shown(&bench, tab), (false, true), "as it was left");
}

fn uses(bench: &Bench, tab: TabId) -> Vec<Wish> {
    let state = bench.world.painted.clone().expect("a state");
    let view = state.tabs.into_iter().find(|it| it.id == tab).unwrap();
    view.uses
}

#[test]
fn a_tab_tells_what_it_hears_by_until_its_page_is_gone() {
    let (mut bench, tab) = browsing();
    let both = [Wish::Camera, Wish::Microphone];
    says(&mut bench, tab, PageNews::Uses(both.to_vec()));
    assert_eq!(uses(&bench, tab), both);
    says(&mut bench, tab, PageNews::Uses(vec![Wish::Microphone]));
    assert_eq!(uses(&bench, tab), [Wish::Microphone]);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    says(&mut bench, tab, PageNews::Uses(both.to_vec()));
    assert_eq!(uses(&bench, tab), both, "it waits, and goes on hearing");
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    says(&mut bench, tab, PageNews::Crashed);
    assert_eq!(uses(&bench, tab), []);
}

#[test]
fn what_is_taken_back_is_taken_from_every_page_of_the_site_that_has_it() {
    let (mut bench, tab) = browsing();
    let mut open = |url: &str, wish: Wish| {
        bench.command(Command::OpenTab {
            input: Some(url.into()),
            mode: None,
            background: false,
        });
        let tab = bench.browser.active.unwrap();
        says(&mut bench, tab, PageNews::Uses(vec![wish]));
        tab
    };
    let same = open("http://a.test/other", Wish::Microphone);
    open("http://a.test/third", Wish::Camera);
    open("http://b.test/", Wish::Microphone);
    says(&mut bench, tab, PageNews::Uses(vec![Wish::Microphone]));
    let released = |bench: &Bench| -> Vec<TabId> {
        let log = bench.world.log.iter();
        log.filter_map(|it| match it {
            Action::Proxied(tab, PageAction::Release(Wish::Microphone)) => Some(*tab),
            _ => None,
        })
        .collect()
    };
    // What could not be reached since lies over the page that still hears.
    let failed = PageNews::Failed {
        url: "http://c.test/".into(),
        fault: None,
        detail: String::new(),
    };
    says(&mut bench, same, failed);
    bench.command(Command::Decide(tab, Wish::Microphone, Some(true)));
    assert_eq!(released(&bench), []);
    bench.command(Command::Decide(tab, Wish::Microphone, None));
    assert_eq!(released(&bench), [tab, same]);
}
