//! The shell's keys while the focus is in a page, where only the window can see them.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{BLUE, RED, Room, fills, start};

const AT_ADDRESS: &str = "document.activeElement?.dataset.testid === 'address'";

#[tokio::test]
async fn shortcuts_work_while_a_page_has_the_focus() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the first page", RED).await?;
    room.open_tab("/colour/1122cc").await?;
    room.filled("the second page", BLUE).await?;
    room.display.click(x + 100, y + 100, 1).await?;

    room.display.press("ctrl+shift+Tab").await?;
    room.filled("the tab before", RED).await?;
    room.display.click(x + 100, y + 100, 1).await?;
    room.display.press("ctrl+Tab").await?;
    room.filled("the tab after", BLUE).await?;
    room.display.press("ctrl+w").await?;
    room.filled("what a closed tab leaves", RED).await?;
    room.display.press("ctrl+shift+t").await?;
    room.filled("the tab that was reopened", BLUE).await?;
    room.display.press("ctrl+9").await?;
    room.display.press("F5").await?;
    room.site.tells(&json!({ "shown": "1122cc" })).await?;

    for key in ["ctrl+l", "F6", "alt+d"] {
        room.display.click(x + 100, y + 100, 1).await?;
        room.display.press(key).await?;
        room.shell.until(AT_ADDRESS).await?;
    }
    room.shell.close().await
}

#[tokio::test]
async fn what_is_typed_right_behind_a_shortcut_goes_where_that_leads() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    // What is in a field is no part of the document, which is looked at when it changes.
    room.shell
        .value(
            "(document.oninput = ({ target }) => (document.body.dataset.typed = target.value), true)",
        )
        .await?;
    for _ in 0..10 {
        for bar in ["ctrl+l", "ctrl+f"] {
            room.display.click(x + 100, y + 100, 1).await?;
            room.shell.until("!document.hasFocus()").await?;
            room.display.press_all(&[bar, "q", "j", "z"]).await?;
            room.shell
                .until("document.body.dataset.typed === 'qjz'")
                .await?;
            room.shell
                .value("delete document.body.dataset.typed")
                .await?;
        }
        room.display.press("Escape").await?;
        room.shell
            .until("!document.querySelector('[data-testid=find-bar]')")
            .await?;
    }
    room.shell.close().await
}

/// The keys of the address of a page of the site, and Return.
fn keys_of(room: &Room, path: &str) -> Vec<String> {
    let address = format!("127.0.0.1:{}{path}", room.site.port());
    let signs = address.chars().map(|sign| match sign {
        '.' => "period".to_owned(),
        ':' => "colon".to_owned(),
        '/' => "slash".to_owned(),
        sign => sign.to_string(),
    });
    signs.chain(["Return".to_owned()]).collect()
}

#[tokio::test]
async fn what_is_typed_before_a_new_tab_is_there_goes_to_it() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.click(x + 100, y + 100, 1).await?;
    room.shell.until("!document.hasFocus()").await?;
    let keys = keys_of(&room, "/colour/1122cc");
    let keys = ["ctrl+t"]
        .into_iter()
        .chain(keys.iter().map(String::as_str));
    room.display.press_all(&keys.collect::<Vec<_>>()).await?;
    room.filled("the page of the new tab", BLUE).await?;
    room.display.press("ctrl+shift+Tab").await?;
    room.filled("the page of the old tab", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn what_is_entered_waits_for_the_tab_that_it_is_for() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    let invoke = async |verb: &str, arguments| -> Outcome<()> {
        let answer = room.shell.invoke(verb, arguments).await?;
        Ok(answer.map(drop).map_err(|problem| format!("{problem}"))?)
    };
    let new = json!({ "input": null, "mode": null, "background": false });
    // The key as it reaches the shell's page, long before the state.
    for (target, tab, then, arguments) in [
        ("new_tab", None, "open_tab", new),
        ("address_bar", Some(1), "select_tab", json!({ "tab": 1 })),
    ] {
        room.display.press("ctrl+l").await?;
        room.shell.until(AT_ADDRESS).await?;
        let wish = json!({ "detail": { "target": target, "tab": tab } });
        let told = format!("dispatchEvent(new CustomEvent('duotab-focus', {wish}))");
        room.shell.value(&told).await?;
        let keys = keys_of(&room, "/colour/1122cc");
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        room.display.press_all(&keys).await?;
        room.shell
            .until("document.activeElement === document.body")
            .await?;
        let address = "document.querySelector('[data-testid=address]').value";
        assert_eq!(
            room.shell.value(address).await?,
            json!(room.site.url("/colour/cc1122"))
        );
        invoke(then, arguments).await?;
        room.filled("the page of the tab that came", BLUE).await?;
        invoke("select_tab", json!({ "tab": 2 })).await?;
        room.filled("the page of the tab that was there", RED)
            .await?;
    }
    room.shell.close().await
}

#[tokio::test]
async fn of_new_tabs_in_a_row_the_last_one_gets_what_is_typed() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    room.display.press("ctrl+l").await?;
    room.shell.until(AT_ADDRESS).await?;
    // The keys as they reach the shell's page, long before the states.
    let wish = json!({ "detail": { "target": "new_tab", "tab": null } });
    let told = format!("dispatchEvent(new CustomEvent('duotab-focus', {wish}))");
    room.shell.value(&format!("({told}, {told})")).await?;
    let address = "document.querySelector('[data-testid=address]').value";
    room.display.write("half a wo").await?;
    room.shell
        .until(&format!("{address} === 'half a wo'"))
        .await?;
    let open = "__TAURI_INTERNALS__.invoke('open_tab',
        { input: null, mode: null, background: false })";
    room.shell.value(&format!("({open}, {open}, true)")).await?;
    let front = "document.querySelector('[role=tab][aria-selected=true]').dataset.tab";
    room.shell
        .until(&format!("{front} === '4' && {address} === 'half a wo'"))
        .await?;
    room.display.press("ctrl+3").await?;
    room.shell
        .until(&format!("{front} === '3' && {address} === ''"))
        .await?;

    // What is entered goes to the last one as well, and the tab that comes first is let pass.
    room.shell.value(&format!("({told}, {told})")).await?;
    let keys = keys_of(&room, "/colour/1122cc");
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    room.display.press_all(&keys).await?;
    let front_tab = "__TAURI_INTERNALS__.invoke('select_tab', { tab: 2 })";
    room.shell
        .value(&format!("({front_tab}, {open}, {open}, true)"))
        .await?;
    room.shell.until(&format!("{front} === '6'")).await?;
    room.filled("the page of the last tab", BLUE).await?;
    room.shell.close().await
}

#[tokio::test]
async fn what_is_entered_behind_the_key_for_the_visits_goes_to_their_tab() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    for tabs in [3, 4] {
        let keys = keys_of(&room, "/colour/1122cc");
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        room.display
            .press_all(&[&["ctrl+h"], &keys[..]].concat())
            .await?;
        room.filled("the page of the new tab", BLUE).await?;
        let count = "document.querySelectorAll('[role=tab]').length";
        room.shell.until(&format!("{count} === {tabs}")).await?;
        room.display.press("ctrl+2").await?;
        room.filled("the page that was there", RED).await?;
    }
    room.shell.close().await
}

#[tokio::test]
async fn an_empty_tab_that_becomes_private_keeps_what_is_being_typed() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    room.filled("the page", RED).await?;
    room.display.press("ctrl+t").await?;
    room.shell.until(AT_ADDRESS).await?;
    room.display.write("exam").await?;
    let address = "document.querySelector('[data-testid=address]').value";
    room.shell.until(&format!("{address} === 'exam'")).await?;
    room.display.press("ctrl+shift+n").await?;
    let mark = "document.querySelector('[role=tab][aria-selected=true] [data-testid=tab-profile]')";
    room.shell.until(mark).await?;
    room.display.write("ple").await?;
    room.shell
        .until(&format!("{address} === 'example'"))
        .await?;
    room.shell.close().await
}

#[tokio::test]
async fn what_was_typed_waits_while_the_page_has_the_keyboard() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    room.display.press("ctrl+l").await?;
    room.shell.until(AT_ADDRESS).await?;
    room.display.write("half a wo").await?;
    room.display.click(x + 100, y + 100, 1).await?;
    room.shell.until("!document.hasFocus()").await?;
    // The lock is of the page, and not of what was typed.
    room.shell
        .until("document.querySelector('[data-testid=security]').dataset.security === 'internal'")
        .await?;
    let typed = "document.querySelector('[data-testid=address]').value";
    assert_eq!(room.shell.value(typed).await?, json!("half a wo"));
    let blue = room.site.url("/colour/1122cc");
    let arguments = json!({ "tab": 2, "input": blue });
    let answer = room.shell.invoke("navigate", arguments).await?;
    answer.map_err(|problem| format!("{problem}"))?;
    room.filled("another page", BLUE).await?;
    room.shell.until(&format!("{typed} === '{blue}'")).await?;
    room.shell.close().await
}

#[tokio::test]
async fn a_shortcut_fires_once_wherever_the_focus_is() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    let count = "document.querySelectorAll('[role=tab]').length";
    let before = room.shell.value(count).await?.as_u64().ok_or("no count")?;

    room.display.click(x + 100, y + 100, 1).await?;
    room.display.press("ctrl+t").await?;
    room.shell
        .until(&format!("{count} === {}", before + 1))
        .await?;
    // Now the focus is in the address bar: in the shell's own page.
    room.shell
        .until("document.activeElement?.dataset.testid === 'address'")
        .await?;
    room.display.press("ctrl+t").await?;
    room.shell
        .until(&format!("{count} >= {}", before + 2))
        .await?;
    // A key that fired twice would have opened a third by the time this one is answered.
    room.display.press("ctrl+2").await?;
    room.filled("the second tab", RED).await?;
    assert_eq!(room.shell.value(count).await?, json!(before + 2));
    room.shell.close().await
}

#[tokio::test]
async fn the_page_sees_its_own_keys_and_none_of_the_shells() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/probe").await?;
    let [x, y, ..] = room.filled("the probe", [0x20, 0x40, 0x80]).await?;
    room.display.click(x + 10, y + 300, 1).await?;
    room.display.press("ctrl+plus").await?;
    room.display.press("ctrl+b").await?;
    let keys = room
        .site
        .told("the page's own key", {
            let seen = std::cell::RefCell::new(Vec::new());
            move |told| {
                let key = told.get("key")?.as_str()?.to_owned();
                seen.borrow_mut().push(key.clone());
                (key == "b").then(|| seen.borrow().clone())
            }
        })
        .await?;
    assert!(!keys.iter().any(|key| key == "+" || key == "="), "{keys:?}");
    room.shell.close().await
}

#[tokio::test]
async fn full_screen_gives_the_page_the_whole_screen_and_gives_it_back() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the page", RED).await?;
    let before = room.shell.value("innerHeight").await?;
    room.display.click(x + 100, y + 100, 1).await?;
    room.display.press("F11").await?;
    room.display
        .until("the whole screen", |picture| {
            picture.bounds(RED, 2) == Some([0, 0, picture.width, picture.height])
        })
        .await?;
    room.display.press("F11").await?;
    room.display
        .until("the bars again", |picture| !picture.is(640, 2, RED, 2))
        .await?;
    room.shell
        .until(&format!("innerHeight === {before}"))
        .await?;
    room.filled("the page below the bars", RED).await?;
    room.shell.close().await
}

#[tokio::test]
async fn the_buttons_at_the_side_of_a_mouse_go_back_and_forward() -> Outcome<()> {
    let room = Room::open().await?;
    room.open_tab("/colour/cc1122").await?;
    let [x, y, ..] = room.filled("the first page", RED).await?;
    room.display.visit(&room.site.url("/colour/1122cc")).await?;
    room.filled("the second page", BLUE).await?;
    room.display.click(x + 100, y + 100, 8).await?;
    room.filled("the page before", RED).await?;
    room.display.click(x + 100, y + 100, 9).await?;
    room.filled("the page after", BLUE).await?;
    // Over a page of the shell's own they are the shell's.
    room.display.visit("http://127.0.0.1:9/").await?;
    room.shell
        .until("document.querySelector('[data-testid=problem][data-code=page_failed]')")
        .await?;
    room.display.click(x + 100, y + 100, 8).await?;
    room.filled("the page that was still there", BLUE).await?;
    room.display.click(x + 100, y + 100, 8).await?;
    room.filled("the page before that", RED).await?;
    room.shell.close().await
}

/// Says what the engine wants to have of a cache on the way.
async fn kept(headers: HeaderMap) -> Html<String> {
    let wants = headers.get(header::CACHE_CONTROL);
    let wants = wants.and_then(|it| it.to_str().ok()).unwrap_or_default();
    page(
        "Kept",
        &format!(
            "<body style='margin:0;background:#cc1122'><script>tell({{ wants: '{wants}' }})</script>"
        ),
    )
}

#[tokio::test]
async fn a_fresh_load_asks_for_nothing_that_was_kept_in_both_modes() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route("/kept", get(kept))).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/kept")))
        .await?;
    let told = async |wants: &str| site.tells(&json!({ "wants": wants })).await;
    let [x, y, ..] = shell
        .until_shown(&display, "the page", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    told("").await?;
    display.click(x + 100, y + 100, 1).await?;
    display.press("F5").await?;
    told("").await?;
    display.press("ctrl+shift+r").await?;
    told("no-cache").await?;
    shell.click("[data-testid=mode-toggle-streamed]").await?;
    told("").await?;
    shell
        .until("document.querySelector('[data-testid=content][data-shows=live]')")
        .await?;
    display.press("ctrl+shift+r").await?;
    told("no-cache").await?;
    shell.quit().await
}
