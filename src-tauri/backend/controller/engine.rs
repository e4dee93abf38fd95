//! One task for each session's engine: its orders are carried out one after the other, but a stop
//! cuts a start short.

use super::News;
use super::gift::Gifts;
use super::left::{OWNED, VOLUMES};
use super::session::{Attached, Link};
use super::transfer::Transfers;
use super::viewer::Viewer;
use crate::capacity::NodeSource;
use crate::endpoint::Endpoint;
use crate::page::Pages;
use crate::runtime::{EngineError, EngineNews, Runtime, StartError, StartSpec};
use duotab_core::action::PageAction;
use duotab_core::download::Transfer;
use duotab_core::event::Event;
use duotab_core::fault::{EndCause, Stall};
use duotab_core::message::{Notice, ProfileName, SessionId, StartFailure, TabId};
use duotab_core::node::NodeId;
use duotab_core::site::SitePermission;
use duotab_core::worker::Worker;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What an engine's task is told.
#[derive(Debug)]
enum Order {
    Start(Start),
    Resume(NodeId),
    Suspend(NodeId),
    Stop(NodeId),
    Connect(NodeId),
    Disconnect,
    Page(TabId, PageAction),
    Cancel(Transfer),
    Permit(Vec<SitePermission>),
}

/// Where and with whose data an engine starts, how many MiB it may use, and whether anybody waits
/// for it.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) node: NodeId,
    pub(super) profile: ProfileName,
    pub(super) memory_mib: u64,
    pub(super) ahead: bool,
}

struct Task {
    orders: mpsc::UnboundedSender<Order>,
    /// Cuts a start short.
    cancel: CancellationToken,
    handle: JoinHandle<()>,
}

/// All engines of this app.
pub(super) struct Engines {
    runtime: Arc<Runtime>,
    news: News,
    viewer: Viewer,
    downloads: PathBuf,
    tasks: HashMap<SessionId, Task>,
    told: JoinHandle<()>,
}

impl Engines {
    pub(super) fn start(
        runtime: Runtime,
        mut told: mpsc::Receiver<EngineNews>,
        news: News,
        viewer: Viewer,
        downloads: PathBuf,
    ) -> Self {
        let to_core = news.clone();
        let told = tokio::spawn(async move {
            let mut said_unsandboxed = false;
            while let Some(told) = told.recv().await {
                let event = match told {
                    // Once in a life of the app is enough.
                    EngineNews::Unsandboxed(_)
                        if std::mem::replace(&mut said_unsandboxed, true) =>
                    {
                        continue;
                    }
                    EngineNews::Unsandboxed(_) => Event::Notice(Notice::SandboxOff),
                    EngineNews::Unlimited(limits) => Event::EnginesUnlimited(limits),
                    EngineNews::Keep { image, kept } => {
                        to_core.keep(format!("image:{image}"), kept);
                        continue;
                    }
                    EngineNews::Volumes { kept } => {
                        to_core.keep(VOLUMES.to_owned(), kept);
                        continue;
                    }
                    EngineNews::Owned { kept } => {
                        to_core.keep(OWNED.to_owned(), kept);
                        continue;
                    }
                    EngineNews::Image { image, update } => {
                        Event::Notice(Notice::EngineImage { image, update })
                    }
                    EngineNews::Ended(end) => Event::EngineEnded(end.session, end.cause, end.log),
                    EngineNews::NodeSeen(node, facts) => Event::NodeSeen(node, facts),
                    EngineNews::FleetSeen(worker, nodes) => Event::FleetSeen(worker, nodes),
                    EngineNews::Stalled(session, stall) => Event::EngineStalled(session, stall),
                    EngineNews::Back(session) => Event::EngineBack(session),
                    EngineNews::Encodes(session, encoder) => Event::EngineEncodes(session, encoder),
                };
                to_core.send(event);
            }
        });
        Self {
            runtime: Arc::new(runtime),
            news,
            viewer,
            downloads,
            tasks: HashMap::new(),
            told,
        }
    }

    /// What starts them.
    pub(super) fn runtime(&self) -> Arc<Runtime> {
        Arc::clone(&self.runtime)
    }

    /// Finds what runs on a node.
    pub(super) fn find(&self, node: NodeId) {
        let (runtime, news) = (Arc::clone(&self.runtime), self.news.clone());
        tokio::spawn(async move {
            let found = runtime.find(&node).await;
            news.send(Event::EnginesFound(node, found));
        });
    }

    /// Finds machines that the person can reach already.
    pub(super) fn find_contexts(&self) {
        let (runtime, news) = (Arc::clone(&self.runtime), self.news.clone());
        tokio::spawn(async move { news.send(Event::ContextsFound(runtime.contexts().await)) });
    }

    /// Sees whether a machine can be a worker.
    pub(super) fn check_worker(&self, worker: Worker) {
        let (runtime, news) = (Arc::clone(&self.runtime), self.news.clone());
        tokio::spawn(async move {
            let check = runtime.check_worker(&worker).await;
            news.send(Event::WorkerChecked(worker.id, check));
        });
    }

    /// Removes an older copy of a profile's data.
    pub(super) fn drop_copy(&self, profile: ProfileName, node: NodeId) {
        let (runtime, news) = (Arc::clone(&self.runtime), self.news.clone());
        tokio::spawn(async move {
            let gone = runtime.drop_copy(&profile, &node).await;
            news.send(Event::CopyDropped(profile, node, gone));
        });
    }

    /// Looks at all nodes, and at the kind of the engines here.
    pub(super) fn look_at_nodes(&self, nodes: NodeSource) {
        let (runtime, news) = (Arc::clone(&self.runtime), self.news.clone());
        tokio::spawn(async move {
            let health = runtime.health().await;
            news.send(Event::EnginesContained(runtime.is_contained()));
            let looked = tokio::task::spawn_blocking(move || nodes.look(health)).await;
            news.send(Event::NodesSeen(looked.unwrap_or_default()));
            runtime.look_at_workers().await;
        });
    }

    /// Asks for a newer image.
    pub(super) fn look_for_update(&self) {
        let (runtime, news) = (Arc::clone(&self.runtime), self.news.clone());
        tokio::spawn(async move {
            news.send(Event::UpdateLooked(runtime.look_for_update().await));
        });
    }

    /// Fetches a newer image; what comes of it is told.
    pub(super) fn fetch_image(&self) {
        let runtime = Arc::clone(&self.runtime);
        tokio::spawn(async move { runtime.fetch_update().await });
    }

    pub(super) fn start_engine(&mut self, id: SessionId, start: Start) {
        self.tell(id, Order::Start(start));
    }

    pub(super) fn resume(&mut self, id: SessionId, node: NodeId) {
        self.tell(id, Order::Resume(node));
    }

    pub(super) fn suspend(&mut self, id: SessionId, node: NodeId) {
        self.tell(id, Order::Suspend(node));
    }

    pub(super) fn stop(&mut self, id: SessionId, node: NodeId) {
        self.tell(id, Order::Stop(node));
        // The task ends when it has stopped the engine; the next session has another id.
        if let Some(task) = self.tasks.remove(&id) {
            task.cancel.cancel();
        }
    }

    pub(super) fn connect(&mut self, id: SessionId, node: NodeId) {
        self.tell(id, Order::Connect(node));
    }

    pub(super) fn disconnect(&mut self, id: SessionId) {
        self.tell(id, Order::Disconnect);
    }

    pub(super) fn page(&mut self, id: SessionId, tab: TabId, action: PageAction) {
        self.tell(id, Order::Page(tab, action));
    }

    /// What is decided for the sites of a session's pages.
    pub(super) fn permit(&mut self, id: SessionId, decided: Vec<SitePermission>) {
        self.tell(id, Order::Permit(decided));
    }

    /// Gives a file up that one of the sessions is sending.
    pub(super) fn cancel_transfer(&self, transfer: Transfer) {
        for task in self.tasks.values() {
            let _ = task.orders.send(Order::Cancel(transfer));
        }
    }

    /// Ends all tasks; the engines themselves were told before.
    pub(super) async fn close(self) {
        self.told.abort();
        for (_, task) in self.tasks {
            drop(task.orders);
            let _ = task.handle.await;
        }
    }

    fn tell(&mut self, id: SessionId, order: Order) {
        self.tasks.retain(|_, task| !task.handle.is_finished());
        let task = self.tasks.entry(id).or_insert_with(|| {
            let (orders, inbox) = mpsc::unbounded_channel();
            let cancel = CancellationToken::new();
            let engine = Engine {
                id,
                runtime: Arc::clone(&self.runtime),
                news: self.news.clone(),
                viewer: self.viewer.clone(),
                downloads: self.downloads.clone(),
                cancel: cancel.clone(),
                fresh: None,
                attached: None,
                before: None,
                gifts: None,
            };
            Task {
                orders,
                cancel,
                handle: tokio::spawn(engine.run(inbox)),
            }
        });
        let _ = task.orders.send(order);
    }
}

/// One session's engine, and what is attached to it.
struct Engine {
    id: SessionId,
    runtime: Arc<Runtime>,
    news: News,
    viewer: Viewer,
    downloads: PathBuf,
    cancel: CancellationToken,
    /// Of an engine that was started or woken just now, until it is connected to.
    fresh: Option<Endpoint>,
    attached: Option<Attached>,
    /// The page control of the last connection.
    before: Option<Pages>,
    /// What was given to its pages.
    gifts: Option<Gifts>,
}

impl Engine {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Order>) {
        loop {
            let order = match &mut self.attached {
                None => inbox.recv().await,
                Some(attached) => tokio::select! {
                    biased;
                    order = inbox.recv() => order,
                    event = attached.next() => {
                        if let Some(event) = event {
                            self.news.send(event);
                        }
                        continue;
                    }
                },
            };
            let Some(order) = order else { break };
            tracing::debug!(session = self.id.0, ?order, "order");
            let last = matches!(order, Order::Stop(_));
            self.carry_out(order).await;
            if last {
                break;
            }
        }
        self.detach().await;
    }

    async fn carry_out(&mut self, order: Order) {
        let id = self.id;
        match order {
            Order::Start(start) => {
                let spec = StartSpec {
                    session: id,
                    profile: start.profile,
                    memory_mib: start.memory_mib,
                    ahead: start.ahead,
                    ..self.viewer.start_spec()
                };
                let cancel = self.cancel.clone();
                let news = self.news.clone();
                let fetched = move |percent| news.send(Event::ImageFetched(id, percent));
                let started = self
                    .runtime
                    .start(spec, &start.node, cancel, &fetched)
                    .await;
                self.started(started);
            }
            Order::Resume(node) => match self.runtime.resume(id, &node).await {
                Ok(endpoint) => self.started(Ok(endpoint)),
                Err(error) => self.give_up(&error, &node).await,
            },
            Order::Suspend(node) => match self.runtime.suspend(id, &node).await {
                Ok(()) => self.news.send(Event::EngineSuspended(id)),
                Err(error) => self.give_up(&error, &node).await,
            },
            Order::Stop(node) => {
                self.detach().await;
                if let Err(error) = self.runtime.stop(id, &node).await {
                    tracing::error!(session = id.0, %error, "engine did not stop cleanly");
                }
                self.news.send(Event::EngineStopped(id));
            }
            Order::Connect(node) => self.connect(&node).await,
            Order::Disconnect => self.detach().await,
            Order::Page(tab, action) => {
                if let Some(attached) = &mut self.attached {
                    attached.page(tab, action);
                }
            }
            Order::Permit(decided) => {
                if let Some(attached) = &mut self.attached {
                    attached.permit(decided);
                }
            }
            Order::Cancel(transfer) => {
                if let Some(attached) = &mut self.attached {
                    attached.cancel_transfer(transfer);
                }
            }
        }
    }

    async fn connect(&mut self, node: &NodeId) {
        self.detach().await;
        let endpoint = match self.fresh.take() {
            Some(endpoint) => endpoint,
            None => match self.runtime.adopt(self.id, node).await {
                Ok(endpoint) => endpoint,
                // It may run all the same; it cannot be asked for now.
                Err(StartError::Failed {
                    failure: StartFailure::EngineAway { fault },
                    ..
                }) => {
                    let stall = Stall::EngineAway { fault };
                    return self.news.send(Event::EngineStalled(self.id, stall));
                }
                Err(error) => return self.failed(error),
            },
        };
        let link = Link {
            session: self.id,
            endpoint,
        };
        let transfers = Transfers::new(self.id, &self.downloads, self.news.clone());
        let gifts = self.gifts.take();
        let gifts = gifts.unwrap_or_else(|| Gifts::new(self.news.clone()));
        let files = (transfers, gifts);
        let before = self.before.take();
        self.attached = Some(Attached::new(link, self.viewer.clone(), before, files));
    }

    async fn detach(&mut self) {
        if let Some(attached) = self.attached.take() {
            let (before, gifts) = attached.close(&self.news).await;
            (self.before, self.gifts) = (before, Some(gifts));
        }
    }

    fn started(&mut self, result: Result<Endpoint, StartError>) {
        match result {
            Ok(endpoint) => {
                self.fresh = Some(endpoint);
                self.news.send(Event::EngineStarted(self.id));
            }
            Err(error) => self.failed(error),
        }
    }

    /// An engine that does not do what it is asked is of no use: nothing of it may stay.
    async fn give_up(&mut self, error: &EngineError, node: &NodeId) {
        tracing::warn!(session = self.id.0, %error, "engine given up");
        if let Err(error) = self.runtime.stop(self.id, node).await {
            tracing::error!(session = self.id.0, %error, "engine did not stop cleanly");
        }
        let log = vec![error.to_string()];
        let end = EndCause::Unresponsive;
        self.news.send(Event::EngineEnded(self.id, end, log));
    }

    fn failed(&self, error: StartError) {
        match error {
            // The stop that cut it short answers for it.
            StartError::Cancelled => {}
            StartError::NodeGone => self.news.send(Event::NodeGone(self.id)),
            StartError::Failed { failure, log } => {
                self.news.send(Event::StartFailed(self.id, failure, log));
            }
        }
    }
}
