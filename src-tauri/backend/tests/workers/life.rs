//! Started, found again, put to sleep, woken and stopped, there.

use duotab_backend::page;
use duotab_backend::runtime::StartError;
use duotab_core::message::SessionId;
use duotab_core::node::NodeId;
use duotab_test_support::worker::Far;
use tokio_util::sync::CancellationToken;

use crate::home::{Client, Home, attic, spec, within};

const ONE: SessionId = SessionId(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_there_over_tls_and_leaves_nothing_but_its_profile() {
    let Some(home) = Home::new("far-tls") else {
        return;
    };
    let began = std::time::Instant::now();
    let endpoint = home.start(1).await.unwrap();
    let serves = began.elapsed();
    assert_eq!(home.containers("{{.State}}"), ["running"]);
    let ports = home.containers("{{.Ports}}");
    assert!(
        !ports[0].contains("/tcp->") && !ports[0].contains("->8080"),
        "{ports:?}"
    );
    let began = std::time::Instant::now();
    let mut client = Client::start(endpoint.clone());
    client.frame().await;
    let picture = began.elapsed();
    eprintln!("by TLS it serves after {serves:?}, first frame {picture:?} later");
    assert!(!client.relayed, "datagrams arrive by themselves");
    let token = duotab_backend::endpoint::Secret::new("unused");
    let pages = within("page control", page::connect(&endpoint, &token)).await;
    drop(pages.unwrap());
    client.neko.close().await;
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
    assert_eq!(home.volumes(), ["duotab-fartls-default"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_there_over_ssh() {
    let Some(home) = Home::by("far-ssh", |far| far.ssh("worker")) else {
        return;
    };
    let began = std::time::Instant::now();
    let endpoint = home.start(1).await.unwrap();
    let serves = began.elapsed();
    let began = std::time::Instant::now();
    let mut client = Client::start(endpoint);
    client.frame().await;
    let picture = began.elapsed();
    eprintln!("by SSH it serves after {serves:?}, first frame {picture:?} later");
    assert!(!client.relayed, "datagrams arrive by themselves");
    client.neko.close().await;
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_runs_at_an_ipv6_address() {
    let Some(address) = Far::here().and_then(|far| far.address6) else {
        eprintln!("no IPv6 here");
        return;
    };
    let Some(home) = Home::by("far-six", |far| far.tls_at(address, "client")) else {
        return;
    };
    let mut client = Client::start(home.start(1).await.unwrap());
    client.frame().await;
    client.neko.close().await;
    home.stop(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_sleeps_outlives_the_app_and_serves_when_it_is_woken() {
    let Some(mut home) = Home::new("far-asleep") else {
        return;
    };
    home.start(1).await.unwrap();
    home.runtime.suspend(ONE, &attic()).await.unwrap();
    home.restart();
    let found = within("a look", home.runtime.find(&attic())).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].session, &found[0].node), (ONE, &attic()));
    assert!(found[0].healthy && found[0].suspended);
    let node = attic();
    let waking = home.runtime.resume(ONE, &node);
    let endpoint = within("waking", waking).await.unwrap();
    let mut client = Client::start(endpoint);
    client.frame().await;
    client.neko.close().await;
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_is_no_worker_any_more_keeps_what_runs_there_and_takes_no_more() {
    let Some(home) = Home::new("far-gone") else {
        return;
    };
    home.start(1).await.unwrap();
    home.runtime.use_workers(Vec::new());
    assert!(
        home.runtime.adopt(ONE, &attic()).await.is_ok(),
        "it goes on"
    );
    let starting = |session: u32, node: NodeId| {
        let spec = spec(session);
        let runtime = &home.runtime;
        async move {
            runtime
                .start(spec, &node, CancellationToken::new(), &|_| {})
                .await
        }
    };
    assert_eq!(starting(2, attic()).await, Err(StartError::NodeGone));
    home.stop(1).await;
    assert_eq!(home.containers("{{.ID}}"), [""; 0]);
}
