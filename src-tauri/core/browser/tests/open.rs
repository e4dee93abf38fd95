//! Tabs that are made from others.

use super::*;
use crate::event::HistoryEntry;
use crate::profile::{Colour, ProfileCommand};

#[test]
fn a_tab_is_opened_once_more_beside_itself_with_its_history_profile_and_zoom() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.command(Command::Profile(ProfileCommand::Create {
        title: "Work".into(),
        colour: Colour::Green,
    }));
    let profile = ProfileName("p1".into());
    bench.command(Command::OpenTabOf(profile.clone()));
    let tab = bench.browser.active.unwrap();
    bench.command(Command::Navigate(tab, "http://a.test/1".into()));
    bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Opened));
    let entry = |url: &str| HistoryEntry {
        url: url.into(),
        title: "t".into(),
    };
    let news = PageNews::History {
        entries: vec![entry("http://a.test/1"), entry("http://a.test/2")],
        index: 1,
    };
    bench.tell(Event::Page(tab, Mode::Proxy, news));
    bench.command(Command::SetZoom(tab, 150));
    bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Muted(true)));
    bench.command(Command::OpenTab {
        input: None,
        mode: None,
        background: false,
    });
    assert_ne!(bench.browser.active, Some(tab));
    bench.command(Command::ShowSettings(true));

    let request = bench.command(Command::DuplicateTab(tab));
    assert_eq!(bench.reply(request), Some(Ok(())));
    let at = bench.browser.position(tab).unwrap() + 1;
    let twin = &bench.browser.tabs[at];
    assert_eq!(bench.browser.active, Some(twin.id));
    assert!(!bench.browser.settings_shown);
    assert_eq!(
        (&twin.profile, twin.zoom, twin.muted),
        (&profile, 150, true)
    );
    assert_eq!(twin.url(), "http://a.test/2");
    let original = bench.browser.tab(tab).unwrap();
    assert_eq!(twin.history.entries(), original.history.entries());
}

#[test]
fn an_empty_tab_has_an_empty_twin_and_one_that_is_gone_has_none() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let empty = bench.first();
    bench.command(Command::DuplicateTab(empty));
    let twin = bench.browser.active.and_then(|id| bench.browser.tab(id));
    assert!(twin.is_some_and(|twin| twin.id != empty && twin.url().is_empty()));
    bench.command(Command::CloseTab(empty));
    let request = bench.command(Command::DuplicateTab(empty));
    assert!(matches!(bench.reply(request), Some(Err(_))));
}

const ROUTER: &str = "http://192.168.1.1/";

fn permits(bench: &Bench) -> bool {
    let permits = |it: &Action| matches!(it, Action::Permit(_, url) if url == ROUTER);
    bench.world.log.iter().any(permits)
}

fn failure() -> PageNews {
    PageNews::Failed {
        url: ROUTER.into(),
        fault: None,
        detail: String::new(),
    }
}

fn history(urls: &[&str]) -> PageNews {
    let entries = urls.iter().map(|url| HistoryEntry {
        url: (*url).into(),
        title: String::new(),
    });
    PageNews::History {
        entries: entries.collect(),
        index: urls.len() - 1,
    }
}

const PAGE: &str = "http://a.test/";

/// A proxied tab whose page has led to the router, which was refused.
fn refused() -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, PAGE.into()));
    bench.tell(Event::Page(tab, Mode::Proxy, history(&[PAGE])));
    bench.tell(Event::Page(tab, Mode::Proxy, failure()));
    assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(ROUTER));
    (bench, tab)
}

#[test]
fn the_twin_of_a_page_that_was_refused_is_refused_as_well() {
    let (mut bench, tab) = refused();
    bench.command(Command::DuplicateTab(tab));
    let twin = bench.browser.active.and_then(|id| bench.browser.tab(id));
    assert!(twin.is_some_and(|twin| twin.id != tab && twin.url() == ROUTER && twin.is_unasked()));
    assert!(!permits(&bench));

    bench.command(Command::Navigate(tab, ROUTER.into()));
    bench.tell(Event::Page(tab, Mode::Proxy, failure()));
    bench.command(Command::DuplicateTab(tab));
    let twin = bench.browser.active.and_then(|id| bench.browser.tab(id));
    assert!(twin.is_some_and(|twin| twin.url() == ROUTER && !twin.is_unasked()));
}

#[test]
fn what_was_refused_is_not_asked_for_by_another_mode_or_another_try() {
    for tries in 0..2 {
        let (mut bench, tab) = refused();
        for _ in 0..tries {
            bench.command(Command::Reload(tab));
            bench.tell(Event::Page(tab, Mode::Proxy, failure()));
        }
        // Back before the stream has shown anything there.
        for mode in [Mode::Streamed, Mode::Proxy, Mode::Streamed, Mode::Proxy] {
            bench.command(Command::SetMode(tab, mode, None));
            if mode == Mode::Proxy {
                bench.tell(Event::Page(tab, mode, failure()));
            }
        }
        assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(ROUTER));
        assert!(!permits(&bench), "after {tries} more tries");
        bench.command(Command::Navigate(tab, ROUTER.into()));
        assert!(permits(&bench));
    }
}

#[test]
fn a_page_that_was_there_stays_asked_for_where_it_led_to_what_was_refused() {
    let (mut bench, tab) = refused();
    bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Painted));
    assert!(!bench.browser.tab(tab).unwrap().record(0, true).unasked);
    bench.command(Command::GoBack(tab));
    let there = bench.browser.tab(tab).unwrap();
    assert_eq!((there.url(), there.is_unasked()), (PAGE, false));
}

#[test]
fn the_way_back_and_forward_to_what_was_refused_asks_for_nothing() {
    let (mut bench, tab) = refused();
    bench.command(Command::DuplicateTab(tab));
    let twin = bench.browser.active.unwrap();
    bench.tell(Event::Page(twin, Mode::Proxy, PageNews::Opened));
    bench.tell(Event::Page(twin, Mode::Proxy, failure()));
    let at = |bench: &Bench| bench.browser.tab(twin).unwrap().record(0, true).index;
    let there = at(&bench);
    bench.command(Command::GoBack(twin));
    assert_eq!(at(&bench), there - 1);
    bench.tell(Event::Page(twin, Mode::Proxy, PageNews::Loading(true)));
    bench.tell(Event::Page(twin, Mode::Proxy, PageNews::Committed));
    bench.tell(Event::Page(twin, Mode::Proxy, PageNews::Loading(false)));
    for _ in 0..2 {
        bench.command(Command::GoForward(twin));
        assert_eq!(at(&bench), there);
        // WebKit tells of a load that begins by the list that it has.
        for news in [
            PageNews::Loading(true),
            history(&[PAGE]),
            failure(),
            PageNews::Loading(false),
        ] {
            bench.tell(Event::Page(twin, Mode::Proxy, news));
        }
        assert!(!permits(&bench));
        assert_eq!(at(&bench), there - 1);
    }
    let closed = bench.browser.tab(twin).unwrap().record(0, true);
    assert_eq!((closed.history.len(), closed.index), (there, there - 1));
    bench.command(Command::GoForward(twin));
    bench.command(Command::GoTo(twin, there - 1));
    for mode in [Mode::Streamed, Mode::Proxy] {
        bench.command(Command::SetMode(twin, mode, None));
    }
    bench.command(Command::GoTo(twin, there));
    assert!(!permits(&bench));
    bench.command(Command::Navigate(twin, ROUTER.into()));
    assert!(permits(&bench));
}

#[test]
fn what_was_typed_is_asked_for_though_its_failure_comes_late() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, PAGE.into()));
    bench.tell(Event::Page(tab, Mode::Proxy, history(&[PAGE])));
    bench.command(Command::Navigate(tab, ROUTER.into()));
    for loading in [true, false] {
        bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Loading(loading)));
    }
    bench.tell(Event::Page(tab, Mode::Proxy, failure()));
    bench.command(Command::DuplicateTab(tab));
    let twin = bench.browser.active.and_then(|id| bench.browser.tab(id));
    assert!(twin.is_some_and(|twin| twin.url() == ROUTER && !twin.is_unasked()));
}

#[test]
fn what_waits_behind_a_stream_keeps_what_is_known_of_its_own_address() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let opener = bench.first();
    bench.command(Command::Navigate(opener, PAGE.into()));
    let news = PageNews::TabWanted {
        url: ROUTER.into(),
        mode: None,
    };
    bench.tell(Event::Page(opener, Mode::Proxy, news));
    let tab = bench.browser.tabs[1].id;
    bench.command(Command::SelectTab(tab));
    bench.tell(Event::Page(tab, Mode::Proxy, failure()));
    bench.command(Command::Navigate(tab, "http://b.test/".into()));
    for mode in [Mode::Streamed, Mode::Proxy] {
        bench.command(Command::SetMode(tab, mode, None));
    }
    for loading in [true, false] {
        bench.tell(Event::Page(tab, Mode::Proxy, PageNews::Loading(loading)));
    }
    assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(ROUTER));
    for mode in [Mode::Streamed, Mode::Proxy] {
        bench.command(Command::SetMode(tab, mode, None));
    }
    assert!(!permits(&bench));
}

#[test]
fn an_address_that_was_typed_over_what_a_page_opened_is_saved_as_asked_for() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let opener = bench.first();
    bench.command(Command::Navigate(opener, PAGE.into()));
    let news = PageNews::TabWanted {
        url: PAGE.into(),
        mode: None,
    };
    bench.tell(Event::Page(opener, Mode::Proxy, news));
    let tab = bench.browser.tabs[1].id;
    bench.command(Command::SelectTab(tab));
    let noted = |bench: &Bench| bench.browser.tab(tab).unwrap().record(1, true);
    assert!(noted(&bench).unasked);
    bench.command(Command::Navigate(tab, ROUTER.into()));
    let last = noted(&bench).history.pop().unwrap();
    assert_eq!((last.url.as_str(), noted(&bench).unasked), (ROUTER, false));
}

#[test]
fn an_error_where_a_streamed_page_led_is_nothing_that_was_asked_for() {
    // What the engine tells of an error comes in either order.
    for late in [false, true] {
        let mut bench = Bench::new(vec![host(16_000)]);
        let tab = bench.first();
        bench.command(Command::SetMode(tab, Mode::Streamed, None));
        bench.command(Command::Navigate(tab, PAGE.into()));
        bench.settle();
        let tell = |bench: &mut Bench, news| bench.tell(Event::Page(tab, Mode::Streamed, news));
        let shows_error = |bench: &mut Bench, urls: &[&str]| {
            tell(bench, PageNews::Committed);
            tell(bench, PageNews::ShowsError);
            let mut news = vec![failure(), history(urls)];
            if late {
                news.reverse();
            }
            for news in news {
                tell(bench, news);
            }
        };
        tell(&mut bench, PageNews::Committed);
        tell(&mut bench, history(&[PAGE]));
        shows_error(&mut bench, &[PAGE, ROUTER]);
        assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(ROUTER));
        bench.command(Command::SetMode(tab, Mode::Proxy, None));
        bench.settle();
        assert!(!permits(&bench), "a page led there");

        bench.command(Command::SetMode(tab, Mode::Streamed, None));
        bench.settle();
        bench.command(Command::Navigate(tab, ROUTER.into()));
        assert!(permits(&bench), "the person has sent it there");
        shows_error(&mut bench, &[ROUTER]);
        assert!(bench.browser.tab(tab).is_some_and(|tab| !tab.is_unasked()));
    }
}
