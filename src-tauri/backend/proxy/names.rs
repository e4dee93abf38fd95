//! The addresses of names. A connection asks once: what is checked is what is connected to.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use duotab_core::proxy::Failure;
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
    /// These, over TLS (RFC 7858); each with the name in its certificate.
    Tls(Vec<(SocketAddr, String)>),
    /// These, over HTTPS at `/dns-query` (RFC 8484); each with the name in its certificate.
    Https(Vec<(SocketAddr, String)>),
    /// The exit, which is given names. Without an exit, the system.
    Exit,
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

    /// The addresses of a name of the home network, by whatever means the system has: mDNS, the
    /// router, the search domain.
    pub(super) async fn home(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        let found = tokio::time::timeout(self.limit, tokio::net::lookup_host((name, 0)))
            .await
            .map_err(|_| Failure::NameServerSilent)?
            .map_err(|error| {
                tracing::debug!(%error, name, "no such home name");
                Failure::NameUnknown
            })?;
        Ok(found
            .map(|address| address.ip())
            .take(MAX_ADDRESSES)
            .collect())
    }

    /// The addresses of a public name.
    pub(super) async fn public(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        let resolver = self.resolver().await?;
        // With its dot it is nobody's subdomain.
        let found = tokio::time::timeout(self.limit, resolver.lookup_ip(format!("{name}.")))
            .await
            .map_err(|_| Failure::NameServerSilent)?
            .map_err(|error| {
                tracing::debug!(%error, name, "a name is not found");
                if error.is_nx_domain() || error.is_no_records_found() {
                    Failure::NameUnknown
                } else {
                    Failure::NameServerSilent
                }
            })?;
        Ok(found.iter().take(MAX_ADDRESSES).collect())
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
        let resolver = Arc::new(build(&self.servers).map_err(|error| {
            tracing::warn!(%error, "no name server can be used");
            Failure::NameServerSilent
        })?);
        *kept = Some((changed, Arc::clone(&resolver)));
        Ok(resolver)
    }
}

fn build(servers: &NameServers) -> Result<TokioResolver, NetError> {
    let mut builder = match servers {
        NameServers::System | NameServers::Exit => TokioResolver::builder_tokio()?,
        NameServers::Plain(servers) => configured(servers.iter().flat_map(|server| {
            [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|way| (*server, way))
        })),
        NameServers::Tls(servers) => configured(
            servers
                .iter()
                .map(|(server, name)| (*server, ConnectionConfig::tls(Arc::from(name.as_str())))),
        ),
        NameServers::Https(servers) => configured(servers.iter().map(|(server, name)| {
            (
                *server,
                ConnectionConfig::https(Arc::from(name.as_str()), None),
            )
        })),
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = ATTEMPT;
    options.cache_size = CACHE;
    builder.build()
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
        let named = vec![(server, "dns.example".to_owned())];
        for servers in [
            NameServers::Plain(vec![server]),
            NameServers::Tls(named.clone()),
            NameServers::Https(named),
        ] {
            build(&servers).unwrap();
        }
    }
}
