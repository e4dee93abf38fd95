//! Into a container's own loopback, by a process that carries bytes there and back. No port of the
//! browser's control is published anywhere, and on another machine none of Neko's HTTP either.

use std::future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Join};
use tokio_util::io::StreamReader;

use super::fault;
use super::files::{CDP_PORT, CONFIG, SLEEP_PROGRAM};
use super::gates::begun;
use super::link::Link;

/// Waits some seconds for somebody to listen, then carries. Ends with either side: the
/// connection, or whoever holds the stream. bash is in all of Neko's images, and nothing else there
/// opens a connection.
const BRIDGE: &str = r#"until (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
    [ $((tries += 1)) -le 150 ] || exit 7
    sleep 0.02
done
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 7
cat <&0 >&3 & cat <&3 & wait -n; kill $(jobs -p) 2>/dev/null"#;

/// Carries datagrams, and nothing else, to Neko's media port.
const RELAY: &str = include_str!("files/relay.py");

/// Says how the browser is fenced, as soon as that is known.
pub(super) const SANDBOX: &str = r#"until [ -s /tmp/duotab-sandbox ]; do
    [ $((tries += 1)) -le 1500 ] || exit 7
    sleep 0.02
done
cat /tmp/duotab-sandbox"#;

/// Has the browser write what it has and end, and says so when it has ended. The rest of a container
/// has nothing to keep, and supervisord takes a second for each of its programs.
const END: &str = r#"pid=$(cat /tmp/duotab-browser.pid) && [ -n "$pid" ] || exit 1
kill -TERM "$pid" 2>/dev/null
while [ -d "/proc/$pid" ]; do
    [ $((tries += 1)) -le 400 ] || exit 1
    sleep 0.02
done
echo done"#;

/// A browser that is there answers within milliseconds; [`BRIDGE`] waits for one that comes.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Says so if there is no room for the little that a container writes before its browser.
const FULL: &str = r#"free=$(df -B1 --output=avail /tmp | tail -n 1)
[[ $free =~ ^\ *[0-9]+$ ]] && [ "$free" -lt 65536 ] && echo full"#;
/// Longer than the script itself gives the browser.
const END_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a process's output that are taken at once.
const CHUNK: usize = 64 * 1024;
/// Characters of the answer of [`is_sandboxed`] that are read.
const WORD_LIMIT: usize = 64;
/// How long a container's processes may take to go to sleep.
const SLEEP_LIMIT: Duration = Duration::from_secs(10);

/// A connection to a port of the container's loopback.
pub(super) async fn dial(link: &Link, container: &str, port: u16) -> io::Result<Carried> {
    carried(bash(link, container, BRIDGE, port).await)
}

/// A way for datagrams to Neko's media port, each behind its length in two bytes.
pub(super) async fn relay(link: &Link, container: &str) -> io::Result<Carried> {
    carried(run(link, container, relaying().to_vec()).await)
}

/// The program for that.
pub(super) const fn relaying() -> [&'static str; 5] {
    ["python3", "-I", "-c", RELAY, CONFIG]
}

/// A program beside the browser.
pub(super) async fn program(
    link: &Link,
    container: &str,
    command: &[String],
) -> io::Result<Carried> {
    let command = command.iter().map(String::as_str).collect();
    carried(run(link, container, command).await)
}

fn carried(started: Result<(Output, Input), Error>) -> io::Result<Carried> {
    let (output, input) = started.map_err(io::Error::other)?;
    let said = output.filter_map(|said| {
        future::ready(match said {
            Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => Some(Ok(message)),
            Ok(_) => None,
            Err(error) => Some(Err(io::Error::other(error))),
        })
    });
    let said: Said = Box::pin(said);
    Ok(tokio::io::join(StreamReader::new(said), input))
}

/// Lets all of a container's processes sleep but its lease, or wakes them. One that the engine has half
/// frozen never answers.
pub(super) async fn sleep(link: &Link, container: &str, asleep: bool) -> Result<(), Error> {
    let asked = tokio::time::timeout(SLEEP_LIMIT, sleep_unlimited(link, container, asleep));
    asked.await.unwrap_or_else(|_| Err(deaf()))
}

fn deaf() -> Error {
    Error::DockerStreamError {
        error: "the container's processes do not listen".to_owned(),
    }
}

async fn sleep_unlimited(link: &Link, container: &str, asleep: bool) -> Result<(), Error> {
    let word = if asleep { "STOP" } else { "CONT" };
    let command = vec!["/bin/bash", SLEEP_PROGRAM, word];
    let said = last_word(run(link, container, command).await?).await?;
    if said == "done" {
        return Ok(());
    }
    Err(deaf())
}

/// Ends a container's browser in peace. False if it does not end within some seconds, or cannot be
/// asked to.
pub(super) async fn end_browser(link: &Link, container: &str) -> bool {
    let ended = async { last_word(bash(link, container, END, 0).await?).await };
    let ended = tokio::time::timeout(END_LIMIT, ended).await;
    matches!(ended, Ok(Ok(said)) if said == "done")
}

/// Whether the disk of a container is full, as far as it can be asked.
pub(super) async fn is_full(link: &Link, container: &str) -> bool {
    let asked = async { last_word(bash(link, container, FULL, 0).await?).await };
    let asked = tokio::time::timeout(ANSWER_LIMIT, asked).await;
    matches!(asked, Ok(Ok(said)) if said == "full")
}

/// What a process says until it ends, if it is short.
async fn last_word((mut output, input): (Output, Input)) -> Result<String, Error> {
    let mut said = Vec::new();
    while let Some(some) = output.next().await {
        if let LogOutput::StdOut { message } | LogOutput::Console { message } = some?
            && said.len() < WORD_LIMIT
        {
            said.extend_from_slice(&message);
        }
    }
    drop(input);
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// Whether the browser's control answers as a browser does, within some seconds.
pub(super) async fn browser_answers(link: &Link, container: &str) -> bool {
    let asked = async {
        let mut control = dial(link, container, CDP_PORT).await.ok()?;
        let question = format!(
            "GET /json/version HTTP/1.1\r\nHost: 127.0.0.1:{CDP_PORT}\r\nConnection: close\r\n\r\n"
        );
        control.write_all(question.as_bytes()).await.ok()?;
        control.flush().await.ok()?;
        let mut answer = [0; 12];
        control.read_exact(&mut answer).await.ok()?;
        Some(answer.starts_with(b"HTTP/1.1 200"))
    };
    let asked = tokio::time::timeout(ANSWER_LIMIT, asked).await;
    asked.is_ok_and(|answers| answers == Some(true))
}

/// Whether the browser's own sandbox is on, once it starts. `None` if that cannot be told.
pub(super) async fn is_sandboxed(link: &Link, container: &str) -> Option<bool> {
    let said = bash(link, container, SANDBOX, 0).await.ok()?;
    match last_word(said).await.ok()?.as_str() {
        "namespaces" => Some(true),
        "none" => Some(false),
        _ => None,
    }
}

/// A process's output, as bytes.
type Said = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;
/// A process's input and output as one stream of bytes.
pub(super) type Carried = Join<StreamReader<Said, Bytes>, Input>;
type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;
type Input = Pin<Box<dyn AsyncWrite + Send>>;

async fn bash(
    link: &Link,
    container: &str,
    script: &str,
    port: u16,
) -> Result<(Output, Input), Error> {
    let port = port.to_string();
    run(
        link,
        container,
        vec!["/bin/bash", "-c", script, "duotab", &port],
    )
    .await
}

async fn run(link: &Link, container: &str, command: Vec<&str>) -> Result<(Output, Input), Error> {
    let options = CreateExecOptions {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(false),
        tty: Some(false),
        user: Some("neko"),
        cmd: Some(command),
        ..CreateExecOptions::default()
    };
    let entered = link.gates.enter(container).await;
    let made = link.docker.create_exec(container, options).await?;
    let (asked, process) = (link.clone(), made.id.clone());
    // The engine's answer comes before the process does.
    let beginning = tokio::spawn(async move {
        let _entered = entered;
        if !asked.sleeps_within() {
            begun(&asked, &process).await;
        }
    });
    let how = StartExecOptions {
        output_capacity: Some(CHUNK),
        ..StartExecOptions::default()
    };
    match link.docker.start_exec(&made.id, Some(how)).await {
        Ok(StartExecResults::Attached { output, input }) => Ok((output, input)),
        Ok(StartExecResults::Detached) => Err(Error::DockerStreamError {
            error: "the engine did not attach".to_owned(),
        }),
        Err(error) => {
            if !fault::is_open(&error) {
                beginning.abort();
            }
            Err(error)
        }
    }
}
