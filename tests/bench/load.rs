//! What processes cost, from `/proc`: time of the processor, and memory with its shared part
//! counted once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{Duration, Instant};

use duotab_test_support::Outcome;

/// The groups that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    App,
    Web,
    Koneko,
    Xvfb,
    Chromium,
}

impl Group {
    pub(crate) const ALL: [Self; 5] = [
        Self::App,
        Self::Web,
        Self::Koneko,
        Self::Xvfb,
        Self::Chromium,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Web => "web",
            Self::Koneko => "koneko",
            Self::Xvfb => "xvfb",
            Self::Chromium => "chromium",
        }
    }

    fn of(command: &str, parent: Option<Self>) -> Self {
        if command.starts_with("WebKit") {
            Self::Web
        } else if command == "Xvfb" {
            Self::Xvfb
        } else if command.starts_with("chrom") || parent == Some(Self::Chromium) {
            Self::Chromium
        } else if ["koneko", "openbox", "bwrap"].contains(&command) {
            Self::Koneko
        } else {
            parent.unwrap_or(Self::App)
        }
    }
}

/// A process as it was.
#[derive(Clone, Debug)]
struct Process {
    parent: u32,
    command: String,
    state: char,
    ticks: u64,
}

/// The processes of one app, or of one browser.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    /// Every process below one of these is ours.
    roots: Vec<u32>,
    /// And every one with this in its command line, with what is below it.
    mark: String,
}

impl Family {
    pub(crate) fn new(roots: Vec<u32>, mark: &Path) -> Self {
        Self {
            roots,
            mark: mark.display().to_string(),
        }
    }

    fn members(&self) -> Outcome<BTreeMap<u32, (Group, Process)>> {
        let all = processes()?;
        let ours = |pid: u32| self.roots.contains(&pid) || command_line(pid).contains(&self.mark);
        let mut groups = HashMap::<u32, Option<Group>>::new();
        for &pid in all.keys() {
            // From the process up to a root, and down again.
            let mut chain = vec![pid];
            while let Some(&last) = chain.last()
                && !groups.contains_key(&last)
                && !ours(last)
                && let Some(process) = all.get(&last)
                && all.contains_key(&process.parent)
            {
                chain.push(process.parent);
            }
            let top = chain.last().copied().unwrap_or(pid);
            let mut known = match groups.get(&top) {
                Some(group) => *group,
                None if ours(top) => all.get(&top).map(|it| Group::of(&it.command, None)),
                None => None,
            };
            groups.insert(top, known);
            for below in chain.into_iter().rev().skip(1) {
                known = known.map(|above| {
                    let command = all.get(&below).map_or("", |it| it.command.as_str());
                    Group::of(command, Some(above))
                });
                groups.insert(below, known);
            }
        }
        Ok(all
            .into_iter()
            .filter_map(|(pid, process)| Some((pid, (groups.get(&pid).copied()??, process))))
            .collect())
    }

    /// Percent of one processor in each group over a while.
    pub(crate) async fn cpu(&self, window: Duration) -> Outcome<BTreeMap<Group, f64>> {
        let before = self.members()?;
        let began = Instant::now();
        tokio::time::sleep(window).await;
        let after = self.members()?;
        let passed = began.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss)]
        let per_second = rustix::param::clock_ticks_per_second() as f64;
        let mut all: BTreeMap<Group, f64> = Group::ALL.map(|group| (group, 0.0)).into();
        for (pid, (group, process)) in after {
            let earlier = before.get(&pid).map_or(0, |(_, it)| it.ticks);
            #[allow(clippy::cast_precision_loss)]
            let spent = process.ticks.saturating_sub(earlier) as f64 / per_second;
            *all.entry(group).or_default() += spent / passed * 100.0;
        }
        Ok(all)
    }

    /// Memory in MiB, all groups together.
    pub(crate) fn memory(&self) -> Outcome<f64> {
        let mut kib = 0;
        for pid in self.members()?.into_keys() {
            // It may have ended, or belong to another user.
            let Ok(rollup) = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")) else {
                continue;
            };
            let line = rollup.lines().find_map(|it| it.strip_prefix("Pss:"));
            kib += line
                .and_then(|it| it.trim().trim_end_matches(" kB").parse::<u64>().ok())
                .unwrap_or(0);
        }
        #[allow(clippy::cast_precision_loss)]
        Ok(kib as f64 / 1024.0)
    }

    /// The processes of a group.
    pub(crate) fn pids(&self, group: Group) -> Outcome<Vec<u32>> {
        Ok(self
            .members()?
            .into_iter()
            .filter_map(|(pid, (its, _))| (its == group).then_some(pid))
            .collect())
    }

    /// Whether there is a browser, all of it stopped.
    pub(crate) fn sleeps(&self) -> Outcome<bool> {
        let members = self.members()?;
        let mut browser = members
            .values()
            .filter(|(group, _)| *group == Group::Chromium)
            .peekable();
        Ok(browser.peek().is_some() && browser.all(|(_, it)| matches!(it.state, 'T' | 'Z')))
    }
}

fn processes() -> Outcome<HashMap<u32, Process>> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|it| it.parse::<u32>().ok()) else {
            continue;
        };
        if let Some(process) = process(pid) {
            all.insert(pid, process);
        }
    }
    Ok(all)
}

/// See `proc_pid_stat(5)`: the command stands in brackets and may hold anything.
fn process(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = stat.rsplit_once(')')?;
    let command = head.split_once('(')?.1.to_owned();
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Process {
        parent: u32::try_from(number(1)?).ok()?,
        command,
        state: fields.first()?.chars().next()?,
        ticks: number(11)? + number(12)?,
    })
}

fn command_line(pid: u32) -> String {
    std::fs::read(format!("/proc/{pid}/cmdline"))
        .map(|it| String::from_utf8_lossy(&it).into_owned())
        .unwrap_or_default()
}
