//! The zoo's heaviest page, five hundred requests, as it loads in the app and in the same engine
//! without it, by the proxy and straight.

use duotab_backend::proxy::{Proxy, ProxyConfig};
use duotab_test_support::app::Start;
use duotab_test_support::{App, Bare, Display, Outcome, Zoo};

use crate::Bench;
use crate::row::{Row, percentile};

const LOADS: usize = 20;
const CASE: &str = "many";

/// Where the page is, and how it comes. Behind a proxy, libsoup before 3.6 offers no HTTP/2: the
/// second shows what is left where both speak HTTP/1.1. Of the home network the proxy looks at each
/// request.
const PLACES: [(&str, &str, &str); 4] = [
    ("https", "https://zoo.test", "five hosts over TLS"),
    (
        "https1",
        "https://zoo.test:8443",
        "five hosts over TLS that know HTTP/1.1 only",
    ),
    ("http", "http://zoo.test", "five hosts in the clear"),
    (
        "home",
        "http://192.168.7.1",
        "one machine of the home network in the clear",
    ),
];

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    let zoo = Zoo::open().await?;
    let displays = [
        Display::start(1280, 900).await?,
        Display::start(1280, 900).await?,
        Display::start(1280, 900).await?,
    ];
    let [ours, led, alone] = &displays;
    let app = App::new()?;
    let start = Start::new(env!("CARGO_BIN_EXE_duotab"), ours);
    let shell = app.open(&start).await?;
    shell
        .until("document.activeElement?.dataset.testid === 'address'")
        .await?;
    let proxy = Proxy::bind(ProxyConfig::default()).await?;
    let by_proxy = Bare::open_by(led, Some(proxy.access().socks_url().expose())).await?;
    let bare = Bare::open(alone).await?;
    for (place, origin, how) in PLACES {
        proxy.permit(origin);
        let mut times = [const { Vec::new() }; 3];
        // Taken in turns, so that what else the machine does is in all, and by pages that were there
        // before: the first of each only warms. All by the same hands: a command by WebDriver would
        // still be at work in the shell while the page loads.
        for round in 0..=LOADS {
            for (arm, display) in displays.iter().enumerate() {
                let run = format!("{place}-{arm}-{round}");
                let url = format!("{origin}/case/{CASE}?run={run}");
                display.visit(&url).await?;
                let took = loaded(&zoo, &run).await?;
                if round > 0
                    && let Some(times) = times.get_mut(arm)
                {
                    times.push(took);
                }
            }
        }
        take(bench, place, how, &times)?;
    }
    by_proxy.close().await?;
    bare.close().await?;
    shell.close().await
}

/// How long the page took, in ms from its address to its last answer.
async fn loaded(zoo: &Zoo, run: &str) -> Outcome<f64> {
    let told = zoo.hear(run, CASE, false).await;
    let told = told.ok_or_else(|| format!("{run}: it said nothing"))?;
    let took = told.get("took").and_then(serde_json::Value::as_f64);
    took.ok_or_else(|| format!("{run}: {told}").into())
}

fn take(bench: &mut Bench, place: &str, how: &str, times: &[Vec<f64>; 3]) -> Outcome<()> {
    let [in_app, by_proxy, alone] = times;
    let how = format!("a page of 500 requests to {how}, from its address to its last answer");
    let without = percentile(alone, 50.0);
    for (arm, times) in [("", in_app), ("-proxy", by_proxy)] {
        let name = format!("page-heavy-{place}{arm}");
        let row = Row::median(&name, "ms", times, &how);
        bench.take(row.against("the engine alone", Some(without)))?;
        let share = percentile(times, 50.0) / without * 100.0;
        let name = format!("{name}-of-direct");
        bench.take(Row::new(&name, "%", share, &how).goal(105.0))?;
    }
    Ok(())
}
