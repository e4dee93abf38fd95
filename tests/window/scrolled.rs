//! Pages that fill the window and no more, with a part that scrolls by itself.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{RED, Room, start};

/// A list that is there some time after its page, in two pieces. A key scrolls it.
async fn list() -> Html<String> {
    page(
        "List",
        "<style>body { margin: 0; overflow: hidden; background: #cc1122 }
            main { position: fixed; inset: 0; overflow: auto }
            ::-webkit-scrollbar { display: none }
            section { height: 1500px }</style>
        <script>
            const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
            const say = () => tell({ engine, at: Math.round(main.scrollTop) });
            const main = document.createElement('main');
            const grow = (times) => {
                for (let n = 0; n < times; n += 1) main.append(document.createElement('section'));
            };
            setTimeout(() => { document.body.append(main); grow(1); }, 200);
            setTimeout(() => { grow(3); tell({ engine, whole: true }); }, 500);
            main.onscroll = say;
            onclick = () => tell({ clicked: true });
            onkeyup = () => main.scrollTo(0, 3000);
        </script>",
    )
}

async fn room(sleep_after: &str) -> Outcome<Room> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/list", get(list))).await?;
    let app = App::new()?;
    let start = start(&display).argument(site.url("/list"));
    let shell = app
        .open(&start.variable("DUOTAB_SLEEP_AFTER", sleep_after))
        .await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    let [x, y, ..] = room.filled("the list", RED).await?;
    let whole = json!({ "engine": "WebKit", "whole": true });
    room.site.tells(&whole).await?;
    room.display.click(x + 300, y + 200, 1).await?;
    room.site.tells(&json!({ "clicked": true })).await?;
    room.display.press("Down").await?;
    at_its_place(&room, "WebKit").await?;
    Ok(room)
}

async fn at_its_place(room: &Room, engine: &str) -> Outcome<()> {
    room.site
        .tells(&json!({ "engine": engine, "at": 3000 }))
        .await
}

#[tokio::test]
async fn a_list_that_slept_wakes_where_it_was() -> Outcome<()> {
    let room = room("2").await?;
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    room.shell
        .until("document.querySelector('[data-testid=tab][data-asleep=true]')")
        .await?;
    room.shell.click_tab("List").await?;
    at_its_place(&room, "WebKit").await?;
    room.shell.quit().await
}

#[tokio::test]
async fn a_list_keeps_its_place_in_the_other_mode_and_back() -> Outcome<()> {
    let room = room("600").await?;
    for (mode, engine) in [("streamed", "Chromium"), ("proxy", "WebKit")] {
        room.shell
            .click(&format!("[data-testid=mode-toggle-{mode}]"))
            .await?;
        at_its_place(&room, engine).await?;
    }
    room.shell.quit().await
}
