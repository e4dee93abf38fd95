//! Files of streamed pages, and what stays because of them.

use super::world::{Bench, host};
use crate::action::{Action, PageAction};
use crate::browser::{Saved, Settings};
use crate::download::{
    Anew, DownloadFault, DownloadNews, DownloadOrder, DownloadState, DownloadVerb, Halt, Hold,
    Source, Transfer,
};
use crate::event::{Command, Event, PageNews};
use crate::message::{Mode, Notice, ProfileName, SessionId, TabId};
use crate::profile::PRIVATE;
use crate::record::SavedState;
use crate::tab::Tab;

const ONE: Transfer = Transfer::STREAMED;
const FILE: &str = "http://a.test/file";

/// A live tab, and the session that it is in.
fn live() -> (Bench, TabId, SessionId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let session = bench.browser.tab(tab).and_then(Tab::session);
    (bench, tab, session.expect("a session"))
}

fn began(bench: &mut Bench, source: Source) {
    let news = DownloadNews::Began {
        source,
        url: FILE.into(),
        name: "file".into(),
        path: "/downloads/file".into(),
    };
    bench.tell(Event::Download(ONE, news));
}

fn state(bench: &Bench) -> DownloadState {
    bench.browser.downloads.view()[0].state.clone()
}

#[test]
fn a_session_stays_awake_until_the_last_file_of_it_is_there() {
    let (mut bench, tab, session) = live();
    began(&mut bench, Source::Streamed(session));
    bench.command(Command::CloseTab(tab));
    bench.settle();
    assert_eq!(bench.world.rows[&session], SavedState::Live);
    bench.tell(Event::Download(ONE, DownloadNews::Arriving(10)));
    bench.settle();
    assert_eq!(bench.world.rows[&session], SavedState::Live);
    assert_eq!(state(&bench), DownloadState::Arriving);
    bench.tell(Event::Download(ONE, DownloadNews::Done));
    bench.settle();
    assert_eq!(bench.world.rows[&session], SavedState::Suspended);
}

#[test]
fn a_tab_joins_a_session_that_is_awake_for_a_file() {
    let (mut bench, tab, session) = live();
    began(&mut bench, Source::Streamed(session));
    bench.command(Command::CloseTab(tab));
    bench.settle();
    let next = bench.stream();
    assert_eq!(
        bench.browser.tab(next).and_then(Tab::session),
        Some(session)
    );
    bench.tell(Event::Download(ONE, DownloadNews::Done));
    bench.settle();
    assert_eq!(bench.world.rows[&session], SavedState::Live);
}

#[test]
fn a_file_of_a_session_that_is_gone_is_given_up() {
    let (mut bench, ..) = live();
    began(&mut bench, Source::Streamed(SessionId(99)));
    let cancel = Action::Download(DownloadOrder::Cancel(ONE));
    assert!(bench.world.log.contains(&cancel));
    assert!(bench.browser.downloads.view().is_empty());
}

#[test]
fn a_streamed_file_is_fetched_again_by_a_streamed_tab_which_goes_when_it_has_become_the_file() {
    let (mut bench, tab, session) = live();
    began(&mut bench, Source::Streamed(session));
    bench.tell(Event::Download(
        ONE,
        DownloadNews::Failed(DownloadFault::Network),
    ));
    let id = bench.browser.downloads.view()[0].id;
    bench.command(Command::Download(id, DownloadVerb::Retry));
    bench.settle();
    assert!(bench.browser.downloads.view().is_empty());
    let again = bench.browser.active.expect("a tab in front");
    assert_ne!(again, tab);
    let asked = bench.browser.tab(again).map(|tab| (tab.mode, tab.url()));
    assert_eq!(asked, Some((Mode::Streamed, FILE)));
    bench.tell(Event::Page(again, Mode::Streamed, PageNews::BecameFile));
    assert!(bench.browser.tab(again).is_none());
    assert_eq!(bench.browser.active, Some(tab));
    let closed = Action::Streamed(session, again, PageAction::Close);
    assert!(bench.world.log.contains(&closed));
}

#[test]
fn what_a_page_made_itself_cannot_be_fetched_again() {
    let (mut bench, _, session) = live();
    let news = DownloadNews::Began {
        source: Source::Streamed(session),
        url: "blob:http://a.test/0123".into(),
        name: "file".into(),
        path: "/downloads/file".into(),
    };
    bench.tell(Event::Download(ONE, news));
    bench.tell(Event::Download(
        ONE,
        DownloadNews::Failed(DownloadFault::Network),
    ));
    let id = bench.browser.downloads.view()[0].id;
    let tabs = bench.browser.tabs.len();
    bench.command(Command::Download(id, DownloadVerb::Retry));
    assert_eq!(bench.browser.tabs.len(), tabs);
    assert_eq!(bench.browser.downloads.view().len(), 1);
}

#[test]
fn a_session_that_ends_with_the_app_says_that_the_app_was_closed() {
    let (mut bench, _, session) = live();
    began(&mut bench, Source::Streamed(session));
    bench.command(Command::Quit);
    let ended = DownloadNews::Failed(DownloadFault::SessionEnded);
    bench.tell(Event::Download(ONE, ended));
    let fault = DownloadFault::Interrupted;
    assert_eq!(state(&bench), DownloadState::Failed { fault });
}

#[test]
fn the_only_private_tab_stays_when_its_page_has_become_a_file() {
    let mut bench = Bench::new(vec![]);
    let private = ProfileName(PRIVATE.into());
    bench.command(Command::OpenTabOf(private.clone()));
    let tab = bench.browser.active.expect("a tab in front");
    bench.command(Command::Navigate(tab, FILE.into()));
    began(&mut bench, Source::Proxied(private));
    bench.tell(Event::Page(tab, Mode::Proxy, PageNews::BecameFile));
    assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(""));
    assert!(bench.world.webviews.is_empty());
    assert_eq!(state(&bench), DownloadState::Running);
    bench.command(Command::CloseTab(tab));
    let cancel = Action::Download(DownloadOrder::Cancel(ONE));
    assert!(bench.world.log.contains(&cancel));
}

/// A proxied download that is held up.
fn held(bench: &mut Bench, profile: &str, hold: Hold) -> crate::message::DownloadId {
    const MINE: Transfer = Transfer(1);
    let news = DownloadNews::Began {
        source: Source::Proxied(ProfileName(profile.into())),
        url: FILE.into(),
        name: "file".into(),
        path: "/downloads/file".into(),
    };
    bench.tell(Event::Download(MINE, news));
    bench.tell(Event::Download(MINE, DownloadNews::Holds(hold)));
    let news = DownloadNews::Held {
        received: 5,
        why: Halt::Wanted,
    };
    bench.tell(Event::Download(MINE, news));
    bench.browser.downloads.view()[0].id
}

fn fetched(bench: &Bench) -> bool {
    let fetch = |action: &Action| matches!(action, Action::Download(DownloadOrder::Fetch { url, .. }) if url == FILE);
    bench.world.log.iter().any(fetch)
}

#[test]
fn what_is_gone_on_with_was_allowed_when_it_began() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let id = held(&mut bench, "default", Hold::At("\"1\"".into()));
    bench.command(Command::Download(id, DownloadVerb::Resume));
    let permit = Action::Permit(ProfileName("default".into()), FILE.into());
    assert!(bench.world.log.contains(&permit));
    let asked = |action: &Action| matches!(action, Action::Download(DownloadOrder::GoOn(rest)) if rest.id == id);
    assert!(bench.world.log.iter().any(asked));
    assert!(!fetched(&bench));
}

#[test]
fn a_file_that_has_changed_meanwhile_begins_anew_and_the_person_is_told() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let id = held(&mut bench, "default", Hold::At("\"1\"".into()));
    bench.command(Command::Download(id, DownloadVerb::Resume));
    let (name, path) = ("file".to_owned(), "/downloads/file".to_owned());
    let goes_on = DownloadNews::GoesOn { id, name, path };
    bench.tell(Event::Download(Transfer(2), goes_on));
    bench.tell(Event::Download(
        Transfer(2),
        DownloadNews::Anew(Anew::Changed),
    ));
    let notice = Notice::BegunAnew {
        name: "file".into(),
        why: Anew::Changed,
    };
    assert_eq!(bench.browser.view().notices, [notice]);
    assert!(fetched(&bench));
    assert!(bench.browser.downloads.view().is_empty());
}

#[test]
fn what_can_only_begin_anew_leaves_nothing_of_its_first_part() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let id = held(&mut bench, "default", Hold::Anew);
    bench.command(Command::Download(id, DownloadVerb::Resume));
    let gone = Action::Download(DownloadOrder::Discard("/downloads/file".into()));
    assert!(bench.world.log.contains(&gone));
    assert!(fetched(&bench));
    assert!(
        bench.browser.view().notices.is_empty(),
        "it was said before"
    );
}

#[test]
fn nothing_that_a_private_page_gave_is_kept_when_the_app_ends() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.command(Command::OpenTabOf(ProfileName(PRIVATE.into())));
    held(&mut bench, PRIVATE, Hold::At("\"1\"".into()));
    bench.command(Command::Quit);
    let gone = Action::Download(DownloadOrder::Discard("/downloads/file".into()));
    assert!(bench.world.log.contains(&gone));
}

/// One that was held up goes on, by this transfer.
fn gone_on(bench: &mut Bench, profile: &str) -> (Transfer, crate::message::DownloadId) {
    let id = held(bench, profile, Hold::At("\"1\"".into()));
    bench.command(Command::Download(id, DownloadVerb::Resume));
    let (name, path) = ("file (1)".to_owned(), "/downloads/file (1)".to_owned());
    let goes_on = DownloadNews::GoesOn { id, name, path };
    bench.tell(Event::Download(Transfer(2), goes_on));
    (Transfer(2), id)
}

#[test]
fn a_file_that_goes_on_by_another_name_is_found_by_it_after_the_next_start() {
    let mut bench = Bench::new(vec![host(16_000)]);
    gone_on(&mut bench, "default");
    let saved = |action: &Action| matches!(action, Action::SaveDownload(it) if it.path == "/downloads/file (1)" && it.state == (DownloadState::Paused { why: Halt::Closed }));
    assert!(bench.world.log.iter().any(saved));
}

#[test]
fn what_became_of_a_file_that_was_coming_when_the_app_ended_is_saved_by_the_next_start() {
    let mut bench = Bench::new(vec![]);
    began(&mut bench, Source::Proxied(ProfileName("default".into())));
    let downloads = bench.browser.downloads.view();
    let saved = Saved {
        downloads,
        ..Saved::default()
    };
    let bench = Bench::of(Settings::default(), saved, vec![]);
    let save = Action::SaveDownload(bench.browser.downloads.view()[0].clone());
    assert!(bench.world.log.contains(&save));
    let fault = DownloadFault::Interrupted;
    assert_eq!(state(&bench), DownloadState::Failed { fault });
}

/// The two orders after which nothing of it is there.
fn nothing_stays(bench: &Bench, transfer: Transfer, path: &str) {
    for order in [
        DownloadOrder::Cancel(transfer),
        DownloadOrder::Discard(path.into()),
    ] {
        let order = Action::Download(order);
        assert!(bench.world.log.contains(&order), "{order:?}");
    }
}

#[test]
fn nothing_stays_of_a_private_file_that_goes_on_when_the_app_ends() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.command(Command::OpenTabOf(ProfileName(PRIVATE.into())));
    let (transfer, _) = gone_on(&mut bench, PRIVATE);
    bench.command(Command::Quit);
    nothing_stays(&bench, transfer, "/downloads/file (1)");
}

#[test]
fn nothing_stays_of_a_private_file_that_goes_on_when_its_last_tab_closes() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.command(Command::OpenTabOf(ProfileName(PRIVATE.into())));
    let tab = bench.browser.active.expect("a tab in front");
    let (transfer, _) = gone_on(&mut bench, PRIVATE);
    bench.command(Command::CloseTab(tab));
    nothing_stays(&bench, transfer, "/downloads/file (1)");
}

#[test]
fn a_file_that_was_given_up_is_not_there_also_where_its_halt_came_first() {
    for news in [
        DownloadNews::Held {
            received: 5,
            why: Halt::Broke,
        },
        DownloadNews::Anew(Anew::Changed),
    ] {
        let mut bench = Bench::new(vec![host(16_000)]);
        let (transfer, id) = gone_on(&mut bench, "default");
        bench.command(Command::Download(id, DownloadVerb::Cancel));
        bench.tell(Event::Download(transfer, news));
        nothing_stays(&bench, transfer, "/downloads/file (1)");
        assert_eq!(state(&bench), DownloadState::Cancelled);
        assert!(!fetched(&bench));
        assert!(bench.browser.view().notices.is_empty());
    }
}

#[test]
fn a_file_that_was_given_up_before_it_went_on_does_not() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let id = held(&mut bench, "default", Hold::At("\"1\"".into()));
    bench.command(Command::Download(id, DownloadVerb::Resume));
    bench.command(Command::Download(id, DownloadVerb::Cancel));
    let (name, path) = ("file".to_owned(), "/downloads/file".to_owned());
    let goes_on = DownloadNews::GoesOn { id, name, path };
    bench.tell(Event::Download(Transfer(2), goes_on));
    nothing_stays(&bench, Transfer(2), "/downloads/file");
    bench.tell(Event::Download(Transfer(2), DownloadNews::Cancelled));
    assert_eq!(state(&bench), DownloadState::Cancelled);
}
