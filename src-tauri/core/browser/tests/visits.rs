//! Where the person has been.

use super::world::{Bench, host};
use crate::action::Action;
use crate::event::{Command, Event, HistoryEntry, PageNews};
use crate::message::{Mode, ProfileName, ShellFocus, TabId};
use crate::profile::PRIVATE;

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

/// Its history is these pages, of which the last one is there.
fn shows(bench: &mut Bench, tab: TabId, mode: Mode, urls: &[&str]) {
    let entry = |url: &&str| HistoryEntry {
        url: (*url).to_owned(),
        title: "it".to_owned(),
    };
    let entries = urls.iter().map(entry).collect();
    let index = urls.len() - 1;
    says(bench, tab, mode, PageNews::History { entries, index });
}

/// A tab that was sent to a page.
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
fn a_page_is_noted_when_it_is_there_and_when_it_has_another_title() {
    let (mut bench, tab) = browsing();
    assert_eq!(noted(&bench), [], "not where it was only sent to");
    comes_to(&mut bench, tab, A, "");
    comes_to(&mut bench, tab, A, "A");
    comes_to(&mut bench, tab, A, "A");
    // A page that makes its own history has the title of the one before for a moment.
    comes_to(&mut bench, tab, B, "A");
    says(&mut bench, tab, Mode::Proxy, PageNews::Title("B".into()));
    comes_to(&mut bench, tab, A, "A");
    let all = [(A, ""), (A, "A"), (B, "A"), (B, "B"), (A, "A")];
    assert_eq!(noted(&bench), all);
}

#[test]
fn a_title_that_blinks_is_noted_a_few_times_until_the_page_comes_anew() {
    let (mut bench, tab) = browsing();
    comes_to(&mut bench, tab, A, "A");
    for number in 1..=9 {
        let title = PageNews::Title(format!("({number}) A"));
        says(&mut bench, tab, Mode::Proxy, title);
    }
    let last = (A, "(3) A");
    assert_eq!(
        (noted(&bench).len(), noted(&bench).last()),
        (4, Some(&last))
    );
    says(&mut bench, tab, Mode::Proxy, PageNews::Committed);
    comes_to(&mut bench, tab, A, "A");
    assert_eq!(noted(&bench)[4..], [(A, "A")], "it was loaded again");
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
fn a_streamed_page_that_fails_is_not_noted_before_that_is_told() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let before = noted(&bench).len();
    says(&mut bench, tab, Mode::Streamed, PageNews::Committed);
    says(&mut bench, tab, Mode::Streamed, PageNews::ShowsError);
    shows(&mut bench, tab, Mode::Streamed, &[B]);
    assert_eq!(noted(&bench).len(), before);
    says(&mut bench, tab, Mode::Streamed, PageNews::Committed);
    shows(&mut bench, tab, Mode::Streamed, &[A]);
    assert_eq!(noted(&bench)[before..], [(A, "it")]);
}

#[test]
fn where_a_step_back_leads_is_noted_when_it_is_there() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, A.into()));
    shows(&mut bench, tab, Mode::Proxy, &[A, B]);
    // The next page's history begins with this one: back from it is a load.
    for mode in [Mode::Streamed, Mode::Proxy] {
        bench.command(Command::SetMode(tab, mode, None));
        bench.settle();
    }
    shows(&mut bench, tab, Mode::Proxy, &[B]);
    let before = noted(&bench).len();
    bench.command(Command::GoBack(tab));
    shows(&mut bench, tab, Mode::Proxy, &[B]);
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Title("(1) B".into()),
    );
    assert_eq!(noted(&bench).len(), before);
    says(&mut bench, tab, Mode::Proxy, PageNews::Committed);
    shows(&mut bench, tab, Mode::Proxy, &[B, A]);
    assert_eq!(noted(&bench)[before..], [(A, "it")]);
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

#[test]
fn they_are_shown_in_an_empty_tab_that_is_not_private() {
    let (mut bench, tab) = browsing();
    bench.command(Command::ShowVisits);
    let empty = bench.browser.active.unwrap();
    assert_ne!(empty, tab);
    let wish = Action::FocusIn(ShellFocus::Visits, empty);
    let wishes = |bench: &Bench| bench.world.log.iter().filter(|it| **it == wish).count();
    assert_eq!(wishes(&bench), 1);
    let address = Action::Focus(ShellFocus::AddressBar);
    assert!(!bench.world.log.contains(&address));
    bench.command(Command::ShowVisits);
    assert_eq!((bench.browser.active, wishes(&bench)), (Some(empty), 2));

    bench.command(Command::OpenTabOf(ProfileName(PRIVATE.into())));
    let hidden = bench.browser.active.unwrap();
    bench.command(Command::ShowVisits);
    let shown = bench.browser.active.unwrap();
    assert_ne!(shown, hidden);
    assert!(bench.browser.noted_profile(shown).is_some());
}
