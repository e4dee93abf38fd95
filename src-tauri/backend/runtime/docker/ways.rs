//! Tries the ways into a container of another machine, with one that does nothing else: signalling
//! goes by the engine's own connection, the picture by datagrams to a port that the engine publishes.
//! It ends after a minute, and its engine removes it then, whatever has become of the app.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig, PortBinding};
use bollard::query_parameters::ListContainersOptionsBuilder;
use duotab_core::fault::{EngineFault, StartFailure};
use duotab_core::node::NodeId;
use duotab_core::worker::WaysCheck;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

use super::files::{File, SERVER_PORT};
use super::label::State;
use super::link::Link;
use super::reach::free_port;
use super::{DockerConfig, archive, create, exec, fault, label, network, remove};

const PROGRAM: &str = include_str!("files/echo.py");
const PROGRAM_PATH: &str = "/etc/neko/duotab-echo.py";
/// Bytes of memory and number of processes that are plenty for that.
const MEMORY: i64 = 128 << 20;
const PIDS: i64 = 16;
/// Somebody else may have the port.
const PORT_TRIES: usize = 3;
/// For all of it, on a machine that has just answered.
const LIMIT: Duration = Duration::from_secs(60);
/// For the way of signalling, with the start of the program on a small machine.
const STREAM_LIMIT: Duration = Duration::from_secs(12);
const STREAM_AGAIN: Duration = Duration::from_millis(300);
/// For the first datagram to come back: a picture takes the relay after as long.
const DATAGRAM_LIMIT: Duration = Duration::from_millis(2500);
const DATAGRAM_EVERY: Duration = Duration::from_millis(200);
/// What is said, and has to come back.
const WORD: &[u8] = b"duotab";

/// A container that is made. Dropped, it is removed.
struct Echo {
    link: Arc<Link>,
    name: String,
}

impl Drop for Echo {
    fn drop(&mut self) {
        let (link, name) = (Arc::clone(&self.link), std::mem::take(&mut self.name));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { remove(&link, &name).await });
        }
    }
}

/// Tries them with an image that is there.
pub(super) async fn check(with: &DockerConfig, link: &Arc<Link>, worker: &NodeId) -> WaysCheck {
    let silent = || WaysCheck::Refused {
        failure: StartFailure::EngineAway {
            fault: EngineFault::Silent {
                socket: link.socket.clone(),
            },
        },
    };
    let checked = timeout(LIMIT, unlimited(with, link, worker)).await;
    checked.unwrap_or_else(|_| silent())
}

/// Those of an earlier life of the app that were never started: what runs goes by itself.
pub(super) async fn sweep(with: &DockerConfig, link: &Link) {
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&label::filter_check(&with.install))
        .build();
    let Ok(all) = link.docker.list_containers(Some(options)).await else {
        return;
    };
    let (copy, life) = (name(with, ""), name(with, &life()));
    for left in all
        .into_iter()
        .filter(|it| label::state(it.state) == State::Dead)
    {
        let names = left.names.unwrap_or_default();
        let named = |start: &str| {
            let mut names = names.iter().map(|it| it.trim_start_matches('/'));
            names.any(|it| it.starts_with(start))
        };
        if named(&copy) && !named(&life) {
            remove(link, &left.id.unwrap_or_default()).await;
        }
    }
}

/// What this life of the app is called, in the names of its containers.
fn life() -> String {
    format!("{}-", std::process::id())
}

fn name(with: &DockerConfig, what: &str) -> String {
    label::container_name_for(with, &format!("check-{what}"))
}

async fn unlimited(with: &DockerConfig, link: &Arc<Link>, worker: &NodeId) -> WaysCheck {
    let refused = |error: &Error| WaysCheck::Refused {
        failure: fault::of_start(error, &link.socket),
    };
    let echo = Echo {
        link: Arc::clone(link),
        // One engine may be known by two addresses, which are checked side by side.
        name: name(with, &format!("{}{}", life(), label::plain(&worker.0))),
    };
    let mut tries = 0;
    let port = loop {
        let Some(port) = free_port(link) else {
            let failure = StartFailure::PortTaken;
            return WaysCheck::Refused { failure };
        };
        remove(link, &echo.name).await;
        tries += 1;
        match start(with, link, &echo.name, port).await {
            Ok(()) => break port,
            Err(error) if tries < PORT_TRIES && fault::kind(&error) == fault::Kind::PortTaken => {}
            Err(error) => return refused(&error),
        }
    };
    let streams = async {
        while stream(link, &echo.name).await.is_none() {
            sleep(STREAM_AGAIN).await;
        }
    };
    let signalling = timeout(STREAM_LIMIT, streams).await.is_ok();
    if !signalling && let Err(fault) = link.hello().await {
        let failure = StartFailure::EngineAway { fault };
        return WaysCheck::Refused { failure };
    }
    let peer = match &link.way {
        Some(way) => way.peer().await,
        None => None,
    };
    let datagrams = match peer {
        Some(peer) => {
            let heard = timeout(DATAGRAM_LIMIT, datagram((peer, port).into())).await;
            Some(heard == Ok(Some(())))
        }
        None => None,
    };
    remove(link, &echo.name).await;
    WaysCheck::Tried {
        signalling,
        datagrams,
    }
}

async fn start(with: &DockerConfig, link: &Link, name: &str, port: u16) -> Result<(), Error> {
    let media = format!("{port}/udp");
    let publish = vec![PortBinding {
        host_ip: None,
        host_port: Some(port.to_string()),
    }];
    let program = ["python3", "-I", PROGRAM_PATH];
    let ports = [SERVER_PORT.to_string(), port.to_string()];
    let body = ContainerCreateBody {
        image: Some(with.image.clone()),
        labels: Some(label::of_check(&with.install)),
        user: Some("neko".to_owned()),
        entrypoint: Some(program.map(str::to_owned).to_vec()),
        cmd: Some(ports.to_vec()),
        exposed_ports: Some(vec![media.clone()]),
        host_config: Some(HostConfig {
            port_bindings: Some(HashMap::from([(media, Some(publish))])),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(create::security(link.facts)),
            memory: link.facts.limits_memory.then_some(MEMORY),
            pids_limit: link.facts.limits_pids.then_some(PIDS),
            auto_remove: Some(true),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    network::make(link, name, body).await?;
    let program = File {
        path: PROGRAM_PATH.to_owned(),
        owner: 0,
        mode: 0o444,
        text: PROGRAM.to_owned(),
    };
    archive::put(link, name, &[program]).await?;
    link.docker.start_container(name, None).await
}

/// By the engine's connection, as signalling goes.
async fn stream(link: &Link, name: &str) -> Option<()> {
    let mut way = exec::dial(link, name, SERVER_PORT).await.ok()?;
    way.write_all(WORD).await.ok()?;
    way.flush().await.ok()?;
    let mut answer = [0; WORD.len()];
    way.read_exact(&mut answer).await.ok()?;
    (answer == *WORD).then_some(())
}

/// Straight, as the picture goes. Some may be lost.
async fn datagram(to: SocketAddr) -> Option<()> {
    let any: IpAddr = match to {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(to).await.ok()?;
    let mut answer = [0; 64];
    loop {
        // One that is refused is heard of here, and says nothing about the next.
        let _ = socket.send(WORD).await;
        let heard = timeout(DATAGRAM_EVERY, socket.recv(&mut answer)).await;
        match heard {
            Ok(Ok(length)) if answer.get(..length) == Some(WORD) => return Some(()),
            Ok(_) => sleep(DATAGRAM_EVERY).await,
            Err(_) => {}
        }
    }
}
