//! From nothing to a container that serves, or back to nothing.
//!
//! Whatever happens on the way (failure, limit, cancel, the future itself dropped) the container is
//! removed. Its name is known before it is made, so that none is missed.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bollard::errors::Error;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use duotab_core::message::{Encoder, SessionId, StartFailure};
use duotab_core::streaming::Limit;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::create::{self, Plan};
use super::encoder::Way;
use super::end::until_gone;
use super::files::{self, Settings};
use super::link::Link;
use super::reach::{base, endpoint, free_port, seen_at};
use super::up::Up;
use super::{Inner, archive, facts, fault, found, label, logs, network, probe, remove, volume};
use crate::endpoint::{Endpoint, Secret};
use crate::runtime::{StartError, StartSpec, random_password};

/// Somebody else may take the port between our look and the engine's.
const PORT_TRIES: usize = 5;
/// Who logs in.
const USERNAME: &str = "duotab";

/// A container that serves.
pub(super) struct Launched {
    pub(super) container: String,
    pub(super) endpoint: Endpoint,
    /// What encodes its picture.
    pub(super) encoder: Encoder,
}

/// A container that is made or half made. Dropped, it is removed.
struct Half {
    link: Arc<Link>,
    /// `None` once it is kept or removed.
    name: Option<String>,
    /// A question to the engine cannot be taken back: what comes of it is waited for.
    making: Option<JoinHandle<Result<String, Error>>>,
}

impl Half {
    /// Has it made; gives its id.
    async fn make(&mut self, body: ContainerCreateBody) -> Result<String, Error> {
        let docker = self.link.docker.clone();
        let name = self.name.as_deref().unwrap_or_default();
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.link.litter.makes(name);
        let making = self.making.insert(tokio::spawn(async move {
            let made = docker.create_container(Some(options), body).await;
            made.map(|made| made.id)
        }));
        let made = making.await;
        self.making = None;
        made.unwrap_or_else(|panicked| {
            let error = panicked.to_string();
            Err(Error::DockerStreamError { error })
        })
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let (link, making) = (Arc::clone(&self.link), self.making.take());
        if let (Some(name), Ok(runtime)) = (self.name.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                settle(making).await;
                remove(&link, &network::name_beside(&name)).await;
                remove(&link, &name).await;
            });
        }
    }
}

/// Waits until the engine has answered: made or not, what bears the name is removed. False if it may
/// make it later.
async fn settle(making: Option<JoinHandle<Result<String, Error>>>) -> bool {
    match making {
        Some(making) => !matches!(making.await, Ok(Err(error)) if fault::is_open(&error)),
        None => true,
    }
}

/// Starts a container for `spec`. The image may take as long as it takes; the rest has a limit. A
/// newer image that does not become ready is given up for the one before, which then serves; one
/// that is not to be had is no worse for that.
pub(super) async fn launch(
    inner: &Inner,
    link: &Arc<Link>,
    spec: &StartSpec,
    cancel: &CancellationToken,
    fetched: &(dyn Fn(u8) + Send + Sync),
) -> Result<Launched, StartError> {
    let images = &inner.images;
    if !images.has_next() {
        return attempt(inner, link, spec, false, cancel, fetched).await;
    }
    match attempt(inner, link, spec, true, cancel, fetched).await {
        Ok(launched) => {
            images.next_is_ready(link).await;
            Ok(launched)
        }
        Err(StartError::Failed { failure, .. }) if is_not_to_be_had(&failure) => {
            tracing::warn!(?failure, "the newer image is not there");
            if !spec.ahead {
                images.next_is_gone().await;
            }
            attempt(inner, link, spec, false, cancel, fetched).await
        }
        Err(StartError::Failed { failure, log }) if may_be_the_image(&failure) => {
            tracing::warn!(?failure, ?log, "the newer image does not become ready");
            let launched = attempt(inner, link, spec, false, cancel, fetched).await;
            // If not even that one serves, it is not the image's fault.
            if launched.is_ok() {
                images.roll_back(link).await;
            }
            launched
        }
        Err(error) => Err(error),
    }
}

/// Whether another image might start where this one did not.
fn may_be_the_image(failure: &StartFailure) -> bool {
    matches!(
        failure,
        StartFailure::TimedOut | StartFailure::Exited { .. } | StartFailure::Refused { .. }
    )
}

/// Whether nobody has tried the image, for it was removed since, and cannot be fetched now.
fn is_not_to_be_had(failure: &StartFailure) -> bool {
    matches!(
        failure,
        StartFailure::ImageMissing { .. }
            | StartFailure::RegistryUnreachable { .. }
            | StartFailure::RegistryDenied { .. }
    )
}

async fn attempt(
    inner: &Inner,
    link: &Arc<Link>,
    spec: &StartSpec,
    trial: bool,
    cancel: &CancellationToken,
    fetched: &(dyn Fn(u8) + Send + Sync),
) -> Result<Launched, StartError> {
    let image = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(StartError::Cancelled),
        image = inner.images.choose(link, trial, !spec.ahead, fetched) => {
            image.map_err(StartError::bare)?
        }
    };
    let way = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(StartError::Cancelled),
        way = probe::choose(inner, link, &image, spec.session) => way,
    };
    let limit = Instant::now() + inner.with.start_limit;
    let mut half = Half {
        link: Arc::clone(link),
        name: None,
        making: None,
    };
    let launched = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(StartError::Cancelled),
        () = sleep_until(limit) => Err(StartError::bare(StartFailure::TimedOut)),
        launched = Box::pin(steps(inner, link, spec, (&image, &way, trial), &mut half)) => launched,
    };
    match launched {
        Ok(launched) => {
            half.name = None;
            inner.images.serves(spec.session, image);
            Ok(launched)
        }
        Err(error) => Err(undo(inner, spec.session, half, error).await),
    }
}

/// Removes it, and adds the last it said to the error.
async fn undo(inner: &Inner, session: SessionId, mut half: Half, error: StartError) -> StartError {
    let Some(name) = half.name.clone() else {
        return error;
    };
    if !settle(half.making.take()).await {
        inner.known.may_come(session, true);
    }
    let error = match error {
        StartError::Failed { failure, .. } => StartError::Failed {
            log: logs::last_lines(&half.link, &name, inner.flavour()).await,
            failure,
        },
        error => error,
    };
    remove(&half.link, &network::name_beside(&name)).await;
    if !remove(&half.link, &name).await {
        inner.known.abandon(session);
    }
    half.name = None;
    error
}

async fn steps(
    inner: &Inner,
    link: &Arc<Link>,
    spec: &StartSpec,
    (image, way, trial): (&str, &Way, bool),
    half: &mut Half,
) -> Result<Launched, StartError> {
    let refused = |error: &Error| StartError::bare(fault::of_start(error, &link.socket));
    let password =
        random_password().ok_or(StartError::bare(StartFailure::Exited { code: None }))?;
    let password = Secret::new(password);
    let making = inner.making.lock().await;
    found::make_room(inner, link, spec).await?;
    tracing::debug!(session = spec.session.0, "room for a container");
    let name = label::container_name(&inner.with, spec.session);
    half.name = Some(name.clone());
    inner.known.ask_for(spec.session);
    let home_closed = inner.home_closed.load(Ordering::Relaxed);
    let seen_at = seen_at(link).await;
    let (mut limited, mut tries) = (true, 0);
    let container = loop {
        let media_port = free_port(link).ok_or(StartError::bare(StartFailure::PortTaken))?;
        let plan = Plan {
            install: &inner.with.install,
            owner: &inner.with.owner,
            session: spec.session,
            profile: &spec.profile,
            image,
            flavour: inner.flavour(),
            way,
            memory_mib: spec.memory_mib,
            media_port,
            far: link.is_far(),
            facts: link.facts,
            home_closed,
            limited,
        };
        match made(inner, half, spec, &plan, (&password, seen_at)).await {
            Ok(container) => break container,
            Err(error) => {
                let kind = fault::kind(&error);
                tries += 1;
                let again = tries < PORT_TRIES
                    && match kind {
                        fault::Kind::PortTaken | fault::Kind::Conflict => true,
                        fault::Kind::NoSuchLimit => std::mem::replace(&mut limited, false),
                        _ => false,
                    };
                tracing::warn!(%error, ?kind, again, "container not started");
                if !again {
                    inner.known.may_come(spec.session, fault::is_open(&error));
                    return Err(refused(&error));
                }
                remove(link, &name).await;
                if kind == fault::Kind::Conflict {
                    // The one before it is on its way out, by whoever removes it.
                    until_gone(link, &name).await;
                }
            }
        }
    };
    drop(making);
    if !limited {
        // It had said that it can.
        let all = vec![Limit::Memory, Limit::Processor, Limit::Processes];
        facts::tell(inner, all);
    }
    let base = base(link, &container).await.map_err(|e| refused(&e))?;
    let endpoint = endpoint(link, &container, base, USERNAME.to_owned(), password).await;
    let up = Up {
        inner,
        link,
        container: &container,
    };
    let closes = home_closed.then_some(name.as_str());
    let login = Box::pin(up.comes(&endpoint, closes, &spec.profile)).await;
    let login = login.map_err(StartError::bare)?;
    if trial {
        up.browser_answers().await;
    }
    up.report_sandbox(spec.session);
    Ok(Launched {
        container,
        endpoint: Endpoint { login, ..endpoint },
        encoder: way.encoder,
    })
}

/// Made, filled and started.
async fn made(
    inner: &Inner,
    half: &mut Half,
    spec: &StartSpec,
    plan: &Plan<'_>,
    (password, seen_at): (&Secret, IpAddr),
) -> Result<String, Error> {
    if !plan.profile.is_private() {
        volume::make(inner, &half.link, plan.profile).await?;
    }
    let container = half.make(create::body(plan)).await?;
    tracing::debug!(container, "container made");
    let link = &half.link;
    let (width, height, rate) = inner.with.screen;
    let (width, height) = spec.screen.unwrap_or((width, height));
    let files = files::all(&Settings {
        flavour: plan.flavour,
        encoder: plan.way.encoder,
        owner: (!plan.profile.is_private()).then(|| plan.owner.files(plan.profile)),
        username: USERNAME,
        password,
        media_port: plan.media_port,
        seen_at,
        screen: (width, height, rate),
        scale_percent: spec.scale_percent,
        start_url: &spec.start_url,
        browser_args: &inner.with.browser_args,
        home_closed: plan.home_closed,
        lease: plan.far.then_some(inner.with.lease.as_secs()),
    });
    archive::put(link, &container, &files).await?;
    if let Some(group) = plan.way.group {
        let groups = archive::get(link, &container, files::GROUPS).await?;
        archive::put(link, &container, &[files::groups(&groups, group)]).await?;
    }
    tracing::debug!(container, "container filled");
    link.docker.start_container(&container, None).await?;
    tracing::debug!(container, "container started");
    Ok(container)
}
