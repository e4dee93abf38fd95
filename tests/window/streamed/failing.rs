//! Addresses that give no page: both modes say the same of them, and the address stays.

use std::net::SocketAddr;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::Redirect;
use axum::routing::get;
use duotab_test_support::{ClosedPort, Display, Outcome, ProbeSite};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::in_room;
use crate::room::{RED, Room};

/// Where browsers open no page.
const PORT: &str = "http://127.0.0.1:9/";

#[tokio::test]
async fn what_gives_no_page_is_told_in_both_modes_and_stays_the_address() -> Outcome<()> {
    let site = site().await?;
    let unfit = server("SSH-2.0-Server\r\n").await?;
    let silent = server("").await?;
    let closed = ClosedPort::take()?;
    let page = |path: &str| site.url(path);
    let cases = [
        (
            format!("https://{}/", closed.address()),
            "Nobody answers at",
        ),
        (PORT.into(), "no page at this port"),
        (page("/circle"), "leads in circles"),
        (page("/port"), "no page at this port"),
        (page("/script"), "where no site may send"),
        (page("/nowhere"), "where no site may send"),
        (page("/gone"), "nothing at this address (HTTP 404)"),
        (
            page("/broken"),
            "Something is wrong with the server (HTTP 500)",
        ),
        (format!("http://{unfit}/"), "answer that cannot be read"),
        (format!("http://{silent}/"), "hung up"),
        (format!("https://{unfit}/"), "No encryption"),
        (
            "file:///nowhere/at/all".into(),
            "This file cannot be opened",
        ),
    ];
    let display = Display::start(1280, 800).await?;
    in_room(display, site, &[], async |room| {
        room.open_tab("/colour/cc1122").await?;
        room.filled("the page before", RED).await?;
        for (url, said) in &cases {
            room.display.visit(url).await?;
            fails(room, "proxy", url, said).await?;
        }
        let (url, said) = cases.last().ok_or("no case")?;
        room.shell
            .click("[data-testid=mode-toggle-streamed]")
            .await?;
        fails(room, "streamed", url, said).await?;
        // Chromium stays where it was if it is sent to a script.
        for (url, said) in cases.iter().filter(|(url, _)| !url.ends_with("/script")) {
            room.display.visit(url).await?;
            fails(room, "streamed", url, said).await?;
        }
        room.shell.click("[data-testid=mode-toggle-proxy]").await?;
        fails(room, "proxy", url, said).await?;
        nobody_was_at(room, &closed.address().to_string()).await
    })
    .await
}

/// What did not come is not among what was visited.
async fn nobody_was_at(room: &Room, host: &str) -> Outcome<()> {
    let tab = "+document.querySelector('[role=tab][aria-selected=true]').dataset.tab";
    let tab = room.shell.value(tab).await?;
    for (words, found) in [(host, false), ("colour", true)] {
        let wanted = json!({ "tab": tab, "words": words, "most": 9 });
        let visits = room.shell.invoke("visits", wanted).await?;
        let visits = visits.map_err(|problem| problem.to_string())?;
        assert_eq!(visits != json!([]), found, "{visits}");
    }
    Ok(())
}

/// A site that sends away, and that answers without a page.
async fn site() -> Outcome<ProbeSite> {
    let away = |to: &'static str| get(move || async move { (StatusCode::FOUND, [(LOCATION, to)]) });
    ProbeSite::with(
        Router::new()
            .route("/port", away(PORT))
            .route("/circle", get(|| async { Redirect::to("/circle") }))
            .route("/script", away("javascript:alert(1)"))
            .route("/nowhere", away("http://"))
            .route("/gone", get(|| async { StatusCode::NOT_FOUND }))
            .route(
                "/broken",
                get(|| async { StatusCode::INTERNAL_SERVER_ERROR }),
            ),
    )
    .await
}

/// A server of another kind: it says this to everybody, whatever it is asked.
async fn server(words: &'static str) -> Outcome<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut visitor, _)) = listener.accept().await {
            tokio::spawn(async move {
                // What was asked is read, or the answer could be lost with it.
                let _ = visitor.read(&mut [0; 4096]).await;
                let _ = visitor.write_all(words.as_bytes()).await;
            });
        }
    });
    Ok(address)
}

/// Waits for these words in the page's place; the address is what was typed or what it led to, and
/// the bar does not call it secure.
async fn fails(room: &Room, mode: &str, url: &str, said: &str) -> Outcome<()> {
    // Of a page that sends away, Chromium names where it began.
    let led = mode == "proxy" && url.ends_with("/port");
    let url = if led { PORT } else { url };
    room.shell
        .until(&format!(
            "document.querySelector(
                '[role=tab][aria-selected=true][data-mode={mode}] [data-testid=tab-title]')
             && document.querySelector('[data-testid=problem][data-code=page_failed]')
                ?.innerText.includes('{said}')
             && document.querySelector('[data-testid=address]').value === '{url}'
             && document.querySelector('[data-testid=security]').dataset.security === 'failed'"
        ))
        .await?;
    Ok(())
}
