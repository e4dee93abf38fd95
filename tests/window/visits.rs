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

    // All of them, by a key out of a page, and what is typed right behind it looks among them.
    room.display
        .press_all(&["ctrl+h", "1", "1", "2", "2", "c"])
        .await?;
    listed(&shell, &["1122cc"]).await?;
    room.display.press_all(&["ctrl+a", "BackSpace"]).await?;
    listed(&shell, &["cc1122", "1122cc"]).await?;
    // In an empty tab no other is opened.
    shell.click("[data-testid=visits-all]").await?;
    listed(&shell, &[]).await?;
    let tabs = "document.querySelectorAll('[role=tab]').length";
    let before = shell.value(tabs).await?;
    room.display.press("ctrl+h").await?;
    listed(&shell, &["cc1122", "1122cc"]).await?;
    assert_eq!(shell.value(tabs).await?, before);
    // By keys: the list is walked to its end, and what comes next takes the keyboard.
    room.display.press("ctrl+l").await?;
    room.display
        .press_all(&["Down", "Down", "Up", "Delete"])
        .await?;
    listed(&shell, &["1122cc"]).await?;
    let on_row = "document.activeElement.dataset.testid === 'visit'";
    shell.until(on_row).await?;
    shell.click("[data-testid=forget-visits]").await?;
    shell.click("[data-testid=forget-visits-no]").await?;
    listed(&shell, &["1122cc"]).await?;
    shell.click("[data-testid=forget-visits]").await?;
    shell.click("[data-testid=forget-visits-yes]").await?;
    listed(&shell, &[]).await?;
    shell
        .until("document.querySelector('[data-testid=visits]').innerText.includes('Nothing yet')")
        .await?;
    // What is private is not noted, and nothing is shown there.
    room.display.press("ctrl+shift+n").await?;
    shell
        .until(
            "document.querySelector('[data-testid=new-tab-view]')
             && !document.querySelector('[data-testid=visits]')",
        )
        .await?;
    room.display.visit(&room.site.url("/colour/22cc11")).await?;
    let title = "document.querySelector('[role=tab][aria-selected=true] [data-testid=tab-title]')";
    shell
        .until(&format!("{title}?.innerText === '22cc11'"))
        .await?;
    let default = json!({ "profile": "default" });
    let opened = shell.invoke("open_tab_of", default).await?;
    opened.map_err(|problem| problem.to_string())?;
    shell
        .until("document.querySelector('[data-testid=visits]')")
        .await?;
    let tab = shell
        .value("+document.querySelector('[role=tab][aria-selected=true]').dataset.tab")
        .await?;
    let all = json!({ "tab": tab, "words": "", "most": 9 });
    let noted = shell.invoke("visits", all).await?;
    assert_eq!(noted.map_err(|problem| problem.to_string())?, json!([]));
    shell.close().await
}
