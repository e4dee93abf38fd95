//! The way to an engine: found, asked who it is, and kept.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};
use duotab_core::fault::EngineFault;
use duotab_core::message::StartFailure;
use duotab_core::worker::WorkerAddress;
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout};

use super::facts::{self, Facts, Hello};
use super::gates::Gates;
use super::litter::Litter;
use super::place::{Address, Surroundings};
use super::way::Way;
use crate::endpoint::Duplex;
use crate::runtime::StartError;

/// An engine answers this within milliseconds; one that does not is stopped or out of breath.
const HELLO_LIMIT: Duration = Duration::from_secs(2);
/// The same from another machine, the way there included.
const FAR_HELLO_LIMIT: Duration = Duration::from_secs(8);
/// Who it is and what it can takes an engine that was just started somewhat longer.
const FACTS_LIMIT: Duration = Duration::from_secs(6);
/// For each of the other questions, to the first byte of the answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);
/// A pull's answer begins when its registry has answered, and that may be never: the person can
/// cancel it.
const PULL_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// An engine that answered.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// To ask it.
    pub(super) docker: Docker,
    /// To ask it for an image.
    pub(super) pulls: Docker,
    /// Where it was found.
    address: Address,
    /// The same, for people.
    pub(super) socket: String,
    /// What it is.
    pub(super) facts: Facts,
    /// Its product and version, for people.
    pub(super) product: String,
    /// To another machine.
    pub(super) way: Option<Way>,
    /// What is to go from it.
    pub(super) litter: Arc<Litter>,
    /// To its containers.
    pub(super) gates: Arc<Gates>,
}

impl Link {
    /// The first engine that answers.
    ///
    /// # Errors
    /// Why none does: of several reasons the one that a person can do the most about.
    pub(super) async fn find(surroundings: &Surroundings) -> Result<Self, EngineFault> {
        let surroundings = surroundings.clone();
        let addresses = tokio::task::spawn_blocking(move || surroundings.addresses())
            .await
            .unwrap_or(Err(EngineFault::NotInstalled))?;
        let chosen = addresses.len() == 1;
        let mut worst = None;
        for address in addresses {
            match Self::connect(&address).await {
                Ok(link) => return Ok(link),
                Err(Silence::Nothing) if chosen => {
                    let socket = address.to_string();
                    worst = Some(EngineFault::NotRunning { socket });
                }
                Err(Silence::Nothing) => {}
                Err(Silence::Fault(fault)) => {
                    tracing::debug!(%address, ?fault, "no engine");
                    if worst
                        .as_ref()
                        .is_none_or(|worst| rank(worst) < rank(&fault))
                    {
                        worst = Some(fault);
                    }
                }
            }
        }
        Err(worst.unwrap_or(EngineFault::NotInstalled))
    }

    /// The engine of another machine. `sockets` is a folder for SSH's own socket.
    ///
    /// # Errors
    /// Why it does not answer.
    pub(super) async fn far(
        address: &WorkerAddress,
        sockets: Option<&Path>,
    ) -> Result<Self, EngineFault> {
        let way = Way::new(address.clone(), sockets.map(Path::to_owned));
        let address = Address::Worker(address.clone());
        Self::reach(&address, Some(way.clone()))
            .await
            .map_err(|silence| match (way.fault(), silence) {
                (Some(fault), _) | (None, Silence::Fault(fault)) => fault,
                (None, Silence::Nothing) => EngineFault::NotInstalled,
            })
    }

    async fn connect(address: &Address) -> Result<Self, Silence> {
        Self::reach(address, None).await
    }

    async fn reach(address: &Address, way: Option<Way>) -> Result<Self, Silence> {
        knock(address).await?;
        let seconds = ANSWER_LIMIT.as_secs();
        let socket = address.to_string();
        let docker = match (address, &way) {
            (_, Some(way)) => way.engine(seconds),
            (Address::Unix(path), None) => {
                let path = path.to_string_lossy();
                Docker::connect_with_unix(&path, seconds, API_DEFAULT_VERSION)
            }
            (address, None) => {
                Docker::connect_with_http(&address.to_string(), seconds, API_DEFAULT_VERSION)
            }
        };
        let docker = docker.map_err(|_| {
            Silence::Fault(EngineFault::BadAddress {
                address: socket.clone(),
            })
        })?;
        let facts = async {
            // One that is stopped is not waited for as long as one that is busy.
            let limit = way.as_ref().map_or(HELLO_LIMIT, |_| FAR_HELLO_LIMIT);
            timeout(limit, docker.ping()).await.ok()?.ok()?;
            let dialled = dial(address, way.as_ref());
            timeout(FACTS_LIMIT, facts::ask(&docker, dialled))
                .await
                .ok()
        };
        let Some(facts) = facts.await else {
            return Err(Silence::Fault(EngineFault::Silent { socket }));
        };
        match facts {
            Ok((facts, product)) => Ok(Self {
                pulls: docker.clone().with_timeout(PULL_LIMIT),
                docker,
                address: address.clone(),
                socket,
                facts,
                product,
                way,
                litter: Arc::default(),
                gates: Arc::default(),
            }),
            Err(Hello::TooOld(api)) => Err(Silence::Fault(EngineFault::TooOld { api })),
            Err(Hello::Error(error)) => {
                tracing::debug!(%address, %error, "no engine answers");
                Err(Silence::Fault(EngineFault::NotRunning { socket }))
            }
        }
    }

    /// Whether containers are put to sleep from within, and not paused.
    pub(super) const fn sleeps_within(&self) -> bool {
        self.is_far() || self.facts.cannot_pause
    }

    /// Whether it answers now.
    ///
    /// # Errors
    /// Why it does not.
    pub(super) async fn hello(&self) -> Result<(), EngineFault> {
        if self.way.is_some() {
            return self.beat(FAR_HELLO_LIMIT).await.map(|_| ());
        }
        let socket = || self.socket.clone();
        knock(&self.address)
            .await
            .map_err(|silence| match silence {
                Silence::Fault(fault) => fault,
                Silence::Nothing => EngineFault::NotRunning { socket: socket() },
            })?;
        match timeout(HELLO_LIMIT, self.docker.ping()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(EngineFault::NotRunning { socket: socket() }),
            Err(_) => Err(EngineFault::Silent { socket: socket() }),
        }
    }
}

impl Link {
    /// How long it takes to answer.
    ///
    /// # Errors
    /// Why it does not answer within `limit`.
    pub(super) async fn beat(&self, limit: Duration) -> Result<Duration, EngineFault> {
        let began = Instant::now();
        let socket = self.socket.clone();
        match timeout(limit, self.docker.ping()).await {
            Ok(Ok(_)) => Ok(began.elapsed()),
            Ok(Err(_)) => Err(self.away(EngineFault::NotRunning { socket })),
            Err(_) => Err(self.away(EngineFault::Silent { socket })),
        }
    }

    /// A connection of its own to it, for what its client is not asked for.
    ///
    /// # Errors
    /// What the system said.
    pub(super) async fn dial(&self) -> io::Result<Box<dyn Duplex>> {
        dial(&self.address, self.way.as_ref()).await
    }

    /// Whether it is another machine's.
    pub(super) const fn is_far(&self) -> bool {
        self.way.is_some()
    }

    /// The same failure of a start, with what the way to the engine knows of it.
    pub(super) fn truer(&self, error: StartError) -> StartError {
        match error {
            StartError::Failed {
                failure: StartFailure::EngineAway { fault },
                log,
            } => StartError::Failed {
                failure: StartFailure::EngineAway {
                    fault: self.away(fault),
                },
                log,
            },
            other => other,
        }
    }

    /// Why the engine cannot be asked: what the way to it knows counts more than `fault`.
    pub(super) fn away(&self, fault: EngineFault) -> EngineFault {
        self.way.as_ref().and_then(Way::fault).unwrap_or(fault)
    }
}

async fn dial(address: &Address, way: Option<&Way>) -> io::Result<Box<dyn Duplex>> {
    match (way, address) {
        (Some(way), _) => way.dial().await,
        (None, Address::Unix(path)) => Ok(Box::new(UnixStream::connect(path).await?)),
        (None, _) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Why there is no engine at an address.
enum Silence {
    /// There is not even a socket.
    Nothing,
    Fault(EngineFault),
}

/// The more a person can do about it, the higher.
fn rank(fault: &EngineFault) -> u8 {
    match fault {
        EngineFault::NotInstalled => 0,
        EngineFault::NotRunning { .. } => 1,
        EngineFault::BadAddress { .. } => 2,
        EngineFault::Silent { .. } => 3,
        EngineFault::TooOld { .. } => 4,
        EngineFault::NoPermission { .. } => 5,
        // Of other machines alone, of which none is one of several.
        _ => 6,
    }
}

/// Connects and lets go, for the system's own word on a socket.
async fn knock(address: &Address) -> Result<(), Silence> {
    use std::io::ErrorKind;
    let Address::Unix(path) = address else {
        return Ok(());
    };
    let socket = address.to_string();
    match timeout(HELLO_LIMIT, UnixStream::connect(path)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Silence::Nothing,
            ErrorKind::PermissionDenied => Silence::Fault(EngineFault::NoPermission { socket }),
            _ => Silence::Fault(EngineFault::NotRunning { socket }),
        }),
        Err(_) => Err(Silence::Fault(EngineFault::Silent { socket })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn around(run_dir: &std::path::Path) -> Surroundings {
        Surroundings {
            run_dir: run_dir.to_owned(),
            ..Surroundings::default()
        }
    }

    #[tokio::test]
    async fn where_no_socket_is_nothing_is_installed() {
        let run = tempfile::tempdir().unwrap();
        let found = Link::find(&around(run.path())).await;
        assert_eq!(found.map(|_| ()), Err(EngineFault::NotInstalled));
    }

    #[tokio::test]
    async fn a_socket_that_nobody_listens_at_is_an_engine_that_is_not_running() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join("docker.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = path.display().to_string();
        let found = Link::find(&around(run.path())).await;
        assert_eq!(found.map(|_| ()), Err(EngineFault::NotRunning { socket }));
    }

    #[tokio::test]
    async fn a_chosen_engine_without_a_socket_is_not_running() {
        let surroundings = Surroundings {
            docker_host: Some("unix:///nowhere/docker.sock".into()),
            ..Surroundings::default()
        };
        let socket = "/nowhere/docker.sock".to_owned();
        let found = Link::find(&surroundings).await;
        assert_eq!(found.map(|_| ()), Err(EngineFault::NotRunning { socket }));
    }

    #[tokio::test]
    async fn a_socket_that_takes_the_question_and_says_nothing_is_silent() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join("docker.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let socket = path.display().to_string();
        let found = Link::find(&around(run.path())).await;
        assert_eq!(found.map(|_| ()), Err(EngineFault::Silent { socket }));
    }

    #[tokio::test]
    async fn a_socket_of_somebody_else_is_named() {
        if rustix::process::geteuid().is_root() {
            // Nothing is closed to root.
            return;
        }
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join("docker.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
        let socket = path.display().to_string();
        let found = Link::find(&around(run.path())).await;
        assert_eq!(found.map(|_| ()), Err(EngineFault::NoPermission { socket }));
    }
}
