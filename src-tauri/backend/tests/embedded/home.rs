//! A machine's folders for one test, with what runs in them, and the proof that nothing is left.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duotab_backend::dirs::Dirs;
use duotab_backend::endpoint::Endpoint;
use duotab_backend::runtime::embedded::{Embedded, EmbeddedConfig};
use duotab_backend::runtime::{EngineEnded, StartError, StartSpec};
use duotab_core::message::{ProfileName, SessionId, StartFailure};
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Home {
    dir: TempDir,
    pub(crate) with: EmbeddedConfig,
}

impl Home {
    /// A home where a stub plays koneko; `play` says how, see `stub.rs`.
    pub(crate) fn with_stub(play: &str) -> Self {
        let mut home = Self::new();
        let stub = home.path().join("koneko");
        let test = std::env::current_exe().unwrap();
        let script = format!(
            "#!/bin/sh\nexec '{}' stub::koneko --exact --ignored --nocapture -- \"$@\"\n",
            test.display()
        );
        // By another process: were it written by this one, a program that another test is just
        // starting could hold a copy of the handle, and a file open for writing cannot be run.
        let written = std::process::Command::new("sh")
            .args([
                "-ec",
                "printf %s \"$1\" > \"$2\"; chmod 755 \"$2\"",
                "sh",
                &script,
            ])
            .arg(&stub)
            .status();
        assert!(written.unwrap().success());
        home.with.koneko = stub;
        home.with.browser = Some("/bin/true".into());
        home.play(play);
        home
    }

    /// A home where koneko is koneko; `None` where it is not built.
    pub(crate) fn with_koneko() -> Option<Self> {
        let beside = std::env::current_exe()
            .ok()?
            .ancestors()
            .nth(2)?
            .join("koneko");
        let koneko = std::env::var_os("DUOTAB_KONEKO").map_or(beside, PathBuf::from);
        if !koneko.exists() {
            eprintln!("skipped: no koneko at {}", koneko.display());
            return None;
        }
        let mut home = Self::new();
        home.with.koneko = koneko;
        for quiet in [
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ] {
            home.with.browser_args.push(quiet.to_owned());
        }
        Some(home)
    }

    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = rustix::process::geteuid().is_root();
        if root {
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
        }
        Self::at(dir, root)
    }

    fn at(dir: TempDir, shared: bool) -> Self {
        let dirs = Dirs {
            data: dir.path().join("data"),
            run: dir.path().join("run"),
            shared,
        };
        dirs.prepare().unwrap();
        let mut with = EmbeddedConfig::new(PathBuf::new(), &dirs, "install-of-the-test".into());
        // In the environment of all that is started from here: by this it is known.
        let mark = dir.path().join("bin");
        let path = std::env::var_os("PATH").unwrap();
        with.search_path =
            std::env::join_paths(std::iter::once(mark).chain(std::env::split_paths(&path)))
                .unwrap();
        Self { dir, with }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn play(&mut self, play: &str) {
        self.with.browser_args = vec![play.to_owned()];
    }

    /// The stub says there when it has come to a step.
    pub(crate) fn listen(&mut self) -> Steps {
        let steps = TcpListener::bind("127.0.0.1:0").unwrap();
        self.with.browser_args.truncate(1);
        self.with
            .browser_args
            .push(steps.local_addr().unwrap().to_string());
        Steps(steps)
    }

    /// From now on only these programs can be found.
    pub(crate) fn only_programs(&mut self, names: &[&str]) {
        let bin = self.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
        for name in names {
            let program = std::env::split_paths(&std::env::var_os("PATH").unwrap())
                .map(|folder| folder.join(name))
                .find(|program| program.exists());
            if let Some(program) = program {
                std::os::unix::fs::symlink(program, bin.join(name)).unwrap();
            }
        }
        self.with.search_path = bin.into();
    }

    pub(crate) fn app(&self) -> (Embedded, mpsc::Receiver<EngineEnded>) {
        Embedded::new(self.with.clone())
    }

    pub(crate) fn folder(&self, session: u32) -> PathBuf {
        self.with.run_dir.join(session.to_string())
    }

    /// The process that an engine says it is.
    pub(crate) fn pid(&self, session: u32) -> i32 {
        let status = fs::read(self.folder(session).join("status.json")).unwrap();
        let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
        status["pid"].as_i64().unwrap().try_into().unwrap()
    }

    /// All living processes that were started from this home, with their command lines.
    pub(crate) fn processes(&self) -> Vec<(i32, String)> {
        let mark = self.path().to_str().unwrap();
        let own: i32 = std::process::id().try_into().unwrap();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let read = |name: &str| {
                let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).replace('\0', " ")
            };
            let (line, environment) = (read("cmdline"), read("environ"));
            if pid != own && (line.contains(mark) || environment.contains(mark)) {
                found.push((pid, line));
            }
        }
        found
    }

    pub(crate) fn assert_no_process(&self) {
        assert_eq!(self.processes(), []);
    }

    /// Every profile free, no process, no file in the run folder.
    pub(crate) fn assert_nothing_left(&self) {
        for entry in fs::read_dir(&self.with.profiles_dir)
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.path().extension().is_some_and(|end| end == "lock") {
                assert_free(entry.path());
            }
        }
        self.assert_no_process();
        let files: Vec<_> = fs::read_dir(&self.with.run_dir)
            .unwrap()
            .flatten()
            .map(|file| file.path())
            .collect();
        assert_eq!(files, [] as [PathBuf; 0]);
    }
}

/// A lock that nobody holds. Waits a little: another test that just starts a program holds, until
/// it runs, a copy of every handle of this process.
fn assert_free(path: PathBuf) {
    let (free, told) = std::sync::mpsc::channel();
    std::thread::spawn({
        let path = path.clone();
        move || {
            let lock = fs::File::open(path).unwrap();
            flock(&lock, FlockOperation::LockExclusive).unwrap();
            flock(&lock, FlockOperation::Unlock).unwrap();
            free.send(()).unwrap();
        }
    });
    assert!(
        told.recv_timeout(Duration::from_secs(5)).is_ok(),
        "{} is held",
        path.display()
    );
}

impl Drop for Home {
    fn drop(&mut self) {
        // Only after a failed test is there anything.
        for (pid, _) in self.processes() {
            if let Some(pid) = rustix::process::Pid::from_raw(pid) {
                let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// Where the stub says how far it is.
pub(crate) struct Steps(TcpListener);

impl Steps {
    /// Wait until the stub has come to this step.
    pub(crate) async fn reached(self, step: &str) {
        let step = step.to_owned();
        let waiting = tokio::task::spawn_blocking(move || {
            let (said, _) = self.0.accept().unwrap();
            let reached = BufReader::new(said)
                .lines()
                .any(|line| line.unwrap() == step);
            assert!(reached, "ended before {step}");
        });
        tokio::time::timeout(LIMIT, waiting).await.unwrap().unwrap();
    }
}

pub(crate) fn spec(session: u32) -> StartSpec {
    StartSpec {
        ahead: false,
        session: SessionId(session),
        profile: ProfileName("default".into()),
        memory_mib: 1024,
        start_url: "about:blank".into(),
        screen: None,
        scale_percent: 100,
    }
}

pub(crate) async fn start(app: &Embedded, session: u32) -> Result<Endpoint, StartError> {
    let start = app.start(spec(session), CancellationToken::new());
    tokio::time::timeout(LIMIT, start)
        .await
        .expect("a start has a limit")
}

pub(crate) async fn failure(app: &Embedded, session: u32) -> (StartFailure, Vec<String>) {
    match start(app, session).await {
        Err(StartError::Failed { failure, log }) => (failure, log),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn end(ended: &mut mpsc::Receiver<EngineEnded>) -> EngineEnded {
    tokio::time::timeout(LIMIT, ended.recv())
        .await
        .expect("an end is told")
        .unwrap()
}

pub(crate) fn serves(endpoint: &Endpoint) -> bool {
    TcpStream::connect(("127.0.0.1", endpoint.base.port().unwrap())).is_ok()
}

pub(crate) fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// The state of a process as `/proc/<pid>/stat` shows it.
pub(crate) fn state(pid: i32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

/// Processor time that all processes of a home have used so far, in ticks of 10 ms.
pub(crate) fn cpu_ticks(home: &Home) -> u64 {
    let ticks = |pid: i32| -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        // Fields 14 and 15 of proc(5), of which two are cut off here.
        Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
    };
    home.processes()
        .iter()
        .filter_map(|(pid, _)| ticks(*pid))
        .sum()
}

/// Wait until a process has ended.
#[expect(deprecated, reason = "sound for a handle that owns what it names")]
pub(crate) async fn gone(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    if let Ok(process) = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
        let process = AsyncFd::with_interest(process, Interest::READABLE).unwrap();
        let ended = tokio::time::timeout(LIMIT, process.readable()).await;
        ended.expect("it ends").unwrap().retain_ready();
    }
}
