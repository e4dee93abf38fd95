//! The picture: first frame, key frames, size.

use duotab_backend::neko::{Frame, News, Options};
use duotab_core::lane::Codec;
use duotab_core::neko::shape::ScreenSize;
use std::time::{Duration, Instant};

use crate::fixture::{LIMIT, Watched, measured, server};

/// A picture that began before has no key frame for three seconds.
const FOLLOWS: Duration = Duration::from_secs(2);
/// The page moves all the time: no picture for so long means that none is sent.
const QUIET: Duration = Duration::from_millis(1500);

/// The size that a key frame says it has.
fn size(frame: &Frame) -> Option<(u16, u16)> {
    let at = |i: usize| {
        Some(u16::from_le_bytes([*frame.data.get(i)?, *frame.data.get(i + 1)?]) & 0x3fff)
    };
    (frame.codec == Codec::Vp8).then_some(())?;
    Some((at(6)?, at(8)?))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_is_a_key_frame_and_comes_soon() {
    let server = server();
    for _ in 0..3 {
        let mut it = Watched::start(server.endpoint(), Options::default());
        it.until("a login", |it| matches!(it, News::LoggedIn { .. }))
            .await;
        it.until("the word", |it| *it == News::Live).await;
        let News::Frame(frame) = it.until("a frame", |it| matches!(it, News::Frame(_))).await
        else {
            unreachable!();
        };
        assert!(frame.key);
        measured("start to first frame", it.started.elapsed());
        let stats = it.neko.stats();
        measured("start to login", stats.login.unwrap());
        measured("answer to connected", stats.connect.unwrap());
        assert!(stats.connect.unwrap() < Duration::from_secs(1));
        assert!(it.started.elapsed() < LIMIT);
        it.neko.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_come_in_order_and_whole() {
    let server = server();
    let mut it = Watched::live(server.endpoint(), Options::default()).await;
    let before = it.neko.stats();
    let began = Instant::now();
    let seen = it.for_a_while(Duration::from_secs(3)).await;
    let mut last = 0;
    let mut count = 0_u32;
    for news in &seen {
        if let News::Frame(frame) = news {
            assert!(frame.time_us >= last, "time goes on");
            assert!(!frame.data.is_empty());
            assert!(!frame.lost_before, "nothing is lost here");
            last = frame.time_us;
            count += 1;
        }
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    println!("measured: frames per second: {rate:.1}");
    assert!(count > 0, "{count} frames in 3 s");
    let stats = it.neko.stats();
    assert_eq!(stats.lost, before.lost);
    println!(
        "measured: round trip on the data channel: {:?}",
        stats.round_trip
    );
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_frame_comes_when_it_is_asked_for() {
    let server = server();
    let mut it = Watched::live(server.endpoint(), Options::default()).await;
    for _ in 0..3 {
        let asked = Instant::now();
        it.neko.request_keyframe();
        it.key().await;
        measured("key frame on request", asked.elapsed());
        assert!(asked.elapsed() < LIMIT);
    }
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_takes_a_new_size_and_so_do_the_frames() {
    let server = server();
    let mut it = Watched::live(server.endpoint(), Options::default()).await;
    for (width, height) in [(1024, 768), (1280, 720)] {
        let asked = Instant::now();
        it.neko.set_screen(width, height, 30);
        it.until("the new size", |it| {
            matches!(it, News::Screen { width: w, height: h, .. } if (*w, *h) == (width, height))
        })
        .await;
        measured("new size told", asked.elapsed());
        let want = (
            u16::try_from(width).unwrap(),
            u16::try_from(height).unwrap(),
        );
        it.until(
            "a frame of the new size",
            |it| matches!(it, News::Frame(it) if it.key && size(it).is_none_or(|it| it == want)),
        )
        .await;
        measured("new size seen", asked.elapsed());
    }
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_has_the_size_that_was_asked_for() {
    let server = server();
    let options = Options {
        first_screen: Some(ScreenSize {
            width: 800,
            height: 600,
            rate: 30,
        }),
        ..Options::default()
    };
    let mut it = Watched::start(server.endpoint(), options);
    it.until(
        "the size",
        |it| matches!(it, News::Frame(it) if it.key && size(it).is_none_or(|it| it == (800, 600))),
    )
    .await;
    it.neko.set_screen(1280, 720, 30);
    it.until("the old size", |it| {
        matches!(
            it,
            News::Screen {
                width: 1280,
                height: 720,
                ..
            }
        )
    })
    .await;
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_sleeps_loses_frames_and_wakes_to_a_key_frame() {
    let server = server();
    let mut it = Watched::live(server.endpoint(), Options::default()).await;
    let enough = it.neko.stats().frames + 40;
    let end = Instant::now() + LIMIT * 4;
    while it.neko.stats().frames < enough {
        // Nobody reads meanwhile, which is the fault.
        assert!(Instant::now() < end, "frames come in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut lost = None;
    let end = Instant::now() + Duration::from_secs(5);
    while lost.is_none() && Instant::now() < end {
        if let News::Frame(frame) = it.until("a frame", |it| matches!(it, News::Frame(_))).await
            && frame.lost_before
        {
            lost = Some(frame);
        }
    }
    assert!(lost.expect("frames were dropped").key);
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_nobody_watches_stops_and_comes_back_with_a_key_frame() {
    let server = server();
    let options = Options {
        // It would go on.
        audio: false,
        unwatched_limit: Duration::from_millis(200),
        ..Options::default()
    };
    let mut it = Watched::live(server.endpoint(), options).await;
    for _ in 0..2 {
        it.neko.set_watched(false);
        while let Ok(news) = tokio::time::timeout(QUIET, it.news.recv()).await {
            assert!(news.is_some(), "the client goes on");
        }
        let peers = it.neko.stats().peers;
        let asked = Instant::now();
        it.neko.set_watched(true);
        it.neko.request_keyframe();
        let News::Frame(first) = it.until("a frame", |it| matches!(it, News::Frame(_))).await
        else {
            unreachable!();
        };
        assert!(first.key);
        measured("picture after a pause", asked.elapsed());
        assert!(asked.elapsed() < LIMIT);
        assert_eq!(it.neko.stats().peers, peers, "by the same peer");
    }
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_follows_another_at_once_has_its_picture_as_soon() {
    let server = server();
    for round in 0..3 {
        let it = Watched::live(server.endpoint(), Options::default()).await;
        let took = it.started.elapsed();
        measured("picture of a client that follows another", took);
        assert!(round == 0 || took < FOLLOWS, "{took:?}");
        it.neko.close().await;
    }
}
