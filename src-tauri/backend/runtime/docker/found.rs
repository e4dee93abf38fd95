//! What an earlier life of the app left in the engine, and the removal of what it left dead.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use duotab_core::event::FoundEngine;
use duotab_core::message::SessionId;

use super::label::{self, Ours, State};
use super::launch::Launched;
use super::link::Link;
use super::pause::unpause;
use super::reach::{base, endpoint};
use super::{
    Docker, Inner, archive, end, exec, fault, files, lease, network, ready, remove, volume, ways,
};
use crate::endpoint::Secret;
use crate::runtime::{StartError, StartSpec};

/// A living session is not given up because its machine is out of breath.
const LIVES_LIMIT: Duration = Duration::from_secs(10);

/// All sessions that can be taken over. The rest is removed.
pub(super) async fn all(docker: &Docker, link: &Arc<Link>) -> Result<Vec<FoundEngine>, Error> {
    let inner = &docker.inner;
    let mut found: HashMap<SessionId, FoundEngine> = HashMap::new();
    for ours in label::containers(link, &inner.with).await? {
        let Some(session) = ours.session else {
            if !link.litter.has_made(&ours.name) {
                remove(link, &ours.id).await;
            }
            continue;
        };
        let slot = docker.slots.of(session);
        let Ok(_turn) = slot.turn.try_lock() else {
            continue;
        };
        if ours.state == State::Dead || found.contains_key(&session) {
            tracing::info!(session = session.0, "removing a container");
            remove(link, &ours.id).await;
            continue;
        }
        let suspended = ours.state == State::Paused || lease::is_asleep(link, &ours.id).await;
        let engine = FoundEngine {
            session,
            node: inner.node(),
            // One that sleeps cannot be asked; it is when it is woken.
            healthy: suspended || answers(link, &ours).await,
            suspended,
        };
        found.insert(session, engine);
    }
    Ok(found.into_values().collect())
}

async fn answers(link: &Arc<Link>, ours: &Ours) -> bool {
    let Ok(base) = base(link, &ours.id).await else {
        return false;
    };
    let nobody = endpoint(link, &ours.id, base, String::new(), Secret::new("")).await;
    ready::is_healthy_within(&nobody, LIVES_LIMIT).await
}

/// Takes hold of a session's container, and wakes it. `None` if it has none that runs.
pub(super) async fn grasp(
    inner: &Inner,
    link: &Arc<Link>,
    session: SessionId,
) -> Result<Option<Launched>, Error> {
    let containers = label::containers(link, &inner.with).await?;
    let mine = containers
        .into_iter()
        .find(|ours| ours.session == Some(session) && ours.state != State::Dead);
    let Some(ours) = mine else { return Ok(None) };
    if ours.state == State::Paused {
        inner.known.expect(session, super::Expected::Running);
        unpause(link, &ours.id).await?;
        // Whoever was told that it is held up asks for it now.
        inner.known.stall(session, false);
    } else if lease::is_asleep(link, &ours.id).await {
        inner.known.expect(session, super::Expected::Running);
        exec::sleep(link, &ours.id, false).await?;
    }
    tracing::debug!(session = session.0, "container awake");
    let base = base(link, &ours.id).await?;
    if let Some(held) = inner.known.get(session)
        && held.container == ours.id
        && held.endpoint.base == base
    {
        return Ok(Some(Launched {
            container: ours.id,
            endpoint: held.endpoint,
            encoder: ours.encoder,
        }));
    }
    if ours.home_closed {
        // It may have been started anew since, and has a network without rules then.
        let name = label::container_name(&inner.with, session);
        if let Err(failure) = network::close(link, &ours.id, &name).await {
            tracing::warn!(
                session = session.0,
                ?failure,
                "removing a container that is not fenced"
            );
            remove(link, &ours.id).await;
            return Ok(None);
        }
    }
    let config = archive::get(link, &ours.id, files::CONFIG).await?;
    let Some((username, password)) = files::login(&config) else {
        tracing::warn!(session = session.0, "a container without our configuration");
        remove(link, &ours.id).await;
        return Ok(None);
    };
    Ok(Some(Launched {
        endpoint: endpoint(link, &ours.id, base, username, password).await,
        encoder: ours.encoder,
        container: ours.id,
    }))
}

/// Removes what is left of the session, and sees to it that nobody has the profile's volume.
pub(super) async fn make_room(
    inner: &Inner,
    link: &Link,
    spec: &StartSpec,
) -> Result<(), StartError> {
    let all = label::containers(link, &inner.with).await;
    let all = all.map_err(|error| StartError::bare(fault::of_start(&error, &link.socket)))?;
    let mut others = Vec::new();
    for ours in all {
        if ours.session == Some(spec.session) {
            remove(link, &ours.id).await;
        } else {
            others.push(ours);
        }
    }
    let cleared = volume::clear_way(inner, link, &spec.profile, &others).await;
    cleared.map_err(StartError::bare)
}

/// Ends what an earlier life of this copy of the app has left: it was not there when it was looked for,
/// and nobody will ask for it. What cannot be seen stays to be looked for.
pub(super) async fn sweep(inner: &Inner, link: &Link) {
    let Ok(all) = label::containers(link, &inner.with).await else {
        return;
    };
    for ours in all.into_iter().filter(|it| is_left(inner, link, it)) {
        tracing::info!(
            container = ours.id,
            "removing a container that nobody knows"
        );
        end(link, &ours.id, ours.state).await;
    }
    ways::sweep(&inner.with, link).await;
    link.litter.saw();
}

/// Whether an earlier life has left it, where nothing was taken over.
pub(super) fn is_left(inner: &Inner, link: &Link, ours: &Ours) -> bool {
    match ours.session {
        Some(session) => inner.known.comes_in_vain(session) && inner.known.get(session).is_none(),
        None => !link.litter.has_made(&ours.name),
    }
}
