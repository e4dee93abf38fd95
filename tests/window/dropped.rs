//! What is dragged from a page to the bars.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::Outcome;
use duotab_test_support::probe::page;

use crate::room::{BLUE, RED, Room};

const TABS: &str = "document.querySelectorAll('[role=tab]').length";
const ADDRESS: &str = "document.querySelector('[data-testid=address]')";

/// A link over all of it. What is dragged leads elsewhere than what is clicked.
async fn link() -> Html<String> {
    page(
        "Link",
        "<body style='margin:0;background:#cc1122'>
        <a href='/colour/22aa44' style='position:fixed;inset:0;background:#cc1122'></a>
        <script>
            ondragstart = (e) => {
                const url = new URL('/colour/1122cc', location);
                e.dataTransfer.setData('text/uri-list', url);
                e.dataTransfer.setData('text/plain', 'Not an address');
            };
        </script>",
    )
}

async fn room() -> Outcome<Room> {
    Room::on(Router::new().route("/link", get(link)), "/link").await
}

#[tokio::test]
async fn a_link_that_is_dropped_on_the_strip_opens_beside_its_tab() -> Outcome<()> {
    let room = room().await?;
    let [x, y, ..] = room.filled("the link", RED).await?;
    let [plus, strip] = room.middle_of("[data-testid=new-tab]").await?;
    let drop = [plus + 200, strip];
    room.display.drag([x + 300, y + 300], drop).await?;
    room.shell.until(&format!("{TABS} === 2")).await?;
    room.filled("what it leads to", BLUE).await?;
    let url = room.site.url("/colour/1122cc");
    room.shell
        .until(&format!("{ADDRESS}.value === '{url}'"))
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_link_that_is_dropped_on_the_address_waits_for_enter() -> Outcome<()> {
    let room = room().await?;
    let [x, y, ..] = room.filled("the link", RED).await?;
    let field = room.middle_of("[data-testid=address]").await?;
    room.display.drag([x + 300, y + 300], field).await?;
    let url = room.site.url("/colour/1122cc");
    room.shell
        .until(&format!("{ADDRESS}.value === '{url}'"))
        .await?;
    room.filled("the link still", RED).await?;
    room.display.press("Return").await?;
    room.filled("what it leads to", BLUE).await?;
    room.shell.until(&format!("{TABS} === 1")).await?;
    room.shell.close().await
}
