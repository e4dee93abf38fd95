//! The engine's way in: SOCKS5 with the secret as its password.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use duotab_backend::proxy::{Access, Exit, Proxy, ProxyConfig};
use duotab_core::proxy::{Failure, Target};
use duotab_test_support::{World, world};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{Site, Wire, by_hand, by_hand_on, within};

/// A host as SOCKS names it.
fn named(host: &str) -> Vec<u8> {
    let mut bytes = vec![3, u8::try_from(host.len()).unwrap()];
    bytes.extend(host.as_bytes());
    bytes
}

/// All that a client is told, whatever comes of it.
const WELCOME: [u8; 14] = [5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/// Asks for a target by its name or address, as a client does that waits for each reply.
async fn ask(access: &Access, secret: &str, host: &[u8], port: u16) -> Wire {
    let mut wire = Wire::to(access.port).await;
    wire.stream.write_all(&[5, 2, 0, 2]).await.unwrap();
    assert_eq!(wire.take(2).await, WELCOME[..2], "no other way in");
    let mut login = vec![1, u8::try_from(access.user.len()).unwrap()];
    login.extend(access.user.as_bytes());
    login.push(u8::try_from(secret.len()).unwrap());
    login.extend(secret.as_bytes());
    wire.stream.write_all(&login).await.unwrap();
    assert_eq!(wire.take(2).await, WELCOME[2..4]);
    let mut request = vec![5, 1, 0];
    request.extend(host);
    request.extend(port.to_be_bytes());
    // It may be cut off already.
    let _ = wire.stream.write_all(&request).await;
    assert_eq!(wire.take(10).await, WELCOME[4..]);
    wire
}

async fn open(proxy: &Proxy, host: &str, port: u16) -> Wire {
    let access = proxy.access();
    ask(access, access.secret.expose(), &named(host), port).await
}

fn hello() -> Router {
    let seen = |headers: HeaderMap| async move { format!("{headers:?}") };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/seen", get(seen))
}

async fn get_on(wire: &mut Wire, site: &str, path: &str, origin: Option<&str>) -> String {
    let origin = origin.map_or_else(String::new, |it| format!("Origin: {it}\r\n"));
    wire.send(&format!(
        "GET {path} HTTP/1.1\r\nHost: {site}\r\n{origin}\r\n"
    ))
    .await;
    wire.head().await
}

#[tokio::test]
async fn the_secret_opens_and_nothing_else_does() {
    let site = Site::start(hello()).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&site.url("/"));
    let port = site.address.port();
    for wrong in ["", "0", &"0".repeat(64), &"0".repeat(255)] {
        let mut wire = ask(proxy.access(), wrong, &named("127.0.0.1"), port).await;
        assert!(wire.is_cut_off().await, "{wrong}");
    }
    let mut wire = Wire::to(proxy.access().port).await;
    wire.stream.write_all(&[5, 1, 0]).await.unwrap();
    assert_eq!(wire.take(2).await, [5, 0xff], "not without a password");
    assert_eq!(site.connections(), 0);
    let mut wire = open(&proxy, "127.0.0.1", port).await;
    let answer = get_on(&mut wire, &site.address.to_string(), "/", None).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(wire.take(5).await, b"hello");
}

#[tokio::test]
async fn every_kind_of_address_is_understood_and_judged() {
    let site = Site::start(hello()).await;
    let port = site.address.port();
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    let access = proxy.access();
    let secret = access.secret.expose();
    let v4 = [1, 127, 0, 0, 1].to_vec();
    let mapped = [vec![4], vec![0; 10], vec![0xff, 0xff, 127, 0, 0, 1]].concat();
    for host in [
        v4.clone(),
        mapped,
        named("localhost"),
        named("2130706433"),
        named("0x7f.1"),
    ] {
        let mut wire = ask(access, secret, &host, port).await;
        assert!(wire.is_cut_off().await, "not allowed: {host:?}");
    }
    assert_eq!(proxy.failure(&site.url("/")), Some(Failure::PrivateAddress));
    for host in [named("a b"), named(""), vec![9]] {
        let mut wire = ask(access, secret, &host, port).await;
        assert!(wire.is_cut_off().await, "no address: {host:?}");
    }
    assert_eq!(site.connections(), 0);
    proxy.permit(&site.url("/"));
    let mut wire = ask(access, secret, &v4, port).await;
    let answer = get_on(&mut wire, &site.address.to_string(), "/", None).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(proxy.failure(&site.url("/")), None);
}

#[tokio::test]
async fn a_failure_is_remembered_before_its_client_is_cut_off() {
    let gone = Site::start(hello()).await.address;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    let url = format!("http://{gone}/");
    proxy.permit(&url);
    let mut wire = open(&proxy, "127.0.0.1", gone.port()).await;
    assert!(wire.is_cut_off().await);
    assert_eq!(proxy.failure(&url), Some(Failure::ConnectionRefused));
}

#[tokio::test]
async fn pages_of_a_typed_host_reach_its_other_ports_and_strangers_do_not() {
    let typed = Site::start(hello()).await;
    let api = Site::start(hello()).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&typed.url("/"));
    let host = api.address.to_string();
    let own = format!("http://{}", typed.address);
    // One connection, as the engine shares it between its pages.
    let mut wire = open(&proxy, "127.0.0.1", api.address.port()).await;
    let stranger = get_on(&mut wire, &host, "/", Some("http://evil.example")).await;
    assert!(stranger.starts_with("HTTP/1.1 403 "), "{stranger}");
    assert_eq!(proxy.failure(&api.url("/")), Some(Failure::PrivateAddress));
    let mut wire = open(&proxy, "127.0.0.1", api.address.port()).await;
    let page = get_on(&mut wire, &host, "/", Some(&own)).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert_eq!(wire.take(5).await, b"hello");
    let nobody = get_on(&mut wire, &host, "/", None).await;
    assert!(nobody.starts_with("HTTP/1.1 403 "), "{nobody}");
    // TLS says nothing of the page, and is not connected.
    let mut wire = open(&proxy, "127.0.0.1", api.address.port()).await;
    wire.stream.write_all(&[0x16, 3, 1, 0, 0]).await.unwrap();
    assert_eq!(wire.rest().await, "");
    assert_eq!(api.connections(), 1);
}

#[tokio::test]
async fn a_typed_site_sees_the_request_as_it_was_sent() {
    let site = Site::start(hello()).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&site.url("/"));
    let mut wire = open(&proxy, "127.0.0.1", site.address.port()).await;
    let host = site.address.to_string();
    for _ in 0..3 {
        let head = get_on(&mut wire, &host, "/seen", Some("http://a.example")).await;
        let length = head
            .lines()
            .find_map(|it| it.strip_prefix("content-length: "));
        let body = wire.take(length.unwrap().parse().unwrap()).await;
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(&host) && body.contains("a.example"), "{body}");
        assert!(!body.contains("proxy"), "{body}");
    }
    assert_eq!(site.connections(), 1, "kept for the next request");
}

#[tokio::test]
async fn what_a_typed_host_is_told_is_passed_on() {
    let world = World::new(&[]).unwrap();
    let played = world.play("socks::passed_on").await;
    played.unwrap();
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn passed_on() {
    // No request: who read it would send an answer of his own.
    const WORDS: &str = "not a request\r\n\r\n";
    for address in [world::PUBLIC, world::HOME] {
        let site = by_hand_on(address, |mut wire| async move {
            let words = wire.head().await;
            wire.send(&words).await;
        })
        .await;
        let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
        proxy.permit(&format!("http://{site}/"));
        let host = site.ip().to_string();
        let mut wire = open(&proxy, &host, site.port()).await;
        wire.send(WORDS).await;
        assert_eq!(wire.rest().await, WORDS, "{address}");
    }
}

/// What a typed host answers, each a list of parts, to one request after the other. Gives whether its
/// other port, where a site is, can be reached after each.
async fn reached_after(answers: &'static [&'static [&'static str]]) -> Vec<bool> {
    let there = Site::start(hello()).await;
    let other = there.address.port();
    let here = by_hand(move |mut wire| async move {
        for parts in answers {
            wire.head().await;
            for part in *parts {
                wire.send(&part.replace("OTHER", &other.to_string())).await;
                // Each part by itself, if it can be.
                tokio::task::yield_now().await;
            }
        }
        wire.head().await;
    })
    .await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&format!("http://{here}/"));
    let mut wire = open(&proxy, "127.0.0.1", here.port()).await;
    let mut reached = Vec::new();
    for parts in answers {
        wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let whole = parts.concat().replace("OTHER", &other.to_string());
        let came = wire.take(whole.len()).await;
        assert_eq!(String::from_utf8(came).unwrap(), whole, "as it was sent");
        let mut wire = open(&proxy, "127.0.0.1", other).await;
        let host = there.address.to_string();
        let head = get_on(&mut wire, &host, "/", None).await;
        reached.push(head.starts_with("HTTP/1.1 200 "));
    }
    reached
}

#[tokio::test]
async fn a_typed_host_may_send_its_visitor_on_to_its_other_port() {
    const FOUND: &str = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:OTHER/\r\n\r\n";
    const PARTS: &[&str] = &[
        "HTTP/",
        "1.1 302 Found\r\nLoc",
        "ation: //127.0.0.1:OTHER\r\n\r\n",
    ];
    const ELSEWHERE: &str = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:OTHER/\r\n\r\n";
    const HINT: &str = "HTTP/1.1 103 Early Hints\r\n\r\n";
    const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n";
    assert_eq!(reached_after(&[&[FOUND]]).await, [true]);
    assert_eq!(reached_after(&[&[EMPTY], &[FOUND]]).await, [false, true]);
    assert_eq!(reached_after(&[&[HINT, FOUND]]).await, [true]);
    assert_eq!(reached_after(&[PARTS]).await, [true]);
    assert_eq!(reached_after(&[&[ELSEWHERE]]).await, [false]);
    assert_eq!(reached_after(&[&[PAGE, FOUND]]).await, [false], "in a page");
}

#[tokio::test]
async fn tls_to_a_typed_host_is_passed_on_untouched() {
    let address = by_hand(|mut wire| async move {
        let hello = wire.take(5).await;
        wire.stream.write_all(&hello).await.unwrap();
    })
    .await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&format!("https://{address}/"));
    let mut wire = open(&proxy, "127.0.0.1", address.port()).await;
    let hello = [0x16, 3, 1, 0, 0];
    wire.stream.write_all(&hello).await.unwrap();
    assert_eq!(wire.take(5).await, hello);
}

#[tokio::test]
async fn who_leaves_before_it_is_connected_is_waited_for_no_more() {
    // A SOCKS5 exit that never answers, and tells when it is left.
    let (came, mut coming) = tokio::sync::mpsc::unbounded_channel();
    let exit = by_hand(move |mut wire| {
        let came = came.clone();
        async move {
            wire.take(3).await;
            came.send("asked").unwrap();
            wire.rest().await;
            came.send("left").unwrap();
        }
    })
    .await;
    let exit = Target::new("127.0.0.1", exit.port()).unwrap();
    let proxy = Proxy::bind(ProxyConfig {
        exit: Exit::Socks5(exit, None),
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    for said in [&[][..], &[0x16, 3, 1, 0, 0]] {
        let mut wire = open(&proxy, "93.184.216.34", 443).await;
        wire.stream.write_all(said).await.unwrap();
        assert_eq!(within("the exit", coming.recv()).await, Some("asked"));
        drop(wire);
        assert_eq!(within("the end", coming.recv()).await, Some("left"));
    }
    assert_eq!(proxy.failure("https://93.184.216.34/"), None);
}

#[tokio::test]
async fn no_bytes_confuse_it() {
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    let long = [&[5, 255][..], &[9; 255], &[1, 255], &[b'x'; 255], &[255]].concat();
    for bytes in [
        &[5][..],
        &[5, 0],
        &[5, 1, 2, 9, 9, 9],
        &[5, 1, 2, 1, 0, 0],
        &long,
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.access().port))
            .await
            .unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = within("the end", stream.read_to_end(&mut rest)).await;
        let told = rest.is_empty() || rest == WELCOME || rest == [5, 0xff];
        assert!(told, "{rest:?}");
    }
    assert!(open(&proxy, "name.invalid", 0).await.is_cut_off().await);
}
