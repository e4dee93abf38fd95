//! Every window of the browser is full screen, so that the picture is the page and nothing else.
//! The first one is so by `--kiosk`; those that a page opens are told.

use super::cdp::{Cdp, CdpError, Event};
use serde_json::json;
use tokio::sync::mpsc;

/// Waits for the first page, and from then on looks after new windows.
pub(super) async fn keep_full(cdp: Cdp, mut events: mpsc::Receiver<Event>) -> Result<(), CdpError> {
    cdp.ask("Browser.getVersion", json!({})).await?;
    let pages = json!({ "discover": true, "filter": [{ "type": "page" }] });
    cdp.ask("Target.setDiscoverTargets", pages).await?;
    loop {
        let event = events.recv().await.ok_or(CdpError::Closed)?;
        if event.method == "Target.targetCreated" {
            break;
        }
    }
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if event.method == "Target.targetCreated"
                && let Some(page) = event.params["targetInfo"]["targetId"].as_str()
                && let Err(error) = make_full(&cdp, page).await
            {
                // It may be gone already.
                tracing::debug!(%error, "new window");
            }
        }
    });
    Ok(())
}

async fn make_full(cdp: &Cdp, page: &str) -> Result<(), CdpError> {
    let window = cdp
        .ask("Browser.getWindowForTarget", json!({ "targetId": page }))
        .await?;
    if window["bounds"]["windowState"] != "fullscreen" {
        let bounds = json!({
            "windowId": window["windowId"],
            "bounds": { "windowState": "fullscreen" },
        });
        cdp.ask("Browser.setWindowBounds", bounds).await?;
    }
    Ok(())
}
