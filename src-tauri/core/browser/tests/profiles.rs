//! Profiles: apart from each other, and changed only while nobody has their data.

use super::*;
use crate::message::ShellState;
use crate::network::{ExitKind, Network, NetworkFault, NetworkForm};
use crate::profile::{
    Colour, DataWork, Pending, ProfileCommand, ProfileFault, ProfileRecord, ProfileView, WorkEnd,
};
use crate::secret::Secret;

fn name(name: &str) -> ProfileName {
    ProfileName(name.into())
}

fn painted(bench: &Bench) -> &ShellState {
    bench.world.painted.as_ref().unwrap()
}

fn view(bench: &Bench, of: &str) -> ProfileView {
    let all = &painted(bench).profiles;
    all.iter().find(|it| it.name.0 == of).unwrap().clone()
}

fn create(bench: &mut Bench, title: &str) {
    bench.command(Command::Profile(ProfileCommand::Create {
        title: title.into(),
        colour: Colour::Green,
    }));
}

fn work(bench: &mut Bench, of: &str, work: DataWork, end_session: bool) -> Option<Problem> {
    let request = bench.command(Command::Profile(ProfileCommand::Work {
        name: name(of),
        work,
        end_session,
    }));
    bench.world.replies[&request].clone().err()
}

fn streamed_in(bench: &mut Bench, profile: &str) -> TabId {
    bench.command(Command::OpenTabOf(name(profile)));
    let tab = bench.browser.active.unwrap();
    bench.command(Command::Navigate(tab, "http://localhost/p".into()));
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    tab
}

#[test]
fn each_profile_has_a_session_of_its_own_and_its_pages_stay_in_it() {
    let mut bench = Bench::new(vec![host(32_000)]);
    let first = bench.stream();
    create(&mut bench, "Work");
    let second = streamed_in(&mut bench, "p1");
    let session = |bench: &Bench, tab| bench.browser.tab(tab).and_then(Tab::session).unwrap();
    let (one, two) = (session(&bench, first), session(&bench, second));
    assert_ne!(one, two);
    assert_eq!(bench.world.data[&two], name("p1"));
    bench.tell(Event::Page(
        second,
        Mode::Streamed,
        PageNews::OpenedPage {
            url: "http://localhost/popup".into(),
            target: Some("T".into()),
            foreground: true,
        },
    ));
    let popup = bench.browser.active.unwrap();
    assert_eq!(bench.browser.tab(popup).unwrap().profile, name("p1"));
    assert_eq!(session(&bench, popup), two);
    assert_eq!(view(&bench, "p1").tabs, 2);
}

#[test]
fn an_empty_tab_in_front_takes_the_profile_and_another_is_left_alone() {
    let mut bench = Bench::new(vec![]);
    create(&mut bench, "Work");
    bench.command(Command::OpenTabOf(name("p1")));
    assert_eq!(bench.browser.tabs.len(), 1);
    assert_eq!(bench.browser.tabs[0].profile, name("p1"));
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::OpenTabOf(name("default")));
    assert_eq!(bench.browser.tabs.len(), 2);
    assert_eq!(bench.browser.tabs[0].profile, name("p1"));
    let opened = Action::UseProfile(tab, name("p1"));
    assert!(bench.world.log.contains(&opened), "in both modes");
}

#[test]
fn data_in_use_are_worked_on_after_the_session_s_end_and_its_tabs_come_back() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.stream();
    let refused = work(&mut bench, "default", DataWork::Clear, false);
    assert!(matches!(refused, Some(Problem::ProfileInUse { .. })));
    assert_eq!(work(&mut bench, "default", DataWork::Clear, true), None);
    let before = bench.browser.tab(tab).and_then(Tab::session);
    assert!(view(&bench, "default").work.is_some());
    bench.settle();
    let after = bench.browser.tab(tab).and_then(Tab::session);
    assert!(after.is_some() && after != before, "with a new session");
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    let outcome = view(&bench, "default").outcome.unwrap();
    assert_eq!((outcome.work, outcome.fault), (DataWork::Clear, None));
    assert_eq!(bench.world.profiles[&name("default")].pending, None);
}

#[test]
fn a_deleted_profile_takes_its_tabs_along_and_the_lasting_one_stays() {
    let mut bench = Bench::new(vec![host(16_000)]);
    create(&mut bench, "Work");
    let tab = streamed_in(&mut bench, "p1");
    bench.command(Command::CloseTab(tab));
    let tab = streamed_in(&mut bench, "p1");
    assert_eq!(work(&mut bench, "p1", DataWork::Delete, true), None);
    bench.settle();
    assert!(bench.browser.tab(tab).is_none());
    assert!(painted(&bench).profiles.iter().all(|it| it.name.0 != "p1"));
    assert!(bench.world.profiles.is_empty() && bench.world.engines.is_empty());
    bench.command(Command::ReopenTab);
    assert!(
        bench
            .browser
            .tabs
            .iter()
            .all(|tab| tab.profile.0 == "default")
    );
    assert!(work(&mut bench, "default", DataWork::Delete, true).is_some());
    // Something of it may be left somewhere: nobody gets its name.
    create(&mut bench, "Other");
    assert_eq!(view(&bench, "p2").title, "Other");
}

#[test]
fn what_an_app_that_was_killed_has_begun_is_ended_by_the_next() {
    let record = |of: &str, pending| ProfileRecord {
        name: name(of),
        title: of.into(),
        colour: Colour::Red,
        pending: Some(pending),
        network: Network::default(),
        home: None,
        copy: None,
        stale: Vec::new(),
        left: None,
    };
    let saved = Saved {
        profiles: vec![
            record("p1", Pending::Delete),
            record("default", Pending::Clear),
            record("p2", Pending::Import),
        ],
        ..Saved::default()
    };
    let mut browser = Browser::new(Settings::default(), saved, Millis(0));
    browser.handle(Millis(1), Event::EnginesFound(NodeId::host(), Some(vec![])));
    let begun: Vec<(String, DataWork)> = browser
        .take_actions()
        .filter_map(|action| match action {
            Action::WorkOnProfile(name, _, work) => Some((name.0, work)),
            _ => None,
        })
        .collect();
    assert_eq!(
        begun,
        [
            ("default".into(), DataWork::Clear),
            ("p1".into(), DataWork::Delete),
            ("p2".into(), DataWork::Measure),
        ]
    );
}

#[test]
fn a_fault_is_shown_until_it_is_read_and_changes_nothing() {
    let mut bench = Bench::new(vec![]);
    bench.settle();
    let import = DataWork::Import { path: "/a".into() };
    assert_eq!(work(&mut bench, "default", import.clone(), false), None);
    let busy = work(&mut bench, "default", DataWork::Clear, true);
    assert!(matches!(busy, Some(Problem::ProfileBusy { .. })));
    bench.world.answers.clear();
    let fault = ProfileFault::NotOurs { path: "/a".into() };
    let end = WorkEnd::Failed(fault.clone());
    bench.tell(Event::ProfileWorked(name("default"), import, end));
    let outcome = view(&bench, "default").outcome.unwrap();
    assert_eq!(outcome.fault, Some(fault));
    bench.command(Command::Profile(ProfileCommand::Dismiss(name("default"))));
    assert_eq!(view(&bench, "default").outcome, None);
}

#[test]
fn titles_are_plain_and_short_and_never_empty() {
    let mut bench = Bench::new(vec![]);
    create(&mut bench, " \u{7}\n ");
    assert_eq!(painted(&bench).profiles.len(), 2, "and the private one");
    create(&mut bench, &"x\u{0}".repeat(100));
    assert_eq!(view(&bench, "p1").title, "x".repeat(40));
    bench.command(Command::Profile(ProfileCommand::Change {
        name: name("p1"),
        title: "  ".into(),
        colour: Colour::Pink,
    }));
    let changed = view(&bench, "p1");
    assert_eq!((changed.title.len(), changed.colour), (40, Colour::Pink));
}

#[test]
fn nothing_of_a_private_tab_is_ever_saved_and_its_session_goes_with_it() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let kept = bench.first();
    bench.command(Command::Navigate(kept, "http://localhost/a".into()));
    let tab = streamed_in(&mut bench, "private");
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    let session = bench.browser.tab(tab).and_then(Tab::session).unwrap();
    // Back in Proxy mode its logins are still there for the next toggle.
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    bench.settle();
    assert!(bench.world.engines.contains(&session));
    bench.command(Command::CloseTab(tab));
    bench.settle();
    assert!(bench.world.engines.is_empty() && bench.world.rows.is_empty());
    assert!(bench.world.log.contains(&Action::ForgetPrivate));
    let saved = bench.world.log.iter().any(|action| match action {
        Action::SaveTab(record) => record.id == tab,
        Action::SaveProfile(_) => true,
        _ => false,
    });
    assert!(!saved);
    bench.command(Command::ReopenTab);
    assert_eq!(bench.browser.tabs.len(), 1, "it is not remembered either");
    assert!(work(&mut bench, "private", DataWork::Measure, false).is_some());
}

#[test]
fn a_private_engine_of_an_app_that_was_killed_is_stopped() {
    let saved = Saved {
        sessions: vec![SessionRecord {
            id: SessionId(1),
            profile: name("private"),
            node: NodeId::host(),
            state: SavedState::Live,
        }],
        ..Saved::default()
    };
    let mut browser = Browser::new(Settings::default(), saved, Millis(0));
    let found = FoundEngine {
        session: SessionId(1),
        node: NodeId::host(),
        healthy: true,
        suspended: false,
    };
    browser.handle(
        Millis(1),
        Event::EnginesFound(NodeId::host(), Some(vec![found])),
    );
    let stop = Action::StopEngine(SessionId(1), NodeId::host());
    assert!(browser.take_actions().any(|action| action == stop));
}

fn networks(bench: &Bench) -> Vec<(String, NetworkForm)> {
    let used = bench.world.log.iter().filter_map(|action| match action {
        Action::UseNetwork(name, network) => Some((name.0.clone(), network.form())),
        _ => None,
    });
    used.collect()
}

#[test]
fn the_password_of_a_proxy_stays_with_its_user_and_its_place() {
    let at = |exit: ExitKind, exit_at: &str, user: &str, password: Option<&str>| NetworkForm {
        exit,
        exit_at: exit_at.into(),
        exit_user: user.into(),
        exit_password: password.map(Secret::new),
        ..NetworkForm::default()
    };
    let (http, socks, here) = (ExitKind::Http, ExitKind::Socks5, "127.0.0.1:3128");
    for (changed, has) in [
        (at(http, here, "me", None), "pw"),
        (at(http, " http://127.0.0.1:3128/ ", "me", None), "pw"),
        (at(http, here, "me", Some("")), ""),
        (at(http, here, "me", Some("new")), "new"),
        (at(http, here, "you", None), ""),
        (at(http, "127.0.0.1:3129", "me", None), ""),
        (at(http, "me@127.0.0.1:3128", "you", None), "pw"),
        (at(http, "me:new@127.0.0.1:3128", "me", None), "new"),
        (at(socks, here, "me", None), ""),
    ] {
        let mut bench = Bench::new(vec![host(16_000)]);
        for form in [at(http, here, "me", Some("pw")), changed.clone()] {
            bench.command(Command::Profile(ProfileCommand::SetNetwork {
                name: name("default"),
                form,
            }));
            let shown = view(&bench, "default").network.exit_password;
            assert!(shown.is_none_or(|it| it.expose().is_empty()));
        }
        let set = bench.browser.profile(&name("default")).unwrap();
        let saved = NetworkForm::from(set.record.network.clone());
        let password = saved.exit_password.unwrap_or_default();
        assert_eq!(password.expose(), has, "{changed:?}");
    }
}

#[test]
fn each_profile_has_a_way_to_the_network_and_the_private_one_keeps_its_own() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let form = NetworkForm {
        exit: ExitKind::Socks5,
        exit_at: "127.0.0.1:9050".into(),
        ..NetworkForm::default()
    };
    let set = |bench: &mut Bench, of: &str, form: &NetworkForm| {
        bench.command(Command::Profile(ProfileCommand::SetNetwork {
            name: name(of),
            form: form.clone(),
        }))
    };
    let before = networks(&bench).len();
    set(&mut bench, "private", &form);
    assert_eq!(
        networks(&bench)[before..],
        [("private".to_owned(), form.clone())]
    );
    assert_eq!(view(&bench, "private").network, form);
    assert_eq!(view(&bench, "default").network, NetworkForm::default());
    let saved: Vec<ProfileRecord> = bench.world.profiles.values().cloned().collect();
    assert!(
        saved
            .iter()
            .any(|it| it.name.is_private() && it.network.form() == form)
    );
    // What cannot be used changes nothing.
    let bad = NetworkForm {
        exit_at: "nonsense".into(),
        ..form.clone()
    };
    let refused = set(&mut bench, "default", &bad);
    let fault = NetworkFault::ExitPortMissing;
    assert_eq!(
        bench.world.replies[&refused],
        Err(Problem::BadNetwork { fault })
    );
    assert_eq!(view(&bench, "default").network, NetworkForm::default());

    let restored = Browser::new(
        Settings::default(),
        Saved {
            profiles: saved,
            ..Saved::default()
        },
        Millis(0),
    );
    let private = restored.profile_views().pop();
    assert_eq!(private.map(|it| it.network), Some(form));
}

#[test]
fn what_is_typed_is_completed_by_the_tabs_of_its_own_profile_also_by_one_that_was_closed() {
    let mut bench = Bench::new(vec![]);
    let tab = bench.first();
    let goes = |bench: &mut Bench, tab, url: &str, title: &str| {
        bench.command(Command::Navigate(tab, url.into()));
        let title = PageNews::Title(title.to_owned());
        for news in [PageNews::Loading(true), title, PageNews::Loading(false)] {
            bench.tell(Event::Page(tab, Mode::Proxy, news));
        }
    };
    let opens = |bench: &mut Bench| {
        bench.command(Command::OpenTabOf(ProfileName("default".into())));
        bench.browser.active.unwrap()
    };
    let completed = |bench: &Bench, tab| {
        let completion = bench.browser.completion(tab, "n");
        completion.map(|it| it.url)
    };
    goes(&mut bench, tab, "https://news.test/a", "News");
    let news = Some("https://news.test/".to_owned());
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    let private = bench.browser.active.unwrap();
    assert_eq!(completed(&bench, tab), news);
    assert_eq!(completed(&bench, private), None);
    goes(&mut bench, private, "https://n.test/", "Night");
    assert_eq!(completed(&bench, tab), news);
    // What never came has no title, or its host's.
    for title in ["", "no.test"] {
        let other = opens(&mut bench);
        goes(&mut bench, other, "https://no.test/", title);
        assert_eq!(completed(&bench, other), news);
    }
    bench.command(Command::CloseTab(tab));
    let next = opens(&mut bench);
    assert_eq!(completed(&bench, next), news);
    // What is on its way may never come, whatever its title.
    goes(&mut bench, next, "https://n.test/", "N");
    assert_eq!(completed(&bench, next).as_deref(), Some("https://n.test/"));
    bench.tell(Event::Page(next, Mode::Proxy, PageNews::Loading(true)));
    assert_eq!(completed(&bench, next), news);
}

#[test]
fn a_tab_beside_a_private_one_is_private_and_what_is_typed_opens_in_its_tab_s_profile() {
    let mut bench = Bench::new(vec![]);
    let first = bench.browser.tabs[0].profile.clone();
    create(&mut bench, "Work");
    let work = name("p1");
    let opens = |bench: &mut Bench, of: &ProfileName, input: Option<&str>| {
        bench.command(Command::OpenTabOf(of.clone()));
        bench.command(Command::OpenTab {
            input: input.map(str::to_owned),
            mode: None,
            background: false,
        });
        let id = bench.browser.active.unwrap();
        bench.browser.tab(id).unwrap().profile.clone()
    };
    let private = ProfileName("private".into());
    assert_eq!(opens(&mut bench, &private, None), private);
    assert_eq!(opens(&mut bench, &work, None), first);
    for profile in [private, work] {
        assert_eq!(opens(&mut bench, &profile, Some("a.test")), profile);
        let permit = Action::Permit(profile, "https://a.test/".into());
        assert!(bench.world.log.contains(&permit));
    }
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    bench.tell(Event::SecondInstance(vec!["b.test".into()], None));
    let id = bench.browser.active.unwrap();
    assert_eq!(
        bench.browser.tab(id).unwrap().profile,
        ProfileName("private".into()),
        "an empty tab in front is used"
    );
}
