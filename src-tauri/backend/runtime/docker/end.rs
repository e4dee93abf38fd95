//! Containers put to sleep, ended and removed.

use bollard::errors::Error;
use bollard::query_parameters::{
    RemoveContainerOptionsBuilder, StopContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::timeout;

use super::label::State;
use super::link::Link;
use super::{exec, fault, lease};

/// Seconds that Chromium is given to write what it has (cookies, history).
const STOP_GRACE: i32 = 8;
/// How long somebody else's removal of a container is waited for.
const REMOVAL_LIMIT: Duration = Duration::from_secs(10);
/// How often a container is paused before that is given up.
const PAUSE_TRIES: usize = 5;

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
    let mut tries = PAUSE_TRIES;
    loop {
        tries -= 1;
        match link.docker.pause_container(container).await {
            Ok(()) => return Ok(()),
            Err(error) if fault::words(&error).contains("already paused") => return Ok(()),
            Err(error) if tries > 0 && fault::words(&error).contains("freeze") => {
                tracing::debug!(%error, container, "not paused yet");
            }
            Err(error) => return Err(error),
        }
    }
}

/// Ends a container in peace and removes it. False if it stays.
pub(super) async fn end(link: &Link, container: &str, state: State) -> bool {
    if state == State::Running && lease::is_asleep(link, container).await {
        // It could not write what it has.
        let _awake = exec::sleep(link, container, false).await;
    }
    if state == State::Paused {
        let _awake = link.docker.unpause_container(container).await;
    }
    if state != State::Dead && !exec::end_browser(link, container).await {
        let grace = StopContainerOptionsBuilder::default().t(STOP_GRACE).build();
        if let Err(error) = link.docker.stop_container(container, Some(grace)).await {
            tracing::warn!(%error, container, "container not stopped in peace");
        }
    }
    remove(link, container).await
}

/// Waits until a container is no more, for somebody else may be at its removal. False if it stays.
pub(super) async fn until_gone(link: &Link, container: &str) -> bool {
    let options = WaitContainerOptionsBuilder::default()
        .condition("removed")
        .build();
    let mut gone = link.pulls.wait_container(container, Some(options));
    match timeout(REMOVAL_LIMIT, gone.next()).await {
        // A removal that has failed ends the wait as well.
        Ok(Some(Ok(answer))) => answer.error.is_none_or(|it| it.message.is_none()),
        Ok(Some(Err(Error::DockerContainerWaitError { error, .. }))) => error.is_empty(),
        Ok(Some(Err(error))) => fault::is_gone(&error),
        Ok(None) | Err(_) => false,
    }
}

/// Removes a container, running or not, by id or name. False if it stays. What stays, and what somebody
/// else removes, is seen to until it is gone.
pub(super) async fn remove(link: &Link, container: &str) -> bool {
    // Its name may be another one's before long.
    let id = match link.docker.inspect_container(container, None).await {
        Ok(found) => found.id.unwrap_or_else(|| container.to_owned()),
        Err(error) if fault::is_gone(&error) => return true,
        Err(_) => container.to_owned(),
    };
    let options = RemoveContainerOptionsBuilder::default().force(true).build();
    match link.docker.remove_container(&id, Some(options)).await {
        Ok(()) => true,
        Err(error) if fault::is_gone(&error) => true,
        // Somebody else is at it.
        Err(error) if fault::kind(&error) == fault::Kind::Conflict => {
            link.litter.add(&id);
            true
        }
        Err(error) => {
            tracing::warn!(%error, container, "container not removed");
            link.litter.add(&id);
            false
        }
    }
}
