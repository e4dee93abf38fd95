//! What the person has decided about wishes of a profile's sites, where the engine has to know it without
//! asking.

use std::cell::RefCell;
use std::rc::Rc;

use duotab_core::ask::Wish;
use duotab_core::site::{SitePermission, origin_of};
use webkit2gtk::{SecurityOrigin, WebContext, WebContextExt};

/// The decisions of one profile. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Decided(Rc<RefCell<Vec<SitePermission>>>);

impl Decided {
    /// From now on these, and no others.
    pub(super) fn replace(&self, decided: Vec<SitePermission>) {
        self.0.replace(decided);
    }

    /// Whether the page at an address may; `None` where nobody has said.
    pub(super) fn about(&self, wish: Wish, url: &str) -> Option<bool> {
        let origin = origin_of(url)?;
        let decided = self.0.borrow();
        let mut about = decided.iter();
        let about = about.find(|it| it.wish == wish && it.origin == origin)?;
        about.allowed
    }

    /// Each process of pages is told when it starts which sites may notify of something, and which may
    /// not, and goes by that to its end: a page looks there before it asks.
    pub(super) fn lead(&self, context: &WebContext) {
        let decided = self.clone();
        context.connect_initialize_notification_permissions(move |context| {
            let [allowed, denied] = [true, false].map(|allowed| {
                let origins = decided.origins(Wish::Notifications, allowed).into_iter();
                origins
                    .map(|origin| SecurityOrigin::for_uri(&origin))
                    .collect::<Vec<_>>()
            });
            let [allowed, denied] = [&allowed, &denied].map(|all| all.iter().collect::<Vec<_>>());
            context.initialize_notification_permissions(&allowed, &denied);
        });
    }

    fn origins(&self, wish: Wish, allowed: bool) -> Vec<String> {
        let decided = self.0.borrow();
        let such = decided
            .iter()
            .filter(|it| it.wish == wish && it.allowed == Some(allowed));
        such.map(|it| it.origin.clone()).collect()
    }
}
