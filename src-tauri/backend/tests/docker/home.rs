//! A life of the app beside the engine of the tests.

use std::time::Duration;

use duotab_backend::endpoint::Endpoint;
use duotab_backend::runtime::docker::{Docker, DockerConfig, Surroundings};
use duotab_backend::runtime::{EngineNews, StartError, StartSpec};
use duotab_core::fault::ImageUpdate;
use duotab_core::message::{Encoder, ProfileName, SessionId};
use duotab_core::streaming::Limit;
use duotab_test_support::engine::Engine;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// For all that is waited for. A start from a cold disk takes some seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// An install of its own, so that tests do not see each other's containers.
pub(crate) struct Home {
    pub(crate) engine: Engine,
    pub(crate) with: DockerConfig,
    pub(crate) docker: Docker,
    pub(crate) news: mpsc::Receiver<EngineNews>,
}

impl Home {
    /// `None` where no engine is.
    pub(crate) fn new(install: &str) -> Option<Self> {
        // RUST_LOG says what is shown.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let engine = Engine::here()?;
        // How long a gigabyte takes is the machine's business, and within no limit of a start.
        if !engine.has(&engine.image) {
            let _pulled = engine.docker(&["pull", "--quiet", &engine.image]);
        }
        let with = DockerConfig {
            image: engine.image.clone(),
            surroundings: Surroundings {
                docker_host: Some(engine.socket.clone()),
                ..Surroundings::default()
            },
            ..DockerConfig::new(install.to_owned())
        };
        let (docker, news) = Docker::new(with.clone());
        Some(Self {
            engine,
            with,
            docker,
            news,
        })
    }

    /// With something else set.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut DockerConfig, &Engine)) -> Self {
        change(&mut self.with, &self.engine);
        self.restart();
        self
    }

    /// The app ends, and starts again.
    pub(crate) fn restart(&mut self) {
        (self.docker, self.news) = Docker::new(self.with.clone());
    }

    pub(crate) async fn start(&self, session: u32) -> Result<Endpoint, StartError> {
        self.start_with(spec(session), &|_| {}).await
    }

    pub(crate) async fn start_with(
        &self,
        spec: StartSpec,
        fetched: &(dyn Fn(u8) + Send + Sync),
    ) -> Result<Endpoint, StartError> {
        let starting = self.docker.start(spec, CancellationToken::new(), fetched);
        within("a start", starting).await
    }

    /// Of an engine; what is told of images and encoders is left out.
    pub(crate) async fn next_news(&mut self) -> EngineNews {
        loop {
            let news = within("news", self.news.recv()).await.expect("news");
            let kept = matches!(
                news,
                EngineNews::Keep { .. }
                    | EngineNews::Volumes { .. }
                    | EngineNews::Owned { .. }
                    | EngineNews::Encodes(..)
                    | EngineNews::Unlimited(_)
            );
            if !kept && !matches!(news, EngineNews::Image { .. }) {
                return news;
            }
        }
    }

    /// What encodes an engine's picture, with what was told to be kept before that.
    pub(crate) async fn encoder(&mut self) -> Encoder {
        loop {
            match within("news", self.news.recv()).await.expect("news") {
                EngineNews::Encodes(_, encoder) => return encoder,
                EngineNews::Keep { kept, .. } => self.with.kept = kept,
                _ => {}
            }
        }
    }

    /// What is told of an image, until it is this. Anything else that is told comes first.
    pub(crate) async fn until_image(&mut self, wanted: &ImageUpdate) {
        loop {
            match within("news", self.news.recv()).await.expect("news") {
                EngineNews::Image { update, .. } if update == *wanted => return,
                EngineNews::Keep { kept, .. } => self.with.kept = kept,
                _ => {}
            }
        }
    }

    /// What was told that the engine does not hold browsers to.
    pub(crate) fn unlimited(&mut self) -> Vec<Limit> {
        let told = std::iter::from_fn(|| self.news.try_recv().ok());
        let unlimited = told.filter_map(|news| match news {
            EngineNews::Unlimited(limits) => Some(limits),
            _ => None,
        });
        unlimited.last().unwrap_or_default()
    }

    /// What was told last to be kept of the volumes.
    pub(crate) fn kept_volumes(&mut self) -> String {
        let told = std::iter::from_fn(|| self.news.try_recv().ok());
        let kept = told.filter_map(|news| match news {
            EngineNews::Volumes { kept } => Some(kept),
            _ => None,
        });
        kept.last().expect("something to be kept")
    }

    /// What was told last to be kept for the image.
    pub(crate) fn kept_image(&mut self) -> String {
        let told = std::iter::from_fn(|| self.news.try_recv().ok());
        let kept = told.filter_map(|news| match news {
            EngineNews::Keep { kept, .. } => Some(kept),
            _ => None,
        });
        kept.last().expect("something to be kept")
    }

    /// Something for the engine's own client to do.
    pub(crate) fn order(&self, arguments: &[&str]) {
        let _said = self.engine.docker(arguments);
    }

    /// The containers of this install, by the engine's own client, as `docker ps` formats them.
    pub(crate) fn containers(&self, format: &str) -> Vec<String> {
        let label = format!("label=io.duotab.install={}", self.with.install);
        self.engine.docker(&[
            "ps",
            "--all",
            "--no-trunc",
            "--filter",
            &label,
            "--format",
            format,
        ])
    }

    /// The only container's id.
    pub(crate) fn container(&self) -> String {
        let all = self.containers("{{.ID}}");
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }

    pub(crate) fn has_image(&self, image: &str) -> bool {
        let all = [
            "images",
            "--digests",
            "--format",
            "{{.Repository}}@{{.Digest}}",
        ];
        self.engine.docker(&all).iter().any(|it| it == image)
    }

    pub(crate) fn volumes(&self) -> Vec<String> {
        let label = format!("label=io.duotab.install={}", self.with.install);
        self.engine
            .docker(&["volume", "ls", "--quiet", "--filter", &label])
    }

    /// What a command prints that the browser's user runs in the only container.
    pub(crate) fn run(&self, command: &str) -> Vec<String> {
        let container = self.container();
        self.engine
            .docker(&["exec", "--user=neko", &container, "bash", "-c", command])
    }

    /// What a command prints in the only container, once the browser has a page.
    pub(crate) fn run_beside_page(&self, command: &str) -> Vec<String> {
        self.run(&format!(
            "until pgrep -f '^/usr/lib/.*type=renderer' >/dev/null; do sleep 0.05; done; {command}"
        ))
    }

    /// Somebody pauses the only container. The engine itself does not bear that while a process begins
    /// in it, and the app's question about the sandbox is one.
    pub(crate) fn pause(&self) {
        self.run_beside_page(
            "while pgrep -f 'cat /tmp/[d]uotab-sandbox' >/dev/null; do sleep 0.05; done",
        );
        assert!(self.pauses(&self.container()));
    }

    /// Whether the engine can pause containers at all: seen at one of nobody's. Without rights, and
    /// without cgroups v2, it cannot.
    pub(crate) fn can_pause(&self) -> bool {
        let run = ["run", "--detach", "--rm", "--entrypoint=sleep"];
        let container = self
            .engine
            .docker(&[&run[..], &[&self.engine.image, "60"]].concat());
        let can = self.pauses(&container[0]);
        self.order(&["rm", "--force", &container[0]]);
        can
    }

    /// The kernel does not always manage at once.
    fn pauses(&self, container: &str) -> bool {
        let pausing = format!(
            "for try in 1 2 3 4 5; do /usr/bin/docker --host {} pause {container} && exit; done; exit 1",
            self.engine.socket
        );
        let paused = std::process::Command::new("sh")
            .args(["-c", &pausing])
            .status();
        paused.is_ok_and(|it| it.success())
    }
}

/// What is left is nobody's, after a failed test too: a container keeps its image from being removed by
/// the tests that follow. Nothing here may fail once more.
impl Drop for Home {
    fn drop(&mut self) {
        let clearing = format!(
            "docker='/usr/bin/docker --host {}' ours='--filter label=io.duotab.install={}'
            $docker ps --all --quiet $ours | xargs -r $docker rm --force
            $docker volume ls --quiet $ours | xargs -r $docker volume rm --force",
            self.engine.socket, self.with.install
        );
        let _cleared = std::process::Command::new("sh")
            .args(["-c", &clearing])
            .stdout(std::process::Stdio::null())
            .status();
    }
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

/// A login there; gives the token.
pub(crate) async fn log_in(endpoint: &Endpoint) -> String {
    let answer = client()
        .post(endpoint.base.join("api/login").unwrap())
        .json(&serde_json::json!({
            "username": endpoint.username,
            "password": endpoint.password.expose(),
        }))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let answer: serde_json::Value = answer.json().await.unwrap();
    answer["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn is_healthy(endpoint: &Endpoint) -> bool {
    let health = endpoint.base.join("health").unwrap();
    let answer = client().get(health).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}
