//! Streamed pages that are heard, by a loudspeaker of the test's own.

use axum::response::Html;
use duotab_test_support::probe::page;
use duotab_test_support::{Outcome, SoundServer};
use serde_json::json;

use super::{DESK, in_window_with, stream, tells};

/// The tone of [`loud`], in hertz.
pub(super) const TONE: u32 = 1000;

/// Each click begins a tone, or ends it.
pub(super) async fn loud() -> Html<String> {
    page(
        "Loud",
        &format!(
            "<body style='margin:0;background:#204080'><p>Click</p><script>
                const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
                let tone = null;
                onclick = () => {{
                    if (tone) {{
                        tone.stop();
                        tone = null;
                    }} else {{
                        const context = new AudioContext();
                        tone = new OscillatorNode(context, {{ frequency: {TONE} }});
                        tone.connect(new GainNode(context, {{ gain: 0.3 }}))
                            .connect(context.destination);
                        tone.start();
                    }}
                    tell({{ plays: tone !== null, engine }});
                }};
            </script>"
        ),
    )
}

#[tokio::test]
async fn a_page_in_a_browser_of_this_machine_plays_to_its_loudspeakers() -> Outcome<()> {
    let sound = SoundServer::start().await?;
    in_window_with("us", &[sound.variable()], async |room| {
        let [x, y, ..] = stream(room, "/loud", DESK).await?;
        sound.falls_silent().await?;
        room.display.click(x + 100, y + 100, 1).await?;
        tells(room, json!({ "plays": true })).await?;
        sound.plays(TONE).await?;
        room.display.click(x + 100, y + 100, 1).await?;
        tells(room, json!({ "plays": false })).await?;
        sound.falls_silent().await
    })
    .await
}
