//! The only way of proxied pages to the network: the profile's proxy.

use std::sync::Arc;

use duotab_backend::endpoint::Secret;
use duotab_backend::proxy::{Proxy, Unblocking};
use duotab_core::proxy::{Failure, PageFault};
use webkit2gtk::{
    AuthenticationRequest, AuthenticationRequestExt, NetworkProxyMode, NetworkProxySettings,
    WebsiteDataManager, WebsiteDataManagerExt,
};

/// Where nobody listens: with this as its proxy the engine reaches nothing.
const NOWHERE: &str = "socks5://127.0.0.1:9";

/// The proxy of a profile, if it runs.
#[derive(Clone)]
pub(crate) struct Door(Option<Arc<Proxy>>);

impl Door {
    pub(crate) fn new(proxy: Option<Arc<Proxy>>) -> Self {
        Self(proxy)
    }

    /// Has the engine send everything through the proxy, what is on this machine too.
    pub(super) fn lead(&self, data: &WebsiteDataManager) {
        let address = self.address().unwrap_or_else(|| Secret::new(NOWHERE));
        // By SOCKS and not by HTTP: libsoup 3.2, given a password for an HTTP proxy in its address,
        // asks the proxy for itself after a challenge, and shows it to sites in tunnels.
        let mut settings = NetworkProxySettings::new(Some(address.expose()), &[]);
        data.set_network_proxy_settings(NetworkProxyMode::Custom, Some(&mut settings));
    }

    /// The proxy's address, its secret in it; `None` if it does not run.
    pub(super) fn address(&self) -> Option<Secret> {
        self.0.as_ref().map(|proxy| proxy.access().socks_url())
    }

    /// Whether pages can be loaded at all.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Has the proxy let through what the block lists name, for as long as this is kept.
    pub(super) fn unblock(&self) -> Option<Unblocking> {
        self.0.as_ref().map(|proxy| proxy.unblock_page())
    }

    /// Keeps a site from asking for the password of a proxy, the proxy's own or another; `true` if
    /// it did. The proxy itself never asks this way.
    pub(super) fn keep(request: &AuthenticationRequest) -> bool {
        if request.is_for_proxy() {
            request.cancel();
        }
        request.is_for_proxy()
    }

    /// Why `url` did not come, if it was the way to it.
    pub(super) fn fault(&self, url: &str) -> Option<PageFault> {
        let failure = match &self.0 {
            Some(proxy) => proxy.failure(url)?,
            None => Failure::ProxyDown,
        };
        Some(PageFault::Way { failure })
    }
}
