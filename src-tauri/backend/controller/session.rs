//! What is attached to a running engine: the Neko client and the page control, brought up
//! together, told apart by the leg that fails.

use super::News;
use super::acting::{self, Acting, Orders, PageOrder, Undone};
use super::gift::Gifts;
use super::transfer::Transfers;
use super::viewer::Viewer;
use crate::endpoint::{Endpoint, Secret, Shelf};
use crate::neko::{self, Neko};
use crate::page::{self, PageError, PageEvent, Pages};
use duotab_core::action::PageAction;
use duotab_core::ask::Wish;
use duotab_core::download::Transfer;
use duotab_core::event::{Event, PageNews};
use duotab_core::message::{Leg, Mode, SessionId, TabId};
use duotab_core::site::SitePermission;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long the page control may refuse to be connected.
const PAGES_LIMIT: Duration = Duration::from_secs(20);

/// How long it may take in all. An engine may serve before its browser shows a page, and says
/// nothing until then; koneko gives its browser up after a minute.
const PAGES_COME: Duration = Duration::from_secs(75);

/// The wait before another try.
const PAGES_RETRY: Duration = Duration::from_millis(200);

/// Which session, and where it answers.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) session: SessionId,
    pub(super) endpoint: Endpoint,
}

/// Client and page control of one session.
pub(super) struct Attached {
    link: Link,
    viewer: Viewer,
    neko: Arc<Neko>,
    news: mpsc::Receiver<neko::News>,
    token: Option<Secret>,
    pages: Control,
    /// The last connection, which still knows which page was whose.
    control: Option<Pages>,
    /// The tabs whose pages were opened, with their zoom in percent.
    tabs: HashMap<TabId, u16>,
    /// Orders that came before the page control was there.
    waiting: Vec<PageOrder>,
    /// Orders that the last connection took and did not carry out.
    undone: Undone,
    acting: Option<Acting>,
    transfers: Transfers,
    gifts: Gifts,
    /// What is decided for sites.
    decided: HashMap<(String, Wish), SitePermission>,
}

/// The pages, and what happens to them.
type Connected = (Pages, mpsc::Receiver<PageEvent>);

/// The page control's own state.
enum Control {
    /// The login's token is not known yet.
    Waiting,
    Connecting(JoinHandle<Result<Connected, PageError>>),
    Connected(mpsc::Receiver<PageEvent>),
    Failed,
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Self::Connecting(task) = self {
            task.abort();
        }
    }
}

impl Attached {
    pub(super) fn new(
        link: Link,
        viewer: Viewer,
        before: Option<Pages>,
        (transfers, gifts): (Transfers, Gifts),
    ) -> Self {
        let (neko, news) = neko::start(link.endpoint.clone(), viewer.options());
        let neko = Arc::new(neko);
        viewer.attach(link.session, Arc::clone(&neko));
        Self {
            link,
            viewer,
            neko,
            news,
            token: None,
            pages: Control::Waiting,
            control: before,
            tabs: HashMap::new(),
            waiting: Vec::new(),
            undone: Undone::default(),
            acting: None,
            transfers,
            gifts,
            decided: HashMap::new(),
        }
    }

    /// What is decided for sites, for this connection of the page control and all others.
    pub(super) fn permit(&mut self, decided: Vec<SitePermission>) {
        for each in decided.clone() {
            let key = (each.origin.clone(), each.wish);
            match each.allowed {
                Some(_) => self.decided.insert(key, each),
                None => self.decided.remove(&key),
            };
        }
        if let (Control::Connected(_), Some(pages)) = (&self.pages, self.control.clone()) {
            tokio::spawn(async move { pages.permit(decided).await });
        }
    }

    /// Gives a file up, if it comes from here.
    pub(super) fn cancel_transfer(&mut self, transfer: Transfer) {
        self.transfers.cancel(transfer, self.control.as_ref());
    }

    pub(super) fn page(&mut self, tab: TabId, action: PageAction) {
        match action {
            PageAction::GiveFiles(ask, files) if !files.is_empty() => {
                return self.gifts.give(tab, ask, files, self.control.as_ref());
            }
            PageAction::StopGiving => return self.gifts.stop(tab),
            PageAction::Print => return self.transfers.print(tab, self.control.as_ref()),
            PageAction::Close => self.gifts.page_gone(tab),
            _ => {}
        }
        match &action {
            PageAction::Open { zoom, .. }
            | PageAction::Attach { zoom, .. }
            | PageAction::Zoom(zoom) => self.tabs.insert(tab, *zoom),
            PageAction::Close => self.tabs.remove(&tab),
            _ => None,
        };
        match &self.acting {
            Some(acting) => acting.order(tab, action),
            None => self.waiting.push((tab, action)),
        }
    }

    /// The next thing the core must know; `None` if there was only something to do.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let session = self.link.session;
        tokio::select! {
            biased;
            // Without news the client has given up and said so; the core will detach.
            Some(news) = self.news.recv() => self.neko_news(news),
            heard = self.pages.next() => match heard {
                Heard::Connected(connected) => self.control_connected(connected),
                Heard::Event(PageEvent::News(tab, news)) => {
                    match news {
                        PageNews::Committed | PageNews::Crashed => self.gifts.page_left(tab),
                        PageNews::Closed => self.gifts.page_gone(tab),
                        _ => {}
                    }
                    Some(Event::Page(tab, Mode::Streamed, news))
                }
                Heard::Event(PageEvent::Stray { target, url }) => {
                    Some(Event::StrayPage { session, target, url })
                }
                Heard::Event(PageEvent::File(news)) => {
                    self.transfers.hear(news, self.control.as_ref());
                    None
                }
                Heard::Event(PageEvent::Disconnected) => {
                    self.connect_pages();
                    None
                }
            },
            failure = acting::told(&mut self.acting) => Some(failure),
            () = self.transfers.next() => None,
            else => std::future::pending().await,
        }
    }

    fn neko_news(&mut self, news: neko::News) -> Option<Event> {
        let session = self.link.session;
        match news {
            neko::News::LoggedIn { token } => {
                self.token = Some(token);
                if !matches!(self.pages, Control::Connected(_)) {
                    self.connect_pages();
                }
                None
            }
            neko::News::Live => Some(Event::StreamLive(session)),
            neko::News::Relayed(relayed) => Some(Event::StreamRelayed(session, relayed)),
            neko::News::Lost(leg) => Some(Event::StreamLost(session, leg)),
            neko::News::Failed(leg, detail) => {
                tracing::warn!(session = session.0, ?leg, %detail, "stream failed");
                Some(Event::StreamFailed(session, leg))
            }
            news => {
                self.viewer.show(session, news);
                None
            }
        }
    }

    /// Which page was whose when the page control was connected last.
    fn known_targets(&self) -> HashMap<TabId, String> {
        let Some(control) = &self.control else {
            return HashMap::new();
        };
        self.tabs
            .keys()
            .filter_map(|tab| Some((*tab, control.target(*tab)?)))
            .collect()
    }

    fn connect_pages(&mut self) {
        let Some(token) = self.token.clone() else {
            return;
        };
        let endpoint = self.link.endpoint.clone();
        let acting = self.acting.take();
        let is_first = self.control.is_none();
        let decided = self.decided.values().cloned().collect();
        self.pages = Control::Connecting(tokio::spawn(async move {
            if let Some(acting) = acting {
                // A page that stays has nothing to say for a next self.
                acting.end(|_| ()).await;
            }
            let shelf = Shelf::of(endpoint.clone(), token.clone());
            let (connected, folder) = tokio::join!(
                connect(&endpoint, &token),
                tokio::time::timeout(PAGES_LIMIT, prepare(&shelf, is_first)),
            );
            let (pages, events) = connected?;
            // Before any page is opened, for it may turn out to be a file.
            let folder = folder.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
            let listening = match folder {
                Ok(folder) => pages.take_files(&folder).await.map_err(|it| it.to_string()),
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = listening {
                tracing::warn!(%error, "files that pages give stay in the session");
            }
            pages.permit(decided).await;
            Ok((pages, events))
        }));
    }

    fn control_connected(&mut self, connected: Result<Connected, PageError>) -> Option<Event> {
        match connected {
            Ok((pages, events)) => {
                if let Some(token) = self.token.clone() {
                    let shelf = Shelf::of(self.link.endpoint.clone(), token);
                    self.gifts.connected(shelf.clone());
                    self.transfers.connected(shelf);
                }
                self.pages = Control::Connected(events);
                let first = Orders {
                    tabs: self.tabs.clone(),
                    known: self.known_targets(),
                    orders: self
                        .undone
                        .take()
                        .into_iter()
                        .chain(self.waiting.drain(..))
                        .collect(),
                };
                self.control = Some(pages.clone());
                self.acting = Some(Acting::start(pages, first, self.undone.clone()));
                None
            }
            Err(error) => {
                tracing::warn!(session = self.link.session.0, %error, "page control failed");
                self.pages = Control::Failed;
                Some(Event::StreamFailed(self.link.session, Leg::PageControl))
            }
        }
    }

    /// Lets go; what is returned still knows which page was whose, and what lies on the shelf. The
    /// core must still know what is sent to `news`.
    pub(super) async fn close(self, news: &News) -> (Option<Pages>, Gifts) {
        let Self {
            link,
            viewer,
            neko,
            acting,
            control,
            mut gifts,
            ..
        } = self;
        gifts.disconnected();
        viewer.detach(link.session);
        // Orders that were given before (a page to close) are carried out first.
        if let Some(acting) = acting {
            acting.end(|event| news.send(event)).await;
        }
        neko.close().await;
        (control, gifts)
    }
}

/// Tries until the page control answers.
async fn connect(endpoint: &Endpoint, token: &Secret) -> Result<Connected, PageError> {
    let tries = async {
        let mut refused_since = None;
        loop {
            match page::connect(endpoint, token).await {
                Ok(connected) => return Ok(connected),
                Err(PageError::TimedOut { .. }) => {
                    tracing::debug!("page control does not answer yet");
                    refused_since = None;
                }
                Err(error) => {
                    let since: &mut Instant = refused_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= PAGES_LIMIT {
                        return Err(error);
                    }
                    tracing::debug!(%error, "page control does not connect yet");
                    tokio::time::sleep(PAGES_RETRY).await;
                }
            }
        }
    };
    let late = |_| Err(PageError::TimedOut { method: "connect" });
    tokio::time::timeout(PAGES_COME, tries)
        .await
        .unwrap_or_else(late)
}

/// The shelf's folder. What an earlier connection has left there waits for nobody.
async fn prepare(shelf: &Shelf, is_first: bool) -> std::io::Result<String> {
    if is_first {
        shelf.clear().await?;
    }
    shelf.folder().await
}

/// What the page control has to say.
enum Heard {
    Connected(Result<Connected, PageError>),
    Event(PageEvent),
}

impl Control {
    /// Cancel safe.
    async fn next(&mut self) -> Heard {
        match self {
            Self::Connecting(task) => {
                Heard::Connected(task.await.unwrap_or(Err(PageError::Disconnected)))
            }
            Self::Connected(events) => {
                Heard::Event(events.recv().await.unwrap_or(PageEvent::Disconnected))
            }
            Self::Waiting | Self::Failed => std::future::pending().await,
        }
    }
}
