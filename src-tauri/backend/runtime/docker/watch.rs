//! What the engine tells by itself: ends, pauses, removals, and its own going away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bollard::models::{ContainerStateStatusEnum, EventMessage};
use bollard::query_parameters::EventsOptionsBuilder;
use duotab_core::fault::{EndCause, EngineFault, Stall};
use duotab_core::message::SessionId;
use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, sleep_until};

use super::Inner;
use super::known::Expected;
use super::label::{self, State};
use super::link::Link;
use super::{end, logs, ready, remove};
use crate::runtime::{EngineEnded, EngineNews};

#[cfg(test)]
mod tests;

/// A container that dies because it is removed is gone within this time.
const REMOVAL: Duration = Duration::from_millis(200);
/// How often an engine that is away is looked for.
const LOOK_FIRST: Duration = Duration::from_millis(100);
const LOOK_LAST: Duration = Duration::from_secs(2);
/// How long an engine may be away before anybody is told.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often another machine's engine is asked whether it is there, and how long it may take: a
/// loss is known within five seconds.
const BEAT: Duration = Duration::from_secs(1);
const BEAT_LIMIT: Duration = Duration::from_millis(2500);
/// How long nothing moves on a way that is lost.
const AT_REST: Duration = Duration::from_secs(3);

/// Watches until the app lets go of the engine.
pub(super) async fn watch(inner: Arc<Inner>, link: Arc<Link>) {
    let life = inner.life.clone();
    let watching = async {
        let watch = Watch { inner, link };
        let (mut restarted, mut pause) = (false, LOOK_FIRST);
        loop {
            let began = Instant::now();
            let lost = watch.listen(restarted).await;
            tracing::warn!(socket = watch.link.socket, "the engine's events have ended");
            let brief = began.elapsed() < LOOK_LAST;
            watch.until_back(lost).await;
            restarted = true;
            if brief {
                // Whatever stands before an engine may forbid its events: they end at once, always.
                sleep(pause).await;
                pause = (pause * 2).min(LOOK_LAST);
                if pause == LOOK_LAST {
                    watch.look(restarted).await;
                }
            } else {
                pause = LOOK_FIRST;
            }
        }
    };
    tokio::select! {
        () = life.cancelled() => {}
        () = watching => {}
    }
}

impl Inner {
    /// Until it is seen that the engine cannot be asked any more. That it could not be asked before
    /// says nothing: it may be back.
    pub(super) async fn lost(&self) -> EngineFault {
        let mut away = self.away.subscribe();
        while away.changed().await.is_ok() {
            if let Some(fault) = away.borrow_and_update().clone() {
                return fault;
            }
        }
        // This engine is about to be let go of.
        std::future::pending().await
    }

    /// The same while much is carried, of which `done` says how much: a way that is full of it lets no
    /// question through in time, and yet nothing is lost.
    pub(super) async fn lost_at_rest(&self, done: impl Fn() -> u64) -> EngineFault {
        let mut away = self.away.subscribe();
        loop {
            if away.wait_for(Option::is_some).await.is_err() {
                return std::future::pending().await;
            }
            let before = done();
            sleep(AT_REST).await;
            let fault = away.borrow().clone();
            if let Some(fault) = fault.filter(|_| done() == before) {
                return fault;
            }
        }
    }
}

/// A container whose process has ended.
struct Dying {
    session: SessionId,
    code: Option<i32>,
    /// When it is no more asked whether it was removed.
    until: Instant,
}

struct Watch {
    inner: Arc<Inner>,
    link: Arc<Link>,
}

impl Watch {
    /// Until the events end, or another machine's engine says nothing any more.
    async fn listen(&self, restarted: bool) -> Option<EngineFault> {
        let mut filters = label::filter(&self.inner.with.install);
        filters.insert("type".to_owned(), vec!["container".to_owned()]);
        let options = EventsOptionsBuilder::default().filters(&filters).build();
        let mut events = self.link.docker.events(Some(options));
        let mut dying: HashMap<String, Dying> = HashMap::new();
        // Beside the events, so that none is missed while it looks.
        let mut looking = Box::pin(self.look_until_seen(restarted));
        let mut looked = false;
        let mut missing = Box::pin(self.misses_a_beat());
        let mut lost = None;
        loop {
            let next = dying.iter().min_by_key(|(_, it)| it.until);
            let next = next.map(|(id, it)| (id.clone(), it.until));
            tokio::select! {
                biased;
                event = events.next() => match event {
                    Some(Ok(event)) => self.take(event, &mut dying).await,
                    Some(Err(error)) => {
                        tracing::debug!(%error, "events");
                        break;
                    }
                    None => break,
                },
                () = &mut looking, if !looked => looked = true,
                fault = &mut missing => {
                    lost = Some(fault);
                    break;
                }
                () = until(next.as_ref().map(|(_, at)| *at)) => {
                    if let Some((id, gone)) = next.and_then(|(id, _)| dying.remove_entry(&id)) {
                        self.died(&id, &gone).await;
                    }
                }
            }
        }
        if lost.is_none() {
            for (id, gone) in dying {
                self.died(&id, &gone).await;
            }
        }
        lost
    }

    /// A link that is cut says nothing about it, and its events never end. For another machine alone.
    async fn misses_a_beat(&self) -> EngineFault {
        if !self.link.is_far() {
            return std::future::pending().await;
        }
        loop {
            sleep(BEAT).await;
            if let Err(fault) = self.link.beat(BEAT_LIMIT).await {
                return fault;
            }
        }
    }

    async fn take(&self, event: EventMessage, dying: &mut HashMap<String, Dying>) {
        let (Some(action), Some(actor)) = (event.action, event.actor) else {
            return;
        };
        let Some(id) = actor.id else { return };
        if action == "create" {
            return self.came(&id, actor.attributes.unwrap_or_default()).await;
        }
        let Some(session) = self.inner.known.session_of(&id) else {
            return;
        };
        tracing::debug!(session = session.0, action, "container");
        match action.as_str() {
            "oom" => self.inner.known.note_oom(session),
            // Podman's word is the second one.
            "die" | "died" => {
                let code = actor
                    .attributes
                    .and_then(|all| all.get("exitCode")?.parse().ok());
                let until = Instant::now() + REMOVAL;
                let gone = Dying {
                    session,
                    code,
                    until,
                };
                dying.insert(id, gone);
            }
            "destroy" | "remove" => {
                dying.remove(&id);
                self.removed(session, &id).await;
            }
            // Our own may be told late, when it is over.
            "pause"
                if self.expects(session) == Some(Expected::Running)
                    && self.is_paused(&id).await != Some(false) =>
            {
                self.stall(session, Stall::Paused).await;
            }
            "unpause" if self.expects(session) == Some(Expected::Running) => {
                self.back(session).await;
            }
            _ => {}
        }
    }

    /// A container was made. The one who asked for it may not want it any more.
    async fn came(&self, id: &str, labels: HashMap<String, String>) {
        let ours = label::other_copy(&labels, &self.inner.with).is_none();
        let session = label::session(&labels).filter(|_| ours);
        if let Some(session) = session.filter(|it| self.inner.known.comes_in_vain(*it)) {
            tracing::info!(
                session = session.0,
                "removing a container that came too late"
            );
            if remove(&self.link, id).await {
                self.inner.known.may_come(session, false);
            }
        }
    }

    /// `None` if that cannot be told.
    async fn is_paused(&self, id: &str) -> Option<bool> {
        let inspected = self.link.docker.inspect_container(id, None).await;
        inspected.ok()?.state?.paused
    }

    async fn died(&self, id: &str, gone: &Dying) {
        let Some(held) = self.inner.known.get(gone.session) else {
            return;
        };
        let inspected = self.link.docker.inspect_container(id, None).await;
        let state = inspected.ok().and_then(|it| it.state);
        let cause = match (&state, gone.code) {
            (None, _) => EndCause::Removed,
            // Whoever removes it kills it first.
            (Some(state), _) if state.status == Some(ContainerStateStatusEnum::REMOVING) => {
                EndCause::Removed
            }
            (Some(state), _) if state.oom_killed == Some(true) || held.is_out_of_memory() => {
                EndCause::OutOfMemory
            }
            (_, Some(137 | 143)) => EndCause::Killed,
            (_, code) => EndCause::Exited { code },
        };
        self.bury(gone.session, id, cause).await;
    }

    /// Takes what it has said last, removes it, and tells.
    async fn bury(&self, session: SessionId, id: &str, cause: EndCause) {
        // First, or our own removal would be news.
        if self.inner.known.let_go_of(session, id).is_none() {
            return;
        }
        let log = logs::last_lines(&self.link, id, self.inner.flavour()).await;
        remove(&self.link, id).await;
        self.tell_end(session, cause, log).await;
    }

    /// It is gone already.
    async fn removed(&self, session: SessionId, id: &str) {
        if self.inner.known.let_go_of(session, id).is_some() {
            self.tell_end(session, EndCause::Removed, Vec::new()).await;
        }
    }

    async fn tell_end(&self, session: SessionId, cause: EndCause, log: Vec<String>) {
        tracing::warn!(session = session.0, ?cause, "engine ended by itself");
        let ended = EngineEnded {
            session,
            cause,
            log,
        };
        self.tell(EngineNews::Ended(ended)).await;
    }

    async fn look_until_seen(&self, restarted: bool) {
        while !self.look(restarted).await {
            sleep(LOOK_LAST).await;
        }
    }

    /// Compares what runs with what should. False if that cannot be seen.
    async fn look(&self, restarted: bool) -> bool {
        // What is held from now on need not be among what is found.
        let known = self.inner.known.list();
        let mut abandoned = self.inner.known.abandoned();
        let found = match label::containers(&self.link, &self.inner.with).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "cannot look at the containers");
                return false;
            }
        };
        for ours in &found {
            let to_go = |it: &SessionId| self.inner.known.is_to_go(*it);
            let Some(session) = ours.session.filter(to_go) else {
                continue;
            };
            tracing::info!(
                container = ours.id,
                "removing what could not be stopped before"
            );
            if end(&self.link, &ours.id, ours.state).await {
                self.inner.known.may_come(session, false);
            } else {
                abandoned.remove(&session);
            }
        }
        self.inner.known.settle(&abandoned);
        for (session, held) in known {
            let state = found
                .iter()
                .find(|ours| ours.id == held.container)
                .map(|ours| ours.state);
            match (state, held.expected) {
                (Some(State::Running), _) | (Some(State::Paused), Expected::Paused) => {
                    self.back(session).await;
                }
                (Some(State::Paused), Expected::Running) => {
                    self.stall(session, Stall::Paused).await;
                }
                (Some(State::Dead), _) => {
                    let cause = if restarted {
                        EndCause::EngineRestarted
                    } else {
                        EndCause::Exited { code: None }
                    };
                    self.bury(session, &held.container, cause).await;
                }
                (None, _) => {
                    self.removed(session, &held.container).await;
                }
            }
        }
        true
    }

    /// Until the engine answers again. There is no event for that.
    async fn until_back(&self, lost: Option<EngineFault>) {
        let began = Instant::now();
        let mut wait = LOOK_FIRST;
        if let Some(fault) = &lost {
            self.tell_away(fault).await;
        }
        loop {
            let Err(fault) = self.link.hello().await else {
                tracing::info!(socket = self.link.socket, "the engine is back");
                self.link.litter.engine_is_back();
                return self.turned(None);
            };
            if began.elapsed() >= PATIENCE {
                self.tell_away(&fault).await;
            }
            sleep(wait).await;
            wait = (wait * 2).min(LOOK_LAST);
            if began.elapsed() < PATIENCE {
                wait = LOOK_FIRST;
            }
        }
    }

    /// Containers can outlive their engine: one that still serves is not held up.
    async fn tell_away(&self, fault: &EngineFault) {
        self.turned(Some(fault.clone()));
        for (session, held) in self.inner.known.list() {
            if held.expected == Expected::Running
                && !held.stalled
                // On another machine they are reached through their engine.
                && (self.link.is_far() || !ready::is_healthy(&held.endpoint).await)
            {
                let fault = fault.clone();
                self.stall(session, Stall::EngineAway { fault }).await;
            }
        }
    }

    /// Whoever looks at the machine does so now.
    fn turned(&self, away: Option<EngineFault>) {
        let turned = self.inner.away.send_if_modified(|known| {
            let turned = *known != away;
            *known = away;
            turned
        });
        if turned {
            self.inner.turned.notify_one();
        }
    }

    fn expects(&self, session: SessionId) -> Option<Expected> {
        self.inner.known.get(session).map(|held| held.expected)
    }

    async fn stall(&self, session: SessionId, stall: Stall) {
        if self.inner.known.stall(session, true) {
            tracing::warn!(session = session.0, ?stall, "engine held up");
            self.tell(EngineNews::Stalled(session, stall)).await;
        }
    }

    async fn back(&self, session: SessionId) {
        if self.inner.known.stall(session, false) {
            tracing::info!(session = session.0, "engine goes on");
            self.tell(EngineNews::Back(session)).await;
        }
    }

    async fn tell(&self, news: EngineNews) {
        // Without a receiver there is nobody to tell.
        let _ = self.inner.news.send(news).await;
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
