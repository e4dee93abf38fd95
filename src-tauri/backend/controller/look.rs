//! Questions about the browser that change nothing, and so wait for no state.

use std::fmt;

use duotab_core::browser::Browser;
use duotab_core::message::{BookmarkView, Completion, TabId};
use tokio::sync::oneshot;

use super::{Controller, Input};

/// A look at the browser.
pub(super) struct Look(Box<dyn FnOnce(&Browser) + Send>);

impl Look {
    pub(super) fn at(self, browser: &Browser) {
        (self.0)(browser);
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Look")
    }
}

impl Controller {
    /// What an address that is being typed in a tab may become.
    pub async fn complete(&self, tab: TabId, typed: String) -> Option<Completion> {
        self.look(move |browser| browser.completion(tab, &typed))
            .await?
    }

    /// The bookmarks of a tab's profile, the oldest first.
    pub async fn bookmarks(&self, tab: TabId) -> Vec<BookmarkView> {
        let found = self.look(move |browser| browser.bookmarks(tab)).await;
        found.unwrap_or_default()
    }

    /// What there is to see; `None` if the browser is closing.
    async fn look<T: Send + 'static>(
        &self,
        see: impl FnOnce(&Browser) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Look(Box::new(move |browser| {
            // Whoever has asked may be gone.
            let _ = reply.send(see(browser));
        }));
        self.queue.send(Input::Look(look)).ok()?;
        answer.await.ok()
    }
}
