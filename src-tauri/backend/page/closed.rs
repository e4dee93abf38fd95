//! Pages that are gone: closed by themselves, or with a browser that ends.

use std::sync::Arc;
use std::time::Duration;

use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use serde_json::json;

use super::Shared;

/// A browser that ends closes all of its pages first, one right after the other.
const ALL_AT_ONCE: Duration = Duration::from_millis(300);
/// How long it may take to end when it has none left.
const LAST_BREATH: Duration = Duration::from_secs(5);

/// Tells that a tab's page has closed, unless its browser ends: then the tab has lost its engine, and
/// is not to be closed.
pub(super) async fn tell(shared: Arc<Shared>, tab: TabId) {
    let mut waited = Duration::ZERO;
    loop {
        tokio::time::sleep(ALL_AT_ONCE).await;
        waited += ALL_AT_ONCE;
        let lives = shared.wire.call(None, "Browser.getVersion", json!({}));
        if lives.await.is_err() {
            return;
        }
        if shared.book().has_pages() || waited >= LAST_BREATH {
            return shared.queue.news(tab, PageNews::Closed);
        }
    }
}
