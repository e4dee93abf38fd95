//! The addresses of names. A connection asks once: what is checked is what is connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use duotab_core::network;
use duotab_core::proxy::{Failure, Target};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::sync::Mutex;

use super::hosts::Hosts;

const HOSTS: &str = "/etc/hosts";
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// One name server's time to answer before the next attempt.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Answers that are kept until they expire.
const CACHE: u64 = 1024;
/// Addresses of a name that are looked at.
const MAX_ADDRESSES: usize = 16;

/// Who knows the addresses of public names. Names of the home network and of this machine are
/// always the system's to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NameServers {
    /// The name servers of the system.
    #[default]
    System,
    /// These, in the clear.
    Plain(Vec<SocketAddr>),
    /// This one, over TLS (RFC 7858). Where it is, the system is asked.
    Tls(Target),
    /// This one, over HTTPS at a path (RFC 8484). Where it is, the system is asked.
    Https(Target, String),
    /// The exit, which is given names. Without an exit, the system.
    Exit,
}

impl From<&network::Names> for NameServers {
    fn from(names: &network::Names) -> Self {
        match names {
            network::Names::System => Self::System,
            network::Names::Https(at, path) => Self::Https(at.clone(), path.clone()),
            network::Names::Tls(at) => Self::Tls(at.clone()),
            network::Names::Exit => Self::Exit,
        }
    }
}

/// The addresses of a host by whatever means the system has: mDNS, the router, the search domain.
pub(super) async fn of_system(host: &Target, limit: Duration) -> Result<Vec<IpAddr>, Failure> {
    if let Some(address) = host.address() {
        return Ok(vec![address]);
    }
    let name = host.host().to_string();
    let found = tokio::time::timeout(limit, tokio::net::lookup_host((name.as_str(), 0)))
        .await
        .map_err(|_| Failure::NameServerSilent)?
        .map_err(|error| {
            tracing::debug!(%error, name, "the system knows no such name");
            Failure::NameUnknown
        })?;
    Ok(found
        .map(|address| address.ip())
        .take(MAX_ADDRESSES)
        .collect())
}

/// Looks up names.
pub(super) struct Names {
    servers: NameServers,
    limit: Duration,
    hosts: Hosts,
    resolver: Mutex<Option<(Option<SystemTime>, Arc<TokioResolver>)>>,
}

impl Names {
    pub(super) fn new(servers: NameServers, limit: Duration) -> Self {
        Self {
            servers,
            limit,
            hosts: Hosts::new(HOSTS.into()),
            resolver: Mutex::new(None),
        }
    }

    /// Whether public names are the exit's to look up.
    pub(super) fn at_exit(&self) -> bool {
        self.servers == NameServers::Exit
    }

    /// What this machine's hosts file says of a name.
    pub(super) async fn listed(&self, name: &str) -> Vec<IpAddr> {
        self.hosts.of(name).await
    }

    /// The addresses of a name of the home network.
    pub(super) async fn home(&self, host: &Target) -> Result<Vec<IpAddr>, Failure> {
        of_system(host, self.limit).await
    }

    /// The addresses of a public name.
    pub(super) async fn public(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        let resolver = self.resolver().await?;
        // With its dot it is nobody's subdomain.
        let found = tokio::time::timeout(self.limit, resolver.lookup_ip(format!("{name}.")))
            .await
            .map_err(|_| Failure::NameServerSilent)
            .and_then(|found| {
                found.map_err(|error| {
                    tracing::debug!(%error, name, "a name is not found");
                    if error.is_nx_domain() || error.is_no_records_found() {
                        Failure::NameUnknown
                    } else {
                        Failure::NameServerSilent
                    }
                })
            });
        if matches!(found, Err(Failure::NameServerSilent)) {
            // A server with a name may be elsewhere by now.
            self.forget(&resolver).await;
        }
        Ok(found?.iter().take(MAX_ADDRESSES).collect())
    }

    async fn forget(&self, silent: &Arc<TokioResolver>) {
        let mut kept = self.resolver.lock().await;
        if matches!(self.servers, NameServers::Tls(_) | NameServers::Https(..))
            && kept.as_ref().is_some_and(|(_, it)| Arc::ptr_eq(it, silent))
        {
            *kept = None;
        }
    }

    /// The resolver, made anew when the system's name servers have changed.
    async fn resolver(&self) -> Result<Arc<TokioResolver>, Failure> {
        let mut kept = self.resolver.lock().await;
        let changed = match self.servers {
            NameServers::System | NameServers::Exit => tokio::fs::metadata(RESOLV_CONF)
                .await
                .and_then(|file| file.modified())
                .ok(),
            _ => None,
        };
        if let Some((known, resolver)) = &*kept
            && *known == changed
        {
            return Ok(Arc::clone(resolver));
        }
        let addresses = match &self.servers {
            NameServers::Tls(at) | NameServers::Https(at, _) => {
                let known = of_system(at, self.limit).await;
                known.map_err(|_| Failure::NameServerSilent)?
            }
            _ => Vec::new(),
        };
        let resolver = Arc::new(build(&self.servers, &addresses).map_err(|error| {
            tracing::warn!(%error, "no name server can be used");
            Failure::NameServerSilent
        })?);
        *kept = Some((changed, Arc::clone(&resolver)));
        Ok(resolver)
    }
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
