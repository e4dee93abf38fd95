//! Requests and answers of every shape.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use bytes::Bytes;
use duotab_backend::proxy::{Limits, Proxy, ProxyConfig};
use duotab_core::proxy::Failure;
use http_body_util::Full;
use hyper::Request;

use crate::kit::{Client, Site, by_hand, room, room_by_hand, text};

fn zoo() -> Router {
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/204", get(|| async { StatusCode::NO_CONTENT }))
        .route(
            "/304",
            get(|| async { (StatusCode::NOT_MODIFIED, [("etag", "\"a\"")]) }),
        )
        .route("/range", get(range))
        .route(
            "/seen",
            any(|headers: HeaderMap| async move { format!("{headers:?}") }),
        )
        .route(
            "/method",
            any(|request: Request<Body>| async move { request.method().to_string() }),
        )
        .layer(DefaultBodyLimit::disable())
        .route("/large", get(|| async { vec![b'x'; 10_000_000] }))
}

async fn range(headers: HeaderMap) -> Response {
    let asked = headers["range"].to_str().unwrap().to_owned();
    assert_eq!(asked, "bytes=2-4");
    let fields = [("content-range", "bytes 2-4/10")];
    (StatusCode::PARTIAL_CONTENT, fields, "cde").into_response()
}

#[tokio::test]
async fn a_request_gets_the_answer_of_its_site() {
    let (_proxy, client, site) = room(zoo()).await;
    assert_eq!(client.get(&site.url("/hello")).await, (200, "hello".into()));
    assert_eq!(client.get(&site.url("/none")).await.0, 404);
    let (status, large) = client.get(&site.url("/large")).await;
    assert_eq!((status, large.len()), (200, 10_000_000));
}

#[tokio::test]
async fn every_method_arrives_as_it_was_sent() {
    let (_proxy, client, site) = room(zoo()).await;
    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
    ] {
        let request = Request::builder().method(method).uri(site.url("/method"));
        let response = client.send(request.body(Full::default()).unwrap()).await;
        assert_eq!(text(response).await, method);
    }
}

#[tokio::test]
async fn bodies_arrive_whole_with_and_without_a_length() {
    let (_proxy, client, site) = room(zoo()).await;
    let body = Bytes::from(vec![b'y'; 3_000_000]);
    let request = Request::post(site.url("/echo"));
    let response = client
        .send(request.body(Full::new(body.clone())).unwrap())
        .await;
    assert_eq!(text(response).await.len(), body.len());

    let mut wire = client.wire().await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked",
        site.url("/echo"),
        site.address
    );
    client.ask_on(&mut wire, &head).await;
    wire.send("3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n").await;
    let answer = wire.head().await;
    assert!(answer.contains("content-length: 7\r\n"), "{answer}");
    assert_eq!(wire.take(7).await, b"abcdefg");
}

#[tokio::test]
async fn who_waits_for_100_continue_is_told_to_go_on() {
    let (_proxy, client, site) = room(zoo()).await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nExpect: 100-continue\r\nContent-Length: 2",
        site.url("/echo"),
        site.address
    );
    let (mut wire, first) = client.ask(&head).await;
    assert_eq!(first, "HTTP/1.1 100 Continue\r\n\r\n");
    wire.send("ab").await;
    assert!(wire.head().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(wire.take(2).await, b"ab");
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    let (_proxy, client, site) = room(zoo()).await;
    let mut wire = client.wire().await;
    for (method, path, expected) in [
        ("HEAD", "/large", "content-length: 10000000\r\n"),
        ("GET", "/204", "204 No Content"),
        ("GET", "/304", "etag: \"a\"\r\n"),
        ("GET", "/hello", "content-length: 5\r\n"),
    ] {
        let head = format!(
            "{method} {} HTTP/1.1\r\nHost: {}",
            site.url(path),
            site.address
        );
        client.ask_on(&mut wire, &head).await;
        let answer = wire.head().await;
        assert!(answer.contains(expected), "{path}: {answer}");
    }
    assert_eq!(wire.take(5).await, b"hello");
    assert_eq!(site.connections(), 1, "one connection serves them all");
}

#[tokio::test]
async fn a_part_of_a_file_is_a_part_of_a_file() {
    let (_proxy, client, site) = room(zoo()).await;
    let request = Request::get(site.url("/range")).header("range", "bytes=2-4");
    let response = client.send(request.body(Full::default()).unwrap()).await;
    assert_eq!(response.status(), 206);
    assert_eq!(response.headers()["content-range"], "bytes 2-4/10");
    assert_eq!(text(response).await, "cde");
}

#[tokio::test]
async fn a_site_learns_nothing_of_the_proxy() {
    let (_proxy, client, site) = room(zoo()).await;
    let request = Request::get(site.url("/seen"))
        .header("cookie", "a=b")
        .header("proxy-connection", "keep-alive")
        .header("connection", "x-mine")
        .header("x-mine", "1");
    let response = client.send(request.body(Full::default()).unwrap()).await;
    let seen = text(response).await.to_lowercase();
    assert!(seen.contains("cookie"), "{seen}");
    for word in [
        "proxy",
        "via",
        "forwarded",
        "x-mine",
        "connection",
        "duotab",
    ] {
        assert!(!seen.contains(word), "{word}: {seen}");
    }
}

#[tokio::test]
async fn names_of_headers_keep_their_letters() {
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        let head = wire.head().await;
        assert!(head.contains("\r\nX-CamelCase: 1\r\n"), "{head}");
        wire.send("HTTP/1.1 200 OK\r\nX-OldServer: 1\r\nContent-Length: 0\r\n\r\n")
            .await;
    })
    .await;
    let head = format!("GET http://{address}/ HTTP/1.1\r\nHost: {address}\r\nX-CamelCase: 1");
    let (_, answer) = client.ask(&head).await;
    assert!(answer.contains("\r\nX-OldServer: 1\r\n"), "{answer}");
}

#[tokio::test]
async fn an_old_sites_answer_ends_with_its_connection() {
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        wire.head().await;
        wire.send("HTTP/1.0 200 OK\r\n\r\nold").await;
    })
    .await;
    let url = format!("http://{address}/");
    assert_eq!(client.get(&url).await, (200, "old".to_owned()));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        wire.head().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .await;
    })
    .await;
    let head = format!("GET http://{address}/ HTTP/1.1\r\nHost: {address}");
    let (mut wire, answer) = client.ask(&head).await;
    assert!(
        answer.to_lowercase().contains("content-length: 10"),
        "{answer}"
    );
    assert_eq!(wire.rest().await, "half", "and then the end");
}

#[tokio::test]
async fn a_connection_that_the_site_closed_meanwhile_is_replaced() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    // Says that it keeps the connection, and closes it when the next request comes.
    let (_proxy, client, address) = room_by_hand(move |mut wire| {
        let count = Arc::clone(&count);
        async move {
            wire.head().await;
            count.fetch_add(1, Ordering::Relaxed);
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                .await;
            wire.head().await;
        }
    })
    .await;
    let url = format!("http://{address}/");
    for _ in 0..3 {
        assert_eq!(client.get(&url).await, (200, "ok".to_owned()));
    }
    assert_eq!(served.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn what_goes_wrong_at_the_site_is_told_apart() {
    let garbage = by_hand(|mut wire| async move {
        wire.head().await;
        wire.send("SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    })
    .await;
    let mute = by_hand(|mut wire| async move {
        wire.head().await;
    })
    .await;
    let silent = by_hand(|mut wire| async move {
        wire.head().await;
        wire.rest().await;
    })
    .await;
    let closed = Site::start(zoo()).await.address;
    let limits = Limits {
        answer: std::time::Duration::from_secs(2),
        ..Limits::default()
    };
    let proxy = Proxy::bind(ProxyConfig {
        limits,
        ..ProxyConfig::default()
    })
    .await
    .unwrap();
    let client = Client::of(&proxy).await;
    for (address, failure, status) in [
        (garbage, Failure::BadAnswer, 502),
        (mute, Failure::ClosedEarly, 502),
        (silent, Failure::AnswerTimedOut, 504),
        (closed, Failure::ConnectionRefused, 502),
    ] {
        let url = format!("http://{address}/");
        proxy.permit(&url);
        let (answered, page) = client.get(&url).await;
        assert_eq!(proxy.failure(&url), Some(failure));
        assert_eq!(answered, status, "{failure:?}");
        assert!(!page.contains("<script"), "{page}");
    }
}

#[tokio::test]
async fn ipv6_is_reached() {
    let site = Site::at("[::1]:0", zoo()).await;
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    let client = Client::of(&proxy).await;
    let url = format!("http://[::1]:{}/hello", site.address.port());
    proxy.permit(&url);
    assert_eq!(client.get(&url).await, (200, "hello".to_owned()));
    // The name has both families; the one that listens is found.
    let url = format!("http://localhost:{}/hello", site.address.port());
    proxy.permit(&url);
    assert_eq!(client.get(&url).await, (200, "hello".to_owned()));
}
