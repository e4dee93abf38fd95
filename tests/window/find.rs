//! Looking for something in a page, and zoom: the same by key, wheel and bar in both modes.

use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{Display, Outcome, ProbeSite};
use serde_json::json;
use tokio::process::Command;

use crate::room::{Room, start};
use duotab_test_support::App;

const GROUND: [u8; 3] = [0x20, 0x40, 0x80];

const COUNT: &str = "document.querySelector('[data-testid=find-count]').innerText";

/// Three needles, two of them far below; one is broken by a tag, one is in capitals. Others are not
/// to be seen.
async fn haystack() -> Html<String> {
    page(
        "Haystack",
        "<style>body { margin: 0; background: #204080; height: 5000px }
            ::-webkit-scrollbar { display: none }
            p { position: absolute; left: 200px; margin: 0; color: #204080 }</style>
        <p style='top: 60px'>a needle <span style='display: none'>needle</span></p>
        <p style='top: 2500px'>a nee<b>d</b>le</p>
        <p style='top: 4600px'>NEEDLE</p>
        <script>
            const here = () => tell({ at: Math.round(scrollY / 1000), zoomed: innerWidth < 900 });
            tell({ haystack: true });
            addEventListener('scroll', here);
            addEventListener('resize', here);
            addEventListener('keydown', (e) => tell({ key: e.key }));
            addEventListener('click', () => tell({ clicked: true }));
            addEventListener('focus', () => tell({ focused: true }));
        </script>",
    )
}

/// The pages of these tests.
fn pages() -> Router {
    Router::new().route("/haystack", get(haystack))
}

/// A new install in a window, with these pages.
async fn room() -> Outcome<Room> {
    let display = Display::start(1280, 800).await?;
    let site = ProbeSite::with(pages()).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display)).await?;
    Ok(Room {
        shell,
        app,
        site,
        display,
    })
}

async fn says(room: &Room, words: &[&str]) -> Outcome<()> {
    let words = serde_json::to_string(words)?;
    room.shell
        .until(&format!("{words}.includes({COUNT})"))
        .await?;
    Ok(())
}

async fn scrolls_to(room: &Room, thousand: i64) -> Outcome<()> {
    room.site
        .told("the place", |told| {
            (told["at"] == json!(thousand)).then_some(())
        })
        .await
}

/// Looks for the needles by keys alone, once a click has given the page the focus.
async fn find_by_keys(room: &Room, [x, y, ..]: [u32; 4]) -> Outcome<()> {
    room.display.click(x + 600, y + 300, 1).await?;
    room.site.tells(&json!({ "clicked": true })).await?;
    room.display.press("ctrl+f").await?;
    room.shell
        .until("document.activeElement?.dataset.testid === 'find-field'")
        .await?;
    room.display.write("needle").await?;
    says(room, &["3 matches", "1 of 3"]).await?;
    room.display.press("F3").await?;
    scrolls_to(room, 2).await?;
    room.display.press("Return").await?;
    scrolls_to(room, 4).await?;
    says(room, &["3 matches", "3 of 3"]).await?;
    room.display.press("shift+F3").await?;
    scrolls_to(room, 2).await?;
    room.display.write("x").await?;
    says(room, &["No matches"]).await?;
    room.display.press("Escape").await?;
    room.shell
        .until("!document.querySelector('[data-testid=find-bar]')")
        .await?;
    Ok(())
}

/// The keys are the page's again, soon after the bar has gone.
async fn a_key_is_the_pages(room: &Room) -> Outcome<()> {
    const SOON: Duration = Duration::from_secs(2);
    for _ in 0..4 {
        room.display.press("k").await?;
        let heard = room.site.told("a key", |told| {
            (told == &json!({ "key": "k" })).then_some(())
        });
        if let Ok(heard) = tokio::time::timeout(SOON, heard).await {
            return heard;
        }
    }
    Err("the page hears no key".into())
}

/// Zooms by wheel and key; the page has the focus, the pointer is at this place.
async fn zoom_by_hand(room: &Room, [x, y, ..]: [u32; 4]) -> Outcome<()> {
    for _ in 0..3 {
        let mut wheel = Command::new("xdotool");
        wheel
            .env("DISPLAY", room.display.name())
            .args(["mousemove", &(x + 600).to_string(), &(y + 300).to_string()])
            .args(["keydown", "ctrl", "click", "4", "keyup", "ctrl"]);
        assert!(wheel.status().await?.success());
    }
    room.shell
        .until("document.querySelector('[data-testid=zoom]')?.innerText === '150 %'")
        .await?;
    room.site
        .told("a narrower page", |told| {
            (told["zoomed"] == json!(true)).then_some(())
        })
        .await?;
    room.display.press("ctrl+0").await?;
    room.shell
        .until("!document.querySelector('[data-testid=zoom]')")
        .await?;
    room.site
        .told("the page as it was", |told| {
            (told["zoomed"] == json!(false)).then_some(())
        })
        .await
}

#[tokio::test]
async fn a_proxied_page_is_searched_and_zoomed_by_keys_and_wheel() -> Outcome<()> {
    let room = room().await?;
    room.open_tab("/haystack").await?;
    let area = room.filled("the haystack", GROUND).await?;
    find_by_keys(&room, area).await?;
    room.site.tells(&json!({ "focused": true })).await?;
    a_key_is_the_pages(&room).await?;
    zoom_by_hand(&room, area).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_streamed_page_is_searched_and_zoomed_by_the_same_keys_and_wheel() -> Outcome<()> {
    let room = room().await?;
    room.open_tab("/haystack").await?;
    room.filled("the page in Proxy", GROUND).await?;
    room.shell
        .click("[data-testid=mode-toggle-streamed]")
        .await?;
    room.shell
        .until(
            "document.querySelector('[data-testid=content][data-shows=live]')
                && +document.querySelector('[data-testid=live-canvas]').dataset.frames > 0",
        )
        .await?;
    let area = room
        .shell
        .until_shown(&room.display, "the live picture", |picture, [x, y, ..]| {
            picture.is(x + 40, y + 200, GROUND, 24)
        })
        .await?;
    find_by_keys(&room, area).await?;
    a_key_is_the_pages(&room).await?;
    zoom_by_hand(&room, area).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn what_is_looked_for_stays_with_its_tab_and_is_found_again_in_the_next_page() -> Outcome<()>
{
    let room = room().await?;
    room.open_tab("/haystack").await?;
    room.filled("the haystack", GROUND).await?;
    room.display.press("ctrl+f").await?;
    room.shell
        .until("document.activeElement?.dataset.testid === 'find-field'")
        .await?;
    room.display.write("needle").await?;
    room.shell
        .find("[data-testid=find-bar][data-text=needle]")
        .await?;
    says(&room, &["3 matches"]).await?;
    room.open_tab("/colour/cc1122").await?;
    room.shell
        .until("!document.querySelector('[data-testid=find-bar]')")
        .await?;
    room.shell.click_tab("Haystack").await?;
    says(&room, &["3 matches"]).await?;
    let field = "document.querySelector('[data-testid=find-field]').value";
    assert_eq!(room.shell.value(field).await?, json!("needle"));
    room.site.tells(&json!({ "haystack": true })).await?;
    room.display.press("F5").await?;
    room.site.tells(&json!({ "haystack": true })).await?;
    says(&room, &["3 matches"]).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_that_takes_its_time_shows_how_far_it_is() -> Outcome<()> {
    let (open, gate) = tokio::sync::watch::channel(false);
    let slow = Router::new().route(
        "/slow",
        get(move || {
            let mut gate = gate.clone();
            async move {
                let _ = gate.wait_for(|open| *open).await;
                page("Slow", "there")
            }
        }),
    );
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(slow).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/slow")))
        .await?;
    shell
        .until("document.querySelector('[data-testid=progress]')?.ariaValueNow")
        .await?;
    shell.find("[data-testid=stop]").await?;
    open.send(true)?;
    shell
        .until("!document.querySelector('[data-testid=progress]')")
        .await?;
    shell.close().await
}
