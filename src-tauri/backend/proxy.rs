//! The local proxy of proxied tabs, on one port of loopback for each profile, for whoever knows its
//! secret. The web engine comes by SOCKS5; the same port serves HTTP/1.1, tunnels and WebSockets
//! to programs that speak HTTP to their proxy.
//!
//! It makes no copy of what passes: a page that reads slowly slows the site down. It adds nothing
//! to a request that would tell the site of it, no `Via` and no `Forwarded`: to the site it is a
//! part of the browser.

mod answer;
mod blocking;
mod dial;
mod digest;
mod engine;
mod exit;
mod failures;
mod forward;
mod head;
mod hosts;
mod names;
mod pool;
mod profiles;
mod race;
mod serve;
mod socks;
mod tunnel;
mod unblocked;
mod upgrade;
mod vantage;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use duotab_core::proxy::{Failure, Policy, Target};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use blocking::{Lists, PageRules, Part};
pub use digest::{Access, authorize};
pub use duotab_core::network::Exit;
pub use names::NameServers;
pub use profiles::Proxies;
pub use unblocked::Unblocking;

/// Connections that may be open at the same time. A browser's engine keeps some twenty; a hundred
/// tabs with sockets of their own keep a few hundred.
const MAX_CONNECTIONS: usize = 2048;
/// Of a profile's connections, the ones that have not shown the secret yet.
const MAX_STRANGERS: usize = 256;
/// How long to leave the listener alone after it failed (out of descriptors, usually).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Descriptors that the rest of the app needs, and the pipes of streams.
const OTHER_DESCRIPTORS: u64 = 512 + tunnel::DESCRIPTORS;

/// How a profile's proxy works.
#[derive(Clone, Debug, Default)]
pub struct ProxyConfig {
    /// By which way the world is reached.
    pub exit: Exit,
    /// Who knows the addresses of names.
    pub names: NameServers,
    /// Whether hosts on the block lists are kept away.
    pub blocking: bool,
    /// Further names that may point to the home network, with all below them.
    pub home_names: Vec<String>,
    /// How long each phase may take.
    pub limits: Limits,
}

/// The longest that each phase may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a request to the end of its header, and between two requests.
    pub header: Duration,
    /// Looking up a name.
    pub name: Duration,
    /// One attempt to connect; all together may take twice as long.
    pub connect: Duration,
    /// From the last byte sent to the beginning of the answer, as browsers have it.
    pub answer: Duration,
    /// What is left of a tunnel of which one end has closed, without anything moving.
    pub half_closed: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(60),
            name: Duration::from_secs(10),
            connect: Duration::from_secs(20),
            answer: Duration::from_secs(300),
            half_closed: Duration::from_secs(60),
        }
    }
}

/// Why a proxy could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// No port could be had on loopback.
    #[error("no port on loopback: {0}")]
    Port(#[source] io::Error),
    /// The system has no randomness to give.
    #[error("no randomness for a secret")]
    Secret,
}

/// What the connections of all proxies share.
#[derive(Clone)]
struct Room {
    seats: Arc<Semaphore>,
    /// Seats that one proxy may have: a page can take as many as there are, and the others go on.
    share: usize,
    pipes: Arc<tunnel::Pipes>,
    rules: blocking::Rules,
}

impl Room {
    fn new() -> Self {
        Self::with(connection_limit())
    }

    fn with(seats: usize) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(seats)),
            share: seats / 4 * 3,
            pipes: Arc::default(),
            rules: blocking::Rules::default(),
        }
    }
}

/// The way that connections take, until there is another.
struct Out {
    exit: Exit,
    names: names::Names,
    blocking: bool,
    /// All that has taken it ends with it.
    end: CancellationToken,
}

/// What the connections of a proxy share.
struct Shared {
    gate: digest::Gate,
    policy: RwLock<Policy>,
    unblocked: unblocked::Unblocked,
    out: RwLock<Arc<Out>>,
    limits: Limits,
    pool: pool::Pool,
    room: Room,
    failures: failures::Failures,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl Shared {
    /// Runs until it is done, the proxy ends, or connections take another way.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_until(self.way().end.clone(), task);
    }

    fn spawn_until(&self, end: CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            let _ = end.run_until_cancelled(task).await;
        });
    }

    fn way(&self) -> Arc<Out> {
        Arc::clone(&self.out.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lead(&self, exit: Exit, names: NameServers, blocking: bool) {
        let out = Arc::new(Out {
            exit,
            names: names::Names::new(names, self.limits.name),
            blocking,
            end: self.end.child_token(),
        });
        let former = std::mem::replace(
            &mut *self.out.write().unwrap_or_else(PoisonError::into_inner),
            out,
        );
        former.end.cancel();
        self.pool.clear();
        self.failures.forget();
    }

    fn policy<T>(&self, read: impl FnOnce(&Policy) -> T) -> T {
        read(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change_policy(&self, change: impl FnOnce(&mut Policy)) {
        change(&mut self.policy.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A running proxy. All its connections end when it is dropped.
pub struct Proxy {
    access: Access,
    shared: Arc<Shared>,
    _end: DropGuard,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy")
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}

impl Proxy {
    /// Opens a proxy on a free port of `127.0.0.1`, with a secret of its own.
    ///
    /// # Errors
    /// If no port or no secret can be had.
    pub async fn bind(config: ProxyConfig) -> Result<Self, ProxyError> {
        Self::bind_in(Room::new(), config).await
    }

    async fn bind_in(room: Room, config: ProxyConfig) -> Result<Self, ProxyError> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .map_err(ProxyError::Port)?;
        let port = listener.local_addr().map_err(ProxyError::Port)?.port();
        let access = Access::new(port).map_err(|_| ProxyError::Secret)?;
        let gate = digest::Gate::new(&access).map_err(|_| ProxyError::Secret)?;
        let mut policy = Policy::default().with_home_names(config.home_names);
        policy.keep_port(port);
        let end = CancellationToken::new();
        let shared = Arc::new(Shared {
            gate,
            policy: RwLock::new(policy),
            unblocked: unblocked::Unblocked::default(),
            out: RwLock::new(Arc::new(Out {
                exit: config.exit,
                names: names::Names::new(config.names, config.limits.name),
                blocking: config.blocking,
                end: end.child_token(),
            })),
            limits: config.limits,
            pool: pool::Pool::default(),
            room,
            failures: failures::Failures::default(),
            tasks: TaskTracker::new(),
            end: end.clone(),
        });
        shared.spawn_until(end.clone(), accept(listener, Arc::clone(&shared)));
        let swept = Arc::clone(&shared);
        shared.spawn_until(end.clone(), async move { swept.pool.sweep().await });
        Ok(Self {
            access,
            shared,
            _end: end.drop_guard(),
        })
    }

    /// Where it is, and its secret.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The person asked for this address: it may be reached even if it is not public.
    pub fn permit(&self, url: &str) {
        if let Some(target) = Target::of_url(url) {
            self.shared.change_policy(|policy| policy.permit(target));
        }
    }

    /// These names, and no others of the public kind, may lead to this machine or the home network: the
    /// person says that they are their own.
    pub fn lead_home(&self, names: Vec<String>) {
        self.shared.change_policy(|policy| policy.lead_home(names));
        // Of connections that wait for the next request, nobody asks again.
        self.shared.pool.clear();
    }

    /// From now on connections take this way, and keep off hosts on the block lists or not. What has taken another one is closed: a page that is
    /// open goes on by the new one.
    pub fn lead(&self, exit: Exit, names: NameServers, blocking: bool) {
        self.shared.lead(exit, names, blocking);
    }

    /// Excepts these sites, by their origins, and no others from the block lists.
    pub fn unblock(&self, sites: &[String]) {
        self.shared.unblocked.put(sites);
    }

    /// Lets hosts on the block lists through for as long as a page of an excepted site is there.
    pub fn unblock_page(&self) -> Unblocking {
        self.shared.unblocked.page()
    }

    /// Keeps a port of this machine from all pages.
    pub fn keep_port(&self, port: u16) {
        self.shared.change_policy(|policy| policy.keep_port(port));
    }

    /// Whatever had the port is gone.
    pub fn free_port(&self, port: u16) {
        self.shared.change_policy(|policy| policy.free_port(port));
    }

    /// Why the last request to the host and port of `url` came to nothing, if it did and no other
    /// has succeeded since.
    #[must_use]
    pub fn failure(&self, url: &str) -> Option<Failure> {
        self.shared.failures.of(&Target::of_url(url)?)
    }

    /// Ends all connections, soon.
    pub fn end(&self) {
        self.shared.end.cancel();
    }

    /// Ends all connections, and waits for it.
    pub async fn close(self) {
        self.end();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

/// Lets this process have as many descriptors as the system permits; every tunnel takes two.
/// Gives the number.
#[must_use]
pub fn raise_descriptor_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: now.maximum,
        maximum: now.maximum,
    };
    if now.current != now.maximum
        && let Err(error) = setrlimit(Resource::Nofile, wanted)
    {
        tracing::debug!(%error, "the limit of descriptors stays");
    }
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

fn connection_limit() -> usize {
    let descriptors = raise_descriptor_limit().saturating_sub(OTHER_DESCRIPTORS) / 2;
    usize::try_from(descriptors)
        .unwrap_or(usize::MAX)
        .clamp(64, MAX_CONNECTIONS)
}

/// Takes connections until the proxy ends. When there are too many, new ones wait.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let strangers = Arc::new(Semaphore::new(MAX_STRANGERS));
    let share = Arc::new(Semaphore::new(shared.room.share));
    loop {
        // The seat last: whoever waits has none.
        let (Ok(own), Ok(stranger), Ok(seat)) = (
            Arc::clone(&share).acquire_owned().await,
            Arc::clone(&strangers).acquire_owned().await,
            Arc::clone(&shared.room.seats).acquire_owned().await,
        ) else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = serve::serve(stream, stranger, Arc::clone(&shared));
                shared.spawn(async move {
                    connection.await;
                    drop((seat, own));
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the proxy cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    async fn ask(proxy: &Proxy) -> TcpStream {
        let address = ("127.0.0.1", proxy.access().port);
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n";
        stream.write_all(request).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn one_profile_leaves_seats_for_the_others() {
        let room = Room::with(8);
        let one = Proxy::bind_in(room.clone(), ProxyConfig::default()).await;
        let two = Proxy::bind_in(room, ProxyConfig::default()).await;
        let (one, two) = (one.unwrap(), two.unwrap());
        let mut kept = Vec::new();
        for _ in 0..6 {
            let mut stream = ask(&one).await;
            assert!(stream.read(&mut [0; 16]).await.unwrap() > 0);
            kept.push(stream);
        }
        let mut waiting = ask(&one).await;
        // The other's first: by then the one would have been served too.
        let mut other = ask(&two).await;
        assert!(other.read(&mut [0; 16]).await.unwrap() > 0);
        let served = waiting.try_read(&mut [0; 16]);
        assert_eq!(served.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        kept.pop();
        assert!(waiting.read(&mut [0; 16]).await.unwrap() > 0);
    }
}
