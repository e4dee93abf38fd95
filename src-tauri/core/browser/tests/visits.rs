//! Where the person has been.

use super::world::Bench;
use crate::action::Action;
use crate::event::{Command, Event, HistoryEntry, PageNews};
use crate::message::{Mode, ProfileName, TabId};

const A: &str = "https://a.test/";
const B: &str = "https://b.test/";

fn says(bench: &mut Bench, tab: TabId, mode: Mode, news: PageNews) {
    bench.tell(Event::Page(tab, mode, news));
}

fn comes_to(bench: &mut Bench, tab: TabId, url: &str, title: &str) {
    let (url, title) = (url.to_owned(), title.to_owned());
    let entries = vec![HistoryEntry { url, title }];
    let news = PageNews::History { entries, index: 0 };
    says(bench, tab, Mode::Proxy, news);
}

/// A tab with a page, at an address that is no site's.
fn browsing() -> (Bench, TabId) {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, A.into()));
    (bench, tab)
}

/// The addresses and titles that were noted, in their order.
fn noted(bench: &Bench) -> Vec<(&str, &str)> {
    let log = bench.world.log.iter();
    log.filter_map(|it| match it {
        Action::SaveVisit(visit) => Some((visit.url.as_str(), visit.title.as_str())),
        _ => None,
    })
    .collect()
}

fn forgotten(bench: &Bench) -> Vec<(&str, Option<&str>)> {
    let log = bench.world.log.iter();
    log.filter_map(|it| match it {
        Action::ForgetVisits(profile, url) => Some((profile.0.as_str(), url.as_deref())),
        _ => None,
    })
    .collect()
}

#[test]
fn a_page_is_noted_when_it_is_there_and_when_it_has_its_title_and_no_more() {
    let (mut bench, tab) = browsing();
    assert_eq!(noted(&bench), [], "not where it was only sent to");
    comes_to(&mut bench, tab, A, "");
    for title in ["A", "(1) A", "(2) A"] {
        says(&mut bench, tab, Mode::Proxy, PageNews::Title(title.into()));
    }
    comes_to(&mut bench, tab, A, "(3) A");
    assert_eq!(noted(&bench), [(A, ""), (A, "A")]);
    comes_to(&mut bench, tab, B, "B");
    comes_to(&mut bench, tab, A, "A");
    assert_eq!(noted(&bench)[2..], [(B, "B"), (A, "A")], "each time anew");
}

#[test]
fn what_is_no_page_and_what_did_not_come_is_not_noted() {
    let (mut bench, tab) = browsing();
    comes_to(&mut bench, tab, "about:blank", "Nothing");
    comes_to(&mut bench, tab, "data:text/plain,hello", "Hello");
    let failed = PageNews::Failed {
        url: B.into(),
        fault: None,
        detail: String::new(),
    };
    says(&mut bench, tab, Mode::Proxy, failed);
    says(&mut bench, tab, Mode::Proxy, PageNews::Title("B".into()));
    assert_eq!(noted(&bench), []);
}

#[test]
fn private_pages_are_not_noted() {
    let (mut bench, _) = browsing();
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    let tab = bench.browser.active.unwrap();
    bench.command(Command::Navigate(tab, A.into()));
    comes_to(&mut bench, tab, A, "A");
    assert_eq!(noted(&bench), []);
    assert_eq!(bench.browser.noted_profile(tab), None);
}

#[test]
fn one_page_or_all_are_forgotten_at_the_persons_word() {
    let (mut bench, tab) = browsing();
    bench.command(Command::ForgetVisits(tab, Some(A.into())));
    bench.command(Command::ForgetVisits(tab, None));
    assert_eq!(forgotten(&bench), [("default", Some(A)), ("default", None)]);
}
