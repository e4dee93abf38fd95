//! The ways out: another HTTP proxy, SOCKS5, or one network interface.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use duotab_backend::proxy::{Exit, NameServers, Proxy, ProxyConfig};
use duotab_core::network::Login;
use duotab_core::proxy::{Failure, Target};
use duotab_core::secret::Secret;
use duotab_test_support::{World, world};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{Client, Wire, by_hand, by_hand_on, within};
use crate::names::{Reply, Server, exit_that};

fn login() -> Login {
    Login {
        user: "me".to_owned(),
        password: Secret::new("pw"),
    }
}

/// `me:pw` as HTTP shows it.
const BASIC: &str = "Basic bWU6cHc=";

fn at(address: SocketAddr) -> Target {
    Target::new(&address.ip().to_string(), address.port()).unwrap()
}

async fn behind(exit: Exit) -> (Proxy, Client) {
    let proxy = Proxy::bind(ProxyConfig {
        exit,
        names: NameServers::Exit,
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    (proxy, client)
}

/// An HTTP proxy that answers for all sites, and keeps what it is asked.
async fn http_exit(status: &'static str) -> (Exit, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let address = by_hand(move |mut wire| {
        let kept = Arc::clone(&kept);
        async move {
            loop {
                let head = wire.head().await;
                if head.is_empty() {
                    return;
                }
                kept.lock().unwrap().push(head.clone());
                if head.starts_with("CONNECT ") && status.starts_with("200") {
                    wire.send("HTTP/1.1 200 Connected\r\n\r\n").await;
                    return echo(wire).await;
                }
                wire.send(&format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok"))
                    .await;
            }
        }
    })
    .await;
    (Exit::Http(at(address), Some(login())), heard)
}

async fn echo(mut wire: Wire) {
    let (mut read, mut write) = wire.stream.split();
    let _ = tokio::io::copy(&mut read, &mut write).await;
}

#[tokio::test]
async fn an_http_exit_is_told_the_whole_address_and_the_name() {
    let (exit, heard) = http_exit("200 OK").await;
    let (_proxy, client) = behind(exit).await;
    for path in ["a", "b"] {
        let url = format!("http://name.example/{path}");
        assert_eq!(client.get(&url).await, (200, "ok".to_owned()));
    }
    let heard = heard.lock().unwrap();
    assert!(
        heard[0].starts_with("GET http://name.example/a HTTP/1.1\r\n"),
        "{heard:?}"
    );
    for head in heard.iter() {
        assert!(head.contains(BASIC), "{head}");
        assert!(!head.contains("Digest"), "{head}");
        assert!(
            head.to_lowercase().contains("host: name.example\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn an_http_exit_opens_tunnels() {
    let (exit, heard) = http_exit("200 OK").await;
    let (_proxy, client) = behind(exit).await;
    let mut tunnel = client.tunnel("name.example:443").await.unwrap();
    tunnel.write_all(b"ping").await.unwrap();
    let mut pong = [0; 4];
    within("the echo", tunnel.read_exact(&mut pong))
        .await
        .unwrap();
    assert_eq!(&pong, b"ping");
    let heard = heard.lock().unwrap();
    assert!(
        heard[0].starts_with("CONNECT name.example:443 HTTP/1.1\r\n"),
        "{heard:?}"
    );
    assert!(heard[0].contains(BASIC), "{heard:?}");
}

#[tokio::test]
async fn an_exit_that_wants_another_password_is_told_from_a_site_that_does() {
    let (exit, _) = http_exit("407 Who are you").await;
    let (proxy, client) = behind(exit).await;
    let url = "http://name.example/";
    assert_eq!(client.get(url).await.0, 502);
    assert_eq!(proxy.failure(url), Some(Failure::ExitLogin));
    assert!(client.tunnel("name.example:443").await.is_err());
    assert_eq!(
        proxy.failure("https://name.example/"),
        Some(Failure::ExitLogin)
    );
}

#[tokio::test]
async fn an_exit_that_is_not_there_is_not_gone_around() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    for exit in [
        Exit::Http(at(address), None),
        Exit::Socks5(at(address), None),
    ] {
        let (proxy, client) = behind(exit).await;
        for url in ["http://name.example/", "http://93.184.216.34/"] {
            assert_eq!(client.get(url).await.0, 502);
            assert_eq!(proxy.failure(url), Some(Failure::ExitFailed));
        }
    }
}

#[tokio::test]
async fn a_socks_exit_is_given_the_name_and_the_password() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let address = by_hand(move |mut wire| {
        let kept = Arc::clone(&kept);
        async move {
            assert_eq!(wire.take(4).await, [5, 2, 0, 2]);
            wire.stream.write_all(&[5, 2]).await.unwrap();
            assert_eq!(wire.take(7).await, b"\x01\x02me\x02pw");
            wire.stream.write_all(&[1, 0]).await.unwrap();
            let asked = wire.take(4 + 1 + "name.example".len() + 2).await;
            kept.lock().unwrap().push(asked);
            let done = [5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
            wire.stream.write_all(&done).await.unwrap();
            echo(wire).await;
        }
    })
    .await;
    let (_proxy, client) = behind(Exit::Socks5(at(address), Some(login()))).await;
    let mut tunnel = client.tunnel("name.example:443").await.unwrap();
    tunnel.write_all(b"ping").await.unwrap();
    let mut pong = [0; 4];
    within("the echo", tunnel.read_exact(&mut pong))
        .await
        .unwrap();
    assert_eq!(
        heard.lock().unwrap()[0],
        b"\x05\x01\x00\x03\x0cname.example\x01\xbb"
    );
}

const FOUR: &str = "93.184.216.34";
const SIX: &str = "2600:9::1";

/// A client whose proxy looks names up by itself, all of them at both addresses, and leaves by `exit`.
async fn looked_up_here(exit: Exit) -> (Proxy, Client, Server) {
    let server = Server::start(Box::new(|_, _| Some(vec![FOUR, SIX]))).await;
    let proxy = Proxy::bind(ProxyConfig {
        exit,
        names: NameServers::Plain(vec![server.address]),
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    (proxy, client, server)
}

#[tokio::test]
async fn by_an_exit_that_reaches_one_family_both_are_tried() {
    // General failure, not allowed, unreachable, refused, no such kind of address.
    let four_only: [Reply; 3] = [
        |ip| if ip.is_ipv6() { 1 } else { 0 },
        |ip| if ip.is_ipv6() { 4 } else { 0 },
        |ip| if ip.is_ipv6() { 8 } else { 0 },
    ];
    let six_only: [Reply; 3] = [
        |ip| if ip.is_ipv4() { 2 } else { 0 },
        |ip| if ip.is_ipv4() { 5 } else { 0 },
        |ip| if ip.is_ipv4() { 8 } else { 0 },
    ];
    for reply in four_only.into_iter().chain(six_only) {
        let (exit, _) = exit_that(reply, |_| true).await;
        let (_proxy, client, _server) = looked_up_here(exit).await;
        let got = client.get("http://both.example/").await;
        assert_eq!(got, (200, "ok".to_owned()));
    }
    // What SSH does: it says yes, and then has no way there.
    let (exit, _) = exit_that(|_| 0, |ip| ip.is_ipv4()).await;
    let (_proxy, client, _server) = looked_up_here(exit).await;
    assert_eq!(client.get("http://both.example/").await.0, 200);
}

#[tokio::test]
async fn by_an_http_exit_too_an_address_gives_way_to_the_next() {
    let address = by_hand(|mut wire| async move {
        if wire.head().await.starts_with("CONNECT [2600:9::1]:443 ") {
            wire.send("HTTP/1.1 200 Connected\r\n\r\n").await;
            return echo(wire).await;
        }
        wire.send("HTTP/1.1 502 No way\r\nContent-Length: 0\r\n\r\n")
            .await;
    })
    .await;
    let (_proxy, client, _server) = looked_up_here(Exit::Http(at(address), None)).await;
    client.tunnel("both.example:443").await.unwrap();
}

#[tokio::test]
async fn what_an_exit_says_of_all_addresses_is_told() {
    let url = "http://both.example/";
    let replies: [(Reply, Failure); 3] = [
        (|_| 1, Failure::ExitFailed),
        (|_| 4, Failure::Unreachable),
        (
            |ip| if ip.is_ipv4() { 5 } else { 1 },
            Failure::ConnectionRefused,
        ),
    ];
    for (reply, failure) in replies {
        let (exit, reached) = exit_that(reply, |_| true).await;
        let (proxy, client, _server) = looked_up_here(exit).await;
        assert_eq!(client.get(url).await.0, 502);
        assert_eq!(proxy.failure(url), Some(failure));
        let both = [FOUR, SIX].map(|ip| ip.parse::<IpAddr>().unwrap());
        assert_eq!(*reached.lock().unwrap(), both);
    }
}

#[tokio::test]
async fn an_exit_that_lets_nobody_in_is_asked_once() {
    let (exit, heard) = http_exit("407 Who are you").await;
    let (proxy, client, _server) = looked_up_here(exit).await;
    assert!(client.tunnel("both.example:443").await.is_err());
    let failure = proxy.failure("https://both.example/");
    assert_eq!(failure, Some(Failure::ExitLogin));
    assert_eq!(heard.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_at_home_does_not_take_the_exit() {
    let (exit, heard) = http_exit("200 OK").await;
    let (proxy, client) = behind(exit).await;
    let here = by_hand(|mut wire| async move {
        wire.head().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")
            .await;
    })
    .await;
    let url = format!("http://{here}/");
    proxy.permit(&url);
    assert_eq!(client.get(&url).await, (200, "here".to_owned()));
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_interface_carries_what_is_public_and_nothing_goes_around_it() {
    let world = World::new(&[]).unwrap();
    let played = world.play("exits::by_an_interface").await;
    played.unwrap();
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn by_an_interface() {
    let visits = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&visits);
    let site = by_hand_on(world::PUBLIC, move |mut wire| {
        *counted.lock().unwrap() += 1;
        async move {
            wire.head().await;
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
        }
    })
    .await;
    let url = format!("http://{site}/");
    for (name, carried) in [("lo", true), ("wg9", false)] {
        let proxy = Proxy::bind(ProxyConfig {
            exit: Exit::Interface(name.to_owned()),
            ..ProxyConfig::default()
        })
        .await
        .unwrap();
        let client = Client::of(&proxy).await;
        let status = client.get(&url).await.0;
        assert_eq!(status == 200, carried, "{name}: {status}");
        let failure = (!carried).then_some(Failure::ExitFailed);
        assert_eq!(proxy.failure(&url), failure, "{name}");
    }
    assert_eq!(*visits.lock().unwrap(), 1);
}
