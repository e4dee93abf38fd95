//! A page that answers nothing.

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};

use crate::room::{BLUE, RED, fills, start};

const HUNG: &str = "document.querySelector('[data-testid=ask][data-question=hung]')";

/// Busy for ever from the first click on, and only the first time.
const BODY: &str = "<body style='margin: 0; background: #cc1122'><script>
    if (sessionStorage.hung) document.body.style.background = '#1122cc';
    onclick = () => { sessionStorage.hung = 'yes'; for (;;); };
    </script>";

/// Busy for some seconds after each click.
const NAP: &str = "<body style='margin: 0; background: #cc1122'><script>
    onclick = () => { const end = Date.now() + 12000; while (Date.now() < end); };
    </script>";

#[tokio::test]
async fn a_page_that_was_only_busy_is_asked_about_no_longer() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let pages = Router::new().route("/nap", get(|| async { page("Nap", NAP) }));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/nap")))
        .await?;
    let [x, y, ..] = shell
        .until_shown(&display, "the page", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    display.click(x + 300, y + 300, 1).await?;
    shell.until(HUNG).await?;
    shell.until(&format!("{HUNG} === null")).await?;
    shell.close().await
}

#[tokio::test]
async fn a_page_that_hangs_can_be_waited_for_or_stopped_and_loaded_again() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let pages = Router::new().route("/busy", get(|| async { page("Busy", BODY) }));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/busy")))
        .await?;
    let [x, y, ..] = shell
        .until_shown(&display, "the page", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
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
    shell
        .until_shown(&display, "the page, loaded again", |picture, area| {
            fills(picture, area, BLUE) || fills(picture, area, RED)
        })
        .await?;
    shell.close().await
}
