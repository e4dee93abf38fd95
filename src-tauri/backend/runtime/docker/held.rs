//! Which profiles may have a volume. It is told to be kept, so that it is known while the engine
//! is away: what cannot be looked at is not taken for gone.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use duotab_core::message::ProfileName;
use tokio::sync::mpsc;

use super::label;
use super::link::Link;
use crate::runtime::EngineNews;

/// The names of profiles.
#[derive(Debug)]
pub(super) struct Held {
    profiles: Mutex<BTreeSet<String>>,
    news: mpsc::Sender<EngineNews>,
}

impl Held {
    /// `kept` is what was told last to be kept.
    pub(super) fn new(kept: &str, news: mpsc::Sender<EngineNews>) -> Self {
        Self {
            profiles: Mutex::new(serde_json::from_str(kept).unwrap_or_default()),
            news,
        }
    }

    /// Whether the profile may have a volume.
    pub(super) fn has(&self, profile: &ProfileName) -> bool {
        self.all().contains(&profile.0)
    }

    /// It is about to have one.
    pub(super) async fn add(&self, profile: &ProfileName) {
        self.change(|all| all.insert(profile.0.clone())).await;
    }

    /// It has none any more.
    pub(super) async fn remove(&self, profile: &ProfileName) {
        self.change(|all| all.remove(&profile.0)).await;
    }

    /// Adds what the engine has: it may be known to it alone.
    pub(super) async fn look(&self, link: &Link, install: &str) {
        match label::profiles(link, install).await {
            Ok(there) => {
                self.change(|all| {
                    let before = all.len();
                    all.extend(there);
                    all.len() != before
                })
                .await;
            }
            Err(error) => tracing::debug!(%error, "cannot look for volumes"),
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes it, and has it kept if it is another one then.
    async fn change(&self, change: impl FnOnce(&mut BTreeSet<String>) -> bool) {
        // Room first: nothing is changed and not told, and all is told in its order.
        let room = self.news.reserve().await;
        let mut all = self.all();
        // Without a receiver nobody keeps anything.
        if change(&mut all)
            && let Ok(room) = room
        {
            let kept = serde_json::to_string(&*all).unwrap_or_default();
            room.send(EngineNews::Volumes { kept });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_known_in_the_next_life_of_the_app() {
        let (news, mut told) = mpsc::channel(8);
        let (one, other) = (ProfileName("default".into()), ProfileName("p2".into()));
        let held = Held::new("", news.clone());
        for profile in [&one, &other, &one] {
            held.add(profile).await;
        }
        held.remove(&one).await;
        let mut kept = Vec::new();
        while let Ok(EngineNews::Volumes { kept: text }) = told.try_recv() {
            kept.push(text);
        }
        assert_eq!(kept.len(), 3, "nothing new is not told");
        let held = Held::new(&kept[2], news);
        assert!(held.has(&other) && !held.has(&one));
    }
}
