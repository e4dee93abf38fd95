//! The menu of a tab: the desktop's own, over the page.

use std::time::Duration;

use duotab_test_support::Outcome;
use serde_json::json;

use crate::room::{BLUE, RED, Room};

const TABS: &str = "document.querySelectorAll('[role=tab]').length";
const FRONT: &str = "[...document.querySelectorAll('[role=tab]')].findIndex(
    (tab) => tab.ariaSelected === 'true')";

/// Opens the menu of the tab at a place of the strip, over a page of this colour.
async fn menu(room: &Room, place: usize, page: [u8; 3]) -> Outcome<()> {
    room.filled("the page before its menu", page).await?;
    let [x, y] = tab(room, place).await?;
    room.display.click(x, y, 3).await?;
    there(room, x, page).await
}

async fn tab(room: &Room, place: usize) -> Outcome<[u32; 2]> {
    let tab = format!("[role=tab]:nth-child({})", place + 1);
    room.middle_of(&tab).await
}

/// Waits until a menu that was asked for here lies over the page.
async fn there(room: &Room, x: u32, page: [u8; 3]) -> Outcome<()> {
    let [_, y, ..] = room.shell.content_area(&room.display).await?;
    room.display
        .until("the menu", |picture| !picture.is(x + 20, y + 6, page, 8))
        .await?;
    Ok(())
}

/// Waits for longer than what comes with a press, by the page's clock.
async fn a_while(room: &Room) -> Outcome<()> {
    let mark = "document.body.dataset.later";
    room.shell
        .value(&format!(
            "(delete {mark}, setTimeout(() => {{ {mark} = '' }}, 500), true)"
        ))
        .await?;
    room.shell.until(&format!("{mark} === ''")).await?;
    Ok(())
}

/// Goes down to this line of those that can be chosen, from 1, and chooses it.
async fn choose(room: &Room, line: usize) -> Outcome<()> {
    let keys = [["Down"].repeat(line), vec!["Return"]].concat();
    room.display.press_all(&keys).await
}

#[tokio::test]
async fn a_tab_is_opened_once_more_beside_itself_with_the_way_that_led_there() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/1122cc").await?;
    room.filled("the first page", BLUE).await?;
    let red = room.site.url("/colour/cc1122");
    let arguments = json!({ "tab": 2, "input": red });
    let answer = room.shell.invoke("navigate", arguments).await?;
    answer.map_err(|problem| format!("{problem}"))?;
    room.filled("the second page", RED).await?;
    room.display.press("ctrl+1").await?;
    room.shell.until(&format!("{FRONT} === 0")).await?;
    room.display.press("ctrl+2").await?;
    menu(&room, 1, RED).await?;
    choose(&room, 3).await?;
    room.shell
        .until(&format!("{TABS} === 3 && {FRONT} === 2"))
        .await?;
    room.filled("the page once more", RED).await?;
    room.display.press("alt+Left").await?;
    room.filled("where the way led there from", BLUE).await?;
    room.display.press("ctrl+2").await?;
    room.filled("the page that was there", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn the_others_are_closed_and_the_one_that_was_meant_stays() -> Outcome<()> {
    let room = Room::open().await?;
    for path in ["/colour/1122cc", "/colour/cc1122"] {
        room.open_tab(path).await?;
    }
    room.shell.until(&format!("{TABS} === 3")).await?;
    menu(&room, 1, RED).await?;
    // A new tab, reload, duplicate, another mode, mute, close; to the right, all others.
    choose(&room, 8).await?;
    room.shell.until(&format!("{TABS} === 1")).await?;
    room.filled("the one that was meant", BLUE).await?;
    menu(&room, 0, BLUE).await?;
    // With no others, only what was closed can still be chosen behind "Close".
    choose(&room, 7).await?;
    room.shell.until(&format!("{TABS} === 2")).await?;
    room.filled("the page that was closed", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_menu_that_is_left_gives_the_keyboard_back_to_the_page() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/probe").await?;
    let colour = [0x20, 0x40, 0x80];
    let [x, y, ..] = room.filled("the probe", colour).await?;
    room.display.click(x + 100, y + 100, 1).await?;
    room.shell.until("!document.hasFocus()").await?;
    menu(&room, 1, colour).await?;
    room.display.press("Escape").await?;
    room.filled("no menu", colour).await?;
    room.shell.until("!document.hasFocus()").await?;
    room.display.press("b").await?;
    room.site
        .told("the page's key", |told| {
            (told.get("key")?.as_str()? == "b").then_some(())
        })
        .await?;
    assert_eq!(room.shell.value(TABS).await?, json!(2));
    room.shell.close().await
}

#[tokio::test]
async fn a_menu_that_is_left_gives_the_keyboard_back_to_what_is_being_typed() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    room.display.press("ctrl+l").await?;
    let address = "document.activeElement === document.querySelector('[data-testid=address]')";
    let has_keys = format!("document.hasFocus() && {address}");
    room.shell.until(&has_keys).await?;
    room.display.write("half a wo").await?;
    // The keyboard came too long ago for the press that is next, and comes again long behind it.
    a_while(&room).await?;
    menu(&room, 1, RED).await?;
    a_while(&room).await?;
    room.display.press("Escape").await?;
    room.filled("no menu", RED).await?;
    room.display.write("rd").await?;
    let value = "document.querySelector('[data-testid=address]').value";
    room.shell
        .until(&format!("{has_keys} && {value} === 'half a word'"))
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_button_that_is_held_neither_closes_a_menu_nor_chooses_from_it() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the first page", RED).await?;
    let blue = room.site.url("/colour/1122cc");
    let arguments = json!({ "tab": 2, "input": blue });
    let answer = room.shell.invoke("navigate", arguments).await?;
    answer.map_err(|problem| format!("{problem}"))?;
    room.filled("the second page", BLUE).await?;
    // Longer than a menu of GTK's takes for a click.
    let held = Duration::from_millis(900);
    let [x, y] = room.middle_of("[data-testid=back]").await?;
    room.display.hold(x, y, 1, held).await?;
    there(&room, x, BLUE).await?;
    room.display.press_all(&["End", "Return"]).await?;
    // A hint may lie over a corner of the page.
    room.shell
        .until("document.querySelector('[data-testid=address]').value.endsWith('/cc1122')")
        .await?;
    let [x, y] = tab(&room, 1).await?;
    room.display.hold(x, y, 3, held).await?;
    there(&room, x, RED).await?;
    choose(&room, 3).await?;
    room.shell.until(&format!("{TABS} === 3")).await?;
    room.shell.close().await
}
