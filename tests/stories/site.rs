//! A web site on loopback, whose pages say in their titles what they know.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::http::header::SET_COOKIE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::home::Home;

/// A running site. It ends when it is dropped.
pub(crate) struct Site {
    address: SocketAddr,
    task: AbortHandle,
}

impl Site {
    /// Starts the site. Its pages:
    ///
    /// | path | title |
    /// |---|---|
    /// | `/page/NAME` | the name |
    /// | `/visit/NAME` | `NAME N`: it is loaded for the Nth time |
    /// | `/login` | `welcome`; sets the cookie `user=ann` and keeps `note` in the local storage |
    /// | `/who` | the cookies and the note |
    /// | `/link` | `link`, once it is painted: nothing but a link to `/page/linked` that asks for a tab of its own |
    /// | `/prints` | `prints`, once it is painted; a click has it print itself |
    /// | `/sheets` | `sheets`; three sheets of paper |
    /// | `/endless` | `endless`; is never ready to be printed |
    /// | `/size` | `wide N`: the width of the page |
    pub(crate) async fn start() -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into()).await
    }

    /// The same, where this home's browsers reach it.
    pub(crate) async fn of(home: &Home) -> Self {
        let gateway = home.beside.as_ref().map(|engine| engine.gateway);
        Self::at(gateway.unwrap_or(Ipv4Addr::LOCALHOST.into())).await
    }

    /// The same at one of this machine's addresses.
    pub(crate) async fn at(address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let visits: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let visit = move |Path(name): Path<String>| {
            let n = {
                let mut visits = visits.lock().unwrap();
                let n = visits.entry(name.clone()).or_default();
                *n += 1;
                *n
            };
            async move { page(&format!("{name} {n}"), "") }
        };
        let router = Router::new()
            .route("/page/{name}", get(named))
            .route("/visit/{name}", get(visit))
            .route("/login", get(login))
            .route("/who", get(|| async { page("", WHO) }))
            .route("/link", get(|| async { page("", LINK) }))
            .route("/prints", get(|| async { page("", PRINTS) }))
            .route("/sheets", get(|| async { page("sheets", SHEETS) }))
            .route("/endless", get(|| async { page("endless", ENDLESS) }))
            .route("/size", get(|| async { page("", SIZE) }));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        })
        .abort_handle();
        Self { address, task }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const WHO: &str = "<script>
    document.title = `${document.cookie} ${localStorage.note}`;
</script>";

/// Two frames later the page stands where a click finds it.
const LINK: &str = "<a href='/page/linked' target='_blank'
    style='position: fixed; inset: 0; background: #357'>link</a>
    <script>
        requestAnimationFrame(() => requestAnimationFrame(() => document.title = 'link'));
    </script>";

/// Three sheets of paper.
const SHEETS: &str = "<p style='break-after: page'>one
    <p style='break-after: page'>two<p>three";

/// Is never ready to be printed.
const ENDLESS: &str = "<script>onbeforeprint = () => { for (;;); };</script>";

const PRINTS: &str = "<p style='position: fixed; inset: 0; background: #357'>paper</p><script>
    onclick = () => print();
    requestAnimationFrame(() => requestAnimationFrame(() => document.title = 'prints'));
</script>";

const SIZE: &str = "<script>
    const tell = () => document.title = `wide ${innerWidth}`;
    addEventListener('resize', tell);
    tell();
</script>";

async fn named(Path(name): Path<String>) -> Html<String> {
    page(&name, "")
}

async fn login() -> impl IntoResponse {
    let cookie = "user=ann; Max-Age=86400; Path=/";
    let keep = "<script>localStorage.note = 'kept'; document.title = 'welcome';</script>";
    ([(SET_COOKIE, cookie)], page("", keep))
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>{title}</title><link rel=icon href=data:,>\
         <body>{body}"
    ))
}
