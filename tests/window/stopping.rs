//! Pages that do not end, and the person who does not wait for them.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use duotab_test_support::Outcome;
use duotab_test_support::probe::page;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::room::{BLUE, RED, Room};

/// A place to write.
const FIELD: &str = "<input id=field style='position:fixed;top:20px;left:20px;opacity:0'><script>
    field.onfocus = () => tell({ writes: true });
    field.addEventListener('compositionstart', () => tell({ composes: true }));
    field.addEventListener('compositionend', () => tell({ composes: false }));
    field.onkeyup = ({ key }) => key === 'x' && tell({ wrote: key });
</script>";

/// The first half of a page, whose second never comes.
async fn half() -> impl IntoResponse {
    half_with("")
}

fn half_with(more: &str) -> impl IntoResponse + use<> {
    // With less text than this the engine waits for more before it paints.
    let text = "One word after the other. ".repeat(20);
    let body = "<body style='margin:0;background:#cc1122'>";
    let style = "<p style='margin:200px;color:#cc1122'>";
    let first = page("Half", &format!("{body}{style}{text}{more}")).0;
    let body = stream::iter([Ok::<_, Infallible>(first)]).chain(stream::pending());
    (
        [(header::CONTENT_TYPE, "text/html")],
        Body::from_stream(body),
    )
}

/// Never answers.
async fn silent() {
    std::future::pending().await
}

fn pages() -> Router {
    Router::new()
        .route("/half", get(half))
        .route("/field", get(async || half_with(FIELD)))
        .route("/silent", get(silent))
}

async fn loads(room: &Room) -> Outcome<()> {
    room.shell
        .until("document.querySelector('[data-testid=stop]')")
        .await?;
    Ok(())
}

/// Waits until nothing loads any more, and nothing is wrong.
async fn rests(room: &Room) -> Outcome<()> {
    room.shell
        .until(
            "document.querySelector('[data-testid=reload]')
                && !document.querySelector('[data-testid=progress]')
                && !document.querySelector('[data-testid=problem]')",
        )
        .await?;
    Ok(())
}

async fn is_addressed(room: &Room, path: &str) -> Outcome<()> {
    let url = room.site.url(path);
    let shown = format!("document.querySelector('[data-testid=address]').value === '{url}'");
    room.shell.until(&shown).await?;
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_stopped_stays_as_far_as_it_has_come() -> Outcome<()> {
    let room = Room::on(pages(), "/half").await?;
    room.filled("its first half", RED).await?;
    loads(&room).await?;
    room.shell.click("[data-testid=stop]").await?;
    rests(&room).await?;
    room.filled("its first half still", RED).await?;
    // Escape does the same, from within the page.
    room.display.press("F5").await?;
    loads(&room).await?;
    room.filled("its first half again", RED).await?;
    room.display.press("Escape").await?;
    rests(&room).await?;
    room.filled("its first half, still there", RED).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_word_that_is_given_up_while_it_is_composed_stops_nothing() -> Outcome<()> {
    let room = Room::on(pages(), "/field").await?;
    let [x, y, ..] = room.filled("its first half", RED).await?;
    loads(&room).await?;
    room.display.click(x + 40, y + 30, 1).await?;
    room.site.tells(&json!({ "writes": true })).await?;
    // A sign by its number, which the toolkit composes by itself.
    room.display.press("ctrl+shift+u").await?;
    room.display.press("e").await?;
    room.site.tells(&json!({ "composes": true })).await?;
    room.display.press("Escape").await?;
    room.site.tells(&json!({ "composes": false })).await?;
    room.display.press("x").await?;
    room.site.tells(&json!({ "wrote": "x" })).await?;
    loads(&room).await?;
    room.display.press("Escape").await?;
    rests(&room).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn who_does_not_wait_for_an_answer_keeps_the_page_before() -> Outcome<()> {
    let room = Room::on(pages(), "/colour/1122cc").await?;
    for by in ["button", "key"] {
        room.filled("the page before", BLUE).await?;
        room.display.visit(&room.site.url("/silent")).await?;
        loads(&room).await?;
        is_addressed(&room, "/silent").await?;
        if by == "button" {
            room.shell.click("[data-testid=stop]").await?;
        } else {
            room.display.press("Escape").await?;
        }
        rests(&room).await?;
        room.filled("the page before, still there", BLUE).await?;
        is_addressed(&room, "/colour/1122cc").await?;
    }
    room.shell.quit().await
}

#[tokio::test]
async fn a_page_that_is_led_elsewhere_never_has_the_address_that_was_typed() -> Outcome<()> {
    let led = get(async || axum::response::Redirect::temporary("/half"));
    let room = Room::on(pages().route("/led", led), "/colour/1122cc").await?;
    room.filled("the page before", BLUE).await?;
    room.display.visit(&room.site.url("/led")).await?;
    room.filled("its first half, which goes on for ever", RED)
        .await?;
    loads(&room).await?;
    is_addressed(&room, "/half").await?;
    room.shell.quit().await
}
