//! Connections to sites that wait for the next request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use duotab_core::proxy::Target;
use hyper::client::conn::http1::SendRequest;
use tokio::sync::Notify;

use super::exit::Reader;
use super::forward::Sent;

/// How long a connection waits. Servers close after 5 s (Node), 60 s or 75 s (nginx), or later.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// As many as the engine opens to one host.
const MAX_PER_TARGET: usize = 8;
const MAX_TARGETS: usize = 128;

/// What a connection may be used for again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) target: Target,
    /// Connections that only the person's own asking has opened are for that asking alone.
    pub(super) asked: bool,
}

/// A connection to a site that can take a request.
pub(super) struct Upstream {
    pub(super) sender: SendRequest<Sent>,
    /// The HTTP proxy that it ends at.
    pub(super) reader: Option<Reader>,
}

/// The connections that wait.
#[derive(Default)]
pub(super) struct Pool {
    waiting: Mutex<HashMap<Key, Vec<(Upstream, Instant)>>>,
    more: Notify,
}

impl Pool {
    /// One that is open, the latest used first: it is the least likely to be closed meanwhile.
    pub(super) fn take(&self, key: &Key) -> Option<Upstream> {
        let mut waiting = self.lock();
        let of_key = waiting.get_mut(key)?;
        let mut found = None;
        while let Some((upstream, since)) = of_key.pop() {
            if upstream.sender.is_ready() && since.elapsed() < LONGEST_WAIT {
                found = Some(upstream);
                break;
            }
        }
        if of_key.is_empty() {
            waiting.remove(key);
        }
        found
    }

    /// Keeps one for later.
    pub(super) fn put(&self, key: Key, upstream: Upstream) {
        let mut waiting = self.lock();
        if waiting.len() >= MAX_TARGETS && !waiting.contains_key(&key) {
            let oldest = waiting
                .iter()
                .filter_map(|(key, of_key)| Some((of_key.last()?.1, key)))
                .min_by_key(|(since, _)| *since)
                .map(|(_, key)| key.clone());
            oldest.map(|oldest| waiting.remove(&oldest));
        }
        let of_key = waiting.entry(key).or_default();
        if of_key.len() == MAX_PER_TARGET {
            of_key.remove(0);
        }
        of_key.push((upstream, Instant::now()));
        self.more.notify_one();
    }

    /// Closes all.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// Closes what has waited too long, for ever.
    pub(super) async fn sweep(&self) {
        loop {
            self.more.notified().await;
            while !self.is_empty() {
                tokio::time::sleep(LONGEST_WAIT / 2).await;
                self.lock().retain(|_, of_key| {
                    of_key.retain(|(upstream, since)| {
                        !upstream.sender.is_closed() && since.elapsed() < LONGEST_WAIT
                    });
                    !of_key.is_empty()
                });
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Vec<(Upstream, Instant)>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
