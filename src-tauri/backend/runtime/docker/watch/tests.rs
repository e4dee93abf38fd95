//! Beside an engine that answers some questions and not others.

use std::sync::atomic::{AtomicUsize, Ordering};

use duotab_core::message::SessionId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::*;
use crate::runtime::docker::{Docker, DockerConfig, Surroundings};

/// As a proxy before an engine's socket does it: what it does not let through is answered with 403.
struct Gate {
    folder: tempfile::TempDir,
    lets_list: watch::Sender<bool>,
    lists: watch::Sender<usize>,
    events: Arc<AtomicUsize>,
}

impl Gate {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let gate = Self {
            folder,
            lets_list: watch::Sender::new(false),
            lists: watch::Sender::new(0),
            events: Arc::default(),
        };
        let (lets_list, lists) = (gate.lets_list.subscribe(), gate.lists.clone());
        let events = Arc::clone(&gate.events);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let request = read_head(&mut client).await;
                let path = request.split(' ').nth(1).unwrap_or_default();
                let answer = if path.contains("/events") {
                    events.fetch_add(1, Ordering::Relaxed);
                    None
                } else if path.contains("/containers/json") {
                    lists.send_modify(|it| *it += 1);
                    lets_list.borrow().then_some("[]")
                } else if path.contains("/version") {
                    Some(r#"{"ApiVersion":"1.41"}"#)
                } else if path.contains("/info") || path.contains("/_ping") {
                    Some("{}")
                } else {
                    None
                };
                let (status, body) = match answer {
                    Some(body) => ("200 OK", body),
                    None => ("403 Forbidden", r#"{"message":"forbidden"}"#),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = client.write_all((head + body).as_bytes()).await;
            }
        });
        gate
    }

    fn docker(&self) -> Docker {
        let with = DockerConfig {
            surroundings: Surroundings {
                docker_host: Some(format!(
                    "unix://{}",
                    self.folder.path().join("docker.sock").display()
                )),
                ..Surroundings::default()
            },
            ..DockerConfig::new("watched".to_owned())
        };
        Docker::new(with).0
    }

    async fn until_lists(&self, count: usize) {
        let mut lists = self.lists.subscribe();
        let listed = lists.wait_for(|it| *it >= count);
        let listed = tokio::time::timeout(Duration::from_secs(20), listed).await;
        assert!(listed.is_ok(), "{count} looks");
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

#[tokio::test]
async fn an_engine_whose_events_are_forbidden_is_asked_for_them_now_and_then() {
    let gate = Gate::start();
    gate.lets_list.send_replace(true);
    let docker = gate.docker();
    docker.health().await.unwrap();
    // Looked at all the same, in place of its events.
    gate.until_lists(1).await;
    gate.until_lists(2).await;
    let asked = gate.events.load(Ordering::Relaxed);
    assert!(asked < 20, "{asked} times in a few seconds");
}

#[tokio::test]
async fn what_could_not_be_stopped_is_not_forgotten_while_nothing_can_be_seen() {
    let gate = Gate::start();
    let docker = gate.docker();
    docker.inner.known.abandon(SessionId(7));
    docker.health().await.unwrap();
    gate.until_lists(2).await;
    assert!(docker.inner.known.abandoned().contains(&SessionId(7)));
    let seen = *gate.lists.borrow();
    gate.lets_list.send_replace(true);
    // A look is let go of when the events end before it.
    for more in 1..8 {
        gate.until_lists(seen + more).await;
        if docker.inner.known.abandoned().is_empty() {
            return;
        }
    }
    panic!("not settled");
}
