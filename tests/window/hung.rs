//! A page that answers nothing.

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};

use crate::room::{RED, Room, start};

const HUNG: &str = "document.querySelector('[data-testid=ask][data-question=hung]')";

/// Opens a red page that does this when it is clicked. Gives the page's area.
async fn room_on(busy: &'static str) -> Outcome<(Room, [u32; 4])> {
    let display = Display::start(1000, 700).await?;
    let body = format!(
        "<body style='margin: 0; background: #cc1122'><script>onclick = () => {{ {busy} }};</script>"
    );
    let busy = get(move || async move { page("Busy", &body) });
    let site = ProbeSite::with(Router::new().route("/busy", busy)).await?;
    let app = App::new()?;
    let there = start(&display).argument(site.url("/busy"));
    let room = Room {
        shell: app.open(&there).await?,
        app,
        site,
        display,
    };
    let area = room.filled("the page", RED).await?;
    Ok((room, area))
}

#[tokio::test]
async fn a_page_that_was_only_busy_is_asked_about_no_longer() -> Outcome<()> {
    let nap = "const end = Date.now() + 12000; while (Date.now() < end);";
    let (room, [x, y, ..]) = room_on(nap).await?;
    let (shell, display) = (&room.shell, &room.display);
    display.click(x + 300, y + 300, 1).await?;
    shell.until(HUNG).await?;
    shell.until(&format!("{HUNG} === null")).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_that_hangs_can_be_waited_for_or_stopped_and_loaded_again() -> Outcome<()> {
    let (room, [x, y, ..]) = room_on("for (;;);").await?;
    let (shell, display) = (&room.shell, &room.display);
    display.click(x + 300, y + 300, 1).await?;
    // What it does not take is what shows that it hangs.
    display.click(x + 320, y + 300, 1).await?;
    shell
        .until(&format!("{HUNG}?.innerText.includes('does not respond')"))
        .await?;
    shell.click("[data-testid=ask-no]").await?;
    shell.until(&format!("{HUNG} === null")).await?;
    shell.until(HUNG).await?;
    // The window is as quick as ever meanwhile.
    display.press("ctrl+t").await?;
    shell
        .until("document.querySelectorAll('[role=tab]').length === 2")
        .await?;
    display.press("ctrl+w").await?;
    shell.until(HUNG).await?;
    shell.click("[data-testid=ask-yes]").await?;
    shell
        .until("document.querySelector('[data-testid=problem][data-code=page_stopped]')")
        .await?;
    shell.click("[data-testid=problem-action-retry]").await?;
    room.filled("the page, loaded again", RED).await?;
    room.shell.close().await
}
