//! What is lost comes back: the WebSocket, the media, the server.

use duotab_backend::neko::{News, Options};
use duotab_core::message::Leg;
use std::time::{Duration, Instant};

use crate::fixture::{LIMIT, Watched, measured, server};
use crate::relay::{Faults, Relay};

/// What a recovery may take from the end of its cause. The goal is one second, and what it took
/// is printed; a machine that encodes the picture and builds software beside it gets five.
const SOON: Duration = Duration::from_secs(5);

fn frames(news: &[News]) -> usize {
    news.iter()
        .filter(|it| matches!(it, News::Frame(_)))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_socket_comes_back_and_the_picture_never_stops() {
    let server = server();
    let relay = Relay::start(&server.base, Faults::default()).await;
    let mut it = Watched::live(server.endpoint_at(relay.address()), Options::default()).await;
    let peers = it.neko.stats().peers;
    relay.cut_sockets();
    let seen = it.for_a_while(Duration::from_secs(3)).await;
    assert!(frames(&seen) > 0, "the picture goes on");
    assert!(
        seen.contains(&News::Lost(Leg::Signalling)),
        "{:?}",
        seen.len()
    );
    let mended = Instant::now();
    relay.mend_sockets();
    it.until("the word", |it| *it == News::Live).await;
    measured("socket back after its cause", mended.elapsed());
    assert!(mended.elapsed() < SOON);
    it.neko.set_clipboard("after the loss");
    it.until("control", |it| {
        *it == News::Clipboard("after the loss".to_owned())
    })
    .await;
    let stats = it.neko.stats();
    assert_eq!(stats.peers, peers, "the peer stayed");
    assert_eq!(stats.sockets, 2);
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_loss_of_the_socket_is_not_worth_a_word() {
    let server = server();
    let relay = Relay::start(&server.base, Faults::default()).await;
    let mut it = Watched::live(server.endpoint_at(relay.address()), Options::default()).await;
    relay.drop_sockets();
    let seen = it.for_a_while(Duration::from_millis(1500)).await;
    assert!(!seen.contains(&News::Lost(Leg::Signalling)));
    assert_eq!(it.neko.stats().sockets, 2);
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn media_that_are_cut_come_back_soon() {
    let server = server();
    for outage in [Duration::from_secs(2), Duration::from_secs(7)] {
        let relay = Relay::start(&server.base, Faults::default()).await;
        let mut it = Watched::live(server.endpoint_at(relay.address()), Options::default()).await;
        relay.cut_media();
        it.until("the loss", |it| *it == News::Lost(Leg::Media))
            .await;
        it.for_a_while(outage - Duration::from_millis(1200)).await;
        let mended = Instant::now();
        relay.mend_media();
        it.until("the picture", |it| *it == News::Live).await;
        it.key().await;
        measured(&format!("media back after {outage:?}"), mended.elapsed());
        assert!(mended.elapsed() < SOON, "{:?}", mended.elapsed());
        assert_eq!(it.neko.stats().sockets, 1, "the socket stayed");
        it.neko.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_anew_is_found_soon() {
    let mut server = server();
    if !server.can_restart() {
        println!("NEKO_RESTART is not set: left out");
        return;
    }
    let mut it = Watched::live(server.endpoint(), Options::default()).await;
    server.stop();
    it.until("the loss", |it| matches!(it, News::Lost(_))).await;
    let back = server.restart().await;
    it.until("a login", |it| matches!(it, News::LoggedIn { .. }))
        .await;
    it.until("the picture", |it| *it == News::Live).await;
    measured("server back to picture", back.elapsed());
    assert!(back.elapsed() < SOON, "{:?}", back.elapsed());
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_lost_twice_and_out_of_order_make_whole_frames_or_none() {
    let server = server();
    let seed = 7;
    println!("seed {seed}");
    let faults = Faults {
        seed,
        loss: 0.03,
        twice: 0.03,
        late: 0.03,
    };
    let relay = Relay::start(&server.base, faults).await;
    let mut it = Watched::live(server.endpoint_at(relay.address()), Options::default()).await;
    let mut last = 0;
    let mut seen = it.for_a_while(Duration::from_secs(4)).await;
    let end = Instant::now() + LIMIT;
    while it.neko.stats().recovered == 0 && Instant::now() < end {
        seen.extend(it.for_a_while(Duration::from_millis(200)).await);
    }
    for news in &seen {
        if let News::Frame(frame) = news {
            assert!(frame.time_us > last || last == 0, "in order");
            assert!(
                !frame.lost_before || frame.key,
                "after a loss comes a key frame"
            );
            last = frame.time_us;
        }
    }
    let stats = it.neko.stats();
    println!(
        "measured: under faults: {stats:?}, {} frames out",
        frames(&seen)
    );
    assert!(stats.recovered > 0, "NACK repairs: {stats:?}");
    assert!(frames(&seen) > 3, "{}", frames(&seen));
    it.neko.close().await;
}
