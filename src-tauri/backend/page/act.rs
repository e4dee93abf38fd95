//! What a tab wants of its page, as CDP calls.

use std::sync::Arc;
use std::time::Duration;

use duotab_core::action::PageAction;
use duotab_core::chromium;
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use serde_json::{Value, json};

use super::book::BLANK;
use super::route::loading;
use super::{PageError, Shared, asks, carry, chooser, find, follow};

/// The zoom that is taken, in percent: Chromium's own range.
const ZOOM: std::ops::RangeInclusive<u16> = 25..=500;
/// What Chromium says of a page between two processes, and how long that may last.
const CHANGES: &str = "Not attached to an active page";
const CHANGE_TRIES: u32 = 40;
const CHANGE_PACE: Duration = Duration::from_millis(25);

/// Carries out one action.
pub(super) async fn act(
    shared: &Arc<Shared>,
    tab: TabId,
    action: PageAction,
) -> Result<(), PageError> {
    let target = shared.book().target(tab);
    let target = match (action, target) {
        (PageAction::Open { url, zoom }, None) => return open(shared, tab, url, zoom).await,
        (PageAction::Open { url, zoom }, Some(target)) => {
            set_zoom(shared, &target, zoom).await?;
            return navigate(shared, &target, url).await;
        }
        (PageAction::Attach { target, zoom }, _) => {
            return take(shared, tab, &target, zoom).await;
        }
        // Gone already, by itself.
        (
            PageAction::Close | PageAction::Hide | PageAction::FindEnd | PageAction::Answer(..)
            | PageAction::GiveFiles(..) | PageAction::StopGiving,
            None,
        )
        // Answered, by [`super::Pages::carry`] and [`super::Pages::cookies`].
        | (PageAction::Carry(_) | PageAction::Cookies(_), _) => return Ok(()),
        (_, None) => return Err(PageError::UnknownTab(tab)),
        (PageAction::Navigate(url), Some(target)) => {
            return navigate(shared, &target, url).await;
        }
        (PageAction::Zoom(percent), Some(target)) => {
            return set_zoom(shared, &target, percent).await;
        }
        (PageAction::Find(text), Some(target)) => {
            return find::look(shared, &target, text, None).await;
        }
        (PageAction::FindStep(direction), Some(target)) => {
            return find::step(shared, &target, direction).await;
        }
        (PageAction::FindEnd, Some(target)) => {
            return find::look(shared, &target, String::new(), None).await;
        }
        (PageAction::Answer(ask, answer), Some(target)) => {
            return asks::answer(shared, &target, ask, answer).await;
        }
        (PageAction::Back, Some(target)) => return step(shared, &target, -1).await,
        (PageAction::Forward, Some(target)) => return step(shared, &target, 1).await,
        (PageAction::MayClose, Some(target)) => {
            carry::may_close(shared, tab, target);
            return Ok(());
        }
        // What is not nothing goes by [`super::Pages::give_files`].
        (PageAction::GiveFiles(ask, _), Some(target)) => {
            chooser::forget(shared, &target, ask);
            return Ok(());
        }
        (PageAction::StopGiving, Some(_)) => return Ok(()),
        // Prints go by [`super::Pages::print`].
        (
            PageAction::Hide
            | PageAction::Print
            | PageAction::Source
            | PageAction::Trust(_)
            | PageAction::Mute(_)
            | PageAction::Release(_)
            | PageAction::Restore(_),
            Some(_),
        ) => return Ok(()),
        (PageAction::Step(steps), Some(target)) => return step(shared, &target, steps).await,
        (PageAction::Discard(target), _) => return close(shared, &target).await,
        (PageAction::Close, Some(target)) => {
            shared.book().release(tab);
            return close(shared, &target).await;
        }
        (PageAction::Show, Some(target)) => {
            let of = json!({ "targetId": target });
            return done(shared.wire.call(None, "Target.activateTarget", of).await);
        }
        (PageAction::Reload, Some(target)) => return reload(shared, &target, false).await,
        (PageAction::ReloadFresh, Some(target)) => return reload(shared, &target, true).await,
        (PageAction::Stop, Some(target)) => (target, "Page.stopLoading"),
        (PageAction::Focus, Some(target)) => (target, "Page.bringToFront"),
    };
    let (target, method) = target;
    let session = follow::session(shared, &target).await?;
    done(shared.wire.call(Some(&session), method, json!({})).await)
}

fn done(answer: Result<Value, PageError>) -> Result<(), PageError> {
    answer.map(|_| ())
}

/// Makes a page for a tab, or takes the empty one in reserve.
async fn open(shared: &Arc<Shared>, tab: TabId, url: String, zoom: u16) -> Result<(), PageError> {
    let reserve = shared.book().reserve();
    let target = match reserve {
        Some(target) => target,
        None => make(shared, true).await?,
    };
    {
        let mut book = shared.book();
        if !book.claim(&target, tab, 100) {
            return Err(PageError::UnknownTarget);
        }
        if let Some(page) = book.page(&target) {
            page.fresh = true;
            // Known at once, so that no empty history is told on the way.
            page.loading = Some(url != BLANK);
            page.under_way = url != BLANK;
        }
    }
    let opened = async {
        follow::session(shared, &target).await?;
        set_zoom(shared, &target, zoom).await?;
        shared.queue.news(tab, PageNews::Opened);
        let loads = PageNews::Loading(url != BLANK);
        shared.queue.news(tab, loads);
        if url == BLANK {
            look_again(shared, &target);
            Ok(())
        } else {
            navigate(shared, &target, url).await
        }
    };
    let opened = opened.await;
    if opened.is_err() {
        shared.book().release(tab);
        let _ = close(shared, &target).await;
    }
    opened
}

/// Makes an empty page.
async fn make(shared: &Arc<Shared>, background: bool) -> Result<String, PageError> {
    let opening = Opening(shared);
    shared.book().begin_opening();
    let params = json!({ "url": BLANK, "background": background });
    let answer = shared.wire.call(None, "Target.createTarget", params).await;
    let made = answer.and_then(|answer| {
        answer["targetId"]
            .as_str()
            .map(str::to_owned)
            .ok_or(PageError::UnknownTarget)
    });
    opening.end(made.as_deref().ok());
    made
}

/// Pages that come up while we make one may be ours. Ends also when the making is given up.
struct Opening<'a>(&'a Arc<Shared>);

impl Opening<'_> {
    fn end(self, made: Option<&str>) {
        self.settle(made);
        std::mem::forget(self);
    }

    fn settle(&self, made: Option<&str>) {
        let others = self.0.book().end_opening(made);
        for other in others {
            self.0.spawn(follow::greet(Arc::clone(self.0), other));
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.settle(None);
    }
}

/// Gives a page that the engine made itself to a tab.
async fn take(shared: &Arc<Shared>, tab: TabId, target: &str, zoom: u16) -> Result<(), PageError> {
    if !shared.book().claim(target, tab, 100) {
        return Err(PageError::UnknownTarget);
    }
    let taken = async {
        follow::session(shared, target).await?;
        set_zoom(shared, target, zoom).await
    };
    let taken = taken.await;
    if taken.is_err() {
        shared.book().release(tab);
        return taken;
    }
    shared.queue.news(tab, PageNews::Opened);
    let mut book = shared.book();
    if let Some(page) = book.page(target) {
        if let Some(now) = page.loading {
            shared.queue.news(tab, PageNews::Loading(now));
        }
        drop(book);
        look_again(shared, target);
    }
    Ok(())
}

/// Has everything of a page told again that differs from what its tab knows.
fn look_again(shared: &Shared, target: &str) {
    if let Some(page) = shared.book().page(target) {
        page.changed.notify_one();
        page.icon_changed.notify_one();
    }
}

/// Loads an address. The engine answers when the server has: that is not waited for.
async fn navigate(shared: &Arc<Shared>, target: &str, url: String) -> Result<(), PageError> {
    let session = follow::session(shared, target).await?;
    let number = {
        let mut book = shared.book();
        let page = book.page(target).ok_or(PageError::UnknownTarget)?;
        page.navigation += 1;
        page.unanswered = true;
        page.unreachable = None;
        if page.fresh && !page.shown {
            page.goal = Some(url.clone());
            page.under_way = true;
        }
        loading(shared, page, true);
        page.navigation
    };
    let params = json!({ "url": url, "transitionType": "typed" });
    let started = shared
        .wire
        .start(Some(&session), "Page.navigate", params)
        .await;
    if started.is_err()
        && let Some(page) = shared.book().page(target)
    {
        page.unanswered = false;
    }
    let (started, of, target) = (started?, Arc::clone(shared), target.to_owned());
    // The answer comes at the latest with the end of session or connection, so this task ends.
    shared.spawn(async move {
        let answer = started.wait().await;
        answered(&of, &target, number, url, &answer);
    });
    Ok(())
}

/// An empty page is sent to its goal once more; the engine would load the empty page again.
async fn reload(shared: &Arc<Shared>, target: &str, fresh: bool) -> Result<(), PageError> {
    let session = follow::session(shared, target).await?;
    let goal = shared
        .book()
        .page(target)
        .and_then(|page| page.goal.clone());
    let (method, params) = match goal {
        // It takes no second order for what it is already on the way to.
        Some(_) => ("Page.stopLoading", json!({})),
        None => ("Page.reload", json!({ "ignoreCache": fresh })),
    };
    done(settled(shared, &session, method, params).await)?;
    match goal {
        Some(url) => navigate(shared, target, url).await,
        None => Ok(()),
    }
}

/// A load that we asked for has begun to show, or has failed.
fn answered(
    shared: &Arc<Shared>,
    target: &str,
    number: u64,
    url: String,
    answer: &Result<Value, PageError>,
) {
    let mut book = shared.book();
    let Some(page) = book.page(target) else {
        return;
    };
    if page.navigation != number {
        return;
    }
    page.unanswered = false;
    let unreachable = page.unreachable.take();
    let first = std::mem::take(&mut page.under_way);
    let failure = match answer {
        Ok(answer) => {
            let load = answer["loaderId"].as_str();
            if load.is_none() {
                // Within the document, or not begun at all: no event ends it.
                loading(shared, page, false);
            }
            let text = answer["errorText"].as_str();
            // Aborted is what became a download, or was stopped, or overtaken.
            let aborted = text == Some("net::ERR_ABORTED");
            if aborted && first {
                loading(shared, page, false);
            }
            // Chromium's own error page tells the status, and comes with an event of its own.
            let empty = text == Some("net::ERR_HTTP_RESPONSE_CODE_FAILURE");
            let text = text.filter(|_| !aborted && !empty);
            if text.is_some() && load.is_some() && page.failed.as_deref() == load {
                None
            } else {
                if text.is_some() {
                    page.failed = load.map(|load| load.chars().take(128).collect());
                }
                text.map(|text| text.chars().take(128).collect())
            }
        }
        Err(PageError::Disconnected) => None,
        Err(_) => {
            loading(shared, page, false);
            Some("net::ERR_INVALID_URL".to_owned())
        }
    };
    if failure.is_none()
        && let Some((load, at)) = unreachable
    {
        // Of a load that this was no answer to, or that it says nothing of.
        page.failed = Some(load.clone());
        let of = Arc::clone(shared);
        shared.spawn(follow::failure(of, target.to_owned(), load, at));
    }
    if let (Some(detail), Some(tab)) = (failure, page.tab) {
        shared.queue.news(
            tab,
            PageNews::Failed {
                url,
                fault: chromium::fault(&detail),
                detail,
            },
        );
    }
}

/// Goes back or forward, if there is something.
async fn step(shared: &Arc<Shared>, target: &str, steps: isize) -> Result<(), PageError> {
    let session = follow::session(shared, target).await?;
    let history = follow::read_history(shared, &session).await?;
    let Some(id) = history.step(steps) else {
        return Ok(());
    };
    let params = json!({ "entryId": id });
    done(settled(shared, &session, "Page.navigateToHistoryEntry", params).await)
}

/// Calls a page that may be changing its process just now: for that moment Chromium refuses.
pub(super) async fn settled(
    shared: &Shared,
    session: &str,
    method: &'static str,
    params: Value,
) -> Result<Value, PageError> {
    let mut tries = CHANGE_TRIES;
    loop {
        let answer = shared.wire.call(Some(session), method, params.clone());
        match answer.await {
            Err(PageError::Engine { message, .. }) if tries > 0 && message.contains(CHANGES) => {
                tries -= 1;
                tokio::time::sleep(CHANGE_PACE).await;
            }
            answer => return answer,
        }
    }
}

async fn set_zoom(shared: &Arc<Shared>, target: &str, percent: u16) -> Result<(), PageError> {
    let session = follow::session(shared, target).await?;
    let before = {
        let mut book = shared.book();
        let page = book.page(target).ok_or(PageError::UnknownTarget)?;
        std::mem::replace(&mut page.zoom, percent)
    };
    if before == percent {
        return Ok(());
    }
    zoom(shared, &session, percent).await
}

/// Zooms a page's layout. CDP has no command for the browser's own zoom, which is also per site
/// and kept in the profile, where ours is the tab's. An emulation of scale alone, with the size
/// left to the window (0), is the same to a page: `innerWidth`, media queries and `vh` shrink,
/// text is laid out and rastered anew, clicks and menus land where they should, and it holds
/// across navigations and while the window changes its size. Only `devicePixelRatio` stays.
/// `documentElement.style.zoom` would leave `innerWidth`, media queries and `vh` as they were.
pub(super) async fn zoom(shared: &Shared, session: &str, percent: u16) -> Result<(), PageError> {
    let percent = percent.clamp(*ZOOM.start(), *ZOOM.end());
    let (method, params) = if percent == 100 {
        ("Emulation.clearDeviceMetricsOverride", json!({}))
    } else {
        (
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": 0, "height": 0, "deviceScaleFactor": 0, "mobile": false,
                "scale": f64::from(percent) / 100.0,
            }),
        )
    };
    done(shared.wire.call(Some(session), method, params).await)
}

/// Closes a page that has no tab (any more). The browser ends with its last page, so an empty one
/// takes the place of that.
pub(super) async fn close(shared: &Arc<Shared>, target: &str) -> Result<(), PageError> {
    let last = {
        let mut book = shared.book();
        if book.page(target).is_none() {
            return Ok(());
        }
        book.is_last(target)
    };
    if last {
        let reserve = make(shared, false).await?;
        shared.book().keep(reserve);
    }
    if let Some(page) = shared.book().page(target) {
        page.closing = true;
    }
    let of = json!({ "targetId": target });
    match shared.wire.call(None, "Target.closeTarget", of).await {
        // It was quicker.
        Err(PageError::Engine { .. }) => Ok(()),
        answer => done(answer),
    }
}
