//! What a site keeps in a tab, and no longer.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{RED, Room, start};

/// Says what it finds, and counts its loads by what outlives them. The first one puts something there
/// that is no well-formed Unicode, as libraries that compress do; a click clears it and loads again.
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
        </script>"#,
    )
}

#[tokio::test]
async fn what_a_site_keeps_in_a_tab_outlives_sleep_and_is_given_back_once() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/bag", get(bag))).await?;
    let app = App::new()?;
    let start = start(&display).argument(site.url("/bag"));
    let shell = app.open(&start.variable("DUOTAB_SLEEP_AFTER", "2")).await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.site.tells(&json!({ "load": 1, "bag": null })).await?;
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    room.shell
        .until("document.querySelector('[data-testid=tab][data-asleep=true]')")
        .await?;
    room.shell.click_tab("Bag").await?;
    let kept = json!({ "load": 2, "bag": "34,97,34,32,55296" });
    room.site.tells(&kept).await?;
    room.filled("the page again", RED).await?;
    room.shell
        .until("!document.querySelector('[data-testid=stop]')")
        .await?;
    room.display.click(x + 300, y + 200, 1).await?;
    room.site.tells(&json!({ "load": 3, "bag": null })).await?;
    room.shell.quit().await
}
