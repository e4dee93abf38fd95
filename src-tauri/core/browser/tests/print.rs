//! Streamed pages on their way to paper.

use super::*;
use crate::download::{
    DownloadFault, DownloadNews, DownloadOrder, DownloadState, Source, Transfer,
};
use crate::message::Notice;

const PRINT: Transfer = Transfer(7);

/// A streamed page whose print has come so far.
fn bench(news: &[DownloadNews]) -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let source = Source::Printed(SessionId(1));
    let began = DownloadNews::Began {
        source,
        url: String::new(),
        name: "a.pdf".to_owned(),
        path: "/home/a.pdf".to_owned(),
    };
    bench.tell(Event::Download(PRINT, began));
    for news in news {
        bench.tell(Event::Download(PRINT, news.clone()));
    }
    (bench, tab)
}

fn orders(bench: &Bench) -> Vec<DownloadOrder> {
    let order = |action: &Action| match action {
        Action::Download(order) => Some(order.clone()),
        _ => None,
    };
    bench.world.log.iter().filter_map(order).collect()
}

fn offer() -> DownloadOrder {
    DownloadOrder::Print {
        transfer: PRINT,
        path: "/home/a.pdf".to_owned(),
        name: "a.pdf".to_owned(),
    }
}

#[test]
fn a_print_is_given_to_the_desktop_and_off_the_list_when_that_has_it() {
    let (mut bench, _) = bench(&[DownloadNews::Done]);
    assert_eq!(orders(&bench), [offer()]);
    bench.tell(Event::Download(PRINT, DownloadNews::Printed));
    assert_eq!(bench.browser.downloads.view(), []);
    assert_eq!(orders(&bench), [offer()], "nothing else");
    let notices = bench.browser.view().notices;
    assert!(notices.is_empty(), "{notices:?}");
}

#[test]
fn where_the_desktop_has_no_dialog_the_file_stays_is_told_of_and_shown() {
    let (mut bench, _) = bench(&[DownloadNews::Done, DownloadNews::NotPrinted]);
    let open = DownloadOrder::Open("/home/a.pdf".to_owned());
    assert_eq!(orders(&bench), [offer(), open.clone()]);
    assert_eq!(bench.browser.downloads.view()[0].state, DownloadState::Done);
    let name = "a.pdf".to_owned();
    assert_eq!(bench.browser.view().notices, [Notice::PrintKept { name }]);
    // Once is enough.
    bench.tell(Event::Download(PRINT, DownloadNews::NotPrinted));
    assert_eq!(orders(&bench), [offer(), open]);
}

#[test]
fn a_print_that_does_not_come_is_given_to_nobody_and_the_next_may() {
    let fault = DownloadFault::NotPrinted;
    let (mut bench, tab) = bench(&[DownloadNews::Failed(fault.clone())]);
    assert_eq!(orders(&bench), []);
    let state = bench.browser.downloads.view()[0].state.clone();
    assert_eq!(state, DownloadState::Failed { fault });
    let prints = |bench: &Bench| {
        let print = |it: &&Action| matches!(it, Action::Streamed(_, _, PageAction::Print));
        bench.world.log.iter().filter(print).count()
    };
    bench.tell(Event::Page(tab, Mode::Streamed, PageNews::PrintWanted));
    assert_eq!(prints(&bench), 1);
}

#[test]
fn a_page_prints_itself_only_in_front_and_not_while_it_is_being_printed() {
    let (mut bench, tab) = bench(&[]);
    bench.tell(Event::Page(tab, Mode::Streamed, PageNews::PrintWanted));
    bench.tell(Event::Download(PRINT, DownloadNews::Cancelled));
    bench.command(Command::OpenTabOf(ProfileName("default".into())));
    bench.tell(Event::Page(tab, Mode::Streamed, PageNews::PrintWanted));
    let printed = bench
        .world
        .log
        .iter()
        .any(|it| matches!(it, Action::Streamed(_, _, PageAction::Print)));
    assert!(!printed);
}
