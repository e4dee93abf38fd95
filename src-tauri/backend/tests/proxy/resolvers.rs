//! Name servers that are late, or are not found: how long a connection waits for them.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use duotab_backend::proxy::{Limits, NameServers, Proxy, ProxyConfig};
use duotab_core::proxy::{Failure, Target};
use duotab_test_support::{World, world};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::kit::{Client, within};
use crate::names::{A, answer, question};

#[tokio::test]
async fn a_name_server_that_is_not_found_is_looked_for_once_and_nobody_waits_twice() {
    let world = World::new(&[]).unwrap();
    let played = world.play("resolvers::not_found").await;
    played.unwrap();
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn not_found() {
    const LIMIT: Duration = Duration::from_secs(2);
    let system: IpAddr = world::PUBLIC_TOO.parse().unwrap();
    let system = UdpSocket::bind(SocketAddr::new(system, 53)).await.unwrap();
    let proxy = Proxy::bind(ProxyConfig {
        names: NameServers::Tls(Target::new("dns.example", 853).unwrap()),
        limits: Limits {
            name: LIMIT,
            ..Limits::default()
        },
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = std::sync::Arc::new(Client::of(&proxy).await);
    let began = Instant::now();
    let mut pages = JoinSet::new();
    for page in 0..8 {
        let client = std::sync::Arc::clone(&client);
        pages.spawn(async move {
            let url = format!("http://{page}.example/");
            (client.get(&url).await.0, url)
        });
    }
    while let Some(page) = within("a page", pages.join_next()).await {
        let (status, url) = page.unwrap();
        assert_eq!(status, 502);
        assert_eq!(proxy.failure(&url), Some(Failure::NameServerSilent));
    }
    assert!(began.elapsed() < LIMIT * 2, "{:?}", began.elapsed());

    // What waits in the system's resolver is let go.
    let (mut asked, mut packet) = (0, [0; 1500]);
    while let Ok((length, from)) = system.try_recv_from(&mut packet) {
        let (name, kind, question) = question(&packet[..length]);
        assert_eq!(name, "dns.example");
        asked += usize::from(kind == A);
        let none = answer(&packet, &question, kind, None);
        system.send_to(&none, from).await.unwrap();
    }
    assert_eq!(asked, 1);
}
