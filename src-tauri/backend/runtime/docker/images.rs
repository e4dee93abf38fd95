//! The images that containers are made from: one by its digest, and a newer one that is offered,
//! fetched, tried, and given up again if it does not become ready.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use duotab_core::fault::ImageUpdate;
use duotab_core::message::{SessionId, StartFailure};
use duotab_core::streaming::Looked;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::image::{self, Reference};
use super::link::Link;
use super::pin::Pin;
use super::{Docker, Inner, fault};
use crate::runtime::EngineNews;

/// The registry is left alone while the app starts.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// How long an engine may take to hear from a registry.
const LOOK_LIMIT: Duration = Duration::from_secs(40);
/// How soon a registry that could not be asked is asked again.
const AGAIN: Duration = Duration::from_secs(60 * 60);

/// One image by its name, and what is known of its digests.
#[derive(Debug)]
pub(super) struct Images {
    /// As it was set: a tag, most often.
    name: String,
    config_dir: Option<PathBuf>,
    pin: Mutex<Pin>,
    /// What the registry has, until it is fetched.
    offered: Mutex<Option<String>>,
    /// Held while a newer one is being fetched.
    fetching: tokio::sync::Mutex<()>,
    /// What each session's container was made from.
    serving: Mutex<HashMap<SessionId, String>>,
    pinned: Notify,
    news: mpsc::Sender<EngineNews>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Images {
    /// `kept` is what was told last to be kept.
    pub(super) fn new(
        name: String,
        config_dir: Option<PathBuf>,
        kept: &str,
        news: mpsc::Sender<EngineNews>,
    ) -> Self {
        Self {
            name,
            config_dir,
            pin: Mutex::new(Pin::parse(kept)),
            offered: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            serving: Mutex::default(),
            pinned: Notify::new(),
            news,
        }
    }

    /// Whether a newer one is to be tried.
    pub(super) fn has_next(&self) -> bool {
        lock(&self.pin).next.is_some()
    }

    /// What a container is to be made from, fetched if need be and allowed: the digest on trial,
    /// or the one in use.
    pub(super) async fn choose(
        &self,
        link: &Link,
        trial: bool,
        may_fetch: bool,
        fetched: &(dyn Fn(u8) + Send + Sync),
    ) -> Result<String, StartFailure> {
        let wanted = {
            let pin = lock(&self.pin);
            if trial {
                pin.next.clone()
            } else {
                pin.digest.clone()
            }
        };
        if let Some(digest) = wanted {
            let exact = self.exact(&digest);
            match self.have(link, &exact, may_fetch, fetched).await {
                Ok(()) => return Ok(exact),
                // A registry need not keep what its tag has left; the tag is there for that.
                Err(
                    StartFailure::ImageMissing { .. }
                    | StartFailure::RegistryUnreachable { .. }
                    | StartFailure::RegistryDenied { .. },
                ) if !trial => tracing::warn!(exact, "the image is not to be had any more"),
                Err(failure) => return Err(failure),
            }
        }
        self.have(link, &self.name, may_fetch, fetched).await?;
        if Reference::parse(&self.name).is_fixed() {
            return Ok(self.name.clone());
        }
        let Some(digest) = image::digest(link, &self.name).await else {
            // Built on this machine: there is no registry that could have a newer one.
            return Ok(self.name.clone());
        };
        let exact = self.exact(&digest);
        tracing::info!(exact, "the image in use from now on");
        self.change(|pin| pin.pin(digest)).await;
        self.pinned.notify_one();
        Ok(exact)
    }

    /// Fetches an image. By its tag only what is not there at all.
    async fn have(
        &self,
        link: &Link,
        image: &str,
        may_fetch: bool,
        fetched: &(dyn Fn(u8) + Send + Sync),
    ) -> Result<(), StartFailure> {
        if !may_fetch && !image::is_there(link, image).await? {
            let image = image.to_owned();
            return Err(StartFailure::ImageMissing { image });
        }
        image::have(link, image, self.config_dir.clone(), fetched).await
    }

    /// The one on trial serves.
    pub(super) async fn next_is_ready(&self, link: &Link) {
        let old = self.change(Pin::next_is_ready).await;
        let digest = lock(&self.pin).digest.clone();
        if let Some(digest) = digest {
            // The first one was fetched by the tag, which would keep it for ever.
            image::tag(link, &self.exact(&digest), &self.name).await;
        }
        if let Some(old) = old {
            image::remove(link, &self.exact(&old)).await;
        }
    }

    /// The one on trial is not there any more. It may be offered again.
    pub(super) async fn next_is_gone(&self) {
        self.change(|pin| pin.next = None).await;
    }

    /// Whether a device encodes in a container of this image, if that was asked.
    pub(super) fn encodes(&self, image: &str, device: &str) -> Option<bool> {
        lock(&self.pin).encodes(image, device)
    }

    /// What came of asking.
    pub(super) async fn note_encodes(&self, image: &str, device: &str, works: bool) {
        self.change(|pin| pin.note_encodes(image, device, works))
            .await;
    }

    /// A session runs from this image.
    pub(super) fn serves(&self, session: SessionId, image: String) {
        lock(&self.serving).insert(session, image);
    }

    /// The one on trial does not become ready, and the one before does.
    pub(super) async fn roll_back(&self, link: &Link) {
        let failed = self.change(Pin::roll_back).await;
        self.tell(ImageUpdate::RolledBack).await;
        if let Some(failed) = failed {
            image::remove(link, &self.exact(&failed)).await;
        }
    }

    /// A session has ended in peace. If it ran from the digest in use, the one before has no more
    /// to do.
    pub(super) async fn has_served_well(&self, link: &Link, session: SessionId) {
        let served = lock(&self.serving).remove(&session);
        let (digest, before) = {
            let pin = lock(&self.pin);
            (pin.digest.clone(), pin.before.clone())
        };
        if served.is_none() || served != digest.map(|digest| self.exact(&digest)) {
            return;
        }
        if let Some(before) = before
            && image::remove(link, &self.exact(&before)).await
        {
            self.change(|pin| pin.before = None).await;
        }
    }

    /// Asks the registry now whether it has a newer one. Nothing is fetched.
    pub(super) async fn look(&self, link: &Link) -> Looked {
        if Reference::parse(&self.name).is_fixed() {
            return Looked::Fixed;
        }
        if self.fetching.try_lock().is_err() {
            return Looked::Fetching;
        }
        let login = image::login(self.config_dir.clone(), &self.name).await;
        let asking = link.pulls.inspect_registry_image(&self.name, login);
        let failure = match timeout(LOOK_LIMIT, asking).await {
            Ok(Ok(answer)) => {
                self.change(|pin| pin.asked(SystemTime::now())).await;
                let digest = answer.descriptor.digest.unwrap_or_default();
                return self.compare(digest).await;
            }
            // Podman has no such question, and says that there is no such thing.
            Ok(Err(error)) if link.facts.podman && fault::is_gone(&error) => return Looked::Unable,
            Ok(Err(error)) => fault::of_pull(&error, &self.name, &link.socket),
            // The engine waits for the registry, if it is the engine's turn at all.
            Err(_) => match link.hello().await {
                Err(fault) => StartFailure::EngineAway { fault },
                Ok(()) => StartFailure::RegistryUnreachable {
                    image: self.name.clone(),
                },
            },
        };
        Looked::Failed { failure }
    }

    /// What the registry has is offered if it is newer.
    async fn compare(&self, digest: String) -> Looked {
        let looked = lock(&self.pin).compare(&digest);
        if looked == Looked::Newer {
            tracing::info!(image = self.name, digest, "a newer image");
            *lock(&self.offered) = Some(digest);
            self.tell(ImageUpdate::Offered).await;
        }
        looked
    }

    /// Fetches what was offered. It is used from the next start on.
    pub(super) async fn fetch(&self, link: &Link) {
        let Ok(_fetching) = self.fetching.try_lock() else {
            return;
        };
        let Some(digest) = lock(&self.offered).clone() else {
            return;
        };
        let fetched = |percent| self.mention(ImageUpdate::Fetching { percent });
        fetched(0);
        if let Err(failure) = self.have(link, &self.exact(&digest), true, &fetched).await {
            return self.tell(ImageUpdate::Failed { failure }).await;
        }
        *lock(&self.offered) = None;
        let other = self.change(|pin| pin.try_next(digest)).await;
        self.tell(ImageUpdate::Fetched).await;
        if let Some(other) = other {
            image::remove(link, &self.exact(&other)).await;
        }
    }

    fn exact(&self, digest: &str) -> String {
        format!("{}@{digest}", Reference::parse(&self.name).repository)
    }

    /// Changes what is known, and has it kept.
    async fn change<T>(&self, change: impl FnOnce(&mut Pin) -> T) -> T {
        let (result, kept) = {
            let mut pin = lock(&self.pin);
            let before = pin.clone();
            let result = change(&mut pin);
            (result, (*pin != before).then(|| pin.text()))
        };
        if let Some(kept) = kept {
            let image = self.name.clone();
            // Without a receiver nobody keeps anything.
            let _ = self.news.send(EngineNews::Keep { image, kept }).await;
        }
        result
    }

    /// Waits until there is room for it.
    pub(super) async fn tell(&self, update: ImageUpdate) {
        let image = self.name.clone();
        // Without a receiver nobody wants to know.
        let _ = self.news.send(EngineNews::Image { image, update }).await;
    }

    /// What finds no room is soon followed by the next.
    fn mention(&self, update: ImageUpdate) {
        let image = self.name.clone();
        if self
            .news
            .try_send(EngineNews::Image { image, update })
            .is_err()
        {
            tracing::debug!("no room for news of an image");
        }
    }
}

impl Docker {
    /// Asks the registry whether it has a newer image; one is offered as [`EngineNews::Image`].
    pub async fn look_for_update(&self) -> Looked {
        match self.link().await {
            Ok(link) => self.inner.images.look(&link).await,
            Err(fault) => Looked::Failed {
                failure: StartFailure::EngineAway { fault },
            },
        }
    }

    /// Fetches the newer image that was offered, which takes as long as it takes; what comes of it
    /// is told as [`EngineNews::Image`]. The next start tries it.
    pub async fn fetch_update(&self) {
        let images = &self.inner.images;
        let fetching = async {
            match self.link().await {
                Ok(link) => images.fetch(&link).await,
                Err(fault) => {
                    let failure = StartFailure::EngineAway { fault };
                    images.tell(ImageUpdate::Failed { failure }).await;
                }
            }
        };
        tokio::select! {
            () = self.inner.life.cancelled() => {}
            () = fetching => {}
        }
    }
}

/// Asks the registry now and then, until the app lets go of the engine.
pub(super) async fn ask_now_and_then(inner: Arc<Inner>, link: Arc<Link>) {
    let Some(every) = inner.with.update_every else {
        return;
    };
    let asking = async {
        let mut wait = FIRST_WAIT;
        loop {
            while lock(&inner.images.pin).digest.is_none() {
                inner.images.pinned.notified().await;
            }
            let quiet = lock(&inner.images.pin).quiet(every, SystemTime::now());
            tokio::time::sleep(wait.max(quiet)).await;
            wait = match inner.images.look(&link).await {
                Looked::Failed { failure } => {
                    tracing::debug!(?failure, "no word of a newer image");
                    AGAIN
                }
                _ => every,
            };
        }
    };
    tokio::select! {
        () = inner.life.cancelled() => {}
        () = asking => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_word_on_an_update_waits_until_there_is_room_for_it() {
        let (news, mut told) = mpsc::channel(1);
        let images = Images::new("a/b:1".to_owned(), None, "", news);
        images.mention(ImageUpdate::Fetching { percent: 1 });
        images.mention(ImageUpdate::Fetching { percent: 2 });
        let hears = async {
            let mut heard = Vec::new();
            for _ in 0..2 {
                if let Some(EngineNews::Image { update, .. }) = told.recv().await {
                    heard.push(update);
                }
            }
            heard
        };
        let ((), heard) = tokio::join!(images.tell(ImageUpdate::Fetched), hears);
        let first = ImageUpdate::Fetching { percent: 1 };
        assert_eq!(heard, [first, ImageUpdate::Fetched]);
    }
}
