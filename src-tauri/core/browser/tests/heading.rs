//! Where the person has sent a page, while it is not there.

use super::world::{Bench, host};
use crate::action::Action;
use crate::event::{Command, Event, HistoryEntry, PageNews};
use crate::message::{Mode, TabId};
use crate::proxy::PageFault;

const HERE: &str = "http://a.test/";
const THERE: &str = "http://b.test/slow";

/// A page that was sent elsewhere.
fn sent() -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, HERE.into()));
    arrives(&mut bench, tab, &[HERE]);
    bench.command(Command::Navigate(tab, THERE.into()));
    says(&mut bench, tab, PageNews::Loading(true));
    (bench, tab)
}

fn says(bench: &mut Bench, tab: TabId, news: PageNews) {
    bench.tell(Event::Page(tab, Mode::Proxy, news));
}

fn reports(bench: &mut Bench, tab: TabId, urls: &[&str]) {
    let entry = |url: &&str| HistoryEntry {
        url: (*url).to_owned(),
        title: String::new(),
    };
    let entries: Vec<_> = urls.iter().map(entry).collect();
    let index = entries.len() - 1;
    says(bench, tab, PageNews::History { entries, index });
}

fn arrives(bench: &mut Bench, tab: TabId, urls: &[&str]) {
    says(bench, tab, PageNews::Committed);
    reports(bench, tab, urls);
    says(bench, tab, PageNews::Loading(false));
}

/// Where the page is, and where it is sent.
fn shown(bench: &Bench, tab: TabId) -> (String, Option<String>) {
    let state = bench.world.painted.clone().expect("a state");
    let view = state.tabs.into_iter().find(|it| it.id == tab).unwrap();
    (view.address, view.heading_for)
}

fn here() -> String {
    HERE.to_owned()
}

#[test]
fn an_address_is_shown_from_the_moment_it_was_asked_for() {
    let (mut bench, tab) = sent();
    let on_its_way = (here(), Some(THERE.to_owned()));
    assert_eq!(shown(&bench, tab), on_its_way);
    reports(&mut bench, tab, &[HERE]);
    assert_eq!(shown(&bench, tab), on_its_way, "the page is where it was");
    arrives(&mut bench, tab, &[HERE, THERE]);
    assert_eq!(shown(&bench, tab), (THERE.to_owned(), None));
}

#[test]
fn a_page_that_is_led_elsewhere_has_the_address_where_it_is() {
    let (mut bench, tab) = sent();
    says(&mut bench, tab, PageNews::Committed);
    let elsewhere = "http://c.test/";
    reports(&mut bench, tab, &[HERE, elsewhere]);
    assert_eq!(shown(&bench, tab), (elsewhere.to_owned(), None));
    assert!(
        bench.browser.tab(tab).unwrap().loading,
        "as long as it likes"
    );
}

#[test]
fn a_page_that_is_lost_on_its_way_behind_others_wakes_where_it_was_sent() {
    let (mut bench, tab) = sent();
    bench.command(Command::OpenTab {
        input: None,
        mode: None,
        background: false,
    });
    says(&mut bench, tab, PageNews::Crashed);
    assert_eq!(shown(&bench, tab), (THERE.to_owned(), None));
}

#[test]
fn a_page_that_failed_is_tried_again_under_the_same_address() {
    let (mut bench, tab) = sent();
    let fault = Some(PageFault::Empty { status: None });
    let (url, detail) = (THERE.to_owned(), String::new());
    says(&mut bench, tab, PageNews::Failed { url, fault, detail });
    bench.command(Command::Reload(tab));
    assert_eq!(shown(&bench, tab), (here(), Some(THERE.to_owned())));
}

#[test]
fn a_page_that_does_not_get_there_is_where_it_was() {
    let (mut bench, tab) = sent();
    says(&mut bench, tab, PageNews::Loading(false));
    assert_eq!(shown(&bench, tab), (here(), None));
}

#[test]
fn a_place_within_the_page_is_reached_without_a_load() {
    let (mut bench, tab) = sent();
    arrives(&mut bench, tab, &[HERE]);
    let part = format!("{HERE}#part");
    bench.command(Command::Navigate(tab, part.clone()));
    reports(&mut bench, tab, &[HERE, &part]);
    assert_eq!(shown(&bench, tab), (part, None));
}

#[test]
fn a_page_that_fails_on_its_way_has_the_address_that_it_failed_at() {
    let (mut bench, tab) = sent();
    let fault = Some(PageFault::Empty { status: None });
    let (url, detail) = (THERE.to_owned(), String::new());
    says(&mut bench, tab, PageNews::Failed { url, fault, detail });
    assert_eq!(shown(&bench, tab), (THERE.to_owned(), None));
}

#[test]
fn the_other_mode_goes_where_the_page_was_sent() {
    let (mut bench, tab) = sent();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    assert_eq!(shown(&bench, tab), (THERE.to_owned(), None));
    bench.settle();
    bench.command(Command::Navigate(tab, HERE.into()));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(shown(&bench, tab), (here(), None));
}

#[test]
fn a_password_in_an_address_is_not_shown_on_its_way() {
    let (mut bench, tab) = sent();
    bench.command(Command::Navigate(tab, "http://ann:secret@c.test/".into()));
    let (_, heading_for) = shown(&bench, tab);
    assert_eq!(heading_for.as_deref(), Some("http://c.test/"));
}

#[test]
fn an_app_that_ends_on_the_way_begins_where_the_page_was_sent() {
    let saved = |bench: &Bench| {
        let log = bench.world.log.iter().rev();
        let mut tabs = log.filter_map(|action| match action {
            Action::SaveTab(record) => Some(record.clone()),
            _ => None,
        });
        let record = tabs.next().unwrap();
        record.history[record.index].url.clone()
    };
    let (mut bench, tab) = sent();
    assert_eq!(saved(&bench), THERE);
    // Where the page comes to nothing, it is where it was.
    says(&mut bench, tab, PageNews::Loading(false));
    assert_eq!(saved(&bench), HERE);
}
