//! What an earlier life of the app left running, and the removal of what it left dead.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use duotab_core::event::FoundEngine;
use duotab_core::message::SessionId;
use duotab_core::node::NodeId;

use super::EmbeddedConfig;
use super::control::Control;
use super::folder::Folder;
use super::launch::{Launched, endpoint};
use super::process::{self, Process, Stat};
use super::slot::Running;
use super::status::Status;
use crate::endpoint::Endpoint;

/// What is removed at a look had nobody to serve; it need not be waited for long.
const REMOVE_GRACE: Duration = Duration::from_secs(4);

/// All sessions that have a folder in the run folder, or a process that was started there.
pub(super) fn sessions(run: &Path) -> BTreeSet<SessionId> {
    let folders = std::fs::read_dir(run).into_iter().flatten().flatten();
    let of_folders = folders.filter_map(|entry| Folder::session(&entry.path()));
    let configs = process::configs_below(run);
    let of_processes = configs
        .iter()
        .filter_map(|config| Folder::session(config.parent()?));
    of_folders.chain(of_processes).collect()
}

/// Look at one session. `None` if nothing of it runs, or no longer.
pub(super) async fn look(
    with: &EmbeddedConfig,
    control: &Control,
    session: SessionId,
    running: Option<&Running>,
) -> Option<FoundEngine> {
    let found = |healthy, pid| FoundEngine {
        session,
        node: NodeId::host(),
        healthy,
        suspended: process::is_suspended(pid),
    };
    if let Some(engine) = running.filter(|engine| !engine.is_over()) {
        return Some(found(
            control.is_healthy(&engine.endpoint.base).await,
            engine.pid,
        ));
    }
    let folder = Folder::of(&with.run_dir, session);
    let Some((stat, endpoint)) = label(with, &folder) else {
        clear(with, &folder, REMOVE_GRACE).await;
        return None;
    };
    Some(found(control.is_healthy(&endpoint.base).await, stat.pid))
}

/// Take hold of an engine that answers.
pub(super) async fn grasp(
    with: &EmbeddedConfig,
    control: &Control,
    folder: &Folder,
) -> Option<Launched> {
    let (stat, endpoint) = label(with, folder)?;
    let process = Process::adopt(stat).ok()?;
    let folder = folder.clone();
    control
        .is_healthy(&endpoint.base)
        .await
        .then_some(Launched {
            process,
            folder,
            endpoint,
        })
}

/// End all engines of a folder, and remove it. Says how many processes are left.
pub(super) async fn clear(with: &EmbeddedConfig, folder: &Folder, grace: Duration) -> usize {
    let mut left = 0;
    for stat in engines(with, folder) {
        if let Ok(mut process) = Process::adopt(stat) {
            tracing::info!(pid = stat.pid.as_raw_pid(), "removing an engine");
            left += process.end(grace).await;
        }
    }
    folder.remove();
    left
}

/// The living engine of a folder, if it is ours, complete, and says where it serves.
fn label(with: &EmbeddedConfig, folder: &Folder) -> Option<(Stat, Endpoint)> {
    let config = folder
        .config()
        .filter(|config| config.install == with.install)?;
    let Status::Ready { port, .. } = folder.status()? else {
        return None;
    };
    let stat = engines(with, folder)
        .into_iter()
        .find(|stat| stat.leads())?;
    Some((stat, endpoint(&config, port)?))
}

fn engines(with: &EmbeddedConfig, folder: &Folder) -> Vec<Stat> {
    let claimed = folder.status().map(|status| status.pid());
    process::engines(&folder.config_path(), claimed, &with.koneko)
}
