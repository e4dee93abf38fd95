//! Streams through tunnels: whole, in both directions at once, more than there are pipes for.

use std::sync::Arc;

use duotab_backend::proxy::{Proxy, ProxyConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::task::JoinSet;

use crate::kit::{Client, room_by_hand, within};

/// The byte at each place of a stream: no two stretches of it are alike.
fn byte(at: usize) -> u8 {
    (at ^ (at >> 8).wrapping_mul(7) ^ (at >> 16).wrapping_mul(13)) as u8
}

/// Writes so many bytes in pieces of every size, and closes.
async fn say(mut to: WriteHalf<'_>, total: usize) {
    let all: Vec<u8> = (0..total).map(byte).collect();
    let (mut at, mut size) = (0, 1);
    while at < total {
        let end = total.min(at + size);
        to.write_all(&all[at..end]).await.unwrap();
        at = end;
        size = size * 3 % 300_007 + 1;
    }
    to.shutdown().await.unwrap();
}

/// Reads to the end, and finds it as it was written.
async fn hear(mut from: ReadHalf<'_>, total: usize) {
    let (mut at, mut chunk) = (0, vec![0; 100_000]);
    loop {
        let count = within("the next piece", from.read(&mut chunk))
            .await
            .unwrap();
        if count == 0 {
            break;
        }
        let right = (at..at + count)
            .map(byte)
            .eq(chunk[..count].iter().copied());
        assert!(right, "other bytes from {at} on");
        at += count;
    }
    assert_eq!(at, total);
}

#[tokio::test]
async fn a_stream_arrives_as_it_was_sent_in_both_directions_at_once() {
    const OUT: usize = 24 << 20;
    const BACK: usize = 16 << 20;
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        let (read, write) = wire.stream.split();
        tokio::join!(say(write, BACK), hear(read, OUT));
    })
    .await;
    let mut tunnel = client.tunnel(&address.to_string()).await.unwrap();
    let (read, write) = tunnel.split();
    tokio::join!(say(write, OUT), hear(read, BACK));
}

#[tokio::test]
async fn a_stream_that_rests_and_goes_on_is_the_same_stream() {
    const PART: usize = 1 << 20;
    let (_proxy, client, address) = room_by_hand(|mut wire| async move {
        let mut chunk = vec![0; PART];
        // Each part is sent only when the one before was there.
        while wire.stream.read_exact(&mut chunk).await.is_ok() {
            wire.stream.write_all(&chunk).await.unwrap();
        }
    })
    .await;
    let mut tunnel = client.tunnel(&address.to_string()).await.unwrap();
    let mut echo = vec![0; PART];
    for part in 0..5_u8 {
        let (mut read, mut write) = tunnel.split();
        let sent = vec![part; PART];
        let (wrote, heard) = tokio::join!(write.write_all(&sent), read.read_exact(&mut echo));
        wrote.unwrap();
        heard.unwrap();
        assert_eq!(echo, sent);
    }
}

#[tokio::test]
async fn more_streams_than_there_are_pipes_all_arrive() {
    const STREAMS: usize = 400;
    const TOTAL: usize = 300_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let begin = Arc::new(tokio::sync::Barrier::new(STREAMS));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let begin = Arc::clone(&begin);
            tokio::spawn(async move {
                begin.wait().await;
                let (_read, write) = stream.split();
                say(write, TOTAL).await;
            });
        }
    });
    let proxy = Proxy::bind(ProxyConfig::default()).await.unwrap();
    proxy.permit(&format!("http://{address}/"));
    let client = Client::of(&proxy).await;
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        let mut tunnel = client.tunnel(&address.to_string()).await.unwrap();
        streams.spawn(async move { hear(tunnel.split().0, TOTAL).await });
    }
    while let Some(heard) = streams.join_next().await {
        heard.unwrap();
    }
}
