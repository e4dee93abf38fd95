//! What a Swarm says of a service's tasks. Each start of a container is a task of its own; the newest
//! one counts.

use bollard::models::{Task, TaskState};
use duotab_core::fault::{EndCause, EngineFault, StartFailure};

use crate::runtime::docker::fault;

/// Characters of a Swarm's words that are kept.
const WORDS_LIMIT: usize = 500;

/// How a service stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its Swarm has no place for it; its words.
    Refused(String),
    /// It is not there yet, or not again.
    Coming {
        /// Its image may be being fetched.
        fetching: bool,
    },
    /// Its container runs.
    Running,
    /// It was not started; the engine's words.
    Failed(String),
    /// It is at its end: its exit code, and the Swarm's words.
    Over(Option<i32>, String),
}

/// The newest task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) id: String,
    /// How many there were; more than one, and it was started anew.
    pub(super) count: usize,
    /// Whether its Swarm wants no further one.
    pub(super) last: bool,
    pub(super) standing: Standing,
}

/// The newest of a service's tasks.
pub(super) fn newest(tasks: &[Task]) -> Option<Newest> {
    // Written without the zeros at its end.
    let made = |task: &&Task| {
        let at = task.created_at.clone().unwrap_or_default();
        at.trim_end_matches('Z').to_owned()
    };
    let task = tasks.iter().max_by_key(made)?;
    Some(Newest {
        id: task.id.clone()?,
        count: tasks.len(),
        last: task.desired_state == Some(TaskState::SHUTDOWN),
        standing: standing(task),
    })
}

fn standing(task: &Task) -> Standing {
    let Some(status) = &task.status else {
        return Standing::Coming { fetching: false };
    };
    let words = status.err.as_deref().unwrap_or_default().trim();
    let words: String = words.chars().take(WORDS_LIMIT).collect();
    let code = status.container_status.as_ref().and_then(|it| it.exit_code);
    let code = code.and_then(|code| i32::try_from(code).ok());
    match status.state {
        Some(TaskState::PENDING) if !words.is_empty() => Standing::Refused(words),
        Some(TaskState::PREPARING) => Standing::Coming { fetching: true },
        Some(TaskState::RUNNING) => Standing::Running,
        Some(TaskState::REJECTED) => Standing::Failed(words),
        // It had no process of its own yet.
        Some(TaskState::FAILED) if words.starts_with("starting container failed") => {
            Standing::Failed(words)
        }
        Some(
            TaskState::COMPLETE
            | TaskState::SHUTDOWN
            | TaskState::FAILED
            | TaskState::REMOVE
            | TaskState::ORPHANED,
        ) => Standing::Over(code, words),
        _ => Standing::Coming { fetching: false },
    }
}

/// What a refusal comes down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another service has the port there.
    PortTaken,
    /// All else, as a start's failure.
    Failure(StartFailure),
}

/// By the words of Swarms from Docker 20.10 to 29, for a service that only one node, `host`, can have.
pub(super) fn refusal(words: &str, host: &str) -> Refusal {
    let has = |part: &str| words.contains(part);
    let away = |fault| Refusal::Failure(StartFailure::EngineAway { fault });
    let host = host.to_owned();
    if has("insufficient resources") {
        let detail = words.to_owned();
        Refusal::Failure(StartFailure::NoRoom { detail })
    } else if has("host-mode port already in use") {
        Refusal::PortTaken
    } else if has("not available for new tasks") {
        away(EngineFault::NodeDown { host })
    } else {
        let detail = words.to_owned();
        Refusal::Failure(StartFailure::Refused { detail })
    }
}

/// What the words of the node's engine come down to.
pub(super) fn failure(words: &str, image: &str) -> Refusal {
    let image = image.to_owned();
    Refusal::Failure(match fault::of_words(500, words) {
        fault::Kind::PortTaken => return Refusal::PortTaken,
        fault::Kind::DiskFull => StartFailure::EngineDiskFull,
        fault::Kind::Missing => StartFailure::ImageMissing { image },
        fault::Kind::Denied => StartFailure::RegistryDenied { image },
        fault::Kind::NoNetwork => StartFailure::RegistryUnreachable { image },
        _ => StartFailure::Refused {
            detail: words.to_owned(),
        },
    })
}

/// How a task came to its end.
pub(super) fn cause(code: Option<i32>, words: &str) -> EndCause {
    match code {
        _ if words.contains("OOM") || words.contains("out of memory") => EndCause::OutOfMemory,
        Some(137 | 143) => EndCause::Killed,
        // The engine did not say.
        Some(-1) => EndCause::Exited { code: None },
        code => EndCause::Exited { code },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::{ContainerStatus, TaskStatus};

    fn task(id: &str, at: &str, state: TaskState, words: &str) -> Task {
        Task {
            id: Some(id.to_owned()),
            created_at: Some(at.to_owned()),
            status: Some(TaskStatus {
                state: Some(state),
                err: Some(words.to_owned()).filter(|it| !it.is_empty()),
                container_status: Some(ContainerStatus {
                    exit_code: Some(137),
                    ..ContainerStatus::default()
                }),
                ..TaskStatus::default()
            }),
            ..Task::default()
        }
    }

    #[test]
    fn the_newest_task_counts_however_its_time_is_written() {
        let killed = "task: non-zero exit (137)";
        let tasks = [
            task("old", "2026-11-26T06:30:44.12Z", TaskState::FAILED, killed),
            task("new", "2026-11-26T06:30:44.123Z", TaskState::STARTING, ""),
        ];
        let newest = newest(&tasks).unwrap();
        assert_eq!((newest.id.as_str(), newest.count), ("new", 2));
        assert_eq!(newest.standing, Standing::Coming { fetching: false });
        let over = super::newest(&tasks[..1]).unwrap().standing;
        assert_eq!(over, Standing::Over(Some(137), killed.to_owned()));
        assert_eq!(super::newest(&[]), None);
    }

    #[test]
    fn what_a_swarm_says_of_a_start_is_told_apart() {
        let of = |words: &str| refusal(words, "node2");
        let full = "no suitable node (insufficient resources on 1 node; scheduling constraints not satisfied on 2 nodes)";
        let detail = full.to_owned();
        assert_eq!(of(full), Refusal::Failure(StartFailure::NoRoom { detail }));
        assert_eq!(
            of(
                "no suitable node (scheduling constraints not satisfied on 2 nodes; host-mode port already in use on 1 node)"
            ),
            Refusal::PortTaken
        );
        let fault = EngineFault::NodeDown {
            host: "node2".into(),
        };
        assert_eq!(
            of(
                "no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available for new tasks)"
            ),
            Refusal::Failure(StartFailure::EngineAway { fault })
        );
    }

    #[test]
    fn what_a_node_s_engine_says_of_a_start_is_told_apart() {
        let taken = "starting container failed: driver failed programming external connectivity on endpoint a: Bind for 0.0.0.0:61002 failed: port is already allocated";
        assert_eq!(failure(taken, "neko:1"), Refusal::PortTaken);
        let image = "neko:1".to_owned();
        assert_eq!(
            failure("No such image: neko:1", "neko:1"),
            Refusal::Failure(StartFailure::ImageMissing { image })
        );
        let failed = task("a", "2026", TaskState::FAILED, taken);
        assert!(matches!(standing(&failed), Standing::Failed(_)));
    }

    #[test]
    fn a_container_s_end_is_told_by_its_code() {
        assert_eq!(cause(Some(137), ""), EndCause::Killed);
        assert_eq!(cause(Some(0), ""), EndCause::Exited { code: Some(0) });
        assert_eq!(cause(Some(-1), ""), EndCause::Exited { code: None });
    }
}
