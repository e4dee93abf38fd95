//! A profile's data on a node.

use std::sync::Arc;

use duotab_backend::runtime::data::{DataError, Job};
use duotab_core::message::ProfileName;
use duotab_core::profile::ProfileFault;
use tokio_util::sync::CancellationToken;

use crate::home::{Home, within};

const FOLDER: &str = "/home/neko/.config/chromium";

fn job() -> Job {
    Job::new(Arc::new(|_, _| {}), CancellationToken::new())
}

fn default() -> ProfileName {
    ProfileName("default".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_moved_from_one_node_to_another_and_its_volume_goes_when_it_is_deleted() {
    let Some(home) = Home::new("swarm-moved") else {
        return;
    };
    let profile = default();
    home.start(1, 2).await.unwrap();
    // More than one piece, and a name that a shell would take apart.
    let write = format!(
        "echo hello >'{FOLDER}/a name'; mkdir -p {FOLDER}/Default/x; head -c 3000000 /dev/urandom >{FOLDER}/Default/x/big; sha256sum <{FOLDER}/Default/x/big"
    );
    let sum = home.run(2, "neko", &write);
    let (from, to) = (home.fleet.node(2), home.fleet.node(3));
    let in_use = home.runtime.profile_size(&profile, &from, job()).await;
    assert_eq!(in_use, Err(DataError::Fault(ProfileFault::InUse)));
    home.stop(1, 2).await;
    let size = within("a look", home.runtime.profile_size(&profile, &from, job())).await;
    assert!(size.unwrap() > 3_000_000);
    let moving = home.runtime.move_profile(&profile, &from, &to, job());
    within("a move", moving).await.unwrap();
    assert_eq!(home.kept(), [""; 0], "no room is left");
    home.start(1, 3).await.unwrap();
    let read = format!("cat '{FOLDER}/a name'; sha256sum <{FOLDER}/Default/x/big");
    assert_eq!(
        home.run(3, "neko", &read),
        ["hello".to_owned(), sum.concat()]
    );
    home.stop(1, 3).await;
    for (node, number) in [(&from, 2), (&to, 3)] {
        let deleting = home.runtime.delete_profile(&profile, node);
        within("a deletion", deleting).await.unwrap();
        assert_eq!(home.volumes(number), [""; 0]);
    }
    assert_eq!(home.kept(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_there_is_nothing_and_site_data_go_while_the_rest_stays() {
    let Some(home) = Home::new("swarm-cleared") else {
        return;
    };
    let (profile, node) = (default(), home.fleet.node(2));
    let sized = home.runtime.profile_size(&profile, &node, job());
    assert_eq!(within("a look", sized).await, Ok(0));
    assert_eq!(home.volumes(2), [""; 0], "a look leaves none");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("profile");
    let export = home.runtime.export_profile(&profile, &node, file, job());
    let empty = Err(DataError::Fault(ProfileFault::Empty));
    assert_eq!(within("an export", export).await, empty);
    assert_eq!(home.volumes(2), [""; 0], "nor does an export of nothing");
    home.start(1, 2).await.unwrap();
    let write = format!(
        "mkdir -p {FOLDER}/Default; echo b >{FOLDER}/Default/Bookmarks; echo c >{FOLDER}/Default/Cookies-mark; ls {FOLDER}/Default | grep -c ."
    );
    let _ = home.run(2, "neko", &write);
    home.stop(1, 2).await;
    let clearing = home.runtime.clear_profile(&profile, &node, job());
    within("clearing", clearing).await.unwrap();
    home.start(1, 2).await.unwrap();
    let left = format!(
        "cat {FOLDER}/Default/Bookmarks; ls {FOLDER}/Default/Cookies-mark 2>/dev/null || echo gone"
    );
    let left = home.run(2, "neko", &left);
    assert_eq!(left.last().map(String::as_str), Some("gone"));
    assert!(left[0] == "b" || left[0].starts_with('{'), "{left:?}");
    home.stop(1, 2).await;
    assert_eq!(home.kept(), [""; 0]);
}
