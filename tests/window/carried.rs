//! What a page takes along into the other mode.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::room::{RED, Room, start};

/// A long page with fields that stay in sight. At each key it is scrolled down and its other fields
/// are set, as a person could. Tells all that there is in it when any of it changes.
async fn form() -> Html<String> {
    page(
        "Form",
        "<style>body { margin: 0; background: #cc1122; height: 6000px }
            ::-webkit-scrollbar { display: none }
            form { position: fixed; top: 30px; left: 40px }
            input, select { width: 300px; height: 40px; border: 0; outline: 0; display: block }
            </style>
        <form><input id=parentElement name=tagName><input type=password>
            <input type=checkbox><select><option>a<option>b</select></form>
        <script>
            const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
            const [text, hush, box, pick] = document.querySelectorAll('input, select');
            const say = () => tell({ engine, at: Math.round(scrollY), text: text.value,
                hush: hush.value, ticked: box.checked, pick: pick.value });
            onkeyup = () => { box.checked = true; pick.value = 'b'; scrollTo(0, 2000); say(); };
            text.onclick = () => tell({ clicked: true });
            onscroll = oninput = onload = say;
        </script>",
    )
}

/// A page that answers nobody from soon after it is loaded.
async fn stuck() -> Html<String> {
    page(
        "Stuck",
        "<body style='margin: 0; background: #cc1122'><script>
            const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
            tell({ loaded: engine }).then(() => setTimeout(async () => {
                await tell({ stuck: engine });
                const end = Date.now() + 20000;
                while (Date.now() < end);
            }, 1500));
        </script>",
    )
}

/// A page that Chromium is shown nothing of until `begin` comes, and that never ends there.
async fn slow(begin: Arc<Notify>, headers: HeaderMap) -> Response {
    let agent = headers.get(USER_AGENT).and_then(|it| it.to_str().ok());
    let page = "<!doctype html><title>Slow</title><body style='background: #cc1122'>slow";
    if !agent.is_some_and(|it| it.contains("Chrome/")) {
        return Html(page).into_response();
    }
    let beginning = stream::once(async move {
        begin.notified().await;
        Ok::<_, Infallible>(page)
    });
    Html(Body::from_stream(beginning.chain(stream::pending()))).into_response()
}

async fn room(path: &str) -> Outcome<Room> {
    room_with(Router::new(), path).await
}

async fn room_with(pages: Router, path: &str) -> Outcome<Room> {
    let display = Display::start(1000, 700).await?;
    let pages = pages.route("/form", get(form)).route("/stuck", get(stuck));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display).argument(site.url(path))).await?;
    Ok(Room {
        shell,
        app,
        site,
        display,
    })
}

/// Waits until the page in an engine has all of this in it.
async fn has(room: &Room, engine: &str, all: Value) -> Outcome<()> {
    let what = format!("{engine} with {all}");
    room.site
        .told(&what, |told| {
            let all = all.as_object()?;
            let fits = all.iter().all(|(key, value)| told[key] == *value);
            (fits && told["engine"] == *engine).then_some(())
        })
        .await
}

/// Types into the field and into the one for a password.
async fn fill(room: &Room) -> Outcome<()> {
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.click(x + 100, y + 50, 1).await?;
    room.site.tells(&json!({ "clicked": true })).await?;
    room.display.write("mine").await?;
    has(room, "WebKit", json!({ "text": "mine", "at": 2000 })).await?;
    room.display.press("Tab").await?;
    room.display.write("hush").await?;
    has(room, "WebKit", json!({ "text": "mine", "hush": "hush" })).await
}

async fn stream(room: &Room) -> Outcome<()> {
    room.shell.click("[data-testid=mode-toggle-streamed]").await
}

async fn is_live(room: &Room) -> Outcome<Value> {
    room.shell
        .until("document.querySelector('[data-testid=content][data-shows=live]')")
        .await
}

#[tokio::test]
async fn a_toggle_takes_along_the_place_and_what_was_typed_but_no_password() -> Outcome<()> {
    let room = room("/form").await?;
    room.shell.click("[data-testid=security]").await?;
    room.shell.click("[data-testid=site-carry]").await?;
    room.shell.click("[data-testid=site-close]").await?;
    fill(&room).await?;
    let carried = json!({ "text": "mine", "hush": "", "ticked": true, "pick": "b", "at": 2000 });
    stream(&room).await?;
    has(&room, "Chromium", carried.clone()).await?;
    is_live(&room).await?;
    room.shell.click("[data-testid=mode-toggle-proxy]").await?;
    has(&room, "WebKit", carried).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn what_was_typed_stays_behind_where_nobody_agreed_to_take_it() -> Outcome<()> {
    let room = room("/form").await?;
    fill(&room).await?;
    stream(&room).await?;
    let place = json!({ "text": "", "hush": "", "ticked": false, "pick": "a", "at": 2000 });
    has(&room, "Chromium", place).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_page_that_answers_nobody_holds_up_no_toggle() -> Outcome<()> {
    let room = room("/stuck").await?;
    room.site.tells(&json!({ "stuck": "WebKit" })).await?;
    stream(&room).await?;
    room.site.tells(&json!({ "loaded": "Chromium" })).await?;
    is_live(&room).await?;
    room.site.tells(&json!({ "stuck": "Chromium" })).await?;
    room.shell.click("[data-testid=mode-toggle-proxy]").await?;
    room.site.tells(&json!({ "loaded": "WebKit" })).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_site_opens_in_the_mode_that_is_chosen_for_it() -> Outcome<()> {
    let room = room("/form").await?;
    room.filled("the page", RED).await?;
    room.shell.click("[data-testid=security]").await?;
    room.shell
        .click("[data-testid=site-mode] [value=streamed]")
        .await?;
    room.shell.click("[data-testid=site-close]").await?;
    room.display.press("ctrl+t").await?;
    room.shell
        .until("document.activeElement?.dataset.testid === 'address'")
        .await?;
    room.display.write(&room.site.url("/form")).await?;
    room.display.press("Return").await?;
    has(&room, "Chromium", json!({ "at": 0 })).await?;
    is_live(&room).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn the_page_that_was_left_stays_in_sight_until_the_live_one_is_there() -> Outcome<()> {
    let room = room("/form").await?;
    room.filled("the page", RED).await?;
    room.shell
        .value(
            "new MutationObserver(() => {
                window.left ??= document.querySelector('[data-testid=left-page]');
            }).observe(document, { subtree: true, childList: true })",
        )
        .await?;
    stream(&room).await?;
    is_live(&room).await?;
    room.shell
        .until("!document.querySelector('[data-testid=left-page]')")
        .await?;
    let colour = room
        .shell
        .value(
            "(() => {
                const canvas = document.createElement('canvas').getContext('2d');
                canvas.drawImage(window.left, 0, 0);
                return [...canvas.getImageData(10, 10, 1, 1).data];
            })()",
        )
        .await?;
    let [red, green, blue, _]: [u8; 4] = serde_json::from_value(colour.clone())?;
    let near = |a: u8, b: u8| a.abs_diff(b) < 24;
    assert!(
        near(red, RED[0]) && near(green, RED[1]) && near(blue, RED[2]),
        "{colour}"
    );
    room.shell.quit().await
}

#[tokio::test]
async fn the_page_that_was_left_stays_in_sight_for_as_long_as_the_live_one_shows_nothing()
-> Outcome<()> {
    let begin = Arc::new(Notify::new());
    let begins = Arc::clone(&begin);
    let pages = Router::new().route("/slow", get(move |headers| slow(begins, headers)));
    let room = room_with(pages, "/slow").await?;
    room.filled("the page", RED).await?;
    stream(&room).await?;
    is_live(&room).await?;
    let left = "document.querySelector('[data-testid=left-page]')";
    let later = "setTimeout(() => document.body.dataset.later = 'now', 1500)";
    room.shell.value(later).await?;
    room.shell
        .until(&format!("document.body.dataset.later && {left}"))
        .await?;
    begin.notify_one();
    room.shell.until(&format!("!{left}")).await?;
    room.shell
        .until("document.querySelector('[data-testid=stop]')")
        .await?;
    room.shell.quit().await
}
