//! The live picture: its colours, its place, its size.

use duotab_test_support::Outcome;
use serde_json::json;

use super::{CODED, DESK, in_window, live, stream, tells};

#[tokio::test]
async fn the_picture_stands_pixel_for_pixel_where_the_page_is_at_every_size() -> Outcome<()> {
    in_window("us", async |room| {
        let [_, _, before, _] = stream(room, "/desk", DESK).await?;
        for (width, height) in [(801, 633), (523, 611), (1101, 700)] {
            room.display.resize(width, height).await?;
            room.shell
                .until(&format!(
                    "innerWidth === {width} && innerHeight === {height}"
                ))
                .await?;
            let [x, y, width, height] = room.shell.content_area(&room.display).await?;
            assert_ne!(width, before);
            let size = json!({ "size": [width, height], "scale": 1 });
            tells(room, size).await?;
            room.shell
                .until(&format!(
                    "(() => {{
                        const canvas = document.querySelector('[data-testid=live-canvas]');
                        const box = canvas.getBoundingClientRect();
                        return +canvas.dataset.width === {width} && box.width === {width}
                            && +canvas.dataset.height === {height} && box.height === {height};
                    }})()"
                ))
                .await?;
            live(room, &format!("the page at {width}x{height}"), DESK).await?;
            // The button, whose edges are sharp: a scaled picture would smear them.
            let green = [0x20, 0xc0, 0x40];
            let button = [x + 40, y + 40, x + 240, y + 120];
            room.display
                .until(&format!("the button at {width}x{height}"), |picture| {
                    let [left, top, right, bottom] = button;
                    let inside = [
                        (left, top),
                        (right - 1, top),
                        (left, bottom - 1),
                        (right - 1, bottom - 1),
                    ];
                    let outside = [
                        (left - 3, top),
                        (right + 2, top),
                        (left, top - 3),
                        (left, bottom + 2),
                    ];
                    inside.iter().all(|&(x, y)| picture.is(x, y, green, 40))
                        && picture.is(left + 30, top + 40, green, CODED)
                        && outside.iter().all(|&(x, y)| picture.is(x, y, DESK, 24))
                })
                .await?;
        }
        Ok(())
    })
    .await
}
