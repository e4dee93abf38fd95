//! Pages that have something to lose: their tab and the window are closed only if the person insists.

use axum::Router;
use axum::routing::get;
use duotab_test_support::Outcome;
use duotab_test_support::probe::page;
use serde_json::json;

use crate::room::{RED, Room};

/// A field that is all of the page. What is typed into it is lost with the page.
const LETTER: &str = "<style>body { margin: 0; background: #cc1122 }
        textarea { position: fixed; inset: 0; opacity: 0 }</style>
    <p style='margin: 60px'>A letter</p><textarea></textarea>
    <script>
        const letter = document.querySelector('textarea');
        letter.onclick = () => tell({ clicked: true });
        letter.oninput = () => tell({ typed: letter.value });
        addEventListener('beforeunload', (event) => {
            if (letter.value !== '') event.preventDefault();
        });
        tell({ chromium: navigator.userAgent.includes('Chrome/') });
    </script>";

async fn room() -> Outcome<Room> {
    let pages = Router::new().route("/letter", get(async || page("Letter", LETTER)));
    Room::on(pages, "/letter").await
}

/// Types into the page.
async fn write(room: &Room) -> Outcome<()> {
    let [left, top, width, height] = room.shown("the letter", RED).await?;
    // Not in the middle, which is looked at: a compositor paints the pointer into the picture.
    let aside = (left + width / 3, top + height / 3);
    room.display.click(aside.0, aside.1, 1).await?;
    // A key may overtake a click on its way to a page.
    room.site.tells(&json!({ "clicked": true })).await?;
    room.display.press("a").await?;
    room.site.tells(&json!({ "typed": "a" })).await
}

async fn asked(room: &Room) -> Outcome<()> {
    room.shell
        .until("document.querySelector('[data-testid=ask][data-question=leave]')")
        .await?;
    Ok(())
}

async fn answered(room: &Room, answer: &str) -> Outcome<()> {
    room.shell
        .click(&format!("[data-testid=ask-{answer}]"))
        .await?;
    room.shell
        .until("!document.querySelector('[data-testid=ask]')")
        .await?;
    Ok(())
}

async fn tabs(room: &Room, count: usize) -> Outcome<()> {
    room.shell
        .until(&format!(
            "document.querySelectorAll('[role=tab]').length === {count}"
        ))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_tab_whose_page_would_lose_something_is_closed_only_if_the_person_insists() -> Outcome<()>
{
    let room = room().await?;
    for mode in ["proxy", "streamed"] {
        if mode == "streamed" {
            // The letter is still there.
            room.shell
                .click("[data-testid=mode-toggle-streamed]")
                .await?;
            asked(&room).await?;
            answered(&room, "yes").await?;
        }
        let chromium = json!({ "chromium": mode == "streamed" });
        room.site.tells(&chromium).await?;
        write(&room).await?;
        room.open_tab("/colour/1122cc").await?;
        tabs(&room, 2).await?;
        room.display.press("ctrl+w").await?;
        tabs(&room, 1).await?;
        room.display.press("ctrl+w").await?;
        asked(&room).await?;
        answered(&room, "no").await?;
        room.shown("the letter is still there", RED).await?;
        room.display.press("ctrl+w").await?;
        asked(&room).await?;
        if mode == "proxy" {
            // The keyboard is where the question is.
            room.display.press("Escape").await?;
            room.shell
                .until("!document.querySelector('[data-testid=ask]')")
                .await?;
        } else {
            answered(&room, "yes").await?;
            room.shell
                .until("document.querySelector('[data-testid=content][data-shows=new]')")
                .await?;
        }
    }
    room.shell.quit().await
}

#[tokio::test]
async fn a_tab_whose_page_would_lose_something_changes_its_mode_only_if_the_person_insists()
-> Outcome<()> {
    let room = room().await?;
    for (mode, other) in [("proxy", "streamed"), ("streamed", "proxy")] {
        let shows = json!({ "chromium": mode == "streamed" });
        room.site.tells(&shows).await?;
        write(&room).await?;
        let toggle = format!("[data-testid=mode-toggle-{other}]");
        let still =
            format!("document.querySelector('[data-testid=mode-toggle][data-mode={mode}]')");
        for answer in ["no", "yes"] {
            room.shell.click(&toggle).await?;
            asked(&room).await?;
            room.shell.until(&still).await?;
            answered(&room, answer).await?;
        }
    }
    room.site.tells(&json!({ "chromium": false })).await?;
    // Nobody has written into this one.
    room.shell
        .click("[data-testid=mode-toggle-streamed]")
        .await?;
    room.site.tells(&json!({ "chromium": true })).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn the_window_stays_open_for_a_page_that_would_lose_something_until_the_person_insists()
-> Outcome<()> {
    let room = room().await?;
    write(&room).await?;
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    room.display.press("alt+F4").await?;
    asked(&room).await?;
    answered(&room, "no").await?;
    room.shown("the letter is still there", RED).await?;
    room.display.press("alt+F4").await?;
    asked(&room).await?;
    let Room { shell, .. } = room;
    shell
        .ends_by(async |shell| {
            // The answer to this click may go with the window.
            let _ = shell.click("[data-testid=ask-yes]").await;
        })
        .await
}
