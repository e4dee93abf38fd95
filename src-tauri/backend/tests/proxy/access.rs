//! Who may use the proxy, and what nobody may reach through it.

use axum::Router;
use axum::routing::get;
use duotab_backend::proxy::{Access, NameServers, Proxy, ProxyConfig, authorize};
use duotab_core::proxy::Failure;

use duotab_test_support::{World, world};

use crate::kit::{Client, Site, Wire, by_hand, room};
use crate::names::Server;

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

async fn status(access: &Access, head: &str) -> String {
    let mut wire = Wire::to(access.port).await;
    wire.send(&format!("{head}\r\n\r\n")).await;
    let head = wire.head().await;
    head.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn without_the_secret_nothing_is_reached() {
    let (proxy, client, site) = room(hello()).await;
    let access = proxy.access();
    let url = site.url("/");
    let host = format!("Host: {}", site.address);
    let wrong = Access {
        secret: duotab_backend::endpoint::Secret::new("0".repeat(64)),
        ..access.clone()
    };
    let guess = authorize(&wrong, "Digest nonce=\"x\"", "GET", "/", "me", 1);
    for head in [
        format!("GET {url} HTTP/1.1\r\n{host}"),
        format!("GET / HTTP/1.1\r\n{host}"),
        format!("CONNECT {} HTTP/1.1\r\n{host}", site.address),
        format!("GET {url} HTTP/1.1\r\n{host}\r\nProxy-Authorization: {guess}"),
        format!("GET {url} HTTP/1.1\r\n{host}\r\nProxy-Authorization: Basic ZHVvdGFiOg=="),
    ] {
        let status = status(access, &head).await;
        assert!(status.starts_with("HTTP/1.1 407 "), "{status}: {head}");
    }
    assert_eq!(site.connections(), 0);
    assert_eq!(client.get(&url).await, (200, "hello".to_owned()));
}

#[tokio::test]
async fn a_proof_is_good_once() {
    let (_proxy, client, site) = room(hello()).await;
    let proof = client.proof("GET");
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nProxy-Authorization: {proof}\r\n\r\n",
        site.url("/"),
        site.address
    );
    for expected in ["HTTP/1.1 200 ", "HTTP/1.1 407 "] {
        let mut wire = client.wire().await;
        wire.send(&head).await;
        let answer = wire.head().await;
        assert!(answer.starts_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn one_profiles_secret_does_not_open_anothers_proxy() {
    let (_proxy, client, site) = room(hello()).await;
    let other = Proxy::bind(ProxyConfig::default()).await.unwrap();
    other.permit(&site.url("/"));
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: {}",
        site.url("/"),
        client.proof("GET")
    );
    let status = status(other.access(), &head).await;
    assert!(status.starts_with("HTTP/1.1 407 "), "{status}");
}

#[tokio::test]
async fn who_goes_on_without_the_secret_is_sent_away() {
    let (proxy, ..) = room(hello()).await;
    let mut wire = Wire::to(proxy.access().port).await;
    for _ in 0..4 {
        wire.send("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
            .await;
        assert!(!wire.head().await.contains("connection: close"));
    }
    wire.send("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
        .await;
    let last = wire.head().await;
    assert!(last.to_lowercase().contains("connection: close"), "{last}");
    assert_eq!(wire.rest().await, "");
}

#[tokio::test]
async fn what_nobody_typed_is_not_reached() {
    let site = Site::start(hello()).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    let client = Client::of(&proxy).await;
    let port = site.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
    ] {
        let url = format!("http://{host}:{port}/");
        let (status, page) = client.get(&url).await;
        assert_eq!(status, 403, "{url}: {page}");
        assert!(page.contains("PrivateAddress"), "{page}");
        assert_eq!(proxy.failure(&url), Some(Failure::PrivateAddress));
        let tunnel = client.tunnel(&format!("{host}:{port}")).await;
        let refused = tunnel.expect_err("no tunnel either");
        assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
        assert!(refused.contains("destination_ip_prohibited"), "{refused}");
    }
    assert_eq!(site.connections(), 0);
    proxy.permit(&site.url("/typed"));
    assert_eq!(client.get(&site.url("/")).await.0, 200);
    assert_eq!(
        proxy.failure(&site.url("/")),
        None,
        "forgotten when it works"
    );
}

#[tokio::test]
async fn the_public_addresses_of_this_machine_and_its_neighbours_are_not_public() {
    let world = World::new(&[("listed.test", world::OWN_V6)]).unwrap();
    let played = world.play("access::public_addresses").await;
    played.unwrap();
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn public_addresses() {
    let book = |name: &str, _| {
        let address = match name {
            "own.example" => world::OWN,
            "own6.example" => world::OWN_V6,
            "neighbour.example" => world::NEIGHBOUR_V6,
            "stranger.example" => world::PUBLIC,
            _ => world::PUBLIC_V6,
        };
        Some(vec![address])
    };
    let server = Server::start(Box::new(book)).await;
    let proxy = Proxy::bind(ProxyConfig {
        names: NameServers::Plain(vec![server.address]),
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    let url = |host: &str, port: u16| format!("http://{host}:{port}/");
    for (address, name, near) in [
        (world::OWN, "own.example", true),
        (world::OWN_V6, "own6.example", true),
        (world::OWN_V6, "listed.test", true),
        (world::NEIGHBOUR_V6, "neighbour.example", true),
        (world::PUBLIC, "stranger.example", false),
        (world::PUBLIC_V6, "stranger6.example", false),
    ] {
        let host = match address.parse().unwrap() {
            std::net::IpAddr::V4(v4) => v4.to_string(),
            std::net::IpAddr::V6(v6) => format!("[{v6}]"),
        };
        let site = Site::at(&format!("{host}:0"), hello()).await;
        let port = site.address.port();
        let expected = if near { 403 } else { 200 };
        for host in [&host, name] {
            assert_eq!(client.get(&url(host, port)).await.0, expected, "{host}");
        }
        assert_eq!(site.connections() > 0, !near, "{name}");
        proxy.permit(&url(&host, port));
        assert_eq!(client.get(&url(&host, port)).await.0, 200, "typed: {host}");
        proxy.keep_port(port);
        let own = address == world::OWN || address == world::OWN_V6;
        let status = client.get(&url(&host, port)).await.0;
        assert_eq!(status == 403, own, "a port of the app's: {host}");
    }
}

#[tokio::test]
async fn a_page_that_was_typed_reaches_its_host_and_a_stranger_does_not() {
    let (_proxy, client, typed) = room(hello()).await;
    let api = Site::start(hello()).await;
    let ask = |origin: String| {
        let head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}",
            api.url("/"),
            api.address
        );
        let client = &client;
        async move { client.ask(&head).await.1 }
    };
    let own = ask(format!("http://{}", typed.address)).await;
    assert!(own.starts_with("HTTP/1.1 200 "), "{own}");
    for origin in ["http://example.org", "null", "http://127.0.0.1:1"] {
        let other = ask(origin.to_owned()).await;
        assert!(other.starts_with("HTTP/1.1 403 "), "{origin}: {other}");
    }
}

#[tokio::test]
async fn a_connection_that_one_page_opened_is_not_lent_to_a_stranger() {
    let (_proxy, client, typed) = room(hello()).await;
    let api = Site::start(hello()).await;
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nReferer: http://{}/",
        api.url("/"),
        api.address,
        typed.address
    );
    let (mut wire, answer) = client.ask(&head).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    wire.take("hello".len()).await;
    assert_eq!(client.get(&api.url("/")).await.0, 403);
}

#[tokio::test]
async fn the_apps_own_ports_are_reached_by_nobody() {
    let (proxy, client, site) = room(hello()).await;
    let own = format!("http://127.0.0.1:{}/", proxy.access().port);
    proxy.permit(&own);
    assert_eq!(client.get(&own).await.0, 403);
    assert_eq!(proxy.failure(&own), Some(Failure::OwnPort));
    proxy.keep_port(site.address.port());
    assert_eq!(client.get(&site.url("/")).await.0, 403);
}

#[tokio::test]
async fn a_redirect_of_a_typed_host_to_its_other_port_is_followed() {
    let there = Site::start(hello()).await;
    let to = there.url("/");
    let head = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let here = by_hand(move |mut wire| {
        let head = head.clone();
        async move {
            wire.head().await;
            wire.send(&head).await;
        }
    })
    .await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    let client = Client::of(&proxy).await;
    proxy.permit(&format!("http://{here}/"));
    assert_eq!(client.get(&there.url("/")).await.0, 403, "before");
    assert_eq!(client.get(&format!("http://{here}/")).await.0, 302);
    assert_eq!(client.get(&there.url("/")).await.0, 200, "after");
}

#[tokio::test]
async fn a_site_cannot_ask_for_the_secret() {
    let (proxy, client, address) = crate::kit::room_by_hand(|mut wire| async move {
        let head = wire.head().await;
        assert!(!head.to_lowercase().contains("proxy-"), "{head}");
        wire.send(
            "HTTP/1.1 407 Mine\r\nProxy-Authenticate: Basic realm=\"Duotab\"\r\n\
             Content-Length: 0\r\n\r\n",
        )
        .await;
    })
    .await;
    let url = format!("http://{address}/");
    let (_, answer) = client
        .ask(&format!("GET {url} HTTP/1.1\r\nHost: {address}"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
    assert!(!answer.to_lowercase().contains("proxy-authenticate"));
    assert_eq!(proxy.failure(&url), Some(Failure::BadAnswer));
}

#[tokio::test]
async fn when_the_proxy_goes_its_connections_go_too() {
    let (proxy, client, site) = room(hello()).await;
    let mut tunnel = client.tunnel(&site.address.to_string()).await.unwrap();
    crate::kit::within("the end of all connections", proxy.close()).await;
    let mut rest = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut tunnel, &mut rest);
    // A reset is an end as well.
    let _ = crate::kit::within("the end of the tunnel", read).await;
    assert!(rest.is_empty());
}
