//! Lives of the app beside the engine of the tests: its controller, without a window.

use std::time::Duration;

use duotab_backend::capacity::{GivenNodes, NodeSource};
use duotab_backend::controller::{ContentOrder, Controller, ControllerConfig};
use duotab_backend::dirs::Dirs;
use duotab_backend::proxy::ProxyConfig;
use duotab_backend::runtime::docker::{DockerConfig, Surroundings};
use duotab_backend::runtime::embedded::EmbeddedConfig;
use duotab_backend::runtime::{Choice, RuntimeConfig};
use duotab_core::browser::Settings;
use duotab_core::event::Command;
use duotab_core::message::{ContentArea, Mode, ShellState, Stage, TabId, Update};
use duotab_core::node::{EngineHealth, Node, NodeId, NodeKind};
use duotab_core::placement::Demand;
use duotab_core::worker::{MachineView, WorkerCommand};
use duotab_test_support::Outcome;
use duotab_test_support::engine::Engine;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::LIMIT;
use crate::clock::{self, FRAME};
use crate::eye::{Eye, ORIGIN};

/// After which an engine that was begun ahead has done what it does once, as it has when it is
/// wanted.
const SETTLED: Duration = Duration::from_secs(4);

/// What one install keeps from life to life.
pub(crate) struct Kept(TempDir);

impl Kept {
    pub(crate) fn new() -> Outcome<Self> {
        Ok(Self(tempfile::tempdir()?))
    }
}

pub(crate) struct Life {
    _eye: Eye,
    controller: Controller,
    updates: mpsc::UnboundedReceiver<Update>,
    /// As the last update told.
    tabs: Vec<(TabId, Mode)>,
    workers: Vec<NodeId>,
    orders: mpsc::UnboundedReceiver<ContentOrder>,
}

impl Life {
    /// Begins one; with `standby` it is there when an engine is ready.
    pub(crate) async fn begin(engine: &Engine, kept: &Kept, standby: bool) -> Outcome<Self> {
        clock::forget();
        let dirs = Dirs {
            data: kept.0.path().join("data"),
            run: kept.0.path().join("run"),
            shared: true,
        };
        dirs.prepare()?;
        let docker = DockerConfig {
            image: engine.image.clone(),
            surroundings: Surroundings {
                docker_host: Some(engine.socket.clone()),
                ..Surroundings::default()
            },
            ..DockerConfig::new(String::new())
        };
        let config = ControllerConfig {
            lists: dirs.data.join("lists"),
            downloads: dirs.data.join("downloads"),
            database: dirs.database(),
            runtime: RuntimeConfig {
                choice: Choice::Docker,
                embedded: EmbeddedConfig::new("koneko".into(), &dirs, String::new()),
                docker,
            },
            nodes: NodeSource::Given(GivenNodes::from(vec![host()])),
            origins: vec![ORIGIN.to_owned()],
            proxy: ProxyConfig::default(),
            program_for: |_| None,
            settings: Settings {
                standby: Some(standby),
                demand: small(),
                ..Settings::default()
            },
        };
        let (to_content, orders) = mpsc::unbounded_channel();
        let controller = Controller::start(config, to_content).await?;
        let updates = controller.subscribe();
        let mut life = Self {
            _eye: Eye::open(&controller).await?,
            controller,
            updates,
            tabs: Vec::new(),
            workers: Vec::new(),
            orders,
        };
        life.until("the first tab", |state| !state.tabs.is_empty())
            .await?;
        let area = ContentArea {
            width: 1280.0,
            height: 720.0,
            scale: 1.0,
            ..ContentArea::default()
        };
        life.command(Command::SetContentArea(area)).await?;
        if standby {
            clock::heard("engine started").await?;
            tokio::time::sleep(SETTLED).await;
        }
        clock::forget();
        Ok(life)
    }

    /// Opens a streamed tab, and waits until it is live and the view has a picture of it.
    pub(crate) async fn open(&mut self) -> Outcome<()> {
        let open = Command::OpenTab {
            input: Some("about:blank".to_owned()),
            mode: Some(Mode::Streamed),
            background: false,
        };
        self.command(open).await?;
        self.live().await
    }

    /// Takes another machine as a worker, for this life and all later ones.
    pub(crate) async fn take_worker(&self, address: String, certificates: String) -> Outcome<()> {
        let name = "the worker".to_owned();
        let add = WorkerCommand::Add {
            name,
            address,
            certificates,
        };
        self.command(Command::Worker(add)).await
    }

    /// The worker, once it is seen.
    pub(crate) async fn worker(&mut self) -> Outcome<NodeId> {
        let seen = |state: &ShellState| state.machines.known.iter().any(is_seen);
        if self.workers.is_empty() {
            self.until("the worker", seen).await?;
        }
        self.workers.first().cloned().ok_or("no worker".into())
    }

    /// Has the last tab streamed from a machine, and waits until it is live and the view has a picture
    /// of it.
    pub(crate) async fn open_on(&mut self, node: &NodeId) -> Outcome<()> {
        let tab = self.last()?;
        let to = Command::SetMode(tab, Mode::Streamed, Some(node.clone()));
        self.command(to).await?;
        self.live().await
    }

    async fn live(&mut self) -> Outcome<()> {
        let live = |state: &ShellState| {
            let mut streams = state.tabs.iter().filter_map(|tab| tab.stream.as_ref());
            streams.any(|stream| stream.stage == Stage::Live)
        };
        self.until("a live tab", live).await?;
        clock::heard(FRAME).await
    }

    /// Takes the streamed tab away from the engine, which is asleep then.
    pub(crate) async fn sleep(&mut self, engine: &Engine) -> Outcome<()> {
        self.toggle(Mode::Proxy).await?;
        let asleep = |all: &[String]| all.len() == 1 && all[0].contains("(Paused)");
        engine.until("a container asleep", asleep).await?;
        clock::forget();
        Ok(())
    }

    /// Brings it back, as [`Life::open`] does.
    pub(crate) async fn wake(&mut self) -> Outcome<()> {
        self.toggle(Mode::Streamed).await?;
        self.live().await
    }

    async fn toggle(&self, to: Mode) -> Outcome<()> {
        self.command(Command::SetMode(self.last()?, to, None)).await
    }

    fn last(&self) -> Outcome<TabId> {
        let tabs = self.tabs.iter().map(|(tab, _)| *tab);
        Ok(tabs.max().ok_or("no tab")?)
    }

    /// Ends it, with all that it started. The next one has no streamed tab to begin with.
    pub(crate) async fn end(mut self) -> Outcome<()> {
        for tab in self.streamed() {
            self.command(Command::CloseTab(tab)).await?;
        }
        self.command(Command::Quit).await?;
        let exit = async {
            while let Some(order) = self.orders.recv().await {
                if matches!(order, ContentOrder::Exit) {
                    break;
                }
            }
        };
        Ok(tokio::time::timeout(LIMIT, exit).await?)
    }

    fn streamed(&self) -> Vec<TabId> {
        let streamed = self.tabs.iter().filter(|(_, mode)| *mode == Mode::Streamed);
        streamed.map(|(tab, _)| *tab).collect()
    }

    async fn command(&self, command: Command) -> Outcome<()> {
        let said = self.controller.command(command).await;
        said.map_err(|problem| problem.to_string().into())
    }

    async fn until(&mut self, what: &str, wanted: impl Fn(&ShellState) -> bool) -> Outcome<()> {
        let waiting = async {
            while let Some(update) = self.updates.recv().await {
                if let Update::State { state } = update {
                    self.tabs = state.tabs.iter().map(|tab| (tab.id, tab.mode)).collect();
                    let seen = state.machines.known.iter().filter(|it| is_seen(it));
                    self.workers = seen.map(|it| it.node.id.clone()).collect();
                    if let Some(problem) = state.tabs.iter().find_map(|it| it.problem.as_ref()) {
                        return Err(problem.to_string());
                    }
                    if wanted(&state) {
                        return Ok(());
                    }
                }
            }
            Err("the controller has ended".to_owned())
        };
        let came = tokio::time::timeout(LIMIT, waiting).await;
        Ok(came.map_err(|_| format!("waited in vain: {what}"))??)
    }
}

/// Is a worker, and was looked at.
fn is_seen(machine: &MachineView) -> bool {
    machine.address.is_some() && machine.facts.is_some()
}

/// The worker of the tests has two cores, as this machine has.
fn small() -> Demand {
    let mut demand = Demand::default();
    demand.worker.cores = 1;
    demand.worker.total_memory_mib = 1024;
    demand
}

/// A machine with room for two.
fn host() -> Node {
    Node {
        id: NodeId::host(),
        name: "here".to_owned(),
        kind: NodeKind::Host,
        arch: std::env::consts::ARCH.to_owned(),
        cores: 4,
        total_memory_mib: 32 * 1024,
        available_memory_mib: 24 * 1024,
        gpu: false,
        engine: EngineHealth::Healthy,
    }
}
