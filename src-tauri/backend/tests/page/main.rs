//! Page control against a real Chromium.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod chromium;
mod site;

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use duotab_backend::page::{PageError, PageEvent, Pages, Transport};
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use chromium::Chromium;
use site::Site;

const LIMIT: Duration = Duration::from_secs(15);
const ONE: TabId = TabId(1);
const TWO: TabId = TabId(2);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";

struct Bench {
    pages: Pages,
    events: mpsc::Receiver<PageEvent>,
    site: Site,
    chromium: Chromium,
    /// What was last said of each tab.
    loading: HashMap<TabId, bool>,
}

async fn page(axum::extract::Path(name): axum::extract::Path<String>) -> Html<String> {
    Html(format!(
        "<!doctype html><title>Page {name}</title>
         <link rel=icon href=/icon.png><body>
         <a id=new target=_blank href=/page/linked>new</a>
         <a id=dead href=http://127.0.0.1:9/>dead</a>
         <script>
           const tell = (what) => fetch('/tell/{name}/' + what);
           addEventListener('resize', () => tell(innerWidth));
           tell(innerWidth);
         </script>"
    ))
}

async fn bench() -> Bench {
    bench_with(Router::new()).await
}

async fn bench_with(more: Router) -> Bench {
    let router = Router::new()
        .route("/page/{name}", get(page))
        .route("/tell/{name}/{what}", get(|| async {}))
        .route(
            "/icon.png",
            get(|| async { ([(header::CONTENT_TYPE, "image/png")], PNG) }),
        )
        .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
        .route("/hang", get(std::future::pending::<()>))
        .route(
            "/changing",
            get(|| async {
                Html(
                    "<title>before</title><script>
                     onload = () => setTimeout(() => { document.title = 'after' }, 300);
                     </script>",
                )
                .into_response()
            }),
        )
        .merge(more);
    let site = Site::start(router).await;
    let chromium = tokio::task::spawn_blocking(Chromium::start).await.unwrap();
    let transport = Transport::websocket(chromium.endpoint()).await.unwrap();
    let (pages, events) = Pages::over(transport).await.unwrap();
    Bench {
        pages,
        events,
        site,
        chromium,
        loading: HashMap::new(),
    }
}

impl Bench {
    async fn act(&self, tab: TabId, action: PageAction) {
        self.pages.act(tab, action).await.unwrap();
    }

    async fn open(&mut self, tab: TabId, url: String) {
        self.act(tab, PageAction::Open { url, zoom: 100 }).await;
        self.until(tab, |news| *news == PageNews::Opened).await;
    }

    /// Takes events until one fits; all before it are lost.
    async fn event<T>(&mut self, mut fits: impl FnMut(PageEvent) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let found = tokio::time::timeout(LIMIT, async {
            loop {
                let event = self.events.recv().await.expect("connected");
                seen.push(format!("{event:.200?}"));
                if let PageEvent::News(tab, PageNews::Loading(now)) = event {
                    self.loading.insert(tab, now);
                }
                if let Some(found) = fits(event) {
                    break found;
                }
            }
        })
        .await;
        found.unwrap_or_else(|_| panic!("not in time; seen: {seen:#?}"))
    }

    async fn until(&mut self, tab: TabId, mut fits: impl FnMut(&PageNews) -> bool) -> PageNews {
        self.event(|event| match event {
            PageEvent::News(of, news) if of == tab && fits(&news) => Some(news),
            _ => None,
        })
        .await
    }

    /// Waits until a page that is known to load, or to have loaded, does not any more.
    async fn loaded(&mut self, tab: TabId) {
        if self.loading.get(&tab) != Some(&false) {
            self.until(tab, |news| *news == PageNews::Loading(false))
                .await;
        }
    }

    /// Waits until a tab's history ends at `url`, and gives its length and place.
    async fn at(&mut self, tab: TabId, url: &str) -> (usize, usize) {
        let news = self
            .until(tab, |news| {
                matches!(news, PageNews::History { entries, index } if entries[*index].url == url)
            })
            .await;
        match news {
            PageNews::History { entries, index } => (entries.len(), index),
            _ => unreachable!(),
        }
    }

    /// Clicks into the middle of a tab's page, as the person's hand would.
    async fn middle_click(&self, tab: TabId) {
        let mut raw = Transport::websocket(self.chromium.endpoint())
            .await
            .unwrap();
        let target = self.pages.target(tab).unwrap();
        let attach = json!({
            "id": 1, "method": "Target.attachToTarget",
            "params": { "targetId": target, "flatten": true },
        });
        raw.out.send(attach.to_string()).await.unwrap();
        let session = raw.answer(1).await["result"]["sessionId"].clone();
        for (id, kind) in [(2, "mousePressed"), (3, "mouseReleased")] {
            let click = json!({
                "id": id, "method": "Input.dispatchMouseEvent", "sessionId": session,
                "params": { "type": kind, "x": 200, "y": 200, "button": "middle", "clickCount": 1 },
            });
            raw.out.send(click.to_string()).await.unwrap();
            raw.answer(id).await;
        }
    }

    /// Asks the page something, through an address of its own.
    async fn run(&self, tab: TabId, script: &str) {
        self.act(tab, PageAction::Navigate(format!("javascript:{script}")))
            .await;
    }
}

trait Raw {
    async fn answer(&mut self, id: u64) -> Value;
}

impl Raw for Transport {
    async fn answer(&mut self, id: u64) -> Value {
        tokio::time::timeout(LIMIT, async {
            loop {
                let text = self.incoming.recv().await.expect("connected");
                let message: Value = serde_json::from_str(&text).unwrap();
                if message["id"] == id {
                    break message;
                }
            }
        })
        .await
        .expect("an answer")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_loads_and_shows_title_icon_and_history() {
    let mut bench = bench().await;
    assert_eq!(bench.pages.list(), [], "the first empty page is in reserve");
    let url = bench.site.url("/page/a");
    bench.open(ONE, url.clone()).await;
    let (mut title, mut icon, mut history, mut loaded) = (None, None, None, false);
    while title.is_none() || icon.is_none() || history.is_none() || !loaded {
        match bench.until(ONE, |_| true).await {
            PageNews::Title(is) if !is.is_empty() => title = Some(is),
            PageNews::Favicon(is) => icon = is,
            PageNews::History { entries, index } => history = Some((entries, index)),
            PageNews::Loading(is) => loaded = !is,
            _ => {}
        }
    }
    assert_eq!(title.unwrap(), "Page a");
    let icon = icon.unwrap();
    assert!(
        icon.starts_with("data:image/png;base64,iVBORw0KGgpub3Qg"),
        "{icon}"
    );
    let (entries, index) = history.unwrap();
    assert_eq!((entries.len(), index, &entries[0].url), (1, 0, &url));
    assert_eq!(bench.pages.list(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn back_forward_and_reload_move_in_the_engines_own_history() {
    let mut bench = bench().await;
    let (a, b) = (bench.site.url("/page/a"), bench.site.other_url("/page/b"));
    bench.open(ONE, a.clone()).await;
    assert_eq!(bench.at(ONE, &a).await, (1, 0));
    bench.act(ONE, PageAction::Back).await;
    bench.act(ONE, PageAction::Navigate(b.clone())).await;
    assert_eq!(bench.at(ONE, &b).await, (2, 1));
    bench.act(ONE, PageAction::Back).await;
    assert_eq!(bench.at(ONE, &a).await, (2, 0));
    bench.act(ONE, PageAction::Forward).await;
    assert_eq!(bench.at(ONE, &b).await, (2, 1));
    bench.loaded(ONE).await;
    bench.act(ONE, PageAction::Reload).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(true))
        .await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_has_a_page_of_its_own_and_closing_leaves_the_browser_alive() {
    let mut bench = bench().await;
    let (a, b) = (bench.site.url("/page/a"), bench.site.url("/page/b"));
    bench.open(ONE, a.clone()).await;
    bench.open(TWO, b.clone()).await;
    assert_eq!(bench.at(TWO, &b).await, (1, 0));
    assert_ne!(bench.pages.target(ONE), bench.pages.target(TWO));
    for tab in [TWO, ONE] {
        bench.act(tab, PageAction::Show).await;
        bench.act(tab, PageAction::Focus).await;
    }
    bench.act(ONE, PageAction::Close).await;
    bench.act(TWO, PageAction::Close).await;
    bench.act(TWO, PageAction::Close).await;
    assert_eq!(
        bench.pages.act(TWO, PageAction::Reload).await,
        Err(PageError::UnknownTab(TWO))
    );
    bench.open(ONE, b.clone()).await;
    assert_eq!(bench.at(ONE, &b).await, (1, 0));
    assert_eq!(bench.pages.list(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_new_window_is_a_page_that_another_tab_can_take() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/page/a")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    bench
        .run(ONE, "void document.getElementById('new').click()")
        .await;
    let linked = bench.site.url("/page/linked");
    let news = bench
        .until(ONE, |news| matches!(news, PageNews::OpenedPage { .. }))
        .await;
    let PageNews::OpenedPage {
        url,
        target,
        foreground,
    } = news
    else {
        unreachable!()
    };
    assert_eq!((&url, foreground), (&linked, true));
    let target = target.unwrap();
    let attach = PageAction::Attach {
        target: target.clone(),
        zoom: 100,
    };
    bench.act(TWO, attach.clone()).await;
    assert_eq!(bench.at(TWO, &linked).await, (1, 0));
    bench
        .until(TWO, |news| *news == PageNews::Title("Page linked".into()))
        .await;
    assert_eq!(
        bench.pages.act(ONE, attach).await,
        Err(PageError::UnknownTarget),
        "it has a tab"
    );
    bench
        .act(TWO, PageAction::Navigate(bench.site.url("/page/c")))
        .await;
    assert_eq!(bench.at(TWO, &bench.site.url("/page/c")).await, (2, 1));
    bench.pages.forget(TWO);
    assert_eq!(
        bench.pages.list(),
        [(target.clone(), bench.site.url("/page/c"))]
    );
    bench.pages.dismiss(&target).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_popup_is_a_page_of_its_opener_and_closes_itself() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/page/a")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    let popup = bench.site.url("/page/popup");
    bench
        .run(
            ONE,
            "void (w = open('/page/popup', 'w', 'width=300,height=200'))",
        )
        .await;
    let news = bench
        .until(ONE, |news| matches!(news, PageNews::OpenedPage { .. }))
        .await;
    let PageNews::OpenedPage {
        url,
        target: Some(target),
        ..
    } = news
    else {
        panic!("{news:?}")
    };
    assert_eq!(url, popup);
    bench
        .act(TWO, PageAction::Attach { target, zoom: 100 })
        .await;
    bench.at(TWO, &popup).await;
    bench.run(ONE, "void w.close()").await;
    bench.until(TWO, |news| *news == PageNews::Closed).await;
    assert_eq!(
        bench.pages.act(TWO, PageAction::Back).await,
        Err(PageError::UnknownTab(TWO))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_middle_click_on_a_link_opens_a_page_of_the_tab_in_the_background() {
    let link = "<a style='position:fixed;inset:0' href=/page/linked>link</a>";
    let router = Router::new().route("/link", get(move || async move { Html(link) }));
    let mut bench = bench_with(router).await;
    bench.open(ONE, bench.site.url("/link")).await;
    bench.act(ONE, PageAction::Show).await;
    bench.at(ONE, &bench.site.url("/link")).await;
    bench.loaded(ONE).await;
    bench.middle_click(ONE).await;
    let news = bench
        .until(ONE, |news| matches!(news, PageNews::OpenedPage { .. }))
        .await;
    let PageNews::OpenedPage {
        url,
        target: Some(target),
        foreground,
    } = news
    else {
        panic!("{news:?}")
    };
    assert_eq!((url, foreground), (bench.site.url("/page/linked"), false));
    let attach = PageAction::Attach { target, zoom: 100 };
    bench.act(TWO, attach).await;
    let linked = bench.site.url("/page/linked");
    assert_eq!(bench.at(TWO, &linked).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_fails_is_told_with_the_engines_code() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/page/a")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    // A link of the page.
    bench
        .run(ONE, "void document.getElementById('dead').click()")
        .await;
    let failed = |news: &PageNews| matches!(news, PageNews::Failed { .. });
    let unsafe_port = |url: &str| PageNews::Failed {
        url: url.to_owned(),
        detail: "net::ERR_UNSAFE_PORT".to_owned(),
    };
    let dead = "http://127.0.0.1:9/";
    assert_eq!(bench.until(ONE, failed).await, unsafe_port(dead));
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    // An address of ours.
    let refused = {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", port.local_addr().unwrap())
    };
    bench.act(ONE, PageAction::Navigate(refused.clone())).await;
    assert_eq!(
        bench.until(ONE, failed).await,
        PageNews::Failed {
            url: refused,
            detail: "net::ERR_CONNECTION_REFUSED".to_owned()
        }
    );
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    bench
        .act(ONE, PageAction::Navigate("no address".into()))
        .await;
    assert_eq!(
        bench.until(ONE, failed).await,
        PageNews::Failed {
            url: "no address".into(),
            detail: "net::ERR_INVALID_URL".into()
        }
    );
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_holds_nothing_up_and_can_be_stopped() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/hang")).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(true))
        .await;
    bench.act(ONE, PageAction::Stop).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    bench
        .act(ONE, PageAction::Navigate(bench.site.url("/nothing")))
        .await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    let a = bench.site.url("/page/a");
    bench.act(ONE, PageAction::Navigate(a.clone())).await;
    assert_eq!(bench.at(ONE, &a).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_changes_after_the_load_is_told() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/changing")).await;
    bench
        .until(ONE, |news| *news == PageNews::Title("before".into()))
        .await;
    bench
        .until(ONE, |news| *news == PageNews::Title("after".into()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_crashes_is_told_and_can_be_loaded_again() {
    let mut bench = bench().await;
    let a = bench.site.url("/page/a");
    bench.open(ONE, a.clone()).await;
    bench.at(ONE, &a).await;
    bench.loaded(ONE).await;
    bench
        .act(ONE, PageAction::Navigate("chrome://crash".into()))
        .await;
    bench.until(ONE, |news| *news == PageNews::Crashed).await;
    bench.act(ONE, PageAction::Reload).await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(true))
        .await;
    bench
        .until(ONE, |news| *news == PageNews::Loading(false))
        .await;
    let b = bench.site.url("/page/b");
    bench.act(ONE, PageAction::Navigate(b.clone())).await;
    assert_eq!(bench.at(ONE, &b).await, (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn zoom_changes_the_pages_width_and_holds_for_the_next_page() {
    let (sender, mut widths) = mpsc::unbounded_channel();
    let tell = get(
        move |axum::extract::Path((name, width)): axum::extract::Path<(String, u32)>| async move {
            let _ = sender.send((name, width));
        },
    );
    // Another prefix than the page's own, which the page of this test uses.
    let body = |name: &str| {
        format!("<script>const t=()=>fetch('/width/{name}/'+innerWidth);onresize=t;t()</script>")
    };
    let (x, y) = (body("x"), body("y"));
    let router = Router::new()
        .route("/width/{name}/{what}", tell)
        .route("/x", get(move || async move { Html(x) }))
        .route("/y", get(move || async move { Html(y) }));
    let bench = bench_with(router).await;
    let mut width = async |wanted: &str, fits: &dyn Fn(u32) -> bool| {
        tokio::time::timeout(LIMIT, async {
            loop {
                let (name, width) = widths.recv().await.unwrap();
                if name == wanted && fits(width) {
                    break width;
                }
            }
        })
        .await
        .expect("a width that fits")
    };
    let open = PageAction::Open {
        url: bench.site.url("/x"),
        zoom: 100,
    };
    bench.act(ONE, open).await;
    bench.act(ONE, PageAction::Show).await;
    let full = width("x", &|w| w > 100).await;
    bench.act(ONE, PageAction::Zoom(200)).await;
    let is_half = move |w: u32| w.abs_diff(full / 2) <= 1;
    width("x", &is_half).await;
    bench
        .act(ONE, PageAction::Navigate(bench.site.other_url("/y")))
        .await;
    width("y", &is_half).await;
    bench.act(ONE, PageAction::Zoom(100)).await;
    width("y", &|w| w == full).await;
    let open = PageAction::Open {
        url: bench.site.url("/x"),
        zoom: 200,
    };
    bench.act(TWO, open).await;
    bench.act(TWO, PageAction::Show).await;
    width("x", &is_half).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_adopts_what_the_first_left() {
    let mut bench = bench().await;
    let a = bench.site.url("/page/a");
    bench.open(ONE, a.clone()).await;
    bench.at(ONE, &a).await;
    bench.loaded(ONE).await;
    let target = bench.pages.target(ONE).unwrap();
    let transport = Transport::websocket(bench.chromium.endpoint())
        .await
        .unwrap();
    let (pages, events) = Pages::over(transport).await.unwrap();
    (bench.pages, bench.events) = (pages, events);
    assert_eq!(bench.pages.list(), [(target.clone(), a.clone())]);
    bench
        .act(TWO, PageAction::Attach { target, zoom: 100 })
        .await;
    assert_eq!(bench.at(TWO, &a).await, (1, 0));
    bench
        .until(TWO, |news| *news == PageNews::Title("Page a".into()))
        .await;
    bench
        .until(TWO, |news| matches!(news, PageNews::Favicon(Some(_))))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_nobody_is_a_stray() {
    let mut bench = bench().await;
    let transport = Transport::websocket(bench.chromium.endpoint())
        .await
        .unwrap();
    let (other, _events) = Pages::over(transport).await.unwrap();
    let a = bench.site.url("/page/a");
    for tab in [ONE, TWO] {
        let open = PageAction::Open {
            url: a.clone(),
            zoom: 100,
        };
        other.act(tab, open).await.unwrap();
    }
    let second = other.target(TWO).unwrap();
    bench
        .event(|event| match event {
            PageEvent::Stray { target, .. } if target == second => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_browser_dies_that_is_the_last_event_and_every_action_fails_at_once() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/hang")).await;
    bench.chromium.kill();
    bench
        .event(|event| (event == PageEvent::Disconnected).then_some(()))
        .await;
    assert_eq!(bench.events.recv().await, None);
    let target = bench.pages.target(ONE);
    assert!(target.is_some(), "for the next connection");
    for action in [PageAction::Reload, PageAction::Navigate("http://x/".into())] {
        assert_eq!(
            bench.pages.act(ONE, action).await,
            Err(PageError::Disconnected)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_control_is_refused() {
    let site = Site::start(Router::new()).await;
    let base = url::Url::parse(&site.url("/prefix/")).unwrap();
    let token = duotab_backend::endpoint::Secret::new("token");
    let refused = duotab_backend::page::connect(&base, &token).await.err();
    assert_eq!(refused, Some(PageError::Refused(404)));
    drop(site);
    let gone = duotab_backend::page::connect(&base, &token).await.err();
    assert!(matches!(gone, Some(PageError::Unreachable(_))), "{gone:?}");
}
