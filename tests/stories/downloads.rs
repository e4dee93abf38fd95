//! Files that streamed pages give: they land in the person's folder, and nothing of them stays where
//! the browser runs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use duotab_core::download::{DownloadFault, DownloadState};
use duotab_core::message::{Download, Mode, TabId};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::app::{App, is_live};
use crate::home::Home;
use crate::processes;

/// Bytes of `/slow`, which come when the test gives them.
const SLOW: usize = 10_000;

type Source = Arc<Mutex<Option<UnboundedReceiver<Bytes>>>>;

/// A site that gives files.
struct Store {
    address: SocketAddr,
    task: AbortHandle,
    bytes: UnboundedSender<Bytes>,
}

impl Store {
    async fn of(home: &Home) -> Self {
        let gateway = home.beside.as_ref().map(|engine| engine.gateway);
        let address: IpAddr = gateway.unwrap_or(Ipv4Addr::LOCALHOST.into());
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (bytes, source) = unbounded_channel();
        let source: Source = Arc::new(Mutex::new(Some(source)));
        let router = Router::new()
            .route("/file/{size}", get(file))
            .route("/odd", get(odd))
            .route("/slow", get(slow))
            .route("/page", get(async || page("page", "")))
            .route("/made", get(async || page("", MADE)))
            .with_state(source);
        let serving = async move {
            let _ = axum::serve(listener, router).await;
        };
        Self {
            address,
            task: tokio::spawn(serving).abort_handle(),
            bytes,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn give(&self, count: usize) {
        self.bytes.send(Bytes::from(vec![b'x'; count])).unwrap();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A page that makes a file itself.
const MADE: &str = "<a id=a download='made.txt'>made</a><script>
    const a = document.getElementById('a');
    a.href = URL.createObjectURL(new Blob(['made here']));
    a.click();
    document.title = 'made';
</script>";

fn page(title: &str, body: &str) -> Response {
    let text = format!("<!doctype html><title>{title}</title><link rel=icon href=data:,>{body}");
    ([(CONTENT_TYPE, "text/html")], text).into_response()
}

fn attached(name: &str, body: Body) -> Response {
    let says = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_DISPOSITION, says),
        (CONTENT_TYPE, "text/plain".to_owned()),
    ];
    (headers, body).into_response()
}

async fn odd() -> Response {
    attached("..\\..\\.pass\u{202e}wd?.txt", "odd".into())
}

async fn file(Path(size): Path<usize>) -> Response {
    attached("file.bin", content(size).into())
}

/// No two pieces of it are alike.
fn content(size: usize) -> Vec<u8> {
    (0..size.div_ceil(4))
        .flat_map(|n| u32::try_from(n).unwrap().to_le_bytes())
        .take(size)
        .collect()
}

async fn slow(State(source): State<Source>) -> Response {
    let Some(chunks) = source.lock().await.take() else {
        return attached("slow.txt", Body::from("at once"));
    };
    let body = Body::from_stream(stream::unfold(chunks, |mut chunks| async move {
        let chunk = chunks.recv().await?;
        Some((Ok::<_, std::io::Error>(chunk), chunks))
    }));
    let mut response = attached("slow.txt", body);
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(SLOW));
    response
}

/// Waits for the newest download to be as it is wanted.
async fn newest(app: &mut App, what: &str, wanted: impl Fn(&Download) -> bool) -> Download {
    let newest = |state: &duotab_core::message::ShellState| state.downloads.first().cloned();
    let state = app
        .until(what, |state| newest(state).is_some_and(|it| wanted(&it)))
        .await;
    newest(state).unwrap()
}

async fn done(app: &mut App, name: &str) -> Download {
    newest(app, name, |it| {
        it.name == name && it.state == DownloadState::Done
    })
    .await
}

async fn act(app: &mut App, download: &Download, verb: &str) {
    let body = json!({ "download": download.id, "verb": verb });
    assert_eq!(app.ask("download", body).await, Ok(Value::Null), "{verb}");
}

async fn gone(app: &mut App, tab: TabId) {
    let gone = |state: &duotab_core::message::ShellState| state.tabs.iter().all(|it| it.id != tab);
    app.until("no tab for a file alone", gone).await;
}

/// A streamed tab on a page, with its picture.
async fn browsing(app: &mut App, store: &Store) -> TabId {
    let tab = app.open(&store.url("/page"), "streamed").await;
    app.until_live(tab).await;
    app.until_title(tab, "page").await;
    tab
}

fn files(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.downloads()).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

async fn files_land_and_nothing_stays(home: Home) {
    let store = Store::of(&home).await;
    let mut app = home.app().await;
    std::fs::create_dir(home.downloads()).unwrap();
    std::fs::write(home.downloads().join("file.bin"), "of yesterday").unwrap();
    let tab = browsing(&mut app, &store).await;
    // Some megabytes, so that the way has more than one piece.
    let size = 5_000_001;
    app.navigate(tab, &store.url(&format!("/file/{size}")))
        .await;
    let file = done(&mut app, "file (1).bin").await;
    assert_eq!((file.received, file.mode), (size as u64, Mode::Streamed));
    let landed = std::fs::read(home.downloads().join("file (1).bin")).unwrap();
    assert!(landed == content(size), "not as it was sent");
    let view = app
        .until_tab(tab, "the page before", |tab| !tab.loading)
        .await;
    assert_eq!(
        (view.title.as_str(), view.address),
        ("page", store.url("/page"))
    );

    // A tab that was opened for a file alone goes again.
    let second = app.open(&store.url("/odd"), "streamed").await;
    done(&mut app, "pass_wd_.txt").await;
    gone(&mut app, second).await;
    let third = app.open(&store.url("/made"), "streamed").await;
    done(&mut app, "made.txt").await;
    app.until_title(third, "made").await;
    assert_eq!(
        files(&home),
        ["file (1).bin", "file.bin", "made.txt", "pass_wd_.txt"]
    );
    home.until_shelf_is_empty().await;
    app.quit().await;
    home.assert_nothing_left();
}

async fn a_file_can_be_given_up_and_fetched_again(home: Home) {
    let store = Store::of(&home).await;
    let mut app = home.app().await;
    let tab = browsing(&mut app, &store).await;
    app.navigate(tab, &store.url("/slow")).await;
    store.give(SLOW / 2);
    let half = newest(&mut app, "half of it", |it| it.received == SLOW as u64 / 2).await;
    assert_eq!(
        (half.total, half.state.clone()),
        (Some(SLOW as u64), DownloadState::Running)
    );
    act(&mut app, &half, "cancel").await;
    newest(&mut app, "its end", |it| {
        it.state == DownloadState::Cancelled
    })
    .await;
    assert_eq!(files(&home), Vec::<String>::new(), "nothing is left of it");
    home.until_shelf_is_empty().await;
    act(&mut app, &half, "retry").await;
    done(&mut app, "slow.txt").await;
    let again = app.state.active.unwrap();
    assert_eq!(again, tab, "the tab for the file has gone");
    let text = std::fs::read_to_string(home.downloads().join("slow.txt")).unwrap();
    assert_eq!(text, "at once");
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn files_of_streamed_pages_land_with_the_person_and_nothing_stays_in_the_session() {
    files_land_and_nothing_stays(Home::new()).await;
}

#[tokio::test]
async fn files_land_with_the_person_out_of_a_container() {
    if let Some(home) = Home::contained() {
        files_land_and_nothing_stays(home).await;
    }
}

#[tokio::test]
async fn a_file_of_a_streamed_page_shows_how_far_it_is_and_can_be_given_up() {
    a_file_can_be_given_up_and_fetched_again(Home::new()).await;
}

#[tokio::test]
async fn a_file_in_a_container_can_be_given_up_and_fetched_again() {
    if let Some(home) = Home::contained() {
        a_file_can_be_given_up_and_fetched_again(home).await;
    }
}

#[tokio::test]
async fn a_session_stays_awake_for_a_file_and_sleeps_when_it_is_there() {
    let home = Home::new();
    let store = Store::of(&home).await;
    let mut app = home.app().await;
    let tab = browsing(&mut app, &store).await;
    app.navigate(tab, &store.url("/slow")).await;
    store.give(SLOW / 2);
    newest(&mut app, "half of it", |it| it.received > 0).await;
    app.act("close_tab", tab).await;
    store.give(SLOW - SLOW / 2);
    let file = done(&mut app, "slow.txt").await;
    assert_eq!(file.received, SLOW as u64);
    home.until_asleep().await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn a_file_whose_browser_dies_is_told_of_and_leaves_nothing() {
    let home = Home::new();
    let store = Store::of(&home).await;
    let mut app = home.app().await;
    let tab = browsing(&mut app, &store).await;
    app.navigate(tab, &store.url("/slow")).await;
    store.give(SLOW / 2);
    newest(&mut app, "half of it", |it| it.received > 0).await;
    for browser in home.browsers() {
        processes::kill(browser);
    }
    let ended = DownloadState::Failed {
        fault: DownloadFault::SessionEnded,
    };
    newest(&mut app, "its end", |it| it.state == ended).await;
    assert_eq!(files(&home), Vec::<String>::new());
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn closing_the_app_under_a_file_leaves_nothing_of_it_and_says_so_next_time() {
    let home = Home::new();
    let store = Store::of(&home).await;
    let mut app = home.app().await;
    let tab = browsing(&mut app, &store).await;
    app.navigate(tab, &store.url("/slow")).await;
    store.give(SLOW / 2);
    newest(&mut app, "half of it", |it| it.received > 0).await;
    app.quit().await;
    home.assert_nothing_left();
    assert_eq!(files(&home), Vec::<String>::new());
    let mut app = home.app().await;
    let interrupted = DownloadState::Failed {
        fault: DownloadFault::Interrupted,
    };
    let file = newest(&mut app, "the list", |it| it.state == interrupted).await;
    // The engine is started for it.
    act(&mut app, &file, "retry").await;
    done(&mut app, "slow.txt").await;
    app.quit().await;
    home.assert_nothing_left();
}

#[tokio::test]
async fn what_a_private_streamed_page_gives_is_the_persons_and_on_no_list_afterwards() {
    let home = Home::new();
    let store = Store::of(&home).await;
    let mut app = home.app().await;
    app.ask("open_tab_of", json!({ "profile": "private" }))
        .await
        .unwrap();
    let tab = app.state.active.unwrap();
    app.set_mode(tab, "streamed").await.unwrap();
    app.until_tab(tab, "a picture", is_live).await;
    app.navigate(tab, &store.url("/file/10")).await;
    done(&mut app, "file.bin").await;
    // Its page was made for the file alone; were the tab gone, all that is private would be.
    app.until_tab(tab, "an empty tab", |tab| tab.address.is_empty())
        .await;
    app.act("close_tab", tab).await;
    app.until("a list without it", |state| state.downloads.is_empty())
        .await;
    assert_eq!(files(&home), ["file.bin"]);
    app.quit().await;
    home.assert_nothing_left();
}
