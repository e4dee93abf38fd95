//! Pages that hear: by a real microphone, of a sound server of the test's.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Microphone, Outcome, ProbeSite};
use serde_json::json;

use crate::asks::{asked, gone};
use crate::room::{RED, Room, start};

/// Each click asks for the microphone; what is heard is told by its loudest tone.
async fn hearing() -> Html<String> {
    page(
        "Hearing",
        "<body style='margin:0;background:#cc1122'><script>
            onclick = async () => {
                let heard;
                try {
                    heard = await navigator.mediaDevices.getUserMedia({ audio: true });
                } catch (error) {
                    tell({ heard: error.name });
                    return;
                }
                const context = new AudioContext();
                const analyser = new AnalyserNode(context, { fftSize: 4096 });
                context.createMediaStreamSource(heard).connect(analyser);
                const levels = new Float32Array(analyser.frequencyBinCount);
                const look = () => {
                    analyser.getFloatFrequencyData(levels);
                    const loudest = levels.indexOf(Math.max(...levels));
                    if (levels[loudest] < -60) return setTimeout(look, 50);
                    tell({ heard: Math.round(loudest * context.sampleRate / 4096 / 20) * 20 });
                    for (const track of heard.getTracks()) track.stop();
                };
                look();
            };
            tell({ loaded: true });
        </script>",
    )
}

#[tokio::test]
async fn a_page_hears_only_with_the_persons_word() -> Outcome<()> {
    let microphone = Microphone::start().await?;
    let (name, value) = microphone.variable();
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/hearing", get(hearing))).await?;
    let app = App::new()?;
    let start = start(&display)
        .argument(site.url("/hearing"))
        .variable(name, value);
    let shell = app.open(&start).await?;
    let room = Room {
        shell,
        app,
        site,
        display,
    };
    room.site.tells(&json!({ "loaded": true })).await?;
    let [left, top, ..] = room.filled("the page in its place", RED).await?;
    room.display.click(left + 100, top + 140, 1).await?;
    let said = asked(&room, "permission").await?;
    assert!(said.contains("microphone"), "{said}");
    room.shell.click("[data-testid=ask-yes]:enabled").await?;
    gone(&room).await?;
    room.site
        .tells(&json!({ "heard": Microphone::TONE }))
        .await?;
    room.shell.quit().await
}
