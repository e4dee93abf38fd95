//! Containers put to sleep and woken by the engine.
//!
//! Docker takes note of what it has done itself a second time, when its runtime tells of it, and late on
//! a busy machine: for a moment it then says of a container that sleeps that it does not, or of one that
//! is awake that it sleeps.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use bollard::errors::Error;
use tokio::time::sleep;

use super::link::Link;
use super::{exec, fault};

/// How often a container is paused or woken before what the engine says is believed.
const TRIES: usize = 5;
/// How long its late notes are waited for each time.
const LATE: Duration = Duration::from_millis(50);

/// Pauses a container; on another machine, and where nothing else is possible, from within.
pub(super) async fn pause(link: &Link, container: &str) -> Result<(), Error> {
    if link.sleeps_within() {
        return exec::sleep(link, container, true).await;
    }
    match freeze(link, container).await {
        Ok(()) => Ok(()),
        // What gave no answer may pause it yet.
        Err(error) if fault::is_open(&error) => Err(error),
        // Whatever its reason is: one that does not run does not listen either.
        Err(refused) => {
            tracing::debug!(%refused, container, "the engine does not pause it");
            let asleep = exec::sleep(link, container, true).await;
            asleep.map_err(|_| refused)
        }
    }
}

/// Has the engine pause a container. The kernel does not always manage at once: a process in the middle
/// of a system call is waited for, but not for long.
async fn freeze(link: &Link, container: &str) -> Result<(), Error> {
    let Some(_closed) = link.gates.close(container).await else {
        let error = "a process in the container does not come to its beginning".to_owned();
        return Err(Error::DockerStreamError { error });
    };
    let mut tries = TRIES;
    loop {
        tries -= 1;
        match link.docker.pause_container(container).await {
            Ok(()) => return Ok(()),
            Err(error) if fault::words(&error).contains("already paused") => {
                if tries == 0 {
                    return Ok(());
                }
                sleep(LATE).await;
            }
            Err(error) if tries > 0 && fault::words(&error).contains("freeze") => {
                tracing::debug!(%error, container, "not paused yet");
            }
            Err(error) => return Err(error),
        }
    }
}

/// Has the engine wake a container. No harm if it is awake.
pub(super) async fn unpause(link: &Link, container: &str) -> Result<(), Error> {
    for _ in 0..TRIES {
        match link.docker.unpause_container(container).await {
            Err(error) if fault::words(&error).contains("not paused") => {
                tracing::debug!(%error, container, "not woken yet");
                sleep(LATE).await;
            }
            woken => return woken,
        }
    }
    Ok(())
}

/// Wakes a container again whenever the engine says by now that it sleeps. Ends when it is dropped.
pub(super) async fn keep_awake(link: &Link, container: &str) -> Infallible {
    if link.sleeps_within() {
        return pending().await;
    }
    loop {
        sleep(LATE).await;
        let inspected = link.docker.inspect_container(container, None).await;
        let state = inspected.ok().and_then(|it| it.state);
        if state.and_then(|it| it.paused) == Some(true)
            && let Err(error) = link.docker.unpause_container(container).await
        {
            tracing::debug!(%error, container, "not woken again");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::runtime::docker::stand_in::{Answer, FORBIDDEN, StandIn};

    const NOT: Answer = (500, r#"{"message":"Container c is not paused"}"#);
    const ALREADY: Answer = (409, r#"{"message":"Container c is already paused"}"#);
    const DONE: Answer = (204, "");

    /// What the engine says to each `word`, the last answer for ever. Counts them.
    fn saying(word: &'static str, said: &'static [Answer]) -> (StandIn, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let engine = StandIn::start(move |_, path| {
            if path.ends_with("/containers/c/json") {
                return (200, r#"{"State":{"Paused":true}}"#);
            }
            if !path.ends_with(&format!("/containers/c/{word}")) {
                return FORBIDDEN;
            }
            let at = count.fetch_add(1, Ordering::Relaxed);
            said.get(at).or(said.last()).copied().unwrap_or(FORBIDDEN)
        });
        (engine, asked)
    }

    #[tokio::test]
    async fn what_an_engine_says_of_a_moment_ago_is_not_believed_at_once() {
        let (engine, asked) = saying("unpause", &[NOT, NOT, DONE]);
        let link = engine.docker().link().await.unwrap();
        unpause(&link, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3);

        let (engine, asked) = saying("pause", &[ALREADY, ALREADY, DONE]);
        let link = engine.docker().link().await.unwrap();
        pause(&link, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn what_it_goes_on_to_say_is_believed() {
        let (engine, asked) = saying("unpause", &[NOT]);
        let link = engine.docker().link().await.unwrap();
        unpause(&link, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), TRIES);

        let (engine, asked) = saying("pause", &[ALREADY]);
        let link = engine.docker().link().await.unwrap();
        pause(&link, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), TRIES);

        let (engine, asked) = saying("unpause", &[FORBIDDEN]);
        let link = engine.docker().link().await.unwrap();
        assert!(unpause(&link, "c").await.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_is_said_to_sleep_after_all_is_woken_again() {
        let (engine, asked) = saying("unpause", &[NOT, DONE]);
        let link = engine.docker().link().await.unwrap();
        let woken = async {
            while asked.load(Ordering::Relaxed) < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            never = keep_awake(&link, "c") => match never {},
            () = woken => {}
        }
    }
}
