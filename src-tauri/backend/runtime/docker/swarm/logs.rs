//! The last that was said in a session's container.

use std::time::Duration;

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt as _;

use super::Inner;
use super::held::Held;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::logs::{LINES, tail};

/// Of a log that are looked at.
const BYTES: &str = "65536";
/// For all of it.
const LIMIT: Duration = Duration::from_secs(3);

/// The last lines of the browser's log and of Neko's, the browser's first; where nobody opens, what
/// the container's first program has said. Empty if neither can be read.
pub(super) async fn last_lines(inner: &Inner, link: &Link, held: &Held) -> Vec<String> {
    let browser = inner.docker.inner.flavour().name;
    let ask = async |name: &str| {
        let path = format!("/var/log/neko/{name}.log");
        let command = ["tail", "--bytes", BYTES, &path];
        held.gate.ask(&command, LIMIT).await.unwrap_or_default()
    };
    let (browser, neko) = (ask(browser).await, ask("neko").await);
    let mut lines = tail(&browser, LINES / 2);
    lines.extend(tail(&neko, LINES - lines.len()));
    if !lines.is_empty() {
        return lines;
    }
    let options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .tail(&LINES.to_string())
        .build();
    let said = async {
        let mut said = String::new();
        let mut lines = link.docker.service_logs(&held.service, Some(options));
        while let Some(Ok(line)) = lines.next().await {
            said.push_str(&line.to_string());
        }
        said
    };
    let said = tokio::time::timeout(LIMIT, said).await;
    tail(&said.unwrap_or_default(), LINES)
}
