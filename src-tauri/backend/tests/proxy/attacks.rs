//! Requests that are made to be misunderstood, or never to end.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use duotab_backend::proxy::{Limits, Proxy, ProxyConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::{Client, Wire, room_by_hand, within};

/// A site that keeps each head and body it gets, and the proxy before it.
async fn listener() -> (Proxy, Client, std::net::SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let (proxy, client, address) = room_by_hand(move |mut wire| {
        let kept = Arc::clone(&kept);
        async move {
            loop {
                let head = wire.head().await;
                if !head.ends_with("\r\n\r\n") {
                    return;
                }
                let body = if head.to_lowercase().contains("transfer-encoding") {
                    let mut body = String::new();
                    while !body.ends_with("0\r\n\r\n") {
                        body += &String::from_utf8(wire.take(1).await).unwrap();
                    }
                    body
                } else {
                    String::new()
                };
                kept.lock().unwrap().push(head + &body);
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    .await;
            }
        }
    })
    .await;
    (proxy, client, address, heard)
}

#[tokio::test]
async fn a_request_in_a_request_stays_one_request() {
    let (_proxy, client, address, heard) = listener().await;
    let head =
        |fields: &str| format!("POST http://{address}/ HTTP/1.1\r\nHost: {address}\r\n{fields}");
    let hidden = format!("GET http://{address}/hidden HTTP/1.1\r\nHost: {address}\r\n\r\n");
    // The length covers the second request; the chunks end before it.
    let length = hidden.len() + 5;
    for fields in [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"),
    ] {
        let mut wire = client.wire().await;
        client.ask_on(&mut wire, &head(&fields)).await;
        wire.send(&format!("0\r\n\r\n{hidden}")).await;
        let first = wire.head().await;
        assert!(first.starts_with("HTTP/1.1 200 "), "{first}");
        // What follows is at best a request of its own, which has to show the secret.
        let second = wire.head().await;
        let kept_out = second.is_empty() || second.starts_with("HTTP/1.1 407 ");
        assert!(kept_out, "{second}");
    }
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 2, "{heard:?}");
    for request in heard.iter() {
        let lower = request.to_lowercase();
        assert!(!lower.contains("content-length"), "{request}");
        assert!(!lower.contains("hidden"), "{request}");
    }
}

#[tokio::test]
async fn what_two_readers_could_read_differently_is_refused() {
    let (_proxy, client, address, heard) = listener().await;
    for fields in [
        "Content-Length: 3\r\nContent-Length: 4",
        "Content-Length: 3, 4",
        "Content-Length: +3",
        "Content-Length: 0x3",
        "Content-Length: -1",
        "Content-Length: 3 4",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\r\n : chunked",
        "X: a\r\n b",
        "X: a\r\n\tb",
        "X: a\0b",
        "X y: a",
        "X: a\r\rb",
        ": a",
    ] {
        let request = format!("POST http://{address}/ HTTP/1.1\r\nHost: {address}\r\n{fields}");
        let (mut wire, answer) = client.ask(&request).await;
        let refused = answer.starts_with("HTTP/1.1 400 ");
        assert!(refused, "{fields:?}: {answer}");
        assert!(!wire.rest().await.contains("200 OK"), "{fields:?}");
    }
    for line in [
        format!("GET  http://{address}/ HTTP/1.1"),
        format!("GET http://{address}/ HTTP/1.1 x"),
        format!("GET http://{address}/ HTTP/2.0"),
        format!("GE T http://{address}/ HTTP/1.1"),
        format!("GET http://{address}/\u{7f} HTTP/1.1"),
        "GET / HTTP/1.1".to_owned(),
        "GET * HTTP/1.1".to_owned(),
        format!("GET ftp://{address}/ HTTP/1.1"),
        format!("GET https://{address}/ HTTP/1.1"),
        format!("GET http://me@{address}/ HTTP/1.1"),
        format!("CONNECT http://{address}/ HTTP/1.1"),
        "CONNECT 127.0.0.1 HTTP/1.1".to_owned(),
    ] {
        let (_, answer) = client.ask(&format!("{line}\r\nHost: {address}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{line:?}: {answer}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_chunk_that_is_malformed_ends_the_request() {
    let (_proxy, client, address, heard) = listener().await;
    for chunks in [
        "x\r\n",
        "3\nabc\r\n",
        "3\r\nabcX",
        "ffffffffffffffffff\r\n",
        "-1\r\n",
    ] {
        let mut wire = client.wire().await;
        let head = format!(
            "POST http://{address}/ HTTP/1.1\r\nHost: {address}\r\nTransfer-Encoding: chunked"
        );
        client.ask_on(&mut wire, &head).await;
        wire.send(chunks).await;
        let answer = wire.rest().await;
        assert!(!answer.contains("200 OK"), "{chunks:?}: {answer}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_hundred_thousand_headers_are_too_many() {
    let (_proxy, client, address, heard) = listener().await;
    let many: String = (0..100_000).map(|n| format!("\r\nx-{n}: y")).collect();
    let few: String = (0..300).map(|n| format!("\r\nx-{n}: y")).collect();
    let large = format!("\r\nx: {}", "y".repeat(300 * 1024));
    for fields in [many, few, large] {
        let mut wire = client.wire().await;
        let head = format!(
            "GET http://{address}/ HTTP/1.1\r\nHost: {address}\r\nProxy-Authorization: {}{fields}\r\n\r\n",
            client.proof("GET")
        );
        // It may be answered, and closed, before all of it is sent.
        let sent = tokio::io::AsyncWriteExt::write_all(&mut wire.stream, head.as_bytes());
        let _ = within("sending", sent).await;
        let answer = wire.rest().await;
        assert!(!answer.contains("200 OK"), "{answer}");
        assert!(answer.is_empty() || answer.contains(" 431 "), "{answer}");
    }
    assert!(heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_site_with_too_many_headers_is_a_bad_answer() {
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        wire.head().await;
        let many: String = (0..100_000).map(|n| format!("x-{n}: y\r\n")).collect();
        let answer = format!("HTTP/1.1 200 OK\r\n{many}Content-Length: 0\r\n\r\n");
        // Nobody reads it to its end.
        let sent = tokio::io::AsyncWriteExt::write_all(&mut wire.stream, answer.as_bytes());
        let _ = sent.await;
    })
    .await;
    assert_eq!(client.get(&format!("http://{address}/")).await.0, 502);
}

#[tokio::test]
async fn a_header_that_does_not_end_in_time_is_given_up() {
    let proxy = hasty(Duration::from_millis(300)).await;
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut wire = Wire::to(proxy.access().port).await;
        wire.send("GET http://a.example/ HTTP/1.1\r\nX-Slow: ")
            .await;
        slow.push(wire);
    }
    // More strangers than are let in at once; all are sent away, and the next one is served.
    for wire in &mut slow {
        let rest = wire.rest().await;
        assert!(rest.is_empty() || rest.contains(" 408 "), "{rest}");
    }
    Client::of(&proxy).await;
}

/// A proxy that gives a header this long.
async fn hasty(header: Duration) -> Proxy {
    let limits = Limits {
        header,
        ..Limits::default()
    };
    let config = ProxyConfig {
        limits,
        ..ProxyConfig::default()
    };
    Proxy::bind(config).await.unwrap()
}

/// Says one byte after the other, until it is cut off. Gives for how long it was listened to.
async fn drip(mut wire: Wire, mut bytes: impl Iterator<Item = u8>) -> Duration {
    let began = std::time::Instant::now();
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let mut heard = [0; 1024];
    within("the end", async {
        loop {
            tokio::select! {
                _ = pace.tick() => {
                    let byte = bytes.next().expect("it is long enough");
                    if wire.stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
                read = wire.stream.read(&mut heard) => if !read.is_ok_and(|count| count > 0) {
                    return;
                }
            }
        }
    })
    .await;
    began.elapsed()
}

#[tokio::test]
async fn who_says_a_byte_now_and_then_is_cut_off_at_the_limit_all_the_same() {
    const HEADER: Duration = Duration::from_millis(700);
    let proxy = hasty(HEADER).await;
    let request = b"GET http://a.example/ HTTP/1.1\r\nX-Slow: ".to_vec();
    let http = request.into_iter().chain(std::iter::repeat(b'y'));
    // A login of 255 letters, and a password of as many.
    let login = [5, 1, 2, 1, 255].into_iter();
    let socks = login.chain(std::iter::repeat(b'y'));
    let port = proxy.access().port;
    let (http, socks) = tokio::join!(
        drip(Wire::to(port).await, http),
        drip(Wire::to(port).await, socks)
    );
    for listened in [http, socks] {
        let in_time = listened >= HEADER && listened < HEADER * 4;
        assert!(in_time, "{listened:?}");
    }
}

#[tokio::test]
async fn who_asks_by_socks_and_never_ends_is_given_up() {
    let proxy = hasty(Duration::from_millis(300)).await;
    let access = proxy.access();
    let login = [
        &[1, 6][..],
        b"duotab",
        &[64],
        access.secret.expose().as_bytes(),
    ]
    .concat();
    let known = [&[5, 1, 2][..], &login].concat();
    for said in [
        &[5][..],
        &[5, 2, 2],
        &[5, 1, 2, 1, 6],
        // Even one who knows the secret has to say where to.
        &known,
        &[&known[..], &[5, 1, 0, 3, 200]].concat(),
    ] {
        let mut slow = Vec::new();
        for _ in 0..100 {
            let mut wire = Wire::to(access.port).await;
            tokio::io::AsyncWriteExt::write_all(&mut wire.stream, said)
                .await
                .unwrap();
            slow.push(wire);
        }
        for wire in &mut slow {
            // At most the welcome that all get.
            assert!(wire.rest().await.len() <= 14);
        }
    }
    Client::of(&proxy).await;
}
