//! Streamed tabs: a real Chromium in the window, from the toggle to the picture and back.

mod clipboard;
mod engine;
mod failing;
mod far;
mod hands;
mod keys;
mod lane;
mod pages;
mod picture;
mod sounds;
mod stages;

use std::panic::{AssertUnwindSafe, resume_unwind};

use axum::Router;
use axum::extract::Path;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Colour, Display, Outcome, Picture, ProbeSite, within};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::room::{Room, start};

/// The ground of `/desk`.
const DESK: Colour = [0x20, 0x40, 0x80];

/// What coding and decoding may do to a flat colour.
const CODED: u8 = 8;

const LIVE: &str = "document.querySelector('[data-testid=content][data-shows=live]')
    && +document.querySelector('[data-testid=live-canvas]').dataset.frames > 0";

/// Like the probe, and it says in which engine it is: button (40, 40, 200x80, #20c040), link to
/// `/colour/aa2266` (300, 40, 200x80), the same for a new tab to `/colour/2266aa` (540, 40), text
/// field (40, 160, 400x40). The button has a word on it: some Chromiums drop every click before a
/// page's first contentful paint.
async fn desk() -> Html<String> {
    page(
        "Desk",
        "<style>
            body { margin: 0; background: #204080; height: 100vh; overflow: hidden }
            button, a, input { position: absolute; border: 0; outline: 0; padding: 0;
                top: 40px; width: 200px; height: 80px }
            button { left: 40px; background: #20c040 }
            a { left: 300px; background: #c0c020 }
            input { left: 40px; top: 160px; width: 400px; height: 40px; font-size: 20px }
        </style>
        <button id=button>Press</button><a href='/colour/aa2266'></a>
        <a href='/colour/2266aa' target=_blank style='left: 540px'></a><input id=input>
        <script>
            const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
            const input = document.getElementById('input');
            document.getElementById('button').onclick = () => {
                document.title = 'Clicked';
                tell({ click: 'button', engine });
            };
            input.onfocus = () => tell({ focus: 'input', engine });
            input.oninput = () => tell({ text: input.value, engine });
            addEventListener('keyup', (e) => tell({ up: e.key, engine }));
            addEventListener('keydown', (e) => tell({ down: e.key, engine }));
            addEventListener('wheel', (e) => tell({ wheel: Math.sign(e.deltaY), engine }));
            const size = () => tell({ size: [innerWidth, innerHeight],
                scale: devicePixelRatio, engine });
            addEventListener('resize', size);
            size();
        </script>",
    )
}

/// Knocks at a port of loopback as a WebSocket, and tells what comes of it.
async fn knock(Path(port): Path<u16>) -> Html<String> {
    page(
        "Knock",
        &format!(
            "<script>
                const engine = navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit';
                const heard = [];
                const socket = new WebSocket('ws://127.0.0.1:{port}/');
                for (const type of ['open', 'message', 'error', 'close'])
                    socket.addEventListener(type, () => heard.push(type));
                socket.addEventListener('open', () => socket.send('let me in'));
                socket.addEventListener('close',
                    () => tell({{ knocked: {port}, heard, engine }}));
            </script>"
        ),
    )
}

/// Runs a test in a window of its own, on a display with this keyboard layout. Whatever comes of
/// it, the app is closed in good order and nothing of an engine is left.
async fn in_window(layout: &str, test: impl AsyncFnOnce(&Room) -> Outcome<()>) -> Outcome<()> {
    in_window_with(layout, &[], test).await
}

async fn in_window_with(
    layout: &str,
    variables: &[(&str, String)],
    test: impl AsyncFnOnce(&Room) -> Outcome<()>,
) -> Outcome<()> {
    let display = Display::with_layout(1280, 800, layout).await?;
    let site = ProbeSite::with(
        Router::new()
            .route("/desk", get(desk))
            .route("/loud", get(sounds::loud))
            .route("/knock/{port}", get(knock)),
    )
    .await?;
    in_room(display, site, variables, test).await
}

async fn in_room(
    display: Display,
    site: ProbeSite,
    variables: &[(&str, String)],
    test: impl AsyncFnOnce(&Room) -> Outcome<()>,
) -> Outcome<()> {
    let app = App::new()?;
    let start = variables
        .iter()
        .fold(start(&display), |start, (name, value)| {
            start.variable(name, value)
        });
    let room = Room {
        shell: app.open(&start).await?,
        app,
        site,
        display,
    };
    // A test that stops where it is surprised leaves nothing behind either.
    let outcome = AssertUnwindSafe(test(&room)).catch_unwind().await;
    if !matches!(outcome, Ok(Ok(()))) {
        let name = std::thread::current().name().unwrap_or("test").to_owned();
        let picture = format!("target/failed/{}.png", name.replace("::", "-"));
        room.display.look()?.save(picture.as_ref())?;
        let details = "document.querySelector('[data-testid=problem-action-details]')?.click()";
        let _ = room.shell.value(details).await;
        let problem = room
            .shell
            .value("document.querySelector('[data-testid=problem]')?.innerText ?? ''")
            .await;
        eprintln!("--- {picture}\n{}\n{problem:?}", room.app.log()?);
    }
    let ended = room.shell.quit().await;
    let gone = ended.and(engine::gone(&room.app).await);
    outcome
        .unwrap_or_else(|panic| resume_unwind(panic))
        .and(gone)
}

/// Opens a page of the site, toggles its tab by the mouse, and waits for the picture. Gives the
/// content area.
async fn stream(room: &Room, path: &str, ground: Colour) -> Outcome<[u32; 4]> {
    room.open_tab(path).await?;
    room.filled("the page in Proxy", ground).await?;
    room.shell
        .click("[data-testid=mode-toggle-streamed]")
        .await?;
    live(room, "the live picture", ground).await
}

/// Waits until the content area is a live picture of this colour. Gives the content area.
async fn live(room: &Room, what: &str, ground: Colour) -> Outcome<[u32; 4]> {
    room.shell.until(LIVE).await?;
    room.shell
        .until_shown(&room.display, what, |picture, area| {
            fills(picture, area, ground)
        })
        .await
}

/// Whether a coded picture of `colour` is in the area's corners and middle, and not above it.
fn fills(picture: &Picture, [x, y, width, height]: [u32; 4], colour: Colour) -> bool {
    let (right, bottom) = (x + width - 3, y + height - 3);
    let inside = [
        (x + 2, y + 2),
        (right, y + 2),
        (x + 2, bottom),
        (right, bottom),
        (x + width / 2, y + height / 2),
    ];
    inside
        .into_iter()
        .all(|(x, y)| picture.is(x, y, colour, CODED))
        && !picture.is(x + width / 2, y.saturating_sub(4), colour, CODED)
}

/// Waits until the page in Chromium says exactly this.
async fn tells(room: &Room, mut wanted: Value) -> Outcome<()> {
    wanted["engine"] = json!("Chromium");
    room.site.tells(&wanted).await
}

/// A key that goes down or up, by itself.
async fn key(room: &Room, way: &str, name: &str) -> Outcome<()> {
    let mut xdotool = Command::new("xdotool");
    xdotool
        .args([way, name])
        .env("DISPLAY", room.display.name());
    let status = within("xdotool", xdotool.status()).await??;
    status.success().then_some(()).ok_or("xdotool".into())
}

/// Text that comes from no key, as an input method or an emoji picker brings it.
async fn bring(room: &Room, text: &str) -> Outcome<()> {
    let text = serde_json::to_string(text)?;
    room.shell
        .value(&format!(
            "document.querySelector('[data-testid=live-field]').dispatchEvent(
                new InputEvent('input', {{ inputType: 'insertText', data: {text} }}))"
        ))
        .await?;
    Ok(())
}
