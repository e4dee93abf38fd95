//! Pages in the window: where they are, what they tell.

use duotab_test_support::{ClosedPort, Outcome};
use serde_json::json;

use crate::room::{BLUE, RED, Room};

#[tokio::test]
async fn a_page_fills_the_content_area_and_nothing_else() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.shell
        .until(
            "document.querySelector('[role=tab][aria-selected=true]').innerText.includes('cc1122')",
        )
        .await?;
    let area = room.filled("the page's colour", RED).await?;
    let picture = room.display.look()?;
    let [left, top, right, bottom] = picture.bounds(RED, 2).ok_or("no colour at all")?;
    assert_eq!(
        [left, top, right - left, bottom - top],
        area,
        "the page stands exactly where the shell says"
    );
    room.shell.close().await
}

#[tokio::test]
async fn a_page_follows_the_window_through_every_size() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page before", RED).await?;
    for (width, height) in [(700, 500), (1200, 700), (500, 400)] {
        room.display.resize(width, height).await?;
        room.shell
            .until(&format!(
                "innerWidth === {width} && innerHeight === {height}"
            ))
            .await?;
        room.filled(&format!("the page at {width}x{height}"), RED)
            .await?;
    }
    room.shell.close().await
}

#[tokio::test]
async fn the_tab_in_front_is_the_one_that_is_seen() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the first page", RED).await?;
    room.open_tab("/colour/1122cc").await?;
    room.filled("the second page", BLUE).await?;
    room.shell.click_tab("cc1122").await?;
    room.filled("the first page again", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn mouse_and_keyboard_reach_the_page() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/probe").await?;
    let area = room.filled("the probe", [0x20, 0x40, 0x80]).await?;
    let [x, y, ..] = area;
    room.display.click(x + 140, y + 80, 1).await?;
    room.site.tells(&json!({ "click": "button" })).await?;
    room.display.click(x + 140, y + 180, 1).await?;
    room.site.tells(&json!({ "click": "input" })).await?;
    room.display.write("aA1").await?;
    room.site.tells(&json!({ "text": "aA1" })).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_link_is_followed_and_the_way_back_is_known() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/probe").await?;
    let [x, y, ..] = room.filled("the probe", [0x20, 0x40, 0x80]).await?;
    room.display.click(x + 400, y + 80, 1).await?;
    room.filled("the linked page", [0xaa, 0x22, 0x66]).await?;
    room.shell
        .until("document.querySelector('[data-testid=address]').value.endsWith('/colour/aa2266')")
        .await?;
    room.display.press("alt+Left").await?;
    room.filled("the page before", [0x20, 0x40, 0x80]).await?;
    room.display.press("alt+Right").await?;
    room.filled("the linked page again", [0xaa, 0x22, 0x66])
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_link_for_a_new_window_opens_a_tab_in_front_and_a_middle_click_one_behind() -> Outcome<()>
{
    let room = Room::open().await?;
    room.open_tab("/probe").await?;
    let [x, y, ..] = room.filled("the probe", [0x20, 0x40, 0x80]).await?;
    let tabs = room
        .shell
        .value("document.querySelectorAll('[role=tab]').length")
        .await?;
    let tabs = tabs.as_u64().ok_or("no count")?;
    room.display.click(x + 400, y + 80, 2).await?;
    room.shell
        .until(&format!(
            "document.querySelectorAll('[role=tab]').length === {}",
            tabs + 1
        ))
        .await?;
    room.filled("the probe still", [0x20, 0x40, 0x80]).await?;
    room.display.click(x + 640, y + 80, 1).await?;
    room.filled("the new tab", [0x22, 0x66, 0xaa]).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_that_cannot_be_reached_gives_a_problem_and_can_be_tried_again() -> Outcome<()> {
    let room = Room::open().await?;
    let closed = ClosedPort::take()?;
    for scheme in ["http", "https"] {
        let input = format!("{scheme}://{}/", closed.address());
        let tab = json!({ "input": input, "mode": "proxy", "background": false });
        let opened = room.shell.invoke("open_tab", tab).await?;
        opened.map_err(|problem| format!("{problem}"))?;
        room.shell
            .until(&format!(
                "document.querySelector('[data-testid=address]').value.startsWith('{scheme}:') \
                 && document.querySelector('[data-testid=problem][data-code=page_failed]')\
                 ?.innerText.includes('Nobody answers at 127.0.0.1')"
            ))
            .await?;
    }
    room.shell.close().await
}
