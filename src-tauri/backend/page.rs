//! Page control: the pages of a session's Chromium over the `DevTools` protocol (CDP), as tabs.
//!
//! One browser-level connection with flat sessions. What a page does becomes [`PageNews`] of its
//! tab; a [`PageAction`] of a tab becomes CDP calls. Nothing here waits without a limit, and all
//! that is kept for a page is bounded: it is the page that decides how much it says.

mod act;
mod asks;
mod book;
mod carry;
mod chooser;
mod closed;
mod cookies;
mod favicon;
mod files;
mod find;
mod follow;
mod framed;
mod frames;
mod history;
mod login;
mod news;
mod paint;
mod permission;
mod print;
mod route;
mod transport;
mod version;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use duotab_core::action::PageAction;
use duotab_core::ask::AskId;
use duotab_core::carry::Order;
use duotab_core::cookie;
use duotab_core::event::PageNews;
use duotab_core::message::TabId;
use duotab_core::site::SitePermission;
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::endpoint::{Cdp, Endpoint, Secret};
use book::Book;
pub use files::{FileNews, FileSign};
use news::Queue;
pub use print::{Print, Printing};
pub use transport::Transport;
use wire::Wire;

/// Events that may wait in the channel; more wait in a queue that keeps the last of each kind.
const EVENT_DEPTH: usize = 64;

/// What happens to the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEvent {
    /// News of a tab's page.
    News(TabId, PageNews),
    /// A page came up that belongs to no tab.
    Stray {
        /// The engine's name for it.
        target: String,
        /// Its address; empty while it has none.
        url: String,
    },
    /// News of a file that a page gives.
    File(FileNews),
    /// The connection is gone. The last event.
    Disconnected,
}

/// Why a page did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The engine does not answer.
    #[error("page control unreachable: {0}")]
    Unreachable(String),
    /// The engine answers, but does not let us in.
    #[error("page control refused: HTTP {0}")]
    Refused(u16),
    /// The connection is gone.
    #[error("page control disconnected")]
    Disconnected,
    /// The engine did not answer a command in time.
    #[error("{method} timed out")]
    TimedOut {
        /// The command.
        method: &'static str,
    },
    /// The engine answered a command with an error.
    #[error("{method}: {message}")]
    Engine {
        /// The command.
        method: &'static str,
        /// The engine's words.
        message: String,
    },
    /// The tab has no page here.
    #[error("tab {0:?} has no page")]
    UnknownTab(TabId),
    /// The engine has no such page (any more), or it belongs to another tab.
    #[error("no such page")]
    UnknownTarget,
}

/// What the tasks of one connection share.
struct Shared {
    wire: Wire,
    book: Mutex<Book>,
    queue: Queue,
    end: CancellationToken,
}

impl Shared {
    /// The book. Locked for moments only, never across an await.
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` until it ends or the connection does.
    fn spawn(self: &Arc<Self>, work: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = work => {}
            }
        });
    }
}

/// The pages of one Chromium. A cheap handle; the connection ends with the last of its clones,
/// and with the receiver of its events.
#[derive(Clone)]
pub struct Pages {
    shared: Arc<Shared>,
    _end: Arc<DropGuard>,
}

/// Connects to an engine's page control, with the token of a login there.
///
/// # Errors
/// If it cannot be reached, refuses the token, or does not speak CDP, all within ten seconds.
pub async fn connect(
    endpoint: &Endpoint,
    token: &Secret,
) -> Result<(Pages, mpsc::Receiver<PageEvent>), PageError> {
    let transport = match &endpoint.cdp {
        Cdp::KonekoRelay => Transport::relay(&endpoint.base, token).await?,
        Cdp::Tunnel(tunnel) => Transport::tunnel(tunnel).await?,
    };
    Pages::over(transport).await
}

impl Pages {
    /// Takes control over `transport`. Pages that exist already are known ([`Pages::list`]), but
    /// are no news.
    ///
    /// # Errors
    /// If the other side is no CDP browser endpoint.
    pub async fn over(
        transport: Transport,
    ) -> Result<(Self, mpsc::Receiver<PageEvent>), PageError> {
        let (sender, receiver) = mpsc::channel(EVENT_DEPTH);
        let end = CancellationToken::new();
        let guard = Arc::new(end.clone().drop_guard());
        let shared = Arc::new(Shared {
            wire: Wire::new(transport.out),
            book: Mutex::default(),
            queue: Queue::default(),
            end,
        });
        tokio::spawn(route::route(Arc::clone(&shared), transport.incoming));
        let filter = json!([{ "type": "page" }]);
        let known = shared
            .wire
            .call(None, "Target.getTargets", json!({ "filter": filter }))
            .await?;
        shared.book().list(&known);
        let discover = json!({ "discover": true, "filter": filter });
        shared
            .wire
            .call(None, "Target.setDiscoverTargets", discover)
            .await?;
        tokio::spawn(news::forward(Arc::clone(&shared), sender));
        Ok((
            Self {
                shared,
                _end: guard,
            },
            receiver,
        ))
    }

    /// Does something to a tab's page. Actions of one tab take turns in the order of their first
    /// poll. Success means that the engine has taken it; what comes of it is [`PageNews`].
    ///
    /// # Errors
    /// If the tab or target is unknown, or the engine did not take it in time.
    pub async fn act(&self, tab: TabId, action: PageAction) -> Result<(), PageError> {
        let turn = self.shared.book().turn(tab);
        let _turn = turn.lock().await;
        tokio::select! {
            biased;
            () = self.shared.end.cancelled() => Err(PageError::Disconnected),
            done = act::act(&self.shared, tab, action) => done,
        }
    }

    /// Has a tab's page say what its next self should have, or take that; `None` if it does not
    /// answer in time (`carry.rs`). Takes turns as [`Pages::act`] does.
    pub async fn carry(&self, tab: TabId, order: &Order) -> Option<PageNews> {
        let turn = self.shared.book().turn(tab);
        let _turn = turn.lock().await;
        let target = self.shared.book().target(tab)?;
        tokio::select! {
            biased;
            () = self.shared.end.cancelled() => None,
            news = carry::carry(&self.shared, &target, order) => news,
        }
    }

    /// Takes a site's cookies out of the engine, or puts some in; `None` if it does not answer
    /// in time (`cookies.rs`). Takes turns as [`Pages::act`] does.
    pub async fn cookies(&self, tab: TabId, order: cookie::Order) -> Option<PageNews> {
        let turn = self.shared.book().turn(tab);
        let _turn = turn.lock().await;
        tokio::select! {
            biased;
            () = self.shared.end.cancelled() => None,
            news = cookies::cookies(&self.shared, order) => news,
        }
    }

    /// The pages that belong to no tab, as `(target, address)`, without the empty one that is kept
    /// in reserve.
    #[must_use]
    pub fn list(&self) -> Vec<(String, String)> {
        self.shared.book().strays()
    }

    /// The engine's name for a tab's page; still answered after the connection is gone, so that
    /// the next one can attach to it.
    #[must_use]
    pub fn target(&self, tab: TabId) -> Option<String> {
        self.shared.book().target(tab)
    }

    /// Lets a tab's page live on in the engine, but belong to no tab.
    pub fn forget(&self, tab: TabId) {
        self.shared.book().release(tab);
    }

    /// Has all files that pages give come to the shelf, a folder as the browser has it, from now on;
    /// each is a [`PageEvent::File`].
    ///
    /// # Errors
    /// If the engine does not take the command in time.
    pub async fn take_files(&self, shelf: &str) -> Result<(), PageError> {
        files::listen(&self.shared, shelf).await
    }

    /// Gives a file up. What has come of it the browser deletes.
    ///
    /// # Errors
    /// If the engine does not take the command in time.
    pub async fn cancel_file(&self, guid: &str) -> Result<(), PageError> {
        files::cancel(&self.shared, guid).await
    }

    /// Gets ready to print a tab's page to PDF.
    ///
    /// # Errors
    /// If there is no such page.
    pub async fn print(&self, tab: TabId) -> Result<Printing, PageError> {
        print::printing(&self.shared, tab).await
    }

    /// What is decided for sites from now on, until the connection ends.
    pub async fn permit(&self, decided: Vec<SitePermission>) {
        permission::decide(&self.shared, decided).await;
    }

    /// Gives files to the page that wanted some ([`PageNews::WantsFiles`]), by their paths on the
    /// browser's machine.
    ///
    /// # Errors
    /// If the page wants none any more, or does not take them.
    pub async fn give_files(
        &self,
        tab: TabId,
        ask: AskId,
        paths: Vec<String>,
    ) -> Result<(), PageError> {
        chooser::give(&self.shared, tab, ask, paths).await
    }

    /// Whether a tab's page still waits for files that it asked for.
    #[must_use]
    pub fn waits_for_files(&self, tab: TabId, ask: AskId) -> bool {
        chooser::waits(&self.shared, tab, ask)
    }

    /// Closes a page that belongs to no tab.
    ///
    /// # Errors
    /// If it belongs to one, or the engine does not take the command in time.
    pub async fn dismiss(&self, target: &str) -> Result<(), PageError> {
        if self.shared.book().owner(target).is_some() {
            return Err(PageError::UnknownTarget);
        }
        act::close(&self.shared, target).await
    }
}
