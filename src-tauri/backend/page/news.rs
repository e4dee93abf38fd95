//! What waits to be told. A page can make news faster than anyone takes them, so of each tab's
//! states only the last is kept.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::event::{HistoryEntry, PageNews};
use duotab_core::message::TabId;
use tokio::sync::{Notify, mpsc};

use super::{FileSign, PageEvent, Shared};

/// Events that may wait. Pages are limited in number, so this is not reached in earnest.
const MAX_WAITING: usize = 4096;

/// What was last told of a page to its tab.
#[derive(Default)]
pub(super) struct Told {
    /// History and index.
    pub(super) history: Option<(Vec<HistoryEntry>, usize)>,
    /// Title.
    pub(super) title: Option<String>,
    /// The address of the icon, `None` for none.
    pub(super) icon: Option<Option<String>>,
}

/// The events that wait.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<PageEvent>>,
    ready: Notify,
}

impl Queue {
    /// News of a tab.
    pub(super) fn news(&self, tab: TabId, news: PageNews) {
        self.push(PageEvent::News(tab, news));
    }

    /// Any event. A state replaces what was still to be said of it before.
    pub(super) fn push(&self, event: PageEvent) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let PageEvent::File(news) = &event
            && matches!(news.sign, FileSign::Comes { .. })
        {
            waiting.retain(|other| {
                !matches!(other, PageEvent::File(old)
                    if old.guid == news.guid && matches!(old.sign, FileSign::Comes { .. }))
            });
        }
        if let PageEvent::News(tab, news) = &event
            && !matches!(
                news,
                PageNews::OpenedPage { .. }
                    | PageNews::Asks(_)
                    | PageNews::AskGone(_)
                    | PageNews::WantsFiles(..)
            )
        {
            waiting.retain(|other| {
                !matches!(other, PageEvent::News(of, old)
                    if of == tab && discriminant(old) == discriminant(news))
            });
        }
        if waiting.len() < MAX_WAITING || event == PageEvent::Disconnected {
            waiting.push_back(event);
        } else {
            tracing::warn!("too much page news, some is dropped");
        }
        drop(waiting);
        self.ready.notify_one();
    }

    fn pop(&self) -> Option<PageEvent> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

/// Hands the events on, in order, until the last one or until nobody takes them.
pub(super) async fn forward(shared: Arc<Shared>, sender: mpsc::Sender<PageEvent>) {
    loop {
        while let Some(event) = shared.queue.pop() {
            let last = event == PageEvent::Disconnected;
            if sender.send(event).await.is_err() || last {
                shared.end.cancel();
                return;
            }
        }
        tokio::select! {
            () = shared.queue.ready.notified() => {}
            () = sender.closed() => {
                shared.end.cancel();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_state_replaces_an_earlier_one_that_nobody_took() {
        let queue = Queue::default();
        let (a, b) = (TabId(1), TabId(2));
        queue.news(a, PageNews::Title("old".into()));
        queue.news(b, PageNews::Title("other".into()));
        queue.news(a, PageNews::Loading(true));
        queue.news(a, PageNews::Title("new".into()));
        let events: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(
            events,
            [
                PageEvent::News(b, PageNews::Title("other".into())),
                PageEvent::News(a, PageNews::Loading(true)),
                PageEvent::News(a, PageNews::Title("new".into())),
            ]
        );
    }

    #[test]
    fn no_flood_of_pages_grows_the_queue_without_end_or_hides_the_end() {
        let queue = Queue::default();
        for n in 0..2 * MAX_WAITING {
            queue.push(PageEvent::Stray {
                target: n.to_string(),
                url: String::new(),
            });
        }
        queue.push(PageEvent::Disconnected);
        let events: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(events.len(), MAX_WAITING + 1);
        assert_eq!(events.last(), Some(&PageEvent::Disconnected));
    }
}
