//! Proxied tabs reach the network by the local proxy alone, and by its rules.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{HOST, PROXY_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, socket};
use serde_json::json;

use crate::room::{RED, start};

/// Which program asked for which path.
type Askers = Arc<Mutex<BTreeMap<String, String>>>;

/// A page that uses the network in every way a page can.
const EVERYTHING: &str = "<body style='background:#cc1122'>
    <link rel=stylesheet href=/asked/style><img src=/asked/image><iframe src=/asked/frame></iframe>
    <script src=/asked/script></script><video src=/asked/video preload=auto></video>
    <script>
        const done = [fetch('/asked/fetch'), fetch('/asked/post', { method: 'POST', body: 'x' })];
        done.push(fetch('/moved'));
        done.push(new Promise((heard) => {
            const asking = new XMLHttpRequest();
            asking.onload = heard;
            asking.open('GET', '/asked/xhr');
            asking.send();
        }));
        done.push(new Promise((heard) => {
            new EventSource('/asked/events').onerror = heard;
        }));
        done.push(new Promise((heard) => {
            const socket = new WebSocket(`ws://${location.host}/socket`);
            socket.onmessage = heard;
            socket.onopen = () => socket.send('hello');
        }));
        done.push(new Promise((heard) => {
            const code = `fetch('${location.origin}/asked/worker', { mode: 'no-cors' })
                .then(() => postMessage(1))`;
            new Worker(URL.createObjectURL(new Blob([code]))).onmessage = heard;
        }));
        done.push(navigator.serviceWorker.register('/service.js')
            .then(() => navigator.serviceWorker.ready));
        navigator.sendBeacon('/asked/beacon', 'x');
        Promise.all(done).then(() => tell({ all: 'done' }), (error) => tell({ all: `${error}` }));
    </script>";

fn note(askers: &Askers, path: &str, from: SocketAddr, headers: &HeaderMap) {
    let to = headers.get(HOST).and_then(|host| host.to_str().ok());
    let to = to.and_then(|host| host.rsplit_once(':')?.1.parse().ok());
    let owner = to.ok_or_else(|| "no host".into());
    let owner = owner.and_then(|to| socket::owner_of(from.port(), to));
    let owner = owner.unwrap_or_else(|error| error.to_string());
    askers.lock().unwrap().insert(path.to_owned(), owner);
}

async fn asked(
    State(askers): State<Askers>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(what): Path<String>,
) -> &'static str {
    note(&askers, &what, from, &headers);
    ""
}

async fn upgraded(
    State(askers): State<Askers>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    note(&askers, "socket", from, &headers);
    upgrade.on_upgrade(|mut socket| async move {
        while let Some(Ok(message @ Message::Text(_))) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

async fn service(
    State(askers): State<Askers>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> impl IntoResponse {
    note(&askers, "service.js", from, &headers);
    (
        [("content-type", "text/javascript")],
        "fetch('/asked/service')",
    )
}

#[tokio::test]
async fn all_that_a_page_asks_for_comes_by_the_proxy() -> Outcome<()> {
    let askers = Askers::default();
    let pages = Router::new()
        .route(
            "/everything",
            get(|| async { page("Everything", EVERYTHING) }),
        )
        .route("/asked/{what}", get(asked).post(asked))
        .route(
            "/moved",
            get(|| async { Redirect::temporary("/asked/moved") }),
        )
        .route("/socket", get(upgraded))
        .route("/service.js", get(service))
        .with_state(Arc::clone(&askers));
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/everything")))
        .await?;
    let all = site
        .told("the page's list", |told| told.get("all").cloned())
        .await?;
    assert_eq!(all, json!("done"));
    let seen = askers.lock().unwrap().clone();
    let others: Vec<_> = seen
        .iter()
        .filter(|(_, owner)| *owner != "duotab")
        .collect();
    assert!(others.is_empty(), "not by the proxy: {others:?}");
    for path in [
        "style",
        "image",
        "frame",
        "script",
        "fetch",
        "post",
        "moved",
        "xhr",
        "events",
        "socket",
        "worker",
        "service.js",
    ] {
        assert!(
            seen.contains_key(path),
            "{path} was not asked for: {seen:?}"
        );
    }
    shell.close().await
}

/// Tries each address as a page can, and tells what it got.
fn knocking(addresses: &[String]) -> Html<String> {
    let list = serde_json::to_string(addresses).unwrap();
    page(
        "Knocking",
        &format!(
            "<body style='background:#cc1122'><script>
                const knock = async (url) => {{
                    const answer = await fetch(url, {{ mode: 'cors' }}).then(
                        (ok) => `${{ok.status}}`, () => 'shut');
                    const socket = await new Promise((heard) => {{
                        const socket = new WebSocket(url.replace('http', 'ws'));
                        socket.onopen = () => heard('open');
                        socket.onerror = () => heard('shut');
                    }});
                    return [answer, socket];
                }};
                Promise.all({list}.map(knock)).then((doors) => tell({{ doors }}));
            </script>"
        ),
    )
}

/// A site that lets every page in, and says who came.
async fn welcoming() -> Outcome<(ProbeSite, Askers)> {
    let askers = Askers::default();
    let noted = Arc::clone(&askers);
    let pages = Router::new().route(
        "/welcome",
        get(
            move |ConnectInfo(from): ConnectInfo<SocketAddr>, headers: HeaderMap| async move {
                note(&noted, "welcome", from, &headers);
                let page = page("Welcome", "<body style='background:#cc1122'>");
                ([("access-control-allow-origin", "*")], page)
            },
        ),
    );
    Ok((ProbeSite::with(pages).await?, askers))
}

#[tokio::test]
async fn a_page_reaches_neither_the_apps_ports_nor_what_nobody_typed() -> Outcome<()> {
    let (private, visitors) = welcoming().await?;
    let doors = Arc::new(Mutex::new(Vec::new()));
    let listed = Arc::clone(&doors);
    let pages = Router::new().route(
        "/knocking",
        get(move || async move { knocking(&listed.lock().unwrap()) }),
    );
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let mut running = app.spawn(&start(&display).argument(site.url("/colour/cc1122")))?;
    site.tells(&json!({ "shown": "cc1122" })).await?;
    let own = socket::ports_of(running.pid().ok_or("it has ended")?)?;
    assert!(own.len() >= 2, "the proxy and the lane: {own:?}");
    let own = own.iter().map(|port| format!("http://127.0.0.1:{port}/"));
    // The page's own host is 127.0.0.1; these are others.
    let others = ["localhost", "127.0.0.2", "[::ffff:127.0.0.1]", "0.0.0.0"]
        .map(|host| format!("http://{host}:{}/welcome", private.port()));
    *doors.lock().unwrap() = own.chain(others).collect();
    let mut second = app.spawn(&start(&display).argument(site.url("/knocking")))?;
    assert!(second.ended().await?.success());
    let told = site
        .told("the doors", |told| told.get("doors").cloned())
        .await?;
    for (door, got) in doors.lock().unwrap().iter().zip(told.as_array().unwrap()) {
        assert_eq!(*got, json!(["shut", "shut"]), "{door}");
    }
    assert!(visitors.lock().unwrap().is_empty());
    running.ask_to_end().await?;
    running.ended().await?;
    Ok(())
}

/// Says that it is a proxy, and wants to know who asks.
async fn nosy(State(heard): State<Arc<Mutex<Vec<String>>>>, headers: HeaderMap) -> Response {
    let names = headers.keys().map(ToString::to_string);
    heard.lock().unwrap().extend(names);
    let asks = [(PROXY_AUTHENTICATE, "Basic realm=\"Duotab\"")];
    (StatusCode::PROXY_AUTHENTICATION_REQUIRED, asks, "who?").into_response()
}

#[tokio::test]
async fn a_site_that_acts_as_a_proxy_is_told_no_secret() -> Outcome<()> {
    let heard = Arc::default();
    let asking = page(
        "Nosy",
        "<body style='background:#cc1122'><script>
            const ask = () => fetch('/nosy').then((it) => it.status, () => 'shut');
            ask().then(ask).then(ask).then((last) => tell({ last }));
        </script>",
    );
    let pages = Router::new()
        .route("/nosy", get(nosy))
        .route("/asking", get(move || async { asking }))
        .with_state(Arc::clone(&heard));
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/asking")))
        .await?;
    site.told("the last answer", |told| told.get("last").cloned())
        .await?;
    // Asked for by a person as well, who sees no question.
    let open = json!({ "input": site.url("/nosy"), "mode": "proxy", "background": false });
    let opened = shell.invoke("open_tab", open).await?;
    opened.map_err(|problem| format!("{problem}"))?;
    shell
        .until("document.querySelector('[data-testid=address]').value.endsWith('/nosy')")
        .await?;
    shell
        .until("!document.querySelector('[data-testid=progress]')")
        .await?;
    let asked = "document.querySelectorAll('[data-testid^=ask]').length";
    assert_eq!(shell.value(asked).await?, json!(0));
    let names = heard.lock().unwrap().clone();
    let times = names.iter().filter(|name| *name == "host").count();
    assert!(times >= 4, "{names:?}");
    let told: Vec<_> = names
        .iter()
        .filter(|name| name.contains("authorization"))
        .collect();
    assert!(told.is_empty(), "{told:?}");
    shell.close().await
}

#[tokio::test]
async fn a_link_to_a_private_address_is_asked_about_and_a_typed_one_is_opened() -> Outcome<()> {
    let (private, visitors) = welcoming().await?;
    let address = format!("http://localhost:{}/welcome", private.port());
    let target = address.clone();
    let pages = Router::new().route(
        "/lure",
        get(move || async move {
            page(
                "Lure",
                &format!("<script>location.href = '{target}'</script>"),
            )
        }),
    );
    let display = Display::start(1000, 700).await?;
    let site = ProbeSite::with(pages).await?;
    let app = App::new()?;
    let shell = app
        .open(&start(&display).argument(site.url("/lure")))
        .await?;
    shell
        .until("document.querySelector('[data-testid=problem][data-code=page_failed]')")
        .await?;
    shell
        .until("document.querySelector('[data-testid=problem]').innerText.includes('your own network')")
        .await?;
    assert!(
        visitors.lock().unwrap().is_empty(),
        "before it is asked about"
    );
    // The person knows better.
    shell.click("[data-testid=problem-action-anyway]").await?;
    shell
        .until_shown(&display, "the private page", |picture, area| {
            crate::room::fills(picture, area, RED)
        })
        .await?;
    let owner = visitors.lock().unwrap().get("welcome").cloned();
    assert_eq!(owner.as_deref(), Some("duotab"));
    shell.close().await
}
