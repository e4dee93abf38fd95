//! The rest of a file that was held up, fetched through the proxy from servers of every kind.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use duotab_backend::endpoint::Secret;
use duotab_backend::landing::{Guise, Kept, Unfinished, go_on, part_of};
use duotab_backend::proxy::Proxy;
use duotab_core::download::{Anew, DownloadId, Halt, Rest};
use duotab_core::message::ProfileName;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

use crate::kit::{Site, room, room_by_hand, within};

const TAG: &str = "\"one\"";

/// A file with no two places alike for a while.
fn file() -> Vec<u8> {
    (0..200_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// What a server was asked, and what it does.
#[derive(Clone)]
struct Server {
    tag: &'static str,
    ranges: bool,
    heads: Arc<Mutex<Vec<HeaderMap>>>,
}

async fn serve(State(server): State<Server>, head: HeaderMap) -> Response {
    let said = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
    let from = said("range").and_then(|range| {
        let from = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        from.parse::<usize>().ok()
    });
    let same = said("if-range") == Some(server.tag);
    server.heads.lock().unwrap().push(head.clone());
    let file = file();
    match from.filter(|_| server.ranges && same) {
        Some(from) if from == file.len() => {
            let headers = [("content-range", format!("bytes */{from}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response()
        }
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", file.len() - 1, file.len());
            let headers = [("etag", server.tag.to_owned()), ("content-range", range)];
            let rest = file[from..].to_vec();
            (StatusCode::PARTIAL_CONTENT, headers, rest).into_response()
        }
        None => ([("etag", server.tag)], Body::from(file)).into_response(),
    }
}

struct Bench {
    proxy: Proxy,
    site: Site,
    heads: Arc<Mutex<Vec<HeaderMap>>>,
    desk: Desk,
}

impl Bench {
    async fn new(tag: &'static str, ranges: bool) -> Self {
        let heads = Arc::default();
        let server = Server {
            tag,
            ranges,
            heads: Arc::clone(&heads),
        };
        let pages = Router::new()
            .route("/file", get(serve))
            .route("/moved", get(|| async { Redirect::temporary("/file") }))
            .route("/gone", get(|| async { StatusCode::NOT_FOUND }))
            .route("/locked", get(|| async { StatusCode::UNAUTHORIZED }))
            .with_state(server);
        let (proxy, _, site) = room(pages).await;
        Self {
            proxy,
            site,
            heads,
            desk: Desk::with(300_000),
        }
    }

    async fn go_on(&self, path: &str) -> Result<u64, Unfinished> {
        self.desk.go_on(&self.proxy, &self.site.url(path)).await
    }
}

/// A folder with the first part of a file.
struct Desk {
    _home: tempfile::TempDir,
    path: PathBuf,
}

impl Desk {
    fn with(have: usize) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        std::fs::write(part_of(&path), &file()[..have]).unwrap();
        assert_eq!(Kept::hold(&path), have as u64);
        Self { _home: home, path }
    }

    fn part(&self) -> Vec<u8> {
        std::fs::read(part_of(&self.path)).unwrap()
    }

    async fn go_on(&self, proxy: &Proxy, url: &str) -> Result<u64, Unfinished> {
        self.finish(proxy, &rest(url, &self.path)).await
    }

    async fn finish(&self, proxy: &Proxy, rest: &Rest) -> Result<u64, Unfinished> {
        let kept = Kept::take(&self.path).unwrap().expect("a part");
        let guise = guise(proxy);
        let end = CancellationToken::new();
        within("the rest", go_on(rest, &kept, &guise, &end, |_, _| {})).await
    }
}

fn rest(url: &str, path: &Path) -> Rest {
    Rest {
        id: DownloadId(1),
        profile: ProfileName("default".into()),
        url: url.into(),
        path: path.display().to_string(),
        version: TAG.into(),
        total: Some(800_000),
    }
}

fn guise(proxy: &Proxy) -> Guise {
    Guise {
        proxy: proxy.access().socks_url(),
        agent: "Engine/1".into(),
        cookies: Secret::new("who=ann; theme=dark"),
    }
}

#[tokio::test]
async fn the_rest_is_asked_for_as_the_engine_would_and_makes_the_file_whole() {
    let bench = Bench::new(TAG, true).await;
    assert_eq!(bench.go_on("/moved").await, Ok(800_000));
    assert_eq!(std::fs::read(&bench.desk.path).unwrap(), file());
    assert!(!part_of(&bench.desk.path).exists());
    let heads = bench.heads.lock().unwrap();
    for (name, expected) in [
        ("range", "bytes=300000-"),
        ("if-range", TAG),
        ("cookie", "who=ann; theme=dark"),
        ("user-agent", "Engine/1"),
        ("accept-encoding", "identity"),
    ] {
        let said = heads[0].get(name).and_then(|value| value.to_str().ok());
        assert_eq!(said, Some(expected), "{name}");
    }
}

#[tokio::test]
async fn another_server_that_has_the_rest_hears_neither_cookies_nor_who_sent_there() {
    let heads: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let server = Server {
        tag: TAG,
        ranges: true,
        heads: Arc::clone(&heads),
    };
    let file_there = Router::new().route("/file", get(serve)).with_state(server);
    let other = Site::start(file_there).await;
    let there = other.url("/file");
    let away = get(move || async move { Redirect::temporary(&there) });
    let (proxy, _, site) = room(Router::new().route("/away", away)).await;
    proxy.permit(&other.url("/"));
    let desk = Desk::with(300_000);
    let url = site.url("/away?secret");
    assert_eq!(desk.go_on(&proxy, &url).await, Ok(800_000));
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 1);
    for name in ["referer", "cookie"] {
        assert_eq!(heads[0].get(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_another_one_now_is_not_mixed_with_the_old_one() {
    let bench = Bench::new("\"two\"", true).await;
    let fetched = bench.go_on("/file").await;
    assert_eq!(fetched, Err(Unfinished::Anew(Anew::Changed)));
    assert_eq!(bench.desk.part(), file()[..300_000]);
}

#[tokio::test]
async fn a_server_that_knows_no_ranges_is_told_apart_from_a_changed_file() {
    let bench = Bench::new(TAG, false).await;
    let fetched = bench.go_on("/file").await;
    assert_eq!(fetched, Err(Unfinished::Anew(Anew::Whole)));
}

#[tokio::test]
async fn what_is_refused_stays_as_it_is() {
    let bench = Bench::new(TAG, true).await;
    let fetched = bench.go_on("/gone").await;
    assert_eq!(fetched, Err(Unfinished::Halt(Halt::Refused)));
    assert_eq!(bench.desk.part(), file()[..300_000]);
}

#[tokio::test]
async fn what_had_all_come_is_asked_for_no_more() {
    let mut bench = Bench::new(TAG, true).await;
    bench.desk = Desk::with(800_000);
    assert_eq!(bench.go_on("/file").await, Ok(800_000));
    assert!(bench.heads.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_had_all_come_before_anybody_said_how_much_that_is_is_whole() {
    let mut bench = Bench::new(TAG, true).await;
    bench.desk = Desk::with(800_000);
    let rest = Rest {
        total: None,
        ..rest(&bench.site.url("/file"), &bench.desk.path)
    };
    assert_eq!(bench.desk.finish(&bench.proxy, &rest).await, Ok(800_000));
    assert_eq!(std::fs::read(&bench.desk.path).unwrap(), file());
    assert_eq!(bench.heads.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_wants_a_password_is_told_apart_from_one_that_refuses() {
    let bench = Bench::new(TAG, true).await;
    let fetched = bench.go_on("/locked").await;
    assert_eq!(fetched, Err(Unfinished::Halt(Halt::Login)));
    assert_eq!(bench.desk.part(), file()[..300_000]);
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_costs_only_what_was_still_to_come() {
    let (proxy, _, address) = room_by_hand(async |mut wire| {
        let head = wire.head().await;
        let range = head
            .lines()
            .find_map(|line| line.strip_prefix("range: bytes="));
        let from: usize = range.unwrap().trim_end_matches('-').parse().unwrap();
        let says = format!(
            "HTTP/1.1 206 Partial Content\r\nETag: {TAG}\r\nContent-Length: {}\r\n\
             Content-Range: bytes {from}-799999/800000\r\n\r\n",
            800_000 - from
        );
        wire.send(&says).await;
        // Each connection lives for so many bytes.
        let until = (from + 260_000).min(800_000);
        let part = &file()[from..until];
        within("sending", wire.stream.write_all(part))
            .await
            .unwrap();
    })
    .await;
    let desk = Desk::with(100_000);
    let url = format!("http://{address}/file");
    for have in [360_000, 620_000] {
        let fetched = desk.go_on(&proxy, &url).await;
        assert_eq!(fetched, Err(Unfinished::Halt(Halt::Broke)));
        assert_eq!(desk.part(), file()[..have], "what has come is kept");
    }
    assert_eq!(desk.go_on(&proxy, &url).await, Ok(800_000));
    assert_eq!(std::fs::read(&desk.path).unwrap(), file());
}

#[tokio::test]
async fn what_was_told_of_is_written_when_the_person_holds_it_up() {
    let (proxy, _, address) = room_by_hand(async |mut wire| {
        wire.head().await;
        let says = format!(
            "HTTP/1.1 206 Partial Content\r\nETag: {TAG}\r\nContent-Length: 700000\r\n\
             Content-Range: bytes 100000-799999/800000\r\n\r\n"
        );
        wire.send(&says).await;
        let part = &file()[100_000..400_000];
        within("sending", wire.stream.write_all(part))
            .await
            .unwrap();
        // No more comes, and it does not end either.
        std::future::pending::<()>().await;
    })
    .await;
    let desk = Desk::with(100_000);
    let kept = Kept::take(&desk.path).unwrap().expect("a part");
    let rest = rest(&format!("http://{address}/file"), &desk.path);
    let (guise, end) = (guise(&proxy), CancellationToken::new());
    let told = |have, _| {
        if have == 400_000 {
            end.cancel();
        }
    };
    let fetched = within("the rest", go_on(&rest, &kept, &guise, &end, told)).await;
    assert_eq!(fetched, Err(Unfinished::Halt(Halt::Wanted)));
    assert_eq!(desk.part(), file()[..400_000]);
}

#[tokio::test]
async fn a_server_that_gives_more_than_there_is_is_not_believed() {
    let (proxy, _, address) = room_by_hand(async |mut wire| {
        wire.head().await;
        let says = format!(
            "HTTP/1.1 206 Partial Content\r\nETag: {TAG}\r\nConnection: close\r\n\
             Content-Range: bytes 799000-799999/800000\r\n\r\n{}",
            "x".repeat(5000)
        );
        wire.send(&says).await;
    })
    .await;
    let desk = Desk::with(799_000);
    let fetched = desk.go_on(&proxy, &format!("http://{address}/file")).await;
    assert_eq!(fetched, Err(Unfinished::Anew(Anew::Changed)));
    assert!(desk.part().len() <= 800_000);
}

#[tokio::test]
async fn a_place_that_pages_may_not_reach_gives_no_rest_either() {
    let bench = Bench::new(TAG, true).await;
    let strict = Proxy::bind(duotab_backend::proxy::ProxyConfig::default())
        .await
        .unwrap();
    let fetched = bench.desk.go_on(&strict, &bench.site.url("/file")).await;
    assert_eq!(fetched, Err(Unfinished::Halt(Halt::Broke)));
    assert!(bench.heads.lock().unwrap().is_empty());
}
