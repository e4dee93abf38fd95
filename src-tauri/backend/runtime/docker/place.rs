//! Where a container engine may be: as Docker's own client looks for it, then the usual sockets.

use std::path::{Path, PathBuf};

use duotab_core::fault::EngineFault;
use duotab_core::worker::WorkerAddress;
use serde::Deserialize;

/// Configuration files above this many bytes are none.
const FILE_LIMIT: u64 = 1 << 20;
/// Contexts that are looked at. Nobody has more.
const CONTEXT_LIMIT: usize = 256;

/// Where an engine is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// Plain HTTP, as `tcp://host:port`.
    Tcp(String),
    /// Another machine's, never in the clear.
    Worker(WorkerAddress),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(url) => url.fmt(f),
            Self::Worker(WorkerAddress::Ssh { destination, .. }) => destination.fmt(f),
            Self::Worker(WorkerAddress::Tls { host, .. }) => host.fmt(f),
        }
    }
}

impl std::str::FromStr for Address {
    type Err = EngineFault;

    /// From `unix:///path` or `tcp://host:port`. `ssh://` and TLS are no addresses of a local
    /// engine.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix://")
            && Path::new(path).is_absolute()
        {
            return Ok(Self::Unix(path.into()));
        }
        let host = text.strip_prefix("tcp://").or(text.strip_prefix("http://"));
        if host.is_some_and(|host| !host.is_empty()) {
            return Ok(Self::Tcp(text.to_owned()));
        }
        Err(EngineFault::BadAddress {
            address: text.to_owned(),
        })
    }
}

/// What says where an engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// `DOCKER_CONTEXT`.
    pub docker_context: Option<String>,
    /// `DOCKER_CONFIG`, or `~/.docker`.
    pub config_dir: Option<PathBuf>,
    /// `containers` in `XDG_CONFIG_HOME`, or in `~/.config`.
    pub podman_dir: Option<PathBuf>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// Where the machine's own sockets are: `/run`.
    pub run_dir: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    current_context: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Context {
    name: String,
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<Docker>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Docker {
    host: Option<String>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn current() -> Self {
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let path = |name| text(name).map(PathBuf::from).filter(|it| it.is_absolute());
        Self {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            config_dir: path("DOCKER_CONFIG")
                .or_else(|| path("HOME").map(|home| home.join(".docker"))),
            podman_dir: path("XDG_CONFIG_HOME")
                .or_else(|| path("HOME").map(|home| home.join(".config")))
                .map(|folder| folder.join("containers")),
            runtime_dir: path("XDG_RUNTIME_DIR"),
            run_dir: PathBuf::from("/run"),
        }
    }

    /// Where to ask, best first. One that was chosen (`DOCKER_HOST`, the current context) is the
    /// only one. Reads a few small files.
    ///
    /// # Errors
    /// [`EngineFault::BadAddress`] if what was chosen cannot be used.
    pub fn addresses(&self) -> Result<Vec<Address>, EngineFault> {
        if let Some(host) = &self.docker_host {
            return Ok(vec![host.parse()?]);
        }
        match self.context() {
            Some(name) if name != "default" => {
                let bad = || EngineFault::BadAddress {
                    address: name.clone(),
                };
                let host = self.host_of(&name).ok_or_else(bad)?;
                Ok(vec![host.parse()?])
            }
            _ => Ok(self.usual()),
        }
    }

    fn usual(&self) -> Vec<Address> {
        let own = self.runtime_dir.iter().flat_map(|runtime| {
            [
                runtime.join("docker.sock"),
                runtime.join("podman/podman.sock"),
            ]
        });
        std::iter::once(self.run_dir.join("docker.sock"))
            .chain(own)
            .chain([self.run_dir.join("podman/podman.sock")])
            .map(Address::Unix)
            .collect()
    }

    fn context(&self) -> Option<String> {
        if let Some(name) = &self.docker_context {
            return Some(name.clone());
        }
        let text = read(&self.config_dir.as_ref()?.join("config.json"))?;
        let config: Config = serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(%error, "Docker's configuration is unreadable"))
            .ok()?;
        config.current_context.filter(|name| !name.is_empty())
    }

    /// A context's folder is named by a hash of its name; the name itself stands inside.
    fn host_of(&self, name: &str) -> Option<String> {
        let folder = self.config_dir.as_ref()?.join("contexts/meta");
        let contexts = std::fs::read_dir(folder).ok()?.flatten();
        contexts
            .take(CONTEXT_LIMIT)
            .filter_map(|entry| read(&entry.path().join("meta.json")))
            .filter_map(|text| serde_json::from_str::<Context>(&text).ok())
            .find(|context| context.name == name)?
            .endpoints
            .docker?
            .host
    }
}

/// A small text file.
pub(super) fn read(path: &Path) -> Option<String> {
    let size = std::fs::metadata(path).ok()?.len();
    (size <= FILE_LIMIT).then(|| std::fs::read_to_string(path).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unix(path: &str) -> Address {
        Address::Unix(path.into())
    }

    fn with_context(config: &str, host: &str) -> (tempfile::TempDir, Surroundings) {
        let home = tempfile::tempdir().unwrap();
        let meta = home.path().join("contexts/meta/0123abcd");
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(home.path().join("config.json"), config).unwrap();
        let context = serde_json::json!({
            "Name": "own", "Metadata": {}, "Endpoints": { "docker": { "Host": host } },
        });
        std::fs::write(meta.join("meta.json"), context.to_string()).unwrap();
        let surroundings = Surroundings {
            config_dir: Some(home.path().to_owned()),
            ..Surroundings::default()
        };
        (home, surroundings)
    }

    #[test]
    fn docker_host_is_the_only_address_when_it_is_set() {
        let (_home, mut surroundings) =
            with_context(r#"{"currentContext":"own"}"#, "unix:///own.sock");
        surroundings.docker_host = Some("unix:///host.sock".into());
        assert_eq!(surroundings.addresses(), Ok(vec![unix("/host.sock")]));
    }

    #[test]
    fn the_current_context_comes_before_the_usual_sockets() {
        let (_home, surroundings) =
            with_context(r#"{"auths":{},"currentContext":"own"}"#, "unix:///own.sock");
        assert_eq!(surroundings.addresses(), Ok(vec![unix("/own.sock")]));
    }

    #[test]
    fn a_context_of_the_environment_comes_before_the_configured_one() {
        let (_home, mut surroundings) =
            with_context(r#"{"currentContext":"gone"}"#, "tcp://10.0.0.2:2375");
        surroundings.docker_context = Some("own".into());
        let there = Address::Tcp("tcp://10.0.0.2:2375".into());
        assert_eq!(surroundings.addresses(), Ok(vec![there]));
    }

    #[test]
    fn a_context_that_cannot_be_used_is_named() {
        let bad = |address: &str| {
            Err(EngineFault::BadAddress {
                address: address.into(),
            })
        };
        let (_home, surroundings) = with_context(r#"{"currentContext":"own"}"#, "ssh://attic");
        assert_eq!(surroundings.addresses(), bad("ssh://attic"));
        let (_home, surroundings) = with_context(r#"{"currentContext":"lost"}"#, "unix:///a");
        assert_eq!(surroundings.addresses(), bad("lost"));
    }

    #[test]
    fn without_a_choice_the_usual_sockets_are_asked_in_order() {
        let surroundings = Surroundings {
            runtime_dir: Some("/run/user/7".into()),
            run_dir: "/run".into(),
            ..Surroundings::default()
        };
        let usual = [
            "/run/docker.sock",
            "/run/user/7/docker.sock",
            "/run/user/7/podman/podman.sock",
            "/run/podman/podman.sock",
        ];
        assert_eq!(
            surroundings.addresses(),
            Ok(usual.map(unix).into_iter().collect())
        );
    }

    #[test]
    fn a_configuration_that_is_no_json_is_none() {
        let (_home, surroundings) = with_context("{", "unix:///own.sock");
        let usual = surroundings.addresses().unwrap();
        assert_eq!(usual[0], unix("docker.sock"));
    }
}
