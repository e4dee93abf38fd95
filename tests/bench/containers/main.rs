//! What a container costs: the way to its picture, cold and kept ready, split by stage; what the
//! app adds to the engine's own start; and the memory of ten pages in one session or in ten.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]
#![allow(missing_docs)]

mod install;
#[path = "../row.rs"]
#[allow(dead_code, reason = "the other bench needs the rest")]
mod row;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use duotab_backend::endpoint::{Endpoint, Secret};
use duotab_backend::neko::{self, News, Options};
use duotab_backend::page;
use duotab_core::action::PageAction;
use duotab_core::message::TabId;
use duotab_test_support::Outcome;
use duotab_test_support::app::workspace;
use duotab_test_support::engine::Engine;
use install::Install;
use row::{Report, Row, percentile};

const ROUNDS: u32 = 5;
const PAGES: u32 = 10;
/// For anything that is waited for.
const LIMIT: Duration = Duration::from_secs(120);
/// After which a page has done what it does once.
const SETTLED: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let Some(engine) = Engine::here() else {
        return ExitCode::SUCCESS;
    };
    let mut report = Report::default();
    let folder = workspace().join("target/bench");
    println!("{}", row::heading());
    if let Err(error) = first_frames(&engine, &mut report, &folder).await {
        report.lacks("containers-first-frame", &error);
    }
    if let Err(error) = memory(&engine, &mut report, &folder).await {
        report.lacks("containers-memory", &error);
    }
    if report.print() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn first_frames(engine: &Engine, report: &mut Report, folder: &Path) -> Outcome<()> {
    let install = Install::new(engine, "bench-frames");
    // The image is fetched and the profile made before anything is timed.
    install.start(1, "default").await?;
    install.stop(1).await?;
    let (mut serves, mut cold, mut ready, mut bare) = (vec![], vec![], vec![], vec![]);
    for session in 2..2 + ROUNDS {
        bare.push(ms(install.bare_start().await?));
        let began = Instant::now();
        let endpoint = install.start(session, "default").await?;
        serves.push(ms(began.elapsed()));
        first_frame(&endpoint).await?;
        cold.push(ms(began.elapsed()));
        install.stop(session).await?;
        let session = session + 100;
        let endpoint = install.start(session, "default").await?;
        browser(&endpoint).await?;
        let began = Instant::now();
        first_frame(&endpoint).await?;
        ready.push(ms(began.elapsed()));
        install.stop(session).await?;
    }
    let split: Vec<f64> = cold
        .iter()
        .zip(&serves)
        .map(|(all, part)| all - part)
        .collect();
    let bare_median = percentile(&bare, 50.0);
    let overhead = percentile(&serves, 50.0) - bare_median;
    let start = "created, filled and started until Neko lets in; the image is there; median";
    let frame = "login, signalling and media until the first whole frame; median";
    let against = "docker run of the same image until /health";
    for row in [
        Row::median("container-start", "ms", &serves, start).against(against, Some(bare_median)),
        Row::new(
            "container-start-overhead",
            "ms",
            overhead,
            "the one less the other",
        )
        .goal(300.0),
        Row::median("container-picture", "ms", &split, frame),
        Row::median("container-first-frame-cold", "ms", &cold, "both together").goal(6000.0),
        Row::median(
            "container-first-frame-standby",
            "ms",
            &ready,
            "the container was started before, and its browser is there",
        )
        .goal(1000.0),
    ] {
        report.take(folder, row)?;
    }
    Ok(())
}

async fn memory(engine: &Engine, report: &mut Report, folder: &Path) -> Outcome<()> {
    let install = Install::new(engine, "bench-memory");
    let site = install::site(engine).await?;
    let endpoint = install.start(1, "default").await?;
    open(&endpoint, &site, PAGES).await?;
    tokio::time::sleep(SETTLED).await;
    let one = install.memory_mib();
    install.stop(1).await?;
    for session in 1..=PAGES {
        let endpoint = install.start(session, &format!("p{session}")).await?;
        open(&endpoint, &site, 1).await?;
    }
    tokio::time::sleep(SETTLED).await;
    let ten = install.memory_mib();
    for session in 1..=PAGES {
        install.stop(session).await?;
    }
    let method = "as the engine counts its containers' memory, without what is only cached";
    let row = Row::new("container-memory-ten-tabs", "MiB", one, method);
    report.take(folder, row.against("ten sessions of one tab", Some(ten)))
}

/// Opens pages of their own, and leaves them there.
async fn open(endpoint: &Endpoint, site: &str, count: u32) -> Outcome<()> {
    let (pages, _news) = control(endpoint).await?;
    for tab in 1..=count {
        let open = PageAction::Open {
            url: format!("{site}?{tab}"),
            zoom: 100,
        };
        pages.act(TabId(tab), open).await?;
    }
    Ok(())
}

/// Waits until the browser can be controlled.
async fn browser(endpoint: &Endpoint) -> Outcome<()> {
    control(endpoint).await.map(drop)
}

async fn control(
    endpoint: &Endpoint,
) -> Outcome<(page::Pages, tokio::sync::mpsc::Receiver<page::PageEvent>)> {
    let began = Instant::now();
    loop {
        // A tunnel needs no token.
        match page::connect(endpoint, &Secret::new("")).await {
            Ok(control) => return Ok(control),
            Err(error) if began.elapsed() > LIMIT => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn first_frame(endpoint: &Endpoint) -> Outcome<()> {
    let (neko, mut news) = neko::start(endpoint.clone(), Options::default());
    let frame = async {
        while let Some(news) = news.recv().await {
            match news {
                News::Frame(_) => return Ok(()),
                News::Failed(leg, detail) => return Err(format!("{leg:?}: {detail}")),
                _ => {}
            }
        }
        Err("the client ended".to_owned())
    };
    let came = tokio::time::timeout(LIMIT, frame).await;
    neko.close().await;
    Ok(came.map_err(|_| "no frame in time")??)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
