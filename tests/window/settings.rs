//! The settings in the window: reached from anywhere, never below a page, left in every usual way.

use duotab_test_support::app::Start;
use duotab_test_support::{App, Display, Outcome};

use crate::room::{RED, Room, start};

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

/// A machine whose container engine is away, so that there is nothing to start.
fn beside_nothing(display: &Display) -> Start<'_> {
    start(display)
        .variable("DUOTAB_ENGINE", "docker")
        .variable("DOCKER_HOST", "unix:///nobody/is/here.sock")
}

const STANDBY: &str = "[data-testid=switch-standby]";
const HOME_CLOSED: &str = "[data-testid=switch-home_closed]";

/// Whether a switch is on, and can be used.
fn is(switch: &str, on: bool, usable: bool) -> String {
    format!(
        "document.querySelector('{switch}')?.ariaChecked === '{on}'
         && document.querySelector('{switch}').disabled === {}",
        !usable
    )
}

#[tokio::test]
async fn a_switch_stays_as_it_was_left_unless_the_environment_says_otherwise() -> Outcome<()> {
    let display = Display::start(600, 700).await?;
    let app = App::new()?;
    let shell = app.open(&beside_nothing(&display)).await?;
    shell.click("[data-testid=settings]").await?;
    for switch in [STANDBY, HOME_CLOSED] {
        shell.until(&is(switch, false, true)).await?;
        shell.click(switch).await?;
        shell.until(&is(switch, true, true)).await?;
    }
    // What cannot be asked is said, with what to do about it.
    shell.click("[data-testid=update-look]").await?;
    shell
        .until("document.querySelector('[data-testid=looked]')?.textContent.includes('/nobody/is/here.sock')")
        .await?;
    shell.click(STANDBY).await?;
    shell.until(&is(STANDBY, false, true)).await?;
    shell.close().await?;

    let fixed = beside_nothing(&display).variable("DUOTAB_HOME_NETWORK", "open");
    let shell = app.open(&fixed).await?;
    shell.click("[data-testid=settings]").await?;
    shell.until(&is(STANDBY, false, true)).await?;
    shell.until(&is(HOME_CLOSED, false, false)).await?;
    shell
        .until("document.querySelector('[data-testid=switch-home_closed-note]')?.textContent.includes('DUOTAB_HOME_NETWORK')")
        .await?;
    shell.close().await?;

    let shell = app.open(&beside_nothing(&display)).await?;
    shell.click("[data-testid=settings]").await?;
    shell.until(&is(STANDBY, false, true)).await?;
    shell.until(&is(HOME_CLOSED, true, true)).await?;
    shell.close().await
}
