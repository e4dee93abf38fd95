//! Processes as `/proc` shows them (proc(5)).

use std::collections::{HashMap, HashSet};
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// One living process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) name: String,
    pub(crate) line: String,
    parent: i32,
    state: char,
    /// Processor time used so far, in ticks of 10 ms.
    ticks: u64,
}

impl Process {
    fn read(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (name, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        Some(Self {
            pid,
            name: name.split_once('(')?.1.to_owned(),
            line: String::from_utf8_lossy(&line).replace('\0', " "),
            // Fields 3, 4, 14 and 15, of which two are cut off here.
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            ticks: fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?,
        })
    }

    fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.state == 'T'
    }

    fn is_marked(&self, mark: &str) -> bool {
        let environment = fs::read(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        self.line.contains(mark) || String::from_utf8_lossy(&environment).contains(mark)
    }

    /// Whether it is a browser's first process.
    pub(crate) fn is_browser(&self) -> bool {
        self.name.starts_with("chrom")
            && self.line.contains("--user-data-dir=")
            && !self.line.contains("--type=")
    }

    pub(crate) fn is_page(&self) -> bool {
        self.line.contains("--type=renderer")
    }
}

/// All living processes that carry the mark in their arguments or environment, and all that
/// descend from them; but not this one.
pub(crate) fn marked(mark: &str) -> Vec<Process> {
    let all = all();
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in &all {
        children
            .entry(process.parent)
            .or_default()
            .push(process.pid);
    }
    let mut next: Vec<i32> = all
        .iter()
        .filter(|process| process.is_marked(mark))
        .map(|process| process.pid)
        .collect();
    let mut found = HashSet::new();
    while let Some(pid) = next.pop() {
        if found.insert(pid) {
            next.extend(children.get(&pid).into_iter().flatten());
        }
    }
    all.into_iter()
        .filter(|process| found.contains(&process.pid))
        .collect()
}

fn all() -> Vec<Process> {
    let own = i32::try_from(std::process::id()).unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Process::read)
        .filter(|process| process.pid != own && !process.is_dead())
        .collect()
}

/// Processor time that these have used so far, each by its number.
pub(crate) fn ticks(processes: &[Process]) -> HashMap<i32, u64> {
    processes
        .iter()
        .map(|process| (process.pid, process.ticks))
        .collect()
}

/// Kills a process as nothing else does: at once and unasked.
pub(crate) fn kill(pid: i32) {
    let pid = Pid::from_raw(pid).unwrap();
    // It may have ended by itself.
    let _ = kill_process(pid, Signal::KILL);
}
