//! Pages that want what they need a permission for, and some that want it in odd ways.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use duotab_backend::page::{PageEvent, Pages, Transport};
use duotab_core::action::PageAction;
use duotab_core::ask::{Answer, Ask, Question, Wish};
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use duotab_core::site::{SitePermission, origin_of};

use crate::bench::{Bench, bench_with};
use crate::{ONE, TWO};

/// Asks once, says what came of it.
const PLACE: &str = "<title>place</title><script>
    navigator.geolocation.getCurrentPosition(
        () => document.title = 'there',
        (error) => document.title = `error ${error.code}`,
    );
</script>";

/// Asks a thousand times.
const MANY: &str = "<title>many</title><script>
    let refused = 0;
    for (let n = 0; n < 1000; n += 1) {
        navigator.geolocation.getCurrentPosition(() => {}, (error) => {
            refused += error.code === 1;
            if (refused === 1000) document.title = 'all refused';
        });
    }
</script>";

/// Takes the tools away from whatever else runs in its world, and listens at them.
const TAMPERED: &str = "<title>tampered</title><script>
    const say = document.title = 'tampered';
    const heard = [];
    const listen = (owner, key) => {
        owner[key] = (...given) => { heard.push(`${key} ${given}`); };
    };
    const promise = Notification.requestPermission;
    for (const key of ['get', 'set', 'delete', 'forEach']) listen(Map.prototype, key);
    for (const key of ['addEventListener', 'dispatchEvent']) listen(EventTarget.prototype, key);
    for (const key of ['apply', 'defineProperty']) listen(Reflect, key);
    for (const key of ['call', 'apply', 'bind']) listen(Function.prototype, key);
    listen(Array.prototype, Symbol.iterator);
    listen(Event.prototype, 'preventDefault');
    Permissions.prototype.query = async () => ({ state: 'granted' });
    Object.defineProperty(Event.prototype, 'defaultPrevented', { get: () => false });
    Object.defineProperty(CustomEvent.prototype, 'detail', { get: () => 'nothing' });
    window.CustomEvent = window.Map = window.Proxy = function () { heard.push('made'); };
    promise().then((answer) => document.title = `${answer} ${heard.length}`);
</script>";

/// A frame of its own asks in its name, and one of another site does not.
fn framed(other: &str) -> String {
    format!(
        "<title>framed</title>
         <iframe src=/within></iframe><iframe src=/within></iframe>
         <iframe allow=geolocation src={other}></iframe>"
    )
}

const WITHIN: &str = "<script>
    Notification.requestPermission().then((answer) => top.document.title += ` ${answer}`);
</script>";

async fn bench() -> Bench {
    let page = |body: &'static str| get(async move || Html(body));
    bench_with(
        Router::new()
            .route("/place", page(PLACE))
            .route("/many", page(MANY))
            .route("/tampered", page(TAMPERED))
            .route("/within", page(WITHIN))
            .route(
                "/framed/{port}",
                get(
                    async |axum::extract::Path(port): axum::extract::Path<u16>| {
                        Html(framed(&format!("http://localhost:{port}/place")))
                    },
                ),
            ),
    )
    .await
}

async fn asked(bench: &mut Bench, tab: TabId, wish: Wish) -> Ask {
    let news = bench.until(tab, |it| matches!(it, PageNews::Asks(_))).await;
    let PageNews::Asks(ask) = news else {
        unreachable!()
    };
    let wishes = vec![wish];
    assert_eq!(ask.question, Question::Permission { wishes });
    ask
}

/// Waits for a title; nothing is asked meanwhile.
async fn titled(bench: &mut Bench, tab: TabId, title: &str) {
    bench
        .until(tab, |news| {
            assert!(!matches!(news, PageNews::Asks(_)), "{news:?}");
            *news == PageNews::Title(title.to_owned())
        })
        .await;
}

const NO: Answer = Answer::No { always: false };
const YES: Answer = Answer::Yes { always: false };

async fn connect_anew(bench: &mut Bench) {
    let transport = Transport::websocket(bench.chromium.endpoint());
    (bench.pages, bench.events) = Pages::over(transport.await.unwrap()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_a_thousand_times_is_asked_about_once() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/many")).await;
    let ask = asked(&mut bench, ONE, Wish::Location).await;
    bench.act(ONE, PageAction::Answer(ask.id, NO)).await;
    titled(&mut bench, ONE, "all refused").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_changes_its_world_is_asked_about_all_the_same_and_overhears_nothing() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/tampered")).await;
    let ask = asked(&mut bench, ONE, Wish::Notifications).await;
    bench.act(ONE, PageAction::Answer(ask.id, YES)).await;
    titled(&mut bench, ONE, "granted 0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_open_when_the_connection_goes_is_asked_again_by_the_next() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/place")).await;
    asked(&mut bench, ONE, Wish::Location).await;
    let target = bench.pages.target(ONE).unwrap();
    connect_anew(&mut bench).await;
    let zoom = 100;
    let attach = PageAction::Attach { target, zoom };
    bench.act(TWO, attach.clone()).await;
    asked(&mut bench, TWO, Wish::Location).await;
    connect_anew(&mut bench).await;
    bench.act(TWO, attach).await;
    let ask = asked(&mut bench, TWO, Wish::Location).await;
    bench.act(TWO, PageAction::Answer(ask.id, NO)).await;
    titled(&mut bench, TWO, "error 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_gone_with_the_connection_and_with_the_page() {
    let mut bench = bench().await;
    bench.open(ONE, bench.site.url("/place")).await;
    let ask = asked(&mut bench, ONE, Wish::Location).await;
    let next = bench.site.url("/page/next");
    bench.act(ONE, PageAction::Navigate(next.clone())).await;
    bench
        .until(ONE, |it| *it == PageNews::AskGone(ask.id))
        .await;
    bench.at(ONE, &next).await;
    bench.act(ONE, PageAction::Step(-1)).await;
    let ask = asked(&mut bench, ONE, Wish::Location).await;
    bench.chromium.kill();
    bench
        .until(ONE, |it| *it == PageNews::AskGone(ask.id))
        .await;
    bench
        .event(|event| (event == PageEvent::Disconnected).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_the_page_ask_once_in_its_name_and_one_of_another_site_does_not() {
    let mut bench = bench().await;
    let other = bench.site.other_url("");
    let port = other.rsplit(':').next().unwrap();
    let url = bench.site.url(&format!("/framed/{port}"));
    bench.open(ONE, url.clone()).await;
    let ask = asked(&mut bench, ONE, Wish::Notifications).await;
    assert_eq!(Some(ask.origin), origin_of(&url));
    bench.act(ONE, PageAction::Answer(ask.id, NO)).await;
    titled(&mut bench, ONE, "framed denied denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_before_is_not_asked_and_what_is_taken_back_is() {
    let mut bench = bench().await;
    let url = bench.site.url("/place");
    let decided = |allowed| SitePermission {
        origin: origin_of(&url).unwrap(),
        wish: Wish::Location,
        allowed,
    };
    bench.pages.permit(vec![decided(Some(false))]).await;
    bench.open(ONE, url.clone()).await;
    titled(&mut bench, ONE, "error 1").await;
    bench.pages.permit(vec![decided(None)]).await;
    bench.act(ONE, PageAction::Reload).await;
    asked(&mut bench, ONE, Wish::Location).await;
}
