//! Two machines whose clocks differ by hours. It is this one that is given another time: nobody can
//! say which of the two is right.

use std::process::Command;

use duotab_core::fault::EngineFault;
use duotab_core::message::SessionId;
use duotab_core::worker::{WorkerAddress, WorkerCheck};
use duotab_test_support::worker::Far;

use crate::home::{Client, Home, attic, within};

/// Says to a test that is started by another one which way to the worker it takes.
const WAY: &str = "DUOTAB_TEST_CLOCK_WAY";

/// Runs a test of this program by another clock.
fn run(offset: &str, way: &str, test: &str) {
    let program = std::env::current_exe().unwrap();
    let done = Command::new("faketime")
        .args(["-f", offset])
        .arg(program)
        .args(["--exact", test, "--nocapture"])
        .env(WAY, way)
        // What is measured is measured as ever.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1")
        .status();
    let done = done.expect("faketime");
    assert!(done.success(), "{offset}, {way}: {done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_whatever_the_two_clocks_say() {
    const SELF: &str = "clock::a_session_runs_whatever_the_two_clocks_say";
    if Far::here().is_none() {
        return;
    }
    let Ok(way) = std::env::var(WAY) else {
        // Certificates are good for some days from now on, and not for those before.
        for (offset, way) in [("+7h", "tls"), ("+7h", "ssh"), ("-7h", "ssh")] {
            run(offset, way, SELF);
        }
        return;
    };
    let address = |far: &Far| -> WorkerAddress {
        match way.as_str() {
            "ssh" => far.ssh("worker"),
            _ => far.tls("client"),
        }
    };
    let Some(mut home) = Home::by("clock", address) else {
        return;
    };
    let mut client = Client::start(home.start(1).await.unwrap());
    client.frame().await;
    client.neko.close().await;
    let (one, node) = (SessionId(1), attic());
    within("sleep", home.runtime.suspend(one, &node))
        .await
        .unwrap();
    home.restart();
    let found = within("a look", home.runtime.find(&node)).await.unwrap();
    assert!(found[0].healthy && found[0].suspended, "{found:?}");
    let woken = within("waking", home.runtime.resume(one, &node)).await;
    let mut client = Client::start(woken.unwrap());
    client.frame().await;
    client.neko.close().await;
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_valid_yet_is_told_with_whose_clock_says_so() {
    const SELF: &str =
        "clock::a_certificate_that_is_not_valid_yet_is_told_with_whose_clock_says_so";
    if Far::here().is_none() {
        return;
    }
    if std::env::var(WAY).is_err() {
        return run("-7h", "tls", SELF);
    }
    let Some(home) = Home::new("clock-early") else {
        return;
    };
    let check = home
        .runtime
        .check_worker(&home.far.worker(home.far.tls("client")))
        .await;
    let WorkerCheck::Away {
        fault: EngineFault::CertificateBad { detail, .. },
    } = check
    else {
        panic!("{check:?}");
    };
    assert!(
        detail.contains("not valid yet") && detail.contains("clock"),
        "{detail}"
    );
}
