//! The pages that are measured.

use axum::Router;
use axum::extract::Path;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::{Colour, Outcome, ProbeSite};

/// What the pages look like in an engine that is no Chromium.
pub(crate) const ELSEWHERE: Colour = [0x44, 0x44, 0x44];
/// The two colours of a page that is clicked.
pub(crate) const CLICKED: [Colour; 2] = [[0xcc, 0x11, 0x22], [0x11, 0x22, 0xcc]];

const CHROMIUM: &str = "const chromium = navigator.userAgent.includes('Chrome');";

/// Its pages:
///
/// | path | page |
/// |---|---|
/// | `/in/RRGGBB` | this colour in Chromium, [`ELSEWHERE`] in any other engine |
/// | `/click` | changes between [`CLICKED`] with every button and key that goes down |
/// | `/patch` | the same, but only 200x200 pixels in the middle change |
/// | `/still` | a page of text |
/// | `/moving` | 1280x720 of which every pixel changes 30 times a second; tells `{"drawn": count, "at": ms}` |
pub(crate) async fn start() -> Outcome<ProbeSite> {
    let pages = Router::new()
        .route("/in/{colour}", get(coloured))
        .route(
            "/click",
            get(|| async { click("document.documentElement") }),
        )
        .route(
            "/patch",
            get(|| async { click("document.getElementById('patch')") }),
        )
        .route("/still", get(|| async { still() }))
        .route("/moving", get(|| async { moving() }));
    ProbeSite::with(pages).await
}

/// `#rrggbb`'s six digits.
pub(crate) fn hex([red, green, blue]: Colour) -> String {
    format!("{red:02x}{green:02x}{blue:02x}")
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>{title}</title>
         <style>html {{ background: #444 }} body {{ margin: 0 }}</style>{body}"
    ))
}

async fn coloured(Path(colour): Path<String>) -> Html<String> {
    let colour: String = colour.chars().filter(char::is_ascii_hexdigit).collect();
    page(
        &colour,
        &format!(
            "<script>{CHROMIUM}
             if (chromium) document.documentElement.style.background = '#{colour}';</script>"
        ),
    )
}

fn click(what: &str) -> Html<String> {
    let [first, second] = CLICKED.map(hex);
    page(
        "click",
        &format!(
            "<body><div id=patch style='position: fixed; width: 200px; height: 200px;
                left: calc(50% - 100px); top: calc(50% - 100px)'></div>
             <script>{CHROMIUM}
             const what = {what};
             let second = false;
             const show = () => what.style.background = second ? '#{second}' : '#{first}';
             const change = (event) => {{
                 event.preventDefault(); second = !second; show();
             }};
             addEventListener('mousedown', change);
             addEventListener('keydown', change);
             if (chromium) show();</script>"
        ),
    )
}

fn still() -> Html<String> {
    let line = "<p>The quick brown fox jumps over the lazy dog, again and again.</p>";
    page(
        "still",
        &format!("<body style='background: #eee'>{}", line.repeat(20)),
    )
}

fn moving() -> Html<String> {
    page(
        "moving",
        "<canvas width=1280 height=720 style='position: fixed; left: 0; top: 0'></canvas>
         <script>
         const pattern = new OffscreenCanvas(1280 + 640, 720);
         const draw = pattern.getContext('2d');
         for (let x = 0; x < pattern.width; x += 32)
             for (let y = 0; y < pattern.height; y += 32) {
                 draw.fillStyle = `hsl(${(x % 640) * 360 / 640} 60% ${30 + (y * 7 + x * 3) % 640 / 16}%)`;
                 draw.fillRect(x, y, 32, 32);
             }
         const canvas = document.querySelector('canvas').getContext('2d');
         let drawn = 0, next = 0, began;
         const step = (now) => {
             requestAnimationFrame(step);
             began ??= now;
             const due = Math.floor((now - began) * 30 / 1000);
             if (due < next) return;
             next = due + 1;
             drawn += 1;
             canvas.drawImage(pattern, -(next * 8 % 640), 0);
         };
         setInterval(() => fetch('/tell', {
             method: 'POST', body: JSON.stringify({drawn, at: performance.now()}),
         }), 1000);
         requestAnimationFrame(step);
         </script>",
    )
}
