//! What a Proxy tab costs a person in time: the app's start, and a page of five hundred requests, in
//! the app and in the same engine without it, by the proxy and straight.

use std::time::Instant;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use duotab_backend::proxy::{Proxy, ProxyConfig};
use duotab_test_support::app::Start;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Bare, Display, Outcome, ProbeSite};

use crate::Bench;
use crate::row::{Row, percentile};

const STARTS: usize = 3;
const LOADS: usize = 25;

/// Four hundred pictures and a hundred answers, none of them kept; tells when the last was there,
/// in milliseconds since the page was asked for.
const HEAVY: &str = "<script>
    const salt = Math.random();
    const picture = (n) => new Promise((done, fail) => {
        const image = new Image();
        image.onload = done;
        image.onerror = () => fail(n);
        image.src = `/dot/${n}?${salt}`;
        document.documentElement.append(image);
    });
    const answer = async (n) => (await fetch(`/dot/${n}?${salt}`)).arrayBuffer();
    const all = Array.from({ length: 500 }, (_, n) => n % 5 ? picture(n) : answer(n));
    Promise.all(all).then(() => tell({ loaded: performance.now() }));
</script>";
const DOT: &str = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    start(bench).await?;
    heavy_page(bench).await
}

async fn start(bench: &mut Bench) -> Outcome<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let display = Display::start(1280, 900).await?;
        let app = App::new()?;
        let began = Instant::now();
        let shell = app.open(&program(&display)).await?;
        shell
            .until("document.activeElement?.dataset.testid === 'address'")
            .await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        shell.close().await?;
    }
    let how = "from the app's start, by WebDriver and with its own, until the address bar of a new \
               install has the keyboard";
    bench.take(Row::median("start-to-address-bar", "ms", &times, how))
}

fn program(display: &Display) -> Start<'_> {
    Start::new(env!("CARGO_BIN_EXE_duotab"), display)
}

async fn heavy_page(bench: &mut Bench) -> Outcome<()> {
    let dot = || async {
        (
            [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "no-store")],
            DOT,
        )
    };
    let router = Router::new()
        .route("/h", get(|| async { page("Heavy", HEAVY) }))
        .route("/dot/{n}", get(dot));
    let site = ProbeSite::with(router).await?;
    let url = site.url("/h");

    let displays = [
        Display::start(1280, 900).await?,
        Display::start(1280, 900).await?,
        Display::start(1280, 900).await?,
    ];
    let [ours, led, alone] = &displays;
    let app = App::new()?;
    let shell = app.open(&program(ours)).await?;
    shell
        .until("document.activeElement?.dataset.testid === 'address'")
        .await?;
    let proxy = Proxy::bind(ProxyConfig::default()).await?;
    proxy.permit(&url);
    let by_proxy = Bare::open_by(led, Some(proxy.access().socks_url().expose())).await?;
    let bare = Bare::open(alone).await?;
    let (mut in_app, mut through, mut direct) = (Vec::new(), Vec::new(), Vec::new());
    // Taken in turns, so that what else the machine does is in all, and by pages that were there
    // before: the first of each only warms. All by the same hands: a command by WebDriver would still
    // be at work in the shell while the page loads.
    for round in 0..=LOADS {
        ours.visit(&url).await?;
        let app = loaded(&site).await?;
        led.visit(&url).await?;
        let proxy = loaded(&site).await?;
        alone.visit(&url).await?;
        let without = loaded(&site).await?;
        if round > 0 {
            in_app.push(app);
            through.push(proxy);
            direct.push(without);
        }
    }
    by_proxy.close().await?;
    bare.close().await?;
    shell.close().await?;
    let how =
        "a page of 500 requests to one host in the clear, from its address to the last answer";
    let without = percentile(&direct, 50.0);
    let against = "the engine alone";
    for (name, times) in [("page-heavy", &in_app), ("page-heavy-proxy", &through)] {
        let row = Row::median(name, "ms", times, how);
        bench.take(row.against(against, Some(without)))?;
        let share = percentile(times, 50.0) / without * 100.0;
        let name = format!("{name}-of-direct");
        bench.take(Row::new(&name, "%", share, how).goal(105.0))?;
    }
    Ok(())
}

async fn loaded(site: &ProbeSite) -> Outcome<f64> {
    site.told("the whole page", |told| told.get("loaded")?.as_f64())
        .await
}
