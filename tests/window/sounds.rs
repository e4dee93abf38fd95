//! Pages that are heard. Whether one is, and whether it is muted, is the engine's word for it: there is
//! no loudspeaker here.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use duotab_test_support::Outcome;
use duotab_test_support::probe::page;
use serde_json::json;

use crate::room::{BLUE, RED, Room};

const RATE: u32 = 8000;

/// One second of a tone, as a WAVE file of bytes.
async fn tone() -> impl IntoResponse {
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + RATE).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel, as many bytes as samples.
    file.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([RATE, RATE].map(u32::to_le_bytes).concat());
    file.extend([1_u16, 8].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(RATE.to_le_bytes());
    file.extend((0..RATE).map(|at| if at / 10 % 2 == 0 { 96_u8 } else { 160 }));
    ([(header::CONTENT_TYPE, "audio/wav")], file)
}

/// Each click begins the tone, or ends it.
async fn song() -> Html<String> {
    page(
        "Song",
        "<body style='margin:0;background:#cc1122'><audio src=/tone.wav loop></audio>
        <script>
            const song = document.querySelector('audio');
            onclick = async () => {
                if (song.paused) await song.play();
                else song.pause();
                tell({ plays: !song.paused });
            };
            tell({ loaded: true });
        </script>",
    )
}

async fn is_shown(room: &Room, what: &str) -> Outcome<()> {
    room.shell
        .until(&format!(
            "document.querySelector('[role=tab] [data-testid=tab-sound]{what}')"
        ))
        .await?;
    Ok(())
}

async fn click(room: &Room, plays: bool) -> Outcome<()> {
    let [left, top, ..] = room.filled("the song", RED).await?;
    room.display.click(left + 300, top + 200, 1).await?;
    room.site.tells(&json!({ "plays": plays })).await
}

const HEARD: &str = "[data-muted=false]";
const MUTED: &str = "[data-muted=true]";
const SILENT: &str = "!document.querySelector('[data-testid=tab-sound]')";

#[tokio::test]
async fn a_tab_that_is_heard_says_so_and_is_muted_by_a_click_or_a_key() -> Outcome<()> {
    let pages = Router::new()
        .route("/song", get(song))
        .route("/tone.wav", get(tone));
    let room = Room::on(pages, "/song").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    click(&room, true).await?;
    is_shown(&room, HEARD).await?;
    click(&room, false).await?;
    room.shell.until(SILENT).await?;
    click(&room, true).await?;
    is_shown(&room, HEARD).await?;
    room.shell.click("[data-testid=tab-sound]").await?;
    is_shown(&room, MUTED).await?;
    room.display.press("ctrl+m").await?;
    is_shown(&room, HEARD).await?;
    room.display.press("ctrl+m").await?;
    is_shown(&room, MUTED).await?;
    // It is the tab that is muted, whatever it shows.
    room.display.visit(&room.site.url("/colour/1122cc")).await?;
    room.filled("another page", BLUE).await?;
    is_shown(&room, MUTED).await?;
    room.display.press("ctrl+m").await?;
    room.shell.until(SILENT).await?;
    room.shell.quit().await
}
