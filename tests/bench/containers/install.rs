//! An install beside the engine of the tests.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use duotab_backend::endpoint::Endpoint;
use duotab_backend::runtime::StartSpec;
use duotab_backend::runtime::docker::{Docker, DockerConfig, Surroundings};
use duotab_core::message::{ProfileName, SessionId};
use duotab_test_support::Outcome;
use duotab_test_support::engine::Engine;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How often a server that starts is asked.
const ASK_EVERY: Duration = Duration::from_millis(5);

pub(crate) struct Install<'a> {
    engine: &'a Engine,
    docker: Docker,
    name: String,
}

impl<'a> Install<'a> {
    pub(crate) fn new(engine: &'a Engine, name: &str) -> Self {
        let with = DockerConfig {
            image: engine.image.clone(),
            surroundings: Surroundings {
                docker_host: Some(engine.socket.clone()),
                ..Surroundings::default()
            },
            ..DockerConfig::new(name.to_owned())
        };
        let (docker, mut news) = Docker::new(with);
        tokio::spawn(async move { while news.recv().await.is_some() {} });
        Self {
            engine,
            docker,
            name: name.to_owned(),
        }
    }

    pub(crate) async fn start(&self, session: u32, profile: &str) -> Outcome<Endpoint> {
        let spec = StartSpec {
            session: SessionId(session),
            profile: ProfileName(profile.to_owned()),
            memory_mib: 2048,
            start_url: "about:blank".to_owned(),
            scale_percent: 100,
            screen: Some((1280, 720)),
            ahead: false,
        };
        let started = self.docker.start(spec, CancellationToken::new(), &|_| {});
        Ok(started.await?)
    }

    pub(crate) async fn stop(&self, session: u32) -> Outcome<()> {
        Ok(self.docker.stop(SessionId(session)).await?)
    }

    /// What all containers of this install use.
    pub(crate) fn memory_mib(&self) -> f64 {
        let label = format!("label=io.duotab.install={}", self.name);
        let ids = self.engine.docker(&["ps", "--quiet", "--filter", &label]);
        let asked = ["stats", "--no-stream", "--format", "{{.MemUsage}}"].into_iter();
        let asked: Vec<&str> = asked.chain(ids.iter().map(String::as_str)).collect();
        let lines = self.engine.docker(&asked);
        lines.iter().map(|line| mib(line)).sum()
    }
}

/// The same image as the engine's own client starts it, until it answers.
pub(crate) async fn bare_start(engine: &Engine) -> Outcome<Duration> {
    let began = Instant::now();
    let run = [
        "run",
        "--detach",
        "--publish",
        "127.0.0.1::8080",
        // Else Neko asks a server of the world for it, and waits for that one's answer.
        "--env",
        "NEKO_WEBRTC_NAT1TO1=127.0.0.1",
        &engine.image,
    ];
    let id = engine.docker(&run).remove(0);
    let port = engine.docker(&["port", &id, "8080/tcp"]).remove(0);
    let address: SocketAddr = port.parse()?;
    while !is_healthy(address).await {
        tokio::time::sleep(ASK_EVERY).await;
    }
    let took = began.elapsed();
    let _removed = engine.docker(&["rm", "--force", "--volumes", &id]);
    Ok(took)
}

/// Of `123.4MiB / 2GiB` the first.
fn mib(usage: &str) -> f64 {
    let used = usage.split(' ').next().unwrap_or_default();
    let unit = used.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number: f64 = used[..used.len() - unit.len()].parse().unwrap();
    match unit {
        "GiB" => number * 1024.0,
        "MiB" => number,
        "KiB" => number / 1024.0,
        other => panic!("{other}"),
    }
}

async fn is_healthy(address: SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let question = b"GET /health HTTP/1.1\r\nHost: neko\r\nConnection: close\r\n\r\n";
        stream.write_all(question).await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer.ends_with(b" 200"))
    };
    asked.await.unwrap_or(false)
}
