//! What is done with profiles' data: one thing at a time for each, off the event loop, and given up
//! when the app ends.

use super::{ContentOrder, News};
use crate::runtime::Runtime;
use crate::runtime::data::{DataError, Job};
use duotab_core::event::Event;
use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;
use duotab_core::profile::{DataWork, ProfileFault, WorkEnd};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long the window may take to clear its pages' data.
const CLEAR_LIMIT: Duration = Duration::from_secs(10);
/// How long the app waits for a work that it gives up when it ends.
const END_LIMIT: Duration = Duration::from_secs(3);

type Cleared = Arc<Mutex<HashMap<ProfileName, oneshot::Sender<()>>>>;

struct Task {
    cancel: CancellationToken,
    handle: JoinHandle<()>,
}

/// All that is being done.
pub(super) struct Works {
    runtime: Arc<Runtime>,
    news: News,
    content: mpsc::UnboundedSender<ContentOrder>,
    cleared: Cleared,
    tasks: HashMap<ProfileName, Task>,
}

impl Works {
    pub(super) fn new(
        runtime: Arc<Runtime>,
        news: News,
        content: mpsc::UnboundedSender<ContentOrder>,
    ) -> Self {
        Self {
            runtime,
            news,
            content,
            cleared: Cleared::default(),
            tasks: HashMap::new(),
        }
    }

    /// Begins when what was begun before has ended.
    pub(super) fn begin(&mut self, name: ProfileName, node: NodeId, work: DataWork) {
        self.tasks.retain(|_, task| !task.handle.is_finished());
        let before = self.tasks.remove(&name);
        let cancel = CancellationToken::new();
        let (runtime, news, token) = (Arc::clone(&self.runtime), self.news.clone(), cancel.clone());
        let pages = Pages {
            content: self.content.clone(),
            cleared: Arc::clone(&self.cleared),
            limit: CLEAR_LIMIT,
        };
        let of = name.clone();
        let handle = tokio::spawn(async move {
            if let Some(before) = before {
                let _ended = before.handle.await;
            }
            let (to, whose) = (news.clone(), of.clone());
            let progress = move |done, total| {
                to.send(Event::ProfileProgress(whose.clone(), done, total));
            };
            let job = Job::new(Arc::new(progress), token);
            let done = carry_out(&runtime, &pages, &of, &node, &work, job).await;
            let end = match done {
                Ok(Some(bytes)) => WorkEnd::Measured(bytes),
                Ok(None) => WorkEnd::Done,
                Err(DataError::Cancelled) => WorkEnd::Cancelled,
                Err(DataError::Fault(fault)) => {
                    tracing::warn!(profile = of.0, ?fault, "profile data");
                    WorkEnd::Failed(fault)
                }
            };
            news.send(Event::ProfileWorked(of, work, end));
        });
        self.tasks.insert(name, Task { cancel, handle });
    }

    pub(super) fn cancel(&self, name: &ProfileName) {
        if let Some(task) = self.tasks.get(name) {
            task.cancel.cancel();
        }
    }

    /// The window has done its part.
    pub(super) fn cleared(&self, name: &ProfileName) {
        let waiting = lock(&self.cleared).remove(name);
        if let Some(waiting) = waiting {
            // Whoever waited may have given up.
            let _ = waiting.send(());
        }
    }

    /// Gives up what is under way, and waits for it, but not for long.
    pub(super) async fn close(&mut self) {
        for task in self.tasks.values() {
            task.cancel.cancel();
        }
        let all = self.tasks.drain().map(|(_, task)| task.handle);
        let all = futures_util::future::join_all(all);
        let _ended = tokio::time::timeout(END_LIMIT, all).await;
    }
}

/// The data of proxied pages, which the window has.
struct Pages {
    content: mpsc::UnboundedSender<ContentOrder>,
    cleared: Cleared,
    limit: Duration,
}

impl Pages {
    /// Waits until the window says that it is done.
    async fn order(&self, name: &ProfileName, order: ContentOrder) -> Result<(), DataError> {
        let (done, waiting) = oneshot::channel();
        lock(&self.cleared).insert(name.clone(), done);
        let gone = self.content.send(order).is_err();
        if gone {
            lock(&self.cleared).remove(name);
        }
        if let Ok(Ok(())) = tokio::time::timeout(self.limit, waiting).await {
            return Ok(());
        }
        lock(&self.cleared).remove(name);
        tracing::warn!(
            profile = name.0,
            gone,
            "the window does not say that it is done"
        );
        Err(DataError::Fault(ProfileFault::Unfinished {
            detail: "what Proxy tabs have stored could not be removed".to_owned(),
        }))
    }
}

fn lock(cleared: &Cleared) -> std::sync::MutexGuard<'_, HashMap<ProfileName, oneshot::Sender<()>>> {
    cleared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn carry_out(
    runtime: &Runtime,
    pages: &Pages,
    name: &ProfileName,
    node: &NodeId,
    work: &DataWork,
    job: Job,
) -> Result<Option<u64>, DataError> {
    match work {
        DataWork::Move { from, to } => runtime.move_profile(name, from, to, job).await?,
        DataWork::Measure => return runtime.profile_size(name, node, job).await.map(Some),
        DataWork::Export { path } => {
            runtime
                .export_profile(name, node, PathBuf::from(path), job)
                .await?;
        }
        DataWork::Import { path } => {
            runtime
                .import_profile(name, node, PathBuf::from(path), job)
                .await?;
        }
        DataWork::Clear => {
            runtime.clear_profile(name, node, job).await?;
            pages
                .order(name, ContentOrder::ClearProfile(name.clone()))
                .await?;
        }
        DataWork::Delete => {
            runtime.delete_profile(name, node).await?;
            pages
                .order(name, ContentOrder::DeleteProfile(name.clone()))
                .await?;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_window_does_not_do_is_not_called_done() {
        let name = ProfileName("default".to_owned());
        let (content, mut orders) = mpsc::unbounded_channel();
        let pages = Pages {
            content,
            cleared: Cleared::default(),
            limit: Duration::from_millis(100),
        };
        let order = || pages.order(&name, ContentOrder::ClearProfile(name.clone()));
        let answers = async {
            orders.recv().await.unwrap();
            let waiting = lock(&pages.cleared).remove(&name).unwrap();
            waiting.send(()).unwrap();
        };
        let (ordered, ()) = tokio::join!(order(), answers);
        assert_eq!(ordered, Ok(()));
        // It hears, and says nothing.
        let is_unfinished = |done: &Result<(), DataError>| {
            matches!(done, Err(DataError::Fault(ProfileFault::Unfinished { .. })))
        };
        assert!(is_unfinished(&order().await));
        // It is gone.
        drop(orders);
        assert!(is_unfinished(&order().await));
        assert!(lock(&pages.cleared).is_empty());
    }
}
