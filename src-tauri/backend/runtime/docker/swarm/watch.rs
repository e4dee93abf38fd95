//! Looks after what runs in a Swarm. Each session's door is asked every second, which also renews its
//! lease; only where one does not answer is the Swarm asked why.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use duotab_core::fault::{EndCause, EngineFault, Stall};
use duotab_core::message::SessionId;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::gate::{Gate, Opened};
use super::held::{Held, Mood};
use super::task::{self, Standing};
use super::{Inner, logs, nodes, objects, remains, tidy};
use crate::runtime::docker::known::Expected;
use crate::runtime::docker::link::Link;
use crate::runtime::docker::{fault, ready};
use crate::runtime::{EngineEnded, EngineNews};

/// How often a door is asked, and how long it may take: a loss is known within five seconds.
const BEAT: Duration = Duration::from_secs(1);
const BEAT_LIMIT: Duration = Duration::from_millis(2500);
/// A Swarm hears of a container's end a moment after everybody else: until then it says that it runs.
const PATIENCE: Duration = Duration::from_secs(2);
/// For what the Swarm says of one that is silent.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// A loss is told by then, whatever the Swarm does; an answer is waited for that long in any case.
const TOLD: Duration = Duration::from_secs(4);
const ANSWER_LEAST: Duration = Duration::from_secs(1);

/// Watches until the app lets go of the Swarm.
pub(super) async fn watch(inner: Arc<Inner>) {
    let life = inner.life.clone();
    let tidying = tidy::tidy(Arc::clone(&inner));
    let watching = async {
        let mut watch = Watch {
            after: After { inner },
            doors: HashMap::new(),
            silent: HashMap::new(),
            following: HashMap::new(),
        };
        loop {
            sleep(BEAT).await;
            watch.look().await;
        }
    };
    tokio::select! {
        () = life.cancelled() => {}
        () = watching => {}
        () = tidying => {}
    }
}

struct Watch {
    after: After,
    /// Connections that stay from one beat to the next.
    doors: HashMap<SessionId, Opened>,
    /// Since when a door does not open.
    silent: HashMap<SessionId, Instant>,
    /// What is made of the last beats: no session waits for it but its own.
    following: HashMap<SessionId, AbortOnDropHandle<()>>,
}

/// What follows from a beat.
#[derive(Clone)]
struct After {
    inner: Arc<Inner>,
}

#[derive(Clone, Copy)]
enum Beat {
    Answers(Mood),
    /// Since when.
    Silent(Instant),
}

/// What is made of a session whose door does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Stalled(Stall),
    Over(EndCause),
    /// As far as its Swarm knows, it runs.
    Runs {
        host: String,
    },
}

impl Verdict {
    /// Why it cannot be asked, if it is not over.
    pub(super) fn fault(self, link: &Link) -> EngineFault {
        let unreachable = |host, detail: &str| EngineFault::Unreachable {
            host,
            detail: detail.to_owned(),
        };
        match self {
            Self::Runs { host } => unreachable(host, "its port does not answer"),
            Self::Stalled(Stall::EngineAway { fault }) => fault,
            Self::Stalled(_) | Self::Over(_) => {
                unreachable(link.socket.clone(), "its Swarm starts it anew")
            }
        }
    }
}

impl Watch {
    async fn look(&mut self) {
        let known = self.after.inner.known.list();
        let began = Instant::now();
        let is_known = |session: &SessionId| known.iter().any(|(id, _)| id == session);
        self.silent.retain(|session, _| is_known(session));
        self.doors.retain(|session, _| is_known(session));
        // One that ends is not known any more, and its end has still to be told.
        self.following.retain(|_, it| !it.is_finished());
        let beats = known.into_iter().map(|(session, held)| {
            let door = self.doors.remove(&session);
            async move {
                let beat = timeout(BEAT_LIMIT, beat(&held.gate, door)).await;
                let beat = beat.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                (session, held, beat)
            }
        });
        for (session, held, beat) in join_all(beats).await {
            let beat = match beat {
                Ok((mood, door)) => {
                    self.doors.insert(session, door);
                    self.silent.remove(&session);
                    Beat::Answers(mood)
                }
                Err(error) => {
                    tracing::debug!(session = session.0, %error, "a door does not open");
                    Beat::Silent(*self.silent.entry(session).or_insert(began))
                }
            };
            // Else the next beat is as good.
            if let Entry::Vacant(free) = self.following.entry(session) {
                let after = self.after.clone();
                let follow = async move {
                    match beat {
                        Beat::Answers(mood) => after.answers(session, &held, mood).await,
                        Beat::Silent(since) => after.ask_why(session, &held, since).await,
                    }
                };
                free.insert(AbortOnDropHandle::new(tokio::spawn(follow)));
            }
        }
    }
}

impl After {
    async fn answers(&self, session: SessionId, held: &Held, mood: Mood) {
        if held.expected == Expected::Paused && mood == Mood::Awake {
            self.lull(session).await;
        }
        if held.stalled.is_none() {
            return;
        }
        // A door is open before Neko serves.
        let serves = held.expected == Expected::Paused || ready::is_healthy(&held.endpoint).await;
        if serves && self.stays(session, held).await && self.inner.known.stall(session, None) {
            tracing::info!(session = session.0, "a session of a Swarm goes on");
            self.tell(EngineNews::Back(session)).await;
        }
    }

    /// Whether the container that answers stays. What ran on a node that its Swarm had given up answers
    /// for some seconds more when the node is back, and is then ended for another; so does one whose
    /// service is gone. Where the Swarm cannot be asked, what answers counts.
    async fn stays(&self, session: SessionId, held: &Held) -> bool {
        let asking = async {
            let link = self.inner.docker.link().await?;
            look(&link, held).await
        };
        let told = match timeout(ANSWER_LIMIT, asking).await {
            Ok(Ok(Some(told))) => told,
            Ok(Ok(None)) => return false,
            Ok(Err(_)) | Err(_) => return true,
        };
        let stays = told.stays();
        if !stays && let Verdict::Stalled(stall) = told.verdict() {
            self.stall(session, stall).await;
        }
        stays
    }

    /// It was started anew while it was to sleep; nobody looks at it.
    async fn lull(&self, session: SessionId) {
        // Whoever wakes it has its turn, and expects something else before that.
        let slot = self.inner.slots.of(session);
        let Ok(_turn) = slot.turn.try_lock() else {
            return;
        };
        let held = self.inner.known.get(session);
        let Some(held) = held.filter(|held| held.expected == Expected::Paused) else {
            return;
        };
        if let Err(error) = held.sleep(true).await {
            tracing::debug!(session = session.0, %error, "not asleep yet");
        }
    }

    async fn ask_why(&self, session: SessionId, held: &Held, since: Instant) {
        let asking = async {
            let link = self
                .inner
                .docker
                .link()
                .await
                .map_err(|fault| (None, fault))?;
            let told = ask(&link, held).await;
            told.map_err(|fault| (Some(Arc::clone(&link)), fault))
                .map(|verdict| (link, verdict))
        };
        let left = TOLD.checked_sub(since.elapsed());
        let limit = left.map_or(ANSWER_LIMIT, |left| left.max(ANSWER_LEAST));
        match timeout(limit, asking).await {
            Ok(Ok((link, Verdict::Over(cause)))) => self.bury(&link, session, held, cause).await,
            Ok(Ok((_, Verdict::Stalled(stall)))) => self.stall(session, stall).await,
            Ok(Ok((_, Verdict::Runs { .. }))) if since.elapsed() < PATIENCE => {}
            Ok(Ok((link, runs @ Verdict::Runs { .. }))) => {
                let fault = runs.fault(&link);
                self.stall(session, Stall::EngineAway { fault }).await;
            }
            Ok(Err((_, fault))) => self.stall(session, Stall::EngineAway { fault }).await,
            Err(_) => {
                let socket = self.inner.docker.inner.node().0;
                let fault = EngineFault::Silent { socket };
                self.stall(session, Stall::EngineAway { fault }).await;
            }
        }
    }

    async fn stall(&self, session: SessionId, stall: Stall) {
        if self.inner.known.stall(session, Some(stall.clone())) {
            tracing::warn!(
                session = session.0,
                ?stall,
                "a session of a Swarm is held up"
            );
            self.tell(EngineNews::Stalled(session, stall)).await;
        }
    }

    /// Takes what it has said last, removes it, and tells.
    async fn bury(&self, link: &Arc<Link>, session: SessionId, held: &Held, cause: EndCause) {
        // First, or our own removal would be news.
        let held_still = self.inner.known.let_go_of(session, &held.service);
        if held_still.is_none() {
            return;
        }
        tracing::warn!(
            session = session.0,
            ?cause,
            "a session of a Swarm has ended"
        );
        let log = logs::last_lines(&self.inner, link, held).await;
        remains::end(&self.inner, link, session).await;
        let ended = EngineEnded {
            session,
            cause,
            log,
        };
        self.tell(EngineNews::Ended(ended)).await;
    }

    async fn tell(&self, news: EngineNews) {
        // Without a receiver there is nobody to tell.
        let _ = self.inner.news.send(news).await;
    }
}

/// One question to a door and its answer, by a connection that is there or by a new one.
async fn beat(gate: &Gate, door: Option<Opened>) -> io::Result<(Mood, Opened)> {
    let ask = async |mut door: Opened| {
        door.write_all(b"?").await?;
        door.flush().await?;
        let mut said = [0];
        door.read_exact(&mut said).await?;
        io::Result::Ok((Mood::of(said), door))
    };
    if let Some(door) = door
        && let Ok(answered) = ask(door).await
    {
        return Ok(answered);
    }
    ask(gate.keep().await?).await
}

/// What the Swarm says of a session whose door does not open.
pub(super) async fn ask(link: &Link, held: &Held) -> Result<Verdict, EngineFault> {
    let told = look(link, held).await?;
    Ok(told.map_or(Verdict::Over(EndCause::Removed), Told::verdict))
}

/// What a Swarm says of a session.
struct Told {
    newest: Option<task::Newest>,
    /// Its node's name.
    host: String,
    /// What is wrong with its node.
    fault: Option<EngineFault>,
}

/// `None` if the Swarm knows its service or its node no more.
async fn look(link: &Link, held: &Held) -> Result<Option<Told>, EngineFault> {
    let socket = || EngineFault::NotRunning {
        socket: link.socket.clone(),
    };
    let (tasks, place) = tokio::join!(
        objects::tasks(link, &held.service),
        nodes::find(link, held.in_swarm())
    );
    let tasks = match tasks {
        Ok(tasks) => tasks,
        Err(error) if fault::is_gone(&error) => return Ok(None),
        Err(_) => return Err(link.away(socket())),
    };
    let place = place.map_err(|_| link.away(socket()))?;
    Ok(place.map(|place| Told {
        newest: task::newest(&tasks),
        host: place.name,
        fault: place.fault,
    }))
}

impl Told {
    /// A node that was only closed to new work still does what it did.
    fn is_down(&self) -> bool {
        matches!(self.fault, Some(EngineFault::NodeDown { .. }))
    }

    /// Of a session whose door does not open.
    fn verdict(self) -> Verdict {
        if self.is_down()
            && let Some(fault) = self.fault
        {
            return Verdict::Stalled(Stall::EngineAway { fault });
        }
        let Some(newest) = self.newest else {
            return Verdict::Stalled(Stall::Restarting);
        };
        match newest.standing {
            Standing::Over(code, words) if newest.last => Verdict::Over(task::cause(code, &words)),
            Standing::Failed(_) if newest.last => Verdict::Over(EndCause::EngineRestarted),
            // Its Swarm has not said yet what is to come of it, or it is on its way.
            Standing::Over(..)
            | Standing::Failed(_)
            | Standing::Coming { .. }
            | Standing::Refused(_) => Verdict::Stalled(Stall::Restarting),
            // Its door is not open yet.
            Standing::Running if newest.count > 1 => Verdict::Stalled(Stall::Restarting),
            Standing::Running => Verdict::Runs { host: self.host },
        }
    }

    /// Of a session whose door opens, whether it is the door of its newest container: that one has
    /// the port as soon as it runs.
    fn stays(&self) -> bool {
        let runs = |it: &task::Newest| it.standing == Standing::Running && !it.last;
        !self.is_down() && self.newest.as_ref().is_some_and(runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(standing: Standing, count: usize) -> Option<task::Newest> {
        Some(task::Newest {
            id: "t".into(),
            count,
            last: matches!(standing, Standing::Over(..)),
            standing,
        })
    }

    fn told(newest: Option<task::Newest>, fault: Option<EngineFault>) -> Told {
        let host = "shed".into();
        Told {
            newest,
            host,
            fault,
        }
    }

    fn of(newest: Option<task::Newest>, fault: Option<EngineFault>) -> Verdict {
        told(newest, fault).verdict()
    }

    #[test]
    fn what_answers_stays_only_if_its_swarm_has_no_newer_one_on_its_way() {
        let down = || EngineFault::NodeDown {
            host: "shed".into(),
        };
        let running = |count| newest(Standing::Running, count);
        assert!(told(running(1), None).stays());
        assert!(told(running(2), None).stays());
        assert!(!told(running(1), Some(down())).stays());
        let coming = Standing::Coming { fetching: false };
        assert!(!told(newest(coming, 2), None).stays());
        assert!(!told(None, None).stays());
        let ending = task::Newest {
            last: true,
            ..running(4).unwrap()
        };
        assert!(!told(Some(ending), None).stays());
    }

    #[test]
    fn one_that_its_swarm_starts_anew_is_held_up_and_one_that_it_does_not_is_over() {
        let restarting = Verdict::Stalled(Stall::Restarting);
        let coming = Standing::Coming { fetching: false };
        assert_eq!(of(newest(coming, 2), None), restarting);
        assert_eq!(of(newest(Standing::Running, 2), None), restarting);
        let over = Standing::Over(Some(0), String::new());
        let exited = EndCause::Exited { code: Some(0) };
        assert_eq!(of(newest(over, 1), None), Verdict::Over(exited));
        let failed = task::Newest {
            last: true,
            ..newest(Standing::Failed(String::new()), 4).unwrap()
        };
        let given_up = Verdict::Over(EndCause::EngineRestarted);
        assert_eq!(of(Some(failed), None), given_up);
    }

    #[test]
    fn a_node_that_is_down_is_named_whatever_its_tasks_are() {
        let down = EngineFault::NodeDown {
            host: "shed".into(),
        };
        let fault = down.clone();
        let stalled = Verdict::Stalled(Stall::EngineAway { fault });
        let refused = Standing::Refused("no suitable node".into());
        assert_eq!(of(newest(refused, 2), Some(down.clone())), stalled);
        assert_eq!(of(newest(Standing::Running, 1), Some(down)), stalled);
        // Closed to new work, and yet there.
        let closed = EngineFault::NodeClosed {
            host: "shed".into(),
        };
        let verdict = of(newest(Standing::Running, 1), Some(closed));
        assert!(matches!(verdict, Verdict::Runs { .. }));
    }
}
