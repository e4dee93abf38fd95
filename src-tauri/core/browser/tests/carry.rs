//! What a page takes along into the other mode.

use super::*;
use crate::carry::{Carry, Order, Value};

const PAGE: &str = "http://localhost/a";

fn carry(url: &str) -> Carry {
    Carry {
        url: url.to_owned(),
        x: 0,
        y: 700,
        fields: vec![("#a".to_owned(), Value::Text("mine".to_owned()))],
        typed: true,
        ..Carry::default()
    }
}

/// What was ordered of pages so far.
fn orders(bench: &Bench) -> Vec<Order> {
    let order = |action: &Action| match action {
        Action::Proxied(_, PageAction::Carry(order))
        | Action::Streamed(_, _, PageAction::Carry(order)) => Some(order.clone()),
        _ => None,
    };
    bench.world.log.iter().filter_map(order).collect()
}

/// A proxied page that was toggled; the person agrees about text, or does not.
fn toggled(agreed: bool) -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, PAGE.into()));
    bench.command(Command::SetSiteCarry(tab, agreed));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    (bench, tab)
}

fn says(bench: &mut Bench, tab: TabId, mode: Mode, news: PageNews) {
    bench.tell(Event::Page(tab, mode, news));
}

#[test]
fn a_page_has_what_its_former_self_had_once_it_has_loaded_and_taken_it() {
    let (mut bench, tab) = toggled(true);
    assert_eq!(
        orders(&bench),
        [Order::Collect {
            text: true,
            storage: false
        }]
    );
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Collected(carry(PAGE)),
    );
    bench.settle();
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    let give = Order::Give(carry(PAGE));
    assert_eq!(
        orders(&bench).last(),
        Some(&give),
        "an empty page took none"
    );
    says(&mut bench, tab, Mode::Streamed, PageNews::Taken);
    let before = orders(&bench).len();
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    assert_eq!(orders(&bench).len(), before, "a reload is a fresh page");
}

#[test]
fn what_was_typed_stays_where_it_is_unless_the_person_agrees() {
    let (mut bench, tab) = toggled(false);
    assert_eq!(
        orders(&bench),
        [Order::Collect {
            text: false,
            storage: false
        }]
    );
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Collected(carry(PAGE)),
    );
    bench.settle();
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    let place = carry(PAGE).place_only();
    assert_eq!(orders(&bench).last(), Some(&Order::Give(place)));
}

#[test]
fn a_toggle_does_not_wait_for_a_page_and_takes_a_late_answer() {
    let (mut bench, tab) = toggled(true);
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    assert_eq!(orders(&bench).len(), 1);
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Collected(carry(PAGE)),
    );
    assert_eq!(orders(&bench).last(), Some(&Order::Give(carry(PAGE))));
}

#[test]
fn the_way_back_collects_before_the_page_is_closed() {
    let (mut bench, tab) = toggled(true);
    bench.settle();
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    let of_the_page = bench.world.log.iter().filter_map(|action| match action {
        Action::Streamed(_, _, page) => Some(page.clone()),
        _ => None,
    });
    let of_the_page: Vec<_> = of_the_page.collect();
    let collect = PageAction::Carry(Order::Collect {
        text: true,
        storage: false,
    });
    assert!(of_the_page.ends_with(&[collect, PageAction::Close]));
    says(
        &mut bench,
        tab,
        Mode::Streamed,
        PageNews::Collected(carry(PAGE)),
    );
    says(&mut bench, tab, Mode::Proxy, PageNews::Loading(false));
    assert_eq!(orders(&bench).last(), Some(&Order::Give(carry(PAGE))));
}

#[test]
fn no_other_page_is_given_what_was_typed() {
    let (mut bench, tab) = toggled(true);
    let other = carry("http://localhost/b");
    says(&mut bench, tab, Mode::Proxy, PageNews::Collected(other));
    bench.settle();
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    assert_eq!(orders(&bench).len(), 1, "collected from another page");

    let (mut bench, tab) = toggled(true);
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Collected(carry(PAGE)),
    );
    bench.settle();
    let entries = vec![crate::event::HistoryEntry {
        url: "http://localhost/login".into(),
        title: String::new(),
    }];
    let index = 0;
    let redirect = PageNews::History { entries, index };
    says(&mut bench, tab, Mode::Streamed, redirect);
    says(&mut bench, tab, Mode::Streamed, PageNews::Loading(false));
    assert_eq!(orders(&bench).len(), 1, "the server has sent it elsewhere");
    assert_eq!(
        bench.browser.tab(tab).and_then(|tab| tab.carry.clone()),
        None
    );
}

#[test]
fn a_toggle_that_is_taken_back_leaves_nothing_to_take() {
    let (mut bench, tab) = toggled(true);
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Collected(carry(PAGE)),
    );
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    says(
        &mut bench,
        tab,
        Mode::Proxy,
        PageNews::Collected(carry(PAGE)),
    );
    says(&mut bench, tab, Mode::Proxy, PageNews::Loading(false));
    assert_eq!(
        orders(&bench),
        [Order::Collect {
            text: true,
            storage: false
        }]
    );
}

#[test]
fn what_is_agreed_in_a_private_tab_is_not_saved() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.command(Command::OpenTabOf(ProfileName(
        crate::profile::PRIVATE.into(),
    )));
    let tab = bench.browser.active.unwrap_or(TabId(0));
    bench.command(Command::Navigate(tab, PAGE.into()));
    bench.command(Command::SetSiteCarry(tab, true));
    let saved = |action: &Action| matches!(action, Action::SaveSite(_));
    assert!(!bench.world.log.iter().any(saved));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    assert_eq!(
        orders(&bench),
        [Order::Collect {
            text: true,
            storage: false
        }]
    );
}
