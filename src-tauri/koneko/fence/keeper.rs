//! The keeper: runs one program, takes in whatever of it is orphaned, and kills it all when its
//! own parent dies or asks it to end. It is never stopped itself.

use rustix::process::{Pid, Signal, getppid, set_child_subreaper, set_parent_process_death_signal};
use rustix::process::{WaitOptions, wait};
use std::process::{Command, ExitCode};
use tokio::signal::unix::{SignalKind, signal};

/// Runs `command` until it or `parent` ends.
pub(super) fn keep(command: Command, parent: Pid) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        // The child is started on this thread, which is the main one.
        Ok(runtime) => runtime.block_on(watch(command, parent)),
        Err(_) => ExitCode::FAILURE,
    }
}

async fn watch(command: Command, parent: Pid) -> ExitCode {
    let Ok(mut told) = signal(SignalKind::terminate()) else {
        return ExitCode::FAILURE;
    };
    let ready = set_child_subreaper(Some(rustix::process::getpid())).is_ok()
        && set_parent_process_death_signal(Some(Signal::TERM)).is_ok();
    if !ready || getppid() != Some(parent) {
        return ExitCode::FAILURE;
    }
    let mut child = match tokio::process::Command::from(command).spawn() {
        Ok(child) => child,
        Err(error) => {
            crate::complain(&error.to_string());
            return ExitCode::from(127);
        }
    };
    let code = tokio::select! {
        _ = told.recv() => None,
        ended = child.wait() => ended.ok().and_then(|it| it.code()),
    };
    while crate::processes::kill_below(std::process::id()) {
        // Waits for one of them; its children come to us and die in the next round.
        if wait(WaitOptions::empty()).is_err() {
            break;
        }
    }
    u8::try_from(code.unwrap_or(0)).map_or(ExitCode::FAILURE, ExitCode::from)
}
