//! Pages that are kept, each profile its own.

use super::world::Bench;
use crate::action::Action;
use crate::bookmark::file::Page;
use crate::bookmark::{Bookmark, Bookmarks};
use crate::browser::{Browser, Saved, Settings};
use crate::event::{Command, Event, HistoryEntry, Millis, PageNews};
use crate::message::{Mode, Problem, ProfileName, TabId};
use crate::profile::{Colour, DataWork, PRIVATE, ProfileCommand};

const A: &str = "https://a.test/page";

fn goes(bench: &mut Bench, tab: TabId, url: &str, title: &str) {
    bench.command(Command::Navigate(tab, url.into()));
    let entry = HistoryEntry {
        url: url.to_owned(),
        title: title.to_owned(),
    };
    let history = PageNews::History {
        entries: vec![entry],
        index: 0,
    };
    for news in [PageNews::Loading(true), history, PageNews::Loading(false)] {
        bench.tell(Event::Page(tab, Mode::Proxy, news));
    }
}

fn opens(bench: &mut Bench, profile: &str) -> TabId {
    bench.command(Command::OpenTabOf(ProfileName(profile.into())));
    bench.browser.active.unwrap()
}

/// Whether the star of a tab shines; `None` if it has none.
fn star(bench: &Bench, tab: TabId) -> Option<bool> {
    let state = bench.world.painted.as_ref().unwrap();
    state.tabs.iter().find(|it| it.id == tab)?.bookmarked
}

fn titles(bench: &Bench, tab: TabId) -> Vec<String> {
    let kept = bench.browser.bookmarks(tab, "", 10).into_iter();
    kept.map(|it| it.title).collect()
}

fn saved(bench: &Bench) -> Vec<Bookmark> {
    let log = bench.world.log.iter();
    log.filter_map(|action| match action {
        Action::SaveBookmark(kept) => Some(kept.clone()),
        _ => None,
    })
    .collect()
}

#[test]
fn a_page_is_kept_until_it_is_removed_and_every_tab_of_its_profile_knows() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    assert_eq!(star(&bench, tab), None, "an empty tab");
    goes(&mut bench, tab, A, "A");
    assert_eq!(star(&bench, tab), Some(false));
    let before = bench.world.painted.as_ref().unwrap().bookmarks;
    bench.command(Command::SetBookmarked(tab, true));
    bench.command(Command::SetBookmarked(tab, true));
    assert_eq!(star(&bench, tab), Some(true));
    assert_ne!(bench.world.painted.as_ref().unwrap().bookmarks, before);
    assert_eq!(saved(&bench).len(), 1, "once");
    let other = opens(&mut bench, "default");
    assert_eq!(titles(&bench, other), ["A"]);
    assert_eq!(star(&bench, other), None);
    goes(&mut bench, other, A, "A");
    assert_eq!(star(&bench, other), Some(true));
    bench.command(Command::SetBookmarked(other, false));
    assert_eq!(star(&bench, tab), Some(false));
    let gone = Action::DeleteBookmark(ProfileName("default".into()), A.into());
    assert!(bench.world.log.contains(&gone));
    assert!(titles(&bench, tab).is_empty());
}

#[test]
fn what_is_removed_comes_back_where_it_was() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    for name in ["a", "b", "c"] {
        goes(&mut bench, tab, &format!("https://{name}.test/"), name);
        bench.command(Command::SetBookmarked(tab, true));
    }
    for name in ["a", "b"] {
        let url = format!("https://{name}.test/");
        bench.command(Command::RemoveBookmark(tab, url));
    }
    assert_eq!(titles(&bench, tab), ["c"]);
    let back = |bench: &mut Bench, url: &str| {
        bench.command(Command::PutBookmarkBack(tab, url.into()));
    };
    back(&mut bench, "https://b.test/");
    assert_eq!(titles(&bench, tab), ["b", "c"]);
    // The star does the same, and nothing is put back a second time.
    goes(&mut bench, tab, "https://a.test/", "a");
    bench.command(Command::SetBookmarked(tab, true));
    assert_eq!(titles(&bench, tab), ["a", "b", "c"]);
    back(&mut bench, "https://a.test/");
    assert_eq!(titles(&bench, tab), ["a", "b", "c"]);
    // As it is after the next start.
    let bookmarks = saved(&bench).split_off(3);
    let saved = Saved {
        bookmarks,
        ..Saved::default()
    };
    let mut restored = Browser::new(Settings::default(), saved, Millis(0));
    let tab = restored.view().active.unwrap();
    let names = |browser: &Browser| {
        let kept = browser.bookmarks(tab, "", 10).into_iter();
        kept.map(|it| it.title).collect::<Vec<_>>()
    };
    assert_eq!(names(&restored), ["a", "b"]);
    restored.take_actions().for_each(drop);
}

#[test]
fn the_page_that_is_kept_is_the_one_whose_address_is_shown() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    goes(&mut bench, tab, A, "A");
    let icon = PageNews::Favicon(Some("data:image/png;base64,AA".into()));
    bench.tell(Event::Page(tab, Mode::Proxy, icon));
    bench.command(Command::SetBookmarked(tab, true));
    // Neither the title nor the icon of the page before are its own.
    bench.command(Command::Navigate(tab, "https://b.test/".into()));
    assert_eq!(star(&bench, tab), Some(false));
    bench.command(Command::SetBookmarked(tab, true));
    let kept = saved(&bench).pop().unwrap();
    assert_eq!(
        (kept.url.as_str(), kept.title.as_str(), kept.favicon),
        ("https://b.test/", "", None)
    );
    goes(&mut bench, tab, "https://b.test/", "B");
    assert_eq!(titles(&bench, tab), ["A", "B"], "the title came later");
    // What cannot be had again is no way back.
    for url in ["blob:https://a.test/1", "about:blank", "data:text/html,x"] {
        goes(&mut bench, tab, url, "Odd");
        assert_eq!(star(&bench, tab), None, "{url}");
    }
    let long = format!("https://a.test/{}", "x".repeat(9000));
    goes(&mut bench, tab, &long, "Long");
    assert_eq!(star(&bench, tab), None);
}

#[test]
fn a_profile_that_is_deleted_takes_its_own_along_and_no_others() {
    let mut bench = Bench::new(vec![]);
    let first = bench.first();
    let colour = Colour::Blue;
    let title = "Work".to_owned();
    bench.command(Command::Profile(ProfileCommand::Create { title, colour }));
    goes(&mut bench, first, A, "A");
    let work = opens(&mut bench, "p1");
    goes(&mut bench, work, A, "A");
    for tab in [first, work] {
        bench.command(Command::SetBookmarked(tab, true));
    }
    assert_eq!(saved(&bench).len(), 2);
    bench.command(Command::Profile(ProfileCommand::Work {
        name: ProfileName("p1".into()),
        work: DataWork::Delete,
        end_session: true,
    }));
    bench.settle();
    assert_eq!(titles(&bench, first), ["A"]);
    assert!(bench.browser.profile(&ProfileName("p1".into())).is_none());
    let of_work = ProfileName("p1".into());
    assert_eq!(bench.browser.bookmarks.of(&of_work).count(), 0);
}

#[test]
fn private_pages_are_not_kept_and_profiles_see_their_own() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    goes(&mut bench, tab, A, "A");
    bench.command(Command::SetBookmarked(tab, true));
    let private = opens(&mut bench, "private");
    goes(&mut bench, private, A, "A");
    assert_eq!(star(&bench, private), None);
    bench.command(Command::SetBookmarked(private, true));
    assert_eq!(saved(&bench).len(), 1);
    assert!(titles(&bench, private).is_empty());
    bench.command(Command::RemoveBookmark(private, A.into()));
    assert_eq!(titles(&bench, tab), ["A"]);
}

#[test]
fn an_icon_that_comes_later_is_kept_too_and_the_site_is_completed() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    goes(&mut bench, tab, A, "A");
    bench.command(Command::SetBookmarked(tab, true));
    let icon = |sign: char, length: usize| {
        let url = format!("data:image/png;base64,{}", sign.to_string().repeat(length));
        PageNews::Favicon(Some(url))
    };
    for (icon, saves) in [
        (icon('A', 9000), 1),
        (icon('A', 100), 2),
        (icon('B', 100), 2),
    ] {
        bench.tell(Event::Page(tab, Mode::Proxy, icon));
        assert_eq!(saved(&bench).len(), saves);
    }
    // The tab goes elsewhere, and what it had shown is forgotten.
    bench.command(Command::CloseTab(tab));
    for _ in 0..30 {
        let other = opens(&mut bench, "default");
        goes(&mut bench, other, "https://other.test/", "Other");
        bench.command(Command::CloseTab(other));
    }
    let next = opens(&mut bench, "default");
    let completion = bench.browser.completion(next, "a.");
    assert_eq!(
        completion.map(|it| it.url).as_deref(),
        Some("https://a.test/")
    );
}

#[test]
fn pages_of_a_file_are_added_behind_those_that_are_kept() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    goes(&mut bench, tab, A, "A");
    bench.command(Command::SetBookmarked(tab, true));
    goes(&mut bench, tab, "https://gone.test/", "Gone");
    bench.command(Command::SetBookmarked(tab, true));
    bench.command(Command::SetBookmarked(tab, false));
    let page = |url: &str, title: &str| Page {
        url: url.to_owned(),
        title: title.to_owned(),
        favicon: Some("data:image/png;base64,AA==".to_owned()),
    };
    let pages = vec![
        page("https://gone.test/", "Back"),
        page(A, "Another name"),
        page("https://b.test/", &"b".repeat(1000)),
        page("https://b.test/", "Twice"),
    ];
    let profile = ProfileName("default".into());
    let imported = bench.browser.preview(&profile, &pages).unwrap();
    assert_eq!((imported.added, imported.known, imported.over), (2, 2, 0));
    bench.command(Command::AddBookmarks(profile.clone(), pages.clone()));
    let long = "b".repeat(300);
    let empty = opens(&mut bench, "default");
    assert_eq!(titles(&bench, empty), ["A", "Back", &long]);
    let found = |words: &str, most: usize| bench.browser.bookmarks(empty, words, most).len();
    assert_eq!(
        (found("TEST bac", 9), found("test", 2), found("nothing", 9)),
        (1, 2, 0)
    );
    let all = bench.world.log.iter().find_map(|it| match it {
        Action::SaveBookmarks(all) => Some(all),
        _ => None,
    });
    let mut all = all.unwrap().clone();
    all.extend(saved(&bench).into_iter().filter(|it| it.url == A));
    all.sort_by_key(|it| it.place);
    let restored = Bookmarks::restore(all);
    let order: Vec<&str> = restored.of(&profile).map(|it| it.url.as_str()).collect();
    assert_eq!(order, [A, "https://gone.test/", "https://b.test/"]);

    bench.command(Command::PutBookmarkBack(empty, "https://gone.test/".into()));
    assert_eq!(titles(&bench, empty).len(), 3, "once");
    let private = ProfileName(PRIVATE.into());
    let request = bench.command(Command::AddBookmarks(private, pages));
    assert_eq!(bench.world.replies[&request], Err(Problem::UnknownProfile));
}

#[test]
fn a_profile_takes_only_so_many_out_of_a_file() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    let pages: Vec<Page> = (0..5007)
        .map(|number| Page {
            url: format!("https://a.test/{number}"),
            title: String::new(),
            favicon: None,
        })
        .collect();
    let profile = ProfileName("default".into());
    let imported = bench.browser.preview(&profile, &pages).unwrap();
    assert_eq!((imported.added, imported.over), (5000, 7));
    bench.command(Command::AddBookmarks(profile.clone(), pages));
    assert_eq!(bench.browser.bookmarks(tab, "", usize::MAX).len(), 5000);
}
