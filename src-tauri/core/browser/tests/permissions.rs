//! What sites may do, and which streamed browsers are told.

use super::*;
use crate::ask::Wish;
use crate::site::SitePermission;

/// What sessions were told, in order.
fn told(bench: &Bench) -> Vec<(SessionId, Vec<SitePermission>)> {
    let told = |action: &Action| match action {
        Action::SetPermissions(session, decided) => Some((*session, decided.clone())),
        _ => None,
    };
    bench.world.log.iter().filter_map(told).collect()
}

fn decided(allowed: Option<bool>) -> SitePermission {
    SitePermission {
        origin: "http://localhost".to_owned(),
        wish: Wish::Location,
        allowed,
    }
}

#[test]
fn a_streamed_browser_is_told_what_is_decided_before_its_pages_are_opened_and_what_changes() {
    let mut bench = Bench::new(vec![host(16_000)]);
    let tab = bench.first();
    bench.command(Command::Navigate(tab, "http://localhost/a".into()));
    bench.command(Command::Decide(tab, Wish::Location, Some(false)));
    assert_eq!(told(&bench), [], "no browser is there");
    bench.command(Command::SetMode(tab, Mode::Streamed, None));
    bench.settle();
    let session = SessionId(1);
    assert_eq!(told(&bench), [(session, vec![decided(Some(false))])]);
    let at = |fits: fn(&Action) -> bool| bench.world.log.iter().position(fits);
    let known = at(|it| matches!(it, Action::SetPermissions(..)));
    let opened = at(|it| matches!(it, Action::Streamed(_, _, PageAction::Open { .. })));
    assert!(known < opened && known.is_some(), "{known:?} {opened:?}");
    bench.command(Command::Decide(tab, Wish::Location, None));
    let last = told(&bench).pop();
    assert_eq!(last, Some((session, vec![decided(None)])));
}

#[test]
fn another_profile_is_told_nothing() {
    let mut bench = Bench::new(vec![host(16_000)]);
    bench.stream();
    let before = told(&bench).len();
    bench.command(Command::OpenTabOf(ProfileName("private".into())));
    let private = bench.browser.active.unwrap();
    bench.command(Command::Navigate(private, "http://localhost/b".into()));
    bench.command(Command::Decide(private, Wish::Location, Some(true)));
    assert_eq!(told(&bench).len(), before);
}
