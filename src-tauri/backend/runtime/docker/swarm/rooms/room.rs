//! A room, from its door on.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bollard::errors::Error;
use duotab_core::message::{ProfileName, StartFailure};
use duotab_core::profile::ProfileFault;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Claim;
use super::carry::{self, AHEAD, SILENCE};
use crate::runtime::data::{Carried, DataError, Job, Pump, blocking, check_room, folder_of};
use crate::runtime::docker::archive;
use crate::runtime::docker::files::File;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::owner::{OWNER, Taken};
use crate::runtime::docker::swarm::gate::Gate;
use crate::runtime::docker::swarm::service::Kept;
use crate::runtime::docker::swarm::{objects, remains};
use crate::runtime::docker::volume::pack::{self, Stopped};
use crate::runtime::docker::volume::room::{
    self, DIFFERS, DROPPED, FULL, NOT_OURS, STAGE, Said, TASK_LIMIT, parse,
};
use crate::runtime::docker::volume::stream;

/// Files that are in a volume from the first look at it on: whose it is. With no others it is empty.
pub(super) const NOTES: u64 = 1;

/// Has a task done, and says how it ended and what it has said. usage: PROFILE TASK
const CARRY_OUT: &str = r#"echo "$2" >/tmp/duotab-task; rm -f /tmp/duotab-said
/bin/bash /etc/neko/duotab-task.sh "$1" >/dev/null; echo $? $(cat /tmp/duotab-said 2>/dev/null)"#;
/// Puts an archive into a folder.
const PUT_IN: &str = r#"tar -x -C "$1" && echo done"#;

/// A room. Dropped, it is removed.
pub(super) struct Room {
    pub(super) claim: Arc<Claim>,
    pub(super) link: Arc<Link>,
    pub(super) profile: ProfileName,
    pub(super) made: Made,
    /// A question to a Swarm cannot be taken back: what comes of it is waited for.
    pub(super) making: Option<JoinHandle<(Made, Result<String, Error>)>>,
    pub(super) gate: Option<Gate>,
}

/// What the Swarm keeps for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Made {
    /// Its id, and its node's in the Swarm.
    pub(super) service: Option<(String, String)>,
    pub(super) files: Option<Kept>,
    pub(super) papers: Option<Kept>,
}

impl Made {
    const fn is_nothing(&self) -> bool {
        self.service.is_none() && self.files.is_none() && self.papers.is_none()
    }

    async fn remove(self, link: &Link) {
        if let Some((service, node)) = self.service {
            objects::remove_service(link, &service).await;
            remains::until_gone(link, &service, &node).await;
        }
        if let Some(files) = self.files {
            objects::remove_config(link, &files.id).await;
        }
        if let Some(papers) = self.papers {
            objects::remove_secret(link, &papers.id).await;
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let (link, made) = (Arc::clone(&self.link), std::mem::take(&mut self.made));
        let making = self.making.take();
        if making.is_none() && made.is_nothing() {
            // Whoever has left may come again at once: nothing goes on that would hold the claim.
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let claim = Arc::clone(&self.claim);
            runtime.spawn(async move {
                if let Some(making) = making
                    && let Ok((made, _)) = making.await
                {
                    made.remove(&link).await;
                }
                made.remove(&link).await;
                drop(claim);
            });
        }
    }
}

fn failed(detail: impl Into<String>) -> DataError {
    DataError::failed(detail)
}

pub(super) fn broken(error: &std::io::Error) -> DataError {
    failed(format!("the connection to the node has broken: {error}"))
}

impl Room {
    /// Has what it needs made; gives the service's id.
    pub(super) async fn make(
        &mut self,
        making: impl Future<Output = (Made, Result<String, Error>)> + Send + 'static,
    ) -> Result<String, Error> {
        let made = self.making.insert(tokio::spawn(making)).await;
        self.making = None;
        let (made, service) = made.unwrap_or_else(|panicked| {
            let error = panicked.to_string();
            (Made::default(), Err(Error::DockerStreamError { error }))
        });
        self.made = made;
        if let Ok(service) = &service {
            let mut rooms = self.claim.inner.rooms.all();
            rooms.insert(self.claim.key.clone(), Some(service.clone()));
        }
        service
    }

    fn gate(&self) -> Result<&Gate, DataError> {
        self.gate.as_ref().ok_or_else(|| failed("it has no door"))
    }

    fn folder(&self) -> &'static str {
        self.claim.inner.docker.inner.flavour().profile
    }

    /// Has a task done; gives its exit code and what it has said.
    async fn carry_out(&self, task: &str) -> Result<(i64, String), DataError> {
        let command = ["/bin/bash", "-c", CARRY_OUT, "duotab", self.folder(), task];
        let asked = self.gate()?.ask(&command, TASK_LIMIT).await;
        let said = asked.map_err(|error| broken(&error))?;
        let said = said.trim();
        let (code, said) = said.split_once(' ').unwrap_or((said, ""));
        let code = code.parse().map_err(|_| failed("the node says nothing"))?;
        Ok((code, said.to_owned()))
    }

    pub(super) async fn run(&self, task: &str) -> Result<Said, DataError> {
        let (code, said) = self.carry_out(task).await?;
        match parse(&said) {
            Some(said) if code == 0 => {
                self.note_owner().await;
                Ok(said)
            }
            _ if code == NOT_OURS => Err(self.refusal().await),
            _ if code == FULL => Err(StartFailure::EngineDiskFull.into()),
            _ => Err(failed(format!("“{task}” ended with {code}"))),
        }
    }

    /// Whose the volume is, by what the last task has said.
    async fn owner(&self) -> Option<Taken> {
        let said = self.gate().ok()?.ask(&["cat", OWNER], SILENCE).await.ok()?;
        self.claim.inner.docker.inner.with.owner.read(&said)
    }

    async fn note_owner(&self) {
        if let Some(Taken::Ours(epoch)) = self.owner().await {
            let docker = &self.claim.inner.docker.inner;
            docker.took(&self.profile, epoch).await;
        }
    }

    async fn refusal(&self) -> DataError {
        DataError::Fault(match self.owner().await {
            Some(Taken::Theirs(by)) => ProfileFault::Taken { by },
            _ => ProfileFault::InUse,
        })
    }

    /// Has what was staged take the old one's place: see the room of a container.
    pub(super) async fn put(&self) -> Result<(), DataError> {
        let detail = match self.carry_out("put").await {
            Ok((0, _)) => return Ok(()),
            Ok((NOT_OURS, _)) => return Err(self.refusal().await),
            Ok((DIFFERS, _)) => return Err(DataError::differs()),
            Ok((code, _)) => format!("the last step ended with {code}"),
            Err(error) => room::in_words(error),
        };
        tracing::warn!(detail, "a profile's data were perhaps not put in");
        match self.carry_out("drop").await {
            // It was decided on already, and now it is done.
            Ok((0, _)) => Ok(()),
            Ok((DROPPED, _)) => Err(failed(detail)),
            Ok(_) | Err(_) => Err(DataError::Fault(ProfileFault::Unfinished { detail })),
        }
    }

    pub(super) async fn export(&self, to: PathBuf, job: &Job) -> Result<(), DataError> {
        let there = self.run("measure").await?;
        if there.names <= NOTES {
            return Err(DataError::Fault(ProfileFault::Empty));
        }
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
        let (sender, pieces) = mpsc::channel(AHEAD);
        let folder = Path::new(self.folder());
        let parts = folder.parent().zip(folder.file_name());
        let (parent, name) = parts
            .and_then(|(parent, name)| parent.to_str().zip(name.to_str()))
            .unwrap_or_default();
        let pump = async move {
            let out = ["tar", "-c", "-C", parent, name];
            let opened = self.gate()?.run(&out).await.map_err(|e| broken(&e))?;
            carry::out(opened, sender).await
        };
        (stream::Bytewise::new(pieces), Box::pin(pump))
    }

    /// Makes room for so many bytes that are to be staged.
    pub(super) async fn make_room(&self, bytes: u64) -> Result<(), DataError> {
        self.run("stage").await?.has_room(bytes)
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
        let (read, sent) = tokio::join!(read, upload);
        match (read?, sent) {
            // What was read badly was also sent badly.
            (Err(Stopped::File(error)), _) | (_, Err(error)) => Err(error),
            (Err(Stopped::Engine), Ok(())) => Err(failed(format!("nothing is in {STAGE}"))),
            (Ok(()), Ok(())) => Ok(()),
        }
    }

    /// Where an archive of what is to be staged goes, and what takes it there.
    pub(super) fn upload(&self) -> (stream::Pieces, Pump<'_>) {
        let (writer, body) = stream::body();
        let pump = async move {
            let folder = format!("{}/{STAGE}", self.folder());
            self.put_into(&folder, body).await
        };
        (writer, Box::pin(pump))
    }

    /// What is put in from now on has to have this sum.
    pub(super) async fn expect(&self, carried: Carried) -> Result<(), DataError> {
        // Links lead there from where they are looked for.
        let files = room::expected(carried).map(|file| File {
            path: file.path.replace("/etc/neko", "/tmp"),
            ..file
        });
        let archive = archive::pack(&files).map_err(|error| broken(&error))?;
        let (mut writer, body) = stream::body();
        let written = blocking(move || {
            let written = writer.write_all(&archive).and_then(|()| writer.end());
            written.map_err(|error| broken(&error))
        });
        let (written, sent) = tokio::join!(written, self.put_into("/", body));
        sent.and(written)
    }

    async fn put_into(&self, folder: &str, body: stream::Body) -> Result<(), DataError> {
        let into = ["/bin/bash", "-c", PUT_IN, "duotab", folder];
        let opened = self.gate()?.run(&into).await.map_err(|e| broken(&e))?;
        carry::into(opened, body).await
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

    /// Removes it, and waits for that.
    pub(super) async fn leave(mut self) {
        let made = std::mem::take(&mut self.made);
        made.remove(&self.link).await;
    }
}
