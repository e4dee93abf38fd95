//! Page control, a Chromium that it drives, and a site to go to.

use std::collections::HashMap;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use duotab_backend::page::{PageEvent, Pages, Transport};
use duotab_core::action::PageAction;
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::chromium::Chromium;
use crate::site::Site;
use crate::{LIMIT, PNG};

pub(crate) struct Bench {
    pub(crate) pages: Pages,
    pub(crate) events: mpsc::Receiver<PageEvent>,
    pub(crate) site: Site,
    pub(crate) chromium: Chromium,
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

pub(crate) async fn bench() -> Bench {
    bench_with(Router::new()).await
}

pub(crate) async fn bench_with(more: Router) -> Bench {
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
                     const changed = () => { document.title = 'after' };
                     onload = () => fetch('/go').then(changed);
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
    pub(crate) async fn act(&self, tab: TabId, action: PageAction) {
        self.pages.act(tab, action).await.unwrap();
    }

    pub(crate) async fn open(&mut self, tab: TabId, url: String) {
        self.act(tab, PageAction::Open { url, zoom: 100 }).await;
        self.until(tab, |news| *news == PageNews::Opened).await;
    }

    /// Takes events until one fits; all before it are lost.
    pub(crate) async fn event<T>(&mut self, mut fits: impl FnMut(PageEvent) -> Option<T>) -> T {
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

    pub(crate) async fn until(
        &mut self,
        tab: TabId,
        mut fits: impl FnMut(&PageNews) -> bool,
    ) -> PageNews {
        self.event(|event| match event {
            PageEvent::News(of, news) if of == tab && fits(&news) => Some(news),
            _ => None,
        })
        .await
    }

    /// Waits until another document is there and has loaded.
    pub(crate) async fn shown_anew(&mut self, tab: TabId) {
        let mut committed = false;
        self.until(tab, |news| {
            committed |= *news == PageNews::Committed;
            committed && *news == PageNews::Loading(false)
        })
        .await;
    }

    /// Waits until a page that is known to load, or to have loaded, does not any more.
    pub(crate) async fn loaded(&mut self, tab: TabId) {
        if self.loading.get(&tab) != Some(&false) {
            self.until(tab, |news| *news == PageNews::Loading(false))
                .await;
        }
    }

    /// Waits until a tab's history ends at `url`, and gives its length and place.
    pub(crate) async fn at(&mut self, tab: TabId, url: &str) -> (usize, usize) {
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
    pub(crate) async fn middle_click(&self, tab: TabId) {
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
        // Chromium drops what comes before a page's first picture.
        let seen = json!({
            "id": 4, "method": "Runtime.evaluate", "sessionId": session,
            "params": { "awaitPromise": true, "expression":
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))" },
        });
        raw.out.send(seen.to_string()).await.unwrap();
        raw.answer(4).await;
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
    pub(crate) async fn run(&self, tab: TabId, script: &str) {
        self.act(tab, PageAction::Navigate(format!("javascript:{script}")))
            .await;
    }
}

pub(crate) trait Raw {
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
