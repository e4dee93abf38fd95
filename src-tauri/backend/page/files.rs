//! Files that the pages of a session give. The browser writes each under a name of its own into the
//! session's shelf; where it goes from there is not this room's business.

use std::sync::Arc;

use duotab_core::event::PageNews;
use serde_json::{Value, json};

use super::{PageError, PageEvent, Shared};

/// The longest address that is taken; what a page made itself (`data:`) can be longer.
const MAX_URL: usize = 64 << 10;
/// Characters of a suggested name.
const MAX_NAME: usize = 1024;

/// What happens to a file that a page gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNews {
    /// The browser's name for it, by which it lies on the shelf once it is complete.
    pub guid: String,
    /// What.
    pub sign: FileSign,
}

/// What happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSign {
    /// It begins to come.
    Begins {
        /// Where from.
        url: String,
        /// What its server, or the page, calls it.
        suggested: String,
    },
    /// Bytes have come.
    Comes {
        /// So many so far.
        received: u64,
        /// So many in all, if known.
        total: Option<u64>,
    },
    /// All of it is on the shelf.
    Complete,
    /// It does not come: as asked, or because its connection broke.
    Ended,
}

/// Has all files come to the shelf from now on, and be told of.
pub(super) async fn listen(shared: &Shared, shelf: &str) -> Result<(), PageError> {
    let params = json!({
        "behavior": "allowAndName", "downloadPath": shelf, "eventsEnabled": true,
    });
    let method = "Browser.setDownloadBehavior";
    shared.wire.call(None, method, params).await.map(drop)
}

/// Gives a file up.
pub(super) async fn cancel(shared: &Shared, guid: &str) -> Result<(), PageError> {
    let method = "Browser.cancelDownload";
    match shared
        .wire
        .call(None, method, json!({ "guid": guid }))
        .await
    {
        // It was over already.
        Err(PageError::Engine { .. }) => Ok(()),
        answer => answer.map(drop),
    }
}

/// `Browser.downloadWillBegin`.
pub(super) fn begins(shared: &Arc<Shared>, params: &Value) {
    let Some(guid) = guid(params) else { return };
    let text = |key: &str| params[key].as_str().unwrap_or_default();
    let url = Some(text("url")).filter(|url| url.len() <= MAX_URL);
    let sign = FileSign::Begins {
        url: url.unwrap_or_default().to_owned(),
        suggested: text("suggestedFilename").chars().take(MAX_NAME).collect(),
    };
    shared.queue.push(PageEvent::File(FileNews { guid, sign }));
    // Only now: a session that loses its last tab stays awake for what it gives.
    let mut book = shared.book();
    // A page that was made for this alone has nothing to show.
    let page = book.page(text("frameId"));
    if let Some(page) = page.filter(|page| page.fresh && !page.shown)
        && let Some(tab) = page.tab
    {
        shared.queue.news(tab, PageNews::BecameFile);
    }
}

/// `Browser.downloadProgress`.
pub(super) fn goes_on(shared: &Arc<Shared>, params: &Value) {
    let Some(guid) = guid(params) else { return };
    let sign = match params["state"].as_str() {
        Some("inProgress") => FileSign::Comes {
            received: bytes(&params["receivedBytes"]),
            total: Some(bytes(&params["totalBytes"])).filter(|total| *total > 0),
        },
        Some("completed") => FileSign::Complete,
        Some("canceled") => FileSign::Ended,
        _ => return,
    };
    shared.queue.push(PageEvent::File(FileNews { guid, sign }));
}

/// A name within the shelf, whatever the browser says.
fn guid(params: &Value) -> Option<String> {
    let guid = params["guid"].as_str()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!guid.is_empty() && guid.len() <= 64 && guid.bytes().all(plain)).then(|| guid.to_owned())
}

/// Whole bytes: CDP has them as a number with a fraction.
fn bytes(number: &Value) -> u64 {
    // Saturating: a browser may say anything.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    number.as_f64().map_or(0, |number| number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_out_of_the_shelf_is_none() {
        let named = |name: &str| guid(&json!({ "guid": name }));
        assert!(named("e8149f81-5062-4beb-9506-a88d74eca1f2").is_some());
        for bad in ["", "..", "a/b", "a.b", "a b", &"x".repeat(65)] {
            assert_eq!(named(bad), None, "{bad}");
        }
        assert_eq!(guid(&json!({ "guid": 7 })), None);
    }

    #[test]
    fn no_number_of_bytes_is_nonsense() {
        assert_eq!(bytes(&json!(3_000_000)), 3_000_000);
        assert_eq!(bytes(&json!(1.5e300)), u64::MAX);
        assert_eq!(bytes(&json!(-1)), 0);
        assert_eq!(bytes(&json!("many")), 0);
    }
}
