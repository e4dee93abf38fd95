//! Which reason is told when a file does not come to a page, by each way to a shelf.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Stdio;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::{get, put};

use super::*;
use crate::endpoint::{Cdp, Endpoint, Programs, Secret, ShelfWay};

const NAME: &str = "report.pdf";
const SIZE: usize = 300_000;

/// A file for a page, and where it goes.
struct Way {
    folder: tempfile::TempDir,
}

impl Way {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), vec![7; SIZE]).unwrap();
        Self { folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// What becomes of it by a shelf behind `base` or as `way` has it.
    async fn bring(&self, base: &str, way: ShelfWay) -> Result<Vec<String>, GivingFault> {
        let endpoint = Endpoint {
            base: url::Url::parse(base).unwrap(),
            via: None,
            seen_at: None,
            relay: None,
            username: String::new(),
            password: Secret::new(""),
            login: None,
            cdp: Cdp::KonekoRelay,
            shelf: way,
        };
        let shelf = Shelf::of(endpoint, Secret::new("token"));
        let file = self.file().display().to_string();
        bring(&shelf, &[file], &["batch".to_owned()], |_| {}).await
    }

    /// Beside a browser in a container; `before` happens when the program there starts, which is
    /// `program` or ours.
    async fn by_programs(
        &self,
        before: impl Fn() + Send + Sync + 'static,
        program: Option<&'static str>,
    ) -> Result<Vec<String>, GivingFault> {
        let shelf = self.folder.path().display().to_string();
        let start = move |command: Vec<String>| {
            before();
            let command = program.map_or(command, |program| vec![program.to_owned()]);
            async move {
                let mut child = tokio::process::Command::new(&command[0])
                    .args(&command[1..])
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()?;
                let (from, to) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
                Ok(tokio::io::join(from, to))
            }
        };
        let programs = Programs::new("here".to_owned(), &shelf, start);
        let way = ShelfWay::Programs(programs);
        self.bring("http://127.0.0.1/", way).await
    }

    /// Behind a koneko's HTTP; `before` happens before the file is taken, by `taking`.
    async fn by_http<F>(
        &self,
        before: impl Fn() + Clone + Send + Sync + 'static,
        taking: impl Fn(Body) -> F + Clone + Send + Sync + 'static,
    ) -> Result<Vec<String>, GivingFault>
    where
        F: Future<Output = axum::http::StatusCode> + Send + 'static,
    {
        let about = async move || {
            before();
            r#"{ "folder": "/shelf" }"#
        };
        let take = async move |request: Request| taking(request.into_body()).await;
        let router = Router::new()
            .route("/api/koneko/shelf", get(about))
            .route("/api/koneko/shelf/{*place}", put(take));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let serving = axum::serve(listener, router).into_future();
        let serving = AbortOnDropHandle::new(tokio::spawn(serving));
        let brought = self.bring(&base, ShelfWay::Koneko).await;
        drop(serving);
        brought
    }
}

async fn all(body: Body) -> axum::http::StatusCode {
    match axum::body::to_bytes(body, SIZE).await {
        Ok(bytes) if bytes.len() == SIZE => axum::http::StatusCode::NO_CONTENT,
        _ => axum::http::StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Cuts the file off when it has been opened.
fn cut(file: PathBuf) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        let file = std::fs::File::options().write(true).open(&file).unwrap();
        file.set_len(10).unwrap();
    }
}

fn unreadable() -> Result<Vec<String>, GivingFault> {
    let name = NAME.to_owned();
    Err(GivingFault::Unreadable { name })
}

#[tokio::test]
async fn a_file_that_ends_short_is_named_whichever_way_it_goes() {
    let way = Way::new();
    let by_programs = way.by_programs(cut(way.file()), None);
    assert_eq!(by_programs.await, unreadable());
    let way = Way::new();
    let by_http = way.by_http(cut(way.file()), all);
    assert_eq!(by_http.await, unreadable());
}

#[tokio::test]
async fn a_way_that_ends_is_not_said_to_be_the_file() {
    let way = Way::new();
    let by_programs = way.by_programs(|| {}, Some("true"));
    assert_eq!(by_programs.await, Err(GivingFault::Broken));
    let by_http = way.by_http(|| {}, async |_| panic!("the connection ends"));
    assert_eq!(by_http.await, Err(GivingFault::Broken));
}

#[tokio::test]
async fn a_file_that_is_all_there_comes_there() {
    let way = Way::new();
    let folder = way.folder.path().display();
    let there = vec![format!("{folder}/batch/{NAME}")];
    assert_eq!(way.by_programs(|| {}, None).await, Ok(there));
    let there = vec![format!("/shelf/batch/{NAME}")];
    assert_eq!(way.by_http(|| {}, all).await, Ok(there));
}
