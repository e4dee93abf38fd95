//! Pages that have something to lose, when their tab or the window is closed.

use super::world::{Bench, host};
use crate::action::Action;
use crate::ask::{Answer, AskId};
use crate::download::{DownloadNews, Hold, Source, Transfer};
use crate::event::{Command, Event, PageNews, RequestId};
use crate::leave::limit_ms;
use crate::message::{Mode, Problem, ProfileName, ShellFocus, TabId};
use crate::profile::PRIVATE;

const YES: Answer = Answer::Yes { always: false };
const NO: Answer = Answer::No { always: false };

/// Tabs with a page each, the last one in front.
fn browsing(count: usize) -> (Bench, Vec<TabId>) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let mut tabs = vec![];
    for n in 0..count {
        let input = format!("http://a.test/{n}");
        bench.command(Command::OpenTab {
            input: Some(input),
            mode: Some(Mode::Proxy),
            background: false,
        });
        tabs.extend(bench.browser.active);
    }
    (bench, tabs)
}

fn there(bench: &Bench, tab: TabId) -> bool {
    bench.browser.tab(tab).is_some()
}

fn leave(bench: &mut Bench, tab: TabId) {
    bench.command(Command::LeaveTab(tab));
    bench.settle();
}

#[test]
fn a_page_that_does_not_object_goes_with_its_tab() {
    let (mut bench, tabs) = browsing(2);
    leave(&mut bench, tabs[0]);
    assert!(!there(&bench, tabs[0]));
    let empty = bench.first();
    leave(&mut bench, empty);
    assert!(!there(&bench, empty), "an empty tab has nothing to ask");
}

#[test]
fn a_page_that_objects_is_closed_only_if_the_person_insists() {
    let (mut bench, tabs) = browsing(2);
    bench.world.objecting.insert(tabs[0]);
    leave(&mut bench, tabs[0]);
    assert!(there(&bench, tabs[0]) && bench.is_asked_to_leave(tabs[0]));
    assert_eq!(bench.browser.active, Some(tabs[0]), "what is asked is seen");
    let focus = Action::Focus(ShellFocus::Ask);
    assert!(bench.world.log.contains(&focus));
    bench.answer_leave(tabs[0], NO);
    assert!(there(&bench, tabs[0]) && !bench.is_asked_to_leave(tabs[0]));
    leave(&mut bench, tabs[0]);
    leave(&mut bench, tabs[0]);
    bench.answer_leave(tabs[0], YES);
    assert!(!there(&bench, tabs[0]));
    assert_eq!(bench.world.webviews.len(), 1);
}

#[test]
fn a_streamed_page_is_asked_as_well() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    bench.world.objecting.insert(tab);
    leave(&mut bench, tab);
    assert!(bench.is_asked_to_leave(tab));
    bench.answer_leave(tab, YES);
    assert!(!there(&bench, tab));
}

#[test]
fn a_streamed_page_has_time_to_answer_over_a_long_way() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    bench.world.silent.insert(tab);
    leave(&mut bench, tab);
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert!(there(&bench, tab));
    bench.now.0 += limit_ms(Mode::Streamed) - limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert!(!there(&bench, tab));
}

#[test]
fn a_page_that_does_not_answer_is_closed_after_a_while() {
    let (mut bench, tabs) = browsing(1);
    bench.world.silent.insert(tabs[0]);
    leave(&mut bench, tabs[0]);
    assert!(there(&bench, tabs[0]));
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert!(!there(&bench, tabs[0]));
}

#[test]
fn a_page_that_goes_elsewhere_is_not_asked_about_any_more() {
    let (mut bench, tabs) = browsing(1);
    bench.world.objecting.insert(tabs[0]);
    leave(&mut bench, tabs[0]);
    bench.tell(Event::Page(tabs[0], Mode::Proxy, PageNews::Loading(true)));
    assert!(there(&bench, tabs[0]) && !bench.is_asked_to_leave(tabs[0]));
    bench.answer_leave(tabs[0], YES);
    assert!(there(&bench, tabs[0]), "a late answer is none");
}

#[test]
fn the_window_asks_about_one_page_after_the_other_before_it_closes() {
    let (mut bench, tabs) = browsing(3);
    bench.world.objecting.extend([tabs[0], tabs[1]]);
    let request = bench.command(Command::MayQuit);
    bench.settle();
    assert_eq!(bench.reply(request), None);
    assert!(bench.is_asked_to_leave(tabs[0]) && !bench.is_asked_to_leave(tabs[1]));
    bench.answer_leave(tabs[0], YES);
    assert!(bench.is_asked_to_leave(tabs[1]) && there(&bench, tabs[0]));
    bench.answer_leave(tabs[1], YES);
    assert_eq!(bench.reply(request), Some(Ok(())));
    assert_eq!(bench.browser.tabs.len(), 4, "nothing is closed before");
}

#[test]
fn who_stays_on_one_page_stays_on_all() {
    let (mut bench, tabs) = browsing(3);
    bench.world.objecting.extend([tabs[0], tabs[1]]);
    let request = bench.command(Command::MayQuit);
    bench.settle();
    bench.answer_leave(tabs[0], NO);
    assert_eq!(bench.reply(request), Some(Err(Problem::Cancelled)));
    assert!(!bench.is_asked_to_leave(tabs[1]));
    let again = bench.command(Command::MayQuit);
    bench.settle();
    assert!(bench.is_asked_to_leave(tabs[0]));
    // The person has gone elsewhere meanwhile: the question comes back.
    bench.command(Command::SelectTab(tabs[1]));
    let twice = bench.command(Command::MayQuit);
    assert_eq!(bench.reply(again), Some(Err(Problem::Cancelled)));
    assert_eq!(bench.browser.active, Some(tabs[0]));
    assert!(bench.is_asked_to_leave(tabs[0]));
    bench.command(Command::CloseTab(tabs[0]));
    bench.answer_leave(tabs[1], YES);
    assert_eq!(bench.reply(twice), Some(Ok(())));
}

#[test]
fn a_window_without_anything_to_lose_may_close_at_once_and_silent_pages_hold_it_up_for_a_moment() {
    let (mut bench, tabs) = browsing(2);
    bench.world.silent.insert(tabs[0]);
    let request = bench.command(Command::MayQuit);
    bench.settle();
    assert_eq!(bench.reply(request), None);
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert_eq!(bench.reply(request), Some(Ok(())));
    bench.command(Command::CloseTab(tabs[0]));
    bench.command(Command::CloseTab(tabs[1]));
    let request = bench.command(Command::MayQuit);
    assert_eq!(bench.reply(request), Some(Ok(())));
}

/// Two tabs, one of which is being closed, and its page does not answer.
fn closed_and_silent() -> (Bench, Vec<TabId>) {
    let (mut bench, tabs) = browsing(2);
    bench.world.silent.insert(tabs[0]);
    leave(&mut bench, tabs[0]);
    assert!(there(&bench, tabs[0]));
    (bench, tabs)
}

#[test]
fn a_tab_that_was_closed_just_before_the_app_ends_does_not_come_back() {
    let (mut bench, tabs) = closed_and_silent();
    bench.command(Command::Quit);
    bench.settle();
    assert!(!there(&bench, tabs[0]) && there(&bench, tabs[1]));
}

#[test]
fn a_tab_that_was_closed_and_objects_goes_when_the_person_leaves_it_with_the_window() {
    let (mut bench, tabs) = browsing(2);
    bench.world.silent.insert(tabs[0]);
    let request = bench.command(Command::MayQuit);
    // While the window's own question stands.
    leave(&mut bench, tabs[0]);
    bench.tell(Event::Page(tabs[0], Mode::Proxy, PageNews::Objects(true)));
    bench.settle();
    assert!(bench.is_asked_to_leave(tabs[0]));
    bench.answer_leave(tabs[0], YES);
    assert_eq!(bench.reply(request), Some(Ok(())));
    assert!(!there(&bench, tabs[0]) && there(&bench, tabs[1]));
}

#[test]
fn a_tab_that_was_closed_just_before_its_window_does_not_come_back() {
    let (mut bench, tabs) = closed_and_silent();
    let request = bench.command(Command::MayQuit);
    bench.settle();
    assert_eq!(bench.reply(request), None);
    bench.command(Command::Quit);
    bench.settle();
    assert!(!there(&bench, tabs[0]) && there(&bench, tabs[1]));
    let (mut bench, tabs) = closed_and_silent();
    let request = bench.command(Command::MayQuit);
    bench.now.0 += limit_ms(Mode::Proxy);
    bench.tell(Event::Deadline);
    assert_eq!(bench.reply(request), Some(Ok(())));
    assert!(!there(&bench, tabs[0]) && there(&bench, tabs[1]));
}

/// A file of this profile that comes, and can be held up so.
fn file(bench: &mut Bench, number: u32, profile: &str, hold: Hold) {
    let news = DownloadNews::Began {
        source: Source::Proxied(ProfileName(profile.into())),
        url: "http://a.test/file".into(),
        name: format!("file {number}"),
        path: format!("/downloads/file {number}"),
    };
    bench.tell(Event::Download(Transfer(number), news));
    let holds = DownloadNews::Holds(hold);
    bench.tell(Event::Download(Transfer(number), holds));
}

fn asks_of_files(bench: &Bench, tab: TabId) -> bool {
    let tab = bench.browser.tab(tab).expect("a tab");
    tab.page.asks.iter().any(|ask| ask.id == AskId::FILES)
}

fn may_quit(bench: &mut Bench) -> RequestId {
    let request = bench.command(Command::MayQuit);
    bench.settle();
    request
}

#[test]
fn a_file_that_would_be_lost_with_the_window_is_asked_about_in_front() {
    let (mut bench, tabs) = browsing(2);
    file(&mut bench, 1, "default", Hold::Never);
    let request = may_quit(&mut bench);
    assert!(asks_of_files(&bench, tabs[1]));
    let focus = Action::Focus(ShellFocus::Ask);
    assert!(bench.world.log.contains(&focus));
    bench.command(Command::Answer(tabs[1], AskId::FILES, NO));
    assert_eq!(bench.reply(request), Some(Err(Problem::Cancelled)));
    assert!(!asks_of_files(&bench, tabs[1]));
    let again = may_quit(&mut bench);
    bench.command(Command::SelectTab(tabs[0]));
    let request = may_quit(&mut bench);
    assert_eq!(bench.reply(again), Some(Err(Problem::Cancelled)));
    assert!(asks_of_files(&bench, tabs[0]) && !asks_of_files(&bench, tabs[1]));
    bench.command(Command::Answer(tabs[0], AskId::FILES, YES));
    assert_eq!(bench.reply(request), Some(Ok(())));
}

#[test]
fn a_file_that_goes_on_after_the_next_start_holds_no_window_open() {
    let (mut bench, tabs) = browsing(1);
    file(&mut bench, 1, "default", Hold::At("\"1\"".into()));
    let request = may_quit(&mut bench);
    assert_eq!(bench.reply(request), Some(Ok(())));
    bench.command(Command::OpenTabOf(ProfileName(PRIVATE.into())));
    let private = bench.browser.active.expect("a tab");
    file(&mut bench, 2, PRIVATE, Hold::At("\"1\"".into()));
    let request = may_quit(&mut bench);
    assert!(asks_of_files(&bench, private), "nothing private is kept");
    // With its last tab the file goes, and with that the question.
    bench.command(Command::CloseTab(private));
    assert_eq!(bench.reply(request), Some(Ok(())));
    assert!(!asks_of_files(&bench, tabs[0]));
}

#[test]
fn files_are_asked_about_when_all_pages_have_been() {
    let (mut bench, tabs) = browsing(2);
    bench.world.objecting.insert(tabs[0]);
    file(&mut bench, 1, "default", Hold::Anew);
    let request = may_quit(&mut bench);
    assert!(bench.is_asked_to_leave(tabs[0]) && !asks_of_files(&bench, tabs[0]));
    bench.answer_leave(tabs[0], YES);
    assert!(asks_of_files(&bench, tabs[0]));
    // The tab goes, but not the file.
    bench.command(Command::CloseTab(tabs[0]));
    assert!(asks_of_files(&bench, tabs[1]));
    bench.command(Command::Answer(tabs[1], AskId::FILES, YES));
    assert_eq!(bench.reply(request), Some(Ok(())));
}
