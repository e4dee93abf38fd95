//! Words in the place of an address: searched for where the person wants, from then on.

use std::collections::HashMap;

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{Outcome, Shell, within};
use serde_json::json;

use crate::room::{BLUE, Room, start};

const ADDRESS: &str = "[data-testid=search-address]";
const SELECT: &str = "[data-testid=search]";

/// Tells for which words.
async fn found(Query(asked): Query<HashMap<String, String>>) -> Html<String> {
    let words = json!({ "found": asked.get("q") });
    page(
        "Found",
        &format!("<body style='background:#1122cc'><script>tell({words})</script>"),
    )
}

async fn choose(shell: &Shell, value: &str) -> Outcome<()> {
    let select = shell.find(SELECT).await?;
    within("a choice", select.select_by_value(value)).await??;
    Ok(())
}

async fn give(shell: &Shell, address: &str) -> Outcome<()> {
    let field = shell.find(ADDRESS).await?;
    within("an empty field", field.clear()).await??;
    within("typing", field.send_keys(address)).await??;
    shell.click("[data-testid=search-save]:enabled").await
}

#[tokio::test]
async fn words_go_to_the_search_site_of_the_persons_choice_and_stay_there() -> Outcome<()> {
    let pages = Router::new().route("/found", get(found));
    let room = Room::on(pages, "/colour/1122cc").await?;
    room.filled("a page", BLUE).await?;
    let shell = &room.shell;
    room.display.press("ctrl+comma").await?;
    let another = "https://www.startpage.com/do/search?q=%s";
    choose(shell, another).await?;
    // As the state has it, and not only as it was clicked.
    room.display.press("Escape").await?;
    shell
        .until(&format!("!document.querySelector('{SELECT}')"))
        .await?;
    room.display.press("ctrl+comma").await?;
    shell
        .until(&format!(
            "document.querySelector('{SELECT}')?.value === '{another}'"
        ))
        .await?;

    choose(shell, "other").await?;
    let without = room.site.url("/found");
    give(shell, &without).await?;
    shell
        .until("document.body.innerText.includes('Nothing can be searched for there')")
        .await?;
    give(shell, &room.site.url("/found?q=%s")).await?;
    shell
        .until("document.querySelector('[data-testid=search-save]').disabled")
        .await?;
    room.display.press("Escape").await?;
    room.display.visit("two words & more").await?;
    room.site
        .tells(&json!({ "found": "two words & more" }))
        .await?;
    let Room {
        shell,
        app,
        site,
        display,
    } = room;
    shell.quit().await?;

    let shell = app.open(&start(&display)).await?;
    display.press("ctrl+t").await?;
    shell
        .until("document.activeElement?.dataset.testid === 'address'")
        .await?;
    display.visit("the next day").await?;
    site.tells(&json!({ "found": "the next day" })).await?;
    shell.quit().await
}
