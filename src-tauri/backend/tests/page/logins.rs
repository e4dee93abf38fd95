//! Servers that ask frames of a page for a name and a password: frames of other sites, which are other
//! processes', and whose questions come by sessions of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use duotab_backend::page::{Pages, Transport};
use duotab_core::action::PageAction;
use duotab_core::ask::{Answer, Ask, AskId, Question, Unspoken};
use duotab_core::event::PageNews;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::ONE;
use crate::bench::{Bench, bench_with};

/// `ann:b` and `ann:c`, as a browser says them.
const OF_B: &str = "YW5uOmI=";
const OF_C: &str = "YW5uOmM=";
/// How long each message takes to a browser on the other side of the world, and back.
const FAR: Duration = Duration::from_millis(150);
/// A page of many frames.
const MANY: usize = 60;

/// A page with a frame: of which of the `*.localhost`, each a site of its own, and what it shows there.
async fn within(Path((site, rest)): Path<(String, String)>) -> Html<String> {
    Html(around(&[&site], &rest))
}

/// The same with a frame for each site, and what each shows.
async fn beside(Path((sites, rest)): Path<(String, String)>) -> Html<String> {
    let sites: Vec<&str> = sites.split(',').collect();
    Html(around(&sites, &rest))
}

fn around(sites: &[&str], rest: &str) -> String {
    let rest = rest.split(',').cycle();
    let frame = |(site, rest): (&&str, &str)| format!("frame('{site}', '{rest}');");
    let frames: String = sites.iter().zip(rest).map(frame).collect();
    format!(
        "<title>around</title><body><script>
            const port = location.port;
            const at = (site, path) => `http://${{site}}.localhost:${{port}}/${{path}}`;
            const frame = (site, path) => {{
                const made = document.createElement('iframe');
                made.src = at(site, path);
                document.body.append(made);
            }};
            if (self === top) onmessage = (it) => {{ document.title += ` ${{it.data}}`; }};
            {frames}
        </script>"
    )
}

/// Goes where its page wants.
const PLAIN: &str = "<script>
    onmessage = (it) => { location = it.data; };
    top.postMessage('plain', '*');
</script>";

/// A frame of the page's own site and yet of another process.
const CAGED: &str = "<title>around</title>
    <iframe sandbox=allow-scripts src=/plain></iframe>
    <script>onmessage = (it) => { document.title += ` ${it.data}`; }</script>";

/// Lets in whoever says `word`, and counts all who say any.
async fn guarded(word: &str, headers: &HeaderMap, said: &AtomicU32) -> Response {
    let told = |what: &str| Html(format!("<script>top.postMessage('{what}', '*')</script>"));
    let authorization = headers.get(header::AUTHORIZATION);
    said.fetch_add(authorization.is_some().into(), Ordering::SeqCst);
    if authorization.is_some_and(|it| it == &format!("Basic {word}")) {
        return told("in").into_response();
    }
    let realm = [(header::WWW_AUTHENTICATE, "Basic realm=\"The cellar\"")];
    (StatusCode::UNAUTHORIZED, realm, told("out")).into_response()
}

/// A bench, and how many answers its server was given.
async fn bench() -> (Bench, Arc<AtomicU32>) {
    let said = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&said);
    let guarded = async move |Path(word): Path<String>, headers: HeaderMap| {
        guarded(&word, &headers, &count).await
    };
    let router = Router::new()
        .route("/within/{site}/{*rest}", get(within))
        .route("/beside/{sites}/{*rest}", get(beside))
        .route("/caged", get(async || Html(CAGED)))
        .route("/plain", get(async || Html(PLAIN)))
        .route("/guarded/{word}", get(guarded));
    (bench_with(router).await, said)
}

async fn asked(bench: &mut Bench) -> Ask {
    let news = bench.until(ONE, |it| matches!(it, PageNews::Asks(_))).await;
    let PageNews::Asks(ask) = news else {
        unreachable!()
    };
    ask
}

/// Whether it is asked again, and within which page of another site.
fn login(ask: &Ask) -> (bool, Option<&str>) {
    match &ask.question {
        Question::Login {
            realm,
            again,
            around,
        } => {
            assert_eq!(realm, "The cellar");
            (*again, around.as_deref())
        }
        other => panic!("another question: {other:?}"),
    }
}

async fn answer(bench: &Bench, ask: &Ask, password: &str) {
    let word = |text: &str| Unspoken(text.to_owned());
    let (name, password) = (word("ann"), word(password));
    let answer = Answer::Login { name, password };
    bench.act(ONE, PageAction::Answer(ask.id, answer)).await;
}

async fn gone(bench: &mut Bench, id: AskId) {
    bench.until(ONE, |it| *it == PageNews::AskGone(id)).await;
}

/// Waits for a title. Nothing is asked meanwhile.
async fn titled(bench: &mut Bench, title: &str) {
    bench
        .until(ONE, |news| {
            assert!(!matches!(news, PageNews::Asks(_)), "{news:?}");
            *news == PageNews::Title(title.to_owned())
        })
        .await;
}

/// A page whose frame of another site is there already, and goes by itself to where it is asked.
async fn sent(bench: &mut Bench, word: &str) -> Ask {
    let url = bench.site.url("/within/b/plain");
    bench.open(ONE, url).await;
    titled(bench, "around plain").await;
    let script = format!("void frames[0].postMessage('/guarded/{word}', '*')");
    bench.run(ONE, &script).await;
    asked(bench).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_within_a_frame_of_two_other_sites_asks_in_the_window_until_it_is_let_in() {
    let (mut bench, _) = bench().await;
    let url = bench
        .site
        .url(&format!("/within/b/within/c/guarded/{OF_C}"));
    bench.open(ONE, url).await;
    let ask = asked(&mut bench).await;
    let (page, port) = (bench.site.url(""), bench.site.port());
    assert_eq!(ask.origin, format!("http://c.localhost:{port}"));
    assert_eq!(login(&ask), (false, Some(page.as_str())));
    answer(&bench, &ask, "wrong").await;
    let ask = asked(&mut bench).await;
    assert_eq!(login(&ask), (true, Some(page.as_str())));
    answer(&bench, &ask, "c").await;
    titled(&mut bench, "around in").await;
}

/// The way from `from` to `to`, as if it were long.
fn far(mut from: mpsc::Receiver<String>, to: mpsc::Sender<String>) {
    let (under_way, mut arrives) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(text) = from.recv().await {
            if under_way.send((Instant::now() + FAR, text)).is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((at, text)) = arrives.recv().await {
            sleep_until(at).await;
            if to.send(text).await.is_err() {
                return;
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn no_frame_is_quicker_to_ask_than_a_browser_that_is_far_away_is_to_listen() {
    let (mut bench, _) = bench().await;
    let near = Transport::websocket(bench.chromium.endpoint());
    let near = near.await.unwrap();
    let ((out, to), (from, incoming)) = (mpsc::channel(64), mpsc::channel(64));
    far(to, near.out);
    far(near.incoming, from);
    let over = Pages::over(Transport { out, incoming });
    (bench.pages, bench.events) = over.await.unwrap();
    let url = bench
        .site
        .url(&format!("/within/b/within/c/guarded/{OF_C}"));
    bench.open(ONE, url).await;
    let ask = asked(&mut bench).await;
    answer(&bench, &ask, "c").await;
    titled(&mut bench, "around in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_was_there_asks_by_its_own_session_and_shows_what_strangers_see() {
    let (mut bench, said) = bench().await;
    let ask = sent(&mut bench, OF_B).await;
    assert!(ask.origin.contains("//b.localhost:"), "{}", ask.origin);
    let no = Answer::No { always: false };
    bench.act(ONE, PageAction::Answer(ask.id, no)).await;
    titled(&mut bench, "around plain out").await;
    assert_eq!(said.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_two_sites_that_ask_at_once_are_each_given_their_own_answer() {
    let (mut bench, said) = bench().await;
    let url = format!("/beside/b,c/guarded/{OF_B},guarded/{OF_C}");
    bench.open(ONE, bench.site.url(&url)).await;
    let mut asks = [asked(&mut bench).await, asked(&mut bench).await];
    asks.sort_by(|a, b| a.origin.cmp(&b.origin));
    let [b, c] = asks;
    assert!(b.origin.contains("//b.") && c.origin.contains("//c."));
    answer(&bench, &c, "wrong").await;
    let c = asked(&mut bench).await;
    assert!(login(&c).0);
    answer(&bench, &c, "c").await;
    titled(&mut bench, "around in").await;
    answer(&bench, &b, "b").await;
    titled(&mut bench, "around in in").await;
    assert_eq!(said.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_removed_takes_its_question_along_and_another_one_asks_its_own() {
    let (mut bench, said) = bench().await;
    let first = sent(&mut bench, OF_B).await;
    bench
        .run(ONE, "void document.querySelector('iframe').remove()")
        .await;
    gone(&mut bench, first.id).await;
    let again = format!("void frame('b', 'guarded/{OF_B}')");
    bench.run(ONE, &again).await;
    let second = asked(&mut bench).await;
    assert!(second.id != first.id && !login(&second).0);
    answer(&bench, &first, "b").await;
    answer(&bench, &second, "b").await;
    titled(&mut bench, "around plain in").await;
    assert_eq!(said.load(Ordering::SeqCst), 1);
    // It had no session of its own yet: its question came by the page's.
    bench
        .run(ONE, &format!("void frame('c', 'guarded/{OF_C}')"))
        .await;
    let third = asked(&mut bench).await;
    bench
        .run(ONE, "void document.querySelectorAll('iframe')[1].remove()")
        .await;
    gone(&mut bench, third.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frame_asked_before_it_was_sent_elsewhere_is_answered_to_nobody() {
    let (mut bench, said) = bench().await;
    let first = sent(&mut bench, OF_B).await;
    let elsewhere =
        format!("void (document.querySelector('iframe').src = at('c', 'guarded/{OF_C}'))");
    bench.run(ONE, &elsewhere).await;
    gone(&mut bench, first.id).await;
    let second = asked(&mut bench).await;
    assert!(second.origin.contains("//c.") && !login(&second).0);
    answer(&bench, &first, "c").await;
    answer(&bench, &second, "c").await;
    titled(&mut bench, "around plain in").await;
    assert_eq!(said.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_loaded_anew_has_its_frames_asked_about_anew() {
    let (mut bench, said) = bench().await;
    let url = bench
        .site
        .url(&format!("/within/b/within/c/guarded/{OF_C}"));
    bench.open(ONE, url).await;
    let first = asked(&mut bench).await;
    bench.act(ONE, PageAction::Reload).await;
    gone(&mut bench, first.id).await;
    let second = asked(&mut bench).await;
    answer(&bench, &first, "c").await;
    answer(&bench, &second, "c").await;
    titled(&mut bench, "around in").await;
    assert_eq!(said.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_stopped_asks_nothing_more() {
    let (mut bench, _) = bench().await;
    let first = sent(&mut bench, OF_B).await;
    bench.act(ONE, PageAction::Stop).await;
    gone(&mut bench, first.id).await;
    let url = bench.site.url(&format!("/guarded/{OF_B}"));
    bench.act(ONE, PageAction::Navigate(url)).await;
    let second = asked(&mut bench).await;
    assert_eq!(login(&second), (false, None));
    bench.act(ONE, PageAction::Stop).await;
    gone(&mut bench, second.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_the_page_s_own_site_in_another_process_asks_in_its_name() {
    let (mut bench, _) = bench().await;
    bench.open(ONE, bench.site.url("/caged")).await;
    titled(&mut bench, "around plain").await;
    let script = format!("void frames[0].postMessage('/guarded/{OF_B}', '*')");
    bench.run(ONE, &script).await;
    let ask = asked(&mut bench).await;
    assert_eq!(login(&ask), (false, None));
    answer(&bench, &ask, "b").await;
    titled(&mut bench, "around plain in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_other_sites_go_on_while_one_of_them_asks() {
    let (mut bench, _) = bench().await;
    let mut sites: Vec<String> = (0..MANY).map(|n| format!("s{}", n % 5)).collect();
    sites.insert(0, "b".to_owned());
    let rests = vec!["plain"; MANY].join(",");
    let url = format!("/beside/{}/guarded/{OF_B},{rests}", sites.join(","));
    bench.open(ONE, bench.site.url(&url)).await;
    let all = format!("around{}", " plain".repeat(MANY));
    bench
        .until(ONE, |news| *news == PageNews::Title(all.clone()))
        .await;
}
