//! What a site keeps in a tab, and no longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{Html, IntoResponse as _, Redirect};
use axum::routing::{MethodRouter, get};
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{RED, Room, start};

/// Says what it finds, and counts its loads by what outlives them. The first one puts something there
/// that is no well-formed Unicode, as libraries that compress do; a click clears it and loads again. With
/// a query, the second one clears it by itself and leads on, as one does where the login has expired.
async fn bag() -> Html<String> {
    page(
        "Bag",
        r#"<style>body { margin: 0; background: #cc1122; min-height: 100vh }</style>
        <script>
            const bag = sessionStorage.getItem("bag");
            const load = Number(localStorage.getItem("loads") ?? 0) + 1;
            localStorage.setItem("loads", load);
            if (load === 1) sessionStorage.setItem("bag", '"a" \ud800');
            tell({ load, bag: bag && Array.from(bag, (it) => it.codePointAt(0)).join() });
            onclick = () => { sessionStorage.clear(); location.reload(); };
            if (load === 2 && location.search) {
                sessionStorage.clear();
                location.replace(location.pathname);
            }
        </script>"#,
    )
}

/// The page of another site on which somebody logs in, and is led back.
const LOGIN: &str = "<title>Login</title><script>
    onload = () => setTimeout(() => { location = decodeURIComponent(location.hash.slice(1)); }, 300);
</script>";

/// The bag, which is led to by a login when it is asked for a second time.
fn lapsing(login: String) -> MethodRouter {
    let asked = Arc::new(AtomicUsize::new(0));
    get(async move |headers: HeaderMap, uri: Uri| {
        let host = headers[header::HOST].to_str().unwrap_or_default();
        if asked.fetch_add(1, Ordering::Relaxed) != 1 {
            return bag().await.into_response();
        }
        let back = format!("http%3A%2F%2F{host}{}", uri.path().replace('/', "%2F"));
        Redirect::temporary(&format!("{login}#{back}")).into_response()
    })
}

/// What the bag has in it.
const KEPT: &str = "34,97,34,32,55296";

/// The page at `path` has slept, and its tab is in front again.
async fn woken(path: &str) -> Outcome<Room> {
    let display = Display::start(1000, 700).await?;
    let login = ProbeSite::with(Router::new().route("/login", get(async || Html(LOGIN)))).await?;
    let pages = Router::new()
        .route("/bag", get(bag))
        .route("/lapsing", lapsing(login.url("/login")));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let start = start(&display).argument(site.url(path));
    let shell = app.open(&start.variable("DUOTAB_SLEEP_AFTER", "2")).await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    room.filled("the page", RED).await?;
    room.site.tells(&json!({ "load": 1, "bag": null })).await?;
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    room.shell
        .until("document.querySelector('[data-testid=tab][data-asleep=true]')")
        .await?;
    room.shell.click_tab("Bag").await?;
    room.site.tells(&json!({ "load": 2, "bag": KEPT })).await?;
    drop(login);
    Ok(room)
}

#[tokio::test]
async fn what_a_site_keeps_in_a_tab_outlives_sleep_and_is_given_back_once() -> Outcome<()> {
    let room = woken("/bag").await?;
    let [x, y, ..] = room.filled("the page again", RED).await?;
    room.shell
        .until("!document.querySelector('[data-testid=stop]')")
        .await?;
    room.display.click(x + 300, y + 200, 1).await?;
    room.site.tells(&json!({ "load": 3, "bag": null })).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_page_that_clears_what_it_finds_and_leads_on_at_once_does_not_find_it_again()
-> Outcome<()> {
    let room = woken("/bag?leads").await?;
    room.site.tells(&json!({ "load": 3, "bag": null })).await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_page_that_wakes_by_another_site_finds_it_all_the_same() -> Outcome<()> {
    woken("/lapsing").await?.shell.quit().await
}
