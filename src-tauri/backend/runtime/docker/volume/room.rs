//! A container with a profile's volume, for everything but browsing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptionsBuilder, WaitContainerOptionsBuilder};
use duotab_core::message::{ProfileName, StartFailure};
use duotab_core::profile::ProfileFault;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::pack::{self, Stopped};
use super::{SETTLE, away, make, make_way, refused, stream};
use crate::runtime::data::{
    Carried, DataError, Job, KEPT_PROFILE, KEPT_TOP, LEFT_OUT, Pump, SLACK, blocking, check_room,
    folder_of,
};
use crate::runtime::docker::files::{File, NEKO};
use crate::runtime::docker::link::Link;
use crate::runtime::docker::owner::Taken;
use crate::runtime::docker::{Inner, archive, create, label, remove};

const TASK: &str = include_str!("task.sh");
const SAID: &str = "/tmp/duotab-said";
/// Where an import waits in its volume.
pub(in crate::runtime::docker) const STAGE: &str = ".duotab-import";

/// Removing or linking some ten thousand files on a slow disk.
pub(in crate::runtime::docker) const TASK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How `task.sh` ends when it has dropped what was not put in yet.
pub(in crate::runtime::docker) const DROPPED: i64 = 3;
/// How it ends when there is no room for what it writes.
pub(in crate::runtime::docker) const FULL: i64 = 6;
/// How it ends when what has arrived is not what was sent.
pub(in crate::runtime::docker) const DIFFERS: i64 = 5;
/// How it ends when the volume is somebody else's. It has touched nothing then.
pub(in crate::runtime::docker) const NOT_OURS: i64 = 4;

/// What a task says of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime::docker) struct Said {
    /// Bytes in it.
    pub(in crate::runtime::docker) used: u64,
    /// Bytes beside it.
    pub(in crate::runtime::docker) free: u64,
    /// Files and folders in it.
    pub(in crate::runtime::docker) names: u64,
    /// Bytes of what leaves with the profile, about.
    pub(in crate::runtime::docker) goes: u64,
}

impl Said {
    /// # Errors
    /// If there is no room for so many bytes more.
    pub(in crate::runtime::docker) fn has_room(&self, bytes: u64) -> Result<(), DataError> {
        if self.free >= bytes.saturating_add(SLACK) {
            return Ok(());
        }
        Err(DataError::Fault(ProfileFault::DiskFull {
            path: None,
            needs: bytes,
            has: self.free,
        }))
    }
}

pub(in crate::runtime::docker) fn parse(text: &str) -> Option<Said> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some(Said {
        used: numbers.next()?.ok()?,
        free: numbers.next()?.ok()?,
        names: numbers.next()?.ok()?,
        goes: numbers.next()?.ok()?,
    })
}

/// A container with a profile's volume, for everything but browsing. Dropped, it is removed.
pub(super) struct Room<'a> {
    inner: &'a Inner,
    link: Arc<Link>,
    volume: String,
    whose: ProfileName,
    image: String,
    profile: &'static str,
    container: Option<String>,
}

impl<'a> Room<'a> {
    /// Goes in; without leave to fetch its image only where that is there.
    pub(super) async fn enter(
        inner: &'a Inner,
        link: Arc<Link>,
        profile: &ProfileName,
        may_fetch: bool,
    ) -> Result<Self, DataError> {
        // The one that browsers run from; whether it does is for a browser to find out.
        let image = inner
            .images
            .choose(&link, false, may_fetch, &|_| {})
            .await?;
        let volume = label::volume_name(&inner.with.install, profile);
        let _making = inner.making.lock().await;
        make_way(inner, &link, profile).await?;
        inner.tasks.all().insert(volume.clone());
        let mut room = Self {
            inner,
            link,
            volume,
            whose: profile.clone(),
            image,
            profile: inner.flavour().profile,
            container: None,
        };
        let made = room.make(profile).await;
        made.map_err(|error| refused(&room.link, &error))?;
        Ok(room)
    }

    async fn make(&mut self, profile: &ProfileName) -> Result<(), Error> {
        let docker = &self.link.docker;
        make(self.inner, &self.link, profile).await?;
        let name = format!("{}-room", self.volume);
        // What the engine makes of a question that nobody waits for any more bears this name too.
        self.container = Some(name.clone());
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        self.link.litter.makes(&name);
        docker
            .create_container(Some(options), self.body(profile))
            .await?;
        let folder = File {
            path: format!("{}/", self.profile),
            owner: NEKO,
            mode: 0o700,
            text: String::new(),
        };
        let own = self.inner.with.owner.files(profile);
        let all: Vec<File> = std::iter::once(folder).chain(files()).chain(own).collect();
        archive::put(&self.link, &name, &all).await
    }

    fn body(&self, profile: &ProfileName) -> ContainerCreateBody {
        let argument = ["/bin/bash", "/etc/neko/duotab-task.sh", self.profile];
        let host = HostConfig {
            network_mode: Some("none".to_owned()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            ..HostConfig::default()
        };
        let host = create::with_volume(host, self.link.facts, &self.volume, self.profile);
        ContainerCreateBody {
            image: Some(self.image.clone()),
            entrypoint: Some(argument.map(str::to_owned).to_vec()),
            cmd: Some(Vec::new()),
            user: Some(format!("{NEKO}:{NEKO}")),
            labels: Some(label::owned_by(
                &self.inner.with.owner,
                label::of_volume(&self.inner.with.install, profile),
            )),
            network_disabled: Some(true),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        }
    }

    fn container(&self) -> &str {
        self.container.as_deref().unwrap_or_default()
    }

    /// Has a task done, and waits for its end.
    pub(super) async fn run(&self, task: &str) -> Result<Said, DataError> {
        self.set(task).await?;
        match self.carry_out().await? {
            (0, said) => match parse(&said?) {
                Some(said) => {
                    self.note().await;
                    Ok(said)
                }
                None => Err(DataError::failed(format!("“{task}” said nothing"))),
            },
            (NOT_OURS, _) => Err(self.refusal().await),
            (FULL, _) => Err(StartFailure::EngineDiskFull.into()),
            (code, _) => Err(DataError::failed(format!("“{task}” ended with {code}"))),
        }
    }

    /// The volume was taken.
    async fn note(&self) {
        let told = self.inner.with.owner.ask(&self.link, self.container());
        if let Ok(Some(Taken::Ours(epoch))) = told.await {
            self.inner.took(&self.whose, epoch).await;
        }
    }

    /// Whose the volume is instead.
    async fn refusal(&self) -> DataError {
        let told = self.inner.with.owner.ask(&self.link, self.container());
        DataError::Fault(match told.await {
            Ok(Some(Taken::Theirs(by))) => ProfileFault::Taken { by },
            _ => ProfileFault::InUse,
        })
    }

    /// Has what was staged take the old one's place. This is not given up on the way: it is done,
    /// or it is not and will not be. Only where neither can be found out it is
    /// [`ProfileFault::Unfinished`], and what next has the volume may end it.
    pub(super) async fn put(&self) -> Result<(), DataError> {
        self.set("put").await?;
        let detail = match self.carry_out().await {
            Ok((0, _)) => return Ok(()),
            Ok((NOT_OURS, _)) => return Err(self.refusal().await),
            Ok((DIFFERS, _)) => return Err(DataError::differs()),
            Ok((code, _)) => format!("the last step ended with {code}"),
            Err(error) => in_words(error),
        };
        tracing::warn!(detail, "a profile's data were perhaps not put in");
        let dropped = async {
            self.set("drop").await?;
            self.carry_out().await
        };
        match dropped.await {
            // It was decided on already, and now it is done.
            Ok((0, _)) => Ok(()),
            Ok((DROPPED, _)) => Err(DataError::failed(detail)),
            Ok(_) | Err(_) => Err(DataError::Fault(ProfileFault::Unfinished { detail })),
        }
    }

    /// Says what the container is to do when it is started.
    async fn set(&self, task: &str) -> Result<(), DataError> {
        let task = File {
            path: "/etc/neko/duotab-task".to_owned(),
            owner: 0,
            mode: 0o644,
            text: task.to_owned(),
        };
        let set = archive::put(&self.link, self.container(), &[task]).await;
        set.map_err(|error| refused(&self.link, &error))
    }

    /// Starts the container and waits for its end; gives its exit code and what it has said.
    async fn carry_out(&self) -> Result<(i64, Result<String, DataError>), DataError> {
        let link = &self.link;
        let steps = async {
            link.docker.start_container(self.container(), None).await?;
            let options = WaitContainerOptionsBuilder::default()
                .condition("not-running")
                .build();
            let mut wait = link.pulls.wait_container(self.container(), Some(options));
            let code = match wait.next().await {
                Some(Ok(answer)) => answer.status_code,
                Some(Err(Error::DockerContainerWaitError { code, .. })) => code,
                Some(Err(error)) => return Err(error),
                None => -1,
            };
            let said = archive::get(link, self.container(), SAID).await;
            let said = said.map_err(|error| refused(link, &error));
            Ok((code, said))
        };
        let done = tokio::select! {
            biased;
            done = timeout(TASK_LIMIT, steps) => done,
            fault = self.inner.lost() => return Err(away(fault)),
        };
        done.map_err(|_| DataError::failed("the container engine takes too long"))?
            .map_err(|error| refused(link, &error))
    }

    pub(super) async fn export(&self, to: PathBuf, job: &Job) -> Result<(), DataError> {
        let there = self.run("measure").await?;
        let folder = folder_of(&to).to_owned();
        // Caches are counted as well: no more is known.
        let used = there.used;
        blocking(move || check_room(&folder, used)).await?;
        job.begins(used);
        let (bytes, pump) = self.download();
        let own = job.clone();
        let written = blocking(move || pack::write_export(bytes, there.names, &to, &own));
        match tokio::join!(written, pump) {
            // What is not sent is not read either.
            (Err(_), Err(error)) => Err(error),
            (written, _) => written,
        }
    }

    /// The volume as an archive, and what brings it.
    pub(super) fn download(&self) -> (stream::Bytewise, Pump<'_>) {
        let (bytes, pump) = stream::download(&self.link, self.container(), self.profile);
        let pump = async { pump.await.map_err(|error| refused(&self.link, &error)) };
        (bytes, Box::pin(pump))
    }

    /// Where an archive of what is to be staged goes, and what takes it there.
    pub(super) fn upload(&self) -> (stream::Pieces, Pump<'_>) {
        let (writer, body) = stream::body();
        let pump = async {
            let folder = format!("{}/{STAGE}", self.profile);
            let sent = stream::upload(&self.link, self.container(), &folder, body).await;
            sent.map_err(|broken| match broken {
                stream::Broken::Engine(error) => refused(&self.link, &error),
                stream::Broken::Silent => DataError::silent(),
            })
        };
        (writer, Box::pin(pump))
    }

    /// Makes room for so many bytes that are to be staged.
    pub(super) async fn make_room(&self, bytes: u64) -> Result<(), DataError> {
        self.run("stage").await?.has_room(bytes)
    }

    /// What is put in from now on has to have this sum.
    pub(super) async fn expect(&self, carried: Carried) -> Result<(), DataError> {
        let files = expected(carried);
        let told = archive::put(&self.link, self.container(), &files).await;
        told.map_err(|error| refused(&self.link, &error))
    }

    /// Until the engine cannot be asked any more, and nothing of the job is done either.
    pub(super) async fn lost(&self, job: &Job) -> DataError {
        away(self.inner.lost_at_rest(|| job.done()).await)
    }

    /// Puts an export beside the old data; it does not count yet.
    pub(super) async fn stage(
        &self,
        from: PathBuf,
        bytes: u64,
        job: &Job,
    ) -> Result<(), DataError> {
        self.make_room(bytes).await?;
        job.begins(bytes);
        let (writer, upload) = self.upload();
        let own = job.clone();
        let read = blocking(move || Ok(pack::pack_import(&from, writer, &own)));
        let (read, uploaded) = tokio::join!(read, upload);
        match (read?, uploaded) {
            // What was read badly was also sent badly.
            (Err(Stopped::File(error)), _) | (_, Err(error)) => Err(error),
            (Err(Stopped::Engine), Ok(())) => Err(DataError::silent()),
            (Ok(()), Ok(())) => Ok(()),
        }
    }

    /// Gives the room back if all is well so far.
    pub(super) async fn if_well<T>(self, done: Result<T, DataError>) -> Result<Self, DataError> {
        match done {
            Ok(_) => Ok(self),
            Err(error) => {
                self.leave().await;
                Err(error)
            }
        }
    }

    /// Removes the container, and waits for it.
    pub(super) async fn leave(mut self) {
        if let Some(name) = self.container.clone() {
            remove(&self.link, &name).await;
            // Only now: whoever waits for this may give up.
            self.container = None;
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.inner.tasks.all().remove(&self.volume);
        let name = self.container.take();
        if let (Some(name), Ok(runtime)) = (name, tokio::runtime::Handle::try_current()) {
            let link = Arc::clone(&self.link);
            runtime.spawn(async move { remove(&link, &name).await });
        }
    }
}

/// What a task needs beside a profile's folder.
pub(in crate::runtime::docker) fn files() -> [File; 5] {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        owner: 0,
        mode: 0o644,
        text: text.to_owned(),
    };
    [
        file("/etc/neko/duotab-task.sh", TASK),
        file("/etc/neko/duotab-settle.sh", SETTLE),
        file("/etc/neko/duotab-kept", &lines(&KEPT_TOP)),
        file("/etc/neko/duotab-kept-within", &lines(&KEPT_PROFILE)),
        file("/etc/neko/duotab-left-out", &lines(&LEFT_OUT)),
    ]
}

/// What is to have arrived, for the task that puts it in.
pub(in crate::runtime::docker) fn expected(carried: Carried) -> [File; 2] {
    let file = |path: &str, text: String| File {
        path: path.to_owned(),
        owner: 0,
        mode: 0o644,
        text,
    };
    [
        file("/etc/neko/duotab-order", carried.order),
        file("/etc/neko/duotab-sum", carried.md5),
    ]
}

/// Why a step may have been cut short, for a person.
pub(in crate::runtime::docker) fn in_words(error: DataError) -> String {
    match error {
        DataError::Fault(ProfileFault::EngineAway { .. }) => {
            "the container engine went away in the middle".to_owned()
        }
        DataError::Fault(ProfileFault::DiskFull { .. }) => "its disk is full".to_owned(),
        DataError::Fault(ProfileFault::Failed { detail }) => detail,
        other => other.to_string(),
    }
}

/// Names as `task.sh` reads them, one a line.
fn lines(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name}\n")).collect()
}

#[cfg(test)]
mod tests;
