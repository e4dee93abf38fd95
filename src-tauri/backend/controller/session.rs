//! What is attached to a running engine: the Neko client and the page control, brought up
//! together, told apart by the leg that fails.

use super::viewer::Viewer;
use crate::endpoint::{Endpoint, Secret};
use crate::neko::{self, Neko};
use crate::page::{self, PageError, PageEvent, Pages};
use duotab_core::action::PageAction;
use duotab_core::event::{Event, PageNews};
use duotab_core::message::{Leg, Mode, SessionId, TabId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long the page control may take to connect, all tries together. An engine may serve before
/// its browser shows a page.
const PAGES_LIMIT: Duration = Duration::from_secs(20);

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
    /// The tabs whose pages were opened.
    tabs: HashSet<TabId>,
    /// Orders that came before the page control was there.
    waiting: Vec<(TabId, PageAction)>,
    acting: Option<Acting>,
}

/// The page control's own state.
enum Control {
    /// The login's token is not known yet.
    Waiting,
    Connecting(JoinHandle<Result<(Pages, mpsc::Receiver<PageEvent>), PageError>>),
    Connected(mpsc::Receiver<PageEvent>),
    Failed,
}

/// The task that carries out page orders, one after the other.
struct Acting {
    orders: mpsc::UnboundedSender<(TabId, PageAction)>,
    failures: mpsc::UnboundedReceiver<Event>,
    handle: JoinHandle<()>,
}

impl Drop for Acting {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Self::Connecting(task) = self {
            task.abort();
        }
    }
}

impl Attached {
    pub(super) fn new(link: Link, viewer: Viewer, before: Option<Pages>) -> Self {
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
            tabs: HashSet::new(),
            waiting: Vec::new(),
            acting: None,
        }
    }

    pub(super) fn page(&mut self, tab: TabId, action: PageAction) {
        match &action {
            PageAction::Open { .. } | PageAction::Attach { .. } => self.tabs.insert(tab),
            PageAction::Close => self.tabs.remove(&tab),
            _ => false,
        };
        match &self.acting {
            Some(acting) => {
                let _ = acting.orders.send((tab, action));
            }
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
                    Some(Event::Page(tab, Mode::Streamed, news))
                }
                Heard::Event(PageEvent::Stray { target, url }) => {
                    Some(Event::StrayPage { session, target, url })
                }
                Heard::Event(PageEvent::Disconnected) => {
                    self.acting = None;
                    self.connect_pages();
                    None
                }
            },
            failure = page_failure(&mut self.acting) => Some(failure),
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
            .iter()
            .filter_map(|tab| Some((*tab, control.target(*tab)?)))
            .collect()
    }

    fn connect_pages(&mut self) {
        let Some(token) = self.token.clone() else {
            return;
        };
        let endpoint = self.link.endpoint.clone();
        self.pages = Control::Connecting(tokio::spawn(async move {
            let tries = async {
                loop {
                    match page::connect(&endpoint, &token).await {
                        Ok(connected) => return Ok(connected),
                        Err(error) => {
                            tracing::debug!(%error, "page control does not answer yet");
                            tokio::time::sleep(PAGES_RETRY).await;
                        }
                    }
                }
            };
            match tokio::time::timeout(PAGES_LIMIT, tries).await {
                Ok(connected) => connected,
                Err(_) => Err(PageError::TimedOut { method: "connect" }),
            }
        }));
    }

    fn control_connected(
        &mut self,
        connected: Result<(Pages, mpsc::Receiver<PageEvent>), PageError>,
    ) -> Option<Event> {
        match connected {
            Ok((pages, events)) => {
                self.pages = Control::Connected(events);
                let first = std::mem::take(&mut self.waiting);
                let known = self.known_targets();
                self.control = Some(pages.clone());
                self.acting = Some(act_in_order(pages, first, known));
                None
            }
            Err(error) => {
                tracing::warn!(session = self.link.session.0, %error, "page control failed");
                self.pages = Control::Failed;
                Some(Event::StreamFailed(self.link.session, Leg::PageControl))
            }
        }
    }

    /// Lets go; what is returned still knows which page was whose.
    pub(super) async fn close(self) -> Option<Pages> {
        let Self {
            link,
            viewer,
            neko,
            acting,
            control,
            ..
        } = self;
        viewer.detach(link.session);
        // Orders that were given before (a page to close) are carried out first.
        if let Some(mut acting) = acting {
            let (nobody, _) = mpsc::unbounded_channel();
            drop(std::mem::replace(&mut acting.orders, nobody));
            let _ = tokio::time::timeout(Duration::from_secs(1), &mut acting.handle).await;
        }
        // The view has let go of it; if a frame is being shown right now, the drop ends it.
        if let Some(neko) = Arc::into_inner(neko) {
            neko.close().await;
        }
        control
    }
}

/// What the page control has to say.
enum Heard {
    Connected(Result<(Pages, mpsc::Receiver<PageEvent>), PageError>),
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

async fn page_failure(acting: &mut Option<Acting>) -> Event {
    if let Some(acting) = acting
        && let Some(event) = acting.failures.recv().await
    {
        return event;
    }
    std::future::pending().await
}

/// Carries out page orders one after the other. Pages that stood in the engine before (the app was
/// killed, or the connection was away) are given back to the tabs that ask for them; those that no
/// tab asks for are closed.
fn act_in_order(
    pages: Pages,
    first: Vec<(TabId, PageAction)>,
    mut known: HashMap<TabId, String>,
) -> Acting {
    let (orders, mut inbox) = mpsc::unbounded_channel::<(TabId, PageAction)>();
    let (told, failures) = mpsc::unbounded_channel();
    let handle = tokio::spawn(async move {
        let act = async |tab: TabId, action: PageAction| {
            let opens = match &action {
                PageAction::Open { url, .. } | PageAction::Navigate(url) => Some(url.clone()),
                _ => None,
            };
            if let Err(error) = pages.act(tab, action).await {
                tracing::warn!(tab = tab.0, %error, "page order failed");
                if let Some(url) = opens {
                    let detail = error.to_string();
                    let failed = PageNews::Failed {
                        url,
                        fault: None,
                        detail,
                    };
                    let _ = told.send(Event::Page(tab, Mode::Streamed, failed));
                }
            }
        };
        let mut left = pages.list();
        for (tab, action) in first {
            act(tab, claim(tab, action, &mut left, &mut known)).await;
        }
        for (target, _) in left {
            // It may be gone by now.
            let _ = pages.dismiss(&target).await;
        }
        while let Some((tab, action)) = inbox.recv().await {
            act(tab, action).await;
        }
    });
    Acting {
        orders,
        failures,
        handle,
    }
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
