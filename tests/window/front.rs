//! The window behind what a person works in, and what brings it to the front.

mod notes;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Colour, Cover, Display, Outcome, ProbeSite, within};
use serde_json::json;

use crate::room::{BLUE, RED, Room, start};
use notes::Notes;

const GREEN: Colour = [0x22, 0xaa, 0x44];

#[tokio::test]
async fn a_second_start_brings_the_window_to_the_front_with_an_address_and_without() -> Outcome<()>
{
    let room = Room::open().await?;
    if room.display.is_wayland() {
        // Its windows are the only ones there.
        return room.shell.close().await;
    }
    let again = || start(&room.display).variable("DESKTOP_STARTUP_ID", "tests/one/1-0-here_TIME1");
    let cover = Cover::over(&room.display, GREEN).await?;
    let link = again().argument(room.site.url("/colour/cc1122"));
    assert!(room.app.spawn(&link)?.ended().await?.success());
    room.filled("what the link leads to", RED).await?;
    drop(cover);

    room.display.minimise().await?;
    room.display
        .until("an empty screen", |picture| {
            picture.bounds(RED, 2).is_none()
        })
        .await?;
    assert!(room.app.spawn(&again())?.ended().await?.success());
    room.filled("the same page", RED).await?;
    room.shell.close().await
}

/// Red, and blue as soon as what it notifies of was pressed.
async fn notifying() -> Html<String> {
    page(
        "Notifying",
        "<body style='margin:0;height:100vh;background:#cc1122' onclick='ask()'>
        <script>
            async function ask() {
                if (Notification.permission === 'default') await Notification.requestPermission();
                const note = new Notification('Tea', { body: 'It is ready' });
                note.onclick = () => document.body.style.background = '#1122cc';
                tell({ noted: Notification.permission });
            }
        </script>",
    )
}

#[tokio::test]
async fn what_a_page_notifies_of_leads_back_to_its_tab() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    if display.is_wayland() {
        return Ok(());
    }
    let mut notes = Notes::start().await?;
    let site = ProbeSite::with(Router::new().route("/notifying", get(notifying))).await?;
    let app = App::new()?;
    let start = start(&display).variable("DBUS_SESSION_BUS_ADDRESS", &notes.bus);
    let shell = app.open(&start.argument(site.url("/notifying"))).await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.click(x + 300, y + 300, 1).await?;
    room.shell.click("[data-testid=ask-yes]:enabled").await?;
    let (id, title) = within("the note", notes.next()).await?;
    assert_eq!(title, "Tea");

    room.open_tab("/colour/22aa44").await?;
    room.filled("another tab", GREEN).await?;
    let cover = Cover::over(&room.display, RED).await?;
    notes.press(id)?;
    room.filled("the page, which was told", BLUE).await?;
    drop(cover);
    room.site.tells(&json!({ "noted": "granted" })).await?;

    // It may not any more, and has not heard of it.
    room.shell.click("[data-testid=security]").await?;
    room.shell
        .click("[data-testid=site-change-notifications]")
        .await?;
    room.shell
        .until(
            "document.querySelector('[data-testid=site-wish-notifications][data-allowed=false]')",
        )
        .await?;
    let [x, y, ..] = room.filled("the page beside its site's bar", BLUE).await?;
    room.display.click(x + 300, y + 300, 1).await?;
    room.site.tells(&json!({ "noted": "granted" })).await?;
    assert_eq!(notes.latest()?, None);
    room.shell.close().await
}

/// Says whether it may notify, before it has asked and after.
async fn notifier() -> Html<String> {
    page(
        "Notifier",
        "<body style='margin:0;height:100vh;background:#cc1122' onclick='ask()'>
        <script>
            const ask = async () => tell({ then: await Notification.requestPermission() });
            tell({ first: Notification.permission });
        </script>",
    )
}

#[tokio::test]
async fn a_page_that_may_notify_knows_it_at_the_next_start_without_asking() -> Outcome<()> {
    let room = Room::on(Router::new().route("/notifier", get(notifier)), "/notifier").await?;
    room.site.tells(&json!({ "first": "default" })).await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.click(x + 300, y + 300, 1).await?;
    room.shell.click("[data-testid=ask-yes]:enabled").await?;
    room.site.tells(&json!({ "then": "granted" })).await?;
    let Room {
        shell,
        app,
        site,
        display,
    } = room;
    shell.close().await?;
    let shell = app.open(&start(&display)).await?;
    site.tells(&json!({ "first": "granted" })).await?;
    shell.close().await
}
