//! Where the person has been: found again in an empty tab by what is typed, and forgotten.

use duotab_test_support::{Outcome, Shell};
use serde_json::json;

use crate::room::{BLUE, RED, Room, start};

/// The pages that an empty tab lists.
async fn listed(shell: &Shell, titles: &[&str]) -> Outcome<()> {
    let wanted = json!(titles).to_string();
    shell
        .until(&format!(
            "document.querySelector('[data-testid=new-tab-view]')
             && JSON.stringify([...document.querySelectorAll('[data-testid=visit] .name')]
                .map((name) => name.innerText)) === '{wanted}'"
        ))
        .await?;
    Ok(())
}

#[tokio::test]
async fn where_the_person_has_been_is_found_again_until_it_is_forgotten() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    room.display.visit(&room.site.url("/colour/1122cc")).await?;
    room.filled("another page", BLUE).await?;
    room.shell.close().await?;

    let shell = room.app.open(&start(&room.display)).await?;
    room.display.press("ctrl+t").await?;
    listed(&shell, &[]).await?;
    room.display.write("CC11 colour").await?;
    listed(&shell, &["cc1122"]).await?;
    room.display.press_all(&["Down", "Return"]).await?;
    room.display
        .until("the page again", |it| it.bounds(RED, 2).is_some())
        .await?;

    room.display.press("ctrl+t").await?;
    shell.click("[data-testid=visits-all]").await?;
    listed(&shell, &["cc1122", "1122cc"]).await?;
    shell.click("[data-testid=remove-visit]").await?;
    listed(&shell, &["1122cc"]).await?;
    shell.click("[data-testid=forget-visits]").await?;
    shell.click("[data-testid=forget-visits-no]").await?;
    listed(&shell, &["1122cc"]).await?;
    shell.click("[data-testid=forget-visits]").await?;
    shell.click("[data-testid=forget-visits-yes]").await?;
    listed(&shell, &[]).await?;
    shell
        .until("document.querySelector('[data-testid=visits]').innerText.includes('Nothing yet')")
        .await?;
    // What is private is not noted, and not shown.
    room.display.press("ctrl+shift+n").await?;
    shell
        .until(
            "document.querySelector('[data-testid=new-tab-view]')
             && !document.querySelector('[data-testid=visits]')",
        )
        .await?;
    shell.close().await
}
