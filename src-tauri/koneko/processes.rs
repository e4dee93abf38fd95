//! The tree of processes below one, as `/proc` shows it.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::{HashMap, HashSet};

/// All that descend from `roots`, themselves included, parents before their children.
pub(crate) fn descendants(roots: &[u32]) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return roots.to_vec();
    };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|it| it.parse().ok()) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = parent_in(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = roots.to_vec();
    let mut next = 0;
    while let Some(&pid) = all.get(next) {
        all.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    all
}

/// The parent's id in `/proc/PID/stat`; the name before it may hold anything, brackets too.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(1)?.parse().ok()
}

fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}

/// Stops all that descend from `roots`, but not `spared`. A process may be born while the tree is read, so it is
/// read until nothing is new.
pub(crate) fn stop(roots: &[u32], spared: Option<u32>) {
    let mut stopped = HashSet::new();
    for _ in 0..32 {
        let fresh: Vec<u32> = descendants(roots)
            .into_iter()
            .filter(|pid| Some(*pid) != spared && stopped.insert(*pid))
            .collect();
        if fresh.is_empty() {
            return;
        }
        for pid in fresh {
            signal(pid, Signal::STOP);
        }
    }
}

/// Lets them go on.
pub(crate) fn go_on(roots: &[u32]) {
    for pid in descendants(roots).into_iter().rev() {
        signal(pid, Signal::CONT);
    }
}

/// Kills all that descend from `root`, but not `root`; true when there was any.
pub(crate) fn kill_below(root: u32) -> bool {
    let below = descendants(&[root]);
    for pid in below.iter().skip(1) {
        signal(*pid, Signal::KILL);
    }
    below.len() > 1
}

/// Asks one process to end.
pub(crate) fn terminate(pid: u32) {
    signal(pid, Signal::TERM);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        assert_eq!(parent_in("7 (a) b (c)) S 3 7 7"), Some(3));
        assert_eq!(parent_in("7 (truncated"), None);
    }

    #[test]
    fn a_child_of_a_child_is_found() {
        let mut child = std::process::Command::new("sh")
            .args(["-c", "read x; cat; true"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let all = descendants(&[std::process::id()]);
        assert_eq!(all.first(), Some(&std::process::id()));
        assert!(all.contains(&child.id()));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
