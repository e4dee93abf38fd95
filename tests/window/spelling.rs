//! What is written into a page is looked up in a dictionary of the person's language.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Colour, Display, Outcome, Picture, ProbeSite};
use serde_json::json;

use crate::room::start;

/// What is written on: not the white of a menu.
const PAPER: Colour = [0xff, 0xff, 0xee];

async fn writing() -> Html<String> {
    page(
        "Writing",
        "<style>body { margin: 0; background: #ffe }
            textarea { position: absolute; inset: 40px; border: 0; outline: 0; resize: none; background: #ffe;
                font: 40px sans-serif; color: #000 }</style>
        <textarea autofocus></textarea>
        <script>
            const field = document.querySelector('textarea');
            field.oninput = () => tell({ written: field.value });
            tell({ loaded: true });
        </script>",
    )
}

/// Whether there is a red line between these heights of the content area.
fn underlined(picture: &Picture, [x, y, width, _]: [u32; 4]) -> bool {
    let is_red = |x, y| picture.is(x, y, [0xff, 0, 0], 70);
    let columns = (x + 40..x + width / 2).filter(|x| (y + 70..y + 110).any(|y| is_red(*x, y)));
    columns.count() > 20
}

#[tokio::test]
async fn a_word_that_is_in_no_dictionary_is_underlined_and_put_right_from_the_menu() -> Outcome<()>
{
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/writing", get(writing))).await?;
    let app = App::new()?;
    let start = start(&display)
        .argument(site.url("/writing"))
        .variable("LANGUAGE", "")
        .variable("LC_ALL", "en_US.UTF-8");
    let shell = app.open(&start).await?;
    site.tells(&json!({ "loaded": true })).await?;
    let [x, y, ..] = shell
        .until_shown(&display, "the page", |picture, [x, y, ..]| {
            picture.is(x + 20, y + 20, PAPER, 2)
        })
        .await?;
    display.click(x + 200, y + 200, 1).await?;
    display.write("wrold here ").await?;
    site.tells(&json!({ "written": "wrold here " })).await?;
    shell
        .until_shown(&display, "the line below the word", underlined)
        .await?;
    display.click(x + 80, y + 65, 3).await?;
    display
        .until("the menu", |picture| {
            !picture.is(x + 120, y + 200, PAPER, 2) || !picture.is(x + 90, y + 140, PAPER, 2)
        })
        .await?;
    display.press_all(&["Home", "Return"]).await?;
    site.tells(&json!({ "written": "world here " })).await?;
    shell
        .until_shown(&display, "no line", |picture, area| {
            !underlined(picture, area)
        })
        .await?;
    shell.close().await
}
