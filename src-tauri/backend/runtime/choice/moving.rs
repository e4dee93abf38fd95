//! A profile's data from one machine to another.

use duotab_core::message::ProfileName;
use duotab_core::node::NodeId;

use super::{Kind, Runtime, Server};
use crate::runtime::data::{Carried, DataError, Give, Job, Pump, Put, carry};
use crate::runtime::{docker, embedded};

/// Where they are.
enum Source<'a> {
    Folder(embedded::Leaving),
    Volume(docker::Leaving<'a>),
    Node(docker::LeavingNode),
}

/// Where they are to be.
enum Target<'a> {
    Folder(embedded::Arriving),
    Volume(docker::Arriving<'a>),
    Node(docker::ArrivingNode),
}

impl Runtime {
    /// Brings a profile's data, which nobody has, to another node. Those at the first one stay as
    /// they are. Without any there is nothing to do. They go through this machine's memory, and count
    /// there once their sum was found right over what lies there.
    ///
    /// # Errors
    /// Why they are not there. What was there before is untouched.
    pub async fn move_profile(
        &self,
        profile: &ProfileName,
        from: &NodeId,
        to: &NodeId,
        job: Job,
    ) -> Result<(), DataError> {
        let (from, to) = (
            (self.keeper(profile, from).await?, from),
            (self.keeper(profile, to).await?, to),
        );
        let brought = tokio::select! {
            biased;
            // What is dropped cleans up behind itself.
            () = job.given_up() => return Err(DataError::Cancelled),
            brought = Box::pin(self.bring(profile, (&from, &to), &job)) => brought?,
        };
        let Some((source, target, carried)) = brought else {
            return Ok(());
        };
        // From here on it is not given up on the way.
        let done = if carried.pieces > 0 {
            target.arrived(carried).await
        } else {
            target.end().await;
            Ok(())
        };
        source.end().await;
        done
    }

    /// Carries them to where they do not count yet; `None` if there are none.
    async fn bring<'a>(
        &'a self,
        profile: &ProfileName,
        (from, to): (&'a (Server, &NodeId), &'a (Server, &NodeId)),
        job: &Job,
    ) -> Result<Option<(Source<'a>, Target<'a>, Carried)>, DataError> {
        let source = match &from.0 {
            Server::Here(Kind::Embedded) => {
                self.embedded.leaving(profile).await?.map(Source::Folder)
            }
            Server::Here(Kind::Docker) => self.docker.leaving(profile).await?.map(Source::Volume),
            Server::There(worker) => worker.leaving(profile).await?.map(Source::Volume),
            Server::Fleet(swarm) => swarm.leaving(profile, from.1).await?.map(Source::Node),
        };
        let Some(source) = source else {
            return Ok(None);
        };
        let bytes = source.bytes();
        let arriving = async {
            Ok(match &to.0 {
                Server::Here(Kind::Embedded) => {
                    Target::Folder(self.embedded.arriving(profile, bytes).await?)
                }
                Server::Here(Kind::Docker) => {
                    Target::Volume(self.docker.arriving(profile, bytes).await?)
                }
                Server::There(worker) => Target::Volume(worker.arriving(profile, bytes).await?),
                Server::Fleet(swarm) => Target::Node(swarm.arriving(profile, to.1, bytes).await?),
            })
        };
        let target = arriving.await;
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                source.end().await;
                return Err(error);
            }
        };
        job.begins(bytes);
        let carried = tokio::select! {
            biased;
            carried = carry(source.give(job), target.take(), job.clone()) => carried,
            lost = source.lost(job) => Err(lost),
            lost = target.lost(job) => Err(lost),
        };
        match carried {
            Ok(carried) => Ok(Some((source, target, carried))),
            Err(error) => {
                target.end().await;
                source.end().await;
                Err(error)
            }
        }
    }
}

impl Source<'_> {
    fn bytes(&self) -> u64 {
        match self {
            Self::Folder(folder) => folder.bytes,
            Self::Volume(volume) => volume.bytes,
            Self::Node(node) => node.bytes,
        }
    }

    fn give(&self, job: &Job) -> (Give, Pump<'_>) {
        match self {
            Self::Folder(folder) => folder.give(job),
            Self::Volume(volume) => volume.give(),
            Self::Node(node) => node.give(),
        }
    }

    async fn lost(&self, job: &Job) -> DataError {
        match self {
            Self::Folder(_) | Self::Node(_) => std::future::pending().await,
            Self::Volume(volume) => volume.lost(job).await,
        }
    }

    async fn end(self) {
        match self {
            Self::Folder(_) => {}
            Self::Volume(volume) => volume.end().await,
            Self::Node(node) => node.end().await,
        }
    }
}

impl Target<'_> {
    fn take(&self) -> (Box<dyn Put>, Pump<'_>) {
        match self {
            Self::Folder(folder) => folder.take(),
            Self::Volume(volume) => volume.take(),
            Self::Node(node) => node.take(),
        }
    }

    async fn lost(&self, job: &Job) -> DataError {
        match self {
            Self::Folder(_) | Self::Node(_) => std::future::pending().await,
            Self::Volume(volume) => volume.lost(job).await,
        }
    }

    async fn arrived(self, carried: Carried) -> Result<(), DataError> {
        match self {
            Self::Folder(folder) => folder.arrived(carried).await,
            Self::Volume(volume) => volume.arrived(carried).await,
            Self::Node(node) => node.arrived(carried).await,
        }
    }

    async fn end(self) {
        match self {
            Self::Folder(_) => {}
            Self::Volume(volume) => volume.end().await,
            Self::Node(node) => node.end().await,
        }
    }
}
