//! An address that is being typed becomes one that was visited.

use duotab_test_support::Outcome;
use serde_json::{Value, json};

use crate::room::{BLUE, RED, Room};

/// What is in the address bar: before the selection, in it, behind it.
const FIELD: &str = "(() => {
    const { value, selectionStart: from, selectionEnd: to } =
        document.querySelector('[data-testid=address]');
    return JSON.stringify([value.slice(0, from), value.slice(from, to), value.slice(to)]);
})()";

async fn shows(room: &Room, typed: &str, added: &str) -> Outcome<()> {
    let wanted = json!([typed, added, ""]).to_string();
    room.shell.until(&format!("{FIELD} === '{wanted}'")).await?;
    Ok(())
}

async fn completed(room: &Room, tab: u32, typed: &str) -> Outcome<Value> {
    let arguments = json!({ "tab": tab, "typed": typed });
    let answer = room.shell.invoke("complete", arguments).await?;
    answer.map_err(|problem| format!("{problem}").into())
}

#[tokio::test]
async fn a_site_that_was_visited_completes_what_is_typed_and_gives_way_to_every_key() -> Outcome<()>
{
    let room = Room::open().await?;
    // What is in a field is no part of the document, which is looked at when it changes.
    room.shell
        .value(
            "(document.onselectionchange = () =>
                (document.body.dataset.selected = performance.now()), true)",
        )
        .await?;
    room.display.visit(&room.site.url("/colour/cc1122")).await?;
    room.filled("a page", RED).await?;

    let port = room.site.port().to_string();
    let (first, last) = port.split_at(port.len() - 1);
    let typed = format!("127.0.0.1:{first}");
    room.display.press("ctrl+l").await?;
    room.display.write(&typed).await?;
    shows(&room, &typed, &format!("{last}/")).await?;
    // Taken away, it does not come back by itself: what is asked now is answered after it was.
    room.display.press("BackSpace").await?;
    shows(&room, &typed, "").await?;
    let known = completed(&room, 1, &typed).await?;
    assert_eq!(known["rest"], json!(format!("{last}/")));
    assert_eq!(
        room.shell.value(FIELD).await?,
        json!(json!([typed, "", ""]).to_string())
    );
    room.display.write(last).await?;
    shows(&room, &format!("{typed}{last}"), "/").await?;
    // A page behind it is typed as if nothing had been there.
    room.display.write("/colour/1122cc").await?;
    shows(&room, &format!("{typed}{last}/colour/1122cc"), "").await?;
    room.display.press("Return").await?;
    room.filled("the page that was typed", BLUE).await?;

    room.display.press("ctrl+l").await?;
    room.display.write(&typed).await?;
    shows(&room, &typed, &format!("{last}/")).await?;
    room.display.press("Return").await?;
    let address = "document.querySelector('[data-testid=address]').value";
    let site = room.site.url("/");
    room.shell.until(&format!("{address} === '{site}'")).await?;

    // What is private knows nothing of it.
    room.display.press("ctrl+shift+n").await?;
    room.shell
        .until("document.querySelectorAll('[role=tab]').length === 2")
        .await?;
    let private = room
        .shell
        .value("document.querySelector('[role=tab][aria-selected=true]').dataset.tab")
        .await?;
    let private = private.as_str().ok_or("no number")?.parse()?;
    assert_eq!(completed(&room, private, &typed).await?, json!(null));
    room.shell.close().await
}
