//! Pointer, wheel, keys and clipboard, as a page sees them.

use crate::cdp::Cdp;
use crate::engine::{Engine, LIMIT};
use crate::picture::Viewer;
use duotab_backend::neko::News;
use duotab_core::neko::input::InputMessage;
use serde_json::json;

/// Is answered once the page has the keyboard.
const FOCUSED: &str = "new Promise(done => { const look = () => document.hasFocus() ? done(true) : \
                       addEventListener('focus', look, { once: true }); look() })";

/// A viewer on a page that writes down what happens to it.
async fn page(engine: &Engine) -> (Viewer, Cdp) {
    let (viewer, _) = Viewer::connect(engine).await;
    let mut cdp = Cdp::connect(engine, &viewer.token).await;
    cdp.attach().await;
    cdp.show("<textarea id=t style='position:fixed;inset:0;width:100%;height:100%'></textarea>")
        .await;
    cdp.evaluate(
        "window.seen = []; window.waiting = []; \
         window.note = it => { seen.push(it); waiting = waiting.filter(f => !f()); }; \
         window.until = is => new Promise(done => { \
            const look = () => { const it = is(); if (it) done(it); return it; }; \
            if (!look()) waiting.push(look); }); \
         for (const kind of ['keydown', 'keyup', 'mousedown', 'mouseup', 'wheel', 'input']) \
            addEventListener(kind, e => note([kind, e.key ?? e.button ?? '', e.code ?? '', \
                e.clientX ?? 0, e.clientY ?? 0, e.deltaY ?? 0, e.ctrlKey ?? false]), true); \
         t.focus(); 1",
    )
    .await;
    // Who has the window's focus is the desktop's to say, and it may take its time.
    assert_eq!(cdp.evaluate(FOCUSED).await, true);
    // Chromium drops what comes before a page's first picture.
    cdp.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))",
    )
    .await;
    (viewer, cdp)
}

fn tap(viewer: &Viewer, keysym: u32) {
    for down in [true, false] {
        viewer.neko.input(InputMessage::Key { down, keysym });
    }
}

#[tokio::test]
async fn pointer_wheel_and_keys_reach_the_page() {
    let engine = Engine::start(|_| {}).await;
    let (viewer, mut cdp) = page(&engine).await;
    viewer.neko.input(InputMessage::Move { x: 123, y: 234 });
    for down in [true, false] {
        viewer.neko.input(InputMessage::Button { down, button: 1 });
    }
    let clicked = "until(() => seen.find(it => it[0] == 'mouseup'))";
    let it = cdp.evaluate(clicked).await;
    assert_eq!(
        (it[1].as_i64(), it[3].as_i64(), it[4].as_i64()),
        (Some(0), Some(123), Some(234))
    );

    viewer.neko.input(InputMessage::Scroll {
        delta_x: 0,
        delta_y: -1,
        control: false,
    });
    let it = cdp
        .evaluate("until(() => seen.find(it => it[0] == 'wheel'))")
        .await;
    assert!(
        it[5].as_f64().unwrap() > 0.0,
        "down is positive in a page: {it}"
    );

    tap(&viewer, 'a'.into());
    viewer.neko.input(InputMessage::Key {
        down: true,
        keysym: 0xffe1,
    });
    tap(&viewer, 'B'.into());
    viewer.neko.input(InputMessage::Key {
        down: false,
        keysym: 0xffe1,
    });
    assert_eq!(
        cdp.evaluate("until(() => t.value == 'aB' && t.value)")
            .await,
        "aB"
    );
    let code = "until(() => seen.find(it => it[0] == 'keydown' && it[1] == 'a'))";
    assert_eq!(cdp.evaluate(code).await[2], "KeyA");
}

#[tokio::test]
async fn a_character_on_no_key_is_typed_at_the_first_press() {
    let engine = Engine::start(|_| {}).await;
    let (viewer, mut cdp) = page(&engine).await;
    let text = "äßñ€žцλ中あ";
    for character in text.chars() {
        tap(&viewer, 0x0100_0000 + u32::from(character));
    }
    let typed = format!(
        "until(() => t.value.length >= {} && t.value)",
        text.chars().count()
    );
    assert_eq!(cdp.evaluate(&typed).await, text);
}

#[tokio::test]
async fn pasted_text_arrives_whole_however_long() {
    let engine = Engine::start(|_| {}).await;
    let (viewer, mut cdp) = page(&engine).await;
    for text in ["grüße 😀".to_owned(), "0123456789abcdef".repeat(40_000)] {
        cdp.evaluate("t.value = ''; 1").await;
        viewer.neko.paste(&text);
        let length = text.encode_utf16().count();
        let value = format!("until(() => t.value.length == {length} && t.value)");
        assert_eq!(cdp.evaluate(&value).await, text);
    }
}

#[tokio::test]
async fn what_the_page_copies_comes_to_the_viewer() {
    let engine = Engine::start(|_| {}).await;
    let (mut viewer, mut cdp) = page(&engine).await;
    for text in ["kopiert ✓".to_owned(), "fedcba9876543210".repeat(20_000)] {
        let quoted = serde_json::to_string(&text).unwrap();
        cdp.evaluate(&format!("t.value = {quoted}; t.focus(); t.select(); 1"))
            .await;
        viewer.neko.input(InputMessage::Key {
            down: true,
            keysym: 0xffe3,
        });
        tap(&viewer, 'c'.into());
        viewer.neko.input(InputMessage::Key {
            down: false,
            keysym: 0xffe3,
        });
        loop {
            if let News::Clipboard(it) = viewer.news().await {
                assert_eq!(it, text);
                break;
            }
        }
    }
}

#[tokio::test]
async fn held_keys_are_let_go_when_the_viewer_goes() {
    let engine = Engine::start(|_| {}).await;
    let (viewer, mut cdp) = page(&engine).await;
    viewer.neko.input(InputMessage::Key {
        down: true,
        keysym: 0xffe1,
    });
    cdp.evaluate("until(() => seen.find(it => it[0] == 'keydown' && it[1] == 'Shift'))")
        .await;
    viewer.neko.close().await;
    let up = "until(() => seen.find(it => it[0] == 'keyup' && it[1] == 'Shift'))";
    // The session may be gone with the viewer; a page control that is there stays.
    let up = tokio::time::timeout(LIMIT, cdp.evaluate(up)).await.unwrap();
    assert_eq!(up[1], "Shift");
}

#[tokio::test]
async fn another_keyboard_layout_types_its_characters() {
    let engine = Engine::start(|_| {}).await;
    let (viewer, mut cdp) = page(&engine).await;
    let http = reqwest::Client::new();
    engine.post(&viewer.token, "/api/room/control/take").await;
    let set = http
        .post(engine.url("/api/room/keyboard/map"))
        .bearer_auth(&viewer.token)
        .json(&json!({ "layout": "de", "variant": "nodeadkeys" }));
    let reply = set.send().await.unwrap();
    assert_eq!(reply.status(), 204, "{}", reply.text().await.unwrap());
    tap(&viewer, 0xe4);
    let it = cdp
        .evaluate("until(() => seen.find(it => it[0] == 'keydown' && it[1] == 'ä'))")
        .await;
    assert_eq!(it[2], "Quote");
}

#[tokio::test]
async fn the_cursor_is_told_when_it_changes() {
    let engine = Engine::start(|_| {}).await;
    let (mut viewer, mut cdp) = page(&engine).await;
    let mut seen: Vec<bytes::Bytes> = Vec::new();
    for (x, cursor) in [(300, "crosshair"), (301, "text")] {
        cdp.show(&format!(
            "<div style='position:fixed;inset:0;cursor:{cursor}'></div>"
        ))
        .await;
        viewer.neko.input(InputMessage::Move { x, y: 300 });
        loop {
            if let News::CursorImage { png, width, .. } = viewer.news().await {
                assert!(width > 0 && png.starts_with(b"\x89PNG"));
                if !seen.contains(&png) {
                    seen.push(png);
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn the_page_in_front_has_the_keyboard_from_the_start_and_so_has_a_new_one() {
    let engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let mut cdp = Cdp::connect(&engine, &token).await;
    cdp.attach().await;
    assert_eq!(cdp.evaluate(FOCUSED).await, true);
    let mut other = Cdp::connect(&engine, &token).await;
    let blank = json!({ "url": "about:blank" });
    let made = other.call("Target.createTarget", blank).await;
    other.attach_to(&made["targetId"]).await;
    assert_eq!(other.evaluate(FOCUSED).await, true);
}
