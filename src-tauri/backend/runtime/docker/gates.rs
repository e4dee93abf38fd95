//! No container is paused while a process begins in it.
//!
//! The engine waits for such a process with the container in its hand, and a process that is frozen
//! never comes: what was paused so can be neither woken nor removed any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bollard::models::ExecInspectResponse;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::{sleep, timeout};

use super::fault;
use super::link::Link;

/// How long a pause waits for processes that begin.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a process is taken for one that may yet begin: for longer than any pause waits.
const BEGIN_LIMIT: Duration = Duration::from_secs(60);
/// How often the engine is asked whether it has begun; no event tells.
const OFTEN: Duration = Duration::from_millis(20);

/// One for each container in which something begins or that is being paused.
#[derive(Debug, Default)]
pub(super) struct Gates(Mutex<HashMap<String, Weak<RwLock<()>>>>);

impl Gates {
    fn of(&self, container: &str) -> Arc<RwLock<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, gate| gate.strong_count() > 0);
        if let Some(gate) = all.get(container).and_then(Weak::upgrade) {
            return gate;
        }
        let gate = Arc::default();
        all.insert(container.to_owned(), Arc::downgrade(&gate));
        gate
    }

    /// Keeps a container from being paused, until that is dropped. Waits while it is.
    pub(super) async fn enter(&self, container: &str) -> OwnedRwLockReadGuard<()> {
        self.of(container).read_owned().await
    }

    /// Keeps processes from beginning in a container, until that is dropped. `None` if one has not begun
    /// within the limit.
    pub(super) async fn close(&self, container: &str) -> Option<OwnedRwLockWriteGuard<()>> {
        timeout(LIMIT, self.of(container).write_owned()).await.ok()
    }
}

/// Until a process that the engine was asked to begin has begun, has ended or is not known.
pub(super) async fn begun(link: &Link, process: &str) {
    let asking = async {
        loop {
            match link.docker.inspect_exec(process).await {
                Ok(it) if has_begun(&it, link.facts.podman) => return,
                Err(error) if fault::is_gone(&error) => return,
                Ok(_) | Err(_) => sleep(OFTEN).await,
            }
        }
    };
    let _ = timeout(BEGIN_LIMIT, asking).await;
}

/// Or has ended.
fn has_begun(process: &ExecInspectResponse, podman: bool) -> bool {
    let ended = if podman {
        // It gives an exit code before there is one.
        process.can_remove == Some(true)
    } else {
        process.exit_code.is_some()
    };
    ended || process.pid.is_some_and(|pid| pid != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::docker::stand_in::{FORBIDDEN, StandIn};
    use crate::runtime::docker::{exec, pause};
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn a_pause_waits_for_a_process_that_the_engine_was_asked_to_begin() {
        let looks = Mutex::new(0);
        let early = Arc::new(Mutex::new(None));
        let told = Arc::clone(&early);
        let engine = StandIn::start(move |_, path| {
            let mut looks = looks.lock().unwrap();
            if path.contains("/containers/c/exec") {
                return (201, r#"{"Id":"p"}"#);
            } else if path.contains("/exec/p/start") {
                // Begun or not: it is not said.
                return (101, "");
            } else if path.contains("/exec/p/json") {
                *looks += 1;
                return match *looks {
                    0..3 => (200, r#"{"ID":"p","Running":true,"Pid":0}"#),
                    _ => (200, r#"{"ID":"p","Running":true,"Pid":7}"#),
                };
            } else if path.contains("/containers/c/pause") {
                *told.lock().unwrap() = Some(*looks < 3);
                return (204, "");
            }
            FORBIDDEN
        });
        let docker = engine.docker();
        let link = docker.link().await.unwrap();
        let _word = exec::is_sandboxed(&link, "c").await;
        pause(&link, "c").await.unwrap();
        assert_eq!(*early.lock().unwrap(), Some(false));
    }

    #[tokio::test]
    async fn a_container_is_closed_when_all_that_begins_in_it_has_begun() {
        let gates = Gates::default();
        let (one, other) = (gates.enter("a").await, gates.enter("a").await);
        assert!(gates.enter("b").now_or_never().is_some());
        let mut closing = Box::pin(gates.close("a"));
        assert!(closing.as_mut().now_or_never().is_none());
        drop(one);
        assert!(closing.as_mut().now_or_never().is_none());
        drop(other);
        let closed = closing.await;
        assert!(closed.is_some());
        assert!(gates.enter("a").now_or_never().is_none());
        assert!(gates.close("b").await.is_some());
        drop(closed);
        assert!(gates.enter("a").now_or_never().is_some());
    }
}
