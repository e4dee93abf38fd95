//! The ways to the site: straight, by our proxy, by its peers.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use duotab_test_support::{Outcome, within};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::peers::Peer;

/// What a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Requests that the proxy reads.
    Requests,
    /// Bytes.
    Tunnel,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tunnel => "tunnel",
        }
    }
}

/// How a proxy is spoken to.
enum Door {
    None,
    /// SOCKS5, with this password.
    Socks(u16, String),
    Http(u16),
}

/// A way, and the process that it leads through.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    door: Door,
    process: Option<Child>,
    _folder: Option<tempfile::TempDir>,
}

impl Way {
    pub(crate) fn direct() -> Self {
        Self {
            name: "direct",
            door: Door::None,
            process: None,
            _folder: None,
        }
    }

    /// A connection that leads to the site.
    pub(crate) async fn open(&self, site: SocketAddr, kind: Kind) -> Outcome<TcpStream> {
        let door = match &self.door {
            Door::None => site,
            Door::Socks(port, _) | Door::Http(port) => (Ipv4Addr::LOCALHOST, *port).into(),
        };
        let mut stream = TcpStream::connect(door).await?;
        stream.set_nodelay(true)?;
        match &self.door {
            Door::None => {}
            Door::Socks(_, secret) => socks(&mut stream, secret, site).await?,
            Door::Http(_) if kind == Kind::Requests => {}
            Door::Http(_) => {
                let asked = format!("CONNECT {site} HTTP/1.1\r\nHost: {site}\r\n\r\n");
                stream.write_all(asked.as_bytes()).await?;
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(within("a tunnel", stream.read_u8()).await??);
                }
                if !head.windows(4).any(|it| it == b" 200") {
                    return Err(String::from_utf8_lossy(&head).into_owned().into());
                }
            }
        }
        if kind == Kind::Tunnel {
            // What begins like TLS is nobody's business.
            stream.write_all(&[0x16]).await?;
        }
        Ok(stream)
    }

    /// A request for a path on such a connection.
    pub(crate) fn request(&self, site: SocketAddr, kind: Kind, path: &str) -> String {
        let whole = match &self.door {
            Door::Http(_) if kind == Kind::Requests => format!("http://{site}{path}"),
            _ => path.to_owned(),
        };
        format!("GET {whole} HTTP/1.1\r\nHost: {site}\r\n\r\n")
    }

    /// Milliseconds of processor time that its process and that one's children have had; 0 without
    /// a process.
    pub(crate) fn processor(&self) -> Outcome<f64> {
        if self.process.is_none() {
            return Ok(0.0);
        }
        let mut ticks = 0.0;
        for pid in self.pids()? {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
            let (_, facts) = stat.rsplit_once(')').ok_or("no name")?;
            // `utime` and `stime`: proc_pid_stat(5), 14 and 15.
            let times = facts.split_whitespace().skip(11).take(2);
            for time in times {
                ticks += time.parse::<f64>()?;
            }
        }
        #[allow(clippy::cast_precision_loss)]
        let second = rustix::param::clock_ticks_per_second() as f64;
        Ok(ticks / second * 1000.0)
    }

    fn pids(&self) -> Outcome<Vec<u32>> {
        let first = self.process.as_ref().and_then(Child::id);
        let first = first.ok_or("no process")?;
        let mut pids = vec![first];
        let mut at = 0;
        while let Some(pid) = pids.get(at) {
            let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
            pids.extend(
                children
                    .split_whitespace()
                    .filter_map(|it| it.parse::<u32>().ok()),
            );
            at += 1;
        }
        Ok(pids)
    }

    /// MiB of its process and that one's children (PSS).
    pub(crate) fn memory(&self) -> Outcome<f64> {
        let mut kib = 0.0;
        for pid in self.pids()? {
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let line = rollup.lines().find(|line| line.starts_with("Pss:"));
            let value = line.and_then(|it| it.split_whitespace().nth(1));
            kib += value.ok_or("no PSS")?.parse::<f64>()?;
        }
        Ok(kib / 1024.0)
    }
}

async fn socks(stream: &mut TcpStream, secret: &str, site: SocketAddr) -> Outcome<()> {
    let mut message = vec![5, 1, 2, 1, 6];
    message.extend(b"duotab");
    message.push(u8::try_from(secret.len())?);
    message.extend(secret.as_bytes());
    let SocketAddr::V4(site) = site else {
        return Err("a site of the new kind".into());
    };
    message.extend([5, 1, 0, 1]);
    message.extend(site.ip().octets());
    message.extend(site.port().to_be_bytes());
    stream.write_all(&message).await?;
    let mut answer = [0; 2 + 2 + 10];
    within("the proxy", stream.read_exact(&mut answer)).await??;
    if answer[..6] != [5, 2, 1, 0, 5, 0] {
        return Err(format!("the proxy refuses: {answer:?}").into());
    }
    Ok(())
}

/// Our own, in a process of its own, for these sites.
pub(crate) async fn duotab(sites: &[SocketAddr]) -> Outcome<Way> {
    let mut process = Command::new(std::env::current_exe()?)
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = process.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(output).lines();
    let line = within("the proxy", lines.next_line()).await??;
    let line = line.ok_or("it has ended")?;
    let (port, secret) = line.split_once(' ').ok_or("no secret")?;
    let door = Door::Socks(port.parse()?, secret.to_owned());
    let input = process.stdin.as_mut().ok_or("no input")?;
    for site in sites {
        let permit = format!("http://{site}/\n");
        input.write_all(permit.as_bytes()).await?;
        within("the permit", lines.next_line()).await??;
    }
    Ok(Way {
        name: "duotab",
        door,
        process: Some(process),
        _folder: None,
    })
}

/// One of its peers.
pub(crate) fn by(peer: Peer) -> Way {
    Way {
        name: peer.name,
        door: Door::Http(peer.port),
        process: Some(peer.process),
        _folder: Some(peer.folder),
    }
}
