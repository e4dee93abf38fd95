//! What the local proxy costs: throughput, time to the first byte and memory, against no proxy at
//! all and against tinyproxy and squid, in the same run on the same site.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]
#![allow(missing_docs)]

mod link;
#[path = "../peers.rs"]
mod peers;
mod rate;
#[path = "../row.rs"]
#[allow(dead_code, reason = "the other bench needs the rest")]
mod row;
mod site;
mod way;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use duotab_backend::proxy::{Proxy, ProxyConfig};
use duotab_test_support::Outcome;
use duotab_test_support::app::workspace;
use link::Link;
use row::{Report, Row, percentile};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use way::{Kind, Way};

/// Requests whose first byte is timed, the ways in turns.
const REQUESTS: usize = 2000;
const TUNNELS: usize = 1000;

/// What the parts share.
pub(crate) struct Bench {
    report: Report,
    folder: PathBuf,
}

impl Bench {
    pub(crate) fn take(&mut self, row: Row) -> Outcome<()> {
        self.report.take(&self.folder, row)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("--serve") => serve().await,
        Some("--site") => be_site().await,
        _ => measure().await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The proxy in a process of its own, as its peers are; it permits what stands on its input.
async fn serve() -> Outcome<bool> {
    let proxy = Proxy::bind(ProxyConfig::default()).await?;
    let access = proxy.access();
    println!("{} {}", access.port, access.secret.expose());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(url) = lines.next_line().await? {
        proxy.permit(&url);
        println!("permitted");
    }
    Ok(true)
}

/// The site at the end of a link, in a process and a network of its own.
async fn be_site() -> Outcome<bool> {
    println!("{}", site::start("0.0.0.0").await?.port());
    std::future::pending().await
}

async fn measure() -> Outcome<bool> {
    let site = site::start("127.0.0.1").await?;
    // Who is not root cannot lay one, and has the other rows.
    let root = rustix::process::geteuid().is_root();
    let link = match root {
        true => Some(Link::lay().await?),
        false => None,
    };
    let sites: Vec<_> = [Some(site), link.as_ref().map(|link| link.address)]
        .into_iter()
        .flatten()
        .collect();
    let direct = Way::direct();
    let duotab = way::duotab(&sites).await?;
    let tinyproxy = way::by(peers::tinyproxy().await?);
    let squid = way::by(peers::squid().await?);
    let ways = [&direct, &duotab, &tinyproxy, &squid];
    let mut bench = Bench {
        report: Report::default(),
        folder: workspace().join("target/bench"),
    };
    println!("{}", row::heading());
    for kind in [Kind::Requests, Kind::Tunnel] {
        rate::measure(&mut bench, &ways, site, kind, None).await?;
        let line = rate::of(&direct, site, kind, 1, "/line").await?;
        let ours = rate::of(&duotab, site, kind, 1, "/line").await?;
        let name = format!("proxy-{}-line-of-direct", kind.name());
        let how = "one connection to a site no faster than a line of a gigabit";
        let row = Row::new(&name, "%", ours / line * 100.0, how).higher();
        bench.take(row.goal(95.0))?;
        first_bytes(&mut bench, &ways, site, kind).await?;
    }
    for way in [&duotab, &tinyproxy, &squid] {
        tunnels(&mut bench, way, site).await?;
    }
    match &link {
        Some(link) => over(&mut bench, &ways, link).await?,
        None => println!("links of their own speed: only root can lay them"),
    }
    Ok(bench.report.print())
}

/// The rates over a link of each speed.
async fn over(bench: &mut Bench, ways: &[&Way; 4], link: &Link) -> Outcome<()> {
    for (name, speed) in link::SPEEDS {
        link.set(speed).await?;
        for kind in [Kind::Requests, Kind::Tunnel] {
            rate::measure(bench, ways, link.address, kind, Some(name)).await?;
        }
    }
    Ok(())
}

/// What tunnels take that rest.
async fn tunnels(bench: &mut Bench, way: &Way, site: SocketAddr) -> Outcome<()> {
    let before = way.memory()?;
    let mut open = Vec::new();
    for _ in 0..TUNNELS {
        match way.open(site, Kind::Tunnel).await {
            Ok(tunnel) => open.push(tunnel),
            Err(error) => {
                let what = format!("tunnels of {}", way.name);
                bench.report.lacks(&what, &error);
                return Ok(());
            }
        }
    }
    let name = format!("proxy-tunnels-{}", way.name);
    let method = format!("PSS for {TUNNELS} open tunnels at rest, against just before");
    bench.take(Row::new(&name, "MiB", way.memory()? - before, &method))
}

/// What each way adds to the time to the first byte.
async fn first_bytes(
    bench: &mut Bench,
    ways: &[&Way; 4],
    site: SocketAddr,
    kind: Kind,
) -> Outcome<()> {
    let medians = first_byte(ways, site, kind).await?;
    let method = format!("median of {REQUESTS} requests on a kept connection, less direct");
    for (way, median) in ways.iter().zip(&medians).skip(1) {
        let name = format!("proxy-{}-added-{}", kind.name(), way.name);
        let row = Row::new(&name, "ms", median - medians[0], &method);
        let is_ours = way.name == ways[1].name;
        bench.take(if is_ours { row.goal(1.0) } else { row })?;
    }
    Ok(())
}

/// The median time to the first byte of each way, in milliseconds.
async fn first_byte(ways: &[&Way], site: SocketAddr, kind: Kind) -> Outcome<Vec<f64>> {
    let mut streams = Vec::new();
    for way in ways {
        streams.push(way.open(site, kind).await?);
    }
    let mut times = vec![Vec::new(); ways.len()];
    for _ in 0..REQUESTS {
        for ((way, stream), times) in ways.iter().zip(&mut streams).zip(&mut times) {
            let time = match ask(way, stream, site, kind).await {
                Ok(time) => time,
                // It keeps no connection: what opening one takes is not counted.
                Err(_) => {
                    *stream = way.open(site, kind).await?;
                    ask(way, stream, site, kind).await?
                }
            };
            times.push(time);
        }
    }
    Ok(times.iter().map(|it| percentile(it, 50.0)).collect())
}

/// The time to the first byte of one answer, in milliseconds.
async fn ask(way: &Way, stream: &mut TcpStream, site: SocketAddr, kind: Kind) -> Outcome<f64> {
    let request = way.request(site, kind, "/small");
    let began = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    stream.readable().await?;
    let time = began.elapsed().as_secs_f64() * 1000.0;
    site::read_small(stream).await?;
    Ok(time)
}
