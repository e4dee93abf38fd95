//! What runs on another machine has a lease, and ends itself when nobody renews it any more. What is
//! paused there cannot do so: it takes no turn, and holds its memory until somebody wakes or ends it.

use std::sync::Arc;

use super::files::File;
use super::link::Link;
use super::{Inner, archive};

/// There to be renewed.
pub(super) const LEASE: &str = "/etc/neko/duotab-lease";
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

/// Renews that of all that is held, until the app lets go of the engine.
pub(super) async fn renew(inner: Arc<Inner>, link: Arc<Link>) {
    if !link.is_far() {
        return;
    }
    let renewing = async {
        loop {
            tokio::time::sleep(inner.with.lease / OFTEN).await;
            for (session, held) in inner.known.list() {
                if let Err(error) = archive::put(&link, &held.container, &[file()]).await {
                    tracing::debug!(session = session.0, %error, "a lease was not renewed");
                }
            }
        }
    };
    tokio::select! {
        () = inner.life.cancelled() => {}
        () = renewing => {}
    }
}
