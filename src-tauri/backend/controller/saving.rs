//! Writing to the store: what the core wants kept is on disk before anything else is done.

use std::sync::{Arc, PoisonError};

use duotab_core::action::Action;
use duotab_core::event::Event;

use super::Run;
use super::left::unavailable;
use crate::store::{Store, StoreError};

impl Run {
    /// Keeps what an action wants kept; what wants something else is not for here.
    pub(super) async fn keep(&mut self, action: Action) {
        match action {
            Action::SaveTab(record) => self.save(move |store| store.save_tab(&record)).await,
            Action::DeleteTab(id) => self.save(move |store| store.delete_tab(id)).await,
            Action::SaveSite(site) => self.save(move |store| store.save_site(&site)).await,
            Action::SaveBookmark(bookmark) => {
                self.save(move |store| store.save_bookmark(&bookmark)).await;
            }
            Action::SaveBookmarks(all) => self.save(move |store| store.save_bookmarks(&all)).await,
            Action::DeleteBookmark(profile, url) => {
                self.save(move |store| store.delete_bookmark(&profile, &url))
                    .await;
            }
            Action::SaveVisit(visit) => self.save(move |store| store.save_visit(&visit)).await,
            Action::ForgetVisits(profile, url) => {
                self.save(move |store| store.forget_visits(&profile, url.as_deref()))
                    .await;
            }
            Action::SaveDownload(download) => {
                self.save(move |store| store.save_download(&download)).await;
            }
            Action::DeleteDownload(id) => self.save(move |store| store.delete_download(id)).await,
            Action::SaveSwitch(switch, on) => {
                self.save(move |store| store.save_switch(switch, on)).await;
            }
            Action::SaveSleepAfter(after) => {
                self.save(move |store| store.save_sleep_after(after)).await;
            }
            Action::SaveSearch(search) => {
                self.save(move |store| store.save_search(&search)).await;
            }
            Action::SaveSession(record) => {
                self.save(move |store| store.save_session(&record)).await;
            }
            Action::DeleteSession(id) => self.save(move |store| store.delete_session(id)).await,
            Action::SaveProfile(record) => {
                self.save(move |store| store.save_profile(&record)).await;
            }
            Action::SaveLists(urls) => self.save(move |store| store.save_lists(&urls)).await,
            Action::SaveWorker(record) => self.save(move |store| store.save_worker(&record)).await,
            Action::DeleteWorker(id) => self.save(move |store| store.delete_worker(&id)).await,
            _ => {}
        }
    }

    /// Writes to the store off the event loop, and waits for it: what follows may rely on it.
    pub(super) async fn save(
        &mut self,
        write: impl FnOnce(&Store) -> Result<(), StoreError> + Send + 'static,
    ) {
        let store = Arc::clone(&self.store);
        let written = tokio::task::spawn_blocking(move || {
            write(&store.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await;
        if let Ok(Err(error)) = written
            && !std::mem::replace(&mut self.store_failed, true)
        {
            tracing::error!(%error, "cannot save");
            self.news
                .send(Event::Notice(unavailable(&self.database, &error)));
        }
    }
}
