//! Pages that have something to lose, when their tab is to change its mode.

use super::world::{Bench, host};
use crate::action::Action;
use crate::ask::Answer;
use crate::event::{Command, Event, PageNews, RequestId};
use crate::leave::limit_ms;
use crate::message::{Mode, Problem, ShellFocus, TabId};

const YES: Answer = Answer::Yes { always: false };
const NO: Answer = Answer::No { always: false };

/// A proxied page that objects.
fn written() -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://a.test/letter".into()));
    bench.settle();
    bench.world.objecting.insert(tab);
    (bench, tab)
}

fn says(bench: &mut Bench, tab: TabId, news: PageNews) {
    bench.tell(Event::Page(tab, Mode::Proxy, news));
}

fn toggle(bench: &mut Bench, tab: TabId, mode: Mode) -> RequestId {
    let request = bench.command(Command::SetMode(tab, mode, None));
    bench.settle();
    request
}

fn mode(bench: &Bench, tab: TabId) -> Mode {
    bench.browser.tab(tab).expect("a tab").mode
}

#[test]
fn a_page_that_objects_is_left_for_a_stream_only_if_the_person_insists() {
    let (mut bench, tab) = written();
    let first = toggle(&mut bench, tab, Mode::Streamed);
    assert!(bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Proxy);
    assert!(bench.world.log.contains(&Action::Focus(ShellFocus::Ask)));
    assert_eq!(bench.reply(first), None);
    bench.answer_leave(tab, NO);
    assert_eq!(bench.reply(first), Some(Err(Problem::Cancelled)));
    assert_eq!(mode(&bench, tab), Mode::Proxy);
    let second = toggle(&mut bench, tab, Mode::Streamed);
    bench.answer_leave(tab, YES);
    assert_eq!(mode(&bench, tab), Mode::Streamed);
    assert_eq!(bench.reply(second), Some(Ok(())));
    assert!(!bench.is_asked_to_leave(tab));
}

#[test]
fn a_streamed_page_that_objects_is_asked_about_as_well_but_no_stage_before_it() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    bench.world.objecting.insert(tab);
    toggle(&mut bench, tab, Mode::Proxy);
    assert!(bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Streamed);
    bench.answer_leave(tab, YES);
    assert_eq!(mode(&bench, tab), Mode::Proxy);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(mode(&bench, tab), Mode::Proxy);
}

#[test]
fn a_page_that_does_not_answer_is_left_after_a_while() {
    let (mut bench, tab) = written();
    bench.world.silent.insert(tab);
    toggle(&mut bench, tab, Mode::Streamed);
    let again = toggle(&mut bench, tab, Mode::Streamed);
    assert_eq!(mode(&bench, tab), Mode::Proxy);
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    bench.settle();
    assert_eq!(mode(&bench, tab), Mode::Streamed);
    assert_eq!(bench.reply(again), Some(Ok(())));
}

#[test]
fn a_page_that_is_lost_while_it_is_asked_is_left() {
    let (mut bench, tab) = written();
    bench.world.silent.insert(tab);
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    says(&mut bench, tab, PageNews::Crashed);
    bench.settle();
    assert_eq!(bench.reply(wish), Some(Ok(())));
    assert_eq!(mode(&bench, tab), Mode::Streamed);
}

#[test]
fn the_later_of_two_wishes_counts() {
    let (mut bench, tab) = written();
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    bench.command(Command::LeaveTab(tab));
    bench.settle();
    assert_eq!(bench.reply(wish), Some(Err(Problem::Cancelled)));
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    bench.answer_leave(tab, YES);
    assert_eq!(bench.reply(wish), Some(Ok(())));
    assert_eq!(mode(&bench, tab), Mode::Streamed);
}

#[test]
fn a_stream_that_is_given_up_before_the_page_has_answered_is_not_begun() {
    let (mut bench, tab) = written();
    bench.world.silent.insert(tab);
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    bench.command(Command::CancelStream(tab));
    assert_eq!(bench.reply(wish), Some(Err(Problem::Cancelled)));
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    // The page was asked, but nothing is wanted of its answer any more.
    assert!(bench.browser.tab(tab).is_some());
    assert_eq!(mode(&bench, tab), Mode::Proxy);

    let (mut bench, tab) = written();
    toggle(&mut bench, tab, Mode::Streamed);
    bench.command(Command::CancelStream(tab));
    assert!(!bench.is_asked_to_leave(tab));
    bench.answer_leave(tab, YES);
    assert!(bench.browser.tab(tab).is_some() && mode(&bench, tab) == Mode::Proxy);
}

#[test]
fn a_page_that_goes_elsewhere_keeps_its_mode() {
    let (mut bench, tab) = written();
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    says(&mut bench, tab, PageNews::Loading(true));
    assert_eq!(bench.reply(wish), Some(Err(Problem::Cancelled)));
    assert!(!bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Proxy);
}

#[test]
fn a_window_that_closes_does_not_close_a_tab_that_was_to_change_its_mode() {
    let (mut bench, tab) = written();
    bench.world.silent.insert(tab);
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    let quit = bench.command(Command::MayQuit);
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert_eq!(bench.reply(quit), Some(Ok(())));
    assert_eq!(bench.reply(wish), Some(Err(Problem::Cancelled)));
    assert!(bench.browser.tab(tab).is_some());
}

#[test]
fn a_toggle_is_no_answer_to_whether_the_window_may_close() {
    let (mut bench, tab) = written();
    let quit = bench.command(Command::MayQuit);
    bench.settle();
    assert!(bench.is_asked_to_leave(tab));
    let wish = toggle(&mut bench, tab, Mode::Streamed);
    assert_eq!(bench.reply(wish), Some(Err(Problem::Cancelled)));
    assert_eq!(
        (bench.is_asked_to_leave(tab), bench.reply(quit)),
        (true, None)
    );
    bench.answer_leave(tab, NO);
    assert_eq!(bench.reply(quit), Some(Err(Problem::Cancelled)));
}

#[test]
fn a_page_that_was_asked_twice_does_not_close_its_tab_once_it_is_left() {
    let (mut bench, tab) = written();
    toggle(&mut bench, tab, Mode::Streamed);
    bench.world.silent.insert(tab);
    toggle(&mut bench, tab, Mode::Streamed);
    bench.answer_leave(tab, YES);
    assert_eq!(mode(&bench, tab), Mode::Proxy, "it is asked anew");
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert_eq!(mode(&bench, tab), Mode::Streamed);
    bench.now.0 += limit_ms(Mode::Streamed);
    bench.tell(Event::Deadline);
    assert!(bench.browser.tab(tab).is_some());
}

#[test]
fn a_window_may_close_as_soon_as_the_last_page_that_is_asked_is_lost() {
    let (mut bench, tab) = written();
    bench.world.silent.insert(tab);
    toggle(&mut bench, tab, Mode::Streamed);
    let quit = bench.command(Command::MayQuit);
    says(&mut bench, tab, PageNews::Crashed);
    assert_eq!(bench.reply(quit), Some(Ok(())));
}

/// The person has decided that a site opens in a mode.
fn opens_in(bench: &mut Bench, url: &str, mode: Mode) {
    bench.command(Command::OpenTab {
        input: Some(url.into()),
        mode: None,
        background: true,
    });
    let opened = bench.browser.tabs.iter().find(|tab| tab.url() == url);
    let id = opened.expect("a tab").id;
    bench.command(Command::SetSiteMode(id, Some(mode)));
}

#[test]
fn an_address_whose_site_opens_in_the_other_mode_asks_the_page_as_well() {
    let (mut bench, tab) = written();
    let other = "http://b.test/";
    opens_in(&mut bench, other, Mode::Streamed);
    for answer in [NO, YES] {
        let went = bench.command(Command::Navigate(tab, other.into()));
        bench.settle();
        assert_eq!(bench.reply(went), Some(Ok(())));
        assert!(bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Proxy);
        bench.answer_leave(tab, answer);
    }
    let view = bench.browser.tab(tab).expect("a tab");
    assert_eq!((view.mode, view.url()), (Mode::Streamed, other));

    // And the other way.
    bench.settle();
    bench.world.objecting.insert(tab);
    opens_in(&mut bench, "http://c.test/", Mode::Proxy);
    bench.command(Command::Navigate(tab, "http://c.test/".into()));
    bench.settle();
    assert!(bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Streamed);
    bench.answer_leave(tab, YES);
    assert_eq!(mode(&bench, tab), Mode::Proxy);
}

#[test]
fn an_address_takes_the_place_of_a_wish_that_waits() {
    let (mut bench, tab) = written();
    let ruled = "http://b.test/";
    opens_in(&mut bench, ruled, Mode::Streamed);
    for first in [
        Command::SetMode(tab, Mode::Streamed, None),
        Command::Navigate(tab, ruled.into()),
    ] {
        bench.command(first);
        bench.settle();
        assert!(bench.is_asked_to_leave(tab));
        bench.command(Command::Navigate(tab, "http://c.test/".into()));
        bench.settle();
        assert!(!bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Proxy);
    }
}

#[test]
fn an_address_in_the_other_mode_is_no_answer_to_whether_the_window_may_close() {
    let (mut bench, tab) = written();
    let ruled = "http://b.test/";
    opens_in(&mut bench, ruled, Mode::Streamed);
    let closing = bench.command(Command::MayQuit);
    bench.settle();
    assert!(bench.is_asked_to_leave(tab));
    let went = bench.command(Command::Navigate(tab, ruled.into()));
    bench.settle();
    assert_eq!(bench.reply(went), Some(Err(Problem::Cancelled)));
    assert_eq!(bench.reply(closing), None);
    assert!(bench.is_asked_to_leave(tab) && mode(&bench, tab) == Mode::Proxy);
}
