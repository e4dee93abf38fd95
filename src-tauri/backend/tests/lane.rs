//! The lane over real sockets: who gets in, who does not, and what the view sees.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

use std::time::Duration;

use bytes::Bytes;
use duotab_backend::lane::{Frame, FrameFate, Input, Lane};
use duotab_core::lane::{Codec, FromView, ToView};
use duotab_core::message::LaneTicket;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const ORIGIN: &str = "tauri://localhost";
const LIMIT: Duration = Duration::from_secs(5);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(LIMIT, future)
        .await
        .expect("within the limit")
}

async fn lane() -> (Lane, mpsc::Receiver<Input>) {
    let lane = Lane::bind([ORIGIN]).await.unwrap();
    let input = lane.take_input().unwrap();
    assert!(lane.take_input().is_none());
    (lane, input)
}

async fn connect(ticket: &LaneTicket) -> Socket {
    let mut request = ticket.url.as_str().into_client_request().unwrap();
    request
        .headers_mut()
        .insert("Origin", ORIGIN.parse().unwrap());
    soon(tokio_tungstenite::connect_async(request))
        .await
        .unwrap()
        .0
}

async fn view(lane: &Lane, input: &mut mpsc::Receiver<Input>) -> Socket {
    let ticket = lane.ticket().unwrap();
    let mut socket = connect(&ticket).await;
    socket.send(Message::text(ticket.secret)).await.unwrap();
    assert_eq!(soon(input.recv()).await, Some(Input::ViewConnected));
    socket
}

async fn next(socket: &mut Socket) -> Bytes {
    match soon(socket.next()).await.unwrap().unwrap() {
        Message::Binary(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

async fn is_closed(mut socket: Socket) {
    while let Some(Ok(message)) = soon(socket.next()).await {
        assert!(!message.is_binary() && !message.is_text(), "{message:?}");
    }
}

fn frame(key: bool, sequence: u32, data: Bytes) -> Frame {
    Frame {
        key,
        codec: Codec::H264,
        sequence,
        time_us: 9,
        data,
    }
}

/// Offers a key frame until the view, whose `ViewConnected` is said just before, takes it.
async fn first_frame(lane: &Lane, data: Bytes) {
    soon(async {
        while lane.frame(frame(true, 0, data.clone())) != FrameFate::Queued {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Sends a request head and tells all that came back.
async fn raw(port: u16, head: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is as silent as an end.
    let _ = soon(stream.read_to_end(&mut answer)).await;
    answer
}

fn port(ticket: &LaneTicket) -> u16 {
    ticket
        .url
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

fn head(host: &str, origins: &[&str]) -> String {
    let origins: String = origins
        .iter()
        .map(|origin| format!("Origin: {origin}\r\n"))
        .collect();
    format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\n{origins}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

#[tokio::test]
async fn a_view_with_a_ticket_sees_frames_as_the_lane_describes_them() {
    let (lane, mut input) = lane().await;
    let mut socket = view(&lane, &mut input).await;
    // One of each length form of a WebSocket header.
    for (sequence, size) in [(0, 5), (1, 1_000), (2, 300_000)] {
        let data = Bytes::from(vec![7; size]);
        first_frame(&lane, data.clone()).await;
        let expected = ToView::Frame {
            key: true,
            codec: Codec::H264,
            sequence: 0,
            time_us: 9,
            data: &data,
        };
        assert_eq!(next(&mut socket).await, expected.encode(), "{sequence}");
    }
}

#[tokio::test]
async fn what_the_view_says_arrives_in_order() {
    let (lane, mut input) = lane().await;
    let mut socket = view(&lane, &mut input).await;
    for x in 0..1_000_u16 {
        let [high, low] = x.to_be_bytes();
        socket
            .feed(Message::binary(vec![1, high, low, 0, 5]))
            .await
            .unwrap();
        if x % 100 == 0 {
            socket.flush().await.unwrap();
            for _ in 0..=x.min(99) {
                assert!(matches!(
                    soon(input.recv()).await,
                    Some(Input::View(FromView::Move { y: 5, .. }))
                ));
            }
        }
    }
    socket.send(Message::binary(vec![6])).await.unwrap();
    let last = loop {
        match soon(input.recv()).await.unwrap() {
            Input::View(FromView::Move { .. }) => {}
            other => break other,
        }
    };
    assert_eq!(last, Input::View(FromView::Blur));
}

#[tokio::test]
async fn input_sent_together_with_the_ticket_is_not_lost() {
    let (lane, mut input) = lane().await;
    let ticket = lane.ticket().unwrap();
    let mut socket = connect(&ticket).await;
    socket.feed(Message::text(ticket.secret)).await.unwrap();
    let text = "ä".repeat(100_000);
    let message = [b"\x05", text.as_bytes()].concat();
    socket.send(Message::binary(message)).await.unwrap();
    assert_eq!(soon(input.recv()).await, Some(Input::ViewConnected));
    assert_eq!(
        soon(input.recv()).await,
        Some(Input::View(FromView::Text(text)))
    );
}

#[tokio::test]
async fn a_ticket_serves_once_and_a_wrong_one_never() {
    let (lane, mut input) = lane().await;
    let ticket = lane.ticket().unwrap();
    let mut first = connect(&ticket).await;
    first
        .send(Message::text(ticket.secret.clone()))
        .await
        .unwrap();
    assert_eq!(soon(input.recv()).await, Some(Input::ViewConnected));
    for secret in [ticket.secret.clone(), "0".repeat(64), String::new()] {
        let mut socket = connect(&ticket).await;
        socket.send(Message::text(secret)).await.unwrap();
        is_closed(socket).await;
    }
    let mut socket = connect(&ticket).await;
    socket
        .send(Message::binary(lane.ticket().unwrap().secret.into_bytes()))
        .await
        .unwrap();
    is_closed(socket).await;
    assert!(input.try_recv().is_err(), "nobody else became the view");
}

#[tokio::test]
async fn another_origin_or_host_is_closed_without_a_word() {
    let (lane, _input) = lane().await;
    let port = port(&lane.ticket().unwrap());
    let host = format!("127.0.0.1:{port}");
    let good = head(&host, &[ORIGIN]);
    for bad in [
        head(&host, &[]),
        head(&host, &["http://evil.example"]),
        head(&host, &["tauri://localhost.evil.example"]),
        head(&host, &[ORIGIN, ORIGIN]),
        head(&format!("localhost:{port}"), &[ORIGIN]),
        head("127.0.0.1", &[ORIGIN]),
        head("evil.example", &[ORIGIN]),
        good.replace("GET / ", "GET /other "),
        good.replace("GET / ", "POST / "),
        good.replace("Upgrade: websocket\r\n", ""),
        "\0\0\0 nonsense\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000)),
    ] {
        let answer = raw(port, &bad).await;
        assert_eq!(String::from_utf8_lossy(&answer), "", "{bad:.200}");
    }
}

#[tokio::test]
async fn a_stranger_who_says_nothing_is_closed_after_two_seconds() {
    let (lane, _input) = lane().await;
    let ticket = lane.ticket().unwrap();
    let began = std::time::Instant::now();
    is_closed(connect(&ticket).await).await;
    let mut mute = TcpStream::connect(("127.0.0.1", port(&ticket)))
        .await
        .unwrap();
    assert_eq!(soon(mute.read(&mut [0; 1])).await.unwrap_or(0), 0);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn strangers_cannot_use_up_the_lane() {
    let (lane, mut input) = lane().await;
    let ticket = lane.ticket().unwrap();
    let mut strangers = Vec::new();
    for _ in 0..8 {
        strangers.push(connect(&ticket).await);
    }
    let port = port(&ticket);
    let good = head(&format!("127.0.0.1:{port}"), &[ORIGIN]);
    assert_eq!(raw(port, &good).await, b"", "one too many");
    // A place is free again as soon as one leaves.
    for stranger in strangers.drain(..) {
        is_closed(stranger).await;
    }
    view(&lane, &mut input).await;
}

#[tokio::test]
async fn a_new_view_replaces_the_old_one_and_is_told_what_that_one_knew() {
    let (lane, mut input) = lane().await;
    let old = view(&lane, &mut input).await;
    let screen = ToView::Screen {
        width: 800,
        height: 600,
    };
    let cursor = ToView::CursorImage {
        width: 1,
        height: 1,
        hot_x: 0,
        hot_y: 0,
        png: b"png",
    };
    lane.show(&ToView::Reset { session: 4 });
    lane.show(&screen);
    lane.show(&cursor);
    let ticket = lane.ticket().unwrap();
    let mut new = connect(&ticket).await;
    new.send(Message::text(ticket.secret)).await.unwrap();
    assert_eq!(soon(input.recv()).await, Some(Input::ViewGone));
    assert_eq!(soon(input.recv()).await, Some(Input::ViewConnected));
    for expected in [ToView::Reset { session: 4 }, screen, cursor] {
        assert_eq!(next(&mut new).await, expected.encode());
    }
    drop(old);
    lane.show(&ToView::Clipboard { text: "still here" });
    assert_eq!(&next(&mut new).await[1..], b"still here");
}

#[tokio::test]
async fn a_view_that_leaves_or_talks_nonsense_is_gone() {
    let (lane, mut input) = lane().await;
    let socket = view(&lane, &mut input).await;
    drop(socket);
    assert_eq!(soon(input.recv()).await, Some(Input::ViewGone));
    let bad = [
        Message::binary(vec![99]),
        Message::text("hello"),
        Message::binary(vec![5; (1 << 20) + 1]),
    ];
    for message in bad {
        let mut socket = view(&lane, &mut input).await;
        let _ = socket.send(message).await;
        assert_eq!(soon(input.recv()).await, Some(Input::ViewGone));
    }
    assert_eq!(lane.frame(frame(true, 0, Bytes::new())), FrameFate::NoView);
}

#[tokio::test]
async fn a_view_that_does_not_read_loses_frames_and_goes_on_with_a_key_frame() {
    let (lane, mut input) = lane().await;
    let mut socket = view(&lane, &mut input).await;
    let big = Bytes::from(vec![1; 1 << 20]);
    first_frame(&lane, big.clone()).await;
    let mut sequence = 0;
    soon(async {
        loop {
            sequence += 1;
            match lane.frame(frame(false, sequence, big.clone())) {
                FrameFate::Queued => tokio::task::yield_now().await,
                fate => break assert_eq!(fate, FrameFate::NeedKeyframe),
            }
        }
    })
    .await;
    assert_eq!(
        lane.frame(frame(true, 1_000_000, big.clone())),
        FrameFate::Queued
    );
    let mut last = None;
    loop {
        let message = next(&mut socket).await;
        let sequence = u32::from_be_bytes(message[3..7].try_into().unwrap());
        if sequence == 1_000_000 {
            assert_eq!(message[1], 1, "a key frame");
            break;
        }
        assert_eq!(sequence, last.map_or(0, |last: u32| last + 1));
        last = Some(sequence);
    }
    assert!(last.unwrap() < sequence - 1, "what waited was skipped");
}

#[tokio::test]
async fn a_ping_is_answered_between_frames() {
    let (lane, mut input) = lane().await;
    let mut socket = view(&lane, &mut input).await;
    let data = Bytes::from(vec![3; 100_000]);
    first_frame(&lane, data.clone()).await;
    socket
        .send(Message::Ping(Bytes::from_static(b"?")))
        .await
        .unwrap();
    let mut ponged = false;
    for n in 0..50 {
        let _ = lane.frame(frame(true, n, data.clone()));
        match soon(socket.next()).await.unwrap().unwrap() {
            Message::Pong(bytes) => ponged = bytes == b"?"[..],
            Message::Binary(bytes) => assert_eq!(bytes.len(), 100_015),
            other => panic!("{other:?}"),
        }
    }
    assert!(ponged);
}

#[tokio::test]
async fn dropping_the_lane_ends_all_of_it() {
    let (lane, mut input) = lane().await;
    let ticket = lane.ticket().unwrap();
    let stranger = connect(&ticket).await;
    let socket = view(&lane, &mut input).await;
    drop(lane);
    is_closed(socket).await;
    is_closed(stranger).await;
    let gone = soon(async {
        while input.recv().await.is_some() {}
        TcpStream::connect(("127.0.0.1", port(&ticket))).await
    })
    .await;
    assert!(gone.is_err(), "nobody listens");
}
