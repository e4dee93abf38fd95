//! The clipboard of a live page and of the desktop.

use duotab_test_support::{Outcome, clipboard};
use serde_json::json;

use super::{DESK, bring, in_window, stream, tells};

#[tokio::test]
async fn what_is_copied_on_one_side_can_be_pasted_on_the_other() -> Outcome<()> {
    in_window("us", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        room.display.click(x + 140, y + 180, 1).await?;
        tells(room, json!({ "focus": "input" })).await?;
        room.display.write("from there").await?;
        tells(room, json!({ "text": "from there" })).await?;
        room.display.press("ctrl+a").await?;
        room.display.press("ctrl+c").await?;
        clipboard::holds(&room.display, "from there").await?;

        // Text by paste takes the remote clipboard, and must leave the local one alone.
        room.display.press("End").await?;
        bring(room, "ß").await?;
        tells(room, json!({ "text": "from thereß" })).await?;
        clipboard::holds(&room.display, "from there").await?;
        room.display.press("ctrl+v").await?;
        tells(room, json!({ "text": "from thereßfrom there" })).await?;

        room.display.press("ctrl+l").await?;
        room.shell
            .until("document.activeElement?.dataset.testid === 'address'")
            .await?;
        room.display.write("from here").await?;
        room.display.press("ctrl+a").await?;
        room.display.press("ctrl+c").await?;
        clipboard::holds(&room.display, "from here").await?;
        room.display.click(x + 140, y + 180, 1).await?;
        room.shell
            .until("document.activeElement?.dataset.testid === 'live-field'")
            .await?;
        room.display.press("ctrl+a").await?;
        room.display.press("ctrl+v").await?;
        tells(room, json!({ "text": "from here" })).await
    })
    .await
}
