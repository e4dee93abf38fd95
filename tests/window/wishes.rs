//! What a proxied page may only with the person's word, each by the name it has in the question.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{Outcome, clipboard};
use serde_json::json;

use crate::asks::{asked, gone};
use crate::room::{RED, Room};

/// Buttons in a row that ask in one way each.
async fn wishing() -> Html<String> {
    page(
        "Wishing",
        "<style>body { margin: 0; background: #cc1122 }
            button { position: absolute; top: 100px; width: 200px; height: 80px; border: 0;
                background: #204080 }</style>
        <button id=place style='left: 20px'>Place</button>
        <button id=pointer style='left: 240px'>Pointer</button>
        <button id=clipboard style='left: 460px'>Clipboard</button>
        <script>
            const look = async (name) =>
                tell({ [name]: (await navigator.permissions.query({ name })).state });
            const on = (id, act) => document.getElementById(id).onclick = act;
            on('place', () => navigator.geolocation.getCurrentPosition(
                () => tell({ place: 'known' }),
                (error) => tell({ place: error.code }).then(() => look('geolocation'))));
            on('pointer', (event) => event.target.requestPointerLock());
            document.onpointerlockchange = () =>
                tell({ pointer: document.pointerLockElement?.id ?? null });
            document.onpointerlockerror = () => tell({ pointer: 'refused' });
            on('clipboard', () => navigator.clipboard.readText().then(
                (text) => tell({ clipboard: text }), (error) => tell({ clipboard: error.name })));
            tell({ loaded: true });
            look('geolocation');
        </script>",
    )
}

async fn room() -> Outcome<Room> {
    let room = Room::on(Router::new().route("/wishing", get(wishing)), "/wishing").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    Ok(room)
}

async fn click(room: &Room, x: u32) -> Outcome<()> {
    let [left, top, ..] = room.filled("the page in its place", RED).await?;
    room.display.click(left + x + 100, top + 140, 1).await
}

async fn answer(room: &Room, answer: &str) -> Outcome<()> {
    room.shell
        .click(&format!("[data-testid=ask-{answer}]:enabled"))
        .await?;
    gone(room).await?;
    Ok(())
}

#[tokio::test]
async fn a_page_asks_for_the_place_by_name_and_a_no_stands() -> Outcome<()> {
    const DENIED: u8 = 1;
    let room = room().await?;
    room.site.tells(&json!({ "geolocation": "prompt" })).await?;
    click(&room, 20).await?;
    let said = asked(&room, "permission").await?;
    assert!(said.contains("know where you are"), "{said}");
    answer(&room, "no").await?;
    room.site.tells(&json!({ "place": DENIED })).await?;
    // Who looks it up need not ask.
    room.site.tells(&json!({ "geolocation": "denied" })).await?;
    click(&room, 20).await?;
    room.site.tells(&json!({ "place": DENIED })).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_page_takes_the_pointer_only_with_the_persons_word() -> Outcome<()> {
    let room = room().await?;
    click(&room, 240).await?;
    let said = asked(&room, "permission").await?;
    assert!(said.contains("take over the pointer"), "{said}");
    answer(&room, "yes").await?;
    room.site.tells(&json!({ "pointer": "pointer" })).await?;
    room.display.press("Escape").await?;
    room.site.tells(&json!({ "pointer": null })).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_page_reads_what_was_copied_elsewhere_only_with_the_persons_word() -> Outcome<()> {
    let room = room().await?;
    for answered in ["no", "yes"] {
        room.display.press("ctrl+l").await?;
        room.display.press("ctrl+c").await?;
        // Another process has the page: its click could be there before what was copied is.
        clipboard::holds(&room.display, &room.site.url("/wishing")).await?;
        click(&room, 460).await?;
        let said = asked(&room, "permission").await?;
        assert!(said.contains("read what you have copied"), "{said}");
        answer(&room, answered).await?;
        if answered == "no" {
            let refused = json!({ "clipboard": "NotAllowedError" });
            room.site.tells(&refused).await?;
            room.shell.click("[data-testid=security]").await?;
            room.shell
                .click("[data-testid=site-forget-clipboard]")
                .await?;
            room.shell.click("[data-testid=site-close]").await?;
        } else {
            let copied = room.site.url("/wishing");
            room.site.tells(&json!({ "clipboard": copied })).await?;
        }
    }
    room.shell.quit().await
}
