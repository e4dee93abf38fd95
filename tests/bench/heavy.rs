//! The zoo's heaviest page, five hundred requests, as it loads in the app and in the same engine
//! without it: straight, by our proxy alone, and by squid. By tinyproxy, which ends a connection after
//! each request, some of the five hundred fail.

use duotab_backend::proxy::{Proxy, ProxyConfig};
use duotab_test_support::app::Start;
use duotab_test_support::{App, Bare, Display, Outcome, Zoo};

use crate::Bench;
use crate::peers;
use crate::row::{Row, percentile};

const LOADS: usize = 15;
const CASE: &str = "many";

/// Where the page is, and how it comes. Behind a proxy, libsoup before 3.6 offers no HTTP/2: the
/// second shows what is left where both speak HTTP/1.1. At home our proxy reads each request to the host
/// that was typed, which is all of them; all else it passes on as bytes.
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

/// By which way it comes, the last one straight: the names in the table, and what is promised, in
/// percent of the last.
const WAYS: [(&str, Option<f64>); 4] = [
    ("", Some(105.0)),
    ("-proxy", Some(105.0)),
    ("-squid", None),
    ("-direct", None),
];

/// The times of one place, in ms, by each way.
type Times = [Vec<f64>; WAYS.len()];

pub(crate) async fn measure(bench: &mut Bench) -> Outcome<()> {
    let zoo = Zoo::open().await?;
    let mut displays = Vec::new();
    for _ in WAYS {
        displays.push(Display::start(1280, 900).await?);
    }
    let [ours, led, by_squid, alone] = displays.as_slice() else {
        return Err("a display for each way".into());
    };
    let app = App::new()?;
    let start = Start::new(env!("CARGO_BIN_EXE_duotab"), ours);
    let shell = app.open(&start).await?;
    shell
        .until("document.activeElement?.dataset.testid === 'address'")
        .await?;
    let proxy = Proxy::bind(ProxyConfig::default()).await?;
    let squid = peers::squid().await?;
    let at = format!("http://127.0.0.1:{}", squid.port);
    let bare = [
        Bare::open_by(led, Some(proxy.access().socks_url().expose())).await?,
        Bare::open_by(by_squid, Some(&at)).await?,
        Bare::open(alone).await?,
    ];
    for (place, origin, how) in PLACES {
        proxy.permit(origin);
        let mut times = Times::default();
        // Taken in turns, so that what else the machine does is in all, and by pages that were there
        // before: the first of each only warms. All by the same hands: a command by WebDriver would
        // still be at work in the shell while the page loads.
        for round in 0..=LOADS {
            for ((display, times), (way, _)) in displays.iter().zip(&mut times).zip(WAYS) {
                let run = format!("{place}{way}-{round}");
                let url = format!("{origin}/case/{CASE}?run={run}");
                display.visit(&url).await?;
                let took = loaded(&zoo, &run).await?;
                if round > 0 {
                    times.push(took);
                }
            }
        }
        take(bench, place, how, &times)?;
    }
    for bare in bare {
        bare.close().await?;
    }
    shell.close().await
}

/// How long the page took, in ms from its address to its last answer.
async fn loaded(zoo: &Zoo, run: &str) -> Outcome<f64> {
    let told = zoo.hear(run, CASE, false).await;
    let told = told.ok_or_else(|| format!("{run}: it said nothing"))?;
    let took = told.get("took").and_then(serde_json::Value::as_f64);
    took.ok_or_else(|| format!("{run}: {told}").into())
}

fn take(bench: &mut Bench, place: &str, how: &str, times: &Times) -> Outcome<()> {
    let how = format!("a page of 500 requests to {how}, from its address to its last answer");
    let direct = times.last().map_or(0.0, |times| percentile(times, 50.0));
    for ((way, goal), times) in WAYS.iter().zip(times) {
        let name = format!("page-heavy-{place}{way}");
        bench.take(Row::median(&name, "ms", times, &how))?;
        if *way == "-direct" {
            break;
        }
        let share = percentile(times, 50.0) / direct * 100.0;
        let row = Row::new(&format!("{name}-of-direct"), "%", share, &how);
        bench.take(match goal {
            Some(goal) => row.goal(*goal),
            None => row,
        })?;
    }
    Ok(())
}
