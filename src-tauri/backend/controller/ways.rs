//! The ways of proxied pages to the network, and the lists of what is kept away from them.

use std::path::PathBuf;
use std::sync::Arc;

use duotab_core::browser::Settings;
use duotab_core::event::Event;
use duotab_core::message::ProfileName;

use super::News;
use crate::proxy::{Lists, Proxies};

/// The proxies of all profiles, and the block lists that they share.
pub(super) struct Ways {
    pub(super) proxies: Arc<Proxies>,
    pub(super) lists: Lists,
}

impl Ways {
    /// Lists are kept in `folder`, and fetched by the way of the profile that is always there.
    pub(super) fn start(
        proxies: Arc<Proxies>,
        folder: PathBuf,
        settings: &Settings,
        news: &News,
    ) -> Self {
        let news = news.clone();
        let told = move |url: &str, told| news.send(Event::List(url.to_owned(), told));
        let profile = settings.profile.clone();
        let lists = Lists::new(folder, Arc::clone(&proxies), profile, Arc::new(told));
        Self { proxies, lists }
    }

    /// The person asked for an address in a profile.
    pub(super) fn permit(&self, profile: &ProfileName, url: &str) {
        if let Some(proxy) = self.proxies.of(profile) {
            proxy.permit(url);
        }
    }
}
