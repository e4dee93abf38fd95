//! Pages that nobody looks at are put to sleep.

use std::path::Path;

use axum::Router;
use axum::http::header;
use axum::response::Html;
use axum::routing::{MethodRouter, get, post};
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{RED, Room, start};
use crate::sandboxed::drawing;

/// A long page with a field, which says how far it is scrolled. The first key scrolls it.
async fn long() -> Html<String> {
    page(
        "Long",
        "<link rel=icon href=/icon.png>
        <style>body { margin: 0; background: #cc1122; height: 6000px }
            ::-webkit-scrollbar { display: none }
            input { position: fixed; top: 40px; left: 40px; width: 300px; height: 40px; border: 0 }
        </style><input id=field>
        <script>
            const say = () => tell({ at: Math.round(scrollY), text: field.value });
            onkeyup = () => { scrollTo(0, 2000); say(); };
            field.onclick = () => tell({ clicked: true });
            onscroll = onload = say;
        </script>",
    )
}

/// A green square.
const ICON: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0\x90\x91\x68\x36\
    \0\0\0\x16IDAT\x78\xda\x63\x50\x38\xe0\x40\x12\x62\x18\xd5\x30\xaa\x61\xf8\x6a\0\0\xfc\xd8\x20\x10\xcb\
    \x3b\x8c\x8f\0\0\0\0IEND\xae\x42\x60\x82";

/// A page that is one place to write, which no look at its fields would find, red all over.
fn writing(title: &'static str, place: &'static str) -> MethodRouter {
    get(async move || {
        let style = "<style>body { margin: 0; background: #cc1122; min-height: 90vh }
            .all { position: fixed; inset: 0; opacity: 0; border: 0; width: 100%; height: 100% }</style><p></p>";
        page(title, &format!("{style}{place}"))
    })
}

/// Written into a frame, into what is no field.
const FRAME: &str = "<script>
    const frame = document.createElement('iframe');
    frame.className = 'all';
    frame.src = '/editor';
    document.body.append(frame);
</script>";
const EDITOR: &str = "<script>
    document.documentElement.contentEditable = true;
    onclick = () => tell({ clicked: 'frame' });
    oninput = () => tell({ typed: 'frame' });
    tell({ ready: 'frame' });
</script>";
/// Behind a shadow root.
const SHADOW: &str = "<div id=host></div><script>
    const root = document.querySelector('#host').attachShadow({ mode: 'closed' });
    const field = document.createElement('textarea');
    field.style = 'position: fixed; inset: 0; opacity: 0; width: 100%; height: 100%';
    root.append(field);
    onclick = () => tell({ clicked: 'shadow' });
    oninput = () => tell({ typed: 'shadow' });
    tell({ ready: 'shadow' });
</script>";
/// In a field that a script calls its own with every key, as libraries do.
const CONTROLLED: &str = "<input class=all><script>
    const field = document.querySelector('input');
    field.onclick = () => tell({ clicked: 'controlled' });
    field.oninput = () => { field.defaultValue = field.value; tell({ typed: 'controlled' }); };
    tell({ ready: 'controlled' });
</script>";
/// Nothing is written, but something is sent.
const FORM: &str = "<form action=/sent method=post><button class=all></button></form>
    <script>tell({ form: true })</script>";
const SENT: &str = "<script>tell({ sent: true })</script>";

async fn room(sleep_after: &str) -> Outcome<Room> {
    let display = Display::start(1000, 700).await?;
    let icon = || async { ([(header::CONTENT_TYPE, "image/png")], ICON) };
    let pages = Router::new()
        .route("/long", get(long))
        .route("/icon.png", get(icon))
        .route("/frame", writing("Frame", FRAME))
        .route("/editor", writing("Editor", EDITOR))
        .route("/shadow", writing("Shadow", SHADOW))
        .route("/controlled", writing("Controlled", CONTROLLED))
        .route("/form", writing("Form", FORM))
        .route("/sent", post(async || page("Sent", SENT)));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let start = start(&display).argument(site.url("/long"));
    let shell = app
        .open(&start.variable("DUOTAB_SLEEP_AFTER", sleep_after))
        .await?;
    Ok(Room {
        shell,
        app,
        site,
        display,
    })
}

/// The web processes that an app with this data folder has, and their own memory in MB. What they
/// have from files is left out: they share it with those of other tests, which come and go.
fn web_processes(data: &Path) -> Outcome<(usize, u64)> {
    let (mut count, mut memory) = (0, 0);
    for process in drawing(data)? {
        let rollup = std::fs::read_to_string(process.join("smaps_rollup")).unwrap_or_default();
        let share = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss_Anon:"));
        let kilobytes = share.and_then(|share| share.trim().strip_suffix(" kB"));
        count += 1;
        memory += kilobytes
            .and_then(|it| it.trim().parse::<u64>().ok())
            .unwrap_or(0)
            / 1024;
    }
    Ok((count, memory))
}

#[tokio::test]
async fn a_page_that_sleeps_gives_its_memory_back_and_wakes_where_it_was() -> Outcome<()> {
    // Both are awake while the second one comes up.
    let room = room("5").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.site.tells(&json!({ "at": 0, "text": "" })).await?;
    room.display.click(x + 300, y + 200, 1).await?;
    room.shell
        .until("document.querySelector('[data-testid=tab] img')")
        .await?;
    room.display.press("Down").await?;
    room.site.tells(&json!({ "at": 2000, "text": "" })).await?;
    let (awake, _) = web_processes(&room.app.data())?;
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    let (both, before) = web_processes(&room.app.data())?;
    assert_eq!(both, awake + 1);
    let asleep = "document.querySelector('[data-testid=tab][data-asleep=true]')";
    room.shell.until(asleep).await?;
    room.shell
        .until(&format!(
            "{asleep}.innerText.includes('Long') && {asleep}.querySelector('img')"
        ))
        .await?;
    let mut gone = tokio::time::interval(std::time::Duration::from_millis(50));
    let after = duotab_test_support::within("the end of the process", async {
        loop {
            gone.tick().await;
            let (left, memory) = web_processes(&room.app.data())?;
            if left == awake {
                break Outcome::Ok(memory);
            }
        }
    })
    .await??;
    eprintln!("a page asleep: {before} MB of web processes have become {after} MB");
    assert!(after < before, "{before} MB, then {after} MB");

    room.shell.click_tab("Long").await?;
    room.site.tells(&json!({ "at": 2000, "text": "" })).await?;
    room.filled("the page again", RED).await?;
    room.shell
        .until(&format!(
            "!{asleep} || !{asleep}.innerText.includes('Long')"
        ))
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_with_something_typed_into_it_stays_awake() -> Outcome<()> {
    let room = room("1").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.click(x + 100, y + 60, 1).await?;
    room.site.tells(&json!({ "clicked": true })).await?;
    room.display.write("mine").await?;
    room.site
        .tells(&json!({ "at": 2000, "text": "mine" }))
        .await?;
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    // A third one, which sleeps, shows that the time has come for the first one too.
    room.open_tab("/colour/22cc11").await?;
    room.site.tells(&json!({ "shown": "22cc11" })).await?;
    room.shell
        .until("document.querySelector('[data-testid=tab][data-asleep=true]').innerText.includes('1122cc')")
        .await?;
    room.shell
        .until("document.querySelectorAll('[data-testid=tab][data-asleep=true]').length === 1")
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn what_could_not_be_had_again_keeps_a_page_awake_wherever_it_is() -> Outcome<()> {
    let room = room("1").await?;
    let [x, y, width, height] = room.filled("the page", RED).await?;
    let middle = (x + width / 2, y + height / 2);
    for place in ["frame", "shadow", "controlled"] {
        room.open_tab(&format!("/{place}")).await?;
        room.site.tells(&json!({ "ready": place })).await?;
        room.filled(place, RED).await?;
        room.display.click(middle.0, middle.1, 1).await?;
        room.site.tells(&json!({ "clicked": place })).await?;
        room.display.press("a").await?;
        room.site.tells(&json!({ "typed": place })).await?;
    }
    room.open_tab("/form").await?;
    room.site.tells(&json!({ "form": true })).await?;
    room.filled("the form", RED).await?;
    room.display.click(middle.0, middle.1, 1).await?;
    room.site.tells(&json!({ "sent": true })).await?;
    // The one that was there from the beginning, and this one, have nothing to lose.
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    room.open_tab("/colour/22cc11").await?;
    room.site.tells(&json!({ "shown": "22cc11" })).await?;
    let asleep = "[...document.querySelectorAll('[data-testid=tab][data-asleep=true]')]
        .map((tab) => tab.innerText.trim()).join()";
    room.shell
        .until(&format!("{asleep} === 'Long,1122cc'"))
        .await?;
    room.shell.close().await
}
