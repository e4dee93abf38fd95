//! A page as it is printed. Chromium's own dialog would show the printers of its own machine.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duotab_core::message::TabId;
use serde_json::json;

use super::{PageError, Shared, follow};

/// A long page is laid out anew for its sheets.
const LIMIT: Duration = Duration::from_secs(60);
/// Bytes that are read at once.
const PIECE: usize = 512 * 1024;
/// Bytes of a print. A page that makes more is after the disk.
const MOST: u64 = 1 << 30;

/// A page that is to be printed.
pub struct Printing {
    shared: Arc<Shared>,
    session: String,
    /// What the page is called; its address if it is called nothing.
    pub title: String,
}

/// A print that is to be read to its end.
pub struct Print {
    shared: Arc<Shared>,
    session: String,
    stream: String,
    left: u64,
}

/// Gets ready to print a tab's page.
pub(super) async fn printing(shared: &Arc<Shared>, tab: TabId) -> Result<Printing, PageError> {
    let target = shared.book().target(tab);
    let target = target.ok_or(PageError::UnknownTab(tab))?;
    let session = follow::session(shared, &target).await?;
    let history = follow::read_history(shared, &session).await?;
    let title = history.current().map(|entry| match entry.title.as_str() {
        "" => entry.url.clone(),
        title => title.to_owned(),
    });
    Ok(Printing {
        shared: Arc::clone(shared),
        session,
        title: title.unwrap_or_default(),
    })
}

impl Printing {
    /// Has the page laid out for paper, which may take its time.
    ///
    /// # Errors
    /// If the engine does not print it.
    pub async fn print(self) -> Result<Print, PageError> {
        const METHOD: &str = "Page.printToPDF";
        let Self {
            shared, session, ..
        } = self;
        let how = json!({
            "transferMode": "ReturnAsStream", "printBackground": true, "preferCSSPageSize": true,
        });
        let printing = shared.wire.start(Some(&session), METHOD, how).await?;
        let printed = tokio::time::timeout(LIMIT, printing.wait()).await;
        let printed = printed.unwrap_or(Err(PageError::TimedOut { method: METHOD }))?;
        let stream = printed["stream"].as_str().filter(|name| name.len() <= 128);
        let stream = stream.ok_or_else(|| PageError::Engine {
            method: METHOD,
            message: "no stream".to_owned(),
        })?;
        let stream = stream.to_owned();
        Ok(Print {
            shared,
            session,
            stream,
            left: MOST,
        })
    }
}

impl Print {
    /// The next bytes; `None` behind the last ones.
    ///
    /// # Errors
    /// If the engine has no more of it, or too much.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, PageError> {
        const METHOD: &str = "IO.read";
        let bad = |message: &str| PageError::Engine {
            method: METHOD,
            message: message.to_owned(),
        };
        let on = Some(self.session.as_str());
        let piece = json!({ "handle": self.stream, "size": PIECE });
        let piece = self.shared.wire.call(on, METHOD, piece).await?;
        let data = piece["data"].as_str().unwrap_or_default();
        let bytes = if piece["base64Encoded"] == true {
            STANDARD.decode(data).map_err(|_| bad("no base64"))?
        } else {
            data.as_bytes().to_vec()
        };
        if bytes.is_empty() {
            return match piece["eof"] == true {
                true => Ok(None),
                false => Err(bad("nothing")),
            };
        }
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| bad("too much"))?;
        Ok(Some(bytes))
    }
}

impl Drop for Print {
    fn drop(&mut self) {
        let (of, session) = (Arc::clone(&self.shared), self.session.clone());
        let stream = json!({ "handle": self.stream });
        self.shared.spawn(async move {
            let _ = of.wire.call(Some(&session), "IO.close", stream).await;
        });
    }
}
