//! Questions about the browser and what is saved that change nothing, and so wait for no state.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::browser::Browser;
use duotab_core::message::{BookmarkView, Completion, TabId, VisitView};
use tokio::sync::oneshot;

use super::{Controller, Input};
use crate::store::Store;

pub(super) type Saved = Arc<Mutex<Store>>;
type See = dyn FnOnce(&Browser, &Saved) + Send;

/// A look at the browser and what is saved.
pub(super) struct Look(Box<See>);

impl Look {
    pub(super) fn at(self, browser: &Browser, saved: &Saved) {
        (self.0)(browser, saved);
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
        self.look(move |browser, _| browser.completion(tab, &typed))
            .await?
    }

    /// At most so many bookmarks of a tab's profile that have all of these words, the oldest first.
    pub async fn bookmarks(&self, tab: TabId, words: String, most: usize) -> Vec<BookmarkView> {
        let found = self.look(move |browser, _| browser.bookmarks(tab, &words, most));
        found.await.unwrap_or_default()
    }

    /// At most so many pages where the person has been in a tab's profile, the latest first: those
    /// that have all of these words.
    pub async fn visits(&self, tab: TabId, words: String, most: usize) -> Vec<VisitView> {
        let see = move |browser: &Browser, saved: &Saved| {
            Some((browser.noted_profile(tab)?, Arc::clone(saved)))
        };
        let Some((profile, saved)) = self.look(see).await.flatten() else {
            return Vec::new();
        };
        let read = move || {
            let store = saved.lock().unwrap_or_else(PoisonError::into_inner);
            store.visits(&profile, &words, most)
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::warn!(%error, "what was visited cannot be read");
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }

    /// What there is to see; `None` if the browser is closing.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        see: impl FnOnce(&Browser, &Saved) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Look(Box::new(move |browser, saved| {
            // Whoever has asked may be gone.
            let _ = reply.send(see(browser, saved));
        }));
        self.queue.send(Input::Look(look)).ok()?;
        answer.await.ok()
    }
}
