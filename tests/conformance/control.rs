//! Input, cursor, clipboard.

use duotab_backend::neko::{News, Options};
use duotab_core::neko::input::InputMessage;
use std::time::Duration;

use crate::fixture::{LIMIT, Watched, server};
use crate::raw::call;

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_comes_when_the_channel_opens() {
    let server = server();
    let mut it = Watched::start(server.endpoint(), Options::default());
    let news = it
        .until("the cursor", |it| matches!(it, News::CursorImage { .. }))
        .await;
    let News::CursorImage {
        width, height, png, ..
    } = news
    else {
        unreachable!();
    };
    assert!(width > 0 && height > 0);
    assert_eq!(&png[1..4], b"PNG");
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_channel_answers_pings_and_takes_input() {
    let server = server();
    let mut it = Watched::live(server.endpoint(), Options::default()).await;
    for x in 0..50 {
        it.neko.input(InputMessage::Move { x: 100 + x, y: 100 });
    }
    for down in [true, false] {
        it.neko.input(InputMessage::Button { down, button: 1 });
        it.neko.input(InputMessage::Key { down, keysym: 0x61 });
    }
    let end = tokio::time::Instant::now() + LIMIT;
    while it.neko.stats().round_trip.is_none() {
        assert!(tokio::time::Instant::now() < end, "a pong in time");
        it.for_a_while(Duration::from_millis(20)).await;
    }
    if let Ok(display) = std::env::var("NEKO_DISPLAY") {
        let out = std::process::Command::new("xdotool")
            .args(["getmouselocation", "--shell"])
            .env("DISPLAY", display)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(text.contains("X=149\nY=100"), "{text}");
    }
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clipboard_takes_text_and_tells_it() {
    let server = server();
    let mut it = Watched::start(server.endpoint(), Options::default());
    let News::LoggedIn { token } = it
        .until("a login", |it| matches!(it, News::LoggedIn { .. }))
        .await
    else {
        unreachable!();
    };
    it.until("a frame", |it| matches!(it, News::Frame(_))).await;
    let text = "aA1ß€ 😀\nzwei";
    it.neko.set_clipboard(text);
    it.until("the text", |it| *it == News::Clipboard(text.to_owned()))
        .await;
    let (status, body) = call(
        &server,
        "GET",
        "/api/room/clipboard",
        Some(token.expose()),
        None,
    )
    .await;
    assert_eq!(status, 200, "{body}");
    let body: duotab_core::neko::rest::Clipboard = serde_json::from_str(&body).unwrap();
    assert_eq!(body.text, text);
    it.neko.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pasted_text_goes_by_the_clipboard_and_is_not_told_as_copied() {
    let server = server();
    let mut it = Watched::start(server.endpoint(), Options::default());
    let News::LoggedIn { token } = it
        .until("a login", |it| matches!(it, News::LoggedIn { .. }))
        .await
    else {
        unreachable!();
    };
    it.until("a frame", |it| matches!(it, News::Frame(_))).await;
    it.neko.input(InputMessage::Move { x: 10, y: 10 });
    it.neko.paste("größer");
    let end = tokio::time::Instant::now() + LIMIT;
    loop {
        // The client keeps it to itself, so that the server must be asked.
        let seen = it.for_a_while(Duration::from_millis(100)).await;
        assert!(
            !seen
                .iter()
                .any(|it| matches!(it, News::Clipboard(it) if it == "größer"))
        );
        let (status, body) = call(
            &server,
            "GET",
            "/api/room/clipboard",
            Some(token.expose()),
            None,
        )
        .await;
        let body: duotab_core::neko::rest::Clipboard =
            serde_json::from_str(&body).unwrap_or_default();
        if status == 200 && body.text == "größer" {
            break;
        }
        assert!(tokio::time::Instant::now() < end, "the text in time");
    }
    it.neko.close().await;
}
