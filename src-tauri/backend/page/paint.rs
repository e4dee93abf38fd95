//! When a page has something to show.

use duotab_core::event::PageNews;
use serde_json::{Value, json};

use super::Shared;
use super::book::Page;

/// Has the browser tell how far a page is.
pub(super) async fn listen(shared: &Shared, session: &str) {
    let on = json!({ "enabled": true });
    let method = "Page.setLifecycleEventsEnabled";
    shared.wire.tell(session, method, on).await;
}

/// The main frame is so far. Its first text or picture counts: the empty page that a tab begins with
/// has none.
pub(super) fn heard(shared: &Shared, page: &Page, params: &Value) {
    if params["name"] == "firstContentfulPaint"
        && let Some(tab) = page.tab
    {
        shared.queue.news(tab, PageNews::Painted);
    }
}
