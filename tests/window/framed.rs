//! What a frame of another site asks within a page.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::asks::{asked, enter, gone, guarded};
use crate::room::{RED, Room, start};

/// Where sites may not have cookies within others, Chromium does not ask for passwords there either.
const PREFERENCES: &str = r#"{ "profile": { "cookie_controls_mode": 0 } }"#;

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
