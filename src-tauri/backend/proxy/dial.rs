//! From a target to a connection: the rules, the name, and the first of its addresses that answers.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use duotab_core::proxy::{Failure, Peer, Reach, Space, Target, Way};
use futures_util::FutureExt as _;
use rustix::net::sockopt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::exit::{self, Reader};
use super::names::{Found, Later};
use super::race::{Miss, Order, race};
use super::{Exit, Out, Shared, vantage};

/// How addresses are tried that are reached from here (RFC 8305, 8).
const STRAIGHT: Order = Order {
    six_first: true,
    head_start: Duration::from_millis(250),
};
/// A peer that says nothing for this long is asked whether it lives, and then at this interval.
const KEEP_ALIVE: Duration = Duration::from_secs(45);
/// Unanswered questions after which a peer is dead.
const KEEP_ALIVE_COUNT: u32 = 4;

/// A connection that leads to a target.
pub(super) struct Line {
    pub(super) stream: TcpStream,
    /// The HTTP proxy that it ends at, which is told the whole address with each request.
    pub(super) reader: Option<Reader>,
    /// Whether it can lead to the Internet only, or out by another proxy: every page may use it.
    pub(super) public: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Requests that an HTTP proxy may read.
    Requests,
    /// Bytes that are nobody's business.
    Tunnel,
}

/// Where a connection to a target has to go.
enum Leg<'a> {
    /// What there is now, and what may come while it is tried.
    Addresses(Vec<Peer>, Option<Later<'a>>),
    /// The exit looks the name up.
    Name,
}

impl Shared {
    /// Connects to a target on behalf of a page.
    pub(super) async fn dial(
        &self,
        target: &Target,
        initiator: Option<&Target>,
        what_for: Use,
    ) -> Result<Line, Failure> {
        let way = self.way();
        self.block(target)?;
        let (addresses, later, public) = match self.find(&way, target, initiator).await? {
            Leg::Addresses(peers, later) => {
                let public = peers.iter().all(|peer| peer.space() == Space::Public);
                let addresses = peers.iter().map(|peer| peer.address).collect();
                (addresses, later, public)
            }
            Leg::Name => (Vec::new(), None, true),
        };
        let limit = self.limits.connect;
        // The exit carries what is public; what is at home is reached from here.
        let exit = if public { &way.exit } else { &Exit::Direct };
        let straight = |stream| Line {
            stream,
            reader: None,
            public,
        };
        let connecting = async {
            match exit {
                Exit::Direct => connect(&addresses, later, target.port(), None, limit)
                    .await
                    .map(straight),
                Exit::Interface(name) => {
                    connect(&addresses, later, target.port(), Some(name), limit)
                        .await
                        .map(straight)
                }
                exit => exit::open(exit, target, &addresses, later, what_for, limit).await,
            }
        };
        timeout(limit * 2, connecting)
            .await
            .unwrap_or(Err(Failure::ConnectionTimedOut))
    }

    /// Refuses a host on the block lists, unless the person asked for it or has excepted it.
    pub(super) fn block(&self, target: &Target) -> Result<(), Failure> {
        let blocked = self.way().blocking
            && self.room.rules.block(target)
            && !self.unblocked.has(target)
            && !self.policy(|policy| policy.is_host_permitted(target));
        if blocked {
            return Err(Failure::Blocked);
        }
        Ok(())
    }

    async fn find<'a>(
        &'a self,
        way: &Out,
        target: &'a Target,
        initiator: Option<&Target>,
    ) -> Result<Leg<'a>, Failure> {
        let from = vantage::seen_from(target);
        let (name, reach) = match self.policy(|policy| policy.way(target, initiator, from))? {
            Way::Addresses(peers) => return Ok(Leg::Addresses(peers, None)),
            Way::Name(name, reach) => (name, reach),
        };
        let seen = |addresses: Vec<IpAddr>| addresses.into_iter().map(vantage::seen);
        let listed = way.names.listed(&name).await;
        if !listed.is_empty() {
            let listed = seen(listed);
            let admitted = self.policy(|policy| policy.admit_listed(target, initiator, listed))?;
            return Ok(Leg::Addresses(admitted, None));
        }
        let admit = move |found: Vec<IpAddr>| {
            let found = found.into_iter().map(vantage::seen);
            self.policy(|policy| policy.admit(target, reach, found))
        };
        let Found { now, later } = match reach {
            Reach::Home => {
                let admitted = admit(way.names.home(target).await?)?;
                return Ok(Leg::Addresses(admitted, None));
            }
            Reach::World | Reach::Own if way.names.at_exit() && way.exit.is_proxy() => {
                return Ok(Leg::Name);
            }
            Reach::World | Reach::Own => way.names.public(&name).await?,
        };
        match (admit(now), later) {
            // What is there later may be elsewhere, and would need another way.
            (Ok(admitted), Some(_)) if reach == Reach::Own => Ok(Leg::Addresses(admitted, None)),
            (Ok(admitted), later) => {
                // All that a public name may have is public: it takes the same way.
                let later = later.map(|found| {
                    let admitted = found.map(move |found| admit(found).unwrap_or_default());
                    let addresses = |peers: Vec<Peer>| peers.iter().map(|it| it.address).collect();
                    admitted.map(addresses).boxed()
                });
                Ok(Leg::Addresses(admitted, later))
            }
            (Err(refused), Some(later)) => {
                let admitted = admit(later.await).map_err(|_| refused)?;
                Ok(Leg::Addresses(admitted, None))
            }
            (Err(refused), None) => Err(refused),
        }
    }
}

/// Connects to the first of the addresses that answers; by one network interface only, if one is
/// named.
pub(super) async fn connect(
    addresses: &[IpAddr],
    later: Option<Later<'_>>,
    port: u16,
    interface: Option<&str>,
    limit: Duration,
) -> Result<TcpStream, Failure> {
    race(addresses, later, STRAIGHT, async |ip| {
        let attempt = attempt(SocketAddr::new(ip, port), interface, limit);
        attempt.await.map_err(Miss::Here)
    })
    .await
}

async fn attempt(
    address: SocketAddr,
    interface: Option<&str>,
    limit: Duration,
) -> Result<TcpStream, Failure> {
    let socket = socket(address, interface).map_err(|error| {
        tracing::debug!(interface, %error, "no socket by this interface");
        Failure::ExitFailed
    })?;
    let stream = timeout(limit, socket.connect(address))
        .await
        .map_err(|_| Failure::ConnectionTimedOut)?
        .map_err(|error| {
            tracing::debug!(%address, %error, "not connected");
            failure_of(&error)
        })?;
    prepare(&stream);
    Ok(stream)
}

fn socket(address: SocketAddr, interface: Option<&str>) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    let Some(name) = interface else {
        return Ok(socket);
    };
    bind_device(&socket, name)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn bind_device(socket: &TcpSocket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn bind_device(_: &TcpSocket, _: &str) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

fn failure_of(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => Failure::ConnectionRefused,
        ErrorKind::TimedOut => Failure::ConnectionTimedOut,
        _ => Failure::Unreachable,
    }
}

/// Sends at once, and notices a peer that is gone.
pub(super) fn prepare(stream: &TcpStream) {
    let set = || -> io::Result<()> {
        stream.set_nodelay(true)?;
        sockopt::set_socket_keepalive(stream, true)?;
        sockopt::set_tcp_keepidle(stream, KEEP_ALIVE)?;
        sockopt::set_tcp_keepintvl(stream, KEEP_ALIVE)?;
        sockopt::set_tcp_keepcnt(stream, KEEP_ALIVE_COUNT)?;
        Ok(())
    };
    if let Err(error) = set() {
        tracing::debug!(%error, "a socket keeps its defaults");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use duotab_test_support::ClosedPort;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses = ips(&["127.0.0.2", "127.0.0.3", "127.0.0.1"]);
        let stream = connect(&addresses, None, port, None, LIMIT).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().ip().to_string(), "127.0.0.1");
    }

    #[tokio::test]
    async fn an_address_that_is_silent_gets_a_head_start_only() {
        // A listener whose queue is full drops further attempts to connect.
        let silent = rustix::net::socket(
            rustix::net::AddressFamily::INET,
            rustix::net::SocketType::STREAM,
            None,
        )
        .unwrap();
        let any: SocketAddr = "127.0.0.2:0".parse().unwrap();
        rustix::net::bind(&silent, &any).unwrap();
        rustix::net::listen(&silent, 0).unwrap();
        let bound: SocketAddr = rustix::net::getsockname(&silent)
            .unwrap()
            .try_into()
            .unwrap();
        let _first = TcpStream::connect(bound).await.unwrap();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", bound.port()))
            .await
            .unwrap();
        let addresses = ips(&["127.0.0.2", "127.0.0.1"]);
        let began = std::time::Instant::now();
        let stream = connect(&addresses, None, bound.port(), None, LIMIT)
            .await
            .unwrap();
        assert_eq!(stream.peer_addr().unwrap().ip().to_string(), "127.0.0.1");
        assert!(began.elapsed() < LIMIT / 2);
        drop(listener);
    }

    #[tokio::test]
    async fn nobody_there_is_told_as_refused() {
        let closed = ClosedPort::take().unwrap();
        let port = closed.address().port();
        let failed = connect(&ips(&["127.0.0.1", "::1"]), None, port, None, LIMIT).await;
        assert_eq!(failed.unwrap_err(), Failure::ConnectionRefused);
    }
}
