//! One koneko for one test.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The longest that anything may take here.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A koneko, killed when dropped.
pub(crate) struct Engine {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    lines: Lines<BufReader<ChildStdout>>,
}

/// The configuration of a koneko in this folder.
pub(crate) fn config(folder: &Path) -> Value {
    json!({
        "session": 7, "install": "0123", "bind": "127.0.0.1:0", "username": "duotab",
        "password": "secret", "profile_dir": folder.join("profile"),
        "runtime_dir": folder.join("run"),
        "screen": {"width": 800, "height": 600, "rate": 60},
        "max_screen": {"width": 1920, "height": 1080},
        "browser": null, "browser_args": [], "start_url": "about:blank", "scale_percent": 100,
        "codec": "vp8", "idle_exit_seconds": 600, "memory_mib": 1024
    })
}

impl Engine {
    /// Starts one with this change to its configuration and waits until it is ready.
    pub(crate) async fn start(change: impl FnOnce(&mut Value)) -> Self {
        let (mut engine, last) = Self::start_until_settled(change, |_| {}).await;
        assert_eq!(last["state"], "ready", "{last}\n{}", engine.log());
        engine.port = u16::try_from(last["port"].as_u64().unwrap()).unwrap();
        engine
    }

    /// Starts one and waits until it is ready or has failed; what it said last.
    pub(crate) async fn start_until_settled(
        change: impl FnOnce(&mut Value),
        environment: impl FnOnce(&mut Command),
    ) -> (Self, Value) {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        Self::start_in(folder, &config, environment).await
    }

    pub(crate) async fn start_in(
        folder: TempDir,
        config: &Value,
        environment: impl FnOnce(&mut Command),
    ) -> (Self, Value) {
        let file = folder.path().join("config.json");
        std::fs::write(&file, config.to_string()).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_koneko"));
        command
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        environment(&mut command);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut engine = Self {
            child,
            port: 0,
            folder,
            lines,
        };
        loop {
            let said = engine.next_status().await;
            if said["state"] != "starting" {
                return (engine, said);
            }
        }
    }

    /// The next line on its stdout.
    pub(crate) async fn next_status(&mut self) -> Value {
        let line = tokio::time::timeout(LIMIT, self.lines.next_line()).await;
        let line = line.expect("a status in time").unwrap();
        let line = line.unwrap_or_else(|| panic!("no status\n{}", self.log()));
        serde_json::from_str(&line).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn runtime_dir(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn ws_url(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// Logs in.
    pub(crate) async fn login(&self) -> String {
        let reply: Value = reqwest::Client::new()
            .post(self.url("/api/login"))
            .json(&json!({ "username": "duotab", "password": "secret" }))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        reply["token"].as_str().unwrap().to_owned()
    }

    /// A call without a body; its status.
    pub(crate) async fn post(&self, token: &str, path: &str) -> u16 {
        let reply = reqwest::Client::new()
            .post(self.url(path))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        reply.status().as_u16()
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await;
        ended.expect("an end in time").unwrap().code()
    }

    /// All processes below it, itself included.
    pub(crate) fn tree(&self) -> Vec<u32> {
        tree(self.pid())
    }
}

impl Drop for Engine {
    /// What it said helps to see why a test failed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- koneko's log ---\n{}", self.log());
        }
    }
}

/// A process and all below it.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(&pid) = all.get(next) {
        for task in std::fs::read_dir(format!("/proc/{pid}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let children = std::fs::read_to_string(task.path().join("children"));
            for child in children.unwrap_or_default().split_whitespace() {
                all.push(child.parse().unwrap());
            }
        }
        next += 1;
    }
    all
}

/// Waits until none of these processes is there. A handle on each is told by the kernel.
pub(crate) async fn gone(pids: Vec<u32>) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let waiting = tokio::task::spawn_blocking(move || {
        let limit = Timespec::try_from(LIMIT).unwrap();
        for pid in pids {
            let number = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            let Ok(handle) = pidfd_open(number, PidfdFlags::empty()) else {
                continue;
            };
            let mut wanted = [PollFd::new(&handle, PollFlags::IN)];
            assert_eq!(
                poll(&mut wanted, Some(&limit)).unwrap(),
                1,
                "{pid} is still there"
            );
        }
    });
    waiting.await.unwrap();
}
