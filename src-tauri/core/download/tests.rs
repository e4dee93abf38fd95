use super::list::CAP;
use super::*;

const ONE: Transfer = Transfer(1);

fn began(downloads: &mut Downloads, transfer: Transfer) -> DownloadId {
    let changes = downloads.begin(
        transfer,
        Beginning {
            profile: ProfileName("p1".into()),
            mode: Mode::Proxy,
            url: "http://a.example/f".into(),
            name: "f".into(),
            path: "/home/ann/f".into(),
        },
    );
    let Some(Change::Save(download)) = changes.last() else {
        panic!("not saved: {changes:?}");
    };
    download.id
}

#[test]
fn a_download_runs_from_its_beginning_to_its_end() {
    let mut downloads = Downloads::default();
    let id = began(&mut downloads, ONE);
    let half = DownloadNews::Progress {
        received: 5,
        total: Some(10),
    };
    assert!(downloads.hear(ONE, half).is_empty());
    assert_eq!(downloads.view()[0].received, 5);
    let (_, order) = downloads.act(id, DownloadVerb::Open);
    assert_eq!(order, None, "it is not there yet");
    let saved = downloads.hear(ONE, DownloadNews::Done);
    assert!(matches!(&saved[..], [Change::Save(it)] if it.state == DownloadState::Done));
    let (_, order) = downloads.act(id, DownloadVerb::Open);
    assert_eq!(order, Some(DownloadOrder::Open("/home/ann/f".into())));
    assert!(downloads.hear(ONE, DownloadNews::Cancelled).is_empty());
}

#[test]
fn what_was_under_way_when_the_app_ended_can_be_tried_again() {
    let mut before = Downloads::default();
    let id = began(&mut before, ONE);
    let (mut after, changes) = Downloads::restore(before.view());
    assert_eq!(changes, [Change::Save(after.view()[0].clone())]);
    let fault = DownloadFault::Interrupted;
    assert_eq!(after.view()[0].state, DownloadState::Failed { fault });
    let (changes, order) = after.act(id, DownloadVerb::Retry);
    assert_eq!(changes, [Change::Delete(id)]);
    let fetch = DownloadOrder::Fetch {
        url: "http://a.example/f".into(),
        profile: ProfileName("p1".into()),
        mode: Mode::Proxy,
        came: false,
    };
    assert_eq!(order, Some(fetch));
    assert_ne!(began(&mut after, ONE), id, "ids are never used again");
}

#[test]
fn what_runs_is_not_forgotten_and_what_is_over_is() {
    let mut downloads = Downloads::default();
    let first = began(&mut downloads, ONE);
    let second = began(&mut downloads, Transfer(2));
    downloads.hear(ONE, DownloadNews::Cancelled);
    assert_eq!(downloads.clear(), [Change::Delete(first)]);
    assert_eq!(downloads.act(second, DownloadVerb::Forget), (vec![], None));
    let (_, order) = downloads.act(second, DownloadVerb::Cancel);
    assert_eq!(order, Some(DownloadOrder::Cancel(Transfer(2))));
}

#[test]
fn the_list_does_not_grow_without_end() {
    let mut downloads = Downloads::default();
    for n in 0..200 {
        began(&mut downloads, Transfer(n));
        downloads.hear(Transfer(n), DownloadNews::Done);
    }
    assert_eq!(downloads.view().len(), CAP);
}

#[test]
fn a_server_that_sends_more_than_it_said_is_not_believed() {
    let mut downloads = Downloads::default();
    began(&mut downloads, ONE);
    let more = DownloadNews::Progress {
        received: 11,
        total: Some(10),
    };
    downloads.hear(ONE, more);
    assert_eq!(downloads.view()[0].total, None);
}

const TWO: Transfer = Transfer(2);

/// One of which 5 of 10 bytes have come, and which is held up then.
fn held(downloads: &mut Downloads, hold: Hold) -> DownloadId {
    let id = began(downloads, ONE);
    downloads.hear(ONE, DownloadNews::Holds(hold));
    let half = DownloadNews::Progress {
        received: 5,
        total: Some(10),
    };
    downloads.hear(ONE, half);
    let (_, order) = downloads.act(id, DownloadVerb::Pause);
    assert_eq!(order, Some(DownloadOrder::Pause(ONE)));
    let news = DownloadNews::Held {
        received: 5,
        why: Halt::Wanted,
    };
    let saved = downloads.hear(ONE, news);
    assert!(matches!(&saved[..], [Change::Save(it)] if it.state == paused(Halt::Wanted)));
    id
}

fn paused(why: Halt) -> DownloadState {
    DownloadState::Paused { why }
}

fn tagged() -> Hold {
    Hold::At("\"1\"".into())
}

#[test]
fn what_is_held_up_goes_on_where_it_was() {
    let mut downloads = Downloads::default();
    let id = held(&mut downloads, tagged());
    assert!(!downloads.begins_anew(id));
    let (_, order) = downloads.act(id, DownloadVerb::Resume);
    let rest = Rest {
        id,
        profile: ProfileName("p1".into()),
        url: "http://a.example/f".into(),
        path: "/home/ann/f".into(),
        version: "\"1\"".into(),
        total: Some(10),
    };
    assert_eq!(order, Some(DownloadOrder::GoOn(rest)));
    let (_, order) = downloads.act(id, DownloadVerb::Resume);
    assert_eq!(order, None, "once is enough");
    assert!(downloads.go_on(TWO, id, "f (1)".into(), "/home/ann/f (1)".into()));
    downloads.hear(TWO, DownloadNews::Done);
    let there = &downloads.view()[0];
    assert_eq!((there.id, &there.state), (id, &DownloadState::Done));
    assert_eq!(there.name, "f (1)");
}

#[test]
fn what_is_held_up_outlives_the_app_also_while_it_goes_on() {
    let mut before = Downloads::default();
    let id = held(&mut before, tagged());
    let saved = before.view();
    let (changes, _) = before.act(id, DownloadVerb::Resume);
    assert_eq!(changes, [], "on the disk it stays held up");
    let (mut after, changes) = Downloads::restore(saved);
    assert_eq!(changes, []);
    assert_eq!(after.view()[0].state, paused(Halt::Wanted));
    let (_, order) = after.act(id, DownloadVerb::Resume);
    assert!(matches!(order, Some(DownloadOrder::GoOn(_))));
}

#[test]
fn what_was_coming_when_the_app_ended_goes_on_with_what_is_kept_of_it() {
    let mut before = Downloads::default();
    let id = began(&mut before, ONE);
    before.hear(ONE, DownloadNews::Holds(tagged()));
    let mut left = before.view();
    left[0].received = 5;
    let after = Downloads::restore(left.clone()).0;
    assert_eq!(after.view()[0].state, paused(Halt::Closed));
    assert!(!after.begins_anew(id));
    let failed = DownloadState::Failed {
        fault: DownloadFault::Interrupted,
    };
    for (hold, mode, received) in [
        (Hold::Anew, Mode::Proxy, 5),
        (tagged(), Mode::Streamed, 5),
        (tagged(), Mode::Proxy, 0),
    ] {
        let it = &mut left[0];
        (it.hold, it.mode, it.received) = (hold, mode, received);
        let after = Downloads::restore(left.clone()).0;
        assert_eq!(after.view()[0].state, failed);
    }
}

#[test]
fn what_is_held_up_is_not_over_and_goes_with_what_is_kept_of_it() {
    let mut downloads = Downloads::default();
    let id = held(&mut downloads, tagged());
    assert_eq!(downloads.clear(), []);
    assert_eq!(downloads.act(id, DownloadVerb::Forget), (vec![], None));
    let kept = DownloadOrder::Discard("/home/ann/f".into());
    assert_eq!(downloads.kept(id), Some(kept.clone()));
    assert_eq!(
        downloads.give_up_all_of(|_| true),
        std::slice::from_ref(&kept)
    );
    let (changes, order) = downloads.act(id, DownloadVerb::Cancel);
    assert!(matches!(&changes[..], [Change::Save(it)] if it.state == DownloadState::Cancelled));
    assert_eq!(order, Some(kept));
    assert_eq!(downloads.give_up_all_of(|_| true), []);
}

#[test]
fn without_a_version_or_a_byte_it_begins_anew() {
    let mut downloads = Downloads::default();
    let id = held(&mut downloads, Hold::Anew);
    assert!(downloads.begins_anew(id));
    let mut downloads = Downloads::default();
    let id = began(&mut downloads, ONE);
    downloads.hear(ONE, DownloadNews::Holds(tagged()));
    let nothing = DownloadNews::Held {
        received: 0,
        why: Halt::Wanted,
    };
    downloads.hear(ONE, nothing);
    assert!(downloads.begins_anew(id));
}

#[test]
fn what_cannot_be_given_again_is_not_held_up() {
    let mut downloads = Downloads::default();
    let id = began(&mut downloads, ONE);
    assert_eq!(downloads.act(id, DownloadVerb::Pause), (vec![], None));
}

#[test]
fn a_row_that_is_gone_is_not_gone_on_with() {
    let mut downloads = Downloads::default();
    let id = held(&mut downloads, tagged());
    let orders = downloads.forget_all_of(|_| true);
    assert_eq!(orders, [DownloadOrder::Discard("/home/ann/f".into())]);
    assert!(!downloads.go_on(TWO, id, "f".into(), "/home/ann/f".into()));
}
