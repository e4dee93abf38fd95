//! What is to go and could not, or came when nobody wanted it any more: tried again until it has gone.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{Inner, remains};

/// How often that is tried which could not be stopped.
const AGAIN: Duration = Duration::from_secs(5);
/// How often all is looked at that bears our labels, in tries.
const SWEEP: u32 = 3;
/// For one session: a manager that is frozen must not hold up the others.
const LIMIT: Duration = Duration::from_secs(40);

/// Until the app lets go of the Swarm.
pub(super) async fn tidy(inner: Arc<Inner>) {
    let mut strays = HashSet::new();
    let mut round: u32 = 0;
    loop {
        sleep(AGAIN).await;
        round = round.wrapping_add(1);
        end_abandoned(&inner).await;
        // Until then all that is there may be somebody's.
        if round.is_multiple_of(SWEEP) && inner.found.load(Ordering::Relaxed) {
            let Ok(Ok(link)) = timeout(AGAIN, inner.docker.link()).await else {
                continue;
            };
            let swept = timeout(LIMIT, remains::sweep(&inner, &link, &mut strays)).await;
            if let Ok(Err(error)) = swept {
                tracing::debug!(%error, "a Swarm is not swept");
            }
        }
    }
}

/// Removes what could not be stopped when that was asked for, and what has come since though nobody
/// wants it.
async fn end_abandoned(inner: &Inner) {
    let going = || &inner.known.abandoned() | &inner.known.may_all_come();
    let all = going();
    if all.is_empty() {
        return;
    }
    let Ok(Ok(link)) = timeout(AGAIN, inner.docker.link()).await else {
        return;
    };
    for session in all {
        let slot = inner.slots.of(session);
        // It may be started again meanwhile.
        if let Ok(_turn) = slot.turn.try_lock()
            && going().contains(&session)
        {
            let removing = remains::remove(inner, &link, session);
            if timeout(LIMIT, removing).await == Ok(true) {
                inner.known.settle(session);
            }
        }
        inner.slots.forget(session, slot);
    }
}
