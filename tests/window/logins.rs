//! A login that goes along when a tab changes its mode.

use axum::Form;
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::json;

use crate::room::{BLUE, RED, Room, start};

/// Words that no log may have.
const SESSION: &str = "5a70cbe1";
const ENGINE: &str = "navigator.userAgent.includes('Chrome/') ? 'Chromium' : 'WebKit'";

#[derive(serde::Deserialize)]
struct Login {
    name: String,
    word: String,
}

/// Whom the cookies of a request let in.
fn who(headers: &HeaderMap) -> Option<String> {
    let sent = headers.get(header::COOKIE)?.to_str().ok()?;
    let session = format!("session={SESSION}-");
    let mut cookies = sent.split("; ");
    Some(cookies.find_map(|it| it.strip_prefix(&session))?.to_owned())
}

/// The account of whoever is in, blue, with a button to leave; the door, red, for everyone else.
async fn account(headers: HeaderMap) -> Html<String> {
    let style = "<style>body { margin: 0 } ::-webkit-scrollbar { display: none }
        input, button { position: absolute; left: 40px; width: 300px; height: 40px; border: 0 }
        </style>";
    let (ground, body, name) = match who(&headers) {
        Some(name) => {
            let form = "<form method=post action=/logout><button style='top: 40px'></form>";
            ("#1122cc", form, format!("'{name}'"))
        }
        None => {
            let form = "<form method=post action=/login><input name=name style='top: 40px'
                onclick='tell({ clicked: true })'>
                <input name=word type=password style='top: 100px'>
                <button style='top: 160px'></form>";
            ("#cc1122", form, "null".to_owned())
        }
    };
    page(
        "Account",
        &format!(
            "{style}<body style='background: {ground}'>{body}
            <script>tell({{ engine: {ENGINE}, who: {name} }})</script>"
        ),
    )
}

async fn login(Form(login): Form<Login>) -> Response {
    if login.word != "open" {
        return Redirect::to("/account").into_response();
    }
    let session = format!(
        "session={SESSION}-{}; HttpOnly; SameSite=Lax; Path=/",
        login.name
    );
    let set = AppendHeaders([
        (header::SET_COOKIE, session),
        (
            header::SET_COOKIE,
            "device=known; Max-Age=86400; Path=/".to_owned(),
        ),
    ]);
    (set, Redirect::to("/account")).into_response()
}

async fn logout() -> impl IntoResponse {
    let over = AppendHeaders([(header::SET_COOKIE, "session=; Max-Age=0; Path=/")]);
    (over, Redirect::to("/account"))
}

async fn room() -> Outcome<Room> {
    let display = Display::start(1000, 700).await?;
    let pages = Router::new()
        .route("/account", get(account))
        .route("/login", post(login))
        .route("/logout", post(logout));
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let address = site.url("/account");
    let start = start(&display).argument(address);
    let shell = app.open(&start.variable("DUOTAB_LOG", "debug")).await?;
    Ok(Room {
        shell,
        app,
        site,
        display,
    })
}

async fn sees(room: &Room, engine: &str, who: Option<&str>) -> Outcome<()> {
    room.site
        .tells(&json!({ "engine": engine, "who": who }))
        .await
}

/// Goes in by the door that is in front.
async fn log_in(room: &Room, name: &str) -> Outcome<()> {
    let [x, y, ..] = room.shown("the door", RED).await?;
    room.display.click(x + 100, y + 60, 1).await?;
    room.site.tells(&json!({ "clicked": true })).await?;
    room.display.write(name).await?;
    room.display.press("Tab").await?;
    room.display.write("open").await?;
    room.display.press("Return").await
}

async fn log_out(room: &Room) -> Outcome<()> {
    let [x, y, ..] = room.shown("the account", BLUE).await?;
    room.display.click(x + 100, y + 60, 1).await
}

async fn toggle(room: &Room, mode: &str) -> Outcome<()> {
    room.shell
        .click(&format!("[data-testid=mode-toggle-{mode}]"))
        .await
}

async fn agree(room: &Room) -> Outcome<()> {
    room.shell.click("[data-testid=security]").await?;
    room.shell.click("[data-testid=site-cookies]").await?;
    room.shell.click("[data-testid=site-close]").await?;
    room.shell
        .until("!document.querySelector('[data-testid=site-bar]')")
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_login_goes_along_to_the_other_mode_and_so_does_its_end() -> Outcome<()> {
    let room = room().await?;
    sees(&room, "WebKit", None).await?;
    agree(&room).await?;
    log_in(&room, "ann").await?;
    sees(&room, "WebKit", Some("ann")).await?;
    toggle(&room, "streamed").await?;
    sees(&room, "Chromium", Some("ann")).await?;

    log_out(&room).await?;
    sees(&room, "Chromium", None).await?;
    toggle(&room, "proxy").await?;
    sees(&room, "WebKit", None).await?;

    toggle(&room, "streamed").await?;
    sees(&room, "Chromium", None).await?;
    log_in(&room, "bob").await?;
    sees(&room, "Chromium", Some("bob")).await?;
    toggle(&room, "proxy").await?;
    sees(&room, "WebKit", Some("bob")).await?;
    assert!(!room.app.log()?.contains(SESSION), "no log has it");
    room.shell.quit().await?;
    let kept = std::fs::read(room.app.data().join("duotab.db"))?;
    let secret = SESSION.as_bytes();
    let found = kept.windows(secret.len()).any(|part| part == secret);
    assert!(!found, "no saved row has it");
    Ok(())
}

#[tokio::test]
async fn a_login_stays_where_it_is_unless_the_person_agrees() -> Outcome<()> {
    let room = room().await?;
    sees(&room, "WebKit", None).await?;
    log_in(&room, "ann").await?;
    sees(&room, "WebKit", Some("ann")).await?;
    toggle(&room, "streamed").await?;
    sees(&room, "Chromium", None).await?;
    room.shell.quit().await
}
