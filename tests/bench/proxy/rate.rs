//! How much comes through in a second.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use duotab_test_support::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Bench;
use crate::row::Row;
use crate::way::{Kind, Way};

/// A single download, a page's worth, and more than any page has.
const CONNECTIONS: [usize; 3] = [1, 32, 256];
/// How long each throughput is watched, after it has begun.
const WINDOW: Duration = Duration::from_secs(3);

/// The rates of all ways to `site`, which is at the end of a link of this name; of none on loopback.
pub(crate) async fn measure(
    bench: &mut Bench,
    ways: &[&Way; 4],
    site: SocketAddr,
    kind: Kind,
    link: Option<&str>,
) -> Outcome<()> {
    for count in CONNECTIONS {
        let (mut rates, mut costs) = (Vec::new(), Vec::new());
        for way in ways {
            let before = way.processor()?;
            let rate = of(way, site, kind, count, "/large").await?;
            let moved = rate * WINDOW.as_secs_f64() / 1024.0;
            costs.push((way.processor()? - before) / moved);
            rates.push(rate);
        }
        let on = link.map_or_else(String::new, |link| format!("-{link}"));
        let name = format!("proxy-{}-{count}{on}", kind.name());
        let place = link.map_or_else(String::new, |link| format!(", over a link of {link}bit/s"));
        let method = format!(
            "MiB/s of {count} connections over {} s{place}",
            WINDOW.as_secs()
        );
        for (way, rate) in ways.iter().zip(&rates).skip(2) {
            let row = Row::new(&format!("{name}-{}", way.name), "MiB/s", *rate, &method);
            bench.take(row.higher())?;
        }
        let row = Row::new(&name, "MiB/s", rates[1], &method).higher();
        bench.take(row.against("direct", Some(rates[0])))?;
        let share = rates[1] / rates[0] * 100.0;
        let row = Row::new(&format!("{name}-of-direct"), "%", share, &method);
        bench.take(row.higher().goal(95.0))?;
        let how = format!("processor time of the proxy for each GiB of {count} connections{place}");
        for (way, cost) in ways.iter().zip(&costs).skip(1) {
            let name = format!("{name}-processor-{}", way.name);
            bench.take(Row::new(&name, "ms/GiB", *cost, &how))?;
        }
    }
    Ok(())
}

/// MiB a second over all connections.
pub(crate) async fn of(
    way: &Way,
    site: SocketAddr,
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
