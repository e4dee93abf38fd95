//! From a started container to one that serves: until Neko lets us in, the home network is closed if
//! it is to be, and the profile is ours.

use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::query_parameters::WaitContainerOptionsBuilder;
use duotab_core::message::{ProfileName, SessionId, StartFailure};
use futures_util::StreamExt as _;
use tokio::time::sleep;

use super::link::Link;
use super::owner::Taken;
use super::ready::{self, Door};
use super::{Inner, exec, fault, network};
use crate::endpoint::{Endpoint, Secret};
use crate::runtime::EngineNews;

/// Between two questions whether something is there that comes at any moment.
const AGAIN: Duration = Duration::from_millis(100);
/// How often it is asked whether a container that does not come up has no room for what it writes.
const FULL_AGAIN: Duration = Duration::from_secs(5);

/// A container that was just started.
pub(super) struct Up<'a> {
    pub(super) inner: &'a Inner,
    pub(super) link: &'a Arc<Link>,
    pub(super) container: &'a str,
}

impl Up<'_> {
    /// Until it serves; `closes` is its name, if the home network is to be closed to it. Gives the
    /// login that showed that it does.
    pub(super) async fn comes(
        &self,
        endpoint: &Endpoint,
        closes: Option<&str>,
        profile: &ProfileName,
    ) -> Result<Option<Secret>, StartFailure> {
        let closed = async {
            match closes {
                Some(name) => network::close(self.link, self.container, name).await,
                None => Ok(()),
            }
        };
        let comes = async {
            let came = tokio::try_join!(closed, self.ready(endpoint));
            if !profile.is_private() {
                self.own(profile, came.is_ok()).await?;
            }
            came.map(|((), login)| login)
        };
        tokio::select! {
            biased;
            came = comes => came,
            () = self.full() => Err(StartFailure::EngineDiskFull),
        }
    }

    /// Until Neko lets us in, or the container has ended. The browser comes up meanwhile: page
    /// control waits for it, and a browser that ends takes its container along.
    async fn ready(&self, endpoint: &Endpoint) -> Result<Option<Secret>, StartFailure> {
        let door = tokio::select! {
            biased;
            ended = self.ended() => {
                return Err(ended.map_or_else(|away| away, |code| StartFailure::Exited { code }));
            }
            door = ready::serves(endpoint) => door,
        };
        match door {
            Door::Open(login) => Ok(Some(login)),
            Door::Taken => Ok(None),
            Door::Shut => {
                let detail = "Neko does not take its configuration".to_owned();
                Err(StartFailure::Refused { detail })
            }
        }
    }

    /// Until a container that does not come up is seen to have no room for what it writes.
    async fn full(&self) {
        loop {
            sleep(FULL_AGAIN).await;
            if exec::is_full(self.link, self.container).await {
                return;
            }
        }
    }

    /// Sees to whose the profile's volume is, which is settled before the browser starts. `comes`: it
    /// will be, if it is not yet.
    async fn own(&self, profile: &ProfileName, comes: bool) -> Result<(), StartFailure> {
        let owner = &self.inner.with.owner;
        loop {
            match owner.ask(self.link, self.container).await {
                Ok(Some(Taken::Ours(epoch))) => {
                    self.inner.took(profile, epoch).await;
                    return Ok(());
                }
                Ok(Some(Taken::Theirs(by))) => return Err(StartFailure::ProfileTaken { by }),
                Ok(Some(Taken::InUse)) => return Err(StartFailure::ProfileInUse),
                Ok(None) if comes => sleep(AGAIN).await,
                Err(error) if comes => return Err(fault::of_start(&error, &self.link.socket)),
                Ok(None) | Err(_) => return Ok(()),
            }
        }
    }

    /// Until the browser answers: an image on trial is not trusted with that.
    pub(super) async fn browser_answers(&self) {
        while !exec::browser_answers(self.link, self.container).await {
            sleep(AGAIN).await;
        }
    }

    /// Says so if the browser's pages are not fenced by the browser itself.
    pub(super) fn report_sandbox(&self, session: SessionId) {
        let (life, link) = (self.inner.life.clone(), Arc::clone(self.link));
        let news = self.inner.news.clone();
        let container = self.container.to_owned();
        tokio::spawn(async move {
            tokio::select! {
                () = life.cancelled() => {}
                sandboxed = exec::is_sandboxed(&link, &container) => if sandboxed == Some(false) {
                    tracing::warn!(
                        "Chromium runs without its own sandbox: the kernel or the engine forbids it"
                    );
                    // Without a receiver there is nobody to tell.
                    let _ = news.send(EngineNews::Unsandboxed(session)).await;
                }
            }
        });
    }

    /// Waits for the container's end; gives its exit code. An engine that goes away meanwhile says
    /// nothing about the container.
    async fn ended(&self) -> Result<Option<i32>, StartFailure> {
        let options = WaitContainerOptionsBuilder::default()
            .condition("not-running")
            .build();
        let mut wait = self
            .link
            .pulls
            .wait_container(self.container, Some(options));
        let code = match wait.next().await {
            Some(Ok(answer)) => Some(answer.status_code),
            Some(Err(Error::DockerContainerWaitError { code, .. })) => Some(code),
            Some(Err(error)) if fault::is_gone(&error) => None,
            Some(Err(error)) => return Err(fault::of_start(&error, &self.link.socket)),
            None => match self.link.hello().await {
                Err(fault) => return Err(StartFailure::EngineAway { fault }),
                Ok(()) => None,
            },
        };
        Ok(code.and_then(|code| i32::try_from(code).ok()))
    }
}
