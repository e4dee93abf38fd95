//! The cookies that go along when a tab changes its mode.

use super::*;
use crate::ask::Unspoken;
use crate::cookie::{Cookie, Jar, Order};

const PAGE: &str = "http://localhost/a";

fn jar(names: &[&str]) -> Jar {
    let cookie = |name: &&str| Cookie {
        name: (*name).to_owned(),
        value: Unspoken("secret".to_owned()),
        host: "localhost".to_owned(),
        below: false,
        path: "/".to_owned(),
        expires: None,
        secure: false,
        http_only: true,
        same_site: None,
    };
    names.iter().map(cookie).collect()
}

/// A proxied page; the person agrees to take its cookies along, or does not.
fn bench(agreed: bool) -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, PAGE.into()));
    bench.command(Command::SetSiteCookies(tab, agreed));
    (bench, tab)
}

fn toggle(bench: &mut Bench, tab: TabId, mode: Mode) {
    bench.command(Command::SetMode(tab, mode, None));
}

fn says(bench: &mut Bench, tab: TabId, mode: Mode, news: PageNews) {
    bench.tell(Event::Page(tab, mode, news));
}

/// The orders about cookies, and the pages that were opened, in order.
fn orders(bench: &Bench) -> Vec<String> {
    let order = |action: &Action| match action {
        Action::Cookies(_, _, order) => Some(format!("proxy {}", short(order))),
        Action::Streamed(_, _, PageAction::Cookies(order)) => {
            Some(format!("streamed {}", short(order)))
        }
        Action::Proxied(_, PageAction::Open { .. }) => Some("proxy opens".to_owned()),
        Action::Streamed(_, _, PageAction::Open { .. }) => Some("streamed opens".to_owned()),
        Action::Streamed(_, _, PageAction::Close) => Some("streamed closes".to_owned()),
        _ => None,
    };
    bench.world.log.iter().filter_map(order).collect()
}

fn short(order: &Order) -> String {
    match order {
        Order::Take(_) => "take".to_owned(),
        Order::Give(jar) => {
            let name = |cookie: &Cookie| match cookie.expires {
                Some(1) => format!("-{}", cookie.name),
                _ => cookie.name.clone(),
            };
            let names: Vec<_> = jar.cookies().iter().map(name).collect();
            format!("give {}", names.join(" "))
        }
    }
}

#[test]
fn cookies_are_there_before_the_page_is_opened_in_both_directions() {
    let (mut bench, tab) = bench(true);
    toggle(&mut bench, tab, Mode::Streamed);
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Cookies(jar(&["login", "lang"])),
    );
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    toggle(&mut bench, tab, Mode::Proxy);
    assert!(bench.world.webviews.is_empty());
    says(
        &mut bench,
        tab,
        Mode::Streamed,
        PageNews::Cookies(jar(&["lang", "seen"])),
    );
    assert!(bench.world.webviews.is_empty());
    says(&mut bench, tab, Mode::Proxy, PageNews::CookiesGiven);
    let all = [
        "proxy opens",
        "proxy take",
        "streamed give login lang",
        "streamed opens",
        "streamed take",
        "streamed closes",
        "proxy give lang seen -login",
        "proxy opens",
    ];
    assert_eq!(orders(&bench), all);
}

#[test]
fn nothing_is_taken_where_nobody_agreed() {
    let (mut bench, tab) = bench(false);
    toggle(&mut bench, tab, Mode::Streamed);
    bench.settle();
    toggle(&mut bench, tab, Mode::Proxy);
    let all = [
        "proxy opens",
        "streamed opens",
        "streamed closes",
        "proxy opens",
    ];
    assert_eq!(orders(&bench), all);
    says(
        &mut bench,
        tab,
        Mode::Streamed,
        PageNews::Cookies(jar(&["login"])),
    );
    assert_eq!(orders(&bench), all, "nobody has asked for it");
}

#[test]
fn an_engine_that_does_not_answer_holds_up_no_page_for_long() {
    let (mut bench, tab) = bench(true);
    toggle(&mut bench, tab, Mode::Streamed);
    bench.settle();
    assert_eq!(orders(&bench), ["proxy opens", "proxy take"]);
    assert_ne!(bench.stage(tab), Some(Stage::Live), "its page is not there");
    let limit = bench.browser.deadline().unwrap();
    bench.now = limit;
    bench.tell(Event::Deadline);
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Cookies(jar(&["late"])),
    );

    toggle(&mut bench, tab, Mode::Proxy);
    says(
        &mut bench,
        tab,
        Mode::Streamed,
        PageNews::Cookies(jar(&["login"])),
    );
    assert!(bench.world.webviews.is_empty());
    bench.now.0 += 3000;
    bench.tell(Event::Deadline);
    assert_eq!(bench.world.webviews.len(), 1);
    says(&mut bench, tab, Mode::Proxy, PageNews::CookiesGiven);
    let all = [
        "proxy opens",
        "proxy take",
        "streamed opens",
        "streamed take",
        "streamed closes",
        "proxy give login",
        "proxy opens",
    ];
    assert_eq!(orders(&bench), all);
}

#[test]
fn an_address_of_another_site_that_was_given_meanwhile_gets_none() {
    let (mut bench, tab) = bench(true);
    toggle(&mut bench, tab, Mode::Streamed);
    bench.settle();
    bench.command(Command::Navigate(tab, "http://127.0.0.1/b".into()));
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Cookies(jar(&["login"])),
    );
    assert_eq!(
        orders(&bench),
        ["proxy opens", "proxy take", "streamed opens"]
    );
    let opened = bench.world.log.iter().any(|action| {
        matches!(action, Action::Streamed(_, _, PageAction::Open { url, .. })
            if url == "http://127.0.0.1/b")
    });
    assert!(opened, "{:?}", bench.world.log);
}

#[test]
fn a_toggle_that_is_taken_back_waits_for_nothing() {
    let (mut bench, tab) = bench(true);
    toggle(&mut bench, tab, Mode::Streamed);
    toggle(&mut bench, tab, Mode::Proxy);
    assert_eq!(bench.world.webviews.len(), 1, "the webview that waited");
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Cookies(jar(&["login"])),
    );
    bench.settle();
    assert_eq!(orders(&bench), ["proxy opens", "proxy take"]);
}

#[test]
fn a_stream_in_trouble_is_left_at_once() {
    let (mut bench, tab) = bench(true);
    toggle(&mut bench, tab, Mode::Streamed);
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Cookies(Jar::default()),
    );
    bench.settle();
    let session = bench.browser.tab(tab).and_then(Tab::session).unwrap();
    bench.tell(Event::StreamLost(session, crate::message::Leg::Media));
    toggle(&mut bench, tab, Mode::Proxy);
    assert_eq!(bench.world.webviews.len(), 1);
}
