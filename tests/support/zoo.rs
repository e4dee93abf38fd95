//! A zoo of sites: every way in which the web uses its engine, each on a page that judges by itself
//! whether all was right, and tells.
//!
//! The pages are in `tests/zoo`, one for each case; the server has the few verbs that they need
//! ([`answer`] gives whatever a page asks for, [`echo`] tells what came).

mod answer;
mod bulk;
mod live;
mod serve;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{any, get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::workspace;
use crate::{Outcome, World};

/// The longest that a case may take whose size is not set. Machines under load are slow.
const LONGEST: Duration = Duration::from_secs(75);

/// Set, it is how many MiB go down and up in the cases of bulk; 64 unless set.
const BULK: &str = "DUOTAB_ZOO_BULK";
/// MiB that go down and up in a second at least, in both browsers at once.
const SLOWEST: u64 = 4;

/// How long what is typed may take to be asked for.
const TYPED: Duration = Duration::from_secs(5);

/// A page that judges by itself.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name: the page's file without its ending.
    pub name: String,
    /// Where it is played: parts of `https`, `http`, `home`.
    pub places: Vec<String>,
}

/// What a page has told of itself: `{"verdict": "pass"}`, `{"verdict": "fail", "why": …}`, or
/// `{"ready": true}`, when it waits for a click.
pub type Told = Value;

/// What the servers know.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    told: watch::Sender<BTreeMap<String, Told>>,
    /// What came in under a key that the page has chosen.
    seen: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
    /// What short addresses lead to.
    long: Arc<Mutex<Vec<String>>>,
    /// The last short address that was asked for.
    asked: watch::Sender<Option<usize>>,
}

/// The running zoo, in a [`World`] with [`NAMES`].
#[derive(Debug)]
pub struct Zoo {
    book: Book,
    _servers: JoinSet<()>,
}

/// The names of the zoo's sites.
pub const NAMES: [(&str, &str); 16] = [
    ("zoo.test", crate::world::PUBLIC),
    ("www.zoo.test", crate::world::PUBLIC),
    ("a.www.zoo.test", crate::world::PUBLIC),
    ("strict.test", crate::world::PUBLIC),
    ("a.strict.test", crate::world::PUBLIC),
    ("s1.zoo.test", crate::world::PUBLIC),
    ("s2.zoo.test", crate::world::PUBLIC),
    ("s3.zoo.test", crate::world::PUBLIC),
    ("s4.zoo.test", crate::world::PUBLIC),
    ("other.test", crate::world::PUBLIC_TOO),
    ("www.other.test", crate::world::PUBLIC_TOO),
    ("friend.test", crate::world::PUBLIC_TOO),
    ("xn--bcher-kva.test", crate::world::PUBLIC),
    ("six.test", crate::world::PUBLIC_V6),
    ("both.test", crate::world::PUBLIC),
    ("both.test", crate::world::PUBLIC_V6),
];

impl Zoo {
    /// Opens it on the web's own ports.
    ///
    /// # Errors
    /// If this is not a [`World`].
    pub async fn open() -> Outcome<Self> {
        Self::with(Router::new()).await
    }

    /// The same, with more pages.
    ///
    /// # Errors
    /// If this is not a [`World`].
    pub async fn with(more: Router) -> Outcome<Self> {
        let book = Book {
            told: watch::Sender::default(),
            seen: Arc::default(),
            long: Arc::default(),
            asked: watch::Sender::default(),
        };
        let router = Router::new()
            .route("/case/{name}", get(case))
            .route("/file/{name}", get(bulk::file))
            .route("/told/{*case}", post(told))
            .route("/v/{number}", get(long))
            .route("/answer", any(answer::answer))
            .route("/answer/{*rest}", any(answer::answer))
            .route("/echo", any(answer::echo))
            .route("/echo/{*rest}", any(answer::echo))
            .route("/loop/{turn}", get(turn))
            .route("/seen", get(seen))
            .route("/bytes", get(bulk::bytes))
            .route("/upload", post(bulk::upload).put(bulk::upload))
            .route("/events", get(live::events))
            .route("/drip", get(live::drip))
            .route("/socket", any(live::socket))
            .with_state(book.clone())
            .merge(more);
        let secure = World::tls(&[b"h2", b"http/1.1"])?;
        let old = World::tls(&[b"http/1.1"])?;
        let mut servers = JoinSet::new();
        for (port, tls) in [
            (80, None),
            (443, Some(secure.clone())),
            (8443, Some(old)),
            (8080, None),
        ] {
            let listener = TcpListener::bind(("::", port)).await?;
            servers.spawn(serve::serve(listener, tls, router.clone()));
        }
        Ok(Self {
            book,
            _servers: servers,
        })
    }

    /// All cases, in the order of their names.
    ///
    /// # Errors
    /// If their pages cannot be read.
    pub fn cases() -> Outcome<Vec<Case>> {
        let mut cases = Vec::new();
        for entry in std::fs::read_dir(workspace().join("tests/zoo"))? {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != "html") {
                continue;
            }
            let text = std::fs::read_to_string(&path)?;
            let places = text
                .lines()
                .find_map(|line| line.strip_prefix("<!-- places: ")?.strip_suffix(" -->"))
                .ok_or_else(|| format!("{} says no place", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            cases.push(Case {
                name: name.into_owned(),
                places: places.split_whitespace().map(str::to_owned).collect(),
            });
        }
        cases.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(cases)
    }

    /// A short address that leads to this one, for hands that have to type it, and its number.
    #[must_use]
    pub fn short(&self, url: &str) -> (usize, String) {
        let mut long = self.book.long.lock().unwrap();
        let number = long.len();
        long.push(url.to_owned());
        (number, format!("http://zoo.test/v/{number}"))
    }

    /// Whether a short address is asked for within a while.
    pub async fn is_asked(&self, number: usize) -> bool {
        let mut asked = self.book.asked.subscribe();
        let wanted = asked.wait_for(|asked| *asked == Some(number));
        tokio::time::timeout(TYPED, wanted).await.is_ok()
    }

    /// Waits until the page of a case says in this run how it went, or that it is ready for a
    /// click, if that is waited for too.
    pub async fn hear(&self, run: &str, case: &str, ready_too: bool) -> Option<Told> {
        let key = format!("{run}/{case}");
        let mut told = self.book.told.subscribe();
        let heard = told.wait_for(|told| {
            told.get(&key)
                .is_some_and(|told| ready_too || told.get("verdict").is_some())
        });
        let limit = LONGEST + Self::bulk().1;
        let heard = tokio::time::timeout(limit, heard).await.ok()?.ok()?;
        heard.get(&key).cloned()
    }

    /// How many MiB go down and up in the cases of bulk, and how much longer they may take for it.
    #[must_use]
    pub fn bulk() -> (u64, Duration) {
        let set = std::env::var(BULK).ok().and_then(|mib| mib.parse().ok());
        let mib = set.unwrap_or(64);
        (mib, Duration::from_secs(mib / SLOWEST))
    }
}

impl Book {
    fn note(&self, key: &str, what: Value) {
        let mut seen = self.seen.lock().unwrap();
        seen.entry(key.to_owned()).or_default().push(what);
    }
}

/// A case's page, with the script that all of them use before everything else.
async fn case(Path(name): Path<String>) -> Response {
    let name: String = name.chars().filter(|it| it.is_alphanumeric()).collect();
    let path = workspace().join(format!("tests/zoo/{name}.html"));
    match tokio::fs::read_to_string(path).await {
        Ok(page) => Html(format!(
            "<!doctype html><meta charset=utf-8><title>{name}</title>
             <style>html {{ background: #336699; min-height: 100% }}</style>
             <script src='/file/zoo.js'></script>{page}"
        ))
        .into_response(),
        Err(_) => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

async fn long(State(book): State<Book>, Path(number): Path<usize>) -> Response {
    book.asked.send_replace(Some(number));
    match book.long.lock().unwrap().get(number) {
        Some(url) => Redirect::to(url).into_response(),
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

/// A redirect that never ends.
async fn turn(Path(turn): Path<u64>) -> Redirect {
    Redirect::to(&format!("/loop/{}", turn + 1))
}

async fn told(State(book): State<Book>, Path(case): Path<String>, body: String) {
    let value = serde_json::from_str(&body).unwrap_or(Value::String(body));
    book.told.send_modify(|told| {
        let before = told.get(&case).and_then(|told| told.get("verdict"));
        // The first verdict counts.
        if before.is_none() {
            told.insert(case, value);
        }
    });
}

async fn seen(
    State(book): State<Book>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> impl IntoResponse {
    let key = asked.get("key").cloned().unwrap_or_default();
    let seen = book.seen.lock().unwrap().get(&key).cloned();
    (
        [
            ("cache-control", "no-store"),
            ("access-control-allow-origin", "*"),
        ],
        axum::Json(seen.unwrap_or_default()),
    )
}
