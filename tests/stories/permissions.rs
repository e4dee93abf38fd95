//! What a streamed page may do only if the person agrees: asked by the window, remembered for the
//! site, and known to the browser before the page asks.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_core::ask::{Ask, Question, Wish};
use duotab_core::message::{TabId, TabView};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::app::App;
use crate::home::Home;
use crate::processes::kill;
use crate::view::View;

/// A click anywhere asks. The title says what is known, from when the page has been painted on.
const NOTES: &str = "<script>
    let answer = 'now';
    const tell = () => document.title = `${answer} ${Notification.permission}`;
    requestAnimationFrame(() => requestAnimationFrame(() => setInterval(tell, 50)));
    onclick = async () => answer = await Notification.requestPermission();
</script>";

const PLACE: &str = "<script>
    const state = async () => (await navigator.permissions.query({ name: 'geolocation' })).state;
    let answer = 'now';
    const tell = async () => document.title = `${answer} ${await state()}`;
    requestAnimationFrame(() => requestAnimationFrame(() => setInterval(tell, 50)));
    let watched = null;
    onclick = () => {
        navigator.geolocation.getCurrentPosition(
            () => answer = 'there',
            (error) => answer = `error ${error.code}`,
        );
        watched ??= navigator.geolocation.watchPosition(() => {});
        navigator.geolocation.clearWatch(watched);
    };
</script>";

/// What is copied, and what a page can tell of how it is asked.
const CLIP: &str = "<script>
    requestAnimationFrame(() => requestAnimationFrame(() => document.title = 'now'));
    onclick = async () => {
        const reading = navigator.clipboard.readText().then(() => 'read', (e) => e.name);
        document.title = await reading;
    };
    globalThis.plain = [
        `${navigator.clipboard.readText}`.includes('[native code]'),
        `${navigator.geolocation.getCurrentPosition}`.includes('[native code]'),
        Object.keys(globalThis).every((key) => !key.includes('duotab')),
        Notification.requestPermission.name === 'requestPermission',
        navigator.clipboard.readText.length === 0,
    ].every((it) => it);
    if (!plain) document.title = 'changed';
</script>";

/// A frame of the same origin that is all of the page asks in its name.
const FRAMED: &str =
    "<iframe src=/framed style='position: fixed; inset: 0; width: 100%; height: 100%'>
    </iframe>";
const WITHIN: &str = "<script>
    requestAnimationFrame(() => requestAnimationFrame(() => top.document.title = 'now'));
    onclick = async () => top.document.title = await Notification.requestPermission();
</script>";

/// There is no camera where the browser runs.
const CAMERA: &str = "<script>
    requestAnimationFrame(() => requestAnimationFrame(() => document.title = 'now'));
    onclick = () => navigator.mediaDevices.getUserMedia({ video: true })
        .catch((error) => document.title = error.name);
</script>";

struct Site {
    address: SocketAddr,
    task: AbortHandle,
}

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let page = |body: &'static str| {
            get(async move || {
                Html(format!(
                    "<!doctype html><title>…</title><link rel=icon href=data:,>\
                     <body style='background: #357; height: 100vh'>{body}"
                ))
            })
        };
        let router = Router::new()
            .route("/notes", page(NOTES))
            .route("/place", page(PLACE))
            .route("/clip", page(CLIP))
            .route("/frame", page(FRAMED))
            .route("/framed", page(WITHIN))
            .route("/camera", page(CAMERA));
        let serving = async move {
            let _ = axum::serve(listener, router).await;
        };
        let task = tokio::spawn(serving).abort_handle();
        Self { address, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn open(app: &mut App, url: &str, title: &str) -> TabId {
    let tab = app.open(url, "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, title).await;
    tab
}

async fn asked(app: &mut App, tab: TabId, wish: Wish) -> Ask {
    let view = app
        .until_tab(tab, "a question", |tab| !tab.page.asks.is_empty())
        .await;
    let ask = view.page.asks[0].clone();
    let wishes = vec![wish];
    assert_eq!(ask.question, Question::Permission { wishes });
    ask
}

async fn answer(app: &mut App, tab: TabId, ask: &Ask, answer: Value) {
    let body = json!({ "tab": tab, "ask": ask.id, "answer": answer });
    assert_eq!(app.ask("answer", body).await, Ok(Value::Null));
    app.until_tab(tab, "no question", |tab| tab.page.asks.is_empty())
        .await;
}

fn no(always: bool) -> Value {
    json!({ "answer": "no", "always": always })
}

fn yes(always: bool) -> Value {
    json!({ "answer": "yes", "always": always })
}

#[tokio::test]
async fn a_permission_of_a_streamed_page_is_asked_by_the_window_and_remembered_for_its_site() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = open(&mut app, &site.url("/notes"), "now default").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let ask = asked(&mut app, tab, Wish::Notifications).await;
    assert_eq!(format!("{}/", ask.origin), site.url("/"));
    answer(&mut app, tab, &ask, yes(true)).await;
    app.until_title(tab, "granted granted").await;
    // Known from the beginning, without a question, also by the next browser.
    app.act("reload", tab).await;
    app.until_title(tab, "now granted").await;
    app.quit().await;
    home.until_nothing_is_left().await;
    let mut app = home.app().await;
    let tab = open(&mut app, &site.url("/notes"), "now granted").await;
    // Taken back behind the lock.
    let decide = json!({ "tab": tab, "wish": "notifications", "allowed": null });
    app.ask("decide", decide).await.unwrap();
    app.act("reload", tab).await;
    app.until_title(tab, "now default").await;
    let decide = json!({ "tab": tab, "wish": "notifications", "allowed": false });
    app.ask("decide", decide).await.unwrap();
    app.act("reload", tab).await;
    app.until_title(tab, "now denied").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn what_is_not_to_be_remembered_holds_until_the_page_is_loaded_anew() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = open(&mut app, &site.url("/place"), "now prompt").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let ask = asked(&mut app, tab, Wish::Location).await;
    answer(&mut app, tab, &ask, no(false)).await;
    app.until_title(tab, "error 1 denied").await;
    app.act("reload", tab).await;
    app.until_title(tab, "now prompt").await;
    // The page is gone before it is answered: nobody is asked any more.
    view.click(400, 300).await;
    asked(&mut app, tab, Wish::Location).await;
    app.navigate(tab, &site.url("/clip")).await;
    app.until_title(tab, "now").await;
    app.until_tab(tab, "no question", |tab| tab.page.asks.is_empty())
        .await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_question_goes_with_the_browser_that_asked_it() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = open(&mut app, &site.url("/notes"), "now default").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let ask = asked(&mut app, tab, Wish::Notifications).await;
    kill(home.browsers()[0]);
    let left = |tab: &TabView| tab.problem.is_some() && tab.page.asks.is_empty();
    app.until_tab(tab, "the end", left).await;
    // An answer that comes too late is none.
    let body = json!({ "tab": tab, "ask": ask.id, "answer": yes(false) });
    assert_eq!(app.ask("answer", body).await, Ok(Value::Null));
    app.act("reload", tab).await;
    app.until_title(tab, "now default").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_page_does_not_see_by_whom_it_is_asked_about_and_reads_the_clipboard_if_it_may() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = open(&mut app, &site.url("/clip"), "now").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let ask = asked(&mut app, tab, Wish::Clipboard).await;
    answer(&mut app, tab, &ask, no(false)).await;
    app.until_title(tab, "NotAllowedError").await;
    app.act("reload", tab).await;
    app.until_title(tab, "now").await;
    view.click(400, 300).await;
    let ask = asked(&mut app, tab, Wish::Clipboard).await;
    answer(&mut app, tab, &ask, yes(false)).await;
    app.until_title(tab, "read").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_frame_of_the_page_asks_in_its_name_and_what_is_not_there_is_not_asked_about() {
    let (home, site) = (Home::new(), Site::start().await);
    let mut app = home.app().await;
    let tab = open(&mut app, &site.url("/frame"), "now").await;
    let mut view = View::open(&mut app).await;
    view.click(400, 300).await;
    let ask = asked(&mut app, tab, Wish::Notifications).await;
    answer(&mut app, tab, &ask, yes(false)).await;
    app.until_title(tab, "granted").await;
    app.navigate(tab, &site.url("/camera")).await;
    app.until_title(tab, "now").await;
    view.click(400, 300).await;
    app.until_title(tab, "NotFoundError").await;
    app.quit().await;
    home.assert_nothing_left();
}
