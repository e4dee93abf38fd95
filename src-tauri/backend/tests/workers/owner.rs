//! Two copies of the app that want one profile: a data folder that was copied, a home folder that two
//! machines share.

use duotab_backend::runtime::data::{DataError, Job};
use duotab_backend::runtime::{EngineNews, StartError};
use duotab_core::fault::EndCause;
use duotab_core::message::{ProfileName, SessionId, StartFailure};
use duotab_core::node::NodeId;
use duotab_core::profile::ProfileFault;

use crate::home::{Client, Home, attic, within};

const ONE: SessionId = SessionId(1);

fn default() -> ProfileName {
    ProfileName("default".into())
}

/// The copy that was not let in, and who is told to have the profile.
async fn refused(home: &Home, session: u32) -> String {
    match home.start(session).await {
        Err(StartError::Failed {
            failure: StartFailure::ProfileTaken { by },
            ..
        }) => by,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_copy_runs_there_the_other_neither_takes_nor_ends_nor_changes() {
    let Some(home) = Home::new("far-twins") else {
        return;
    };
    let mut den = home.twin("The den", home.far.ssh("worker"));
    // Both count their sessions alike.
    let endpoint = home.start(1).await.unwrap();
    assert_eq!(refused(&den, 1).await, "here");
    let found = within("a look", den.runtime.find(&attic())).await;
    assert_eq!(found, Some(Vec::new()), "it is not the other one's to find");
    den.restart();
    assert_eq!(
        within("a look", den.runtime.find(&attic())).await,
        Some(Vec::new())
    );
    let stopped = den.runtime.stop(ONE, &attic()).await;
    assert!(stopped.is_ok(), "there is nothing to stop: {stopped:?}");
    let work = |done: Result<(), DataError>| match done {
        Err(DataError::Fault(ProfileFault::Taken { by })) => assert_eq!(by, "here"),
        other => panic!("{other:?}"),
    };
    let (profile, here, there) = (default(), NodeId::host(), attic());
    let clearing = den
        .runtime
        .clear_profile(&profile, &there, Job::unwatched());
    work(within("a refusal", clearing).await);
    let deleting = den.runtime.delete_profile(&profile, &there);
    work(within("a refusal", deleting).await);
    let moving = den
        .runtime
        .move_profile(&profile, &there, &here, Job::unwatched());
    work(within("a refusal", moving).await);

    let mut client = Client::start(endpoint);
    client.frame().await;
    client.neko.close().await;
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_copies_that_start_at_once_one_gets_the_profile_and_nothing_of_the_other_is_left() {
    let Some(home) = Home::new("far-race") else {
        return;
    };
    let den = home.twin("The den", home.far.tls("client"));
    let (one, other) = tokio::join!(home.start(1), den.start(1));
    let (ran, kept_out) = match (one, other) {
        (Ok(endpoint), Err(error)) => ((&home, endpoint), error),
        (Err(error), Ok(endpoint)) => ((&den, endpoint), error),
        both => panic!("{both:?}"),
    };
    assert!(
        matches!(
            &kept_out,
            StartError::Failed {
                failure: StartFailure::ProfileTaken { .. } | StartFailure::ProfileInUse,
                ..
            }
        ),
        "{kept_out:?}"
    );
    assert_eq!(home.containers("{{.State}}"), ["running"]);
    let (winner, endpoint) = ran;
    let mut client = Client::start(endpoint);
    client.frame().await;
    client.neko.close().await;
    winner.stop(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_overtaken_is_told_and_takes_the_profile_only_if_the_person_wants_it_there()
{
    let Some(mut home) = Home::new("far-overtaken") else {
        return;
    };
    let den = home.twin("The den", home.far.ssh("worker"));
    home.start(1).await.unwrap();
    // It is taken while it is in use: what ran is ended in peace, and its copy is told.
    den.runtime.take_profile(&default());
    den.start(1).await.unwrap();
    let EngineNews::Ended(ended) = home.next_news().await else {
        panic!("no end");
    };
    assert_eq!(ended.session, ONE);
    assert!(
        matches!(
            ended.cause,
            EndCause::Exited { .. } | EndCause::Killed | EndCause::Removed
        ),
        "{ended:?}"
    );
    assert_eq!(refused(&home, 2).await, "The den");
    den.stop(1).await;
    // Nobody has it now, but what was done there meanwhile is not known here.
    assert_eq!(refused(&home, 3).await, "The den");
    home.restart();
    assert_eq!(refused(&home, 4).await, "The den");
    home.runtime.take_profile(&default());
    home.start(5).await.unwrap();
    home.stop(5).await;
    assert_eq!(refused(&den, 2).await, "here");
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}
