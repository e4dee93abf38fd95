//! No page reaches a command.

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite};
use serde_json::{Value, json};

use crate::room::start;

/// Tries every door that a page of Tauri's would have.
const BURGLAR: &str = "<script>
    (async () => {
        const doors = {
            internals: typeof window.__TAURI_INTERNALS__,
            tauri: typeof window.__TAURI__,
            ipc: typeof window.ipc,
            messages: typeof window.webkit?.messageHandlers,
        };
        const open = async (url) => {
            try { await fetch(url, { method: 'POST', body: '{}' }); return 'open'; }
            catch { return 'shut'; }
        };
        doors.command = await open('ipc://localhost/quit');
        doors.asset = await open('tauri://localhost/index.html');
        doors.frame = await new Promise((done) => {
            const frame = document.createElement('iframe');
            frame.onload = () => {
                try { done(frame.contentDocument ? 'own' : 'open'); } catch { done('open'); }
            };
            setTimeout(() => done('shut'), 1500);
            frame.src = 'tauri://localhost/index.html';
            document.body.append(frame);
        });
        tell({ doors });
        location.href = 'tauri://localhost/index.html';
        setTimeout(() => tell({ here: location.protocol }), 1000);
    })();
</script>";

#[tokio::test]
async fn a_page_finds_no_command_no_script_and_no_protocol_of_the_app() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(Router::new().route(
        "/burglar",
        get(|| async { page("Burglar", &format!("<body>{BURGLAR}")) }),
    ))
    .await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/burglar")))
        .await?;
    let doors = site
        .told("the page's try", |told| told.get("doors").cloned())
        .await?;
    let undefined = Value::from("undefined");
    for door in ["internals", "tauri", "ipc", "messages"] {
        assert_eq!(doors[door], undefined, "{door}: {doors}");
    }
    for door in ["command", "asset"] {
        assert_eq!(doors[door], json!("shut"), "{door}: {doors}");
    }
    assert_ne!(doors["frame"], json!("open"), "{doors}");
    site.tells(&json!({ "here": "http:" })).await?;
    shell.close().await
}
