//! What is seen between the two pictures of a tab that goes back to Proxy mode.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Colour, Display, Outcome, ProbeSite};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::room::{RED, Room, fills, start};

/// A page that the desktop's engine gets only when it is let through.
async fn held(State(gate): State<Arc<Semaphore>>, headers: HeaderMap) -> Html<String> {
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok()).unwrap_or("");
    if !agent.contains("Chrome/") {
        let pass = gate.acquire().await;
        pass.expect("the gate stays").forget();
    }
    page(
        "Held",
        "<body style='margin:0;background:#cc1122'><p>text
        <script>tell({ shown: navigator.userAgent.includes('Chrome/') })</script>",
    )
}

/// A quarter of the page's colour over the window's own.
fn is_dimmed(colour: Option<Colour>) -> bool {
    let Some([red, green, blue]) = colour else {
        return false;
    };
    red > green.saturating_add(25) && red > blue.saturating_add(25) && red.abs_diff(RED[0]) > 20
}

#[tokio::test]
async fn the_live_picture_stays_in_sight_dimmed_until_the_page_has_painted() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let gate = Arc::new(Semaphore::new(0));
    let pages = Router::new()
        .route("/held", get(held))
        .with_state(Arc::clone(&gate));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display)).await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    let input = room.site.url("/held");
    let open = json!({ "input": input, "mode": "streamed", "background": false });
    let opened = room.shell.invoke("open_tab", open).await?;
    opened.map_err(|problem| format!("{problem}"))?;
    room.site.tells(&json!({ "shown": true })).await?;
    room.shown("the live picture", RED).await?;
    let area = room.shell.content_area(&room.display).await?;
    let [x, y, width, height] = area;
    let (middle, corner) = ((x + width / 2, y + height / 2), (x + 4, y + height - 4));

    room.shell.click("[data-testid=mode-toggle-proxy]").await?;
    room.display
        .until("the live picture, dimmed", |picture| {
            [middle, corner]
                .into_iter()
                .all(|(x, y)| is_dimmed(picture.at(x, y)))
        })
        .await?;
    assert_eq!(
        room.shell.content_area(&room.display).await?,
        area,
        "nothing has moved"
    );
    // From here on there is one of the two, and never anything else.
    let (odd, seen) = (Cell::new(0), RefCell::new(Vec::new()));
    gate.add_permits(8);
    room.display
        .until("the page", |picture| {
            let there = fills(picture, area, RED);
            let colour = picture.at(middle.0, middle.1);
            let middle = picture.is(middle.0, middle.1, RED, 2);
            if !there && !middle && !is_dimmed(colour) {
                odd.set(odd.get() + 1);
                seen.borrow_mut().push(colour);
            }
            there
        })
        .await?;
    assert_eq!(odd.get(), 0, "seen between them: {:?}", seen.borrow());
    room.shell
        .until("!document.querySelector('[data-testid=last-frame]')")
        .await?;
    room.shell.quit().await
}
