//! What the shell shows of a live page, and what it does with it.

use duotab_test_support::{Colour, Outcome};
use serde_json::json;

use super::{DESK, in_window, live, stream, tells};
use crate::room::Room;

const LINKED: Colour = [0xaa, 0x22, 0x66];
const BLANK: Colour = [0x22, 0x66, 0xaa];

async fn address_ends(room: &Room, end: &str) -> Outcome<()> {
    room.shell
        .until(&format!(
            "document.querySelector('[data-testid=address]').value.endsWith('{end}')"
        ))
        .await?;
    Ok(())
}

async fn title_is(room: &Room, title: &str) -> Outcome<()> {
    room.shell
        .until(&format!(
            "document.querySelector('[role=tab][aria-selected=true] [data-testid=tab-title]')
                .textContent === '{title}'"
        ))
        .await?;
    Ok(())
}

#[tokio::test]
async fn title_address_history_and_zoom_are_those_of_the_live_page() -> Outcome<()> {
    in_window("us", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        title_is(room, "Desk").await?;
        room.display.click(x + 140, y + 80, 1).await?;
        title_is(room, "Clicked").await?;

        room.display.click(x + 400, y + 80, 1).await?;
        live(room, "the linked page", LINKED).await?;
        address_ends(room, "/colour/aa2266").await?;
        title_is(room, "aa2266").await?;

        room.shell.click("[data-testid=back]:enabled").await?;
        live(room, "the page before", DESK).await?;
        address_ends(room, "/desk").await?;
        room.shell.click("[data-testid=forward]:enabled").await?;
        live(room, "the linked page again", LINKED).await?;
        room.display.click(x + 500, y + 300, 1).await?;
        room.display.press("alt+Left").await?;
        live(room, "the page before, by a key", DESK).await?;

        room.shell.click("[data-testid=reload]:enabled").await?;
        room.site
            .told("the reloaded page", |told| {
                (told["engine"] == json!("Chromium")).then(|| told.get("size").cloned())?
            })
            .await?;
        let [_, _, width, _] = room.shell.content_area(&room.display).await?;
        room.display.press("ctrl+plus").await?;
        room.site
            .told("a page zoomed to 110 %", |told| {
                let seen = told["size"][0].as_f64()?;
                let wanted = f64::from(width) / 1.1;
                ((seen - wanted).abs() < 2.0).then_some(())
            })
            .await?;
        room.shell.find("[data-testid=zoom]").await?;
        room.display.press("ctrl+0").await?;
        room.site
            .told("a page at its own size", |told| {
                (told["size"][0] == json!(width)).then_some(())
            })
            .await?;

        room.display.press("ctrl+l").await?;
        room.shell
            .until("document.activeElement?.dataset.testid === 'address'")
            .await?;
        room.display.write(&room.site.url("/colour/113355")).await?;
        room.display.press("Return").await?;
        live(room, "the typed address", [0x11, 0x33, 0x55]).await?;
        title_is(room, "113355").await
    })
    .await
}

#[tokio::test]
async fn a_link_for_a_new_window_opens_a_streamed_tab_and_tabs_come_and_go() -> Outcome<()> {
    in_window("us", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        let count = "document.querySelectorAll('[role=tab][data-mode=streamed]').length";
        room.display.click(x + 640, y + 80, 1).await?;
        room.shell.until(&format!("{count} === 2")).await?;
        live(room, "the new tab", BLANK).await?;
        title_is(room, "2266aa").await?;
        address_ends(room, "/colour/2266aa").await?;

        room.shell
            .click("[role=tab][data-mode=streamed][aria-selected=false]")
            .await?;
        live(room, "the first tab", DESK).await?;
        room.display.click(x + 140, y + 80, 1).await?;
        tells(room, json!({ "click": "button" })).await?;

        // Another one, asked for by the person: a page of the same Chromium.
        let url = room.site.url("/colour/335511");
        room.shell
            .invoke(
                "open_tab",
                json!({ "input": url, "mode": "streamed", "background": false }),
            )
            .await?
            .map_err(|problem| format!("{problem}"))?;
        live(room, "the second tab", [0x33, 0x55, 0x11]).await?;
        let engines = super::engine::processes(&room.app);
        let konekos = engines.iter().filter(|line| line.contains("/koneko "));
        assert_eq!(konekos.count(), 1, "{engines:#?}");

        room.display.press("ctrl+w").await?;
        room.shell.until(&format!("{count} === 2")).await?;
        live(room, "the tab that is in front then", DESK).await?;
        room.shell
            .click("[role=tab][data-mode=streamed][aria-selected=false]")
            .await?;
        live(room, "the tab of the link", BLANK).await?;

        // Back in Proxy at the same address.
        room.shell.click("[data-testid=mode-toggle-proxy]").await?;
        room.filled("the page in Proxy", BLANK).await?;
        address_ends(room, "/colour/2266aa").await?;
        room.shell.until(&format!("{count} === 1")).await?;
        Ok(())
    })
    .await
}
