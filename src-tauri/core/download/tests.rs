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
    let mut after = Downloads::restore(before.view());
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
