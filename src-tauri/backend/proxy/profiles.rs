//! A proxy for each profile: a port, a secret and a way out of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duotab_core::message::ProfileName;
use duotab_core::network::Network;

use super::blocking::Rules;
use super::{Proxy, ProxyConfig, Room};

/// The proxies of all profiles. All of them end when it is dropped.
pub struct Proxies {
    config: ProxyConfig,
    room: Room,
    open: Mutex<Open>,
}

struct Open {
    /// Ports of this machine that no page may reach, the proxies' own among them.
    kept: Vec<u16>,
    proxies: HashMap<ProfileName, (Network, Arc<Proxy>)>,
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

impl Proxies {
    /// None yet. `config` is what all have but the way out; `kept` are ports of this machine that
    /// no page may reach.
    #[must_use]
    pub fn new(config: ProxyConfig, kept: Vec<u16>) -> Self {
        let proxies = HashMap::new();
        Self {
            config,
            room: Room::new(),
            open: Mutex::new(Open { kept, proxies }),
        }
    }

    /// Has a profile's connections take this way from now on, by a proxy that is opened if need
    /// be. Without one the profile's pages load nothing: nothing goes around it.
    pub async fn lead(&self, profile: &ProfileName, network: Network) {
        let open = self.of(profile);
        if let Some(proxy) = open {
            let changed = {
                let mut open = self.lock();
                let known = open.proxies.get_mut(profile);
                known.is_some_and(|it| std::mem::replace(&mut it.0, network.clone()) != network)
            };
            if changed {
                proxy.lead(
                    network.exit.clone(),
                    (&network.names).into(),
                    network.blocking,
                );
            }
            return;
        }
        self.open(profile, network).await;
    }

    /// Ends a profile's proxy and opens another one, that knows of nothing that was asked for.
    pub async fn renew(&self, profile: &ProfileName) {
        if let Some(network) = self.close(profile) {
            self.open(profile, network).await;
        }
    }

    /// Ends a profile's proxy, with all its connections.
    pub fn close(&self, profile: &ProfileName) -> Option<Network> {
        let mut open = self.lock();
        let (network, proxy) = open.proxies.remove(profile)?;
        proxy.end();
        let port = proxy.access().port;
        open.kept.retain(|kept| *kept != port);
        for (_, other) in open.proxies.values() {
            other.free_port(port);
        }
        Some(network)
    }

    /// The rules that all of them use which block.
    pub(super) fn rules(&self) -> &Rules {
        &self.room.rules
    }

    /// Ends all of them.
    pub fn close_all(&self) {
        for (_, (_, proxy)) in self.lock().proxies.drain() {
            proxy.end();
        }
    }

    /// A profile's proxy, if it runs.
    #[must_use]
    pub fn of(&self, profile: &ProfileName) -> Option<Arc<Proxy>> {
        let open = self.lock();
        open.proxies
            .get(profile)
            .map(|(_, proxy)| Arc::clone(proxy))
    }

    async fn open(&self, profile: &ProfileName, network: Network) {
        let config = ProxyConfig {
            exit: network.exit.clone(),
            names: (&network.names).into(),
            blocking: network.blocking,
            ..self.config.clone()
        };
        let proxy = match Proxy::bind_in(self.room.clone(), config).await {
            Ok(proxy) => Arc::new(proxy),
            Err(error) => {
                tracing::error!(%error, profile = profile.0, "no proxy: its proxied tabs load nothing");
                return;
            }
        };
        let mut open = self.lock();
        let port = proxy.access().port;
        for (_, other) in open.proxies.values() {
            other.keep_port(port);
        }
        for kept in &open.kept {
            proxy.keep_port(*kept);
        }
        open.kept.push(port);
        open.proxies.insert(profile.clone(), (network, proxy));
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
