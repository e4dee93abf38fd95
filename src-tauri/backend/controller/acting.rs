//! Page orders, carried out one after the other for as long as one connection lasts. What a
//! connection did not get done is done by the next one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duotab_core::action::PageAction;
use duotab_core::event::{Event, PageNews};
use duotab_core::message::{Mode, TabId};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::page::{PageError, Pages};

/// How long orders that were given are waited for.
const END_LIMIT: Duration = Duration::from_secs(2);

/// What is to be done to a tab's page.
pub(super) type PageOrder = (TabId, PageAction);

/// Orders that were not carried out, because the connection was lost. A clone is the same list.
#[derive(Clone, Default)]
pub(super) struct Undone(Arc<Mutex<Vec<PageOrder>>>);

impl Undone {
    pub(super) fn take(&self) -> Vec<PageOrder> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, order: PageOrder) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(order);
    }
}

/// What a new connection begins with.
pub(super) struct Orders {
    /// The tabs that have a page, with their zoom in percent.
    pub(super) tabs: HashMap<TabId, u16>,
    /// Which page was whose at the last connection.
    pub(super) known: HashMap<TabId, String>,
    /// What is to be done first.
    pub(super) orders: Vec<PageOrder>,
}

/// The task that carries out page orders.
pub(super) struct Acting {
    orders: mpsc::UnboundedSender<PageOrder>,
    told: mpsc::UnboundedReceiver<Event>,
    handle: JoinHandle<()>,
}

impl Drop for Acting {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl Acting {
    /// Gives pages that stood in the engine before (the app was killed, or the connection was
    /// away) back to their tabs, and closes those that no tab asks for. Then does as it is told.
    pub(super) fn start(pages: Pages, first: Orders, undone: Undone) -> Self {
        let (orders, mut inbox) = mpsc::unbounded_channel::<PageOrder>();
        let (teller, told) = mpsc::unbounded_channel();
        let handle = tokio::spawn(async move {
            let act = async |tab: TabId, action: PageAction| {
                let said = match &action {
                    PageAction::Carry(order) => Some(pages.carry(tab, order).await),
                    PageAction::Cookies(order) => Some(pages.cookies(tab, order.clone()).await),
                    _ => None,
                };
                if let Some(said) = said {
                    if let Some(news) = said {
                        let _ = teller.send(Event::Page(tab, Mode::Streamed, news));
                    }
                    return;
                }
                let again = action.clone();
                match pages.act(tab, action).await {
                    Ok(()) => {}
                    Err(PageError::Disconnected) => undone.put((tab, again)),
                    Err(error) => {
                        tracing::warn!(tab = tab.0, %error, "page order failed");
                        if let Some(event) = failed(tab, &again, &error) {
                            let _ = teller.send(event);
                        }
                    }
                }
            };
            let mut left = pages.list();
            for (tab, action) in claim_all(first, &mut left) {
                act(tab, action).await;
            }
            for (target, _) in left {
                // It may be gone by now.
                let _ = pages.dismiss(&target).await;
            }
            while let Some((tab, action)) = inbox.recv().await {
                act(tab, action).await;
            }
        });
        Self {
            orders,
            told,
            handle,
        }
    }

    pub(super) fn order(&self, tab: TabId, action: PageAction) {
        let _ = self.orders.send((tab, action));
    }

    /// Waits, not for long, until the orders that were given are carried out or undone. What the
    /// pages were to say for their next selves is told as it comes.
    pub(super) async fn end(mut self, tell: impl Fn(Event)) {
        let (nobody, _) = mpsc::unbounded_channel();
        drop(std::mem::replace(&mut self.orders, nobody));
        // What is told ends with the task that tells it.
        let heard = async {
            while let Some(event) = self.told.recv().await {
                if let Event::Page(_, _, PageNews::Collected(_) | PageNews::Cookies(_)) = event {
                    tell(event);
                }
            }
        };
        let _ = tokio::time::timeout(END_LIMIT, heard).await;
    }
}

/// What the core must know of orders: what they brought, or that they came to nothing.
pub(super) async fn told(acting: &mut Option<Acting>) -> Event {
    if let Some(acting) = acting
        && let Some(event) = acting.told.recv().await
    {
        return event;
    }
    std::future::pending().await
}

fn failed(tab: TabId, action: &PageAction, error: &PageError) -> Option<Event> {
    let news = match (action, error) {
        (PageAction::Open { url, .. } | PageAction::Navigate(url), error) => PageNews::Failed {
            url: url.clone(),
            fault: None,
            detail: error.to_string(),
        },
        // It went while nobody was connected to hear of it.
        (PageAction::Attach { .. }, PageError::UnknownTarget) => PageNews::Closed,
        _ => return None,
    };
    Some(Event::Page(tab, Mode::Streamed, news))
}

/// What is to be done first: a tab that had a page takes it over again, asked or not.
fn claim_all(first: Orders, left: &mut Vec<(String, String)>) -> Vec<PageOrder> {
    let Orders {
        tabs,
        mut known,
        orders,
    } = first;
    let mut all = Vec::new();
    for (tab, zoom) in tabs {
        let is_asked = orders.iter().any(|(of, action)| {
            *of == tab && matches!(action, PageAction::Open { .. } | PageAction::Attach { .. })
        });
        if is_asked {
            continue;
        }
        let Some(target) = known.remove(&tab) else {
            continue;
        };
        left.retain(|(there, _)| *there != target);
        all.push((tab, PageAction::Attach { target, zoom }));
    }
    for (tab, action) in orders {
        all.push((tab, claim(tab, action, left, &mut known)));
    }
    all
}

/// Turns an order to open a page into one to take over a page that is there already.
fn claim(
    tab: TabId,
    action: PageAction,
    left: &mut Vec<(String, String)>,
    known: &mut HashMap<TabId, String>,
) -> PageAction {
    let PageAction::Open { url, zoom } = &action else {
        return action;
    };
    let known = known.remove(&tab);
    let at = left
        .iter()
        .position(|(target, _)| Some(target) == known.as_ref())
        .or_else(|| left.iter().position(|(_, at)| at == url));
    match at {
        Some(at) => PageAction::Attach {
            target: left.swap_remove(at).0,
            zoom: *zoom,
        },
        None => action,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TabId = TabId(1);
    const TWO: TabId = TabId(2);

    fn open(url: &str) -> PageAction {
        let (url, zoom) = (url.to_owned(), 100);
        PageAction::Open { url, zoom }
    }

    fn attach(target: &str, zoom: u16) -> PageAction {
        let target = target.to_owned();
        PageAction::Attach { target, zoom }
    }

    fn pages(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(target, url): &(&str, &str)| ((*target).to_owned(), (*url).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn after_a_lost_connection_each_tab_has_its_page_again_before_anything_else() {
        let mut left = pages(&[("A", "http://a/"), ("B", "http://b/"), ("X", "http://x/")]);
        let navigate = PageAction::Navigate("http://c/".to_owned());
        let first = Orders {
            tabs: HashMap::from([(ONE, 100), (TWO, 150)]),
            known: HashMap::from([(TWO, "A".to_owned())]),
            orders: vec![(TWO, navigate.clone())],
        };
        let all = claim_all(first, &mut left);
        assert_eq!(all, [(TWO, attach("A", 150)), (TWO, navigate)]);
        assert_eq!(left.len(), 2);
    }

    #[test]
    fn a_tab_that_asks_for_a_page_gets_the_one_it_had_or_one_at_that_address() {
        let mut left = pages(&[("A", "http://a/"), ("B", "http://b/")]);
        let first = Orders {
            tabs: HashMap::from([(ONE, 100), (TWO, 100)]),
            known: HashMap::from([(ONE, "B".to_owned())]),
            orders: vec![(ONE, open("http://a/")), (TWO, open("http://a/"))],
        };
        let all = claim_all(first, &mut left);
        assert_eq!(all, [(ONE, attach("B", 100)), (TWO, attach("A", 100))]);
        assert!(left.is_empty());
    }
}
