//! What follows from a page's events: attaching to it, and asking the browser for what the event
//! itself does not say.

use std::sync::Arc;
use std::time::Duration;

use duotab_core::chromium;
use duotab_core::event::PageNews;
use duotab_core::proxy::PageFault;
use serde_json::json;
use tokio::sync::Notify;

use super::book::BLANK;
use super::history::History;
use super::{PageError, PageEvent, Shared, act, favicon, permission};

/// The isolated world in which our own script lives, out of the page's reach.
pub(super) const WORLD: &str = "duotab";
/// How long a renderer may take for a question that only improves an answer.
pub(super) const RENDERER_LIMIT: Duration = Duration::from_secs(1);
/// How long Chromium's error page may take until it stands.
const CODE_LIMIT: Duration = Duration::from_secs(5);
/// How long a page that changes its process may fail to say whether it is in sight.
const SIGHT_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait for the address of a page that has just come up.
const ADDRESS_LIMIT: Duration = Duration::from_millis(500);
/// The least time between two looks at a page that changes all the time.
const PACE: Duration = Duration::from_millis(50);

/// Chromium tells of no title or icon that changes after the load. This watches the head of the
/// document, from our own world, and answers with the number of changes as soon as there are
/// more than `SEEN`. (A binding that the page's side calls would need `Runtime.enable`, and with
/// it every line of the page's console.)
const CHANGES: &str = "(() => {
  const w = globalThis.duotab ??= (() => {
    const w = { count: 0, wake: null };
    const tell = () => { w.count += 1; w.wake?.(); };
    const watch = () => {
      if (document.head) {
        new MutationObserver(tell).observe(document.head, {
          childList: true, subtree: true, characterData: true,
          attributes: true, attributeFilter: ['href', 'rel', 'sizes', 'type'],
        });
      }
      tell();
    };
    if (document.readyState === 'loading') {
      document.addEventListener('DOMContentLoaded', watch, { once: true });
    } else {
      watch();
    }
    return w;
  })();
  return new Promise((done) => {
    w.wake = () => { if (w.count > SEEN) done(String(w.count)); };
    w.wake();
  });
})()";

/// What Chromium's error page says, once it stands.
const ERROR_CODE: &str = "new Promise((done) => {
  const read = () => done(document.querySelector('.error-code')?.textContent ?? '');
  if (document.readyState === 'complete') read();
  else addEventListener('load', read);
})";

/// A page's session. The first who asks attaches, the others wait.
pub(super) async fn session(shared: &Arc<Shared>, target: &str) -> Result<String, PageError> {
    let cell = match shared.book().page(target) {
        Some(page) => Arc::clone(&page.session),
        None => return Err(PageError::UnknownTarget),
    };
    cell.get_or_try_init(|| attach(shared, target))
        .await
        .cloned()
}

async fn attach(shared: &Arc<Shared>, target: &str) -> Result<String, PageError> {
    let attach = json!({ "targetId": target, "flatten": true });
    let answer = shared
        .wire
        .call(None, "Target.attachToTarget", attach)
        .await?;
    let session = answer["sessionId"]
        .as_str()
        .filter(|name| name.len() <= 128)
        .ok_or_else(|| PageError::Engine {
            method: "Target.attachToTarget",
            message: "no session".to_owned(),
        })?
        .to_owned();
    // Before the first event can come.
    let end = shared
        .book()
        .attached(target, &session)
        .ok_or(PageError::UnknownTarget)?;
    shared
        .wire
        .call(Some(&session), "Page.enable", json!({}))
        .await?;
    super::paint::listen(shared, &session).await;
    super::login::listen(shared, &session).await;
    super::chooser::listen(shared, &session).await;
    super::frames::listen(shared, &session).await;
    permission::listen(shared, target, &session).await;
    let notices = shared
        .book()
        .page(target)
        .map(|page| (Arc::clone(&page.changed), Arc::clone(&page.icon_changed)));
    let (changed, icon_changed) = notices.ok_or(PageError::UnknownTarget)?;
    let (of, name, on) = (Arc::clone(shared), target.to_owned(), session.clone());
    let histories = paced(changed, move || {
        history(of.clone(), name.clone(), on.clone())
    });
    let (of, name, on) = (Arc::clone(shared), target.to_owned(), session.clone());
    let icons = paced(icon_changed, move || {
        favicon::look(of.clone(), name.clone(), on.clone())
    });
    let changes = changes(Arc::clone(shared), target.to_owned(), session.clone());
    let loads = ask_loading(Arc::clone(shared), target.to_owned(), session.clone());
    let asks = permission::hear(Arc::clone(shared), target.to_owned(), session.clone());
    shared.spawn(async move {
        let all = async { tokio::join!(histories, icons, changes, loads, asks) };
        tokio::select! {
            () = end.cancelled() => {}
            _ = all => {}
        }
    });
    Ok(session)
}

/// Repeats `look` after each change, not faster than the pace, for ever.
async fn paced<F: Future<Output = ()>>(changed: Arc<Notify>, look: impl Fn() -> F) {
    loop {
        changed.notified().await;
        look().await;
        tokio::time::sleep(PACE).await;
    }
}

/// Waits for changes in the head of each document, one after the other.
async fn changes(shared: Arc<Shared>, target: String, session: String) {
    let mut seen = 0_u64;
    loop {
        let (frame, document) = match shared.book().page(&target) {
            Some(page) => (page.main_frame.clone(), Arc::clone(&page.document)),
            None => return,
        };
        let change = async {
            let context = world(&shared, &session, &frame).await?;
            let params = json!({
                "expression": CHANGES.replace("SEEN", &seen.to_string()),
                "contextId": context,
                "awaitPromise": true,
                "returnByValue": true,
            });
            let method = "Runtime.evaluate";
            let asked = shared
                .wire
                .start(Some(&session), method, params)
                .await
                .ok()?;
            let answer = asked.wait().await.ok()?;
            answer["result"]["value"].as_str()?.parse().ok()
        };
        let count: Option<u64> = tokio::select! {
            // The old document may be kept for the way back, and would never answer.
            () = document.notified() => {
                seen = 0;
                continue;
            }
            count = change => count,
        };
        match count {
            Some(count) => {
                seen = count;
                if let Some(page) = shared.book().page(&target) {
                    page.changed.notify_one();
                    page.icon_changed.notify_one();
                }
                tokio::time::sleep(PACE).await;
            }
            None => {
                document.notified().await;
                seen = 0;
            }
        }
    }
}

/// Our own world in a frame's document, as soon as the page has time for it: a page that was busy is
/// not to be deaf from then on.
pub(super) async fn world(
    shared: &Shared,
    session: &str,
    frame: &str,
) -> Option<serde_json::Value> {
    let params = json!({ "frameId": frame, "worldName": WORLD });
    let method = "Page.createIsolatedWorld";
    let created = shared
        .wire
        .start(Some(session), method, params)
        .await
        .ok()?;
    Some(created.wait().await.ok()?["executionContextId"].take())
}

/// Whether a page loads is told by events only, and the last may have come before us.
async fn ask_loading(shared: Arc<Shared>, target: String, session: String) {
    let state = evaluate(&shared, &session, None, "document.readyState").await;
    if let Some(page) = shared.book().page(&target)
        && page.loading.is_none()
        && let Some(state) = state
    {
        super::route::loading(&shared, page, state != "complete");
        page.icon_changed.notify_one();
    }
}

/// Evaluates a short expression in a page, in our world or the page's own, within a limit.
pub(super) async fn evaluate(
    shared: &Shared,
    session: &str,
    frame: Option<&str>,
    expression: &str,
) -> Option<String> {
    evaluate_within(RENDERER_LIMIT, shared, session, frame, expression).await
}

/// The same, within another limit.
pub(super) async fn evaluate_within(
    limit: Duration,
    shared: &Shared,
    session: &str,
    frame: Option<&str>,
    expression: &str,
) -> Option<String> {
    let on = Some(session);
    let asked = async {
        let mut params = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
        });
        if let Some(frame) = frame {
            params["contextId"] = world(shared, session, frame).await?;
        }
        let answer = shared
            .wire
            .call(on, "Runtime.evaluate", params)
            .await
            .ok()?;
        answer["result"]["value"].as_str().map(str::to_owned)
    };
    tokio::time::timeout(limit, asked).await.ok().flatten()
}

/// Looks after a page that came up by itself.
pub(super) async fn greet(shared: Arc<Shared>, target: String) {
    let Ok(session) = session(&shared, &target).await else {
        return;
    };
    fill_screen(&shared, &target).await;
    let (opener, mut address) = {
        let mut book = shared.book();
        let Some(page) = book.page(&target) else {
            return;
        };
        let address = page.url.subscribe();
        (book.opener(&target), address)
    };
    let (mut opener, asked) = opener.unzip();
    let url = match asked.flatten() {
        Some(url) => url,
        None => tokio::time::timeout(ADDRESS_LIMIT, address.wait_for(|url| !url.is_empty()))
            .await
            .ok()
            .and_then(Result::ok)
            .map_or_else(|| BLANK.to_owned(), |url| url.clone()),
    };
    let looking = async {
        loop {
            let seen = evaluate(&shared, &session, None, "document.visibilityState").await;
            if seen.is_some() {
                return seen;
            }
            tokio::time::sleep(PACE).await;
        }
    };
    let visible = tokio::time::timeout(SIGHT_LIMIT, looking).await;
    let visible = visible.ok().flatten();
    {
        let mut book = shared.book();
        // It may have found its tab meanwhile.
        if book.owner(&target).is_some() {
            return;
        }
        // Without an opener it is known by its address, which it had not at first.
        opener = opener.or_else(|| Some(book.opener(&target)?.0));
    }
    match opener {
        Some(tab) => shared.queue.news(
            tab,
            PageNews::OpenedPage {
                url,
                target: Some(target),
                foreground: visible.as_deref() != Some("hidden"),
            },
        ),
        None => shared.queue.push(PageEvent::Stray { target, url }),
    }
}

/// A window of its own (a popup) covers the screen as the first one does.
async fn fill_screen(shared: &Shared, target: &str) {
    let of = json!({ "targetId": target });
    let window = shared
        .wire
        .call(None, "Browser.getWindowForTarget", of)
        .await;
    let Ok(window) = window else { return };
    if window["bounds"]["windowState"] == "fullscreen" {
        return;
    }
    let bounds = json!({
        "windowId": window["windowId"],
        "bounds": { "windowState": "fullscreen" },
    });
    let set = shared
        .wire
        .call(None, "Browser.setWindowBounds", bounds)
        .await;
    if let Err(error) = set {
        tracing::debug!(%error, "a window cannot fill the screen");
    }
}

/// A page lost its session though it lives (its process was exchanged): takes a new one.
pub(super) async fn attach_again(shared: Arc<Shared>, target: String) {
    let Ok(session) = session(&shared, &target).await else {
        return;
    };
    let zoom = match shared.book().page(&target) {
        Some(page) if page.tab.is_some() => page.zoom,
        _ => return,
    };
    let _ = act::zoom(&shared, &session, zoom).await;
}

/// Asks for a page's history and title, and tells what is new.
async fn history(shared: Arc<Shared>, target: String, session: String) {
    let Ok(mut now) = read_history(&shared, &session).await else {
        return;
    };
    let fresh = shared
        .book()
        .page(&target)
        .is_some_and(|page| page.fresh && now.current().is_some_and(|entry| entry.url != BLANK));
    if fresh {
        if now.began_blank && now.entries.len() == 1 {
            // Else the page's own `history.back()` would lead to the empty page.
            let reset = shared
                .wire
                .call(Some(&session), "Page.resetNavigationHistory", json!({}));
            if reset.await.is_ok() {
                now = read_history(&shared, &session).await.unwrap_or(now);
            }
        }
        if let Some(page) = shared.book().page(&target) {
            page.fresh = false;
        }
    }
    tell(&shared, &target, now);
}

fn tell(shared: &Shared, target: &str, now: History) {
    let mut book = shared.book();
    let Some(page) = book.page(target) else {
        return;
    };
    let Some(tab) = page.tab else { return };
    let title = now.current().map(|entry| entry.title.clone());
    let (entries, index) = (now.entries, now.index);
    // A page for a tab of ours that shows nothing yet: its tab knows better where it goes.
    let only_blank = entries.len() == 1 && entries.iter().all(|entry| entry.url == BLANK);
    if page.fresh && only_blank && page.loading == Some(true) {
        return;
    }
    let history = Some((entries, index));
    if page.told.history != history {
        page.told.history.clone_from(&history);
        if let Some((entries, index)) = history {
            shared.queue.news(tab, PageNews::History { entries, index });
        }
    }
    if page.told.title != title {
        page.told.title.clone_from(&title);
        shared
            .queue
            .news(tab, PageNews::Title(title.unwrap_or_default()));
    }
}

/// The history of a page.
pub(super) async fn read_history(shared: &Shared, session: &str) -> Result<History, PageError> {
    let method = "Page.getNavigationHistory";
    let answer = act::settled(shared, session, method, json!({})).await?;
    History::read(&answer).ok_or_else(|| PageError::Engine {
        method,
        message: "no history".to_owned(),
    })
}

/// A load failed by a way that did not tell why; Chromium's own error page says it.
pub(super) async fn failure(shared: Arc<Shared>, target: String, load: String, url: String) {
    let Ok(session) = session(&shared, &target).await else {
        return;
    };
    let code = evaluate_within(CODE_LIMIT, &shared, &session, None, ERROR_CODE)
        .await
        .unwrap_or_default();
    let (fault, detail) = read_failure(code.trim());
    let tab = shared.book().page(&target).and_then(|page| {
        // It may show something else by now.
        page.tab.filter(|_| page.failed == Some(load))
    });
    if let Some(tab) = tab {
        shared
            .queue
            .news(tab, PageNews::Failed { url, fault, detail });
    }
}

/// What Chromium's error page says of itself: a code of its own, or the status of an empty answer.
fn read_failure(code: &str) -> (Option<PageFault>, String) {
    let status = code.strip_prefix("HTTP ERROR ");
    if let Some(status) = status.and_then(|status| status.parse().ok()) {
        let fault = PageFault::Empty {
            status: Some(status),
        };
        return (Some(fault), format!("HTTP {status}"));
    }
    let known = code.starts_with("ERR_")
        && code.len() <= 64
        && code
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let detail = format!("net::{}", if known { code } else { "ERR_FAILED" });
    (chromium::fault(&detail), detail)
}
