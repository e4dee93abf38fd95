//! Processes as the kernel knows them. Nothing is ever signalled by number alone: a handle is
//! opened first and what it holds is checked after, so that a reused number hits nobody.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::unix::AsyncFd;
use tokio::process::Child;
use tokio::time::timeout;

use super::readable::readable;

/// How long a process may take to go once it is killed. More means that it hangs in the kernel.
const KILL_LIMIT: Duration = Duration::from_secs(2);

/// One process, from `/proc/<pid>/stat` (proc(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) pid: Pid,
    /// Field 3: `R`, `S`, `T` (stopped), `Z`…
    state: u8,
    /// Field 6: the number of its session.
    session: i32,
    /// Field 22: when it started, in clock ticks since boot. With the number, one process for ever.
    started: u64,
}

impl Stat {
    fn of(pid: Pid) -> Option<Self> {
        Self::parse(
            pid,
            &fs::read(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?,
        )
    }

    fn parse(pid: Pid, line: &[u8]) -> Option<Self> {
        // The name, in parentheses, may hold anything, also blanks and parentheses.
        let end = line.iter().rposition(|&byte| byte == b')')?;
        let rest = std::str::from_utf8(line.get(end + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        Some(Self {
            pid,
            state: *fields.next()?.as_bytes().first()?,
            session: fields.nth(2)?.parse().ok()?,
            started: fields.nth(15)?.parse().ok()?,
        })
    }

    fn is_dead(self) -> bool {
        matches!(self.state, b'Z' | b'X')
    }

    /// Whether it leads its session: the process that was started, and not one of its children.
    pub(super) fn leads(self) -> bool {
        self.session == self.pid.as_raw_pid()
    }
}

fn all() -> impl Iterator<Item = Stat> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
            Stat::of(Pid::from_raw(pid)?)
        })
}

/// Whether a process is there and has not ended.
pub(super) fn lives(pid: Pid) -> bool {
    Stat::of(pid).is_some_and(|stat| !stat.is_dead())
}

/// All living processes of a session, by the number of its leader.
fn members(session: Pid) -> impl Iterator<Item = Stat> {
    let session = session.as_raw_pid();
    all().filter(move |stat| stat.session == session && !stat.is_dead())
}

/// Whether a session sleeps: some of its processes are stopped.
pub(super) fn is_suspended(session: Pid) -> bool {
    members(session).any(|stat| stat.state == b'T')
}

/// What follows `--config` in a process's arguments.
fn config_of(pid: Pid) -> Option<PathBuf> {
    let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_pid())).ok()?;
    let mut words = line.split(|&byte| byte == 0);
    words.find(|word| *word == b"--config")?;
    words
        .next()
        .map(|word| PathBuf::from(OsStr::from_bytes(word)))
}

/// The configurations below a folder that living processes were started with.
pub(super) fn configs_below(folder: &Path) -> BTreeSet<PathBuf> {
    all()
        .filter(|stat| !stat.is_dead())
        .filter_map(|stat| config_of(stat.pid))
        .filter(|config| config.starts_with(folder))
        .collect()
}

/// The engines of one configuration, leaders of sessions first: what was started with it, and what
/// `claimed` names, if it leads its session and runs the very file `program`. koneko started as
/// root can show its files to itself elsewhere; then its arguments no longer name them.
pub(super) fn engines(config: &Path, claimed: Option<i32>, program: &Path) -> Vec<Stat> {
    let claimed = claimed
        .and_then(Pid::from_raw)
        .filter(|pid| runs(*pid, program));
    let mut found: Vec<Stat> = all()
        .filter(|stat| !stat.is_dead())
        .filter(|stat| {
            config_of(stat.pid).is_some_and(|is| is == config)
                || (claimed == Some(stat.pid) && stat.leads())
        })
        .collect();
    found.sort_by_key(|stat| (!stat.leads(), stat.started));
    found
}

/// Whether a process runs this file, by whatever name.
fn runs(pid: Pid, program: &Path) -> bool {
    let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let running = file(Path::new(&format!("/proc/{}/exe", pid.as_raw_pid())));
    running.is_some() && running == file(program)
}

/// A handle of a process that is what it was when it was looked at.
fn handle(stat: Stat) -> Option<OwnedFd> {
    let handle = pidfd_open(stat.pid, PidfdFlags::empty()).ok()?;
    let now = Stat::of(stat.pid)?;
    (now.started == stat.started && now.session == stat.session).then_some(handle)
}

/// Kill all processes of a session and wait until they are gone. Says how many are not.
pub(super) async fn sweep_session(session: Pid) -> usize {
    // Again, for what was started while the first were being killed.
    for _ in 0..3 {
        let handles: Vec<OwnedFd> = members(session).filter_map(handle).collect();
        if handles.is_empty() {
            return 0;
        }
        for handle in handles {
            let _gone = pidfd_send_signal(&handle, Signal::KILL);
            if let Ok(handle) = readable(handle) {
                let _late = timeout(KILL_LIMIT, handle.readable()).await;
            }
        }
    }
    members(session).count()
}

/// The process of an engine, our child or not.
#[derive(Debug)]
pub(super) struct Process {
    pid: Pid,
    /// Readable once the process has ended (pidfd_open(2)).
    handle: AsyncFd<OwnedFd>,
    /// Kept unreaped until the end was seen, which keeps the number ours.
    child: Option<Child>,
}

impl Process {
    /// A child that was just started. If it cannot be watched it is killed.
    pub(super) fn of_child(mut child: Child) -> io::Result<Self> {
        let opened = child
            .id()
            .and_then(|pid| Pid::from_raw(pid.try_into().ok()?))
            .ok_or_else(|| io::ErrorKind::NotFound.into())
            .and_then(|pid| Ok((pid, readable(pidfd_open(pid, PidfdFlags::empty())?)?)));
        match opened {
            Ok((pid, handle)) => Ok(Self {
                pid,
                handle,
                child: Some(child),
            }),
            Err(error) => {
                let _gone = child.start_kill();
                Err(error)
            }
        }
    }

    /// A process that an earlier life of the app started.
    pub(super) fn adopt(stat: Stat) -> io::Result<Self> {
        let handle = handle(stat).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self {
            pid: stat.pid,
            handle: readable(handle)?,
            child: None,
        })
    }

    /// Its number, which is also its session's.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Wait until it has ended. May be asked again.
    pub(super) async fn ended(&self) {
        // An error can only mean that the handle is unusable: then the process counts as ended,
        // and the sweep that follows makes it true.
        let _ready = self.handle.readable().await;
    }

    /// After the end: kill all that is left of its session, then let go of its number. Its exit
    /// code, if it is our child and had one.
    pub(super) async fn bury(&mut self) -> (Option<i32>, usize) {
        let left = sweep_session(self.pid).await;
        let code = match self.child.as_mut() {
            Some(child) => timeout(KILL_LIMIT, child.wait())
                .await
                .ok()
                .and_then(Result::ok)
                .and_then(|is| is.code()),
            None => None,
        };
        (code, left)
    }

    /// Kill it, and all of its session, at once and without waiting.
    pub(super) fn kill(&self) {
        // Itself by its handle: a child that has only just begun leads no session yet.
        let _gone = pidfd_send_signal(self.handle.get_ref(), Signal::KILL);
        for handle in members(self.pid).filter_map(handle) {
            let _gone = pidfd_send_signal(handle, Signal::KILL);
        }
    }

    /// Ask it to end, kill it if it has not after `grace`, and with it all that is left of its
    /// session. Says how many processes could not be ended.
    pub(super) async fn end(&mut self, grace: Duration) -> usize {
        let _gone = pidfd_send_signal(self.handle.get_ref(), Signal::TERM);
        if timeout(grace, self.ended()).await.is_err() {
            tracing::warn!(pid = self.pid.as_raw_pid(), "engine does not end: killed");
            let _gone = pidfd_send_signal(self.handle.get_ref(), Signal::KILL);
            let _late = timeout(KILL_LIMIT, self.ended()).await;
        }
        self.bury().await.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_blanks_and_parentheses_does_not_shift_the_fields() {
        let pid = Pid::from_raw(7).unwrap();
        let line = b"7 (a) T 9 (b) T 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        let stat = Stat::parse(pid, line).unwrap();
        assert_eq!((stat.state, stat.session, stat.started), (b'T', 3, 4242));
    }

    #[test]
    fn nonsense_in_the_place_of_a_stat_is_no_process() {
        let pid = Pid::from_raw(7).unwrap();
        for line in [
            &b""[..],
            b"7 (a",
            b"7 (a)",
            b"7 (a) S",
            b"7 (a) S x y z",
            b"7 (\xff) S 1",
        ] {
            assert_eq!(Stat::parse(pid, line), None);
        }
    }

    // Not this process: who leads its session may live outside of its process namespace.
    #[test]
    fn a_process_that_leads_a_session_is_seen_as_it_is() {
        let mut child = std::process::Command::new("setsid")
            .args(["sh", "-c", "echo; read line"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let mut started = [0];
        io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut started).unwrap();
        let stat = Stat::of(pid).unwrap();
        assert!(stat.leads() && stat.started > 0 && !stat.is_dead());
        drop(child.stdin.take());
        assert!(child.wait().is_ok() && !lives(pid));
    }

    #[test]
    fn a_number_that_now_belongs_to_another_process_gives_no_handle() {
        let stat = Stat::of(rustix::process::getpid()).unwrap();
        assert!(handle(stat).is_some());
        assert!(
            handle(Stat {
                started: stat.started + 1,
                ..stat
            })
            .is_none()
        );
    }
}
