//! The picture, as our own client sees it.

use crate::cdp::Cdp;
use crate::engine::{Engine, LIMIT};
use duotab_backend::endpoint::{self, Endpoint, Secret};
use duotab_backend::neko::{self, Frame, Neko, News, Options};
use duotab_core::neko::input::InputMessage;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The client and what it tells.
pub(crate) struct Viewer {
    pub(crate) neko: Neko,
    news: mpsc::Receiver<News>,
    pub(crate) token: String,
}

impl Viewer {
    /// Connects and waits for the first frame, which is a key frame.
    pub(crate) async fn connect(engine: &Engine) -> (Self, Frame) {
        let endpoint = Endpoint {
            base: engine.url("/").parse().unwrap(),
            via: None,
            seen_at: None,
            relay: None,
            username: "duotab".to_owned(),
            password: Secret::new("secret"),
            login: None,
            cdp: endpoint::Cdp::KonekoRelay,
            shelf: endpoint::ShelfWay::Koneko,
        };
        let (neko, news) = neko::start(endpoint, Options::default());
        let mut viewer = Self {
            neko,
            news,
            token: String::new(),
        };
        let frame = viewer.frame().await;
        (viewer, frame)
    }

    pub(crate) async fn news(&mut self) -> News {
        let news = tokio::time::timeout(LIMIT, self.news.recv()).await;
        let news = news.expect("news in time").expect("a client that lives");
        if let News::LoggedIn { token } = &news {
            self.token = token.expose().to_owned();
        }
        news
    }

    pub(crate) async fn frame(&mut self) -> Frame {
        loop {
            match self.news().await {
                News::Frame(frame) => return frame,
                News::Failed(leg, why) => panic!("{leg:?}: {why}"),
                _ => {}
            }
        }
    }

    /// Takes frames until there has been none for so long.
    pub(crate) async fn until_still(&mut self, pause: Duration) -> usize {
        let mut frames = 0;
        while tokio::time::timeout(pause, self.frame()).await.is_ok() {
            frames += 1;
        }
        frames
    }
}

/// Width and height in a VP8 key frame's header (RFC 6386, 9.1).
fn vp8_size(frame: &Frame) -> (u16, u16) {
    let word = |at: usize| u16::from_le_bytes([frame.data[at], frame.data[at + 1]]) & 0x3fff;
    (word(6), word(8))
}

#[tokio::test]
async fn the_first_frame_comes_at_once_and_a_still_page_sends_no_more() {
    let engine = Engine::start(|_| {}).await;
    let (mut viewer, first) = Viewer::connect(&engine).await;
    assert!(first.key);
    assert_eq!(vp8_size(&first), (800, 600));
    viewer.until_still(Duration::from_millis(900)).await;
    let mut cdp = Cdp::connect(&engine, &viewer.token.clone()).await;
    cdp.attach().await;
    viewer.until_still(Duration::from_millis(900)).await;
    // Nothing happens for a second: no frame.
    let still = tokio::time::timeout(Duration::from_secs(1), viewer.frame()).await;
    assert!(still.is_err());
    let asked = Instant::now();
    cdp.show("<h1>something new</h1>").await;
    let frame = viewer.frame().await;
    assert!(!frame.key);
    eprintln!(
        "{:?} change seen after {:?}",
        viewer.neko.stats(),
        asked.elapsed()
    );
}

#[tokio::test]
async fn a_request_for_a_key_frame_is_answered_on_a_still_page() {
    let engine = Engine::start(|_| {}).await;
    let (mut viewer, _) = Viewer::connect(&engine).await;
    viewer.until_still(Duration::from_millis(900)).await;
    let asked = Instant::now();
    viewer.neko.request_keyframe();
    let frame = viewer.frame().await;
    assert!(frame.key);
    eprintln!("key frame after {:?}", asked.elapsed());
}

#[tokio::test]
async fn a_new_size_of_the_screen_begins_with_a_key_frame_of_that_size() {
    let engine = Engine::start(|_| {}).await;
    let (mut viewer, _) = Viewer::connect(&engine).await;
    viewer.until_still(Duration::from_millis(900)).await;
    viewer.neko.set_screen(1021, 577, 60);
    loop {
        let frame = viewer.frame().await;
        if frame.key {
            assert_eq!(vp8_size(&frame), (1021, 577));
            break;
        }
    }
}

#[tokio::test]
async fn a_page_in_motion_is_shown_without_loss() {
    let engine = Engine::start(|it| {
        it["screen"] = serde_json::json!({"width": 1280, "height": 720, "rate": 60});
    })
    .await;
    let (mut viewer, _) = Viewer::connect(&engine).await;
    let mut cdp = Cdp::connect(&engine, &viewer.token.clone()).await;
    cdp.attach().await;
    cdp.show("<div id=a style='position:fixed;inset:0;font:60px serif'></div>")
        .await;
    cdp.evaluate(
        "let n = 0; const step = () => { a.style.background = `hsl(${n * 7} 60% 70%)`; \
         a.textContent = `frame ${n++} `.repeat(60); requestAnimationFrame(step) }; step(); 1",
    )
    .await;
    let began = Instant::now();
    let mut frames = 0;
    while began.elapsed() < Duration::from_secs(4) {
        let frame = viewer.frame().await;
        assert!(!frame.lost_before);
        frames += 1;
    }
    let stats = viewer.neko.stats();
    eprintln!("{frames} frames in 4 s, {stats:?}");
    assert!(frames > 40, "{frames}");
    assert_eq!(stats.lost, 0);
}

#[tokio::test]
async fn h264_is_sent_when_it_was_chosen() {
    let engine = Engine::start(|it| it["codec"] = serde_json::json!("h264")).await;
    let (_viewer, first) = Viewer::connect(&engine).await;
    assert!(first.key);
    assert_eq!(first.codec, duotab_core::lane::Codec::H264);
}

#[tokio::test]
async fn a_click_is_seen_soon() {
    let engine = Engine::start(|it| {
        it["screen"] = serde_json::json!({"width": 1280, "height": 720, "rate": 60});
    })
    .await;
    let (mut viewer, _) = Viewer::connect(&engine).await;
    let mut cdp = Cdp::connect(&engine, &viewer.token.clone()).await;
    cdp.attach().await;
    cdp.show("<div id=a style='position:fixed;inset:100px;background:#eee'></div>")
        .await;
    cdp.evaluate("addEventListener('mousedown', () => a.style.background = `hsl(${Math.random() * 360} 60% 50%)`); 1")
        .await;
    viewer.neko.input(InputMessage::Move { x: 600, y: 300 });
    let mut waits = Vec::new();
    for _ in 0..20 {
        viewer.until_still(Duration::from_millis(600)).await;
        let clicked = Instant::now();
        for down in [true, false] {
            viewer.neko.input(InputMessage::Button { down, button: 1 });
        }
        viewer.frame().await;
        waits.push(clicked.elapsed());
    }
    waits.sort_unstable();
    eprintln!(
        "click to frame: median {:?}, worst {:?}",
        waits[10], waits[19]
    );
    assert!(waits[10] < Duration::from_millis(250), "{waits:?}");
}
