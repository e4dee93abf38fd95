//! Pages that nobody looks at.

use super::*;
use crate::ask::{Answer, Ask, AskId, Question, Wish};
use crate::carry::{Carry, Order};
use crate::download::{DownloadNews, Source, Transfer};
use crate::profile::DataWork;
use crate::sleep::SleepAfter;

const HERE: &str = "http://localhost/a";
const HALF_HOUR: u64 = 30 * 60 * 1000;

fn says(bench: &mut Bench, tab: TabId, news: PageNews) {
    bench.tell(Event::Page(tab, Mode::Proxy, news));
}

/// A loaded page behind an empty tab.
fn behind() -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, HERE.into()));
    says(&mut bench, tab, PageNews::Loading(false));
    bench.command(Command::OpenTab {
        input: None,
        mode: None,
        background: false,
    });
    (bench, tab)
}

/// So much time passes.
fn wait(bench: &mut Bench, ms: u64) {
    bench.now.0 += ms;
    bench.tell(Event::Deadline);
}

fn carry(typed: bool) -> Carry {
    Carry {
        url: HERE.to_owned(),
        y: 700,
        typed,
        storage: Some(String::new()),
        ..Carry::default()
    }
}

/// How often pages were asked whether they can go.
fn asked(bench: &Bench) -> usize {
    let order = PageAction::Carry(Order::Collect {
        text: false,
        storage: true,
    });
    let asked = |action: &&Action| matches!(action, Action::Proxied(_, it) if *it == order);
    bench.world.log.iter().filter(asked).count()
}

fn is_asleep(bench: &Bench, tab: TabId) -> bool {
    let state = bench.world.painted.as_ref().unwrap();
    state.tabs.iter().any(|view| view.id == tab && view.asleep)
}

#[test]
fn a_page_that_nobody_looks_at_goes_and_comes_back_where_it_was() {
    let (mut bench, tab) = behind();
    says(&mut bench, tab, PageNews::Title("A".into()));
    assert!(!is_asleep(&bench, tab));
    let at = bench.browser.deadline().unwrap();
    assert!(at.0 >= HALF_HOUR);
    wait(&mut bench, HALF_HOUR - 1000);
    assert_eq!(asked(&bench), 0);
    wait(&mut bench, 1000);
    assert_eq!(asked(&bench), 1);
    says(&mut bench, tab, PageNews::Collected(carry(false)));
    assert!(bench.world.webviews.is_empty() && is_asleep(&bench, tab));
    assert_eq!(
        bench.browser.deadline(),
        None,
        "nothing is left to wait for"
    );

    bench.command(Command::SelectTab(tab));
    assert_eq!(bench.world.webviews.len(), 1);
    assert!(!is_asleep(&bench, tab));
    says(&mut bench, tab, PageNews::Loading(false));
    let give = Action::Proxied(
        tab,
        PageAction::Carry(Order::Give(carry(false).place_only())),
    );
    assert!(bench.world.log.contains(&give));
    let view = bench.browser.view();
    assert_eq!(
        (view.tabs[0].address.as_str(), view.tabs[0].title.as_str()),
        (HERE, "A")
    );
}

#[test]
fn a_page_stays_awake_while_something_would_be_lost() {
    type Happens = fn(&mut Bench, TabId);
    let reasons: [(&str, Happens); 6] = [
        ("what cannot be had again", |bench, tab| {
            says(bench, tab, PageNews::Unique(true))
        }),
        ("news to tell", |bench, tab| {
            let ask = Ask::new(
                AskId(1),
                HERE,
                Question::Permission {
                    wishes: vec![Wish::Notifications],
                },
            );
            says(bench, tab, PageNews::Asks(ask));
            let yes = Answer::Yes { always: true };
            bench.command(Command::Answer(tab, AskId(1), yes));
        }),
        ("sound", |bench, tab| {
            says(bench, tab, PageNews::Occupied(true))
        }),
        ("loading", |bench, tab| {
            says(bench, tab, PageNews::Loading(true))
        }),
        ("a question", |bench, tab| {
            let ask = Ask::new(AskId(1), HERE, Question::Leave);
            says(bench, tab, PageNews::Asks(ask));
        }),
        ("a download", |bench, _| {
            let news = DownloadNews::Began {
                source: Source::Proxied(bench.browser.tabs[0].profile.clone()),
                url: HERE.into(),
                name: "file".into(),
                path: "/downloads/file".into(),
            };
            bench.tell(Event::Download(Transfer(1), news));
        }),
    ];
    for (what, happens) in reasons {
        let (mut bench, tab) = behind();
        happens(&mut bench, tab);
        wait(&mut bench, HALF_HOUR);
        assert_eq!(asked(&bench), 0, "{what}");
    }
    let (mut bench, tab) = behind();
    wait(&mut bench, HALF_HOUR);
    says(&mut bench, tab, PageNews::Collected(carry(true)));
    assert_eq!(bench.world.webviews.len(), 1, "something was typed");
    wait(&mut bench, HALF_HOUR - 1000);
    assert_eq!(asked(&bench), 1, "it is left in peace for as long again");
    wait(&mut bench, 1000);
    assert_eq!(asked(&bench), 2);
    bench.command(Command::SelectTab(tab));
    says(&mut bench, tab, PageNews::Collected(carry(false)));
    assert_eq!(bench.world.webviews.len(), 1, "the person was quicker");
}

#[test]
fn when_pages_sleep_is_the_person_s_choice_unless_the_environment_has_made_it() {
    let (mut bench, _) = behind();
    bench.command(Command::SetSleepAfter(SleepAfter::Never));
    let saved = Action::SaveSleepAfter(SleepAfter::Never);
    assert!(bench.world.log.contains(&saved));
    assert_eq!(bench.browser.deadline(), None);
    bench.command(Command::SetSleepAfter(SleepAfter::Soon));
    wait(&mut bench, 5 * 60 * 1000);
    assert_eq!(asked(&bench), 1);

    let settings = Settings {
        sleep_after_ms: Some(0),
        ..Settings::default()
    };
    let mut bench = Bench::with(settings, vec![]);
    let request = bench.command(Command::SetSleepAfter(SleepAfter::Soon));
    assert_eq!(bench.world.replies[&request], Err(Problem::SleepFixed));
}

#[test]
fn a_page_that_no_address_brings_back_does_not_sleep() {
    let (mut bench, tab) = behind();
    let opened = PageNews::OpenedPage {
        url: HERE.into(),
        target: Some("one".into()),
        foreground: false,
    };
    says(&mut bench, tab, opened);
    let popup = bench.browser.tabs[1].id;
    says(&mut bench, popup, PageNews::Loading(false));
    wait(&mut bench, HALF_HOUR);
    assert_eq!(asked(&bench), 1, "the other one alone");
}

#[test]
fn a_page_that_was_unique_can_sleep_once_another_is_there() {
    let (mut bench, tab) = behind();
    says(&mut bench, tab, PageNews::Unique(true));
    says(&mut bench, tab, PageNews::Unique(false));
    wait(&mut bench, HALF_HOUR);
    assert_eq!(asked(&bench), 1);
}

#[test]
fn a_page_that_crashes_behind_others_is_opened_again_when_it_is_looked_at() {
    let (mut bench, tab) = behind();
    says(&mut bench, tab, PageNews::Crashed);
    assert!(is_asleep(&bench, tab) && bench.world.webviews.is_empty());
    bench.command(Command::SelectTab(tab));
    let shown = bench.browser.tab(tab).unwrap();
    assert_eq!((shown.url(), &shown.problem), (HERE, &None));
    assert_eq!(bench.world.webviews.len(), 1);
    says(&mut bench, tab, PageNews::Crashed);
    let problem = bench.browser.tab(tab).unwrap().problem.clone();
    assert_eq!(problem, Some(Problem::PageCrashed), "or it would go on so");
}

#[test]
fn what_the_site_keeps_in_the_tab_is_there_when_the_page_comes_back() {
    let restored = |bench: &Bench| {
        let is = |action: &&Action| matches!(action, Action::Proxied(_, PageAction::Restore(_)));
        bench.world.log.iter().filter(is).count()
    };
    type Leads = fn(&mut Bench, TabId);
    let ways: [(&str, usize, Leads); 5] = [
        ("to the page", 1, |bench, tab| {
            bench.command(Command::SelectTab(tab));
        }),
        ("to the same site", 1, |bench, tab| {
            bench.command(Command::Navigate(tab, "http://localhost/b".into()));
            bench.command(Command::SelectTab(tab));
        }),
        ("to another site", 0, |bench, tab| {
            bench.command(Command::Navigate(tab, "http://127.0.0.1/a".into()));
            bench.command(Command::SelectTab(tab));
        }),
        ("out of a profile that was cleared", 0, |bench, tab| {
            let profile = bench.browser.tabs[0].profile.clone();
            bench.browser.want_work(&profile, DataWork::Clear);
            bench.browser.profile_mut(&profile).unwrap().work = None;
            bench.command(Command::SelectTab(tab));
        }),
        ("by the other mode", 0, |bench, tab| {
            bench.command(Command::SetMode(tab, Mode::Streamed, None));
            bench.command(Command::SetMode(tab, Mode::Proxy, None));
            bench.command(Command::SelectTab(tab));
        }),
    ];
    for (way, times, leads) in ways {
        let (mut bench, tab) = behind();
        wait(&mut bench, HALF_HOUR);
        let mut carry = carry(false);
        carry.storage = Some(r#"[["a","b"]]"#.into());
        says(&mut bench, tab, PageNews::Collected(carry));
        assert!(is_asleep(&bench, tab));
        leads(&mut bench, tab);
        assert_eq!(restored(&bench), times, "{way}");
        // Once.
        says(&mut bench, tab, PageNews::Loading(false));
        wait(&mut bench, HALF_HOUR);
        assert_eq!(restored(&bench), times, "{way}");
    }
}
