//! Takes each message of the browser to where it belongs: an answer to its caller, an event to
//! its page. Never waits, so that no page can hold up another.

use std::sync::Arc;

use duotab_core::event::PageNews;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::book::{Arrival, BLANK, Book, Page};
use super::chooser;
use super::closed;
use super::files;
use super::follow;
use super::frames;
use super::login;
use super::paint;
use super::permission;
use super::{PageEvent, Shared};

/// Routes until the connection or its owner is gone.
pub(super) async fn route(shared: Arc<Shared>, mut incoming: mpsc::Receiver<String>) {
    loop {
        let text = tokio::select! {
            () = shared.end.cancelled() => break,
            text = incoming.recv() => text,
        };
        let Some(text) = text else { break };
        let Ok(mut message) = serde_json::from_str::<Value>(&text) else {
            tracing::warn!(length = text.len(), "a CDP message is no JSON");
            continue;
        };
        if let Some(id) = message["id"].as_u64() {
            shared.wire.answer(id, &mut message);
        } else {
            event(&shared, &message);
        }
    }
    shared.wire.close();
    // Who connects next has to ask anew.
    for (tab, gone) in shared.book().forget_asked() {
        shared.queue.news(tab, PageNews::AskGone(gone));
    }
    shared.queue.push(PageEvent::Disconnected);
}

fn event(shared: &Arc<Shared>, message: &Value) {
    let method = message["method"].as_str().unwrap_or_default();
    let params = &message["params"];
    match (method, message["sessionId"].as_str()) {
        ("Target.targetCreated" | "Target.targetInfoChanged", None) => {
            let seen = shared.book().seen(&params["targetInfo"]);
            if let Some((target, Arrival::New)) = seen {
                shared.spawn(follow::greet(Arc::clone(shared), target));
            }
        }
        ("Target.targetDestroyed", None) => {
            let target = params["targetId"].as_str().unwrap_or_default();
            let (tab, passing) = {
                let mut book = shared.book();
                let passing = book.page(target).map(|it| std::mem::take(&mut it.passing));
                (book.destroyed(target), passing.unwrap_or_default())
            };
            permission::pass(shared, passing);
            if let Some(tab) = tab {
                shared.spawn(closed::tell(Arc::clone(shared), tab));
            }
        }
        ("Target.targetCrashed", None) => {
            let target = params["targetId"].as_str().unwrap_or_default();
            let mut book = shared.book();
            if let Some(page) = book.page(target) {
                loading(shared, page, false);
                if let Some(tab) = page.tab {
                    shared.queue.news(tab, PageNews::Crashed);
                }
            }
        }
        ("Target.attachedToTarget", Some(teller)) => {
            let session = &params["sessionId"];
            let frame = shared.book().attached_frame(teller, session);
            if let Some(session) = frame {
                shared.spawn(frames::greet(Arc::clone(shared), session));
            } else if let Some(session) = session.as_str() {
                let (of, session) = (Arc::clone(shared), session.to_owned());
                shared.spawn(async move { frames::let_go(&of, &session).await });
            }
        }
        ("Target.detachedFromTarget", _) => {
            let session = params["sessionId"].as_str().unwrap_or_default();
            shared.wire.end_session(session);
            let (left, asked) = shared.book().detached(session);
            for (tab, gone) in asked {
                shared.queue.news(tab, PageNews::AskGone(gone));
            }
            if let Some(target) = left {
                shared.spawn(follow::attach_again(Arc::clone(shared), target));
            }
        }
        ("Browser.downloadWillBegin", None) => files::begins(shared, params),
        ("Browser.downloadProgress", None) => files::goes_on(shared, params),
        ("Page.fileChooserOpened", Some(session)) => {
            let target = shared.book().page_around(session).map(|it| it.0.to_owned());
            if let Some(target) = target {
                chooser::opened(shared, &target, session, params);
            }
        }
        // Only its questions matter.
        ("Fetch.requestPaused", Some(session)) => login::go_on(shared, session, params),
        ("Fetch.authRequired", Some(session)) => login::required(shared, session, params),
        (_, Some(session)) => {
            login::moved(shared, session, method, params);
            page_event(shared, session, method, params);
        }
        _ => {}
    }
}

/// An event of a page's own session.
fn page_event(shared: &Arc<Shared>, session: &str, method: &str, params: &Value) {
    let mut book: std::sync::MutexGuard<'_, Book> = shared.book();
    let Some((target, page)) = book.of_session(session) else {
        return;
    };
    let of_main_frame = params["frameId"].as_str() == Some(page.main_frame.as_str());
    match method {
        "Page.frameStartedNavigating" if of_main_frame && wants_document(params) => {
            loading(shared, page, true);
        }
        "Page.frameStartedLoading" if of_main_frame => loading(shared, page, true),
        "Page.frameStoppedLoading" if of_main_frame && !page.under_way => {
            loading(shared, page, false);
            page.changed.notify_one();
            page.icon_changed.notify_one();
        }
        "Page.frameNavigated" if params["frame"]["parentId"].is_null() => {
            let target = target.to_owned();
            navigated(shared, page, target, &params["frame"]);
        }
        "Page.lifecycleEvent" if of_main_frame => paint::heard(shared, page, params),
        "Page.navigatedWithinDocument" if of_main_frame => page.changed.notify_one(),
        "Page.loadEventFired" => {
            page.document.notify_one();
            page.changed.notify_one();
            page.icon_changed.notify_one();
        }
        "Page.frameRequestedNavigation" if is_mail(&params["url"]) => page.mail = mail(params),
        "Page.windowOpen" => page.wanted = wanted(&params["url"]),
        "Page.frameRequestedNavigation"
            if matches!(params["disposition"].as_str(), Some("newTab" | "newWindow")) =>
        {
            page.wanted = wanted(&params["url"]);
        }
        // We have let go of the page already: nobody is there to answer "leave this page?".
        "Page.javascriptDialogOpening" if page.closing => {
            let (shared, session) = (Arc::clone(shared), session.to_owned());
            shared.clone().spawn(async move {
                let accept = json!({ "accept": true });
                let _ = shared
                    .wire
                    .call(Some(&session), "Page.handleJavaScriptDialog", accept)
                    .await;
            });
        }
        _ => {}
    }
    // To Chromium it is a load like any other, and what a page asks goes when it loads.
    if method == "Page.frameStoppedLoading"
        && let (Some(tab), Some(mail)) = (page.tab, page.mail.take())
    {
        shared.queue.news(tab, mail);
    }
}

/// Whether an address is for the person's mail program. Other programs' Chromium asks about in the
/// picture.
fn is_mail(url: &Value) -> bool {
    let scheme = url.as_str().and_then(|url| url.get(..7));
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
}

/// A frame leads to the person's mail program, which is not where the page is.
fn mail(params: &Value) -> Option<PageNews> {
    Some(PageNews::ProgramWanted {
        address: wanted(&params["url"])?,
        program: None,
        by_hand: params["reason"] == "anchorClick",
    })
}

/// Whether a frame that navigates wants another document.
pub(super) fn wants_document(params: &Value) -> bool {
    let kind = params["navigationType"].as_str();
    !matches!(kind, Some("sameDocument" | "historySameDocument"))
}

/// An address that a page asked for, if it is a short one.
fn wanted(url: &Value) -> Option<String> {
    url.as_str()
        .filter(|url| !url.is_empty() && url.len() <= 64 << 10)
        .map(str::to_owned)
}

/// The main frame shows another document.
fn navigated(shared: &Arc<Shared>, page: &mut Page, target: String, frame: &Value) {
    if let Some(id) = frame["id"].as_str().filter(|id| id.len() <= 128) {
        id.clone_into(&mut page.main_frame);
    }
    page.shows = wanted(&frame["url"]);
    if let Some(tab) = page.tab {
        shared.queue.news(tab, PageNews::Committed);
        for gone in page.asked.forget() {
            shared.queue.news(tab, PageNews::AskGone(gone));
        }
    }
    if frame["url"] != BLANK {
        page.shown = true;
        page.goal = None;
        page.under_way = false;
    }
    page.document.notify_one();
    page.turned.notify_one();
    page.changed.notify_one();
    page.icon_changed.notify_one();
    permission::pass(shared, std::mem::take(&mut page.passing));
    let Some(url) = frame["unreachableUrl"].as_str() else {
        page.failed = None;
        page.unreachable = None;
        return;
    };
    if let Some(tab) = page.tab {
        shared.queue.news(tab, PageNews::ShowsError);
    }
    let load = frame["loaderId"].as_str().unwrap_or_default();
    if page.failed.as_deref() != Some(load) {
        let load: String = load.chars().take(128).collect();
        let url = url.chars().take(4096).collect();
        if page.unanswered {
            // The answer that is to come may tell why.
            page.unreachable = Some((load, url));
            return;
        }
        page.failed = Some(load.clone());
        shared.spawn(follow::failure(Arc::clone(shared), target, load, url));
    }
}

/// Notes and tells whether a page is loading.
pub(super) fn loading(shared: &Shared, page: &mut Page, now: bool) {
    if page.loading.replace(now) != Some(now)
        && let Some(tab) = page.tab
    {
        shared.queue.news(tab, PageNews::Loading(now));
    }
}
