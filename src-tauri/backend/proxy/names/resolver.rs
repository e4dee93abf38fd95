//! The resolver of a profile, made when it is first wanted, and again when its servers are elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use duotab_core::proxy::{Failure, Target};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use super::NameServers;
use super::system::of_system;

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// One name server's time to answer before the next attempt.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Answers that are kept until they expire.
const CACHE: u64 = 1024;

/// A resolver that is made, once for all who wait for it.
type Making = Shared<BoxFuture<'static, Result<Arc<TokioResolver>, Failure>>>;

/// The resolver for some name servers.
pub(super) struct Resolver {
    servers: NameServers,
    limit: Duration,
    /// With the time of the system's settings that it was made by.
    kept: Mutex<Option<(Option<SystemTime>, Making)>>,
}

impl Resolver {
    /// None yet. `limit` is for finding a server that has a name.
    pub(super) fn new(servers: NameServers, limit: Duration) -> Self {
        Self {
            servers,
            limit,
            kept: Mutex::default(),
        }
    }

    pub(super) fn servers(&self) -> &NameServers {
        &self.servers
    }

    /// The resolver, made anew when the system's name servers have changed or it could not be made.
    ///
    /// # Errors
    /// If no name server can be used.
    pub(super) async fn get(&self) -> Result<Arc<TokioResolver>, Failure> {
        let changed = match self.servers {
            NameServers::System | NameServers::Exit => tokio::fs::metadata(RESOLV_CONF)
                .await
                .and_then(|file| file.modified())
                .ok(),
            _ => None,
        };
        self.making(changed).await
    }

    fn making(&self, changed: Option<SystemTime>) -> Making {
        let mut kept = self.lock();
        if let Some((known, making)) = &*kept
            && *known == changed
            && !matches!(making.clone().now_or_never(), Some(Err(_)))
        {
            return making.clone();
        }
        // A task of its own: it goes on when whoever wanted it first has gone.
        let task = tokio::spawn(make(self.servers.clone(), self.limit));
        let made = async move { task.await.unwrap_or(Err(Failure::NameServerSilent)) };
        let making = made.boxed().shared();
        *kept = Some((changed, making.clone()));
        making
    }

    /// It does not answer: a server with a name may be elsewhere by now.
    pub(super) fn forget(&self, silent: &Arc<TokioResolver>) {
        let mut kept = self.lock();
        if matches!(self.servers, NameServers::Tls(_) | NameServers::Https(..))
            && let Some((_, making)) = &*kept
            && let Some(Ok(known)) = making.peek()
            && Arc::ptr_eq(known, silent)
        {
            *kept = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Option<SystemTime>, Making)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn make(servers: NameServers, limit: Duration) -> Result<Arc<TokioResolver>, Failure> {
    let addresses = match &servers {
        NameServers::Tls(at) | NameServers::Https(at, _) => {
            let known = of_system(at, limit).await;
            known.map_err(|_| Failure::NameServerSilent)?
        }
        _ => Vec::new(),
    };
    let built = build(&servers, &addresses).map_err(|error| {
        tracing::warn!(%error, "no name server can be used");
        Failure::NameServerSilent
    });
    built.map(Arc::new)
}

/// A resolver; `addresses` are those of a server that has a name.
fn build(servers: &NameServers, addresses: &[IpAddr]) -> Result<TokioResolver, NetError> {
    let each = |at: &Target, way: ConnectionConfig| {
        let port = at.port();
        configured(
            addresses
                .iter()
                .map(move |ip| (SocketAddr::new(*ip, port), way.clone())),
        )
    };
    let mut builder = match servers {
        NameServers::System | NameServers::Exit => TokioResolver::builder_tokio()?,
        NameServers::Plain(servers) => configured(servers.iter().flat_map(|server| {
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|way| (*server, way))
        })),
        NameServers::Tls(at) => each(at, ConnectionConfig::tls(certified(at))),
        NameServers::Https(at, path) => {
            let path = Some(Arc::from(path.as_str()));
            each(at, ConnectionConfig::https(certified(at), path))
        }
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = ATTEMPT;
    options.cache_size = CACHE;
    builder.build()
}

/// The name in a server's certificate; an address stands there without brackets.
fn certified(at: &Target) -> Arc<str> {
    at.address()
        .map_or_else(|| at.host().to_string(), |address| address.to_string())
        .into()
}

fn configured(
    servers: impl Iterator<Item = (SocketAddr, ConnectionConfig)>,
) -> hickory_resolver::ResolverBuilder<TokioRuntimeProvider> {
    let servers = servers.map(|(server, mut connection)| {
        connection.port = server.port();
        NameServerConfig::new(server.ip(), true, vec![connection])
    });
    let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
    TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_kind_of_name_server_can_be_set_up() {
        let server: SocketAddr = "127.0.0.1:853".parse().unwrap();
        let named = Target::new("dns.example", 853).unwrap();
        for servers in [
            NameServers::Plain(vec![server]),
            NameServers::Tls(named.clone()),
            NameServers::Https(named, "/dns-query".to_owned()),
        ] {
            build(&servers, &[server.ip()]).unwrap();
        }
    }
}
