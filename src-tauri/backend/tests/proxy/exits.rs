//! The ways out: another HTTP proxy, SOCKS5, or one network interface.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use duotab_backend::endpoint::Secret;
use duotab_backend::proxy::{Exit, ExitLogin, NameServers, Proxy, ProxyConfig};
use duotab_core::proxy::{Failure, Target};
use duotab_test_support::{World, world};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{Client, Wire, by_hand, by_hand_on, within};

fn login() -> ExitLogin {
    ExitLogin {
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
    assert_eq!(proxy.failure(url), Some(Failure::ExitFailed));
    assert!(client.tunnel("name.example:443").await.is_err());
    assert_eq!(
        proxy.failure("https://name.example/"),
        Some(Failure::ExitFailed)
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
            assert_eq!(wire.take(3).await, [5, 1, 2]);
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
