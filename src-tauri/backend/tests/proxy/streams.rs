//! What has no end, or is larger than memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Request;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use crate::kit::{Wire, room_by_hand, within};

const MIB: u64 = 1 << 20;

/// Megabytes of this process that are in memory.
fn resident_mib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}

#[tokio::test]
async fn ten_gigabytes_pass_in_a_few_megabytes() {
    const TOTAL: u64 = 10 * 1024 * MIB;
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        wire.head().await;
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        let chunk = [b"10000\r\n".to_vec(), vec![b'z'; 0x10000], b"\r\n".to_vec()].concat();
        for _ in 0..TOTAL / 0x10000 {
            if wire.stream.write_all(&chunk).await.is_err() {
                return;
            }
        }
        wire.send("0\r\n\r\n").await;
    })
    .await;
    let before = resident_mib();
    let request = Request::get(format!("http://{address}/"));
    let response = client.send(request.body(http_body_util::Full::default()).unwrap());
    let mut body = response.await.into_body();
    let (mut received, mut highest) = (0, 0);
    while let Some(frame) = within("the next piece", body.frame()).await {
        let frame = frame.unwrap();
        received += frame.data_ref().map_or(0, |data| data.len() as u64);
        if received % (64 * MIB) < 0x10000 {
            highest = highest.max(resident_mib());
        }
    }
    assert_eq!(received, TOTAL);
    assert!(highest < before + 128, "{highest} MiB, {before} before");
}

/// Writes without end, and counts.
async fn flood(mut wire: Wire, head: &str, written: &AtomicU64) {
    wire.head().await;
    wire.send(head).await;
    let chunk = vec![b'f'; 0x10000];
    while let Ok(count) = wire.stream.write(&chunk).await {
        written.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// Waits until a count has stopped.
async fn stands_still(count: &AtomicU64) -> u64 {
    let mut ticks = tokio::time::interval(Duration::from_millis(400));
    let mut before = None;
    loop {
        ticks.tick().await;
        let now = count.load(Ordering::Relaxed);
        if now > 0 && before == Some(now) {
            return now;
        }
        before = Some(now);
    }
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_site() {
    for tunnel in [false, true] {
        let written = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&written);
        let (_proxy, client, address) = room_by_hand(move |wire| {
            let counted = Arc::clone(&counted);
            async move { flood(wire, "HTTP/1.1 200 OK\r\n\r\n", &counted).await }
        })
        .await;
        let host = address.to_string();
        let _unread = if tunnel {
            let mut stream = client.tunnel(&host).await.unwrap();
            stream.write_all(b"\r\n\r\n").await.unwrap();
            stream
        } else {
            client
                .ask(&format!("GET http://{host}/ HTTP/1.1\r\nHost: {host}"))
                .await
                .0
                .stream
        };
        let total = within("the site's rest", stands_still(&written)).await;
        assert!(
            total < 64 * MIB,
            "{total} bytes were taken for a reader that does not read"
        );
    }
}

#[tokio::test]
async fn when_the_reader_leaves_the_site_is_told() {
    let gone = Arc::new(Notify::new());
    let told = Arc::clone(&gone);
    let (_proxy, client, address) = room_by_hand(move |wire| {
        let told = Arc::clone(&told);
        async move {
            flood(wire, "HTTP/1.1 200 OK\r\n\r\n", &AtomicU64::new(0)).await;
            told.notify_one();
        }
    })
    .await;
    let (wire, _) = client
        .ask(&format!(
            "GET http://{address}/ HTTP/1.1\r\nHost: {address}"
        ))
        .await;
    drop(wire);
    within("the site's notice", gone.notified()).await;
}

#[tokio::test]
async fn events_arrive_one_by_one_as_they_are_sent() {
    let next = Arc::new(Notify::new());
    let go = Arc::clone(&next);
    let (_proxy, client, address) = room_by_hand(move |mut wire| {
        let go = Arc::clone(&go);
        async move {
            wire.head().await;
            wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                .await;
            for count in 0..3 {
                go.notified().await;
                wire.send(&format!("data: {count}\n\n")).await;
            }
        }
    })
    .await;
    let request = Request::get(format!("http://{address}/"));
    let response = client.send(request.body(http_body_util::Full::default()).unwrap());
    let mut body = response.await.into_body();
    for count in 0..3 {
        next.notify_one();
        let frame = within("an event", body.frame()).await.unwrap().unwrap();
        let data = frame.into_data().unwrap();
        assert_eq!(data, format!("data: {count}\n\n"));
    }
}

#[tokio::test]
async fn an_upload_is_streamed_to_a_slow_site() {
    const TOTAL: usize = 32 << 20;
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        let head = wire.head().await;
        assert!(
            head.contains(&format!("Content-Length: {TOTAL}\r\n")),
            "{head}"
        );
        wire.take(TOTAL).await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0")
            .await;
    })
    .await;
    let mut wire = client.wire().await;
    let head =
        format!("POST http://{address}/ HTTP/1.1\r\nHost: {address}\r\nContent-Length: {TOTAL}");
    client.ask_on(&mut wire, &head).await;
    let chunk = vec![b'u'; 0x10000];
    for _ in 0..TOTAL / chunk.len() {
        within("room for more", wire.stream.write_all(&chunk))
            .await
            .unwrap();
    }
    let answer = wire.head().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(wire.take(1).await, b"0", "all of it");
}
