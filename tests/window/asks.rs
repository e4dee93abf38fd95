//! What a page asks the person: permissions, dialogs, a name and a password.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Colour, Display, Outcome, ProbeSite, within};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::room::{BLUE, RED, Room, start};

/// After what time a press that nothing came of is made again.
const AGAIN: Duration = Duration::from_secs(3);

const GREY: Colour = [0x77, 0x77, 0x77];

/// Four buttons in a row that ask in one way each.
async fn asking() -> Html<String> {
    page(
        "Asking",
        "<style>body { margin: 0; background: #cc1122 }
            button { position: absolute; top: 100px; width: 200px; height: 80px; border: 0;
                background: #204080 }</style>
        <button id=notes style='left: 20px'>Notes</button>
        <button id=alert style='left: 240px'>Alert</button>
        <button id=confirm style='left: 460px'>Confirm</button>
        <button id=prompt style='left: 680px'>Prompt</button>
        <script>
            const on = (id, act) => document.getElementById(id).onclick = act;
            on('notes', async () => tell({ notes: await Notification.requestPermission() }));
            on('alert', () => { alert('Mind the gap'); tell({ alert: 'over' }); });
            on('confirm', () => tell({ confirm: confirm('Sure?') }));
            on('prompt', () => tell({ prompt: prompt('Your name?', 'nobody') }));
            tell({ loaded: true });
        </script>",
    )
}

/// Lets in whoever says `ann:secret`.
pub(crate) async fn guarded(headers: HeaderMap) -> Response {
    let said = headers.get(header::AUTHORIZATION);
    // `ann:secret` in base64.
    if said.is_some_and(|said| said == "Basic YW5uOnNlY3JldA==") {
        return page("Inside", "<body style='margin:0;background:#cc1122'>").into_response();
    }
    let realm = [(header::WWW_AUTHENTICATE, "Basic realm=\"The cellar\"")];
    let strangers = page("Outside", "<body style='margin:0;background:#777777'>");
    (StatusCode::UNAUTHORIZED, realm, strangers).into_response()
}

const NONCE: &str = "7e1f";

/// The same, but it is not told the password (RFC 7616, with MD5 as old servers have it).
async fn digested(headers: HeaderMap) -> Response {
    let said = headers.get(header::AUTHORIZATION);
    let said = said.and_then(|said| said.to_str().ok()).unwrap_or_default();
    let part = |name: &str| {
        let (_, rest) = said.split_once(&format!("{name}="))?;
        let end = rest.find(',').unwrap_or(rest.len());
        Some(rest.get(..end)?.trim().trim_matches('"').to_owned())
    };
    let digest = |text: String| -> String {
        let bytes = Md5::digest(text.as_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let whole = || {
        let who = digest("ann:The cellar:secret".to_owned());
        let what = digest(format!("GET:{}", part(" uri")?));
        let (count, salt) = (part(" nc")?, part(" cnonce")?);
        Some(digest(format!("{who}:{NONCE}:{count}:{salt}:auth:{what}")))
    };
    if said.starts_with("Digest ") && whole().is_some_and(|it| Some(it) == part(" response")) {
        return page("Inside", "<body style='margin:0;background:#cc1122'>").into_response();
    }
    let realm = format!("Digest realm=\"The cellar\", nonce=\"{NONCE}\", qop=\"auth\"");
    let strangers = page("Outside", "<body style='margin:0;background:#777777'>");
    let asked = [(header::WWW_AUTHENTICATE, realm)];
    (StatusCode::UNAUTHORIZED, asked, strangers).into_response()
}

async fn room_on(path: &str) -> Outcome<Room> {
    let pages = Router::new()
        .route("/asking", get(asking))
        .route("/guarded", get(guarded))
        .route("/digested", get(digested));
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app.open(&start(&display).argument(site.url(path))).await?;
    Ok(Room {
        shell,
        app,
        site,
        display,
    })
}

/// Clicks one of the fields.
async fn click(room: &Room, x: u32) -> Outcome<()> {
    let [left, top, ..] = room.filled("the page in its place", RED).await?;
    room.display.click(left + x + 100, top + 140, 1).await
}

pub(crate) async fn asked(room: &Room, question: &str) -> Outcome<String> {
    let bar = format!("document.querySelector('[data-testid=ask][data-question={question}]')");
    let said = room.shell.until(&format!("{bar}?.innerText")).await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

pub(crate) async fn gone(room: &Room) -> Outcome<Value> {
    room.shell
        .until("!document.querySelector('[data-testid=ask]')")
        .await
}

#[tokio::test]
async fn a_permission_is_asked_for_once_and_can_be_taken_back() -> Outcome<()> {
    let room = room_on("/asking").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    room.filled("the page", RED).await?;
    room.shell
        .value(
            "new MutationObserver(() => {
                const yes = document.querySelector('[data-testid=ask-yes]');
                if (yes) window.atFirst ??= yes.disabled ? 'disabled' : 'enabled';
            }).observe(document, { subtree: true, childList: true })",
        )
        .await?;
    click(&room, 20).await?;
    let said = asked(&room, "permission").await?;
    let origin = format!("127.0.0.1:{}", room.site.port());
    assert!(said.contains(&origin), "{said}");
    assert!(said.contains("show notifications"), "{said}");
    // A click that was meant for the page is no answer.
    room.shell.until("window.atFirst === 'disabled'").await?;
    room.shell.click("[data-testid=ask-no]:enabled").await?;
    gone(&room).await?;
    room.site.tells(&json!({ "notes": "denied" })).await?;

    // The answer stands, also for the page that is loaded anew.
    room.display.press("F5").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    click(&room, 20).await?;
    room.site.tells(&json!({ "notes": "denied" })).await?;
    room.shell.click("[data-testid=security]").await?;
    room.shell
        .until(
            "document.querySelector('[data-testid=site-wish-notifications][data-allowed=false]')",
        )
        .await?;
    room.shell
        .click("[data-testid=site-forget-notifications]")
        .await?;
    room.shell
        .until("document.querySelector('[data-testid=site-bar]:not(:has(li))')")
        .await?;
    room.shell.click("[data-testid=site-close]").await?;
    room.shell
        .until("!document.querySelector('[data-testid=site-bar]')")
        .await?;
    room.filled("the page below its bars", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_dialog_names_its_page_and_holds_up_that_page_alone() -> Outcome<()> {
    let room = room_on("/asking").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    room.filled("the page", RED).await?;
    click(&room, 240).await?;
    let said = asked(&room, "alert").await?;
    let origin = format!("127.0.0.1:{} says", room.site.port());
    assert!(
        said.contains(&origin) && said.contains("Mind the gap"),
        "{said}"
    );
    // The window goes on: another tab opens, loads and closes.
    room.open_tab("/colour/1122cc").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    gone(&room).await?;
    room.display.press("ctrl+w").await?;
    asked(&room, "alert").await?;
    room.shell.click("[data-testid=ask-yes]").await?;
    room.site.tells(&json!({ "alert": "over" })).await?;
    gone(&room).await?;

    click(&room, 460).await?;
    asked(&room, "confirm").await?;
    room.shell.click("[data-testid=ask-no]").await?;
    room.site.tells(&json!({ "confirm": false })).await?;
    gone(&room).await?;
    click(&room, 460).await?;
    asked(&room, "confirm").await?;
    room.shell.click("[data-testid=ask-silence]").await?;
    room.site.tells(&json!({ "confirm": false })).await?;
    // A page that was silenced gets its answer at once.
    click(&room, 460).await?;
    room.site.tells(&json!({ "confirm": false })).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_dialog_is_answered_by_the_keyboard() -> Outcome<()> {
    let room = room_on("/asking").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    room.filled("the page", RED).await?;
    click(&room, 680).await?;
    asked(&room, "prompt").await?;
    room.shell
        .until("document.activeElement?.dataset.testid === 'ask-text'")
        .await?;
    room.display.press("ctrl+a").await?;
    room.display.write("Ann").await?;
    room.display.press("Return").await?;
    room.site.tells(&json!({ "prompt": "Ann" })).await?;
    gone(&room).await?;
    click(&room, 680).await?;
    asked(&room, "prompt").await?;
    room.display.press("Escape").await?;
    room.site.tells(&json!({ "prompt": null })).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_page_with_an_open_dialog_can_be_left() -> Outcome<()> {
    let room = room_on("/asking").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    room.filled("the page", RED).await?;
    click(&room, 240).await?;
    asked(&room, "alert").await?;
    let tab = room
        .shell
        .value("document.querySelector('[role=tab]').dataset.tab")
        .await?;
    let tab: u32 = tab.as_str().unwrap_or_default().parse()?;
    let input = room.site.url("/colour/1122cc");
    room.shell
        .invoke("navigate", json!({ "tab": tab, "input": input }))
        .await?
        .map_err(|problem| format!("{problem}"))?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;
    gone(&room).await?;
    room.shell.close().await
}

/// Fills in the bar that asks for a name and a password.
pub(crate) async fn enter(room: &Room, name: &str, password: &str) -> Outcome<()> {
    room.shell
        .until("document.activeElement?.dataset.testid === 'ask-user'")
        .await?;
    room.display.write(name).await?;
    room.display.press("Tab").await?;
    room.display.write(password).await?;
    room.display.press("Return").await
}

async fn toggle(room: &Room, mode: &str) -> Outcome<()> {
    let toggle = format!("[data-testid=mode-toggle-{mode}]");
    room.shell.click(&toggle).await
}

#[tokio::test]
async fn a_server_that_wants_a_password_is_given_one_in_each_mode_and_no_log_has_it() -> Outcome<()>
{
    let room = room_on("/guarded").await?;
    let said = asked(&room, "login").await?;
    let origin = format!("127.0.0.1:{} asks", room.site.port());
    assert!(
        said.contains(&origin) && said.contains("The cellar"),
        "{said}"
    );
    assert!(said.contains("unencrypted"), "{said}");
    enter(&room, "ann", "wrong").await?;
    room.shell.find("[data-testid=ask-again]").await?;
    enter(&room, "ann", "secret").await?;
    // The bar has made room for itself at the page's cost.
    gone(&room).await?;
    room.filled("what is inside", RED).await?;

    toggle(&room, "streamed").await?;
    asked(&room, "login").await?;
    enter(&room, "ann", "wrong").await?;
    room.shell.find("[data-testid=ask-again]").await?;
    enter(&room, "ann", "secret").await?;
    room.shown("what is inside, streamed", RED).await?;
    gone(&room).await?;
    assert!(!room.app.log()?.contains("secret"));
    room.shell.quit().await
}

#[tokio::test]
async fn a_password_in_an_address_lets_in_and_is_neither_shown_nor_saved() -> Outcome<()> {
    let room = room_on("/colour/1122cc").await?;
    room.filled("the page before", BLUE).await?;
    let guarded = room.site.url("/guarded");
    let whole = guarded.replace("http://", "http://ann:secret@");
    room.display.visit(&whole).await?;
    room.filled("what is inside", RED).await?;
    let bare = format!("document.querySelector('[data-testid=address]').value === '{guarded}'");
    room.shell.until(&bare).await?;
    toggle(&room, "streamed").await?;
    room.shown("what is inside, streamed", RED).await?;
    room.shell.until(&bare).await?;
    let log = room.app.log()?;
    assert!(!log.contains("secret"), "{log}");
    let data = room.app.data();
    room.shell.quit().await?;
    let found = std::process::Command::new("grep")
        .args(["-rlas", "ann:secret"])
        .arg(&data)
        .output()?;
    assert_eq!(String::from_utf8(found.stdout)?, "");
    Ok(())
}

#[tokio::test]
async fn a_server_that_wants_a_digest_is_never_told_the_password_itself() -> Outcome<()> {
    let room = room_on("/digested").await?;
    for streamed in [false, true] {
        if streamed {
            toggle(&room, "streamed").await?;
        }
        let said = asked(&room, "login").await?;
        assert!(said.contains("The cellar"), "{said}");
        enter(&room, "ann", "wrong").await?;
        room.shell.find("[data-testid=ask-again]").await?;
        enter(&room, "ann", "secret").await?;
        gone(&room).await?;
        room.shown("what is inside", RED).await?;
    }
    room.shell.quit().await
}

#[tokio::test]
async fn whoever_cancels_a_password_sees_what_strangers_see() -> Outcome<()> {
    let room = room_on("/guarded").await?;
    for mode in ["proxy", "streamed"] {
        toggle(&room, mode).await?;
        asked(&room, "login").await?;
        room.shell.click("[data-testid=ask-no]").await?;
        gone(&room).await?;
        room.shown("what strangers see", GREY).await?;
    }
    room.shell.quit().await
}

#[tokio::test]
async fn a_password_is_not_asked_for_once_the_page_is_left() -> Outcome<()> {
    let room = room_on("/asking").await?;
    for mode in ["proxy", "streamed"] {
        toggle(&room, mode).await?;
        room.site.tells(&json!({ "loaded": true })).await?;
        let tab = room
            .shell
            .value("document.querySelector('[role=tab]').dataset.tab")
            .await?;
        let tab: u32 = tab.as_str().unwrap_or_default().parse()?;
        for path in ["/guarded", "/asking"] {
            let input = room.site.url(path);
            room.shell
                .invoke("navigate", json!({ "tab": tab, "input": input }))
                .await?
                .map_err(|problem| format!("{problem}"))?;
            if path == "/guarded" {
                asked(&room, "login").await?;
            }
        }
        room.site.tells(&json!({ "loaded": true })).await?;
        gone(&room).await?;
    }
    room.shell.quit().await
}

/// Presses a streamed page's first button until it has asked. However often that is, it asks once.
async fn asked_when_pressed(room: &Room) -> Outcome<String> {
    within("a question of the streamed page", async {
        loop {
            let [left, top, ..] = room.shown("the page, streamed", RED).await?;
            room.display.click(left + 120, top + 140, 1).await?;
            let asked = asked(room, "permission");
            if let Ok(said) = tokio::time::timeout(AGAIN, asked).await {
                return said;
            }
        }
    })
    .await?
}

#[tokio::test]
async fn a_streamed_page_asks_for_a_permission_in_the_bar_and_it_can_be_taken_back() -> Outcome<()>
{
    let room = room_on("/asking").await?;
    toggle(&room, "streamed").await?;
    room.site.tells(&json!({ "loaded": true })).await?;
    let said = asked_when_pressed(&room).await?;
    let origin = format!("127.0.0.1:{}", room.site.port());
    assert!(said.contains(&origin), "{said}");
    assert!(said.contains("show notifications"), "{said}");
    room.shell.click("[data-testid=ask-no]:enabled").await?;
    gone(&room).await?;
    room.site.tells(&json!({ "notes": "denied" })).await?;
    room.shell.click("[data-testid=security]").await?;
    room.shell
        .click("[data-testid=site-forget-notifications]")
        .await?;
    room.shell.click("[data-testid=site-close]").await?;
    asked_when_pressed(&room).await?;
    room.shell.click("[data-testid=ask-yes]:enabled").await?;
    room.site.tells(&json!({ "notes": "granted" })).await?;
    room.shell.quit().await
}
