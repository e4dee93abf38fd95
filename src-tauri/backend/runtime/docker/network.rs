//! The home network, closed to all that is in a container.
//!
//! No container has the right to change its own network. A second one, which is there for a moment
//! and shares nothing but the network, has that right alone, sets the rules, and ends. They hold in
//! the kernel, for every process of the browser's container, however it asks for an address.

use std::time::Duration;

use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, LogsOptionsBuilder, WaitContainerOptionsBuilder,
};
use duotab_core::message::StartFailure;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::files::{self, File};
use super::link::Link;
use super::{archive, create, fault, label, remove};

/// Bytes of memory that the program gets.
const MEMORY: i64 = 64 << 20;
/// It begins no process.
const PIDS: i64 = 16;
/// It takes a second where the disk is cold; nobody waits for one that hangs.
const LIMIT: Duration = Duration::from_secs(20);
/// Characters of its last words that are read.
const SAID_LIMIT: usize = 4096;

/// The second container beside the one of this name.
pub(super) fn name_beside(container: &str) -> String {
    format!("{container}-network")
}

/// Closes the home network to a running container, and lets its browser go on, which waits for
/// that.
pub(super) async fn close(link: &Link, container: &str, name: &str) -> Result<(), StartFailure> {
    let refused = |error: &Error| fault::of_start(error, &link.socket);
    let beside = name_beside(name);
    let said = run(link, container, &beside).await;
    remove(link, &beside).await;
    match said.map_err(|error| refused(&error))? {
        None => {}
        Some(said) => {
            let last = said.lines().last().unwrap_or("it gave no reason");
            let detail = format!("the home network cannot be closed: {last}");
            return Err(StartFailure::Refused { detail });
        }
    }
    let done = File {
        path: files::NETWORK_CLOSED.to_owned(),
        owner: 0,
        mode: 0o444,
        text: String::new(),
    };
    let told = archive::put(link, container, &[done]).await;
    told.map_err(|error| refused(&error))
}

/// Runs the program; gives what it said if it failed.
async fn run(link: &Link, container: &str, name: &str) -> Result<Option<String>, Error> {
    let inspected = link.docker.inspect_container(container, None).await?;
    let config = inspected.config.unwrap_or_default();
    remove(link, name).await;
    let body = ContainerCreateBody {
        image: config.image,
        labels: config.labels.map(label::of_what_is_beside),
        user: Some("root".to_owned()),
        entrypoint: Some(vec!["python3".to_owned(), "-I".to_owned()]),
        cmd: Some(vec![files::NETWORK_PROGRAM.to_owned()]),
        host_config: Some(HostConfig {
            network_mode: Some(format!("container:{container}")),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(vec!["NET_ADMIN".to_owned()]),
            security_opt: Some(create::security(link.facts)),
            memory: link.facts.limits_memory.then_some(MEMORY),
            pids_limit: link.facts.limits_pids.then_some(PIDS),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    make(link, name, body).await?;
    archive::put(link, name, &[files::network_program()]).await?;
    link.docker.start_container(name, None).await?;
    let said = timeout(LIMIT, last_words(link, name)).await;
    said.unwrap_or_else(|_| Ok(Some("it does not come to an end".to_owned())))
}

/// Makes a container of this name.
pub(super) async fn make(link: &Link, name: &str, body: ContainerCreateBody) -> Result<(), Error> {
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    link.litter.makes(name);
    link.docker.create_container(Some(options), body).await?;
    Ok(())
}

/// Waits for its end; gives what it said if that was no good one.
pub(super) async fn last_words(link: &Link, name: &str) -> Result<Option<String>, Error> {
    let options = WaitContainerOptionsBuilder::default()
        .condition("not-running")
        .build();
    let mut wait = link.docker.wait_container(name, Some(options));
    match wait.next().await {
        Some(Ok(answer)) if answer.status_code == 0 => return Ok(None),
        Some(Ok(_) | Err(Error::DockerContainerWaitError { .. })) | None => {}
        Some(Err(error)) => return Err(error),
    }
    let options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .build();
    let mut lines = link.docker.logs(name, Some(options));
    let mut said = String::new();
    while let Some(Ok(line)) = lines.next().await {
        if said.len() < SAID_LIMIT {
            said.push_str(&line.to_string());
        }
    }
    Ok(Some(said))
}
