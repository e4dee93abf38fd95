//! By the person's own SSH, as Docker's client does it: a command there carries bytes to the
//! engine's socket.
//!
//! SSH is never asked to ask, to accept a key, or to write one down. All connections but the first
//! go through that one, which ends a minute after the last.

use std::io;
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::pin::Pin;
use std::process::{ExitStatus, Stdio};
use std::task::{Context, Poll};
use std::time::Duration;

use duotab_core::fault::EngineFault;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// Bytes of what SSH says that are kept.
const WORDS_LIMIT: usize = 4096;
/// For questions to SSH that touch no network.
const LOCAL_LIMIT: Duration = Duration::from_secs(3);
/// How long SSH's last words may take behind its end.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// Where the engine is, unless it is told.
const USUAL_SOCKET: &str = "/var/run/docker.sock";

/// Docker's client, or Podman's, whichever is there. `$1` is a socket, or nothing. The empty lines
/// are for the network there: whoever only listens is never told that the other end is gone, and what
/// an engine was doing for us then would hold its container for hours.
const COMMAND: &str = "while sleep 5 2>/dev/null; do echo >&2 || exit; done </dev/null >/dev/null & \
    if command -v docker >/dev/null; then docker ${1:+--host \"unix://$1\"} system dial-stdio; \
    elif command -v podman >/dev/null; then podman ${1:+--url \"unix://$1\"} system dial-stdio; \
    else (exit 127); fi; ended=$?; kill $!; exit $ended";

/// Where to.
pub(super) struct To<'a> {
    pub(super) destination: &'a str,
    pub(super) port: Option<u16>,
    pub(super) socket: Option<&'a str>,
}

/// A connection. `ended` hears why there is none if it ends before a word was heard, and that
/// nothing is wrong at the first word.
///
/// # Errors
/// If SSH cannot even be started.
pub(super) fn dial(
    to: &To<'_>,
    sockets: Option<&Path>,
    ended: impl Fn(Option<EngineFault>) + Send + Unpin + 'static,
) -> Result<Piped, EngineFault> {
    let bad = || EngineFault::BadAddress {
        address: to.destination.to_owned(),
    };
    if !is_destination(to.destination) || !to.socket.is_none_or(is_socket) {
        return Err(bad());
    }
    let mut command = Command::new("ssh");
    command.args(["-T", "-a", "-x"]).args(
        [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "ConnectTimeout=5",
            "ServerAliveInterval=2",
            "ServerAliveCountMax=3",
        ]
        .iter()
        .flat_map(|option| ["-o", option]),
    );
    if let Some(folder) = sockets.filter(|folder| can_hold(folder)) {
        let path = format!("ControlPath={}", folder.join("%C").display());
        command.args([
            "-o",
            "ControlMaster=auto",
            "-o",
            "ControlPersist=60",
            "-o",
            &path,
        ]);
    }
    if let Some(port) = to.port {
        command.args(["-p", &port.to_string()]);
    }
    let there = format!("sh -c '{COMMAND}' sh {}", to.socket.unwrap_or_default());
    let started = command
        .args(["--", to.destination, there.trim_end()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // What ends the app in its terminal is not for SSH.
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => EngineFault::SshMissing,
        _ => unreachable(to.destination, error.to_string()),
    })?;
    let (Some(input), Some(output), Some(words)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(bad());
    };
    let (host, socket) = (
        to.destination.to_owned(),
        to.socket.unwrap_or(USUAL_SOCKET).to_owned(),
    );
    Ok(Piped {
        input,
        output,
        state: State::Silent(child, words),
        told: Box::new(move |fault: Option<Last>| {
            ended(fault.map(|last| meaning(&last, &host, &socket)));
        }),
    })
}

/// The machine's address behind an SSH destination, as this machine's resolver has it. `None` if
/// that cannot be told: behind another machine, for one.
pub(super) async fn peer(destination: &str, port: Option<u16>) -> Option<IpAddr> {
    if !is_destination(destination) {
        return None;
    }
    let asking = Command::new("ssh")
        .args(["-G", "--", destination])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let told = timeout(LOCAL_LIMIT, asking).await.ok()?.ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let value = |key: &str| {
        let mut lines = told.lines().filter_map(|line| line.split_once(' '));
        lines
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.to_owned())
    };
    if value("proxyjump").is_some_and(|it| it != "none")
        || value("proxycommand").is_some_and(|it| it != "none")
    {
        return None;
    }
    let port = port.or_else(|| value("port")?.parse().ok())?;
    let looking = tokio::net::lookup_host((value("hostname")?, port));
    let mut found = timeout(LOCAL_LIMIT, looking).await.ok()?.ok()?;
    found.next().map(|address| address.ip())
}

/// Whether a socket can be in the folder, which is this person's alone: its name is forty letters,
/// and SSH makes it under a longer one first.
fn can_hold(folder: &Path) -> bool {
    const ROOM: usize = 108 - 60;
    let mut closed = std::fs::DirBuilder::new();
    folder.as_os_str().len() < ROOM && closed.recursive(true).mode(0o700).create(folder).is_ok()
}

/// No option of SSH's, and one word.
fn is_destination(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .chars()
            .all(|c| c.is_ascii_graphic() && !"'\"`\\$;|&<>(){}*?!".contains(c))
}

/// A path that a shell takes as it is.
fn is_socket(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    path.starts_with('/') && path.chars().all(plain)
}

/// How SSH ended, and what it said.
struct Last {
    status: Option<ExitStatus>,
    words: String,
}

/// What SSH, the shell there and Docker's client say, as OpenSSH 7 to 10 and Docker 20.10 to 29 do.
fn meaning(last: &Last, host: &str, socket: &str) -> EngineFault {
    let text = last.words.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (host, socket) = (host.to_owned(), format!("{host}:{socket}"));
    if says(&[
        "host identification has changed",
        "has changed and you have",
    ]) {
        EngineFault::HostKeyChanged { host }
    } else if says(&["host key verification failed", "host key is known for"]) {
        EngineFault::HostUnknown { host }
    } else if says(&["permission denied (", "too many authentication failures"]) {
        EngineFault::NotAllowed { host }
    } else if last.status.and_then(|it| it.code()) == Some(127) {
        EngineFault::NoEngineThere { host }
    } else if says(&["permission denied"]) {
        EngineFault::NoPermission { socket }
    } else if says(&[
        "raw stream connection",
        "docker daemon",
        "unable to connect to podman",
    ]) {
        EngineFault::NotRunning { socket }
    } else {
        let line = last
            .words
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty());
        unreachable(&host, line.unwrap_or_default().trim().to_owned())
    }
}

fn unreachable(host: &str, detail: String) -> EngineFault {
    EngineFault::Unreachable {
        host: host.to_owned(),
        detail,
    }
}

type LastWords = Pin<Box<dyn Future<Output = Last> + Send>>;

enum State {
    /// Nothing was heard yet.
    Silent(Child, ChildStderr),
    /// It ended without a word, and says why.
    Ending(LastWords),
    /// It was heard. The process is killed when this goes.
    Heard(#[allow(dead_code, reason = "held")] Child),
    Ended,
}

/// A process's input and output as one stream of bytes.
pub(super) struct Piped {
    input: ChildStdin,
    output: ChildStdout,
    state: State,
    told: Box<dyn Fn(Option<Last>) + Send + Unpin>,
}

async fn last_words(mut child: Child, mut words: ChildStderr) -> Last {
    let mut said = Vec::new();
    let mut status = None;
    // A first connection that stays for the others keeps this open: it is not read to its end.
    let mut limit = Duration::from_secs(60);
    let mut some = [0; 512];
    loop {
        tokio::select! {
            ended = child.wait(), if status.is_none() => {
                status = ended.ok();
                limit = LAST_WORDS;
            }
            read = timeout(limit, words.read(&mut some)) => match read {
                Ok(Ok(count @ 1..)) if said.len() < WORDS_LIMIT => {
                    said.extend_from_slice(&some[..count]);
                }
                Ok(Ok(1..)) => {}
                _ => break,
            },
        }
    }
    if status.is_none() {
        status = timeout(LAST_WORDS, child.wait())
            .await
            .ok()
            .and_then(Result::ok);
    }
    Last {
        status,
        words: String::from_utf8_lossy(&said).into_owned(),
    }
}

/// Whatever else SSH says: a full pipe would hold it up.
async fn unheard(mut words: ChildStderr) {
    let _ = tokio::io::copy(&mut words, &mut tokio::io::sink()).await;
}

impl AsyncRead for Piped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ending(mut last) => {
                    let Poll::Ready(last) = last.as_mut().poll(context) else {
                        self.state = State::Ending(last);
                        return Poll::Pending;
                    };
                    (self.told)(Some(last));
                    return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
                }
                State::Silent(child, words) => {
                    let before = into.filled().len();
                    let polled = Pin::new(&mut self.output).poll_read(context, into);
                    match &polled {
                        Poll::Ready(Ok(())) if into.filled().len() > before => {
                            self.state = State::Heard(child);
                            tokio::spawn(unheard(words));
                            (self.told)(None);
                        }
                        Poll::Ready(_) => {
                            self.state = State::Ending(Box::pin(last_words(child, words)));
                            continue;
                        }
                        Poll::Pending => self.state = State::Silent(child, words),
                    }
                    return polled;
                }
                heard => {
                    self.state = heard;
                    return Pin::new(&mut self.output).poll_read(context, into);
                }
            }
        }
    }
}

impl AsyncWrite for Piped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.input).poll_write(context, bytes);
        match polled {
            // Why it has ended is heard by whoever reads.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                Poll::Ready(Ok(bytes.len()))
            }
            polled => polled,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;

    fn of(code: i32, words: &str) -> EngineFault {
        let last = Last {
            status: Some(ExitStatus::from_raw(code << 8)),
            words: words.to_owned(),
        };
        meaning(&last, "me@attic", "/run/docker.sock")
    }

    #[test]
    fn what_ssh_and_the_other_side_say_is_told_apart() {
        let host = || "me@attic".to_owned();
        let socket = || "me@attic:/run/docker.sock".to_owned();
        for (code, words, fault) in [
            (
                255,
                "No ED25519 host key is known for attic and you have requested strict checking.\r\nHost key verification failed.\r\n",
                EngineFault::HostUnknown { host: host() },
            ),
            (
                255,
                "@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key for attic has changed and you have requested strict checking.\r\nHost key verification failed.\r\n",
                EngineFault::HostKeyChanged { host: host() },
            ),
            (
                255,
                "me@attic: Permission denied (publickey,password).\r\n",
                EngineFault::NotAllowed { host: host() },
            ),
            (127, "", EngineFault::NoEngineThere { host: host() }),
            (
                1,
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
                EngineFault::NoPermission { socket: socket() },
            ),
            (
                1,
                "failed to open the raw stream connection: dial unix /run/docker.sock: connect: no such file or directory",
                EngineFault::NotRunning { socket: socket() },
            ),
            (
                255,
                "ssh: connect to host attic port 22: No route to host\r\n",
                EngineFault::Unreachable {
                    host: host(),
                    detail: "ssh: connect to host attic port 22: No route to host".into(),
                },
            ),
        ] {
            assert_eq!(of(code, words), fault, "{words}");
        }
    }

    #[test]
    fn no_destination_is_an_option_or_a_command() {
        for destination in ["", "-oProxyCommand=x", "a b", "a;b", "$(a)", "a'b"] {
            assert!(!is_destination(destination), "{destination}");
        }
        for destination in [
            "attic",
            "me@10.0.0.2",
            "me@fe80::1%eth0",
            "ssh://me@attic:2222",
        ] {
            assert!(is_destination(destination), "{destination}");
        }
        assert!(is_socket("/run/user/1000/podman/podman.sock"));
        assert!(!is_socket("/run/a b") && !is_socket("run/a") && !is_socket("/a'b"));
    }
}
