//! Pages that a page has opened, until the core gives each a tab.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use duotab_core::event::PageNews;
use duotab_core::message::TabId;

use super::Report;
use super::webkit::Page;

/// Pages that may wait for a tab. The core answers at once, so that more are lost ones.
const MOST: usize = 8;

/// News that may wait for a tab.
const MOST_NEWS: usize = 64;

/// Where the news of one page go: to its tab, as soon as it has one.
pub(super) struct Route {
    report: Report,
    tab: Cell<Option<TabId>>,
    waiting: RefCell<Vec<PageNews>>,
}

impl Route {
    /// Of a page that has no tab yet.
    pub(super) fn unbound(report: &Report) -> Rc<Self> {
        Rc::new(Self {
            report: Rc::clone(report),
            tab: Cell::new(None),
            waiting: RefCell::default(),
        })
    }

    /// Of a tab's page.
    pub(super) fn of(report: &Report, tab: TabId) -> Rc<Self> {
        let route = Self::unbound(report);
        route.tab.set(Some(tab));
        route
    }

    /// Tells news, or keeps it until there is somebody to tell.
    pub(super) fn tell(&self, news: PageNews) {
        match self.tab.get() {
            Some(tab) => (self.report)(tab, news),
            None => {
                let mut waiting = self.waiting.borrow_mut();
                if waiting.len() < MOST_NEWS {
                    waiting.push(news);
                }
            }
        }
    }

    /// The page has a tab now.
    pub(super) fn bind(&self, tab: TabId) {
        self.tab.set(Some(tab));
        (self.report)(tab, PageNews::Opened);
        for news in self.waiting.take() {
            (self.report)(tab, news);
        }
    }
}

/// The pages that wait, by the names that the core is told.
#[derive(Clone)]
pub(super) struct Opened(Rc<Inner>);

struct Inner {
    report: Report,
    last: Cell<u32>,
    waiting: RefCell<VecDeque<(String, Rc<Page>)>>,
}

impl Opened {
    pub(super) fn new(report: &Report) -> Self {
        Self(Rc::new(Inner {
            report: Rc::clone(report),
            last: Cell::new(0),
            waiting: RefCell::default(),
        }))
    }

    /// Keeps a page that is made on a route without a tab. Its name.
    pub(super) fn keep(
        &self,
        make: impl FnOnce(Rc<Route>, Self) -> Rc<Page>,
    ) -> (String, Rc<Page>) {
        let page = make(Route::unbound(&self.0.report), self.clone());
        self.0.last.set(self.0.last.get().wrapping_add(1));
        let name = format!("opened-{}", self.0.last.get());
        let mut waiting = self.0.waiting.borrow_mut();
        if waiting.len() >= MOST {
            waiting.pop_front();
        }
        waiting.push_back((name.clone(), Rc::clone(&page)));
        (name, page)
    }

    /// The page of that name, for its tab.
    pub(super) fn take(&self, name: &str) -> Option<Rc<Page>> {
        let mut waiting = self.0.waiting.borrow_mut();
        let at = waiting.iter().position(|(of, _)| of == name)?;
        waiting.remove(at).map(|(_, page)| page)
    }
}
