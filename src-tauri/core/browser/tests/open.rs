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
    bench.command(Command::SetMuted(tab, true));
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

#[test]
fn the_twin_of_a_page_that_was_refused_is_refused_as_well() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://a.test/".into()));
    let refused = PageNews::Failed {
        url: ROUTER.into(),
        fault: None,
        detail: String::new(),
    };
    bench.tell(Event::Page(tab, Mode::Proxy, refused));
    bench.command(Command::DuplicateTab(tab));
    let twin = bench.browser.active.and_then(|id| bench.browser.tab(id));
    assert!(twin.is_some_and(|twin| twin.id != tab && twin.url() == ROUTER && twin.unasked));
    assert!(!permits(&bench));
}

#[test]
fn an_error_where_a_streamed_page_led_is_nothing_that_was_asked_for() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.command(Command::Navigate(tab, "http://a.test/".into()));
    bench.settle();
    let shows = |bench: &mut Bench, urls: &[&str], error: bool| {
        let entries = urls.iter().map(|url| HistoryEntry {
            url: (*url).into(),
            title: String::new(),
        });
        let history = PageNews::History {
            entries: entries.collect(),
            index: urls.len() - 1,
        };
        bench.tell(Event::Page(tab, Mode::Streamed, PageNews::Committed));
        if error {
            bench.tell(Event::Page(tab, Mode::Streamed, PageNews::ShowsError));
        }
        bench.tell(Event::Page(tab, Mode::Streamed, history));
    };
    shows(&mut bench, &["http://a.test/"], false);
    shows(&mut bench, &["http://a.test/", ROUTER], true);
    assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(ROUTER));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    bench.settle();
    assert!(!permits(&bench), "a page led there");

    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    bench.command(Command::Navigate(tab, ROUTER.into()));
    assert!(permits(&bench), "the person has sent it there");
    shows(&mut bench, &[ROUTER], true);
    assert!(bench.browser.tab(tab).is_some_and(|tab| !tab.unasked));
}
