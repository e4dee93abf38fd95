//! The ways of proxied pages to the network, and the lists of what is kept away from them.

use std::path::PathBuf;
use std::sync::Arc;

use duotab_core::browser::Settings;
use duotab_core::event::Event;
use duotab_core::message::ProfileName;
use duotab_core::network::Network;
use duotab_core::profile::PRIVATE;
use tokio::sync::mpsc::UnboundedSender;

use super::{ContentOrder, News};
use crate::proxy::{Lists, Proxies};

/// The proxies of all profiles, and the block lists that they share.
pub(super) struct Ways {
    pub(super) proxies: Arc<Proxies>,
    pub(super) lists: Lists,
    content: UnboundedSender<ContentOrder>,
}

impl Ways {
    /// Lists are kept in `folder`, and fetched by the way of the profile that is always there.
    pub(super) fn start(
        proxies: &Arc<Proxies>,
        folder: PathBuf,
        settings: &Settings,
        news: &News,
        content: &UnboundedSender<ContentOrder>,
    ) -> Self {
        let news = news.clone();
        let told = move |url: &str, told| news.send(Event::List(url.to_owned(), told));
        let profile = settings.profile.clone();
        let window = content.clone();
        let handed = move |rules| drop(window.send(ContentOrder::PageRules(rules)));
        let lists = Lists::new(
            folder,
            Arc::clone(proxies),
            profile,
            Arc::new(told),
            Arc::new(handed),
        );
        Self {
            proxies: Arc::clone(proxies),
            lists,
            content: content.clone(),
        }
    }

    /// Has a profile's pages take this way from now on.
    pub(super) async fn lead(&self, profile: &ProfileName, network: Network) {
        // Without a window there is no engine either.
        let _ = (self.content).send(ContentOrder::Block(profile.clone(), network.blocking));
        self.proxies.lead(profile, network).await;
    }

    /// The pages of these sites load what the lists name, from their next load on.
    pub(super) fn unblock(&self, profile: ProfileName, sites: Vec<String>) {
        if let Some(proxy) = self.proxies.of(&profile) {
            proxy.unblock(&sites);
        }
        let _ = self.content.send(ContentOrder::Unblock(profile, sites));
    }

    /// These names, and no others of the public kind, may lead into the home network.
    pub(super) fn home_names(&self, profile: &ProfileName, names: Vec<String>) {
        if let Some(proxy) = self.proxies.of(profile) {
            proxy.lead_home(names);
        }
    }

    /// Nothing is left of what was private: neither data nor what its way was permitted.
    pub(super) async fn forget_private(&self) {
        let private = ProfileName(PRIVATE.to_owned());
        self.proxies.renew(&private).await;
        let _ = self.content.send(ContentOrder::DeleteProfile(private));
    }

    /// The person asked for an address in a profile.
    pub(super) fn permit(&self, profile: &ProfileName, url: &str) {
        if let Some(proxy) = self.proxies.of(profile) {
            proxy.permit(url);
        }
    }
}
