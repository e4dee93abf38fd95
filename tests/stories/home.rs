//! A machine's folders for one test, with what runs in them, and the proof that nothing is left.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use duotab_backend::capacity::{GivenNodes, NodeSource};
use duotab_backend::dirs::Dirs;
use duotab_backend::runtime::docker::{DockerConfig, Surroundings};
use duotab_backend::runtime::embedded::EmbeddedConfig;
use duotab_backend::runtime::{Choice, RuntimeConfig};
use duotab_backend::store::Store;
use duotab_core::browser::Settings;
use duotab_core::node::{EngineHealth, Node, NodeId, NodeKind};
use duotab_core::record::SessionRecord;
use duotab_test_support::engine::Engine;
use duotab_test_support::fleet::Fleet;
use duotab_test_support::worker::Far;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tempfile::TempDir;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::app::App;
use crate::processes::{self, Process};
use crate::within;

/// How often is looked at what nothing tells of.
const GLANCE: std::time::Duration = std::time::Duration::from_millis(500);

/// What an engine leaves when it is not put away; the default is nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    rows: Vec<SessionRecord>,
    processes: Vec<String>,
    run: Vec<PathBuf>,
    containers: Vec<String>,
}

pub(crate) struct Home {
    folder: PathBuf,
    owned: Option<TempDir>,
    pub(crate) dirs: Dirs,
    pub(crate) with: EmbeddedConfig,
    pub(crate) given: GivenNodes,
    pub(crate) nodes: NodeSource,
    pub(crate) settings: Settings,
    /// The engine in whose containers its browsers run, if they do.
    pub(crate) beside: Option<Engine>,
    /// The machine that can be its worker.
    pub(crate) far: Option<Far>,
    /// The Swarm whose manager can be its worker.
    pub(crate) fleet: Option<Fleet>,
    /// Where it finds that engine, if not at its own socket.
    pub(crate) socket: Option<String>,
}

/// Says to a test that is started by another one that browsers run in containers.
const CONTAINED: &str = "DUOTAB_TEST_CONTAINED";
/// And by which socket.
const SOCKET: &str = "DUOTAB_TEST_SOCKET";
/// The same, that they run in a Swarm.
const ON_FLEET: &str = "DUOTAB_TEST_ON_FLEET";
/// The same, that there is another machine.
const BESIDE_WORKER: &str = "DUOTAB_TEST_BESIDE_WORKER";

impl Home {
    /// Fresh folders on a machine with 16 GB and no workers.
    pub(crate) fn new() -> Self {
        let owned = tempfile::tempdir().unwrap();
        // As root, koneko runs as somebody else, who must be able to walk through it.
        fs::set_permissions(owned.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let mut home = Self::at(owned.path());
        home.owned = Some(owned);
        home
    }

    /// The same, with browsers in containers. Where no engine is, there is nothing to tell.
    pub(crate) fn contained() -> Option<Self> {
        let engine = Engine::here()?;
        // The stories are not about the way that an image takes.
        let _pulled = engine.docker(&["pull", "--quiet", &engine.image]);
        let mut home = Self::new();
        home.beside = Some(engine);
        Some(home)
    }

    /// The same, with another machine that can be a worker. Where none is, there is nothing to tell.
    pub(crate) fn with_worker() -> Option<Self> {
        let far = Far::here()?;
        let mut home = Self::new();
        home.use_worker(far);
        Some(home)
    }

    fn use_worker(&mut self, far: Far) {
        // Two cores have to do.
        self.settings.demand.worker.cores = 1;
        self.settings.demand.worker.total_memory_mib = 1024;
        self.far = Some(far);
    }

    /// The same, with a Swarm, whose nodes are the only ones that have room. Where none is, there is
    /// nothing to tell.
    pub(crate) fn with_fleet() -> Option<Self> {
        let fleet = Fleet::here()?;
        let mut home = Self::new();
        home.use_fleet(fleet);
        Some(home)
    }

    fn use_fleet(&mut self, fleet: Fleet) {
        // One core has to do.
        self.settings.demand.worker.cores = 1;
        self.settings.demand.worker.total_memory_mib = 1024;
        self.given = GivenNodes::from(vec![host(1)]);
        self.nodes = NodeSource::Given(self.given.clone());
        self.fleet = Some(fleet);
    }

    /// The engines, as the app is told of them.
    pub(crate) fn runtime(&self) -> RuntimeConfig {
        let mut docker = DockerConfig::new(String::new());
        if let Some(far) = &self.far {
            docker.image.clone_from(&far.image);
        }
        if let Some(fleet) = &self.fleet {
            docker.image.clone_from(&fleet.image);
        }
        if let Some(engine) = &self.beside {
            docker.image.clone_from(&engine.image);
            docker.surroundings = Surroundings {
                docker_host: Some(self.socket.as_ref().unwrap_or(&engine.socket).clone()),
                ..Surroundings::default()
            };
        }
        RuntimeConfig {
            choice: match self.beside {
                Some(_) => Choice::Docker,
                None => Choice::Embedded,
            },
            embedded: self.with.clone(),
            docker,
        }
    }

    /// What a process needs to know to have the same engines.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        let contained = self.beside.is_some().then_some((CONTAINED, "1"));
        let on_fleet = self.fleet.is_some().then_some((ON_FLEET, "1"));
        let beside_worker = self.far.is_some().then_some((BESIDE_WORKER, "1"));
        let socket = self.socket.as_deref().map(|it| (SOCKET, it));
        contained
            .into_iter()
            .chain(on_fleet)
            .chain(beside_worker)
            .chain(socket)
            .collect()
    }

    /// The folders of another test's home, which keeps them.
    pub(crate) fn at(folder: &Path) -> Self {
        let dirs = Dirs {
            data: folder.join("data"),
            run: folder.join("run"),
            shared: rustix::process::geteuid().is_root(),
        };
        // Where nothing can be written the app says so.
        let _ = dirs.prepare();
        let koneko = std::env::current_exe()
            .unwrap()
            .ancestors()
            .nth(2)
            .unwrap()
            .join("koneko");
        assert!(koneko.exists(), "build koneko first: {}", koneko.display());
        let mut with = EmbeddedConfig::new(koneko, &dirs, String::new());
        // In the environment of all that is started from here: by this it is known.
        let path = std::env::var_os("PATH").unwrap();
        let mark = std::iter::once(folder.join("bin"));
        with.search_path = std::env::join_paths(mark.chain(std::env::split_paths(&path))).unwrap();
        let given = GivenNodes::from(vec![host(16)]);
        let mut home = Self {
            folder: folder.to_owned(),
            owned: None,
            dirs,
            with,
            nodes: NodeSource::Given(given.clone()),
            given,
            settings: Settings::default(),
            beside: std::env::var_os(CONTAINED).and_then(|_| Engine::find()),
            far: None,
            fleet: None,
            socket: std::env::var(SOCKET).ok(),
        };
        if std::env::var_os(ON_FLEET).is_some()
            && let Some(fleet) = Fleet::here()
        {
            home.use_fleet(fleet);
        }
        if std::env::var_os(BESIDE_WORKER).is_some()
            && let Some(far) = Far::here()
        {
            home.use_worker(far);
        }
        home
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The person's folder for downloads.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.folder.join("downloads")
    }

    /// Waits until no file is on its way through any session. Nothing tells of that.
    pub(crate) async fn until_shelf_is_empty(&self) {
        let mut clock = tokio::time::interval(GLANCE);
        within("an empty shelf", async {
            while !self.on_shelves().is_empty() {
                clock.tick().await;
            }
        })
        .await;
    }

    /// The files that are on their way through sessions.
    fn on_shelves(&self) -> Vec<String> {
        let Some(engine) = &self.beside else {
            let profiles = fs::read_dir(self.dirs.profiles()).into_iter().flatten();
            let shelves = profiles.flatten().map(|it| it.path().join(".duotab-shelf"));
            let files = shelves.flat_map(|it| fs::read_dir(it).into_iter().flatten().flatten());
            return files.map(|it| it.path().display().to_string()).collect();
        };
        let ours = ["ps", "--quiet", "--filter", "label=io.duotab.install"];
        let look = |id: String| {
            let folder = "/home/neko/Downloads";
            engine.docker(&["exec", "--user", "neko", &id, "ls", "-A", folder])
        };
        engine.docker(&ours).into_iter().flat_map(look).collect()
    }

    pub(crate) async fn app(&self) -> App {
        App::start(self).await
    }

    /// From now on only these programs can be found.
    pub(crate) fn only_programs(&mut self, names: &[&str]) {
        let bin = self.folder.join("bin");
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

    /// All living processes that were started from this home.
    pub(crate) fn processes(&self) -> Vec<Process> {
        processes::marked(self.folder.to_str().unwrap())
    }

    pub(crate) fn browsers(&self) -> Vec<i32> {
        match &self.beside {
            Some(engine) => first_processes(engine),
            None => self.pids(Process::is_browser),
        }
    }

    /// The processes of pages.
    pub(crate) fn pages(&self) -> Vec<i32> {
        self.pids(Process::is_page)
    }

    fn pids(&self, are: fn(&Process) -> bool) -> Vec<i32> {
        self.processes()
            .iter()
            .filter(|process| are(process))
            .map(|process| process.pid)
            .collect()
    }

    /// The process that a session's engine says it is, and its port.
    pub(crate) fn engine(&self, session: u32) -> (i32, u16) {
        self.serving(session).unwrap()
    }

    /// The same, if it serves already, and on this machine itself.
    pub(crate) fn serving(&self, session: u32) -> Option<(i32, u16)> {
        let status = self.dirs.run.join(session.to_string()).join("status.json");
        let status: serde_json::Value = serde_json::from_slice(&fs::read(status).ok()?).unwrap();
        let number = |name: &str| status[name].as_i64();
        Some((
            number("pid")?.try_into().unwrap(),
            number("port")?.try_into().unwrap(),
        ))
    }

    /// The sessions that are saved. Read from a copy: to open a database is to write to it.
    pub(crate) fn rows(&self) -> Vec<SessionRecord> {
        let copy = tempfile::tempdir().unwrap();
        let database = self.dirs.database();
        for end in ["", "-wal"] {
            let name = format!("duotab.db{end}");
            // Between two writes there may be no log.
            let _ = fs::copy(database.with_file_name(&name), copy.path().join(&name));
        }
        let opened = Store::open(&copy.path().join("duotab.db"));
        // A copy of half a write is no database: it is to be looked at again.
        assert_eq!(opened.notice, None, "torn");
        opened.store.sessions().unwrap()
    }

    pub(crate) fn left(&self) -> Left {
        Left {
            rows: self.rows(),
            ..self.left_of_engines()
        }
    }

    /// Without the rows: where nothing can be saved.
    pub(crate) fn left_of_engines(&self) -> Left {
        let processes = self.processes();
        let containers = self.beside.as_ref().map(every_container);
        Left {
            rows: Vec::new(),
            containers: containers.unwrap_or_default(),
            processes: processes.into_iter().map(|process| process.line).collect(),
            run: fs::read_dir(&self.dirs.run)
                .into_iter()
                .flatten()
                .flatten()
                .map(|file| file.path())
                .collect(),
        }
    }

    pub(crate) fn assert_nothing_left(&self) {
        assert_eq!(self.left(), Left::default());
    }

    /// Waits until nothing is left: looks whenever a file of the folders changes.
    pub(crate) async fn until_nothing_is_left(&self) {
        let changes = Changes::of(&[&self.dirs.data, &self.dirs.run]);
        let gone = async {
            while self.left() != Left::default() {
                // Of a container no folder tells.
                let next = changes.next();
                if self.beside.is_some() {
                    let _ = tokio::time::timeout(GLANCE, next).await;
                } else {
                    next.await;
                }
            }
        };
        if tokio::time::timeout(crate::LIMIT, gone).await.is_err() {
            panic!("left: {:#?}", self.left());
        }
    }

    /// The profiles that containers have kept.
    pub(crate) fn profiles(&self) -> Vec<String> {
        let engine = self.beside.as_ref().unwrap();
        engine.docker(&[
            "volume",
            "ls",
            "--quiet",
            "--filter",
            "label=io.duotab.install",
        ])
    }

    /// Waits until the engine sleeps: the kernel tells of a stop nobody but the parent, so it is
    /// looked at by what it uses, from one half of a second to the next.
    pub(crate) async fn until_asleep(&self) {
        let mut clock = tokio::time::interval(GLANCE);
        within("an engine asleep", async {
            let mut before = None;
            loop {
                clock.tick().await;
                if let Some(engine) = &self.beside {
                    if !engine
                        .docker(&["ps", "--quiet", "--filter", "status=paused"])
                        .is_empty()
                    {
                        return;
                    }
                    continue;
                }
                let processes = self.processes();
                let asleep = processes.iter().any(Process::is_stopped);
                let now = processes::ticks(&processes);
                if asleep && before.as_ref() == Some(&now) {
                    return;
                }
                before = Some(now);
            }
        })
        .await;
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.owned.is_some() {
            // Only after a failed test is there anything.
            for process in self.processes() {
                processes::kill(process.pid);
            }
            if let Some(engine) = &self.beside {
                clear(engine);
            }
            if let Some(fleet) = &self.fleet {
                fleet.clear("io.duotab.install");
            }
        }
    }
}

/// Every container there is, of the app or not, with its ports. Not what hands these on: an engine
/// that is killed while it starts one may leave that behind until it is started again.
fn every_container(engine: &Engine) -> Vec<String> {
    let format = "{{.ID}} {{.Names}} {{.Status}} {{.Ports}}";
    engine.docker(&["ps", "--all", "--format", format])
}

/// The first process of each container that lives.
fn first_processes(engine: &Engine) -> Vec<i32> {
    let living = engine.docker(&["ps", "--quiet", "--filter", "label=io.duotab.install"]);
    if living.is_empty() {
        return Vec::new();
    }
    let format = ["inspect", "--format", "{{.State.Pid}}"].into_iter();
    let arguments: Vec<&str> = format.chain(living.iter().map(String::as_str)).collect();
    let pids = engine.docker(&arguments);
    pids.iter().map(|pid| pid.parse().unwrap()).collect()
}

/// Containers and profiles are of no use to anybody else.
fn clear(engine: &Engine) {
    let ours = ["--quiet", "--filter", "label=io.duotab.install"];
    for (list, remove) in [
        (&["ps", "--all"][..], &["rm", "--force"][..]),
        (&["volume", "ls"], &["volume", "rm", "--force"]),
    ] {
        for name in engine.docker(&[list, &ours].concat()) {
            let _removed = engine.docker(&[remove, &[name.as_str()]].concat());
        }
    }
}

/// This machine, with so many GiB.
pub(crate) fn host(gib: u64) -> Node {
    Node {
        id: NodeId::host(),
        name: "pi".to_owned(),
        kind: NodeKind::Host,
        arch: std::env::consts::ARCH.to_owned(),
        cores: 4,
        total_memory_mib: gib * 1024,
        available_memory_mib: gib * 1024 * 3 / 4,
        gpu: false,
        engine: EngineHealth::Healthy,
    }
}

/// What the kernel tells of changes in some folders.
struct Changes(AsyncFd<OwnedFd>);

impl Changes {
    #[expect(deprecated, reason = "sound for a handle that owns what it names")]
    fn of(folders: &[&Path]) -> Self {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let what = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE;
        for folder in folders {
            inotify::add_watch(&inotify, *folder, what).unwrap();
        }
        Self(AsyncFd::with_interest(inotify, Interest::READABLE).unwrap())
    }

    /// Waits for the next; several in quick succession count as one.
    async fn next(&self) {
        let mut ready = self.0.readable().await.unwrap();
        let mut buffer = [std::mem::MaybeUninit::<u8>::uninit(); 4096];
        while rustix::io::read(ready.get_inner(), &mut buffer).is_ok() {}
        ready.clear_ready();
    }
}
