//! One profile, wanted by two copies of the app.

use duotab_backend::runtime::StartError;
use duotab_backend::runtime::docker::Owner;
use duotab_core::message::{ProfileName, StartFailure};

use crate::home::{Home, within};

fn copy(id: &str, name: &str) -> Option<Home> {
    Home::with("swarm-twice", |docker| {
        docker.owner = Owner::new(id.to_owned(), name, "");
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_in_one_copy_of_the_app_and_goes_to_another_only_if_the_person_wants_it_there()
{
    let Some(here) = copy("here", "The hall") else {
        return;
    };
    let there = copy("there", "The den").unwrap();
    here.start(1, 2).await.unwrap();
    // Both count their sessions alike.
    let refused = there.start(1, 2).await;
    let by = "The hall".to_owned();
    let taken = Err(StartError::Failed {
        failure: StartFailure::ProfileTaken { by: by.clone() },
        log: Vec::new(),
    });
    assert_eq!(refused.map(|_| ()), taken);
    let manager = there.fleet.worker().id;
    let found = within("a look", there.runtime.find(&manager)).await;
    assert_eq!(found, Some(Vec::new()), "each minds its own");
    assert_eq!(
        here.kept().len(),
        4,
        "nothing of the other one's was removed"
    );
    here.stop(1, 2).await;
    // What it was the last to have, and nobody has now.
    let refused = there.start(1, 2).await;
    let Err(StartError::Failed { failure, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(failure, StartFailure::ProfileTaken { by });
    there.runtime.take_profile(&ProfileName("default".into()));
    there.start(1, 2).await.unwrap();
    there.stop(1, 2).await;
    assert_eq!(there.kept(), [""; 0]);
}
