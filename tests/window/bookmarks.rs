//! Pages that are kept: by the star or a key, found again in an empty tab, also after a new start.

use duotab_test_support::{Outcome, Shell};
use serde_json::json;

use crate::room::{BLUE, RED, Room, start};

/// The address bar's star, and whether it shines.
async fn star(shell: &Shell, shines: bool) -> Outcome<()> {
    shell
        .until(&format!(
            "document.querySelector('[data-testid=bookmark-page]')?.ariaPressed === '{shines}'"
        ))
        .await?;
    Ok(())
}

/// The list of an empty tab.
async fn listed(shell: &Shell, titles: &[&str]) -> Outcome<()> {
    let wanted = json!(titles).to_string();
    shell
        .until(&format!(
            "document.querySelector('[data-testid=new-tab-view]')
             && JSON.stringify([...document.querySelectorAll('[data-testid=bookmark] .name')]
                .map((name) => name.innerText)) === '{wanted}'"
        ))
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_kept_is_found_in_an_empty_tab_until_it_is_removed() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    star(&room.shell, false).await?;
    // The page has the keyboard.
    room.display.click(x + 100, y + 100, 1).await?;
    room.display.press("ctrl+d").await?;
    star(&room.shell, true).await?;
    room.display.visit(&room.site.url("/colour/1122cc")).await?;
    room.filled("another page", BLUE).await?;
    star(&room.shell, false).await?;
    room.shell.click("[data-testid=bookmark-page]").await?;
    star(&room.shell, true).await?;

    room.display.press("ctrl+t").await?;
    listed(&room.shell, &["cc1122", "1122cc"]).await?;
    room.shell.click("[data-testid=remove-bookmark]").await?;
    listed(&room.shell, &["1122cc"]).await?;
    room.shell.click("[data-testid=put-bookmark-back]").await?;
    listed(&room.shell, &["cc1122", "1122cc"]).await?;
    // What is typed chooses among them; the arrows lead there, and Delete removes.
    room.display.press("ctrl+l").await?;
    room.display.write("22CC").await?;
    listed(&room.shell, &["1122cc"]).await?;
    room.display.press("ctrl+l").await?;
    room.display.write("11").await?;
    listed(&room.shell, &["cc1122", "1122cc"]).await?;
    room.display
        .press_all(&["Down", "Down", "Up", "Delete"])
        .await?;
    listed(&room.shell, &["1122cc"]).await?;
    room.shell.close().await?;

    let shell = room.app.open(&start(&room.display)).await?;
    listed(&shell, &["1122cc"]).await?;
    shell.click("[data-testid=bookmark]").await?;
    room.display
        .until("the page that was kept", |it| it.bounds(BLUE, 2).is_some())
        .await?;
    star(&shell, true).await?;
    // What is private is not kept.
    room.display.press("ctrl+shift+n").await?;
    listed(&shell, &[]).await?;
    room.display.visit(&room.site.url("/colour/1122cc")).await?;
    shell
        .until(
            "document.querySelector('[role=tab][aria-selected=true] [data-testid=tab-title]')
                ?.innerText === '1122cc'",
        )
        .await?;
    let has_star = "document.querySelector('[data-testid=bookmark-page]') !== null";
    assert_eq!(shell.value(has_star).await?, json!(false));
    shell.close().await
}
