//! What is known of one session's engine while the app lives.

use duotab_core::fault::EndCause;
use duotab_core::message::SessionId;
use rustix::process::Pid;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::folder::Folder;
use super::launch::Launched;
use super::process::{self, Process};
use crate::endpoint::Endpoint;
use crate::runtime::EngineEnded;
use crate::runtime::under_way::UnderWay;

/// One session's place. One call at a time changes what runs.
#[derive(Debug, Default)]
pub(super) struct Slot {
    pub(super) running: tokio::sync::Mutex<Option<Running>>,
    pub(super) start: UnderWay,
}

/// An engine whose end is being waited for.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) pid: Pid,
    pub(super) endpoint: Endpoint,
    taken_back: CancellationToken,
    /// Gives the process if it was taken back, `None` if it has ended.
    watch: JoinHandle<Option<Process>>,
}

impl Running {
    /// Wait for an engine's end in a task that ends with it, or with `life`. An end that nobody
    /// asked for is told.
    pub(super) fn watch(
        session: SessionId,
        launched: Launched,
        life: &CancellationToken,
        told: mpsc::Sender<EngineEnded>,
    ) -> Self {
        let Launched {
            mut process,
            folder,
            endpoint,
        } = launched;
        let (pid, taken_back) = (process.pid(), life.child_token());
        let watch = tokio::spawn({
            let taken_back = taken_back.clone();
            async move {
                tokio::select! {
                    biased;
                    () = taken_back.cancelled() => return Some(process),
                    () = process.ended() => {}
                }
                let ended = bury(session, &mut process, &folder).await;
                tokio::select! {
                    biased;
                    // Whoever takes it back knows of the end by getting nothing.
                    () = taken_back.cancelled() => {}
                    _ = told.send(ended) => {}
                }
                None
            }
        });
        Self {
            pid,
            endpoint,
            taken_back,
            watch,
        }
    }

    /// Whether it has ended and that was dealt with.
    pub(super) fn is_over(&self) -> bool {
        self.watch.is_finished()
    }

    /// Whether its process is there.
    pub(super) fn lives(&self) -> bool {
        !self.is_over() && process::lives(self.pid)
    }

    /// The process, to be ended; `None` if it has ended by itself. From now on nobody is told.
    pub(super) async fn take_back(self) -> Option<Process> {
        self.taken_back.cancel();
        self.watch.await.ok().flatten()
    }
}

async fn bury(session: SessionId, process: &mut Process, folder: &Folder) -> EngineEnded {
    let (code, left) = process.bury().await;
    tracing::warn!(session = session.0, code, left, "engine ended by itself");
    let log = folder.log();
    folder.remove();
    EngineEnded {
        session,
        cause: EndCause::Exited { code },
        log,
    }
}
