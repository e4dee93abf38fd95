//! What an engine is and can, asked once.

use std::io;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{SystemInfo, SystemInfoCgroupVersionEnum};
use duotab_core::streaming::Limit;
use serde::Deserialize;
use url::Url;

use super::Inner;
use crate::endpoint::{Duplex, Question, Talk};
use crate::runtime::EngineNews;

/// The oldest API that is known to work: Docker 20.10, Podman 4.
const OLDEST_API: (u32, u32) = (1, 41);
/// Where Podman speaks of itself in its own words, at the oldest version of its API that has them all.
const PODMAN_SAYS: &str = "http://podman/v4.0.0/libpod/info";
/// Bytes of its answer that are read.
const ANSWER_LIMIT: usize = 1 << 20;
/// How long Podman may take to say what Docker's API has no words for.
const HOST_LIMIT: Duration = Duration::from_secs(2);

/// What an engine is and can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Podman behind Docker's API.
    pub(super) podman: bool,
    /// Whether it has NVIDIA's runtime.
    pub(super) nvidia: bool,
    /// The newest API that it speaks.
    pub(super) api: (u32, u32),
    /// Logical cores.
    pub(super) cores: u32,
    /// Whether it can limit memory.
    pub(super) limits_memory: bool,
    /// Whether it can limit CPU.
    pub(super) limits_cpu: bool,
    /// Whether it can limit the number of processes.
    pub(super) limits_pids: bool,
    /// Whether it has no means to pause a container, as one without rights has none in cgroups v1.
    pub(super) cannot_pause: bool,
}

/// Why an engine was not got to know.
pub(super) enum Hello {
    TooOld(String),
    Error(bollard::errors::Error),
}

/// Asks an engine, and gives its product and version for people with what it is. `dialled` is a
/// connection to it, for what its client does not ask.
pub(super) async fn ask(
    docker: &Docker,
    dialled: impl Future<Output = io::Result<Box<dyn Duplex>>>,
) -> Result<(Facts, String), Hello> {
    let version = docker.version().await.map_err(Hello::Error)?;
    let api = version.api_version.unwrap_or_default();
    let Some(spoken) = parse(&api).filter(|api| *api >= OLDEST_API) else {
        return Err(Hello::TooOld(api));
    };
    let number = version.version.unwrap_or_default();
    let podman = version
        .components
        .unwrap_or_default()
        .iter()
        .any(|component| component.name.contains("Podman"));
    let info = docker.info().await.map_err(Hello::Error)?;
    let mut facts = Facts {
        podman,
        api: spoken,
        ..Facts::told(&info)
    };
    if podman {
        match tokio::time::timeout(HOST_LIMIT, podman_host(dialled)).await {
            Ok(Ok(host)) => facts.correct(&host),
            Ok(Err(error)) => tracing::debug!(%error, "Podman does not speak of itself"),
            Err(_) => tracing::debug!("Podman is slow to speak of itself"),
        }
    }
    let product = if podman { "Podman" } else { "Docker" };
    Ok((facts, format!("{product} {number}")))
}

impl Facts {
    /// What it does not hold a browser to.
    pub(super) fn unlimited(self) -> Vec<Limit> {
        let all = [
            (Limit::Memory, self.limits_memory),
            (Limit::Processor, self.limits_cpu),
            (Limit::Processes, self.limits_pids),
        ];
        let lacks = all.into_iter().filter(|(_, can)| !can);
        lacks.map(|(limit, _)| limit).collect()
    }

    /// What Docker's API tells.
    fn told(info: &SystemInfo) -> Self {
        let mut options = info.security_options.iter().flatten();
        let rootless = options.any(|it| it == "name=rootless");
        Self {
            podman: false,
            nvidia: info
                .runtimes
                .as_ref()
                .is_some_and(|runtimes| runtimes.contains_key("nvidia")),
            api: (0, 0),
            cores: info.ncpu.and_then(|it| u32::try_from(it).ok()).unwrap_or(1),
            limits_memory: info.memory_limit.unwrap_or(false),
            limits_cpu: info.cpu_cfs_quota.unwrap_or(false),
            limits_pids: info.pids_limit.unwrap_or(false),
            cannot_pause: rootless && info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_1),
        }
    }

    /// Podman tells by Docker's API what the machine can, and not what was left to a person without
    /// rights on it.
    fn correct(&mut self, host: &Host) {
        if !host.security.rootless {
            return;
        }
        let left = |name| {
            host.cgroup_controllers
                .iter()
                .flatten()
                .any(|it| it == name)
        };
        self.limits_memory &= left("memory");
        self.limits_cpu &= left("cpu");
        self.limits_pids &= left("pids");
        self.cannot_pause = host.cgroup_version == "v1";
    }
}

/// Tells what the engine of this machine does not hold browsers to; a worker is looked at.
pub(super) fn tell(inner: &Inner, unlimited: Vec<Limit>) {
    if inner.with.worker.is_none() {
        // Whoever does not listen need not know.
        let _ = inner.news.try_send(EngineNews::Unlimited(unlimited));
    }
}

#[derive(Deserialize)]
struct Answer {
    host: Host,
}

/// The machine, as Podman tells of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Host {
    /// `v1` or `v2`.
    cgroup_version: String,
    /// What it may limit.
    cgroup_controllers: Option<Vec<String>>,
    security: Security,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Security {
    rootless: bool,
}

async fn podman_host(
    dialled: impl Future<Output = io::Result<Box<dyn Duplex>>>,
) -> io::Result<Host> {
    let url = Url::parse(PODMAN_SAYS).map_err(io::Error::other)?;
    let mut talk = Talk::over(dialled.await?).await?;
    let question = Question {
        method: "GET",
        url: &url,
        token: None,
    };
    let (status, said) = talk.ask(question, None::<&()>, ANSWER_LIMIT).await?;
    if status != 200 {
        return Err(io::Error::other(format!("status {status}")));
    }
    let Answer { host } = serde_json::from_slice(&said)?;
    Ok(host)
}

fn parse(api: &str) -> Option<(u32, u32)> {
    let (major, minor) = api.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(parse("1.41").is_some_and(|api| api >= OLDEST_API));
        assert!(parse("1.9").is_some_and(|api| api < OLDEST_API));
        assert_eq!(parse("new"), None);
    }

    /// What an engine can that tells `info` by Docker's API, and `host` by its own.
    fn corrected(host: &str) -> Facts {
        let info = serde_json::json!({
            "MemoryLimit": true, "CpuCfsQuota": true, "PidsLimit": true, "CgroupVersion": "1",
            "SecurityOptions": ["name=seccomp,profile=default"],
        });
        let mut facts = Facts::told(&serde_json::from_value(info).unwrap());
        assert!(facts.unlimited().is_empty() && !facts.cannot_pause);
        let said = format!(r#"{{"host":{host},"version":{{}}}}"#);
        let Answer { host } = serde_json::from_str(&said).unwrap();
        facts.correct(&host);
        facts
    }

    #[test]
    fn a_podman_without_rights_is_known_by_its_own_words() {
        // As Podman 4.3 has them, where a person has no control groups at all.
        let facts = corrected(
            r#"{"cgroupManager":"cgroupfs","cgroupVersion":"v1","cgroupControllers":[],
                "cpus":2,"security":{"apparmorEnabled":false,"rootless":true}}"#,
        );
        assert_eq!(
            facts.unlimited(),
            [Limit::Memory, Limit::Processor, Limit::Processes]
        );
        assert!(facts.cannot_pause);
        // With those that systemd leaves to a person.
        let facts = corrected(
            r#"{"cgroupVersion":"v2","cgroupControllers":["memory","pids"],
                "security":{"rootless":true}}"#,
        );
        assert_eq!(facts.unlimited(), [Limit::Processor]);
        assert!(!facts.cannot_pause);
    }

    #[test]
    fn a_podman_of_root_s_can_what_the_machine_can() {
        for controllers in ["null", "[]"] {
            let facts = corrected(&format!(
                r#"{{"cgroupVersion":"v1","cgroupControllers":{controllers},
                    "security":{{"rootless":false}}}}"#
            ));
            assert_eq!(facts.unlimited(), []);
            assert!(!facts.cannot_pause);
        }
        let facts = corrected("{}");
        assert!(facts.limits_memory && !facts.cannot_pause);
    }
}
