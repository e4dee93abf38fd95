//! What runs on another machine has a lease, and ends itself when nobody renews it any more. So it is
//! not paused by the engine there, which would stop the lease as well: its processes are stopped from
//! within, all but that one.

use std::sync::Arc;

use super::files::File;
use super::label::{self, State};
use super::link::Link;
use super::{Inner, archive};

/// There to be renewed.
pub(super) const LEASE: &str = "/etc/neko/duotab-lease";
/// There while all else sleeps.
const ASLEEP: &str = "/tmp/duotab-asleep";
/// How often it is, in its own time: some may be missed.
const OFTEN: u32 = 10;

/// The lease, with a text that it has not had before.
pub(super) fn file() -> File {
    let mut bytes = [0; 8];
    // Without randomness it stays as it is, and the app has other troubles.
    let _ = getrandom::fill(&mut bytes);
    File {
        path: LEASE.to_owned(),
        owner: 0,
        mode: 0o444,
        text: u64::from_le_bytes(bytes).to_string(),
    }
}

/// Whether a container's processes sleep. That an engine refuses to pause is not known before.
pub(super) async fn is_asleep(link: &Link, container: &str) -> bool {
    archive::get(link, container, ASLEEP).await.is_ok()
}

/// Renews that of all that runs, until the app lets go of the engine.
pub(super) async fn renew(inner: Arc<Inner>, link: Arc<Link>) {
    if !link.is_far() {
        return;
    }
    let renewing = async {
        loop {
            tokio::time::sleep(inner.with.lease / OFTEN).await;
            // Also of what an earlier life of the app has left asleep, and nobody has woken yet.
            let all = label::containers(&link, &inner.with).await;
            for ours in all.unwrap_or_default() {
                if ours.state != State::Dead
                    && let Err(error) = archive::put(&link, &ours.id, &[file()]).await
                {
                    tracing::debug!(container = ours.id, %error, "a lease was not renewed");
                }
            }
        }
    };
    tokio::select! {
        () = inner.life.cancelled() => {}
        () = renewing => {}
    }
}
