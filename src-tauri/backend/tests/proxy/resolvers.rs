//! Name servers that are late, or are not found: how long a connection waits for them.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use duotab_backend::proxy::{Limits, NameServers, Proxy, ProxyConfig};
use duotab_core::proxy::{Failure, Target};
use duotab_test_support::{World, world};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

use crate::kit::{Client, within};
use crate::names::{A, AAAA, answer, exit, question};

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

#[tokio::test]
async fn a_family_that_nobody_answers_for_holds_up_nothing() {
    const LIMIT: Duration = Duration::from_secs(8);
    for silent in [A, AAAA] {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = server.recv_from(&mut packet).await {
                let (_, kind, question) = question(&packet[..length]);
                if kind != silent {
                    let known = Some(vec!["93.184.216.34", "2600:9::1"]);
                    let answer = answer(&packet, &question, kind, known);
                    server.send_to(&answer, from).await.unwrap();
                }
            }
        });
        let (exit, reached) = exit().await;
        let proxy = Proxy::bind(ProxyConfig {
            exit,
            names: NameServers::Plain(vec![address]),
            limits: Limits {
                name: LIMIT,
                ..Limits::default()
            },
            ..ProxyConfig::default()
        })
        .await
        .unwrap();
        let client = Client::of(&proxy).await;
        let began = Instant::now();
        let got = client.get("http://both.example/").await;
        assert_eq!(got, (200, "ok".to_owned()));
        assert!(began.elapsed() < LIMIT / 4, "{:?}", began.elapsed());
        assert_eq!(reached.lock().unwrap().len(), 1);
    }
}
