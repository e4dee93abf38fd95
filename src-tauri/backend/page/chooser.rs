//! Pages that take files of the person. The browser's own dialog would show its own machine, so it
//! is not opened; the page waits for nothing.

use std::sync::Arc;

use duotab_core::ask::AskId;
use duotab_core::event::PageNews;
use duotab_core::giving::FileWish;
use duotab_core::message::TabId;
use serde_json::{Value, json};

use super::asks::{Input, Open};
use super::{PageError, Shared};

/// Has the browser tell where it would open its dialog.
pub(super) async fn listen(shared: &Shared, session: &str) {
    let method = "Page.setInterceptFileChooserDialog";
    let on = json!({ "enabled": true });
    if let Err(error) = shared.wire.call(Some(session), method, on).await {
        tracing::debug!(%error, "Chromium opens its own dialog for files");
    }
}

/// `Page.fileChooserOpened`, of a page or of one of its frames.
pub(super) fn opened(shared: &Arc<Shared>, target: &str, session: &str, params: &Value) {
    // Without a node it is a script's own picker, which can be given nothing.
    let Some(node) = params["backendNodeId"].as_u64() else {
        return;
    };
    let many = params["mode"] == "selectMultiple";
    let (of, target, session) = (Arc::clone(shared), target.to_owned(), session.to_owned());
    shared.spawn(async move {
        let accept = accepts(&of, &session, node).await;
        let mut book = of.book();
        // The frame may have gone meanwhile.
        if book.page_around(&session).is_none() {
            return;
        }
        let Some(page) = book.page(&target) else {
            return;
        };
        let Some(tab) = page.tab else { return };
        if let Some(id) = page.asked.open(Open::Files(Input { session, node })) {
            let wish = FileWish::new(many, &accept.unwrap_or_default());
            of.queue.news(tab, PageNews::WantsFiles(id, wish));
        }
    });
}

/// What kinds an input accepts, in its own words.
async fn accepts(shared: &Shared, session: &str, node: u64) -> Option<String> {
    let of = json!({ "backendNodeId": node });
    let described = shared.wire.call(Some(session), "DOM.describeNode", of);
    let described = described.await.ok()?;
    // Names and values in turn.
    let attributes = described["node"]["attributes"].as_array()?;
    let pairs = attributes.as_chunks::<2>().0;
    let [_, accept] = pairs.iter().find(|[name, _]| name == "accept")?;
    accept.as_str().map(str::to_owned)
}

/// The person has chosen nothing, or not for that page.
pub(super) fn forget(shared: &Shared, target: &str, ask: AskId) {
    if let Some(page) = shared.book().page(target) {
        page.asked.files(ask);
    }
}

/// Whether the page still waits for what the person chooses.
pub(super) fn waits(shared: &Shared, tab: TabId, ask: AskId) -> bool {
    let mut book = shared.book();
    let target = book.target(tab);
    let page = target.and_then(|target| book.page(&target));
    page.is_some_and(|page| page.asked.is_open(ask))
}

/// Gives the files at these paths of the browser's machine.
pub(super) async fn give(
    shared: &Arc<Shared>,
    tab: TabId,
    ask: AskId,
    paths: Vec<String>,
) -> Result<(), PageError> {
    let Input { session, node } = {
        let mut book = shared.book();
        let target = book.target(tab).ok_or(PageError::UnknownTab(tab))?;
        let page = book.page(&target).ok_or(PageError::UnknownTarget)?;
        page.asked.files(ask).ok_or(PageError::UnknownTarget)?
    };
    let files = json!({ "files": paths, "backendNodeId": node });
    let given = shared
        .wire
        .call(Some(&session), "DOM.setFileInputFiles", files);
    match given.await {
        // The page hears of them before Chromium answers, and may be asking the person something.
        Err(PageError::TimedOut { .. }) => Ok(()),
        given => given.map(drop),
    }
}
