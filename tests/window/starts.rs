//! Starting twice, ending, and starting again.

use std::time::Duration;

use duotab_test_support::{App, Display, Outcome, Picture, ProbeSite, within};
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

#[tokio::test]
async fn a_shell_whose_own_page_crashes_comes_back() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::start().await?;
    let app = App::new()?;
    let mut running = app.spawn(&start(&display).argument(site.url("/colour/cc1122")))?;
    let pid = running.pid().ok_or("it has ended")?;
    display
        .until("the page below the bars", |picture| {
            picture.bounds(RED, 2).is_some_and(|[_, top, ..]| top > 60)
        })
        .await?;
    let mut looks = tokio::time::interval(Duration::from_millis(500));
    let still = async {
        let mut before = display.look()?;
        loop {
            looks.tick().await;
            let now = display.look()?;
            let seen = |picture: &Picture| (picture.bounds(RED, 2), picture.at(20, 82));
            if seen(&before) == seen(&now) {
                return Outcome::Ok(now);
            }
            before = now;
        }
    };
    let before = within("a window that does not change any more", still).await??;
    running.kill_first_web_process(pid).await?;
    display
        .until("the bars again, as they were", |picture| {
            app.log().is_ok_and(|log| log.contains("loaded anew"))
                && picture.bounds(RED, 2) == before.bounds(RED, 2)
                && picture.at(20, 82) == before.at(20, 82)
        })
        .await?;
    running.ask_to_end().await?;
    assert_eq!(running.ended().await?.code(), Some(0));
    Ok(())
}

#[tokio::test]
async fn without_a_desktop_the_app_says_so_and_ends() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let app = App::new()?;
    let start = start(&display)
        .variable("DISPLAY", ":none")
        .variable("WAYLAND_DISPLAY", "none");
    let mut running = app.spawn(&start)?;
    assert_eq!(running.ended().await?.code(), Some(1));
    let log = app.log()?;
    assert!(log.contains("there is no desktop"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
    Ok(())
}
