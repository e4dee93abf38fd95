//! What a frame of another site asks within a page.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::{Html, Response};
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, Shell, World, Zoo, within, zoo};
use serde_json::json;
use tokio::sync::mpsc;

use crate::asks::{asked, enter, gone, guarded};
use crate::room::{RED, Room, start};
use crate::zoo::visitor::{Visitor, Window};

/// Where sites may not have cookies within others, Chromium does not ask for passwords there either.
const PREFERENCES: &str = r#"{ "profile": { "cookie_controls_mode": 0 } }"#;

/// A proxied page whose frame is of another site, and one whose frame is of its own.
const OTHER: &str = "<title>other</title><iframe src=http://other.test/cellar></iframe>";
const OWN: &str = "<title>own</title><iframe src=http://www.zoo.test/cellar></iframe>";

/// A page that is all one frame, which is of another site.
async fn around() -> Html<String> {
    page(
        "Around",
        "<style>iframe { position: fixed; inset: 0; width: 100%; height: 100%; border: 0 }</style>
        <iframe></iframe>
        <script>
            const within = `http://cellar.localhost:${location.port}/guarded`;
            document.querySelector('iframe').src = within;
        </script>",
    )
}

async fn room() -> Outcome<Room> {
    let pages = Router::new()
        .route("/around", get(around))
        .route("/guarded", get(guarded));
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let profile = app.data().join("profiles/default/Default");
    std::fs::create_dir_all(&profile)?;
    std::fs::write(profile.join("Preferences"), PREFERENCES)?;
    let start = start(&display).variable("DUOTAB_LOG", "debug");
    let shell = app.open(&start).await?;
    Ok(Room {
        shell,
        app,
        site,
        display,
    })
}

#[tokio::test]
async fn a_frame_of_another_site_asks_in_the_bar_which_says_so_and_nothing_keeps_the_password()
-> Outcome<()> {
    let room = room().await?;
    let input = room.site.url("/around");
    let tab = json!({ "input": input, "mode": "streamed", "background": false });
    let opened = room.shell.invoke("open_tab", tab).await?;
    opened.map_err(|problem| format!("{problem}"))?;
    let said = asked(&room, "login").await?;
    let port = room.site.port();
    for part in [
        format!("cellar.localhost:{port} asks"),
        format!("You are on http://127.0.0.1:{port}, but"),
        "The cellar".to_owned(),
        "unencrypted".to_owned(),
    ] {
        assert!(said.contains(&part), "{part} in {said}");
    }
    enter(&room, "ann", "wrong").await?;
    room.shell.find("[data-testid=ask-again]").await?;
    enter(&room, "ann", "secret").await?;
    room.shown("what is inside", RED).await?;
    gone(&room).await?;
    room.shell.quit().await?;
    assert!(!room.app.log()?.contains("secret"), "no log has it");
    for kept in std::fs::read_dir(room.app.data())? {
        let kept = kept?;
        if kept.file_name().to_string_lossy().starts_with("duotab.db") {
            let bytes = std::fs::read(kept.path())?;
            let found = bytes.windows(6).any(|part| part == b"secret");
            assert!(!found, "no saved row has it");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_proxied_page_s_frames_ask_in_the_bar_which_says_where_they_are_of_another_site()
-> Outcome<()> {
    let world = World::new(&zoo::NAMES)?;
    world.play("framed::every_proxied_frame").await
}

/// What the bar says, and what is answered there.
async fn answered(shell: &Shell, password: &str) -> Outcome<String> {
    let bar = "document.querySelector('[data-testid=ask][data-question=login]')";
    let said = shell.until(&format!("{bar}?.innerText")).await?;
    for (field, text) in [("user", "ann"), ("password", password)] {
        let field = shell.find(&format!("[data-testid=ask-{field}]")).await?;
        field.send_keys(text).await?;
    }
    shell.click("[data-testid=ask-yes]").await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn every_proxied_frame() -> Outcome<()> {
    let (tell, mut inside) = mpsc::unbounded_channel();
    let cellar = async move |headers: HeaderMap| -> Response {
        let host = headers.get(HOST).and_then(|it| it.to_str().ok());
        let host = host.unwrap_or_default().to_owned();
        let shown = guarded(headers).await;
        if shown.status().is_success() {
            let _ = tell.send(host);
        }
        shown
    };
    let router = Router::new()
        .route("/cellar", get(cellar))
        .route("/framing/other", get(async || Html(OTHER)))
        .route("/framing/own", get(async || Html(OWN)));
    let zoo = Zoo::with(router).await?;
    let window = Window::open().await?;
    let shell = window.shell();
    let foreign = "You are on http://zoo.test, but";
    for (url, asks, is_foreign) in [
        ("http://zoo.test/framing/other", "other.test", true),
        ("http://zoo.test/framing/own", "www.zoo.test", false),
        // From the page of one site to that of another, which is no frame.
        ("http://friend.test/cellar", "friend.test", false),
    ] {
        window.visit(&zoo, url).await?;
        let said = answered(shell, "secret").await?;
        assert!(said.contains(&format!("{asks} asks")), "{said}");
        assert_eq!(said.contains(foreign), is_foreign, "{said}");
        assert!(is_foreign || !said.contains("You are on"), "{said}");
        let host = within("somebody inside", inside.recv()).await?;
        assert_eq!(host.as_deref(), Some(asks));
        shell
            .until("!document.querySelector('[data-testid=ask]')")
            .await?;
    }
    window.close().await
}
