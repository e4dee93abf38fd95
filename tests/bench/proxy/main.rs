//! What the local proxy costs: throughput, time to the first byte and memory, against no proxy at
//! all and against tinyproxy and squid, in the same run on the same site.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]
#![allow(missing_docs)]

#[path = "../row.rs"]
#[allow(dead_code, reason = "the other bench needs the rest")]
mod row;
mod site;
mod way;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use duotab_backend::proxy::{Proxy, ProxyConfig};
use duotab_test_support::Outcome;
use duotab_test_support::app::workspace;
use row::{Report, Row, percentile};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use way::{Kind, Way};

/// A single download, a page's worth, and more than any page has.
const CONNECTIONS: [usize; 3] = [1, 32, 256];
/// How long each throughput is watched, after it has begun.
const WINDOW: Duration = Duration::from_secs(3);
/// Requests whose first byte is timed, the ways in turns.
const REQUESTS: usize = 2000;
const TUNNELS: usize = 1000;

#[tokio::main]
async fn main() -> ExitCode {
    let asked = std::env::args().nth(1).filter(|it| it == "--serve");
    let done = match asked {
        Some(_) => serve().await,
        None => measure().await,
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

async fn measure() -> Outcome<bool> {
    let site = site::start().await?;
    let duotab = way::duotab(site).await?;
    let tinyproxy = way::tinyproxy().await?;
    let squid = way::squid().await?;
    let direct = Way::direct();
    let ways = [&direct, &duotab, &tinyproxy, &squid];
    let mut report = Report::default();
    let folder = workspace().join("target/bench");
    println!("{}", row::heading());
    for kind in [Kind::Requests, Kind::Tunnel] {
        for count in CONNECTIONS {
            let (mut rates, mut costs) = (Vec::new(), Vec::new());
            for way in ways {
                let before = way.processor()?;
                let rate = throughput(way, site, kind, count, "/large").await?;
                let moved = rate * WINDOW.as_secs_f64() / 1024.0;
                costs.push((way.processor()? - before) / moved);
                rates.push(rate);
            }
            let name = format!("proxy-{}-{count}", kind.name());
            let method = format!("MiB/s of {count} connections over {} s", WINDOW.as_secs());
            for (way, rate) in ways.iter().zip(&rates).skip(2) {
                let row = Row::new(&format!("{name}-{}", way.name), "MiB/s", *rate, &method);
                report.take(&folder, row.higher())?;
            }
            let row = Row::new(&name, "MiB/s", rates[1], &method).higher();
            report.take(&folder, row.against("direct", Some(rates[0])))?;
            let share = rates[1] / rates[0] * 100.0;
            let row = Row::new(&format!("{name}-of-direct"), "%", share, &method);
            report.take(&folder, row.higher().goal(95.0))?;
            let how = format!("processor time of the proxy for each GiB of {count} connections");
            for (way, cost) in ways.iter().zip(&costs).skip(1) {
                let name = format!("{name}-processor-{}", way.name);
                report.take(&folder, Row::new(&name, "ms/GiB", *cost, &how))?;
            }
        }
        let line = throughput(&direct, site, kind, 1, "/line").await?;
        let ours = throughput(&duotab, site, kind, 1, "/line").await?;
        let name = format!("proxy-{}-line-of-direct", kind.name());
        let how = "one connection to a site no faster than a line of a gigabit";
        let row = Row::new(&name, "%", ours / line * 100.0, how).higher();
        report.take(&folder, row.goal(95.0))?;
        let medians = first_byte(&ways, site, kind).await?;
        let method = format!("median of {REQUESTS} requests on a kept connection, less direct");
        for (way, median) in ways.iter().zip(&medians).skip(1) {
            let name = format!("proxy-{}-added-{}", kind.name(), way.name);
            let mut row = Row::new(&name, "ms", median - medians[0], &method);
            if way.name == duotab.name {
                row = row.goal(1.0);
            }
            report.take(&folder, row)?;
        }
    }
    for way in [&duotab, &tinyproxy, &squid] {
        let before = way.memory()?;
        let mut open = Vec::new();
        for _ in 0..TUNNELS {
            match way.open(site, Kind::Tunnel).await {
                Ok(tunnel) => open.push(tunnel),
                Err(error) => {
                    report.lacks(&format!("tunnels of {}", way.name), &error);
                    break;
                }
            }
        }
        if open.len() == TUNNELS {
            let name = format!("proxy-tunnels-{}", way.name);
            let method = format!("PSS for {TUNNELS} open tunnels at rest, against just before");
            let row = Row::new(&name, "MiB", way.memory()? - before, &method);
            report.take(&folder, row)?;
        }
    }
    Ok(report.print())
}

/// MiB a second over all connections.
async fn throughput(
    way: &Way,
    site: std::net::SocketAddr,
    kind: Kind,
    count: usize,
    path: &str,
) -> Outcome<f64> {
    let mut tasks = tokio::task::JoinSet::new();
    let end = Instant::now() + WINDOW;
    for _ in 0..count {
        let mut stream = way.open(site, kind).await?;
        let request = way.request(site, kind, path);
        tasks.spawn(async move {
            let (mut received, mut chunk) = (0, vec![0; 256 * 1024]);
            stream.write_all(request.as_bytes()).await?;
            while Instant::now() < end {
                let left = end.saturating_duration_since(Instant::now());
                match tokio::time::timeout(left, stream.read(&mut chunk)).await {
                    Ok(read) => match read? {
                        0 => break,
                        count => received += count,
                    },
                    Err(_) => break,
                }
            }
            Ok::<usize, std::io::Error>(received)
        });
    }
    let mut total = 0;
    while let Some(received) = tasks.join_next().await {
        total += received??;
    }
    #[allow(clippy::cast_precision_loss)]
    Ok(total as f64 / WINDOW.as_secs_f64() / f64::from(1 << 20))
}

/// The median time to the first byte of each way, in milliseconds.
async fn first_byte(ways: &[&Way], site: std::net::SocketAddr, kind: Kind) -> Outcome<Vec<f64>> {
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
async fn ask(
    way: &Way,
    stream: &mut TcpStream,
    site: std::net::SocketAddr,
    kind: Kind,
) -> Outcome<f64> {
    let request = way.request(site, kind, "/small");
    let began = Instant::now();
    stream.write_all(request.as_bytes()).await?;
    stream.readable().await?;
    let time = began.elapsed().as_secs_f64() * 1000.0;
    site::read_small(stream).await?;
    Ok(time)
}
