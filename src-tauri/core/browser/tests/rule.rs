//! The mode that a site opens in.

use super::*;

const HERE: &str = "http://localhost/a";
const THERE: &str = "http://127.0.0.1/b";

/// A tab at a site that is to open in a mode, left for another site.
fn ruled(mode: Mode) -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, HERE.into()));
    bench.command(Command::SetSiteMode(tab, Some(mode)));
    bench.settle();
    (bench, tab)
}

fn shown(bench: &Bench, tab: TabId) -> (Mode, String) {
    let tab = bench.browser.tab(tab).unwrap();
    (tab.mode, tab.url().to_owned())
}

#[test]
fn a_site_opens_in_its_mode_wherever_the_person_goes_to_it() {
    let (mut bench, tab) = ruled(Mode::Streamed);
    assert_eq!(shown(&bench, tab).0, Mode::Proxy, "the tab stays as it is");
    bench.command(Command::OpenTab {
        input: Some(HERE.into()),
        mode: None,
        background: false,
    });
    let opened = bench.browser.active.unwrap();
    assert_eq!(shown(&bench, opened), (Mode::Streamed, HERE.into()));
    bench.command(Command::Navigate(tab, THERE.into()));
    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE]);
    bench.command(Command::Navigate(tab, HERE.into()));
    assert_eq!(shown(&bench, tab), (Mode::Streamed, HERE.into()));
    let wanted = PageNews::TabWanted {
        url: HERE.into(),
        mode: None,
    };
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    let tabs = bench.browser.tabs.len();
    bench.tell(Event::Page(tab, Mode::Proxy, wanted));
    let new = bench
        .browser
        .tabs
        .iter()
        .filter(|t| t.mode == Mode::Streamed);
    assert_eq!((new.count(), bench.browser.tabs.len()), (2, tabs + 1));
}

#[test]
fn a_page_that_leads_to_a_site_leads_to_it_in_the_site_s_mode() {
    let (mut bench, tab) = ruled(Mode::Streamed);
    bench.command(Command::Navigate(tab, THERE.into()));
    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE]);
    assert_eq!(shown(&bench, tab), (Mode::Proxy, THERE.into()));
    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE, HERE]);
    assert_eq!(shown(&bench, tab), (Mode::Streamed, HERE.into()));
    bench.settle();
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    says(&mut bench, tab, Mode::Proxy, &[HERE]);
    let (mode, _) = shown(&bench, tab);
    assert_eq!(mode, Mode::Proxy, "the toggle was the later decision");

    let (mut bench, tab) = ruled(Mode::Proxy);
    bench.command(Command::Navigate(tab, THERE.into()));
    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE]);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    says(&mut bench, tab, Mode::Streamed, &[THERE, HERE]);
    assert_eq!(shown(&bench, tab), (Mode::Proxy, HERE.into()));
}

#[test]
fn what_is_dropped_on_the_bars_opens_as_a_link_of_a_page_would() {
    let (mut bench, tab) = ruled(Mode::Streamed);
    bench.world.log.clear();
    bench.command(Command::OpenDropped(tab, HERE.into()));
    let opened = bench.browser.active.unwrap();
    assert_eq!(shown(&bench, opened), (Mode::Streamed, HERE.into()));
    assert_eq!(
        bench.browser.position(opened),
        bench.browser.position(tab).map(|at| at + 1)
    );
    bench.command(Command::OpenDropped(tab, "http://192.168.0.1/".into()));
    let permits = |action: &Action| matches!(action, Action::Permit(..));
    assert!(
        !bench.world.log.iter().any(permits),
        "a page may have put it there"
    );
    let tabs = bench.browser.tabs.len();
    for other in ["file:///etc/passwd", "javascript:1", "words", ""] {
        let refused = bench.command(Command::OpenDropped(tab, other.into()));
        let input = other.to_owned();
        assert_eq!(
            bench.world.replies[&refused],
            Err(Problem::BadAddress { input })
        );
    }
    assert_eq!(bench.browser.tabs.len(), tabs);
}

#[test]
fn within_its_site_a_tab_keeps_the_mode_that_it_was_given() {
    let (mut bench, tab) = ruled(Mode::Streamed);
    bench.command(Command::Navigate(tab, format!("{HERE}/more")));
    assert_eq!(shown(&bench, tab).0, Mode::Proxy);
}

#[test]
fn a_streamed_tab_goes_back_to_proxy_mode_for_a_site_that_opens_in_it() {
    let (mut bench, tab) = ruled(Mode::Proxy);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    bench.command(Command::Navigate(tab, THERE.into()));
    says(&mut bench, tab, Mode::Streamed, &[HERE, THERE]);
    bench.command(Command::Navigate(tab, HERE.into()));
    assert_eq!(shown(&bench, tab), (Mode::Proxy, HERE.into()));
    assert!(bench.browser.tab(tab).unwrap().history.can_go_back());
}

#[test]
fn an_address_that_was_given_while_a_stream_came_is_not_lost_with_it() {
    let (mut bench, tab) = ruled(Mode::Streamed);
    says(&mut bench, tab, Mode::Proxy, &[HERE]);
    bench.command(Command::Navigate(tab, THERE.into()));
    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE]);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.command(Command::Navigate(tab, format!("{THERE}/more")));
    bench.command(Command::CancelStream(tab));
    let gone = Action::Proxied(tab, PageAction::Navigate(format!("{THERE}/more")));
    assert!(bench.world.log.contains(&gone), "{:?}", bench.world.log);
}

fn says(bench: &mut Bench, tab: TabId, mode: Mode, urls: &[&str]) {
    let entries: Vec<_> = urls
        .iter()
        .map(|url| crate::event::HistoryEntry {
            url: (*url).to_owned(),
            title: String::new(),
        })
        .collect();
    let index = entries.len() - 1;
    let news = PageNews::History { entries, index };
    bench.tell(Event::Page(tab, mode, news));
}

/// What the tabs' pages were last zoomed to, and what the tabs say.
fn zooms(bench: &Bench) -> Vec<u16> {
    bench.browser.tabs.iter().map(|tab| tab.zoom).collect()
}

#[test]
fn a_zoom_belongs_to_its_site_in_all_tabs_and_both_modes_and_is_remembered() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, HERE.into()));
    says(&mut bench, tab, Mode::Proxy, &[HERE]);
    for url in [HERE, THERE] {
        bench.command(Command::OpenTab {
            input: Some(url.into()),
            mode: None,
            background: true,
        });
    }
    bench.command(Command::SetZoom(tab, 150));
    assert_eq!(zooms(&bench), [150, 150, 100]);
    let saved =
        |action: &Action| matches!(action, Action::SaveSite(site) if site.zoom == Some(150));
    assert!(bench.world.log.iter().any(saved));

    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE]);
    assert_eq!(zooms(&bench)[0], 100, "another site");
    says(&mut bench, tab, Mode::Proxy, &[HERE, THERE, HERE]);
    assert_eq!(zooms(&bench)[0], 150);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    let opened = bench.world.log.iter().any(|action| {
        matches!(
            action,
            Action::Streamed(_, _, PageAction::Open { zoom: 150, .. })
        )
    });
    assert!(opened);
    bench.command(Command::SetZoom(tab, 100));
    assert_eq!(zooms(&bench), [100, 100, 100]);
    let forgotten = |action: &Action| matches!(action, Action::SaveSite(site) if site.is_empty());
    assert!(bench.world.log.iter().any(forgotten));
}
