//! What sites may do, and which streamed browsers are told.

use super::*;
use crate::ask::{Answer, AskId, Question, Wish};
use crate::event::PageNews;
use crate::site::SitePermission;

/// What sessions were told, in order.
fn told(bench: &Bench) -> Vec<(SessionId, Vec<SitePermission>)> {
    let told = |action: &Action| match action {
        Action::SetPermissions(session, decided) => Some((*session, decided.clone())),
        _ => None,
    };
    bench.world.log.iter().filter_map(told).collect()
}

fn decided(allowed: Option<bool>) -> SitePermission {
    SitePermission {
        origin: "http://localhost".to_owned(),
        wish: Wish::Location,
        allowed,
    }
}

#[test]
fn a_streamed_browser_is_told_what_is_decided_before_its_pages_are_opened_and_what_changes() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::Decide(tab, Wish::Location, Some(false)));
    assert_eq!(told(&bench), [], "no browser is there");
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    let session = SessionId(1);
    assert_eq!(told(&bench), [(session, vec![decided(Some(false))])]);
    let at = |fits: fn(&Action) -> bool| bench.world.log.iter().position(fits);
    let known = at(|it| matches!(it, Action::SetPermissions(..)));
    let opened = at(|it| matches!(it, Action::Streamed(_, _, PageAction::Open { .. })));
    assert!(known < opened && known.is_some(), "{known:?} {opened:?}");
    bench.command(Command::Decide(tab, Wish::Location, None));
    let last = told(&bench).pop();
    assert_eq!(last, Some((session, vec![decided(None)])));
}

#[test]
fn another_profile_is_told_nothing() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.stream();
    let before = told(&bench).len();
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    let private = bench.browser.active.unwrap();
    bench.command(Command::Navigate(private, "http://localhost/b".into()));
    bench.command(Command::Decide(private, Wish::Location, Some(true)));
    assert_eq!(told(&bench).len(), before);
}

#[test]
fn a_page_that_nobody_asked_for_is_asked_about_once_and_opened_as_its_link_would_be() {
    const OFFER: &str = "http://192.168.0.1/offer";
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://a.test/".into()));
    let held_back = |bench: &mut Bench, url: &str| {
        let url = url.to_owned();
        bench.tell(Event::Page(
            tab,
            Mode::Proxy,
            PageNews::WindowHeldBack { url },
        ));
    };
    let asks = |bench: &Bench| {
        let asks = &bench.browser.tab(tab).unwrap().page.asks;
        asks.iter()
            .map(|ask| ask.question.clone())
            .collect::<Vec<_>>()
    };
    let answer = |answer| Command::Answer(tab, AskId::WINDOW, answer);
    let (yes, no) = (Answer::Yes { always: false }, Answer::No { always: false });
    for other in ["about:blank", "file:///a", "javascript:1", ""] {
        held_back(&mut bench, other);
    }
    assert_eq!(
        asks(&bench),
        [],
        "a script's own, and what no page may open"
    );
    for _ in 0..3 {
        held_back(&mut bench, OFFER);
    }
    let address = OFFER.to_owned();
    assert_eq!(asks(&bench), [Question::Window { address }]);
    bench.command(answer(no));
    held_back(&mut bench, OFFER);
    assert_eq!((asks(&bench), bench.browser.tabs.len()), (vec![], 1));
    // Another page is asked about anew.
    bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Loading(true)));
    held_back(&mut bench, OFFER);
    bench.world.log.clear();
    bench.command(answer(yes.clone()));
    bench.command(answer(yes));
    assert_eq!(bench.browser.tabs.len(), 2);
    let opened = bench.browser.tab(bench.browser.active.unwrap()).unwrap();
    assert_eq!(opened.url(), OFFER);
    let permits = |it: &Action| matches!(it, Action::Permit(..));
    assert!(!bench.world.log.iter().any(permits));
}

#[test]
fn the_engine_of_proxied_pages_is_told_what_is_decided_before_and_when_it_changes() {
    let me = || ProfileName("default".into());
    let told = |bench: &mut Bench| {
        let log = std::mem::take(&mut bench.world.log).into_iter();
        log.filter_map(|action| match action {
            Action::Decided(profile, decided) => Some((profile, decided)),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    let mut sites = crate::site::Sites::default();
    let kept = sites.decide(&me(), "http://localhost", Wish::Location, Some(true));
    let saved = Saved {
        sites: vec![kept],
        ..Saved::default()
    };
    let mut bench = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    assert_eq!(told(&mut bench), [(me(), vec![decided(Some(true))])]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    assert_eq!(told(&mut bench), []);
    bench.command(Command::Decide(tab, Wish::Location, Some(false)));
    assert_eq!(told(&mut bench), [(me(), vec![decided(Some(false))])]);
    bench.command(Command::Decide(tab, Wish::Location, None));
    assert_eq!(told(&mut bench), [(me(), vec![])]);
}

#[test]
fn whether_a_site_opens_pages_by_itself_can_be_decided_for_good() {
    const OFFER: &str = "http://b.test/offer";
    for allowed in [true, false] {
        let mut bench = Bench::new(vec![]);
        let tab = bench.first();
        bench.command(Command::Navigate(tab, "http://localhost/".into()));
        let held_back = |bench: &mut Bench| {
            let url = OFFER.to_owned();
            let news = PageNews::WindowHeldBack { url };
            bench.tell(Event::Page(tab, Mode::Proxy, news));
            bench.browser.tab(tab).unwrap().page.asks.len()
        };
        assert_eq!(held_back(&mut bench), 1);
        let always = true;
        let answer = if allowed {
            Answer::Yes { always }
        } else {
            Answer::No { always }
        };
        bench.command(Command::Answer(tab, AskId::WINDOW, answer));
        assert_eq!(bench.browser.tabs.len(), 1 + usize::from(allowed));
        let wish = Wish::Windows;
        let now = Some(allowed);
        let told = Action::Decided(
            ProfileName("default".into()),
            vec![SitePermission {
                origin: "http://localhost".to_owned(),
                wish,
                allowed: now,
            }],
        );
        assert!(bench.world.log.contains(&told));
        // Of another page of the site as well, without asking.
        bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Loading(true)));
        assert_eq!(held_back(&mut bench), 0);
        assert_eq!(bench.browser.tabs.len(), 1 + 2 * usize::from(allowed));
    }
}

#[test]
fn what_a_page_notified_of_leads_to_its_tab_and_the_window_comes_to_the_front() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::OpenTab {
        input: None,
        mode: None,
        background: false,
    });
    assert_ne!(bench.browser.active, Some(tab));
    bench.command(Command::ShowSettings(true));
    bench.world.log.clear();
    bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Called));
    assert_eq!(bench.browser.active, Some(tab));
    assert!(!bench.browser.settings_shown);
    let presents = Action::PresentWindow(None);
    assert!(bench.world.log.contains(&presents));
}
