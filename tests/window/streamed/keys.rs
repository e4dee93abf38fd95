//! The shell's keys while the live view has the focus.

use duotab_test_support::Outcome;
use serde_json::json;

use super::{DESK, in_window, live, stream, tells};

const COUNT: &str = "document.querySelectorAll('[role=tab]').length";

#[tokio::test]
async fn shortcuts_work_while_the_live_view_has_the_focus() -> Outcome<()> {
    in_window("us", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        let tabs = room.shell.value(COUNT).await?.as_u64().ok_or("no count")?;
        // A click that is still on its way would take the focus after the key that follows it.
        let focus = async || {
            room.display.click(x + 140, y + 80, 1).await?;
            tells(room, json!({ "click": "button" })).await
        };

        focus().await?;
        room.display.press("ctrl+l").await?;
        room.shell
            .until("document.activeElement?.dataset.testid === 'address'")
            .await?;
        focus().await?;
        room.shell
            .until("document.activeElement?.dataset.testid === 'live-field'")
            .await?;

        room.display.press("ctrl+t").await?;
        room.shell
            .until(&format!("{COUNT} === {}", tabs + 1))
            .await?;
        room.shell.find("[data-testid=new-tab-view]").await?;
        room.display.press("ctrl+shift+Tab").await?;
        live(room, "the tab before", DESK).await?;
        focus().await?;
        room.display.press("ctrl+Tab").await?;
        room.shell
            .until("document.querySelector('[data-testid=content][data-shows=new]')")
            .await?;
        room.display.press("ctrl+w").await?;
        room.shell.until(&format!("{COUNT} === {tabs}")).await?;
        live(room, "what the closed tab leaves", DESK).await?;

        focus().await?;
        room.display.press("ctrl+shift+m").await?;
        room.shell
            .until("document.querySelector('[data-testid=content][data-shows=page]')")
            .await?;
        room.site
            .told("the page in Proxy again", |told| {
                (told["engine"] == json!("WebKit")).then_some(())
            })
            .await?;
        room.filled("the page in Proxy again", DESK).await?;
        Ok(())
    })
    .await
}
