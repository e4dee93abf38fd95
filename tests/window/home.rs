//! What the person has opened at home is no page's of the Internet.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Html;
use axum::routing::{any, get};
use duotab_test_support::{Outcome, World, Zoo, world, zoo};
use tokio::net::TcpListener;

use crate::zoo::visitor::{Visitor, Window};

const PORT: u16 = 8123;

/// Tries all that a page can to reach both names of the home's server, and then leads there.
const NOSY: &str = "<!doctype html><title>nosy</title><body>
    <script>
        const hosts = ['192.168.7.1:8123', 'nas.lan:8123'];
        const quiet = (tries) => Promise.allSettled(tries);
        const loads = (tag, url) => new Promise((done) => {
            const element = document.createElement(tag);
            element.onload = element.onerror = done;
            element[tag === 'link' ? 'href' : 'src'] = url;
            if (tag === 'link') element.rel = 'stylesheet';
            document.body.append(element);
            setTimeout(done, 2000);
        });
        const works = (url) => new Promise((done) => {
            const code = `fetch('${url}', { mode: 'no-cors' }).finally(() => postMessage(0))`;
            const worker = new Worker(URL.createObjectURL(new Blob([code])));
            worker.onmessage = worker.onerror = done;
        });
        const talks = (url) => new Promise((done) => {
            const socket = new WebSocket(url);
            socket.onopen = socket.onerror = socket.onclose = done;
        });
        quiet(hosts.flatMap((host) => [
            fetch(`http://${host}/fetch`, { mode: 'no-cors', method: 'POST', body: 'x' }),
            ...['img', 'script', 'iframe', 'link'].map((tag) => loads(tag, `http://${host}/${tag}`)),
            works(`http://${host}/worker`),
            talks(`ws://${host}/socket`),
            Promise.resolve(navigator.sendBeacon(`http://${host}/beacon`, 'x')),
        ])).then(() => document.title = 'tried');
    </script>";

type Visits = Arc<Mutex<BTreeSet<String>>>;

async fn visit(State(visits): State<Visits>, address: Uri) -> Html<&'static str> {
    // The page's own icon is looked for by the engine.
    if address.path() != "/favicon.ico" {
        visits.lock().unwrap().insert(address.path().to_owned());
    }
    Html("<!doctype html><title>at home</title><img src='http://192.168.7.1:8123/beside'>")
}

#[tokio::test]
async fn what_was_opened_at_home_is_out_of_reach_for_pages_of_the_internet() -> Outcome<()> {
    let names = [&zoo::NAMES[..], &[("nas.lan", world::HOME)]].concat();
    World::new(&names)?.play("home::a_nosy_page").await
}

#[tokio::test]
#[ignore = "played by the test above, in a world of its own"]
async fn a_nosy_page() -> Outcome<()> {
    let visits = Visits::default();
    let home = Router::new()
        .fallback(any(visit))
        .with_state(Arc::clone(&visits));
    let listener = TcpListener::bind((world::HOME, PORT)).await?;
    let server = tokio::spawn(async move { axum::serve(listener, home).await });
    let zoo = Zoo::with(Router::new().route("/nosy", get(async || Html(NOSY)))).await?;
    let mut window = Window::open().await?;
    let titled = |title: &str| {
        format!("document.querySelector('[data-testid=tab]').innerText.includes('{title}')")
    };
    // Compiled at the first start, loaded at the second.
    for is_last in [false, true] {
        // Both are open to the profile by now, and to each other's pages.
        for (url, title) in [
            ("http://192.168.7.1:8123/typed", "at home"),
            ("http://zoo.test/nosy?first", "tried"),
            ("http://nas.lan:8123/typed", "at home"),
            ("http://zoo.test/nosy?again", "tried"),
        ] {
            window.visit(&zoo, url).await?;
            window.shell().until(&titled(title)).await?;
        }
        let came = std::mem::take(&mut *visits.lock().unwrap());
        assert_eq!(came.into_iter().collect::<Vec<_>>(), ["/beside", "/typed"]);
        if !is_last {
            window = window.again().await?;
        }
    }
    server.abort();
    window.close().await
}
