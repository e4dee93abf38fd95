//! A life of the app whose sessions run on the Swarm of the tests.

use std::time::Duration;

use duotab_backend::dirs::Dirs;
use duotab_backend::endpoint::Endpoint;
use duotab_backend::neko::{self, Neko, News, Options};
use duotab_backend::runtime::docker::{DockerConfig, Surroundings};
use duotab_backend::runtime::embedded::EmbeddedConfig;
use duotab_backend::runtime::{Choice, EngineNews, Runtime, RuntimeConfig, StartError, StartSpec};
use duotab_core::message::{ProfileName, SessionId};
use duotab_core::node::{Node, NodeId};
use duotab_core::worker::WorkerFacts;
use duotab_test_support::fleet::Fleet;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// For all that is waited for. A start from a cold disk takes some seconds.
const LIMIT: Duration = Duration::from_secs(60);
/// What a session here reserves.
pub(crate) const MEMORY_MIB: u64 = 1024;

/// An install of its own, so that tests do not see each other's services.
pub(crate) struct Home {
    pub(crate) fleet: Fleet,
    pub(crate) runtime: Runtime,
    pub(crate) news: mpsc::Receiver<EngineNews>,
    with: RuntimeConfig,
    _place: tempfile::TempDir,
}

impl Home {
    /// `None` where no Swarm is.
    pub(crate) fn new(install: &str) -> Option<Self> {
        Self::with(install, |_| {})
    }

    pub(crate) fn with(install: &str, change: impl FnOnce(&mut DockerConfig)) -> Option<Self> {
        // RUST_LOG says what is shown.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let fleet = Fleet::here()?;
        let place = tempfile::tempdir().unwrap();
        let dirs = Dirs {
            data: place.path().join("data"),
            run: place.path().join("run"),
            shared: false,
        };
        let mut with = RuntimeConfig {
            choice: Choice::Embedded,
            embedded: EmbeddedConfig::new("/nowhere/koneko".into(), &dirs, install.to_owned()),
            docker: DockerConfig {
                image: fleet.image.clone(),
                surroundings: Surroundings::default(),
                ..DockerConfig::new(install.to_owned())
            },
        };
        change(&mut with.docker);
        let (runtime, news) = Runtime::new(with.clone());
        runtime.use_workers(vec![fleet.worker()]);
        Some(Self {
            fleet,
            runtime,
            news,
            with,
            _place: place,
        })
    }

    /// The app is gone.
    pub(crate) fn end(&mut self) {
        (self.runtime, self.news) = Runtime::new(self.with.clone());
    }

    /// The app ends, and starts again.
    pub(crate) fn restart(&mut self) {
        self.end();
        self.runtime.use_workers(vec![self.fleet.worker()]);
    }

    pub(crate) async fn start(&self, session: u32, node: u8) -> Result<Endpoint, StartError> {
        let node = self.fleet.node(node);
        within("a start", self.starting(spec(session), &node)).await
    }

    pub(crate) async fn starting(
        &self,
        spec: StartSpec,
        node: &NodeId,
    ) -> Result<Endpoint, StartError> {
        let cancel = CancellationToken::new();
        self.runtime.start(spec, node, cancel, &|_| {}).await
    }

    pub(crate) async fn stop(&self, session: u32, node: u8) {
        let node = self.fleet.node(node);
        let stopping = self.runtime.stop(SessionId(session), &node);
        within("a stop", stopping).await.unwrap();
    }

    /// What is told of sessions, not of machines.
    pub(crate) async fn next_news(&mut self) -> EngineNews {
        loop {
            let news = within("news", self.news.recv()).await.expect("news");
            if !matches!(
                news,
                EngineNews::NodeSeen(..)
                    | EngineNews::FleetSeen(..)
                    | EngineNews::Unsandboxed(_)
                    | EngineNews::Encodes(..)
                    | EngineNews::Owned { .. }
            ) {
                return news;
            }
        }
    }

    /// The nodes, as they are told next.
    pub(crate) async fn next_fleet(&mut self) -> Vec<(Node, WorkerFacts)> {
        loop {
            let news = within("news", self.news.recv()).await.expect("news");
            if let EngineNews::FleetSeen(_, nodes) = news {
                return nodes;
            }
        }
    }

    fn install(&self) -> String {
        format!("label=io.duotab.install={}", self.with.docker.install)
    }

    /// All that the Swarm keeps of this install.
    pub(crate) fn kept(&self) -> Vec<String> {
        let mut all = Vec::new();
        for what in ["service", "config", "secret"] {
            let ours = ["ls", "--filter", &self.install(), "--format", "{{.Name}}"];
            let words: Vec<&str> = std::iter::once(what).chain(ours).collect();
            all.extend(self.fleet.docker(1, &words));
        }
        all
    }

    /// The containers of services on a node, whoever's they are.
    pub(crate) fn containers(&self, node: u8, format: &str) -> Vec<String> {
        let of_swarm = "label=com.docker.swarm.service.name";
        let words = [
            "ps",
            "--all",
            "--no-trunc",
            "--filter",
            of_swarm,
            "--format",
        ];
        let words: Vec<&str> = words.into_iter().chain([format]).collect();
        self.fleet.docker(node, &words)
    }

    /// What a command prints that somebody runs in the only container on a node.
    pub(crate) fn run(&self, node: u8, user: &str, command: &str) -> Vec<String> {
        let running = self.containers(node, "{{.ID}} {{.State}}");
        let mut running = running.iter().filter_map(|it| it.strip_suffix(" running"));
        let container = running.next().expect("a container");
        assert_eq!(running.next(), None, "another one");
        let words = ["exec", "--user", user, container, "bash", "-c", command];
        self.fleet.docker(node, &words)
    }

    /// Waits until the Swarm knows that no service of this install runs any more: a node tells what
    /// has ended there when it comes to it.
    pub(crate) async fn until_known_ended(&self) {
        let ours = ["service", "ls", "--quiet", "--filter", &self.install()];
        let services = self.fleet.docker(1, &ours);
        let mut words = vec!["service", "ps", "--format", "{{.CurrentState}}"];
        words.extend(services.iter().map(String::as_str));
        let ended = |state: &String| !state.starts_with("Running");
        let mut glance = tokio::time::interval(Duration::from_millis(200));
        within("the Swarm's knowledge", async {
            while !self.fleet.docker(1, &words).iter().all(ended) {
                glance.tick().await;
            }
        })
        .await;
    }

    /// Waits until a node has no container of a service any more: its engine removes them a moment
    /// after the Swarm has forgotten them.
    pub(crate) async fn until_empty(&self, node: u8) {
        let mut glance = tokio::time::interval(Duration::from_millis(200));
        within("the end of all containers", async {
            while !self.containers(node, "{{.ID}}").is_empty() {
                glance.tick().await;
            }
        })
        .await;
    }

    /// Where what lets us in is kept.
    pub(crate) fn papers(&self) -> std::path::PathBuf {
        self.with.embedded.profiles_dir.with_file_name("swarm")
    }

    pub(crate) fn volumes(&self, node: u8) -> Vec<String> {
        let words = ["volume", "ls", "--quiet", "--filter"];
        let ours = self.install();
        let words: Vec<&str> = words.into_iter().chain([ours.as_str()]).collect();
        self.fleet.docker(node, &words)
    }
}

/// What is left is nobody's.
impl Drop for Home {
    fn drop(&mut self) {
        let label = format!("io.duotab.install={}", self.with.docker.install);
        self.fleet.clear(&label);
    }
}

/// A client, and what it tells.
pub(crate) struct Client {
    pub(crate) neko: Neko,
    pub(crate) news: mpsc::Receiver<News>,
    /// Whether the picture came by way of a relay when it came last.
    pub(crate) relayed: bool,
}

impl Client {
    pub(crate) fn start(endpoint: Endpoint) -> Self {
        let (neko, news) = neko::start(endpoint, Options::default());
        Self {
            neko,
            news,
            relayed: false,
        }
    }

    /// The next news that is wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&News) -> bool) {
        let heard = async {
            loop {
                let news = self.news.recv().await.expect("the client lives");
                match &news {
                    News::Relayed(relayed) => self.relayed = *relayed,
                    News::Failed(leg, detail) => panic!("{leg:?}: {detail}"),
                    _ => {}
                }
                if wanted(&news) {
                    return;
                }
            }
        };
        within(what, heard).await;
    }

    pub(crate) async fn frame(&mut self) {
        self.until("a frame", |news| matches!(news, News::Frame(_)))
            .await;
    }
}

pub(crate) fn spec(session: u32) -> StartSpec {
    StartSpec {
        ahead: false,
        session: SessionId(session),
        profile: ProfileName("default".into()),
        memory_mib: MEMORY_MIB,
        start_url: "about:blank".into(),
        scale_percent: 100,
        screen: Some((800, 600)),
    }
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future)
        .await
        .unwrap_or_else(|_| panic!("{what} takes too long"))
}
