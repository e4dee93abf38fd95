//! The settings stand in the place of a page, never below one.

use super::*;
use crate::message::ShellFocus;
use crate::search::Search;

fn shown(bench: &Bench) -> bool {
    let painted = bench.world.painted.as_ref();
    painted.is_some_and(|state| state.settings_shown)
}

#[test]
fn the_settings_hide_the_page_in_front_and_give_it_back() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.settle();
    bench.command(Command::ShowSettings(true));
    bench.settle();
    assert!(shown(&bench));
    let done = |action: PageAction| Action::Proxied(tab, action);
    let log = &bench.world.log;
    let at = |wanted: &Action| log.iter().rposition(|action| action == wanted);
    assert!(at(&done(PageAction::Hide)) > at(&done(PageAction::Show)));
    assert!(log.contains(&Action::Focus(ShellFocus::Settings)));

    bench.command(Command::ShowSettings(false));
    bench.settle();
    assert!(!shown(&bench));
    assert_eq!(bench.browser.shown, Some(tab), "the page is in front again");
}

#[test]
fn whoever_asks_for_a_page_leaves_the_settings() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    for (command, stays) in [
        (Command::SelectTab(tab), false),
        (Command::Navigate(tab, "http://localhost/a".into()), false),
        (Command::Reload(tab), false),
        (Command::ShowVisits, false),
        (Command::SetZoom(tab, 110), true),
        (Command::MoveTab(tab, 0), true),
    ] {
        bench.command(Command::ShowSettings(true));
        bench.settle();
        bench.command(command.clone());
        bench.settle();
        assert_eq!(shown(&bench), stays, "{command:?}");
    }
}

#[test]
fn words_are_searched_for_where_the_person_wants() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    let own = "http://searx.local/?q=%s&language=de";
    bench.command(Command::SetSearch(format!(" {own} ")));
    let saved = Action::SaveSearch(Search::read(own).unwrap());
    assert!(bench.world.log.contains(&saved));
    bench.settle();
    assert_eq!(bench.world.painted.as_ref().unwrap().search, own);
    bench.command(Command::Navigate(tab, "two words".into()));
    let url = "http://searx.local/?q=two%20words&language=de";
    assert_eq!(bench.browser.tab(tab).unwrap().url(), url);

    let request = bench.command(Command::SetSearch("searx.local".into()));
    let input = "searx.local".to_owned();
    assert_eq!(
        bench.world.replies[&request],
        Err(Problem::BadSearch { input })
    );
    bench.settle();
    assert_eq!(bench.world.painted.as_ref().unwrap().search, own);
}
