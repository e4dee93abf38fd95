//! The way out to whoever uses the client: one bounded channel on which frames may be dropped
//! and nothing else is.

use std::collections::VecDeque;
use tokio::sync::mpsc;

use super::{Frame, News};

/// Places in the channel.
const PLACES: usize = 128;
/// Places that frames may take: half a second at 30 frames per second.
const FRAMES: usize = 16;
/// News that wait for a place; beyond it only the newest of those that replace each other stay.
const WAITING: usize = 512;

/// Whether a frame was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It goes to the consumer.
    Yes,
    /// The consumer is too slow.
    No,
}

/// The frames' side: never waits.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    sender: mpsc::Sender<News>,
}

impl Outlet {
    /// A channel's two ends.
    pub(super) fn new() -> (Self, mpsc::Receiver<News>) {
        let (sender, receiver) = mpsc::channel(PLACES);
        (Self { sender }, receiver)
    }

    /// Whether a frame would be taken.
    pub(super) fn has_room(&self) -> bool {
        self.sender.capacity() > PLACES - FRAMES
    }

    /// Gives a frame, with the word that the picture is live before it.
    pub(super) fn frame(&self, frame: Frame, live: bool) -> Taken {
        if !self.has_room() {
            return Taken::No;
        }
        if live && self.sender.try_send(News::Live).is_err() {
            return Taken::No;
        }
        match self.sender.try_send(News::Frame(frame)) {
            Ok(()) => Taken::Yes,
            Err(_) => Taken::No,
        }
    }

    /// Gives audio, or drops it.
    pub(super) fn audio(&self, time_us: u64, data: bytes::Bytes) {
        if self.sender.capacity() > PLACES / 2 {
            let _ = self.sender.try_send(News::Audio { time_us, data });
        }
    }
}

/// The side of all other news: kept in order until there is room.
#[derive(Debug)]
pub(super) struct Desk {
    sender: mpsc::Sender<News>,
    waiting: VecDeque<News>,
}

impl Desk {
    pub(super) fn new(outlet: &Outlet) -> Self {
        Self {
            sender: outlet.sender.clone(),
            waiting: VecDeque::new(),
        }
    }

    /// Gives news, now or when there is room.
    pub(super) fn tell(&mut self, news: News) {
        let news = if self.waiting.is_empty() {
            match self.sender.try_send(news) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(news)) => news,
            }
        } else {
            news
        };
        if news.replaces_earlier() {
            let kind = std::mem::discriminant(&news);
            self.waiting.retain(|it| std::mem::discriminant(it) != kind);
        }
        self.waiting.push_back(news);
        // Only what replaces nothing is left, and nobody has read half a thousand of it.
        if self.waiting.len() > WAITING {
            self.waiting.pop_front();
        }
    }

    /// Whether news wait.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Waits for a place and gives what waited longest. `Err` when nobody listens any more.
    ///
    /// Cancel safe.
    pub(super) async fn flush(&mut self) -> Result<(), ()> {
        let place = self.sender.reserve().await.map_err(|_| ())?;
        if let Some(news) = self.waiting.pop_front() {
            place.send(news);
        }
        Ok(())
    }

    /// Completes when nobody listens any more.
    pub(super) fn closed(&self) -> impl Future<Output = ()> + use<> {
        let sender = self.sender.clone();
        async move { sender.closed().await }
    }
}
