//! Downloads that break by themselves: what has come is kept and gone on with.

use duotab_test_support::{Outcome, Shell};
use serde_json::json;

use super::held::{FIRST, Giver, first_part, has_come, piece, says, whole};
use super::{Chunk, Desk, is, look};

const TAG: Option<&str> = Some("\"one\"");
const PARTS: [&str; 2] = ["held.bin", "held.bin.part"];

fn cut() -> Chunk {
    Err(std::io::Error::other("cut"))
}

/// Opens the file, whose connection breaks when its first part is there.
async fn broken(desk: &Desk, giver: &Giver) -> Outcome<Shell> {
    let (shell, bytes) = first_part(desk, giver, TAG).await?;
    bytes.send(cut())?;
    says(&shell, "Stopped at 80.0 KB of 200 KB: the connection broke").await?;
    assert_eq!(desk.files()?, PARTS);
    Ok(shell)
}

/// Goes on with the file to its end.
async fn goes_on(desk: &Desk, giver: &Giver, shell: &Shell, from: usize) -> Outcome<()> {
    let bytes = giver.next(TAG);
    shell.click("[data-testid=download-resume]").await?;
    bytes.send(piece(from, 200_000))?;
    is(shell, "held.bin", "done").await?;
    let range = format!("bytes={from}-");
    assert_eq!(
        giver.last("range"),
        Some(range),
        "only the rest is asked for"
    );
    whole(desk)
}

#[tokio::test]
async fn what_breaks_is_told_and_goes_on_where_it_was_also_after_the_next_start() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = broken(&desk, &giver).await?;
    shell
        .until("document.querySelector('[data-testid=downloads-button]').title.includes('the last one stopped')")
        .await?;
    shell.quit().await?;
    let shell = desk.app.open(&desk.start()).await?;
    look(&shell).await?;
    says(&shell, "Stopped at 80.0 KB of 200 KB: the connection broke").await?;
    goes_on(&desk, &giver, &shell, FIRST).await?;
    shell.close().await
}

#[tokio::test]
async fn a_file_that_has_changed_since_it_broke_is_fetched_anew_and_that_is_said() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = broken(&desk, &giver).await?;
    let bytes = giver.next(Some("\"two\""));
    // The answer stays open: a server that ends in the middle may send nothing of it.
    bytes.send(piece(0, 10))?;
    shell.click("[data-testid=download-resume]").await?;
    says(
        &shell,
        "“held.bin” begins anew: the file at its server is another one now",
    )
    .await?;
    drop(bytes);
    is(&shell, "held.bin", "done").await?;
    whole(&desk)?;
    shell.close().await
}

/// The app was ended while the file came, and starts again.
async fn closed(desk: &Desk, giver: &Giver) -> Outcome<()> {
    let shell = desk.app.open(&desk.start()).await?;
    look(&shell).await?;
    says(&shell, "Stopped at 80.0 KB of 200 KB: Duotab was closed").await?;
    assert_eq!(desk.files()?, PARTS, "nothing of the engine's is left");
    goes_on(desk, giver, &shell, FIRST).await?;
    shell.close().await
}

#[tokio::test]
async fn what_was_coming_when_the_app_was_killed_goes_on_where_it_was() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let (shell, _bytes) = first_part(&desk, &giver, TAG).await?;
    shell.kill().await?;
    closed(&desk, &giver).await
}

#[tokio::test]
async fn what_was_coming_when_the_window_was_closed_goes_on_where_it_was() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let (shell, _bytes) = first_part(&desk, &giver, TAG).await?;
    // Nothing is lost, and so nothing asked.
    let close = async |_: &Shell| {
        let _ = desk.display.press("alt+F4").await;
    };
    shell.ends_by(close).await?;
    closed(&desk, &giver).await
}

#[tokio::test]
async fn the_window_stays_open_for_a_file_that_would_be_lost_until_the_person_insists()
-> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let (shell, _bytes) = first_part(&desk, &giver, None).await?;
    desk.display.press("alt+F4").await?;
    let asked = "document.querySelector('[data-testid=ask][data-question=files]')";
    shell.until(asked).await?;
    says(&shell, "What has come of “held.bin” would be lost").await?;
    shell.click("[data-testid=ask-no]").await?;
    shell.until(&format!("!{asked}")).await?;
    is(&shell, "held.bin", "running").await?;
    desk.display.press("alt+F4").await?;
    shell.until(asked).await?;
    let insist = async |shell: &Shell| {
        // The answer to this click may go with the window.
        let _ = shell.click("[data-testid=ask-yes]").await;
    };
    shell.ends_by(insist).await?;
    let shell = desk.app.open(&desk.start()).await?;
    look(&shell).await?;
    is(&shell, "held.bin", "failed").await?;
    assert_eq!(desk.files()?, Vec::<String>::new());
    shell.close().await
}

#[tokio::test]
async fn nothing_stays_of_what_was_coming_when_the_app_was_killed_if_it_is_of_no_use() -> Outcome<()>
{
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let (shell, _bytes) = first_part(&desk, &giver, None).await?;
    shell.kill().await?;
    let shell = desk.app.open(&desk.start()).await?;
    look(&shell).await?;
    is(&shell, "held.bin", "failed").await?;
    assert_eq!(desk.files()?, Vec::<String>::new());
    shell.click("[data-testid=download-retry]").await?;
    is(&shell, "held.bin", "done").await?;
    whole(&desk)?;
    shell.close().await
}

#[tokio::test]
async fn what_broke_and_is_given_up_leaves_nothing() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = broken(&desk, &giver).await?;
    shell.click("[data-testid=download-cancel]").await?;
    is(&shell, "held.bin", "cancelled").await?;
    shell.quit().await?;
    assert_eq!(desk.files()?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn what_is_given_up_while_it_comes_leaves_nothing() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let (shell, _bytes) = first_part(&desk, &giver, TAG).await?;
    shell.click("[data-testid=download-cancel]").await?;
    is(&shell, "held.bin", "cancelled").await?;
    assert_eq!(desk.files()?, Vec::<String>::new());
    shell.close().await
}

#[tokio::test]
async fn what_is_not_broken_has_its_own_name_alone() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let (shell, bytes) = first_part(&desk, &giver, TAG).await?;
    bytes.send(piece(FIRST, 200_000))?;
    is(&shell, "held.bin", "done").await?;
    whole(&desk)?;
    shell.close().await
}

#[tokio::test]
async fn nothing_stays_of_a_private_file_that_broke() -> Outcome<()> {
    let giver = Giver::default();
    let desk = Desk::with(giver.router()).await?;
    let shell = desk.app.open(&desk.start()).await?;
    let private = json!({ "profile": "private" });
    let opened = shell.invoke("open_tab_of", private).await?;
    opened.map_err(|problem| problem.to_string())?;
    let tab = "+document.querySelector('[role=tab][aria-selected=true]').dataset.tab";
    let tab = shell.value(tab).await?;
    let bytes = giver.next(TAG);
    let navigate = json!({ "tab": tab, "input": desk.site.url("/held") });
    let gone = shell.invoke("navigate", navigate).await?;
    gone.map_err(|problem| problem.to_string())?;
    bytes.send(piece(0, FIRST))?;
    look(&shell).await?;
    has_come(&shell, 40).await?;
    bytes.send(cut())?;
    is(&shell, "held.bin", "paused").await?;
    assert_eq!(desk.files()?, PARTS);
    let closed = shell.invoke("close_tab", json!({ "tab": tab })).await?;
    closed.map_err(|problem| problem.to_string())?;
    shell
        .until("!document.querySelector('[data-testid=download]')")
        .await?;
    shell.quit().await?;
    assert_eq!(desk.files()?, Vec::<String>::new());
    Ok(())
}
