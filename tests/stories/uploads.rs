//! Files that the person gives to streamed pages: chosen here, and there when the page reads them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::response::Html;
use axum::routing::{get, post};
use duotab_core::giving::{FileWish, Giving, GivingFault};
use duotab_core::message::TabId;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::app::App;
use crate::home::Home;
use crate::view::View;

/// A site that takes files, and says what it got in its title.
struct Taker {
    address: SocketAddr,
    task: AbortHandle,
}

/// The input is all of the page, which is busy for as many ms as its address says before it takes what
/// it was given. A title says `kept` once the page has been painted, and then what
/// the page and its server know of the files.
const PAGE: &str = "<!doctype html><meta charset=utf-8><title>…</title><link rel=icon href=data:,>
    <input id=files type=file multiple accept='.txt, image/*'
        style='position: fixed; inset: 0; background: #357'>
    <script>
        const input = document.getElementById('files');
        requestAnimationFrame(() => requestAnimationFrame(() => document.title = 'ready'));
        input.onchange = async () => {
            const busy = Date.now() + Number(location.hash.slice(1));
            while (Date.now() < busy);
            const told = [];
            for (const file of input.files) {
                const answer = await fetch('/take', { method: 'POST', body: file });
                told.push(`${file.name} ${file.size} ${await answer.text()}`);
            }
            document.title = told.join(', ');
        };
    </script>";

/// A page that is all one frame: of another site, in which there is one of its own again, which takes
/// files. What that one's title says, the page's says too: `over` once the pointer has come to it.
const OUTER: &str = "<!doctype html><meta charset=utf-8><title>…</title><link rel=icon href=data:,>
    <style>iframe { position: fixed; inset: 0; width: 100%; height: 100%; border: 0 }</style>
    <iframe></iframe>
    <script>
        const within = location.pathname === '/outer' ? '/middle' : '/framed';
        const other = location.hostname === 'localhost' ? '127.0.0.1' : 'localhost';
        document.querySelector('iframe').src = `http://${other}:${location.port}${within}`;
        onmessage = ({ data }) => { document.title = data; };
    </script>";
const TELLS: &str = "<script>
        onmousemove = () => { document.title = 'over'; onmousemove = null; };
        new MutationObserver(() => top.postMessage(document.title, '*'))
            .observe(document.querySelector('title'), { childList: true });
    </script>";

/// Between two steps of a hand.
const PACE: std::time::Duration = std::time::Duration::from_millis(100);

/// What the server makes of a body.
fn sum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
    bytes.iter().fold(7, step)
}

impl Taker {
    async fn of(home: &Home) -> Self {
        let gateway = home.beside.as_ref().map(|engine| engine.gateway);
        let address: IpAddr = gateway.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/", get(async || Html(PAGE)))
            .route("/outer", get(async || Html(OUTER)))
            .route("/middle", get(async || Html(OUTER)))
            .route("/framed", get(async || Html(format!("{PAGE}{TELLS}"))))
            .route("/other", get(async || Html("<title>other</title>")))
            .route("/another", get(async || Html("<title>another</title>")))
            .route(
                "/take",
                post(async |body: Bytes| format!("{} {}", body.len(), sum(&body))),
            )
            .layer(DefaultBodyLimit::disable());
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

impl Drop for Taker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A live page that takes files, and hands on its picture.
async fn taking(app: &mut App, taker: &Taker) -> (TabId, View) {
    taking_at(app, &taker.url("/")).await
}

async fn taking_at(app: &mut App, url: &str) -> (TabId, View) {
    let tab = app.open(url, "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "ready").await;
    let view = View::open(app).await;
    (tab, view)
}

fn file(home: &Home, name: &str, bytes: &[u8]) -> PathBuf {
    let path = home.folder().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn text(path: &std::path::Path) -> String {
    path.to_str().unwrap().to_owned()
}

async fn files_come_to_a_page(home: Home) {
    let taker = Taker::of(&home).await;
    let mut app = home.app().await;
    let (tab, mut view) = taking(&mut app, &taker).await;
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let files = [
        file(&home, "größe 'x'.txt", b"small"),
        file(&home, "large.bin", &large),
        file(&home, "empty", b""),
    ];
    app.content
        .choose(files.iter().map(|it| text(it)).collect());
    view.click(400, 300).await;
    let told = format!(
        "größe 'x'.txt 5 5 {}, large.bin 3000000 3000000 {}, empty 0 0 7",
        sum(b"small"),
        sum(&large),
    );
    app.until_title(tab, &told).await;
    let wish = FileWish {
        many: true,
        kinds: vec![".txt".into(), "image/*".into()],
    };
    assert_eq!(app.content.wish(), Some(wish));
    app.until_tab(tab, "nothing under way", |tab| tab.page.giving.is_none())
        .await;
    // They stay for as long as the page may read them, also when the person goes back to it.
    app.navigate(tab, &taker.url("/other")).await;
    app.until_title(tab, "other").await;
    app.navigate(tab, &taker.url("/another")).await;
    app.until_title(tab, "another").await;
    home.until_shelf_is_empty().await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn files_of_the_person_come_to_a_streamed_page_as_they_are() {
    files_come_to_a_page(Home::new()).await;
}

#[tokio::test]
async fn files_of_the_person_come_to_a_page_in_a_container() {
    if let Some(home) = Home::contained() {
        files_come_to_a_page(home).await;
    }
}

#[tokio::test]
async fn frames_of_other_sites_take_files_of_this_machine_too() {
    let home = Home::new();
    let taker = Taker::of(&home).await;
    let mut app = home.app().await;
    let (tab, mut view) = taking_at(&mut app, &taker.url("/outer")).await;
    app.content.choose(vec![]);
    // A frame is within a hand's reach a moment after it is painted.
    let reached = async {
        for x in (300..400).cycle() {
            view.point(x, 300).await;
            let over = app.until_title(tab, "over");
            if tokio::time::timeout(PACE, over).await.is_ok() {
                return;
            }
        }
    };
    crate::within("a frame within reach", reached).await;
    view.click(400, 300).await;
    app.content.asked(1).await;
    app.content
        .choose(vec![text(&file(&home, "framed", b"framed"))]);
    view.click(400, 300).await;
    app.until_title(tab, &format!("framed 6 6 {}", sum(b"framed")))
        .await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn whoever_chooses_nothing_gives_nothing_and_can_choose_again() {
    let home = Home::new();
    let taker = Taker::of(&home).await;
    let mut app = home.app().await;
    let (tab, mut view) = taking(&mut app, &taker).await;
    app.content.choose(vec![]);
    view.click(400, 300).await;
    app.content.asked(1).await;
    app.content.choose(vec![text(&file(&home, "a", b"a"))]);
    view.click(400, 300).await;
    app.until_title(tab, &format!("a 1 1 {}", sum(b"a"))).await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_page_that_is_busy_for_long_still_gets_its_file() {
    let home = Home::new();
    let taker = Taker::of(&home).await;
    let mut app = home.app().await;
    // Longer than any call to a browser may take.
    let (tab, mut view) = taking_at(&mut app, &taker.url("/#7000")).await;
    app.content.choose(vec![text(&file(&home, "a", b"a"))]);
    view.click(400, 300).await;
    app.until_title(tab, &format!("a 1 1 {}", sum(b"a"))).await;
    app.until_tab(tab, "nothing under way", |tab| tab.page.giving.is_none())
        .await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_the_page_gets_none() {
    let home = Home::new();
    let taker = Taker::of(&home).await;
    let mut app = home.app().await;
    let (tab, mut view) = taking(&mut app, &taker).await;
    let there = text(&file(&home, "there", b"there"));
    let gone = text(&home.folder().join("gone"));
    app.content.choose(vec![there, gone]);
    view.click(400, 300).await;
    let fault = GivingFault::Unreadable {
        name: "gone".into(),
    };
    let failed = Some(Giving::Failed { fault });
    let view = app
        .until_tab(tab, "the reason", |tab| tab.page.giving == failed)
        .await;
    assert_eq!(view.title, "ready");
    app.act("stop_giving", tab).await;
    app.until_tab(tab, "put away", |tab| tab.page.giving.is_none())
        .await;
    home.until_shelf_is_empty().await;
    app.quit().await;
    home.assert_nothing_left();
}
