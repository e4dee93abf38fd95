//! What is left of sessions in a Swarm: taken over, or removed.

use std::collections::HashSet;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bollard::errors::Error;
use duotab_core::event::FoundEngine;
use duotab_core::fault::Stall;
use duotab_core::message::{ProfileName, SessionId, StartFailure};
use duotab_core::node::NodeId;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::gate::Gate;
use super::held::{Held, Mood};
use super::objects::{self, Ours};
use super::watch::{self, Verdict};
use super::{Inner, nodes};
use crate::runtime::docker::known::Expected;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::{fault, ready};
use crate::runtime::{StartError, StartSpec};

/// Until a container is gone whose service was removed: what Chromium is given, and some seconds.
const GONE_LIMIT: Duration = Duration::from_secs(15);
/// A Swarm tells of no task by itself.
const ASK_EVERY: Duration = Duration::from_millis(150);

/// A session's service. `None` where nobody will get into it any more: its papers are lost, or its node
/// has left the Swarm.
///
/// # Errors
/// If that cannot be said now.
pub(super) async fn grasp(
    inner: &Inner,
    link: &Link,
    ours: &Ours,
    session: SessionId,
) -> Result<Option<Held>, Error> {
    let Some(papers) = inner.drawer.find(session, &ours.node).await? else {
        return Ok(None);
    };
    let Some(place) = nodes::find(link, &ours.node).await? else {
        return Ok(None);
    };
    let unseen = || io::Error::new(io::ErrorKind::HostUnreachable, "where the node is seen");
    let address = place.seen_at(link).await.ok_or_else(unseen)?;
    let node = NodeId::member(&inner.docker.inner.node(), &ours.node);
    let gate = Gate::new(address, ours.port, &papers);
    let held = gate.and_then(|gate| Held::new(ours.id.clone(), node, gate, &papers));
    Ok(held.map(|held| Held {
        encoder: ours.encoder,
        ..held
    }))
}

/// All sessions that can be taken over. The rest is removed.
pub(super) async fn all(inner: &Inner, link: &Link) -> Result<Vec<FoundEngine>, Error> {
    let with = &inner.docker.inner.with;
    let services = objects::services(link, with).await?;
    let mut seen = HashSet::new();
    let one = async |ours: &Ours| -> Result<Option<FoundEngine>, Error> {
        let Some(session) = ours.session else {
            if !inner.rooms.may_have(&ours.id) {
                objects::remove_service(link, &ours.id).await;
            }
            return Ok(None);
        };
        let slot = inner.slots.of(session);
        let Ok(_turn) = slot.turn.try_lock() else {
            return Ok(None);
        };
        if inner.known.abandoned().contains(&session) {
            return Ok(None);
        }
        let found = match grasp(inner, link, ours, session).await? {
            Some(held) => look(inner, link, session, held).await,
            None => None,
        };
        if found.is_none() {
            tracing::info!(session = session.0, "removing a service");
            end(inner, link, session).await;
        }
        Ok(found)
    };
    let looks = services
        .iter()
        .filter(|ours| ours.session.is_none_or(|session| seen.insert(session)))
        .map(one);
    let found = try_join_all(looks).await?.into_iter().flatten().collect();
    drop_unused(inner, link, &services).await;
    inner.found.store(true, Ordering::Relaxed);
    Ok(found)
}

/// Removes what belongs to none of these services, and to nothing that is being made.
async fn drop_unused(inner: &Inner, link: &Link, services: &[Ours]) {
    let listed: HashSet<SessionId> = services.iter().filter_map(|ours| ours.session).collect();
    let is_used = |session| {
        listed.contains(&session)
            || inner.slots.is_busy(session)
            || inner.known.get(session).is_some()
    };
    objects::remove_kept(link, &inner.docker.inner.with, |session| match session {
        Some(session) => !is_used(session),
        None => inner.rooms.are_none(),
    })
    .await;
    drop_papers(inner, link, |session| !is_used(session)).await;
}

async fn drop_papers(inner: &Inner, link: &Link, of: impl Fn(SessionId) -> bool) {
    for (session, node) in inner.drawer.list().await {
        // Those of other Swarms are there as well.
        if of(session) && matches!(nodes::find(link, &node).await, Ok(Some(_))) {
            inner.drawer.drop(session, &node).await;
        }
    }
}

/// Removes what bears our labels and is nobody's: what an earlier life of the app asked for may come
/// when all was looked for already, and what a room leaves could perhaps not be removed. `strays` were
/// nobody's the last time; only what is so twice in a row is not just on its way.
pub(super) async fn sweep(
    inner: &Inner,
    link: &Link,
    strays: &mut HashSet<String>,
) -> Result<(), Error> {
    let services = objects::services(link, &inner.docker.inner.with).await?;
    let before = std::mem::take(strays);
    for ours in &services {
        let is_known = |session| inner.known.get(session).is_some();
        let slot = ours
            .session
            .map(|session| (session, inner.slots.of(session)));
        let turn = slot.as_ref().map(|(_, slot)| slot.turn.try_lock());
        let is_stray = match (&ours.session, &turn) {
            (Some(session), Some(Ok(_))) => !is_known(*session),
            (Some(_), _) => false,
            (None, _) => !inner.rooms.may_have(&ours.id),
        };
        if is_stray && !before.contains(&ours.id) {
            strays.insert(ours.id.clone());
        } else if is_stray {
            tracing::info!(service = ours.id, "removing what is nobody's");
            if let Some(session) = ours.session {
                end(inner, link, session).await;
            } else {
                objects::remove_service(link, &ours.id).await;
            }
        }
        drop(turn);
        if let Some((session, slot)) = slot {
            inner.slots.forget(session, slot);
        }
    }
    drop_unused(inner, link, &services).await;
    Ok(())
}

/// How a service that is there is; `None` if nothing can come of it.
async fn look(inner: &Inner, link: &Link, session: SessionId, held: Held) -> Option<FoundEngine> {
    let node = held.node.clone();
    let engine = |healthy, suspended| FoundEngine {
        session,
        node,
        healthy,
        suspended,
    };
    // From now on its lease is renewed, whoever asks for it and when.
    match held.mood().await {
        Ok(Mood::Asleep) => {
            inner.known.take_up(session, held);
            expect(inner, session, true);
            return Some(engine(true, true));
        }
        Ok(Mood::Awake) => {
            let healthy = ready::is_healthy(&held.endpoint).await;
            let expected = inner.known.take_up(session, held);
            // Started anew meanwhile, it is put to sleep again.
            let suspended = expected == Expected::Paused;
            return Some(engine(healthy || suspended, suspended));
        }
        Err(error) => tracing::debug!(session = session.0, %error, "a door does not open"),
    }
    // Its node may come back, or its Swarm be about to start it anew: then it is waited for.
    if let Ok(Verdict::Over(_)) = watch::ask(link, &held).await {
        return None;
    }
    let held = Held {
        stalled: Some(Stall::Restarting),
        ..held
    };
    let expected = inner.known.take_up(session, held);
    Some(engine(true, expected == Expected::Paused))
}

/// Removes what is left of the session, and sees to it that nobody has the profile's volume on the
/// node.
pub(super) async fn make_room(
    inner: &Inner,
    link: &Link,
    spec: &StartSpec,
    node: &str,
) -> Result<(), StartError> {
    let refused = |error: &Error| StartError::bare(fault::of_start(error, &link.socket));
    let with = &inner.docker.inner.with;
    let services = objects::services(link, with).await;
    let services = services.map_err(|error| refused(&error))?;
    let is_there = |ours: &Ours| ours.session == Some(spec.session);
    if services.iter().any(is_there) {
        remove(inner, link, spec.session).await;
    } else {
        objects::remove_kept(link, with, |session| session == Some(spec.session)).await;
    }
    if spec.profile.is_private() {
        return Ok(());
    }
    if inner.rooms.are_in(&spec.profile, node) {
        return Err(StartError::bare(StartFailure::ProfileInUse));
    }
    let cleared = clear_way(inner, link, &spec.profile, node).await;
    cleared.map_err(StartError::bare)
}

/// Sees to it that nobody has a profile's volume on a node: what an earlier life of the app has left
/// of a room goes, and what lives is not disturbed, unless it is another copy's and the person wants
/// the profile here.
pub(super) async fn clear_way(
    inner: &Inner,
    link: &Link,
    profile: &ProfileName,
    node: &str,
) -> Result<(), StartFailure> {
    let with = &inner.docker.inner.with;
    let services = objects::services_of_all(link, with).await;
    let services = services.map_err(|error| fault::of_start(&error, &link.socket))?;
    for ours in services {
        if ours.node != node || ours.profile.as_ref() != Some(profile) {
            continue;
        }
        match ours.other_copy {
            Some(by) if !with.owner.wants(profile) => {
                return Err(StartFailure::ProfileTaken { by });
            }
            None if ours.session.is_some() => {
                tracing::warn!(service = ours.id, "the profile's volume is in use");
                return Err(StartFailure::ProfileInUse);
            }
            Some(_) | None => {
                objects::remove_service(link, &ours.id).await;
                until_gone(link, &ours.id, &ours.node).await;
            }
        }
    }
    Ok(())
}

/// Ends and removes all of a session but the profile's data. What stays is tried again by and by.
pub(super) async fn end(inner: &Inner, link: &Link, session: SessionId) {
    if !remove(inner, link, session).await {
        inner.known.abandon(session);
    }
}

/// The same, once. False if something stays.
pub(super) async fn remove(inner: &Inner, link: &Link, session: SessionId) -> bool {
    let with = &inner.docker.inner.with;
    let services = match objects::services(link, with).await {
        Ok(services) => services,
        Err(error) => {
            tracing::warn!(session = session.0, %error, "a service was not removed");
            return false;
        }
    };
    let mine: Vec<Ours> = services
        .into_iter()
        .filter(|ours| ours.session == Some(session))
        .collect();
    let mut whole = true;
    for ours in &mine {
        if let Ok(Some(held)) = grasp(inner, link, ours, session).await
            && held.mood().await.is_ok_and(|mood| mood == Mood::Asleep)
        {
            // It could not write what it has.
            let _awake = held.sleep(false).await;
        }
        whole &= objects::remove_service(link, &ours.id).await;
    }
    for ours in &mine {
        until_gone(link, &ours.id, &ours.node).await;
    }
    whole &= objects::remove_kept(link, with, |of| of == Some(session)).await;
    if whole {
        for ours in &mine {
            inner.drawer.drop(session, &ours.node).await;
        }
        drop_papers(inner, link, |of| of == session).await;
    }
    whole
}

/// Waits until no container of a service that was removed runs any more. Where its node is away that is
/// not waited for: its Swarm removes it when the node is back.
pub(super) async fn until_gone(link: &Link, service: &str, node: &str) {
    let limit = Instant::now() + GONE_LIMIT;
    while Instant::now() < limit {
        match objects::remaining(link, (service, node)).await {
            Ok(tasks) if tasks.is_empty() => return,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "nobody knows whether a Swarm's container has ended");
                return;
            }
        }
        let place = nodes::find(link, node).await.ok().flatten();
        if place.is_none_or(|place| place.is_down()) {
            return;
        }
        sleep(ASK_EVERY).await;
    }
    tracing::warn!(service, "a container of a Swarm takes long to end");
}

/// What `suspend` and `resume` expect of a session from now on.
pub(super) fn expect(inner: &Inner, session: SessionId, asleep: bool) {
    let expected = if asleep {
        Expected::Paused
    } else {
        Expected::Running
    };
    inner.known.expect(session, expected);
}
