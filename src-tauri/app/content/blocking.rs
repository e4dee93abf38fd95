//! Which pages of a profile keep to the block lists: all but those of sites that the person has
//! excepted, from their next load on.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::{Rc, Weak};

use duotab_backend::proxy::Unblocking;
use duotab_core::site::origin_of;
use webkit_unbound::Filter;
use webkit2gtk::{UserContentManager, UserContentManagerExt};

use super::Door;

/// What the pages of a profile have in common.
#[derive(Clone)]
pub(super) struct Blocking(Rc<Common>);

struct Common {
    door: Door,
    filters: RefCell<Vec<Filter>>,
    /// What every page keeps to, whatever is excepted.
    home: RefCell<Option<Filter>>,
    /// Origins of sites.
    excepted: RefCell<HashSet<String>>,
    pages: RefCell<Vec<Weak<Blocked>>>,
}

/// What one page is kept from.
pub(super) struct Blocked {
    common: Blocking,
    manager: UserContentManager,
    /// Of a page of an excepted site: nothing, and the proxy knows; `None` there if no proxy runs.
    free: RefCell<Option<Option<Unblocking>>>,
}

impl Blocking {
    pub(super) fn new(door: Door) -> Self {
        Self(Rc::new(Common {
            door,
            filters: RefCell::default(),
            home: RefCell::default(),
            excepted: RefCell::default(),
            pages: RefCell::default(),
        }))
    }

    /// Has all pages keep to these filters from now on.
    pub(super) fn keep_to(&self, filters: Vec<Filter>) {
        self.0.filters.replace(filters);
        self.keep();
    }

    /// Has all pages keep to this one besides, whatever is excepted.
    pub(super) fn keep_home(&self, home: Filter) {
        self.0.home.replace(Some(home));
        self.keep();
    }

    fn keep(&self) {
        self.0.pages.borrow_mut().retain(|page| {
            let page = page.upgrade();
            page.inspect(|page| page.keep()).is_some()
        });
    }

    /// Excepts these sites, and no others.
    pub(super) fn except(&self, sites: HashSet<String>) {
        self.0.excepted.replace(sites);
    }

    /// A page that is nowhere yet.
    pub(super) fn page(&self) -> Rc<Blocked> {
        let page = Rc::new(Blocked {
            common: self.clone(),
            manager: UserContentManager::new(),
            free: RefCell::default(),
        });
        page.keep();
        let mut pages = self.0.pages.borrow_mut();
        pages.retain(|page| page.strong_count() > 0);
        pages.push(Rc::downgrade(&page));
        page
    }
}

impl Blocked {
    /// What the view is built with.
    pub(super) fn manager(&self) -> &UserContentManager {
        &self.manager
    }

    /// The page is about to be at this address, or is there: what it loads from now on is its site's.
    pub(super) fn at(&self, url: &str) {
        let common = &self.common.0;
        let site = origin_of(url);
        let free = site.is_some_and(|site| common.excepted.borrow().contains(&site));
        if free != self.free.borrow().is_some() {
            self.free.replace(free.then(|| common.door.unblock()));
            self.keep();
        }
    }

    fn keep(&self) {
        self.manager.remove_all_filters();
        if let Some(home) = &*self.common.0.home.borrow() {
            home.add_to(&self.manager);
        }
        if self.free.borrow().is_none() {
            for filter in self.common.0.filters.borrow().iter() {
                filter.add_to(&self.manager);
            }
        }
    }
}
