//! A container with a profile's volume, for everything but browsing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptionsBuilder, WaitContainerOptionsBuilder};
use duotab_core::message::ProfileName;
use duotab_core::profile::ProfileFault;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::pack::{self, Stopped};
use super::{SETTLE, clear_way, failed, make, refused, stream};
use crate::runtime::data::{
    DataError, Job, KEPT_PROFILE, KEPT_TOP, SLACK, blocking, check_room, folder_of,
};
use crate::runtime::docker::files::{File, NEKO};
use crate::runtime::docker::link::Link;
use crate::runtime::docker::{Inner, archive, create, label, remove};

const TASK: &str = include_str!("task.sh");
const SAID: &str = "/tmp/duotab-said";
/// Where an import waits in its volume.
const STAGE: &str = ".duotab-import";

/// Removing or linking some ten thousand files on a slow disk.
const TASK_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How `task.sh` ends when it has dropped what was not put in yet.
const DROPPED: i64 = 3;

/// Bytes in a volume, bytes beside it, and how many files and folders it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) used: u64,
    pub(super) free: u64,
    pub(super) names: u64,
}

fn parse(text: &str) -> Option<Said> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some(Said {
        used: numbers.next()?.ok()?,
        free: numbers.next()?.ok()?,
        names: numbers.next()?.ok()?,
    })
}

/// A container with a profile's volume, for everything but browsing. Dropped, it is removed.
pub(super) struct Room<'a> {
    inner: &'a Inner,
    link: Arc<Link>,
    volume: String,
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
        clear_way(inner, &link, &volume).await?;
        inner.tasks.all().insert(volume.clone());
        let mut room = Self {
            inner,
            link,
            volume,
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
        docker
            .create_container(Some(options), self.body(profile))
            .await?;
        let folder = File {
            path: format!("{}/", self.profile),
            owner: NEKO,
            mode: 0o700,
            text: String::new(),
        };
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            owner: 0,
            mode: 0o644,
            text: text.to_owned(),
        };
        let files = [
            folder,
            file("/etc/neko/duotab-task.sh", TASK),
            file("/etc/neko/duotab-settle.sh", SETTLE),
            file("/etc/neko/duotab-kept", &lines(&KEPT_TOP)),
            file("/etc/neko/duotab-kept-within", &lines(&KEPT_PROFILE)),
        ];
        archive::put(&self.link, &name, &files).await
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
            labels: Some(label::of_volume(&self.inner.with.install, profile)),
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
        let (code, said) = self.carry_out().await?;
        match parse(&said) {
            Some(said) if code == 0 => Ok(said),
            _ => Err(failed(format!("“{task}” ended with {code}"))),
        }
    }

    /// Has what was staged take the old one's place. This is not given up on the way: it is done,
    /// or it is not and will not be. Only where neither can be found out it is
    /// [`ProfileFault::Unfinished`], and what next has the volume may end it.
    pub(super) async fn put(&self) -> Result<(), DataError> {
        self.set("put").await?;
        let detail = match self.carry_out().await {
            Ok((0, _)) => return Ok(()),
            Ok((code, _)) => format!("the last step ended with {code}"),
            Err(error) => error.to_string(),
        };
        tracing::warn!(detail, "a profile's data were perhaps not put in");
        let dropped = async {
            self.set("drop").await?;
            self.carry_out().await
        };
        match dropped.await {
            // It was decided on already, and now it is done.
            Ok((0, _)) => Ok(()),
            Ok((DROPPED, _)) => Err(failed(detail)),
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
    async fn carry_out(&self) -> Result<(i64, String), DataError> {
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
            Ok((code, said.unwrap_or_default()))
        };
        let done = timeout(TASK_LIMIT, steps).await;
        done.map_err(|_| failed("the container engine takes too long"))?
            .map_err(|error| refused(link, &error))
    }

    pub(super) async fn export(&self, to: PathBuf, job: &Job) -> Result<(), DataError> {
        let there = self.run("measure").await?;
        let folder = folder_of(&to).to_owned();
        // Caches are counted as well: no more is known.
        let used = there.used;
        blocking(move || check_room(&folder, used)).await?;
        job.begins(used);
        let (bytes, pump) = stream::download(&self.link, self.container(), self.profile);
        let own = job.clone();
        let written = blocking(move || pack::write_export(bytes, there.names, &to, &own));
        match tokio::join!(written, pump) {
            // What is not sent is not read either.
            (Err(_), Err(error)) => Err(refused(&self.link, &error)),
            (written, _) => written,
        }
    }

    /// Puts an export beside the old data; it does not count yet.
    pub(super) async fn stage(
        &self,
        from: PathBuf,
        bytes: u64,
        job: &Job,
    ) -> Result<(), DataError> {
        let there = self.run("stage").await?;
        if there.free < bytes.saturating_add(SLACK) {
            return Err(DataError::Fault(ProfileFault::DiskFull {
                path: None,
                needs: bytes,
                has: there.free,
            }));
        }
        job.begins(bytes);
        let (writer, body) = stream::body();
        let own = job.clone();
        let read = blocking(move || Ok(pack::pack_import(&from, writer, &own)));
        let folder = format!("{}/{STAGE}", self.profile);
        let upload = stream::upload(&self.link, self.container(), &folder, body);
        let (read, uploaded) = tokio::join!(read, upload);
        let silent = || failed("the container engine takes nothing any more");
        match (read?, uploaded) {
            // What was read badly was also sent badly.
            (Err(Stopped::File(error)), _) => Err(error),
            (_, Err(stream::Broken::Engine(error))) => Err(refused(&self.link, &error)),
            (_, Err(stream::Broken::Silent)) | (Err(Stopped::Engine), Ok(())) => Err(silent()),
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
        if let Some(name) = self.container.take() {
            remove(&self.link, &name).await;
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

/// Names as `task.sh` reads them, one a line.
fn lines(names: &[&str]) -> String {
    names.iter().map(|name| format!("{name}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::data::is_kept;
    use std::path::Path;

    #[test]
    fn what_a_task_says_is_three_numbers_or_nothing() {
        let (used, free, names) = (12, 34, 5);
        assert_eq!(parse("12 34 5\n"), Some(Said { used, free, names }));
        for text in [
            "",
            "12",
            "1 2",
            "a b 3",
            "-1 2 3",
            "1 99999999999999999999999 3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    /// Has the real script do its work, without a container. Gives its end.
    fn run(home: &Path, task: &str) -> std::process::ExitStatus {
        let etc = home.join("etc");
        std::fs::create_dir_all(&etc).unwrap();
        for (name, text) in [
            ("duotab-task", task.to_owned()),
            ("duotab-settle.sh", SETTLE.to_owned()),
            ("duotab-kept", lines(&KEPT_TOP)),
            ("duotab-kept-within", lines(&KEPT_PROFILE)),
        ] {
            std::fs::write(etc.join(name), text).unwrap();
        }
        let script = TASK
            .replace("/etc/neko", &etc.display().to_string())
            .replace(SAID, &home.join("said").display().to_string());
        std::process::Command::new("bash")
            .args(["-c", &script, "task.sh"])
            .arg(home.join("profile"))
            .status()
            .unwrap()
    }

    fn files(folder: &Path) -> Vec<String> {
        let found = std::process::Command::new("find")
            .args([".", "-type", "f", "-printf", "%P %n\n"])
            .current_dir(folder)
            .output();
        let found = String::from_utf8(found.unwrap().stdout).unwrap();
        let mut all: Vec<String> = found.lines().map(str::to_owned).collect();
        all.sort();
        all
    }

    fn write(home: &Path, names: &[&str]) {
        for name in names {
            let path = home.join("profile").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
    }

    #[test]
    fn what_stays_when_site_data_go_is_the_same_as_in_an_embedded_engine_and_stays_once() {
        let home = tempfile::tempdir().unwrap();
        let mut all: Vec<String> = KEPT_TOP.iter().map(|&name| name.to_owned()).collect();
        for within in ["Default", "Profile 1", "Profile 2 *"] {
            all.extend(KEPT_PROFILE.iter().map(|name| format!("{within}/{name}")));
            all.push(format!("{within}/Login Data-journal"));
            for name in [
                "Cookies",
                "Cookies-journal",
                "IndexedDB/x",
                "Local Storage/a b",
            ] {
                all.push(format!("{within}/{name}"));
            }
        }
        all.retain(|name| !name.ends_with("/Extensions"));
        all.push("Default/Extensions/abc/1.0 x/manifest.json".to_owned());
        all.push("Profile 1/Extensions/abc/manifest.json".to_owned());
        all.push("Guest Profile/Bookmarks".to_owned());
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        write(home.path(), &names);
        assert!(run(home.path(), "keep").success());
        assert!(run(home.path(), "put").success());
        // Each has one name only: an archive has nothing of a second one.
        let mut stay: Vec<String> = names
            .iter()
            .filter(|name| is_kept(Path::new(name)))
            .map(|name| format!("{name} 1"))
            .collect();
        stay.sort();
        assert_eq!(files(&home.path().join("profile")), stay);
        assert!(stay.contains(&"Profile 1/Login Data 1".to_owned()));
        let said = std::fs::read_to_string(home.path().join("said")).unwrap();
        assert!(parse(&said).is_some_and(|said| said.used > 0), "{said}");
    }

    #[test]
    fn what_is_dropped_before_it_was_decided_on_is_never_put_in_and_what_was_is_ended() {
        // How far it had come, how the drop ends, and what is there from then on.
        for (left, code, mark) in [
            (".duotab-import", DROPPED, "old"),
            (".duotab-ready", 0, "new"),
            (".duotab-move", 0, "new"),
        ] {
            let home = tempfile::tempdir().unwrap();
            let profile = home.path().join("profile");
            std::fs::create_dir_all(profile.join(left)).unwrap();
            std::fs::write(profile.join("mark"), "old").unwrap();
            std::fs::write(profile.join(left).join("mark"), "new").unwrap();
            let ended = run(home.path(), "drop").code().map(i64::from);
            assert_eq!(ended, Some(code), "{left}");
            assert!(run(home.path(), "measure").success());
            let all = std::fs::read_dir(&profile).unwrap().count();
            assert_eq!(all, 1, "{left}");
            let there = std::fs::read_to_string(profile.join("mark")).unwrap();
            assert_eq!(there, mark, "{left}");
            let said = std::fs::read_to_string(home.path().join("said")).unwrap();
            assert_eq!(parse(&said).map(|said| said.names), Some(1), "{said}");
        }
    }
}
