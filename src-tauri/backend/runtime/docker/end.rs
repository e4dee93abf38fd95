//! Containers ended and removed.

use bollard::errors::Error;
use bollard::query_parameters::{
    RemoveContainerOptionsBuilder, StopContainerOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::timeout;

use super::label::State;
use super::link::Link;
use super::pause::unpause;
use super::{exec, fault, lease};

/// Seconds that Chromium is given to write what it has (cookies, history).
const STOP_GRACE: i32 = 8;
/// How long somebody else's removal of a container is waited for.
const REMOVAL_LIMIT: Duration = Duration::from_secs(10);

/// Ends a container in peace and removes it. False if it stays.
pub(super) async fn end(link: &Link, container: &str, state: State) -> bool {
    if state == State::Running && lease::is_asleep(link, container).await {
        // It could not write what it has.
        let _awake = exec::sleep(link, container, false).await;
    }
    if state == State::Paused {
        let _awake = unpause(link, container).await;
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
