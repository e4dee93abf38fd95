//! What of ours a Swarm keeps: services, configurations and secrets, all with the install's label, and
//! with the session's where they belong to one.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::errors::Error;
use bollard::models::{ConfigSpec, SecretSpec, Service, ServiceSpec, Task};
use bollard::query_parameters::{
    ListConfigsOptionsBuilder, ListSecretsOptionsBuilder, ListServicesOptionsBuilder,
    ListTasksOptionsBuilder,
};
use bytes::Bytes;
use duotab_core::message::{Encoder, ProfileName, SessionId};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::Deserialize;

use super::service::{self, Kept};
use crate::endpoint::Secret;
use crate::runtime::docker::config::DockerConfig;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::{fault, label};

/// Bytes of an answer that are read.
const ANSWER_LIMIT: usize = 64 * 1024;

/// A service of this install.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ours {
    pub(super) id: String,
    /// `None` if it is no session's.
    pub(super) session: Option<SessionId>,
    pub(super) profile: Option<ProfileName>,
    pub(super) encoder: Encoder,
    /// Its node's id in the Swarm.
    pub(super) node: String,
    /// Of its door.
    pub(super) port: u16,
    /// Another copy of this install, if it is one whose service that is: what its machine is called.
    pub(super) other_copy: Option<String>,
}

/// All services of this copy of the app.
pub(super) async fn services(link: &Link, with: &DockerConfig) -> Result<Vec<Ours>, Error> {
    let mut all = services_of_all(link, with).await?;
    all.retain(|ours| ours.other_copy.is_none());
    Ok(all)
}

/// The same, of all copies of this install.
pub(super) async fn services_of_all(link: &Link, with: &DockerConfig) -> Result<Vec<Ours>, Error> {
    let options = ListServicesOptionsBuilder::default()
        .filters(&label::filter(&with.install))
        .build();
    let found = link.docker.list_services(Some(options)).await?;
    let read = |service| ours(service, with);
    Ok(found.into_iter().filter_map(read).collect())
}

fn ours(service: Service, with: &DockerConfig) -> Option<Ours> {
    let spec = service.spec?;
    let labels = spec.labels.clone().unwrap_or_default();
    let (port, node) = service::place(&spec).unwrap_or_default();
    Some(Ours {
        id: service.id?,
        session: label::session(&labels),
        profile: label::profile(&labels),
        encoder: label::encoder(&labels),
        other_copy: label::other_copy(&labels, with),
        node: node.to_owned(),
        port,
    })
}

/// The tasks of a service. There is an error for one that was removed.
pub(super) async fn tasks(link: &Link, service: &str) -> Result<Vec<Task>, Error> {
    let options = ListTasksOptionsBuilder::default()
        .filters(&HashMap::from([("service", vec![service])]))
        .build();
    link.docker.list_tasks(Some(options)).await
}

/// The tasks of a service, there or removed, whose containers are still to end.
pub(super) async fn remaining(
    link: &Link,
    (service, node): (&str, &str),
) -> Result<Vec<Task>, Error> {
    let options = ListTasksOptionsBuilder::default()
        .filters(&HashMap::from([("node", vec![node])]))
        .build();
    let mut tasks = link.docker.list_tasks(Some(options)).await?;
    tasks.retain(|task| task.service_id.as_deref() == Some(service));
    Ok(tasks)
}

/// Has a service made; gives its id.
pub(super) async fn make(
    link: &Link,
    spec: ServiceSpec,
    login: Option<bollard::auth::DockerCredentials>,
) -> Result<String, Error> {
    let made = link.docker.create_service(spec, login).await?;
    made.id.ok_or_else(|| said_nothing("service"))
}

fn said_nothing(of: &str) -> Error {
    Error::DockerStreamError {
        error: format!("the Swarm has given its new {of} no id"),
    }
}

/// Has something kept that anybody who may use the Swarm can read.
pub(super) async fn config(
    link: &Link,
    name: String,
    labels: HashMap<String, String>,
    bytes: &[u8],
) -> Result<Kept, Error> {
    let spec = ConfigSpec {
        name: Some(name.clone()),
        labels: Some(labels),
        data: Some(STANDARD.encode(bytes)),
        ..ConfigSpec::default()
    };
    let id = link.docker.create_config(spec).await?.id;
    Ok(Kept { id, name })
}

/// Has something kept that nobody can read but the task that gets it. What is asked through the
/// engine's client can be traced; this goes its own way.
pub(super) async fn secret(
    link: &Link,
    name: String,
    labels: HashMap<String, String>,
    text: &Secret,
) -> Result<Kept, Error> {
    #[derive(Deserialize)]
    struct Made {
        #[serde(rename = "ID")]
        id: Option<String>,
    }
    #[derive(Deserialize)]
    struct Refused {
        message: String,
    }
    let spec = SecretSpec {
        name: Some(name.clone()),
        labels: Some(labels),
        data: Some(STANDARD.encode(text.expose())),
        ..SecretSpec::default()
    };
    let carried = |error: hyper::Error| Error::from(std::io::Error::other(error));
    let body = serde_json::to_vec(&spec)?;
    let wire = TokioIo::new(link.dial().await?);
    let (mut sender, connection) = handshake(wire).await.map_err(carried)?;
    let asking = async {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/secrets/create")
            .header(HOST, "worker")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(std::io::Error::other)?;
        let answer = sender.send_request(request).await.map_err(carried)?;
        let status = answer.status();
        let read = Limited::new(answer.into_body(), ANSWER_LIMIT).collect();
        let read = read.await.map_err(std::io::Error::other)?.to_bytes();
        if status.is_success() {
            let made: Made = serde_json::from_slice(&read)?;
            return made.id.ok_or_else(|| said_nothing("secret"));
        }
        let refused = serde_json::from_slice(&read).map(|it: Refused| it.message);
        Err(Error::DockerResponseServerError {
            status_code: status.as_u16(),
            message: refused.unwrap_or_default(),
        })
    };
    let asked = async {
        tokio::pin!(asking);
        tokio::select! {
            asked = &mut asking => asked,
            // It may end with its last word, which is the answer.
            _ = connection => asking.await,
        }
    };
    let asked = tokio::time::timeout(super::ANSWER_LIMIT, asked).await;
    let id = asked.unwrap_or(Err(Error::RequestTimeoutError))?;
    Ok(Kept { id, name })
}

/// Removes all configurations and secrets of this copy of the app that belong to these sessions, or to
/// none. False if some stay.
pub(super) async fn remove_kept(
    link: &Link,
    with: &DockerConfig,
    of: impl Fn(Option<SessionId>) -> bool,
) -> bool {
    let filters = label::filter(&with.install);
    let configs = ListConfigsOptionsBuilder::default()
        .filters(&filters)
        .build();
    let secrets = ListSecretsOptionsBuilder::default()
        .filters(&filters)
        .build();
    let docker = &link.docker;
    let (configs, secrets) = tokio::join!(
        docker.list_configs(Some(configs)),
        docker.list_secrets(Some(secrets))
    );
    let (Ok(configs), Ok(secrets)) = (configs, secrets) else {
        return false;
    };
    let goes = |labels: Option<HashMap<String, String>>| {
        let labels = labels.unwrap_or_default();
        label::other_copy(&labels, with).is_none() && of(label::session(&labels))
    };
    let mut whole = true;
    for config in configs {
        let labels = config.spec.and_then(|it| it.labels);
        if let Some(id) = config.id.filter(|_| goes(labels)) {
            whole &= is_gone("configuration", docker.delete_config(&id).await);
        }
    }
    for secret in secrets {
        let labels = secret.spec.and_then(|it| it.labels);
        if let Some(id) = secret.id.filter(|_| goes(labels)) {
            whole &= is_gone("secret", docker.delete_secret(&id).await);
        }
    }
    whole
}

/// Removes a service; its tasks go by and by. False if it stays.
pub(super) async fn remove_service(link: &Link, id: &str) -> bool {
    is_gone("service", link.docker.delete_service(id).await)
}

fn is_gone(what: &str, removed: Result<(), Error>) -> bool {
    match removed {
        Ok(()) => true,
        Err(error) if fault::is_gone(&error) => true,
        Err(error) => {
            tracing::warn!(%error, what, "not removed from the Swarm");
            false
        }
    }
}

/// Removes a configuration.
pub(super) async fn remove_config(link: &Link, id: &str) -> bool {
    is_gone("configuration", link.docker.delete_config(id).await)
}

/// Removes a secret.
pub(super) async fn remove_secret(link: &Link, id: &str) -> bool {
    is_gone("secret", link.docker.delete_secret(id).await)
}
