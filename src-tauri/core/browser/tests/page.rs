//! What a proxied page says and asks, also when nobody waits for it any more.

use super::*;
use crate::ask::{Answer, Ask, AskId, Question, Unspoken, Wish};
use crate::download::{DownloadNews, DownloadOrder, DownloadState, Source, Transfer};
use crate::event::HistoryEntry;
use crate::message::{Security, ShellFocus};
use crate::profile::{Colour, DataWork, ProfileCommand};

const NO: Answer = Answer::No { always: false };

fn tell(bench: &mut Bench, tab: TabId, news: PageNews) {
    bench.tell(Event::Page(tab, Mode::Proxy, news));
}

/// A tab whose page has come.
fn browsing(bench: &mut Bench) -> TabId {
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://a.test/".into()));
    tell(bench, tab, PageNews::Opened);
    arrives(bench, tab, &["http://a.test/"]);
    tab
}

fn arrives(bench: &mut Bench, tab: TabId, urls: &[&str]) {
    let entries = urls.iter().map(|url| HistoryEntry {
        url: (*url).into(),
        title: "t".into(),
    });
    let news = PageNews::History {
        entries: entries.collect(),
        index: urls.len() - 1,
    };
    tell(bench, tab, news);
}

fn asks(bench: &mut Bench, tab: TabId, id: u32, origin: &str) {
    let wishes = vec![Wish::Notifications];
    let ask = Ask::new(AskId(id), origin, Question::Permission { wishes });
    tell(bench, tab, PageNews::Asks(ask));
}

fn answers(bench: &Bench) -> Vec<(u32, Answer)> {
    let answer = |action: &Action| match action {
        Action::Proxied(_, PageAction::Answer(id, answer)) => Some((id.0, answer.clone())),
        _ => None,
    };
    bench.world.log.iter().filter_map(answer).collect()
}

fn began(bench: &mut Bench, transfer: u32, profile: &ProfileName) {
    let news = DownloadNews::Began {
        source: Source::Proxied(profile.clone()),
        url: "http://a.test/file".into(),
        name: "file".into(),
        path: "/downloads/file".into(),
    };
    bench.tell(Event::Download(Transfer(transfer), news));
}

fn given_up(bench: &Bench, transfer: u32) -> bool {
    let cancel = Action::Download(DownloadOrder::Cancel(Transfer(transfer)));
    bench.world.log.contains(&cancel)
}

#[test]
fn a_page_that_closes_itself_takes_its_tab_and_its_webview_along() {
    let mut bench = Bench::new(vec![]);
    let tab = browsing(&mut bench);
    tell(&mut bench, tab, PageNews::Closed);
    assert!(bench.browser.tab(tab).is_none());
    assert!(bench.world.webviews.is_empty());
}

#[test]
fn a_page_that_closes_itself_behind_a_stream_is_opened_anew_on_the_way_back() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    assert_eq!(bench.world.webviews.len(), 1);
    tell(&mut bench, tab, PageNews::Closed);
    assert!(bench.world.webviews.is_empty());
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(bench.world.webviews.len(), 1);
}

#[test]
fn a_page_that_is_lost_behind_a_stream_is_opened_anew_on_the_way_back() {
    let failed = PageNews::Failed {
        url: "http://localhost/a".into(),
        fault: None,
        detail: String::new(),
    };
    for lost in [failed, PageNews::Crashed, PageNews::Stopped] {
        let mut bench = Bench::new(vec![host(16_000)]);
        let tab = browsing(&mut bench);
        let before = bench.browser.tab(tab).unwrap().url().to_owned();
        bench.command(Command::SetMode(tab, Mode::Streamed, None));
        tell(&mut bench, tab, lost);
        bench.command(Command::SetMode(tab, Mode::Proxy, None));
        let open = |action: &Action| matches!(action, Action::Proxied(_, PageAction::Open { url, .. }) if *url == before);
        assert_eq!(bench.world.log.iter().filter(|it| open(it)).count(), 2);
        assert!(!bench.browser.tab(tab).unwrap().page.painted);
    }
}

#[test]
fn where_a_page_goes_behind_a_stream_is_not_taken_for_where_the_tab_was() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    let before = bench.browser.tab(tab).unwrap().url().to_owned();
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    let entry = |url: &str| crate::event::HistoryEntry {
        url: url.into(),
        title: String::new(),
    };
    let entries = vec![entry(&before), entry("http://localhost/elsewhere")];
    tell(&mut bench, tab, PageNews::History { entries, index: 1 });
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    let back = Action::Proxied(tab, PageAction::Navigate(before.clone()));
    assert!(bench.world.log.contains(&back));
}

#[test]
fn what_could_not_be_shown_is_the_address_in_the_other_mode_too() {
    const THERE: &str = "https://b.test/";
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    let address = |bench: &Bench| bench.browser.tab(tab).unwrap().url().to_owned();
    let security = |bench: &Bench| {
        bench
            .browser
            .tab(tab)
            .unwrap()
            .view(None, Millis(0))
            .security
    };
    bench.command(Command::Navigate(tab, THERE.into()));
    let failed = PageNews::Failed {
        url: THERE.into(),
        fault: None,
        detail: String::new(),
    };
    tell(&mut bench, tab, failed.clone());
    // The engine is where it was.
    arrives(&mut bench, tab, &["http://a.test/"]);
    assert_eq!(address(&bench), THERE);
    // Whoever is there has proven nothing.
    assert_eq!(security(&bench), Security::Failed);
    // Taken back before the stream is there: the page that waits goes there once more.
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    let again = Action::Proxied(tab, PageAction::Navigate(THERE.into()));
    let asked = bench.world.log.iter().filter(|it| **it == again).count();
    assert_eq!(asked, 2);
    tell(&mut bench, tab, failed);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    let opened = PageAction::Open {
        url: THERE.into(),
        zoom: 100,
    };
    let streamed = |it: &Action| matches!(it, Action::Streamed(_, _, open) if *open == opened);
    assert!(bench.world.log.iter().any(streamed));
    assert_eq!(address(&bench), THERE);
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(address(&bench), THERE);
    assert!(bench.world.log.contains(&Action::Proxied(tab, opened)));
}

#[test]
fn back_from_what_could_not_be_shown_is_the_page_that_is_still_there() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    let failed = |at: &str| PageNews::Failed {
        url: at.into(),
        fault: None,
        detail: String::new(),
    };
    // The first page of a tab has sent on to where nothing is.
    tell(&mut bench, tab, failed("http://c.test/"));
    let leads_back = |bench: &Bench| bench.browser.tab(tab).unwrap().fails_over_a_page();
    assert!(!leads_back(&bench));
    arrives(&mut bench, tab, &["http://a.test/", "http://b.test/"]);
    tell(&mut bench, tab, PageNews::Painted);
    bench.command(Command::Navigate(tab, "http://c.test/".into()));
    tell(&mut bench, tab, failed("http://c.test/"));
    assert!(leads_back(&bench));
    let address = |bench: &Bench| bench.browser.tab(tab).unwrap().url().to_owned();
    let steps = |bench: &Bench| {
        let back = Action::Proxied(tab, PageAction::Back);
        bench.world.log.iter().filter(|it| **it == back).count()
    };
    assert_eq!(address(&bench), "http://c.test/");
    bench.command(Command::GoBack(tab));
    assert_eq!(
        (address(&bench).as_str(), steps(&bench)),
        ("http://b.test/", 0)
    );
    let mut orders = bench.world.log.iter().rev();
    let last = orders.find(|it| matches!(it, Action::Proxied(..)));
    assert_eq!(last, Some(&Action::Proxied(tab, PageAction::Show)));
    bench.command(Command::GoBack(tab));
    assert_eq!(steps(&bench), 1);
}

#[test]
fn a_login_in_an_address_answers_its_server_and_is_neither_shown_nor_saved_nor_loaded() {
    const WHOLE: &str = "http://ann:hush@b.test/";
    const BARE: &str = "http://b.test/";
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    let address = |bench: &Bench| bench.browser.tab(tab).unwrap().url().to_owned();
    let wants = |again| {
        PageNews::Asks(Ask {
            id: AskId(7),
            origin: "http://b.test".into(),
            question: Question::Login {
                realm: "cellar".into(),
                again,
                around: None,
            },
        })
    };
    let lets_in = PageAction::Answer(
        AskId(7),
        Answer::Login {
            name: Unspoken("ann".into()),
            password: Unspoken("hush".into()),
        },
    );
    bench.command(Command::Navigate(tab, WHOLE.into()));
    tell(&mut bench, tab, wants(false));
    let answered = Action::Proxied(tab, lets_in.clone());
    assert!(bench.world.log.contains(&answered));
    // It did not fit: the person is asked.
    tell(&mut bench, tab, wants(true));
    assert_eq!(bench.browser.tab(tab).unwrap().page.asks.len(), 1);
    tell(&mut bench, tab, PageNews::AskGone(AskId(7)));
    let failed = PageNews::Failed {
        url: WHOLE.into(),
        fault: None,
        detail: String::new(),
    };
    tell(&mut bench, tab, failed);
    assert_eq!(address(&bench), BARE);
    // A link of the page has it too.
    arrives(&mut bench, tab, &["http://a.test/", WHOLE]);
    assert_eq!(address(&bench), BARE);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    bench.tell(Event::Page(tab, Mode::Streamed, wants(false)));
    let streamed = |it: &Action| matches!(it, Action::Streamed(_, _, it) if *it == lets_in);
    assert!(bench.world.log.iter().any(streamed));
    let tells = |it: &&Action| format!("{it:?}").contains("hush");
    assert_eq!(bench.world.log.iter().find(tells), None);
}

#[test]
fn an_address_of_another_program_is_opened_there_if_the_person_agrees() {
    const MAIL: &str = "mailto:ann@b.test";
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    let wants = |address: &str, program: Option<&str>, by_hand| PageNews::ProgramWanted {
        address: address.into(),
        program: program.map(str::to_owned),
        by_hand,
    };
    let asks = |bench: &Bench| bench.browser.tab(tab).unwrap().page.asks.len();
    let answer = |yes: bool| {
        let always = false;
        let answer = if yes {
            Answer::Yes { always }
        } else {
            Answer::No { always }
        };
        Command::Answer(tab, AskId::PROGRAM, answer)
    };
    let opens = Action::OpenInProgram(MAIL.into());
    let opened = |bench: &Bench| bench.world.log.iter().filter(|it| **it == opens).count();
    for own in [
        "javascript:1",
        "tauri://localhost/",
        "file:///a",
        "http://b.test/",
    ] {
        tell(&mut bench, tab, wants(own, Some("Mail"), true));
    }
    tell(&mut bench, tab, wants("foo:bar", None, false));
    assert_eq!(asks(&bench), 0);
    // A page that asks again and again is asked about once.
    for _ in 0..3 {
        tell(&mut bench, tab, wants(MAIL, Some("Mail"), false));
    }
    assert_eq!(asks(&bench), 1);
    bench.command(answer(false));
    tell(&mut bench, tab, wants(MAIL, Some("Mail"), false));
    assert_eq!((asks(&bench), opened(&bench)), (0, 0));
    tell(&mut bench, tab, wants(MAIL, Some("Mail"), true));
    bench.command(answer(true));
    bench.command(answer(true));
    assert_eq!((asks(&bench), opened(&bench)), (0, 1));
    // Nothing is to be opened where there is nothing for it, nor by a page that is left.
    tell(&mut bench, tab, wants(MAIL, None, true));
    assert_eq!(asks(&bench), 1);
    bench.command(answer(true));
    tell(&mut bench, tab, wants(MAIL, Some("Mail"), true));
    tell(&mut bench, tab, PageNews::Loading(true));
    bench.command(answer(true));
    assert_eq!((asks(&bench), opened(&bench)), (0, 1));
}

#[test]
fn a_page_that_waits_for_an_answer_gets_a_no_when_its_tab_is_toggled() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = browsing(&mut bench);
    asks(&mut bench, tab, 1, "http://a.test");
    assert_eq!(answers(&bench), []);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    assert_eq!(answers(&bench), [(1, NO)]);
    asks(&mut bench, tab, 2, "http://a.test");
    assert_eq!(answers(&bench), [(1, NO), (2, NO)]);
}

#[test]
fn what_is_decided_counts_for_who_asked_and_not_for_where_the_tab_is_going() {
    let mut bench = Bench::new(vec![]);
    let tab = browsing(&mut bench);
    bench.command(Command::Navigate(tab, "http://b.test/".into()));
    asks(&mut bench, tab, 1, "http://a.test");
    let yes = Answer::Yes { always: true };
    bench.command(Command::Answer(tab, AskId(1), yes.clone()));
    asks(&mut bench, tab, 2, "http://b.test");
    assert_eq!(answers(&bench), [(1, yes)]);
    asks(&mut bench, tab, 3, "http://a.test");
    assert_eq!(
        answers(&bench).last(),
        Some(&(3, Answer::Yes { always: false }))
    );
}

#[test]
fn an_answer_gives_the_keyboard_back_unless_the_page_asks_for_it_again() {
    let mut bench = Bench::new(vec![]);
    let tab = browsing(&mut bench);
    let login = |bench: &mut Bench, id| {
        let question = Question::Login {
            realm: String::new(),
            again: id > 1,
            around: None,
        };
        tell(
            bench,
            tab,
            PageNews::Asks(Ask::new(AskId(id), "http://a.test", question)),
        );
    };
    let foci = |bench: &mut Bench| {
        let log = std::mem::take(&mut bench.world.log).into_iter();
        let focus = log.filter_map(|action| match action {
            Action::Focus(target) => Some(target),
            _ => None,
        });
        focus.collect::<Vec<_>>()
    };
    let answer = |bench: &mut Bench, id| bench.command(Command::Answer(tab, AskId(id), NO));

    foci(&mut bench);
    login(&mut bench, 1);
    bench.command(Command::FocusPage);
    assert_eq!(foci(&mut bench), [ShellFocus::Ask, ShellFocus::Ask]);
    answer(&mut bench, 1);
    login(&mut bench, 2);
    assert_eq!(foci(&mut bench), [ShellFocus::Page, ShellFocus::Ask]);
    asks(&mut bench, tab, 3, "http://a.test");
    login(&mut bench, 4);
    answer(&mut bench, 2);
    assert_eq!(foci(&mut bench), [ShellFocus::Ask, ShellFocus::Page]);
    answer(&mut bench, 3);
    assert_eq!(foci(&mut bench), [ShellFocus::Ask]);
    // What has gone meanwhile leaves nobody without a keyboard.
    answer(&mut bench, 4);
    answer(&mut bench, 4);
    assert_eq!(foci(&mut bench), [ShellFocus::Page, ShellFocus::Page]);
}

#[test]
fn an_opened_page_shows_no_address_before_its_own_has_come() {
    let mut bench = Bench::new(vec![]);
    let opener = browsing(&mut bench);
    let opened = |url: &str, target: &str| PageNews::OpenedPage {
        url: url.into(),
        target: Some(target.into()),
        foreground: true,
    };
    tell(&mut bench, opener, opened("http://bank.test/", "one"));
    let tab = bench.browser.active.unwrap();
    assert_eq!(bench.browser.tab(tab).map(Tab::url), Some("about:blank"));
    let source = "view-source:http://a.test/";
    tell(&mut bench, opener, opened(source, "two"));
    let tab = bench.browser.active.unwrap();
    assert_eq!(bench.browser.tab(tab).map(Tab::url), Some(source));
}

#[test]
fn a_page_that_is_opened_when_its_opener_has_gone_is_let_go_of() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let news = PageNews::OpenedPage {
        url: "http://a.test/".into(),
        target: Some("late".into()),
        foreground: true,
    };
    tell(&mut bench, tab, news);
    assert_eq!(bench.browser.tabs.len(), 1);
    let discard = Action::Proxied(tab, PageAction::Discard("late".into()));
    assert!(bench.world.log.contains(&discard));
}

#[test]
fn a_tab_that_was_opened_for_a_file_goes_and_one_that_had_a_page_shows_it_again() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let first = browsing(&mut bench);
    bench.command(Command::OpenTab {
        input: Some("http://a.test/file".into()),
        mode: None,
        background: false,
    });
    let second = bench.browser.active.unwrap();
    tell(&mut bench, second, PageNews::BecameFile);
    assert!(bench.browser.tab(second).is_none());

    arrives(&mut bench, first, &["http://a.test/", "http://a.test/file"]);
    bench.command(Command::SetMode(first, Mode::Streamed, None));
    tell(&mut bench, first, PageNews::Closed);
    bench.settle();
    bench.command(Command::SetMode(first, Mode::Proxy, None));
    tell(&mut bench, first, PageNews::Opened);
    tell(&mut bench, first, PageNews::BecameFile);
    let url = bench.browser.tab(first).map(Tab::url);
    assert_eq!(url, Some("http://a.test/"));
}

#[test]
fn private_transfers_end_with_the_last_private_tab() {
    let mut bench = Bench::new(vec![]);
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    let tab = bench.browser.active.unwrap();
    let private = bench.browser.tab(tab).unwrap().profile.clone();
    assert!(private.is_private());
    began(&mut bench, 1, &private);
    bench.command(Command::CloseTab(tab));
    assert!(given_up(&bench, 1));
    began(&mut bench, 2, &private);
    assert!(given_up(&bench, 2));
    assert_eq!(bench.browser.downloads.view(), []);
}

#[test]
fn a_deleted_profile_is_forgotten_with_its_sites_and_transfers() {
    let mut bench = Bench::new(vec![]);
    bench.command(Command::Profile(ProfileCommand::Create {
        title: "Work".into(),
        colour: Colour::Green,
    }));
    let work = ProfileName("p1".into());
    let lasting = bench.browser.tabs[0].profile.clone();
    began(&mut bench, 1, &work);
    began(&mut bench, 2, &lasting);
    bench.command(Command::Profile(ProfileCommand::Work {
        name: work,
        work: DataWork::Delete,
        end_session: true,
    }));
    bench.settle();
    assert!(given_up(&bench, 1) && !given_up(&bench, 2));
    let left = bench.browser.downloads.view();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0].profile, &left[0].state),
        (&lasting, &DownloadState::Running)
    );
}
