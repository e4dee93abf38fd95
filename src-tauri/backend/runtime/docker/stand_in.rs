//! A stand-in for an engine: it answers some questions and refuses others, as a real one cannot be made to.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::{Docker, DockerConfig, Surroundings};

/// What it says to a question: a status and a text of JSON.
pub(super) type Answer = (u16, &'static str);

/// What a proxy before an engine's socket says to what it does not let through.
pub(super) const FORBIDDEN: Answer = (403, r#"{"message":"forbidden"}"#);

/// An engine's socket.
pub(super) struct StandIn {
    folder: tempfile::TempDir,
}

impl StandIn {
    /// `answers` takes a method and a path with its version. Who the engine is, is answered here.
    pub(super) fn start(answers: impl Fn(&str, &str) -> Answer + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let answers = Arc::new(answers);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let head = read_head(&mut client).await;
                let mut words = head.split(' ');
                let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
                let (status, body) = if path.contains("/version") {
                    (200, r#"{"ApiVersion":"1.41"}"#)
                } else if path.contains("/info") || path.contains("/_ping") {
                    (200, "{}")
                } else {
                    answers(method, path)
                };
                let way = if status == 101 {
                    "upgrade\r\nUpgrade: tcp"
                } else {
                    "close"
                };
                let head = format!(
                    "HTTP/1.1 {status} As asked\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\nConnection: {way}\r\n\r\n",
                    body.len()
                );
                let _ = client.write_all((head + body).as_bytes()).await;
            }
        });
        Self { folder }
    }

    /// The app beside it.
    pub(super) fn docker(&self) -> Docker {
        let socket = self.folder.path().join("docker.sock");
        let with = DockerConfig {
            surroundings: Surroundings {
                docker_host: Some(format!("unix://{}", socket.display())),
                ..Surroundings::default()
            },
            ..DockerConfig::new("watched".to_owned())
        };
        Docker::new(with).0
    }
}

async fn read_head(client: &mut UnixStream) -> String {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        match client.read(&mut chunk).await {
            Ok(some) if some > 0 => head.extend_from_slice(&chunk[..some]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}
