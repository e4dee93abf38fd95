//! A port, a secret, a policy and a way out for each profile.

use duotab_backend::proxy::{Proxies, Proxy, ProxyConfig};
use duotab_core::message::ProfileName;
use duotab_core::network::{ExitKind, Network, NetworkForm};
use duotab_core::proxy::Failure;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

use crate::kit::{Client, Wire, by_hand, within};

fn name(name: &str) -> ProfileName {
    ProfileName(name.to_owned())
}

async fn two() -> (Proxies, Arc<Proxy>, Arc<Proxy>) {
    let proxies = Proxies::new(ProxyConfig::default(), vec![]);
    let mut open = Vec::new();
    for profile in ["one", "two"] {
        proxies.lead(&name(profile), Network::default()).await;
        open.push(proxies.of(&name(profile)).unwrap());
    }
    let second = open.pop().unwrap();
    (proxies, open.pop().unwrap(), second)
}

async fn site() -> std::net::SocketAddr {
    by_hand(|mut wire| async move {
        while !wire.head().await.is_empty() {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
        }
    })
    .await
}

/// A way by an HTTP proxy that says who it is.
async fn by_proxy(says: &'static str) -> Network {
    let address = by_hand(move |mut wire| async move {
        while !wire.head().await.is_empty() {
            wire.send(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{says}",
                says.len()
            ))
            .await;
        }
    })
    .await;
    let form = NetworkForm {
        exit: ExitKind::Http,
        exit_at: address.to_string(),
        ..NetworkForm::default()
    };
    Network::try_from(form).unwrap()
}

#[tokio::test]
async fn profiles_share_neither_port_nor_secret_nor_what_was_asked_for() {
    let (_proxies, one, two) = two().await;
    assert_ne!(one.access().port, two.access().port);
    assert_ne!(one.access().secret, two.access().secret);
    let site = site().await;
    let url = format!("http://{site}/");
    one.permit(&url);
    assert_eq!(Client::of(&one).await.get(&url).await.0, 200);
    assert_eq!(Client::of(&two).await.get(&url).await.0, 403);
    assert_eq!(one.failure(&url), None);
    assert_eq!(two.failure(&url), Some(Failure::PrivateAddress));
}

#[tokio::test]
async fn no_profile_reaches_the_port_of_another_even_if_it_is_typed() {
    let (proxies, one, two) = two().await;
    let client = Client::of(&one).await;
    let reached = |port: u16| {
        let (client, url) = (&client, format!("http://127.0.0.1:{port}/"));
        one.permit(&url);
        let failure = one.clone();
        async move {
            let status = client.get(&url).await.0;
            (status, failure.failure(&url))
        }
    };
    let refused = (403, Some(Failure::OwnPort));
    assert_eq!(reached(one.access().port).await, refused);
    assert_eq!(reached(two.access().port).await, refused);
    // A proxy that comes later is kept from those that were there.
    proxies.lead(&name("three"), Network::default()).await;
    let three = proxies.of(&name("three")).unwrap().access().port;
    assert_eq!(reached(three).await, refused);
}

#[tokio::test]
async fn another_way_holds_for_the_next_request_and_cuts_off_what_took_the_old_one() {
    let (proxies, one, two) = two().await;
    let url = "http://93.184.216.34/";
    let (first, second) = (by_proxy("first").await, by_proxy("second").await);
    proxies.lead(&name("one"), first.clone()).await;
    proxies.lead(&name("two"), second.clone()).await;
    let (client, other) = (Client::of(&one).await, Client::of(&two).await);
    assert_eq!(client.get(url).await, (200, "first".to_owned()));
    assert_eq!(other.get(url).await, (200, "second".to_owned()));

    let head = format!("GET {url} HTTP/1.1\r\nHost: 93.184.216.34");
    let (mut open, answer) = client.ask(&head).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(open.take(5).await, b"first");
    // The same way once more is no other way.
    proxies.lead(&name("one"), first).await;
    client.ask_on(&mut open, &head).await;
    assert!(open.head().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(open.take(5).await, b"first");

    proxies.lead(&name("one"), second).await;
    let ended = within("the end of the old way", open.stream.read(&mut [0])).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    assert_eq!(client.get(url).await, (200, "second".to_owned()));
    let same = proxies.of(&name("one")).unwrap();
    assert_eq!(same.access(), one.access(), "the engine knows this one");
}

#[tokio::test]
async fn a_proxy_that_is_renewed_has_forgotten_what_was_asked_for() {
    let (proxies, one, _two) = two().await;
    let site = site().await;
    let url = format!("http://{site}/");
    one.permit(&url);
    let client = Client::of(&one).await;
    let mut tunnel = client.tunnel(&site.to_string()).await.unwrap();
    proxies.renew(&name("one")).await;
    let ended = within("the tunnel's end", tunnel.read(&mut [0])).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    let anew = proxies.of(&name("one")).unwrap();
    assert_ne!(anew.access().secret, one.access().secret);
    assert_eq!(Client::of(&anew).await.get(&url).await.0, 403);
}

#[tokio::test]
async fn when_a_profile_goes_its_proxy_goes_too() {
    let (proxies, one, two) = two().await;
    let mut wire = Wire::to(one.access().port).await;
    proxies.close(&name("one"));
    assert!(proxies.of(&name("one")).is_none());
    assert_eq!(wire.rest().await, "");
    let site = site().await;
    let url = format!("http://{site}/");
    two.permit(&url);
    assert_eq!(
        Client::of(&two).await.get(&url).await.0,
        200,
        "no other goes"
    );
}
