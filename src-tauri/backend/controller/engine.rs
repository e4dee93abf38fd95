//! One task for each session's engine: its orders are carried out one after the other, but a stop
//! cuts a start short.

use super::News;
use super::session::{Attached, Link};
use super::viewer::Viewer;
use crate::endpoint::Endpoint;
use crate::page::Pages;
use crate::runtime::embedded::Embedded;
use crate::runtime::{EngineEnded, EngineError, StartError, StartSpec};
use duotab_core::action::PageAction;
use duotab_core::event::Event;
use duotab_core::message::{ProfileName, SessionId, TabId};
use duotab_core::node::EngineHealth;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What an engine's task is told.
#[derive(Debug)]
enum Order {
    Start(ProfileName, u64),
    Resume,
    Suspend,
    Stop,
    Connect,
    Disconnect,
    Page(TabId, PageAction),
}

struct Task {
    orders: mpsc::UnboundedSender<Order>,
    /// Cuts a start short.
    cancel: CancellationToken,
    handle: JoinHandle<()>,
}

/// All engines of this app.
pub(super) struct Engines {
    embedded: Arc<Embedded>,
    news: News,
    viewer: Viewer,
    tasks: HashMap<SessionId, Task>,
    ended: JoinHandle<()>,
}

impl Engines {
    pub(super) fn start(
        embedded: Embedded,
        mut ended: mpsc::Receiver<EngineEnded>,
        news: News,
        viewer: Viewer,
    ) -> Self {
        let told = news.clone();
        let ended = tokio::spawn(async move {
            while let Some(end) = ended.recv().await {
                told.send(Event::EngineEnded(end.session, end.log));
            }
        });
        Self {
            embedded: Arc::new(embedded),
            news,
            viewer,
            tasks: HashMap::new(),
            ended,
        }
    }

    /// Says whether engines can be started; blocks a little.
    pub(super) fn health(&self) -> impl FnOnce() -> EngineHealth + Send + 'static {
        let embedded = Arc::clone(&self.embedded);
        move || embedded.health()
    }

    pub(super) fn find(&self) {
        let (embedded, news) = (Arc::clone(&self.embedded), self.news.clone());
        tokio::spawn(async move { news.send(Event::EnginesFound(embedded.find().await)) });
    }

    pub(super) fn start_engine(&mut self, id: SessionId, profile: ProfileName, memory_mib: u64) {
        self.tell(id, Order::Start(profile, memory_mib));
    }

    pub(super) fn resume(&mut self, id: SessionId) {
        self.tell(id, Order::Resume);
    }

    pub(super) fn suspend(&mut self, id: SessionId) {
        self.tell(id, Order::Suspend);
    }

    pub(super) fn stop(&mut self, id: SessionId) {
        self.tell(id, Order::Stop);
        // The task ends when it has stopped the engine; the next session has another id.
        if let Some(task) = self.tasks.remove(&id) {
            task.cancel.cancel();
        }
    }

    pub(super) fn connect(&mut self, id: SessionId) {
        self.tell(id, Order::Connect);
    }

    pub(super) fn disconnect(&mut self, id: SessionId) {
        self.tell(id, Order::Disconnect);
    }

    pub(super) fn page(&mut self, id: SessionId, tab: TabId, action: PageAction) {
        self.tell(id, Order::Page(tab, action));
    }

    /// Ends all tasks; the engines themselves were told before.
    pub(super) async fn close(self) {
        self.ended.abort();
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
                embedded: Arc::clone(&self.embedded),
                news: self.news.clone(),
                viewer: self.viewer.clone(),
                cancel: cancel.clone(),
                endpoint: None,
                attached: None,
                before: None,
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
    embedded: Arc<Embedded>,
    news: News,
    viewer: Viewer,
    cancel: CancellationToken,
    endpoint: Option<Endpoint>,
    attached: Option<Attached>,
    /// The page control of the last connection.
    before: Option<Pages>,
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
            let last = matches!(order, Order::Stop);
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
            Order::Start(profile, memory_mib) => {
                let spec = StartSpec {
                    session: id,
                    profile,
                    memory_mib,
                    ..self.viewer.start_spec()
                };
                let cancel = self.cancel.clone();
                let started = self.embedded.start(spec, cancel).await;
                self.started(started);
            }
            Order::Resume => match self.embedded.resume(id).await {
                Ok(endpoint) => self.started(Ok(endpoint)),
                Err(error) => self.give_up(&error).await,
            },
            Order::Suspend => match self.embedded.suspend(id).await {
                Ok(()) => self.news.send(Event::EngineSuspended(id)),
                Err(error) => self.give_up(&error).await,
            },
            Order::Stop => {
                self.detach().await;
                if let Err(error) = self.embedded.stop(id).await {
                    tracing::error!(session = id.0, %error, "engine did not stop cleanly");
                }
                self.news.send(Event::EngineStopped(id));
            }
            Order::Connect => self.connect().await,
            Order::Disconnect => self.detach().await,
            Order::Page(tab, action) => {
                if let Some(attached) = &mut self.attached {
                    attached.page(tab, action);
                }
            }
        }
    }

    async fn connect(&mut self) {
        self.detach().await;
        if self.endpoint.is_none() {
            match self.embedded.adopt(self.id).await {
                Ok(endpoint) => self.endpoint = Some(endpoint),
                Err(error) => return self.failed(error),
            }
        }
        if let Some(endpoint) = &self.endpoint {
            let link = Link {
                session: self.id,
                endpoint: endpoint.clone(),
            };
            self.attached = Some(Attached::new(link, self.viewer.clone(), self.before.take()));
        }
    }

    async fn detach(&mut self) {
        if let Some(attached) = self.attached.take() {
            self.before = attached.close().await;
        }
    }

    fn started(&mut self, result: Result<Endpoint, StartError>) {
        match result {
            Ok(endpoint) => {
                self.endpoint = Some(endpoint);
                self.news.send(Event::EngineStarted(self.id));
            }
            Err(error) => self.failed(error),
        }
    }

    /// An engine that does not do what it is asked is of no use: nothing of it may stay.
    async fn give_up(&mut self, error: &EngineError) {
        tracing::warn!(session = self.id.0, %error, "engine given up");
        if let Err(error) = self.embedded.stop(self.id).await {
            tracing::error!(session = self.id.0, %error, "engine did not stop cleanly");
        }
        let log = vec![error.to_string()];
        self.news.send(Event::EngineEnded(self.id, log));
    }

    fn failed(&self, error: StartError) {
        match error {
            // The stop that cut it short answers for it.
            StartError::Cancelled => {}
            StartError::Failed { failure, log } => {
                self.news.send(Event::StartFailed(self.id, failure, log));
            }
        }
    }
}
