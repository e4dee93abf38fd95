//! What is to go and could not be removed: it is tried again until it is gone.
//!
//! An engine that is slow, away, or busy with the very container refuses a removal now and then, and
//! nobody else would ask for it again in this life of the app.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::link::Link;
use super::{Inner, end, fault, found, label};

#[cfg(test)]
mod tests;

/// How soon a removal is tried again, at first and at last.
const AGAIN_FIRST: Duration = Duration::from_secs(1);
const AGAIN_LAST: Duration = Duration::from_secs(15);

/// Containers that are to go.
#[derive(Debug, Default)]
pub(super) struct Litter {
    /// By id or name.
    containers: Mutex<HashSet<String>>,
    /// The names of all that were made in this life of the app: who made them removes them.
    made: Mutex<HashSet<String>>,
    /// Whether what an earlier life has left is still to be looked for.
    unseen: AtomicBool,
    more: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Litter {
    /// This one could not be removed.
    pub(super) fn add(&self, container: &str) {
        if lock(&self.containers).insert(container.to_owned()) {
            self.more.notify_one();
        }
    }

    /// A container of this name is about to be made: from now on the name is that one's.
    pub(super) fn makes(&self, name: &str) {
        lock(&self.containers).remove(name);
        lock(&self.made).insert(name.to_owned());
    }

    /// Whether a container of this name was made in this life of the app.
    pub(super) fn has_made(&self, name: &str) -> bool {
        lock(&self.made).contains(name)
    }

    /// What an earlier life has left could not be looked for.
    pub(super) fn look_again(&self) {
        self.unseen.store(true, Ordering::Relaxed);
        self.more.notify_one();
    }

    /// The engine can be asked again.
    pub(super) fn engine_is_back(&self) {
        if !self.is_empty() {
            self.more.notify_one();
        }
    }

    /// Now it was looked for.
    pub(super) fn saw(&self) {
        self.unseen.store(false, Ordering::Relaxed);
    }

    /// Whether it still is to be looked for.
    pub(super) fn is_unseen(&self) -> bool {
        self.unseen.load(Ordering::Relaxed)
    }

    fn is_empty(&self) -> bool {
        lock(&self.containers).is_empty() && !self.is_unseen()
    }
}

/// Removes what could not be removed, until the app lets go of the engine.
pub(super) async fn clear(inner: Arc<Inner>, link: Arc<Link>) {
    let litter = &link.litter;
    let clearing = async {
        loop {
            litter.more.notified().await;
            let mut wait = AGAIN_FIRST;
            while !litter.is_empty() {
                // It was refused a moment ago, unless there is more by now.
                let more = timeout(wait, litter.more.notified()).await.is_ok();
                try_all(&inner, &link).await;
                wait = if more {
                    AGAIN_FIRST
                } else {
                    (wait * 2).min(AGAIN_LAST)
                };
            }
            // What a container has held can be asked for again.
            inner.turned.notify_one();
        }
    };
    tokio::select! {
        () = inner.life.cancelled() => {}
        () = clearing => {}
    }
}

async fn try_all(inner: &Inner, link: &Arc<Link>) {
    let litter = &link.litter;
    if link.hello().await.is_err() {
        return;
    }
    if litter.is_unseen() {
        found::sweep(inner, link).await;
    }
    let all: Vec<String> = lock(&litter.containers).iter().cloned().collect();
    join_all(all.iter().map(|container| try_one(link, container))).await;
}

async fn try_one(link: &Link, container: &str) {
    let litter = &link.litter;
    let found = match link.docker.inspect_container(container, None).await {
        Ok(found) => found.id.map(|id| (id, found.state)),
        Err(error) if fault::is_gone(&error) => None,
        Err(_) => return,
    };
    // Since then its name may have become another one's.
    if !lock(&litter.containers).contains(container) {
        return;
    }
    let Some((id, state)) = found else {
        tracing::info!(container, "gone at last");
        lock(&litter.containers).remove(container);
        return;
    };
    // It may be one that could not be asked to end: what it has is written first. Whether it is gone is
    // seen the next time, for somebody else may be at its removal.
    end(link, &id, label::state_of(state.as_ref())).await;
}
