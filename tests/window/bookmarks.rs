//! Pages that are kept: by the star or a key, found again in an empty tab, also after a new start.

use std::time::Duration;

use duotab_test_support::{Outcome, Shell, within};
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

/// As another browser exports them; `place:` is no page.
const EXPORTED: &str = r#"<!DOCTYPE NETSCAPE-Bookmark-file-1>
<DL><p>
    <DT><H3 ADD_DATE="1">Folder</H3>
    <DL><p>
        <DT><A HREF="https://a.test/?x=1&amp;y" ADD_DATE="1">Cats &amp; dogs</A>
        <DT><A HREF="place:sort=8">Lately</A>
    </DL><p>
    <DT><A HREF="https://b.test/">Birds</A>
    <DT><A HREF="https://b.test/">Birds again</A>
</DL>"#;
/// A dialog that has not taken what was typed yet is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Presses a button that opens the desktop's dialog for files, and types a path into that.
async fn choose(room: &Room, button: &str, path: &str, then: &str) -> Outcome<()> {
    room.shell.click(button).await?;
    // The dialog has the keyboard.
    room.shell.until("!document.hasFocus()").await?;
    room.display.press("ctrl+l").await?;
    room.display.press("ctrl+a").await?;
    room.display.write(path).await?;
    within("what comes of the dialog", async {
        loop {
            // The dialog looks at what was typed before it takes it, and says nothing of that.
            room.display.press("Return").await?;
            let done = room.shell.until(then);
            if let Ok(Ok(_)) = tokio::time::timeout(AGAIN, done).await {
                return Ok(());
            }
        }
    })
    .await?
}

#[tokio::test]
async fn the_bookmarks_of_another_browser_are_brought_in_and_given_out_again() -> Outcome<()> {
    let room = Room::open().await?;
    let folder = tempfile::tempdir()?;
    let from = folder.path().join("exported.html");
    std::fs::write(&from, EXPORTED)?;
    let done = "document.querySelector('[data-testid=bookmarks-done]')?.innerText";
    room.display.press("ctrl+comma").await?;
    let words =
        "2 bookmarks added. 1 bookmark there already. 1 bookmark left out: nothing opens there.";
    let button = "[data-testid=bookmarks-import]:enabled";
    let path = from.display().to_string();
    choose(&room, button, &path, &format!("{done} === '{words}'")).await?;

    let to = folder.path().join("given.html");
    let path = to.display().to_string();
    let button = "[data-testid=bookmarks-export]:enabled";
    let written = format!("{done} === 'Written to {path}'");
    choose(&room, button, &path, &written).await?;
    let text = std::fs::read_to_string(&to)?;
    let cats = r#"<DT><A HREF="https://a.test/?x=1&amp;y">Cats &amp; dogs</A>"#;
    assert!(text.contains(cats), "{text}");

    room.display.press("ctrl+t").await?;
    listed(&room.shell, &["Cats & dogs", "Birds"]).await?;
    room.shell.close().await?;
    let shell = room.app.open(&start(&room.display)).await?;
    room.display.press("ctrl+t").await?;
    listed(&shell, &["Cats & dogs", "Birds"]).await?;
    // Nothing that is no file of bookmarks changes them.
    let none = json!({ "profile": "default", "path": folder.path().join("none.html") });
    let refused = shell.invoke("import_bookmarks", none).await?;
    assert_eq!(refused.unwrap_err()["code"], "bookmark_file");
    let private = json!({ "profile": "private", "path": from });
    let refused = shell.invoke("import_bookmarks", private).await?;
    assert_eq!(refused.unwrap_err()["code"], "unknown_profile");
    listed(&shell, &["Cats & dogs", "Birds"]).await?;
    shell.close().await
}
