//! What a page or the person opens from a page: windows with their opener, sources, places of the
//! history, the menu, the whole screen. And a page whose process is gone.

use std::path::PathBuf;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::Outcome;
use duotab_test_support::probe::page;
use serde_json::json;
use tokio::process::Command;

use crate::room::{BLUE, RED, Room, fills};
use crate::sandboxed::drawing;

const TABS: &str = "document.querySelectorAll('[role=tab]').length";

/// A click anywhere opens a window and waits for its words; the right button is left alone.
async fn opener() -> Html<String> {
    page(
        "Opener",
        "<body style='margin:0;background:#cc1122;height:100vh'><script>
            onclick = () => {
                const child = open('/child', '_blank');
                onmessage = (e) => {
                    tell({ heard: e.data, same: e.source === child });
                    child.close();
                };
            };
        </script>",
    )
}

/// Opens other pages by itself, again and again, in both ways that a script has.
async fn pusher() -> Html<String> {
    page(
        "Pusher",
        "<body style='margin:0;background:#cc1122'><script>
            const push = () => {
                tell({ pushed: open('/colour/1122cc') !== null });
                const link = document.createElement('a');
                Object.assign(link, { href: '/colour/22aa44', target: '_blank' });
                link.click();
            };
            setTimeout(push, 100);
            setInterval(push, 1000);
        </script>",
    )
}

/// Opens a window by itself, once, and waits for its words.
async fn eager() -> Html<String> {
    page(
        "Eager",
        "<body style='margin:0;background:#cc1122'><script>
            setTimeout(() => {
                const child = open('/child', '_blank');
                tell({ opened: child !== null });
                setTimeout(() => tell({ later: true }), 700);
                onmessage = (e) => tell({ heard: e.data, same: e.source === child });
            }, 100);
        </script>",
    )
}

/// Is on its way to a site that may open windows by itself, which takes its time, and opens one.
async fn borrower() -> Html<String> {
    page(
        "Borrower",
        "<body style='margin:0;background:#cc1122'><script>
            setTimeout(() => {
                location = `http://127.0.0.1:${location.port}/slow`;
                setTimeout(() => open('/child'), 300);
            }, 100);
        </script>",
    )
}

async fn child() -> Html<String> {
    page(
        "Child",
        "<body style='margin:0;background:#1122cc'><script>
            opener.postMessage('hello from ' + document.title, location.origin);
        </script>",
    )
}

/// Two links, and a button for the whole screen.
async fn desk() -> Html<String> {
    page(
        "Desk",
        "<style>body { margin: 0; background: #cc1122 }
            a, button { position: absolute; top: 40px; width: 200px; height: 80px; border: 0;
                background: #204080 }
            :fullscreen { background: #1122cc }</style>
        <a href='/colour/1122cc' style='left: 40px'></a>
        <button style='left: 300px' onclick='document.documentElement.requestFullscreen()'></button>
        <script>
            tell({ desk: 'loaded' });
            document.onfullscreenchange = () => tell({ whole: document.fullscreenElement !== null });
        </script>",
    )
}

fn pages() -> Router {
    Router::new()
        .route("/opener", get(opener))
        .route("/child", get(child))
        .route("/pusher", get(pusher))
        .route("/eager", get(eager))
        .route("/borrower", get(borrower))
        .route("/slow", get(std::future::pending::<()>))
        .route("/desk", get(desk))
}

async fn room_on(path: &str) -> Outcome<Room> {
    Room::on(pages(), path).await
}

#[tokio::test]
async fn a_window_that_a_page_opens_is_a_tab_that_knows_its_opener() -> Outcome<()> {
    let room = room_on("/opener").await?;
    let [x, y, ..] = room.filled("the opener", RED).await?;
    room.display.click(x + 300, y + 300, 1).await?;
    room.site
        .tells(&json!({ "heard": "hello from Child", "same": true }))
        .await?;
    // The opener has closed it.
    room.shell.until(&format!("{TABS} === 1")).await?;
    room.filled("the opener again", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_that_nobody_asked_for_waits_for_the_person() -> Outcome<()> {
    let room = room_on("/pusher").await?;
    let ask = "document.querySelector('[data-testid=ask][data-question=window]')";
    let url = room.site.url("/colour/1122cc");
    let shown = format!("{ask}?.innerText.includes('{url}')");
    room.shell.until(&shown).await?;
    room.site.tells(&json!({ "pushed": false })).await?;
    assert_eq!(room.shell.value(TABS).await?, json!(1));
    room.shell.click("[data-testid=ask-yes]:enabled").await?;
    room.shell.until(&format!("{TABS} === 2")).await?;
    room.filled("what it opens", BLUE).await?;
    // It goes on, but has been answered.
    room.display.press("ctrl+Tab").await?;
    room.filled("the page that opens others", RED).await?;
    room.site.tells(&json!({ "pushed": false })).await?;
    room.site.tells(&json!({ "pushed": false })).await?;
    assert_eq!(
        room.shell.value(&format!("[{TABS}, {ask}]")).await?,
        json!([2, null])
    );
    // Until it is loaded again.
    room.display.press("F5").await?;
    room.shell.until(&shown).await?;
    room.shell.click("[data-testid=ask-no]:enabled").await?;
    room.shell.until(&format!("{ask} === null")).await?;
    assert_eq!(room.shell.value(TABS).await?, json!(2));
    room.shell.close().await
}

#[tokio::test]
async fn a_site_that_may_opens_its_windows_by_itself_until_that_is_taken_back() -> Outcome<()> {
    let room = room_on("/eager").await?;
    let ask = "document.querySelector('[data-testid=ask][data-question=window]')";
    room.shell.until(&format!("{ask} !== null")).await?;
    room.site.tells(&json!({ "opened": false })).await?;
    let remembered = "document.querySelector('[data-testid=ask-remember]').checked";
    assert_eq!(room.shell.value(remembered).await?, json!(false));
    room.shell.click("[data-testid=ask-remember]").await?;
    room.shell.click("[data-testid=ask-yes]:enabled").await?;
    room.filled("what it opens", BLUE).await?;
    room.shell.until(&format!("{TABS} === 2")).await?;

    room.display.press("ctrl+Tab").await?;
    room.filled("the page that opens it", RED).await?;
    room.display.press("F5").await?;
    room.site
        .tells(&json!({ "heard": "hello from Child", "same": true }))
        .await?;
    room.shell.until(&format!("{TABS} === 3")).await?;

    // Another site does not get by with its name.
    let elsewhere = format!("http://localhost:{}/borrower", room.site.port());
    room.display.visit(&elsewhere).await?;
    room.shell
        .until(&format!("{ask}?.innerText.includes('localhost')"))
        .await?;
    assert_eq!(room.shell.value(TABS).await?, json!(3));

    room.display.press("ctrl+shift+Tab").await?;
    room.filled("the page that opened both", RED).await?;
    room.shell.click("[data-testid=security]").await?;
    room.shell
        .click("[data-testid=site-change-windows]")
        .await?;
    room.shell
        .until("document.querySelector('[data-testid=site-wish-windows][data-allowed=false]')")
        .await?;
    room.display.press("F5").await?;
    room.site.tells(&json!({ "opened": false })).await?;
    // It would have been asked about by then.
    room.site.tells(&json!({ "later": true })).await?;
    assert_eq!(
        room.shell.value(&format!("[{TABS}, {ask}]")).await?,
        json!([3, null])
    );
    room.shell.close().await
}

#[tokio::test]
async fn the_menu_of_a_link_opens_it_in_a_tab_behind() -> Outcome<()> {
    let room = room_on("/desk").await?;
    room.site.tells(&json!({ "desk": "loaded" })).await?;
    let [x, y, ..] = room.filled("the desk", RED).await?;
    room.display.click(x + 140, y + 80, 3).await?;
    room.display
        .until("the menu", |picture| {
            !picture.is(x + 150, y + 90, [0x20, 0x40, 0x80], 8)
        })
        .await?;
    room.display.press("Home").await?;
    room.display.press("Return").await?;
    room.shell.until(&format!("{TABS} === 2")).await?;
    room.filled("the desk still", RED).await?;
    room.display.press("ctrl+Tab").await?;
    room.filled("what the link leads to", BLUE).await?;
    room.shell.close().await
}

#[tokio::test]
async fn the_source_of_a_page_is_a_page_of_its_own() -> Outcome<()> {
    let room = room_on("/desk").await?;
    room.site.tells(&json!({ "desk": "loaded" })).await?;
    room.filled("the desk", RED).await?;
    room.display.press("ctrl+u").await?;
    room.shell.until(&format!("{TABS} === 2")).await?;
    room.shell
        .until(
            "document.querySelector('[data-testid=address]').value.startsWith('view-source:http')",
        )
        .await?;
    room.display.press("ctrl+f").await?;
    room.shell
        .until("document.activeElement?.dataset.testid === 'find-field'")
        .await?;
    room.display.write("requestFullscreen").await?;
    room.shell
        .until("document.querySelector('[data-testid=find-count]').innerText === '1 match'")
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn the_way_back_is_a_list_to_choose_from() -> Outcome<()> {
    let room = room_on("/desk").await?;
    room.filled("the desk", RED).await?;
    let tab = room
        .shell
        .value("Number(document.querySelector('[role=tab]').dataset.tab)")
        .await?;
    for path in ["/colour/1122cc", "/colour/22aa44"] {
        let input = room.site.url(path);
        room.shell
            .invoke("navigate", json!({ "tab": tab, "input": input }))
            .await?
            .map_err(|problem| format!("{problem}"))?;
        let shown = path.trim_start_matches("/colour/");
        room.site.tells(&json!({ "shown": shown })).await?;
    }
    let area = room.filled("the last page", [0x22, 0xaa, 0x44]).await?;
    let [x, y] = room.middle_of("[data-testid=back]").await?;
    room.display.click(x, y, 3).await?;
    room.display
        .until("the list", |picture| {
            !picture.is(area[0] + 60, area[1] + 20, [0x22, 0xaa, 0x44], 8)
        })
        .await?;
    // The nearest comes first: the last is the first page of all.
    room.display.press("End").await?;
    room.display.press("Return").await?;
    room.filled("the first page", RED).await?;
    room.display.press("alt+Right").await?;
    room.filled("the one behind it", BLUE).await?;
    room.shell.close().await
}

/// Presses the desk's button; its content begins at this place.
async fn fill_the_screen(room: &Room, x: u32, y: u32) -> Outcome<()> {
    room.display.click(x + 400, y + 80, 1).await?;
    room.site.tells(&json!({ "whole": true })).await?;
    room.display
        .until("the page on the whole screen", |picture| {
            [(2, 2), (997, 2), (2, 697), (997, 697)]
                .into_iter()
                .all(|(x, y)| picture.is(x, y, BLUE, 8))
        })
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_page_may_fill_the_screen_and_escape_brings_the_bars_back() -> Outcome<()> {
    let room = room_on("/desk").await?;
    room.site.tells(&json!({ "desk": "loaded" })).await?;
    let area = room.filled("the desk", RED).await?;
    let [x, y, ..] = area;
    fill_the_screen(&room, x, y).await?;
    room.display.press("Escape").await?;
    room.site.tells(&json!({ "whole": false })).await?;
    room.display
        .until("the page below its bars", |picture| {
            fills(picture, area, RED)
        })
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn the_screen_is_given_back_when_the_page_that_fills_it_is_left_or_closed() -> Outcome<()> {
    let room = room_on("/colour/1122cc").await?;
    let [x, y, ..] = room.filled("the first page", BLUE).await?;
    room.open_tab("/desk").await?;
    for keys in ["ctrl+Tab", "ctrl+w"] {
        room.shell.click_tab("Desk").await?;
        room.filled("the desk below its bars", RED).await?;
        fill_the_screen(&room, x, y).await?;
        room.display.press(keys).await?;
        room.filled("the other page below its bars", BLUE).await?;
    }
    // The engine takes a while to be done with the one that was closed.
    let later = "setTimeout(() => document.body.dataset.later = 'now', 1500)";
    room.shell.value(later).await?;
    room.shell.until("document.body.dataset.later").await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_whose_process_is_killed_is_told_of_and_comes_back() -> Outcome<()> {
    let room = room_on("/desk").await?;
    room.site.tells(&json!({ "desk": "loaded" })).await?;
    room.filled("the desk", RED).await?;
    // The shell's own process is the oldest one.
    let number = |process: &PathBuf| process.file_name()?.to_str()?.parse::<u32>().ok();
    let mut all: Vec<u32> = drawing(&room.app.data())?
        .iter()
        .filter_map(number)
        .collect();
    all.sort_unstable();
    let pages = all.get(1..).unwrap_or_default().iter();
    let pages: Vec<String> = pages.map(u32::to_string).collect();
    let killed = Command::new("kill")
        .arg("-KILL")
        .args(&pages)
        .status()
        .await?;
    assert!(killed.success(), "no process of a page among {all:?}");
    room.shell
        .until("document.querySelector('[data-testid=problem][data-code=page_crashed]')")
        .await?;
    room.shell
        .click("[data-testid=problem-action-retry]")
        .await?;
    room.site.tells(&json!({ "desk": "loaded" })).await?;
    room.filled("the desk again", RED).await?;
    room.shell.close().await
}
