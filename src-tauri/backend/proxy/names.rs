//! The addresses of names. A connection asks once: what is checked is what is connected to.

mod families;
mod resolver;
mod system;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use duotab_core::network;
use duotab_core::proxy::{Failure, Target};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::hosts::Hosts;
pub(super) use families::{Found, Later};
use resolver::Resolver;
pub(super) use system::of_system;
use system::{PLACES_OF_PAGES, of_page};

const HOSTS: &str = "/etc/hosts";
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

/// Looks up names.
pub(super) struct Names {
    limit: Duration,
    hosts: Hosts,
    resolver: Resolver,
    places: Arc<Semaphore>,
}

impl Names {
    pub(super) fn new(servers: NameServers, limit: Duration) -> Self {
        Self {
            limit,
            hosts: Hosts::new(HOSTS.into()),
            resolver: Resolver::new(servers, limit),
            places: Arc::new(Semaphore::new(PLACES_OF_PAGES)),
        }
    }

    /// Whether public names are the exit's to look up.
    pub(super) fn at_exit(&self) -> bool {
        *self.resolver.servers() == NameServers::Exit
    }

    /// What this machine's hosts file says of a name.
    pub(super) async fn listed(&self, name: &str) -> Vec<IpAddr> {
        self.hosts.of(name).await
    }

    /// The addresses of a name of the home network.
    pub(super) async fn home(&self, host: &Target) -> Result<Vec<IpAddr>, Failure> {
        of_page(host, &self.places, self.limit).await
    }

    /// The addresses of a public name.
    pub(super) async fn public(&self, name: &str) -> Result<Found, Failure> {
        let until = Instant::now() + self.limit;
        let resolver = timeout_at(until, self.resolver.get())
            .await
            .unwrap_or(Err(Failure::NameServerSilent))?;
        let found = families::ask(&resolver, name, until).await;
        if matches!(found, Err(Failure::NameServerSilent)) {
            self.resolver.forget(&resolver);
        }
        found
    }
}
