//! Block lists: in use only where a profile blocks, and as the person has them.

use super::*;
use crate::blocking::{FIRST, ListCommand, ListFault, ListNews, ListView};
use crate::network::NetworkForm;
use crate::profile::ProfileCommand;

fn block(bench: &mut Bench, profile: &str, blocking: bool) {
    bench.command(Command::Profile(ProfileCommand::SetNetwork {
        name: ProfileName(profile.into()),
        form: NetworkForm {
            blocking,
            ..NetworkForm::default()
        },
    }));
}

/// What the world was asked to do with lists: those to use, or (`None`) none.
fn used(bench: &mut Bench) -> Vec<Option<(Vec<String>, bool)>> {
    let log = std::mem::take(&mut bench.world.log);
    let used = log.into_iter().filter_map(|action| match action {
        Action::UseLists { urls, anew } => Some(Some((urls, anew))),
        Action::DropLists => Some(None),
        _ => None,
    });
    used.collect()
}

fn lists(bench: &Bench) -> Vec<ListView> {
    bench.world.painted.as_ref().unwrap().lists.clone()
}

#[test]
fn lists_are_in_use_from_the_first_profile_that_blocks_to_the_last() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let first = || vec![FIRST.to_owned()];
    assert_eq!(used(&mut bench), []);
    block(&mut bench, "private", true);
    assert_eq!(used(&mut bench), [Some((first(), false))]);
    block(&mut bench, "default", true);
    block(&mut bench, "private", false);
    assert_eq!(used(&mut bench), []);
    let news = ListNews::InUse {
        rules: 7,
        fetched: 1,
    };
    bench.tell(Event::List(FIRST.into(), news));
    assert_eq!(lists(&bench)[0].rules, Some(7));
    block(&mut bench, "default", false);
    assert_eq!(used(&mut bench), [None]);
    assert_eq!(lists(&bench)[0].rules, None);
}

#[test]
fn the_lists_are_the_person_s_own() {
    let mut bench = Bench::new(vec![host(16_000)]);
    block(&mut bench, "default", true);
    used(&mut bench);
    let other = "https://lists.example/a.txt";
    for typed in ["lists.example/a.txt", other] {
        bench.command(Command::List(ListCommand::Add(typed.into())));
    }
    let both = vec![FIRST.to_owned(), other.to_owned()];
    assert_eq!(used(&mut bench), [Some((both.clone(), false))], "once");
    bench.command(Command::List(ListCommand::Fetch));
    assert_eq!(used(&mut bench), [Some((both, true))]);
    let fault = ListFault::NotAList;
    bench.tell(Event::List(other.into(), ListNews::Failed(fault.clone())));
    assert_eq!(lists(&bench)[1].fault, Some(fault));
    bench.command(Command::List(ListCommand::Remove(FIRST.into())));
    assert_eq!(used(&mut bench), [Some((vec![other.to_owned()], false))]);
    let bad = bench.command(Command::List(ListCommand::Add("file:///a".into())));
    let input = "file:///a".to_owned();
    assert_eq!(
        bench.world.replies[&bad],
        Err(Problem::BadAddress { input })
    );
    // Without any, nothing is blocked; the first one does not come back by itself.
    bench.command(Command::List(ListCommand::Remove(other.into())));
    let saved = Saved {
        lists: Some(vec![]),
        ..Saved::default()
    };
    let bench = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    assert_eq!(lists(&bench), []);
}

/// What the world was told of excepted sites.
fn excepted(bench: &mut Bench) -> Vec<(String, Vec<String>)> {
    let log = std::mem::take(&mut bench.world.log);
    let told = log.into_iter().filter_map(|action| match action {
        Action::Unblock(profile, sites) => Some((profile.0, sites)),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_site_is_excepted_in_its_profile_until_that_is_taken_back_and_at_the_next_start() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost:3000/a?b".into()));
    bench.command(Command::SetSiteUnblocked(tab, true));
    let sites = vec!["http://localhost:3000".to_owned()];
    assert_eq!(
        excepted(&mut bench),
        [("default".to_owned(), sites.clone())]
    );
    let site = bench.world.painted.as_ref().unwrap().tabs[0]
        .page
        .site
        .clone();
    assert_eq!(site.as_ref().unwrap().unblocked, Some(true));

    let saved = Saved {
        sites: site.into_iter().collect(),
        ..Saved::default()
    };
    let mut next = Bench::of(Settings::default(), saved, vec![host(16_000)]);
    let opens = |action: &Action| matches!(action, Action::Proxied(_, PageAction::Open { .. }));
    let first = next.world.log.iter().position(opens);
    let told = next
        .world
        .log
        .iter()
        .position(|it| matches!(it, Action::Unblock(..)));
    assert!(told.is_some() && first.is_none_or(|first| told < Some(first)));
    assert_eq!(excepted(&mut next), [("default".to_owned(), sites)]);

    bench.command(Command::SetSiteUnblocked(tab, false));
    assert_eq!(excepted(&mut bench), [("default".to_owned(), vec![])]);
}

#[test]
fn what_was_excepted_in_private_is_forgotten_with_the_last_private_tab() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/".into()));
    bench.command(Command::SetSiteUnblocked(tab, true));
    let told = excepted(&mut bench);
    assert_eq!(
        told,
        [("private".to_owned(), vec!["http://localhost".to_owned()])]
    );
    bench.command(Command::CloseTab(tab));
    assert_eq!(excepted(&mut bench), [("private".to_owned(), vec![])]);
}
