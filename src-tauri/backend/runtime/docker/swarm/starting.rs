//! A service on its way to a container that runs: what keeps it from getting there.

use std::time::Duration;

use duotab_core::fault::EngineFault;
use duotab_core::message::StartFailure;
use tokio::time::{Instant, sleep};

use super::gate::Gate;
use super::objects;
use super::task::{self, Refusal, Standing};
use crate::runtime::docker::fault;
use crate::runtime::docker::link::Link;

/// A Swarm tells of no task by itself.
const ASK_EVERY: Duration = Duration::from_millis(150);
/// A refusal that stands for so long is one: what ends at the same moment gives its place back.
const REFUSED: Duration = Duration::from_millis(500);
/// A container that runs opens its door within this, or nobody lets us through to it.
const DOOR_LIMIT: Duration = Duration::from_secs(30);
/// An image that takes longer than this to be there is being fetched; nobody says how far that is.
const FETCH_TOLD: Duration = Duration::from_secs(2);

/// What is being started.
pub(super) struct Starting<'a> {
    pub(super) link: &'a Link,
    pub(super) service: &'a str,
    /// The node's name.
    pub(super) host: &'a str,
    pub(super) image: &'a str,
    pub(super) gate: &'a Gate,
    /// Once the image is there.
    pub(super) limit: Duration,
    /// Whether the node may fetch the image for it. One that is being fetched is fetched by the node all
    /// the same, but nobody waits for it.
    pub(super) may_fetch: bool,
    pub(super) fetched: &'a (dyn Fn(u8) + Send + Sync),
}

impl Starting<'_> {
    /// Until the Swarm, the node's engine or the clock says that it will not serve.
    pub(super) async fn until_refused(&self) -> Refusal {
        let mut until = Instant::now() + self.limit;
        let (mut refused, mut fetching, mut runs) = (None, None, None);
        loop {
            sleep(ASK_EVERY).await;
            let now = Instant::now();
            let tasks = objects::tasks(self.link, self.service).await;
            let newest = match tasks {
                Ok(tasks) => task::newest(&tasks),
                Err(error) => return Refusal::Failure(fault::of_start(&error, &self.link.socket)),
            };
            let last = newest.as_ref().is_some_and(|it| it.last);
            let standing = newest.map(|it| it.standing);
            if !matches!(standing, Some(Standing::Refused(_))) {
                refused = None;
            }
            match standing {
                Some(Standing::Refused(words)) => {
                    if now - *refused.get_or_insert(now) >= REFUSED {
                        return task::refusal(&words, self.host);
                    }
                }
                Some(Standing::Failed(words)) => return task::failure(&words, self.image),
                Some(Standing::Over(code, _)) => {
                    return Refusal::Failure(StartFailure::Exited { code });
                }
                // Its Swarm has given it up before it came, and its node with it.
                Some(Standing::Coming { .. }) if last => {
                    let host = self.host.to_owned();
                    let fault = EngineFault::NodeDown { host };
                    return Refusal::Failure(StartFailure::EngineAway { fault });
                }
                // The image may take as long as it takes; the rest has a limit.
                Some(Standing::Coming { fetching: true }) => {
                    until = now + self.limit;
                    if now - *fetching.get_or_insert(now) >= FETCH_TOLD {
                        if !self.may_fetch {
                            let image = self.image.to_owned();
                            return Refusal::Failure(StartFailure::ImageMissing { image });
                        }
                        (self.fetched)(0);
                    }
                }
                Some(Standing::Running) => {
                    if fetching.take().is_some() {
                        (self.fetched)(100);
                    }
                    if now - *runs.get_or_insert(now) >= DOOR_LIMIT {
                        runs = Some(now);
                        if !self.opens().await {
                            return self.closed();
                        }
                    }
                }
                Some(Standing::Coming { fetching: false }) | None => {}
            }
            if now >= until {
                return Refusal::Failure(StartFailure::TimedOut);
            }
        }
    }

    /// Until its door opens, or there is a reason why it will not.
    pub(super) async fn until_open(&self) -> Result<(), Refusal> {
        let opens = async {
            while !self.opens().await {
                sleep(ASK_EVERY).await;
            }
        };
        tokio::select! {
            biased;
            refusal = self.until_refused() => Err(refusal),
            () = opens => Ok(()),
        }
    }

    async fn opens(&self) -> bool {
        self.gate.opens().await
    }

    fn closed(&self) -> Refusal {
        let (host, port) = (self.gate.address().to_string(), self.gate.number());
        let fault = EngineFault::PortClosed { host, port };
        Refusal::Failure(StartFailure::EngineAway { fault })
    }
}
