//! What is let through although a block list names it: the sites that the person has excepted, and
//! everything while a page of such a site is there. A connection does not tell which page wants it;
//! what other pages want meanwhile the web engine keeps from them, which knows the page.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use duotab_core::proxy::Target;

/// The exceptions of one profile.
#[derive(Default)]
pub(super) struct Unblocked {
    sites: RwLock<HashSet<Target>>,
    pages: Arc<AtomicUsize>,
}

/// A page of an excepted site. While it lives, hosts on the block lists are let through.
#[must_use]
pub struct Unblocking(Arc<AtomicUsize>);

impl std::fmt::Debug for Unblocking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Unblocking").finish()
    }
}

impl Drop for Unblocking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Unblocked {
    /// Excepts these sites, by their origins, and no others.
    pub(super) fn put(&self, sites: &[String]) {
        let sites = sites.iter().filter_map(|origin| Target::of_url(origin));
        *self.sites.write().unwrap_or_else(PoisonError::into_inner) = sites.collect();
    }

    /// A page of an excepted site is there.
    pub(super) fn page(&self) -> Unblocking {
        self.pages.fetch_add(1, Ordering::Relaxed);
        Unblocking(Arc::clone(&self.pages))
    }

    /// Whether a host is let through, whatever the lists say.
    pub(super) fn has(&self, target: &Target) -> bool {
        self.pages.load(Ordering::Relaxed) > 0
            || (self.sites.read())
                .unwrap_or_else(PoisonError::into_inner)
                .contains(target)
    }
}
