//! Starting twice, ending, and starting again.

use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{RED, Room, start};

#[tokio::test]
async fn the_shell_shows_itself_with_one_empty_tab() -> Outcome<()> {
    let room = Room::open().await?;
    room.shell.find("[data-testid=address]").await?;
    room.shell.find("[data-testid=new-tab-view]").await?;
    assert_eq!(
        room.shell
            .value("document.querySelectorAll('[role=tab]').length")
            .await?,
        json!(1)
    );
    room.shell.close().await
}

#[tokio::test]
async fn a_second_start_hands_its_address_to_the_first_and_ends() -> Outcome<()> {
    let room = Room::open().await?;
    let again = start(&room.display).argument(room.site.url("/colour/cc1122"));
    let mut second = room.app.spawn(&again)?;
    assert!(second.ended().await?.success());
    room.filled("the address of the second start", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn addresses_of_the_command_line_open_as_tabs() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::start().await?;
    let app = App::new()?;
    let start = start(&display).argument(site.url("/colour/cc1122"));
    let shell = app.open(&start).await?;
    site.tells(&json!({ "shown": "cc1122" })).await?;
    shell.close().await
}

#[tokio::test]
async fn asked_to_end_the_app_ends_in_good_order() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::start().await?;
    let app = App::new()?;
    let mut running = app.spawn(&start(&display).argument(site.url("/colour/cc1122")))?;
    site.tells(&json!({ "shown": "cc1122" })).await?;
    running.ask_to_end().await?;
    assert_eq!(running.ended().await?.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn after_a_kill_the_next_start_shows_the_same_tabs() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::start().await?;
    let app = App::new()?;
    let mut running = app.spawn(&start(&display).argument(site.url("/colour/cc1122")))?;
    display
        .until("the page", |picture| picture.bounds(RED, 2).is_some())
        .await?;
    running.kill().await?;
    display
        .until("no window", |picture| picture.bounds(RED, 2).is_none())
        .await?;
    let _again = app.spawn(&start(&display))?;
    display
        .until("the page again", |picture| picture.bounds(RED, 2).is_some())
        .await?;
    Ok(())
}
