//! The settings in the window: reached from anywhere, never below a page, left in every usual way.

use duotab_test_support::Outcome;

use crate::room::{RED, Room};

const OPEN: &str = "document.querySelector('[data-testid=settings-view]')";
const CLOSED: &str = "!document.querySelector('[data-testid=settings-view]')";

#[tokio::test]
async fn the_settings_come_over_the_page_and_go_again_by_keys_and_by_the_button() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.click(x + 100, y + 100, 1).await?;

    room.display.press("ctrl+comma").await?;
    room.shell.until(OPEN).await?;
    room.display
        .until("a window without the page", |picture| {
            !picture.is(x + 300, y + 300, RED, 2)
        })
        .await?;
    // The keyboard is in the settings, and Escape leaves them.
    room.shell
        .until("document.activeElement?.id === 'settings-title'")
        .await?;
    room.display.press("Escape").await?;
    room.shell.until(CLOSED).await?;
    room.filled("the page again", RED).await?;

    room.shell.click("[data-testid=settings]").await?;
    room.shell.until(OPEN).await?;
    room.shell.click("[data-testid=settings]").await?;
    room.shell.until(CLOSED).await?;
    room.filled("the page once more", RED).await?;

    room.display.press("ctrl+comma").await?;
    room.shell.until(OPEN).await?;
    room.shell.click("[role=tab][aria-selected=true]").await?;
    room.shell.until(CLOSED).await?;
    room.filled("the page of the tab", RED).await?;
    room.shell.close().await
}
