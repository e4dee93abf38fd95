//! The private container engine of `tests/engine/run.sh`, for the tests that run beside it.

use std::io::{Seek, SeekFrom, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};

use crate::Outcome;

/// Debian's client, whatever else is called that.
const CLIENT: &str = "/usr/bin/docker";

/// The engine and its registries.
#[derive(Debug)]
pub struct Engine {
    /// Its socket, `unix://…`.
    pub socket: String,
    /// An image that behaves like Neko's, in the registry.
    pub image: String,
    /// The registry, without a scheme.
    pub registry: String,
    /// A registry that lets nobody in.
    pub denied: String,
    /// The engine's disk, which is its own and may be filled.
    pub disk: PathBuf,
    /// Where containers reach what a test listens on.
    pub gateway: IpAddr,
    program: PathBuf,
}

impl Engine {
    /// The engine beside which this test runs. Where there is none the test has nothing to say,
    /// and this tells so.
    ///
    /// # Panics
    /// If only a part of what is to be known about it is known.
    #[must_use]
    pub fn here() -> Option<Self> {
        let here = Self::find();
        if here.is_none() {
            eprintln!("no container engine here: `make test-engine` has one");
        }
        here
    }

    /// The same, for what does as well without.
    #[must_use]
    pub fn find() -> Option<Self> {
        let socket = std::env::var("DUOTAB_TEST_DOCKER").ok()?;
        let told = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        Some(Self {
            socket,
            image: told("DUOTAB_TEST_IMAGE"),
            registry: told("DUOTAB_TEST_REGISTRY"),
            denied: told("DUOTAB_TEST_DENIED"),
            disk: told("DUOTAB_TEST_DISK").into(),
            gateway: told("DUOTAB_TEST_GATEWAY").parse().unwrap(),
            program: told("DUOTAB_TEST_ENGINE").into(),
        })
    }

    /// An image of the registry: `neko:2` is newer, `neko:broken` never gets ready, `small:1` is
    /// a few layers.
    #[must_use]
    pub fn image(&self, name: &str) -> String {
        format!("{}/duotab/{name}", self.registry)
    }

    /// SIGKILL for the engine; its containers are left to themselves.
    pub fn kill(&self) {
        self.order("kill");
    }

    /// An orderly end of the engine.
    pub fn terminate(&self) {
        self.order("terminate");
    }

    /// Starts it again; it answers when this returns.
    pub fn start(&self) {
        self.order("start");
    }

    /// The engine is there and says nothing.
    pub fn freeze(&self) {
        self.order("freeze");
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.order("thaw");
    }

    fn order(&self, word: &str) {
        let done = Command::new(&self.program).arg(word).status();
        assert!(
            done.is_ok_and(|it| it.success()),
            "{} {word}",
            self.program.display()
        );
    }

    /// What the engine's own client says, line by line: what is there is counted by somebody else
    /// than the one who is tested.
    ///
    /// # Panics
    /// If it fails.
    #[must_use]
    pub fn docker(&self, arguments: &[&str]) -> Vec<String> {
        let out = Command::new(CLIENT)
            .args(["--host", &self.socket])
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "docker {arguments:?}: {}",
            String::from_utf8_lossy(&out.stderr)
        );
        let text = String::from_utf8_lossy(&out.stdout);
        text.lines().map(str::to_owned).collect()
    }

    /// Whether it has an image, by its name.
    #[must_use]
    pub fn has(&self, image: &str) -> bool {
        !self.docker(&["images", "--quiet", image]).is_empty()
    }

    /// All containers of the app, running or not, and what they do.
    #[must_use]
    pub fn containers(&self) -> Vec<String> {
        let ours = "label=io.duotab.install";
        let format = "{{.ID}} {{.Names}} {{.Status}}";
        self.docker(&["ps", "--all", "--filter", ours, "--format", format])
    }

    /// Waits until no container of the app is left.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn emptied(&self) -> Outcome<()> {
        self.until("the end of all containers", <[String]>::is_empty)
            .await
    }

    /// Waits until the app's containers are as they are wanted: looks whenever something happens
    /// to one, and from time to time, for it may before anybody listens.
    ///
    /// # Errors
    /// If that takes too long.
    pub async fn until(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Outcome<()> {
        const BETWEEN: Duration = Duration::from_millis(500);
        const LIMIT: Duration = Duration::from_secs(60);
        let mut events = tokio::process::Command::new(CLIENT)
            .args(["--host", &self.socket, "events"])
            .args(["--filter", "type=container", "--format", "{{.ID}}"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let events = events.stdout.take().ok_or("no events")?;
        let mut events = BufReader::new(events).lines();
        let waiting = tokio::time::timeout(LIMIT, async {
            while !wanted(&self.containers()) {
                let _ = tokio::time::timeout(BETWEEN, events.next_line()).await;
            }
        });
        waiting
            .await
            .map_err(|_| format!("waited in vain for {what}: {:?}", self.containers()).into())
    }

    /// Takes all but `left` bytes of the engine's disk, until the answer is dropped.
    ///
    /// # Panics
    /// If the engine has no disk of its own.
    #[must_use]
    pub fn fill_disk(&self, left: u64) -> Filling {
        let disk = rustix::fs::statvfs(&self.disk).unwrap();
        let top = rustix::fs::statvfs("/").unwrap();
        assert_ne!(
            disk.f_fsid, top.f_fsid,
            "the engine's disk is the machine's"
        );
        let size = (disk.f_bavail * disk.f_frsize).saturating_sub(left);
        let file = self.disk.join("filling");
        let mut out = std::fs::File::create(&file).unwrap();
        let filling = Filling(file);
        // Extents take room as well; the rest is written.
        const EXTENTS: u64 = 1 << 20;
        let size = size.saturating_sub(EXTENTS);
        rustix::fs::fallocate(&out, rustix::fs::FallocateFlags::empty(), 0, size).unwrap();
        if left == 0 {
            out.seek(SeekFrom::End(0)).unwrap();
            while out.write_all(&[0; 4096]).is_ok() {}
        }
        filling
    }
}

/// What fills a disk.
#[derive(Debug)]
pub struct Filling(PathBuf);

impl Filling {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
