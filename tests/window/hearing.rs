//! Pages that hear: by a real microphone, of a sound server of the test's.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, SoundServer};
use serde_json::json;

use crate::asks::{asked, gone};
use crate::room::{RED, Room, start};

/// Each click asks for the microphone; what is heard is told by its loudest tone, in steps.
async fn hearing() -> Html<String> {
    page(
        "Hearing",
        "<body style='margin:0;background:#cc1122'><script>
            const step = 20;
            onclick = async () => {
                let heard;
                try {
                    heard = await navigator.mediaDevices.getUserMedia({ audio: true });
                } catch (error) {
                    tell({ heard: error.name });
                    return;
                }
                const { state } = await navigator.permissions.query({ name: 'microphone' });
                tell({ may: state });
                heard.getAudioTracks()[0].onended = () => tell({ heard: 'no more' });
                const context = new AudioContext();
                const analyser = new AnalyserNode(context, { fftSize: 4096 });
                context.createMediaStreamSource(heard).connect(analyser);
                const levels = new Float32Array(analyser.frequencyBinCount);
                const look = () => {
                    analyser.getFloatFrequencyData(levels);
                    const loudest = levels.indexOf(Math.max(...levels));
                    if (levels[loudest] < -60) return requestAnimationFrame(look);
                    const tone = loudest * context.sampleRate / analyser.fftSize;
                    tell({ heard: Math.round(tone / step) * step });
                };
                look();
            };
            tell({ loaded: true });
        </script>",
    )
}

async fn click(room: &Room) -> Outcome<()> {
    let [left, top, ..] = room.filled("the page in its place", RED).await?;
    room.display.click(left + 100, top + 140, 1).await
}

async fn answer(room: &Room, answer: &str) -> Outcome<()> {
    click(room).await?;
    let said = asked(room, "permission").await?;
    assert!(said.contains("use your microphone"), "{said}");
    let button = format!("[data-testid=ask-{answer}]:enabled");
    room.shell.click(&button).await?;
    gone(room).await?;
    Ok(())
}

/// Has the site asked anew when it wants to hear the next time.
async fn forget(room: &Room) -> Outcome<()> {
    let shell = &room.shell;
    shell.click("[data-testid=security]").await?;
    shell.click("[data-testid=site-forget-microphone]").await?;
    shell.click("[data-testid=site-close]").await
}

#[tokio::test]
async fn a_page_hears_only_with_the_persons_word_and_while_that_stands() -> Outcome<()> {
    let sound = SoundServer::start().await?;
    let (name, value) = sound.variable();
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
    let refused = json!({ "heard": "NotAllowedError" });
    answer(&room, "no").await?;
    room.site.tells(&refused).await?;
    click(&room).await?;
    room.site.tells(&refused).await?;

    forget(&room).await?;
    answer(&room, "yes").await?;
    room.site.tells(&json!({ "may": "granted" })).await?;
    room.site
        .tells(&json!({ "heard": SoundServer::TONE }))
        .await?;
    let shown = "document.querySelector('[role=tab] [data-testid=tab-in-use]')";
    let what = room.shell.until(&format!("{shown}?.title")).await?;
    assert_eq!(what, "Uses your microphone now");

    forget(&room).await?;
    room.site.tells(&json!({ "heard": "no more" })).await?;
    room.shell.until(&format!("!{shown}")).await?;
    answer(&room, "no").await?;
    room.site.tells(&refused).await?;
    room.shell.quit().await
}
