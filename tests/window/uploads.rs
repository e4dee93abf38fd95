//! A file that the person gives to a streamed page, by this machine's own dialog.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{Outcome, within};
use serde_json::json;

use crate::room::{RED, Room};

/// When a key is pressed again that may have come too early.
const AGAIN: Duration = Duration::from_millis(500);

async fn room() -> Outcome<Room> {
    let pages = Router::new().route(
        "/taker",
        get(async || {
            page(
                "Taker",
                "<style>body { margin: 0; background: #cc1122 }
                    input { position: fixed; inset: 0 0 auto 0; height: 40px; opacity: 0.01 }</style>
                <p style='margin: 60px'>A page that takes a file</p>
                <input type=file accept='.txt'>
                <script>
                    const input = document.querySelector('input');
                    input.onchange = async () => {
                        const [file] = input.files;
                        tell({ name: file.name, text: await file.text() });
                    };
                    tell({ loaded: navigator.userAgent.includes('Chrome/') });
                </script>",
            )
        }),
    );
    Room::on(pages, "/taker").await
}

#[tokio::test]
async fn a_streamed_page_that_takes_a_file_opens_this_machine_s_dialog_for_it() -> Outcome<()> {
    let room = room().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("letter.txt");
    std::fs::write(&file, "of this machine")?;
    room.shell
        .click("[data-testid=mode-toggle-streamed]")
        .await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    let [left, top, width, height] = room.shown("the page, streamed", RED).await?;
    room.display.click(left + width / 2, top + 20, 1).await?;
    room.display
        .until("the dialog over the page", |picture| {
            !picture.is(left + width / 2, top + height / 2, RED, 32)
        })
        .await?;
    room.display.press("ctrl+l").await?;
    room.display.write(&file.display().to_string()).await?;
    let told = json!({ "name": "letter.txt", "text": "of this machine" });
    // The dialog looks at what was typed before it takes it, and says nothing of that.
    within("what the page was given", async {
        loop {
            room.display.press("Return").await?;
            let given = room.site.tells(&told);
            if let Ok(given) = tokio::time::timeout(AGAIN, given).await {
                return given;
            }
        }
    })
    .await??;
    room.shell
        .until("!document.querySelector('[data-testid=giving]')")
        .await?;
    room.shell.quit().await
}
