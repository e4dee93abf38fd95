//! What the person wants all the same.

use super::*;
use crate::message::Security;
use crate::network::{ExitKind, NamesKind, NetworkForm};
use crate::profile::ProfileCommand;
use crate::proxy::{CertificateFlaw, Failure, PageFault};

const HERE: &str = "https://nas.test/";

/// A tab whose page did not come, and why.
fn failed(fault: PageFault) -> (Bench, TabId) {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, HERE.into()));
    let failed = PageNews::Failed {
        url: HERE.into(),
        fault: Some(fault),
        detail: String::new(),
    };
    bench.tell(Event::Page(tab, Mode::Proxy, failed));
    bench.world.log.clear();
    (bench, tab)
}

fn certificate(flaw: CertificateFlaw, strict: bool) -> PageFault {
    PageFault::Certificate {
        flaws: vec![flaw],
        strict,
    }
}

fn security(bench: &Bench, tab: TabId) -> Security {
    let state = bench.world.painted.as_ref().unwrap();
    let view = state.tabs.iter().find(|view| view.id == tab);
    view.unwrap().security
}

#[test]
fn a_site_that_nobody_vouches_for_is_opened_all_the_same_and_never_called_secure() {
    let (mut bench, tab) = failed(certificate(CertificateFlaw::UnknownIssuer, false));
    assert_eq!(security(&bench, tab), Security::Failed);
    bench.command(Command::OpenAnyway(tab));
    let trust = Action::Proxied(tab, PageAction::Trust(HERE.into()));
    assert!(bench.world.log.contains(&trust));
    assert_eq!(bench.browser.tab(tab).unwrap().problem, None);
    assert_eq!(security(&bench, tab), Security::Unproven);
    for (url, expected) in [
        ("https://nas.test:8443/", Security::Unproven),
        ("https://other.test/", Security::Secure),
    ] {
        let entries = vec![crate::event::HistoryEntry {
            url: url.into(),
            title: String::new(),
        }];
        let there = PageNews::History { entries, index: 0 };
        bench.tell(Event::Page(tab, Mode::Proxy, there));
        assert_eq!(security(&bench, tab), expected, "{url}");
    }
}

#[test]
fn what_is_in_wrong_hands_or_was_never_to_be_opened_so_is_not() {
    for fault in [
        certificate(CertificateFlaw::Revoked, false),
        certificate(CertificateFlaw::Expired, true),
        PageFault::Encryption,
    ] {
        let (mut bench, tab) = failed(fault);
        bench.command(Command::OpenAnyway(tab));
        let acts = |action: &Action| matches!(action, Action::Proxied(..) | Action::Permit(..));
        assert!(!bench.world.log.iter().any(acts));
        assert_eq!(security(&bench, tab), Security::Failed);
    }
}

#[test]
fn a_name_that_leads_home_may_do_so_until_that_is_taken_back() {
    let failure = Failure::PrivateName;
    let (mut bench, tab) = failed(PageFault::Way { failure });
    bench.command(Command::OpenAnyway(tab));
    let profile = bench.browser.tab(tab).unwrap().profile.clone();
    let told = |names: &[&str]| {
        let names = names.iter().map(|it| (*it).to_owned()).collect();
        Action::HomeNames(profile.clone(), names)
    };
    let at = |bench: &Bench, wanted: &Action| bench.world.log.iter().position(|it| it == wanted);
    let goes = Action::Proxied(tab, PageAction::Navigate(HERE.into()));
    assert!(at(&bench, &told(&["nas.test"])).unwrap() < at(&bench, &goes).unwrap());
    let saved = bench.world.log.iter().find_map(|action| match action {
        Action::SaveSite(site) => Some(site.clone()),
        _ => None,
    });
    // At the next start the proxy knows before any page is opened.
    let saved = Saved {
        sites: saved.into_iter().collect(),
        ..Saved::default()
    };
    let mut next = Browser::new(Settings::default(), saved, Millis(0));
    assert!(next.take_actions().any(|it| it == told(&["nas.test"])));
    bench.command(Command::SetSiteHome(tab, false));
    assert!(at(&bench, &told(&[])).is_some());
}

#[test]
fn no_stream_leaves_past_the_way_of_its_profile_before_the_person_wants_it() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, HERE.into()));
    let name = bench.browser.tab(tab).unwrap().profile.clone();
    let form = NetworkForm {
        exit: ExitKind::Socks5,
        exit_at: "127.0.0.1:9050".into(),
        names: NamesKind::Exit,
        ..NetworkForm::default()
    };
    bench.command(Command::Profile(ProfileCommand::SetNetwork { name, form }));
    let held = Problem::AroundExit {
        exit: "127.0.0.1:9050".into(),
    };
    let request = bench.command(Command::SetMode(tab, Mode::Streamed, None));
    assert_eq!(bench.world.replies[&request], Err(held.clone()));
    bench.command(Command::Reload(tab));
    bench.settle();
    assert_eq!(bench.browser.tab(tab).unwrap().problem, Some(held));
    assert!(bench.world.engines.is_empty() && bench.world.rows.is_empty());
    // The way back is open, and leads to the page that waited.
    bench.command(Command::SetMode(tab, Mode::Proxy, None));
    assert_eq!(bench.browser.tab(tab).unwrap().problem, None);
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.command(Command::OpenAnyway(tab));
    bench.settle();
    assert_eq!(bench.stage(tab), Some(Stage::Live));
    bench.command(Command::OpenTab {
        input: Some(HERE.into()),
        mode: Some(Mode::Streamed),
        background: false,
    });
    bench.settle();
    let other = bench.browser.active.unwrap();
    assert_eq!(bench.stage(other), Some(Stage::Live), "asked once");
}
