//! Every window of the browser is full screen, so that the picture is the page and nothing else,
//! and the page in front has the keyboard. The first window is full screen by `--kiosk`; those
//! that a page opens are told.

use super::START_LIMIT;
use super::cdp::{Cdp, CdpError, Event};
use serde_json::json;
use tokio::sync::{mpsc, watch};

/// Looks after every page from the first on, and says when that one is ready to be seen. Ends
/// with the browser.
pub(super) async fn keep_full(
    cdp: Cdp,
    mut events: mpsc::Receiver<Event>,
    shown: watch::Sender<bool>,
) -> Result<(), CdpError> {
    let pages = json!({ "discover": true, "filter": [{ "type": "page" }] });
    cdp.ask_first("Target.setDiscoverTargets", pages, START_LIMIT)
        .await?;
    while let Some(event) = events.recv().await {
        if let Some(page) = new_page(&event) {
            look_after(&cdp, page).await;
            // Not before: a click is lost while the page is brought to the front.
            if !shown.send_replace(true) {
                tracing::info!("the browser shows its first page");
            }
        }
    }
    Ok(())
}

fn new_page(event: &Event) -> Option<&str> {
    let is_it = event.method == "Target.targetCreated";
    event.params["targetInfo"]["targetId"]
        .as_str()
        .filter(|_| is_it)
}

async fn look_after(cdp: &Cdp, page: &str) {
    if let Err(error) = make_full(cdp, page).await {
        // It may be gone already.
        tracing::debug!(%error, "new window");
    }
    if let Err(error) = give_keyboard(cdp, page).await {
        tracing::debug!(%error, "new page");
    }
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

/// An empty page leaves the keyboard to the address bar, which nobody sees here. A page in the
/// back stays there.
async fn give_keyboard(cdp: &Cdp, page: &str) -> Result<(), CdpError> {
    let attached = cdp.attach(page).await?;
    let look = json!({ "expression": "document.visibilityState", "returnByValue": true });
    let given = match attached.ask("Runtime.evaluate", look).await {
        Ok(it) if it["result"]["value"] == "visible" => {
            attached.ask("Page.bringToFront", json!({})).await.map(drop)
        }
        other => other.map(drop),
    };
    attached.detach().await;
    given
}
