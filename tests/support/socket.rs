//! Whose sockets are whose, as the system tells.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::TcpSocket;

use crate::Outcome;

/// Below it are ports of well-known services.
const FIRST_SPARE: u16 = 20_000;

/// A port of this machine where nobody answers. It is taken, so that nobody else listens on it
/// meanwhile, as happens to a port that was only looked up.
#[derive(Debug)]
pub struct ClosedPort {
    address: SocketAddr,
    _taken: TcpSocket,
}

impl ClosedPort {
    /// Takes one.
    ///
    /// # Errors
    /// If no port is left.
    pub fn take() -> Outcome<Self> {
        let taken = TcpSocket::new_v4()?;
        taken.bind(([127, 0, 0, 1], 0).into())?;
        let address = taken.local_addr()?;
        Ok(Self {
            address,
            _taken: taken,
        })
    }

    /// Where nobody answers.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A port for a program that cannot choose one by itself. It is none of those that the system gives
/// away: of these any test may be given it before the program has started.
///
/// # Errors
/// If none is left.
pub fn spare_port() -> Outcome<u16> {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    let given_away = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")?;
    let end: u16 = given_away
        .split_whitespace()
        .next()
        .ok_or("no range of ports")?
        .parse()?;
    let ports = FIRST_SPARE..end;
    if ports.is_empty() {
        // Here the system gives away all that there are.
        return Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port());
    }
    // Programs of tests that run beside each other begin at places of their own.
    let start = usize::try_from(std::process::id())? * 101;
    for _ in 0..ports.len() {
        let at = start + usize::from(ASKED.fetch_add(1, Ordering::Relaxed));
        let port = FIRST_SPARE + u16::try_from(at % ports.len())?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is left".into())
}

/// The name of the program whose TCP socket has this local port and is connected to that other one.
/// Another connection may have the same local port, to another place.
///
/// # Errors
/// If there is none.
pub fn owner_of(port: u16, to: u16) -> Outcome<String> {
    let inode = sockets()?
        .into_iter()
        .find(|socket| (socket.port, socket.to) == (port, to))
        .ok_or("nobody has this port")?
        .inode;
    for process in fs::read_dir("/proc")?.flatten() {
        let Ok(open) = fs::read_dir(process.path().join("fd")) else {
            // No process, or one that has just ended.
            continue;
        };
        let wanted = format!("socket:[{inode}]");
        let has = open
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|link| link.as_os_str() == wanted.as_str());
        if has {
            let name = fs::read_to_string(process.path().join("comm"))?;
            return Ok(name.trim().to_owned());
        }
    }
    Err("a socket without a process".into())
}

/// The ports of TCP that a process listens on.
///
/// # Errors
/// If it has ended.
pub fn ports_of(pid: u32) -> Outcome<Vec<u16>> {
    let mut inodes = Vec::new();
    for file in fs::read_dir(format!("/proc/{pid}/fd"))?.flatten() {
        if let Ok(link) = fs::read_link(file.path())
            && let Some(inode) = link.to_str().and_then(|it| it.strip_prefix("socket:["))
        {
            inodes.push(inode.trim_end_matches(']').to_owned());
        }
    }
    let listening = sockets()?
        .into_iter()
        .filter(|socket| socket.listens && inodes.contains(&socket.inode));
    Ok(listening.map(|socket| socket.port).collect())
}

struct Socket {
    port: u16,
    to: u16,
    listens: bool,
    inode: String,
}

/// All of IPv4, as proc(5) tells them.
fn sockets() -> Outcome<Vec<Socket>> {
    const LISTEN: &str = "0A";
    let table = fs::read_to_string("/proc/net/tcp")?;
    let read = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = |at: usize| {
            let (_, port) = fields.get(at)?.split_once(':')?;
            u16::from_str_radix(port, 16).ok()
        };
        Some(Socket {
            port: port(1)?,
            to: port(2)?,
            listens: *fields.get(3)? == LISTEN,
            inode: (*fields.get(9)?).to_owned(),
        })
    };
    Ok(table.lines().skip(1).filter_map(read).collect())
}
