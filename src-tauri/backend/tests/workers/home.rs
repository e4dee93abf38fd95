//! A life of the app whose sessions run on the worker of the tests.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use duotab_backend::dirs::Dirs;
use duotab_backend::endpoint::Endpoint;
use duotab_backend::neko::{self, Neko, News, Options};
use duotab_backend::runtime::docker::{DockerConfig, Owner, Surroundings};
use duotab_backend::runtime::embedded::EmbeddedConfig;
use duotab_backend::runtime::{Choice, EngineNews, Runtime, RuntimeConfig, StartError, StartSpec};
use duotab_core::event::FoundEngine;
use duotab_core::message::{ProfileName, SessionId};
use duotab_core::node::NodeId;
use duotab_core::worker::WorkerAddress;
use duotab_test_support::worker::Far;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// For all that is waited for. A start from a cold disk takes some seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// An install of its own, so that tests do not see each other's containers.
pub(crate) struct Home {
    pub(crate) far: Far,
    pub(crate) runtime: Runtime,
    pub(crate) news: mpsc::Receiver<EngineNews>,
    pub(crate) address: WorkerAddress,
    with: RuntimeConfig,
    _place: tempfile::TempDir,
}

impl Home {
    /// By TLS; `None` where no worker is.
    pub(crate) fn new(install: &str) -> Option<Self> {
        Self::by(install, |far| far.tls("client"))
    }

    pub(crate) fn by(install: &str, address: impl FnOnce(&Far) -> WorkerAddress) -> Option<Self> {
        // RUST_LOG says what is shown.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let far = Far::here()?;
        let place = tempfile::tempdir().unwrap();
        let dirs = Dirs {
            data: place.path().join("data"),
            run: place.path().join("run"),
            shared: false,
        };
        let with = RuntimeConfig {
            choice: Choice::Embedded,
            embedded: EmbeddedConfig::new("/nowhere/koneko".into(), &dirs, install.to_owned()),
            docker: DockerConfig {
                image: far.image.clone(),
                surroundings: Surroundings::default(),
                ..DockerConfig::new(install.to_owned())
            },
        };
        let address = address(&far);
        let (runtime, news) = Runtime::new(with.clone());
        runtime.use_workers(vec![far.worker(address.clone())]);
        Some(Self {
            far,
            runtime,
            news,
            address,
            with,
            _place: place,
        })
    }

    /// Another copy of this install, on another machine that reaches the worker its own way.
    pub(crate) fn twin(&self, name: &str, address: WorkerAddress) -> Self {
        let mut with = self.with.clone();
        with.docker.owner = Owner::new("there".to_owned(), name, "");
        let (runtime, news) = Runtime::new(with.clone());
        runtime.use_workers(vec![self.far.worker(address.clone())]);
        Self {
            far: self.far.clone(),
            runtime,
            news,
            address,
            with,
            _place: tempfile::tempdir().unwrap(),
        }
    }

    /// What runs there goes on for so long without the app.
    pub(crate) fn with_lease(mut self, lease: Duration) -> Self {
        self.with.docker.lease = lease;
        self.restart();
        self
    }

    /// Containers are made from that one.
    pub(crate) fn with_image(mut self, image: &str) -> Self {
        image.clone_into(&mut self.with.docker.image);
        self.restart();
        self
    }

    /// The app is gone.
    pub(crate) fn end(&mut self) {
        (self.runtime, self.news) = Runtime::new(self.with.clone());
    }

    /// The app ends, and starts again.
    pub(crate) fn restart(&mut self) {
        (self.runtime, self.news) = Runtime::new(self.with.clone());
        let worker = self.far.worker(self.address.clone());
        self.runtime.use_workers(vec![worker]);
    }

    pub(crate) async fn start(&self, session: u32) -> Result<Endpoint, StartError> {
        let (cancel, node) = (CancellationToken::new(), attic());
        let starting = self.runtime.start(spec(session), &node, cancel, &|_| {});
        within("a start", starting).await
    }

    pub(crate) async fn stop(&self, session: u32) {
        let (node, began) = (attic(), Instant::now());
        let stopping = self.runtime.stop(SessionId(session), &node);
        within("a stop", stopping).await.unwrap();
        eprintln!("stopped in {:?}", began.elapsed());
    }

    /// Waits until the machine answers, after a loss; gives the sessions that are found there.
    pub(crate) async fn back(&mut self) -> Vec<FoundEngine> {
        // It is asked again each time that it is seen, until it answers.
        let back = async {
            loop {
                self.runtime.look_at_workers().await;
                while !matches!(self.news.recv().await, Some(EngineNews::NodeSeen(..))) {}
                if let Some(found) = self.runtime.find(&attic()).await {
                    return found;
                }
            }
        };
        within("the machine", back).await
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
                    | EngineNews::Keep { .. }
                    | EngineNews::Volumes { .. }
                    | EngineNews::Owned { .. }
            ) {
                return news;
            }
        }
    }

    /// What all of this install has, as the engine's own client asks for it.
    pub(crate) fn label(&self) -> String {
        format!("label=io.duotab.install={}", self.with.docker.install)
    }

    /// The containers of this install there, by the engine's own client.
    pub(crate) fn containers(&self, format: &str) -> Vec<String> {
        let label = self.label();
        self.far.docker(&[
            "ps",
            "--all",
            "--no-trunc",
            "--filter",
            &label,
            "--format",
            format,
        ])
    }

    pub(crate) fn volumes(&self) -> Vec<String> {
        let label = format!("label=io.duotab.install={}", self.with.docker.install);
        self.far
            .docker(&["volume", "ls", "--quiet", "--filter", &label])
    }

    /// What a command prints that the browser's user runs in the only container.
    pub(crate) fn run(&self, command: &str) -> Vec<String> {
        let all = self.containers("{{.ID}}");
        assert_eq!(all.len(), 1, "{all:?}");
        self.far
            .docker(&["exec", "--user=neko", &all[0], "bash", "-c", command])
    }

    /// Where the profiles of this machine's own engines are.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.with.embedded.profiles_dir.clone()
    }

    /// Waits until the only container has ended, by the engine's own client.
    pub(crate) async fn until_dead(&self) {
        let (container, far) = (self.containers("{{.ID}}"), self.far.clone());
        let waiting = tokio::task::spawn_blocking(move || far.docker(&["wait", &container[0]]));
        let _ = within("an end", waiting).await.unwrap();
    }
}

/// What is left is nobody's, after a failed test too. Nothing here may fail once more.
impl Drop for Home {
    fn drop(&mut self) {
        let ours = ["--filter", &self.label()];
        let what = [
            (
                ["ps", "--all", "--quiet"].as_slice(),
                ["rm", "--force"].as_slice(),
            ),
            (&["volume", "ls", "--quiet"], &["volume", "rm", "--force"]),
        ];
        for (listing, removing) in what {
            let listed = self.far.try_docker(&[listing, &ours].concat());
            for it in listed.iter().flatten() {
                self.far.tell(&[removing, &[it.as_str()]].concat());
            }
        }
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

    /// The word that the picture takes the relay; it may come a moment before the picture or after.
    pub(crate) async fn relay(&mut self) {
        if !self.relayed {
            self.until("the relay", |news| *news == News::Relayed(true))
                .await;
        }
    }

    pub(crate) async fn frame(&mut self) {
        self.until("a frame", |news| matches!(news, News::Frame(_)))
            .await;
    }
}

pub(crate) fn attic() -> NodeId {
    NodeId("attic".to_owned())
}

pub(crate) fn spec(session: u32) -> StartSpec {
    StartSpec {
        ahead: false,
        session: SessionId(session),
        profile: ProfileName("default".into()),
        memory_mib: 1024,
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
