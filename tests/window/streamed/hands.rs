//! Mouse, keys and text of a live page.

use duotab_test_support::Outcome;
use serde_json::json;

use super::{DESK, bring, in_window, key, stream, tells};

#[tokio::test]
async fn what_a_person_clicks_and_types_arrives_in_the_page() -> Outcome<()> {
    in_window("de", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        room.display.click(x + 140, y + 80, 1).await?;
        tells(room, json!({ "click": "button" })).await?;
        room.display.click(x + 500, y + 300, 5).await?;
        tells(room, json!({ "wheel": 1 })).await?;

        room.display.click(x + 140, y + 180, 1).await?;
        tells(room, json!({ "focus": "input" })).await?;
        // A key each: the euro stands on the third level of the German E.
        for chord in ["a", "shift+a", "1", "ssharp", "ISO_Level3_Shift+e"] {
            room.display.press(chord).await?;
        }
        tells(room, json!({ "text": "aA1ß€" })).await?;
        bring(room, "😀").await?;
        tells(room, json!({ "text": "aA1ß€😀" })).await?;
        room.display.press("e").await?;
        tells(room, json!({ "text": "aA1ß€😀e" })).await
    })
    .await
}

#[tokio::test]
async fn text_that_no_key_makes_arrives_whole_and_in_order() -> Outcome<()> {
    in_window("us", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        room.display.click(x + 140, y + 180, 1).await?;
        tells(room, json!({ "focus": "input" })).await?;
        // All within one turn of the shell's page, keys between the texts.
        room.shell
            .value(
                "(() => {
                    const field = document.querySelector('[data-testid=live-field]');
                    const facts = { bubbles: true, cancelable: true };
                    for (const text of ['ß', '€', '😀', 'é', '日本']) {
                        field.dispatchEvent(new InputEvent('input',
                            { ...facts, inputType: 'insertText', data: text }));
                        for (const type of ['keydown', 'keyup'])
                            field.dispatchEvent(new KeyboardEvent(type,
                                { ...facts, key: 'x', code: 'KeyX' }));
                    }
                    return true;
                })()",
            )
            .await?;
        tells(room, json!({ "text": "ßx€x😀xéx日本x" })).await
    })
    .await
}

#[tokio::test]
async fn keys_that_are_held_come_up_when_the_focus_leaves() -> Outcome<()> {
    in_window("us", async |room| {
        let [x, y, ..] = stream(room, "/desk", DESK).await?;
        room.display.click(x + 500, y + 300, 1).await?;
        key(room, "keydown", "x").await?;
        tells(room, json!({ "down": "x" })).await?;
        room.display.click(640, y - 20, 1).await?;
        tells(room, json!({ "up": "x" })).await?;
        key(room, "keyup", "x").await
    })
    .await
}
