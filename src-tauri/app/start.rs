//! From the command line to the running window, and back to an exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use duotab_backend::capacity::NodeSource;
use duotab_backend::dirs::{Dirs, User};
use duotab_backend::proxy::ProxyConfig;
use duotab_backend::runtime::docker::DockerConfig;
use duotab_backend::runtime::embedded::EmbeddedConfig;
use duotab_backend::runtime::{Choice, RuntimeConfig};
use duotab_core::browser::Settings;
use duotab_core::event::Command;
use duotab_core::message::Problem;
use duotab_core::placement::Demand;
use tauri::{AppHandle, RunEvent, Wry};
use tokio::sync::mpsc::{self, unbounded_channel};
use tokio::task::AbortHandle;
use tracing_subscriber::EnvFilter;

use crate::instance::{self, Claim, Start};
use crate::picture::Pictures;
use crate::{platform, shell};
use duotab_backend::controller::{ContentOrder, Controller, ControllerConfig};

/// Where the shell's page comes from, on Linux.
const SHELL_ORIGIN: &str = "tauri://localhost";

/// How long the app may take to put everything away before it ends regardless.
const LONGEST_END: Duration = Duration::from_secs(15);

/// Runs the app until its window is closed.
#[must_use]
pub fn run() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_env("DUOTAB_LOG").unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    platform::settle_renderer();
    let dirs = Dirs::default_for(&User::current());
    if let Err(error) = dirs.prepare() {
        // The store says so to the person.
        tracing::warn!(%error, "the data folder cannot be made");
    }
    let start = Start {
        addresses: addresses(),
        launch: std::env::var("DESKTOP_STARTUP_ID")
            .ok()
            .filter(|launch| !launch.is_empty()),
    };
    let mut lease = match instance::claim(&dirs, &start) {
        Ok(Claim::First(lease)) => Some(lease),
        Ok(Claim::Second) => {
            tracing::info!("Duotab runs already and has taken the addresses");
            return ExitCode::SUCCESS;
        }
        // A home that cannot be written is no reason to show nothing: the app works and forgets.
        Err(error @ instance::ClaimError::Lock { .. }) => {
            tracing::warn!(%error, "the app runs without a lock");
            None
        }
        Err(error @ instance::ClaimError::Deaf { .. }) => {
            tracing::error!(%error, "not started");
            return ExitCode::FAILURE;
        }
    };
    if !platform::has_display() {
        tracing::error!(
            "there is no desktop to show a window on: DISPLAY and WAYLAND_DISPLAY lead to none"
        );
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no threads to work with");
            return ExitCode::FAILURE;
        }
    };
    tauri::async_runtime::set(runtime.handle().clone());
    let _entered = runtime.enter();
    // Known by the time that the first page is wanted.
    runtime.spawn_blocking(platform::has_sandbox);

    let (content, orders) = unbounded_channel();
    let controller = match runtime.block_on(start_controller(&dirs, content)) {
        Ok(controller) => controller,
        Err(error) => {
            tracing::error!(%error, "no port on loopback");
            return ExitCode::FAILURE;
        }
    };
    let (heard, second) = unbounded_channel();
    // The lease itself stays here until everything is put away.
    let ear = lease.as_mut().and_then(|lease| lease.ear.take());
    let leaving = Leaving {
        controller: controller.clone(),
        ear: ear.map(|ear| runtime.spawn(ear.listen(heard)).abort_handle()),
    };
    runtime.spawn(pass_on(controller.clone(), start.addresses, second));
    runtime.spawn(leaving.clone().on_signal());

    match build(dirs, controller, orders) {
        Ok(app) => {
            let code = app.run_return(move |app, event| on_event(app, &event, &leaving));
            u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            tracing::error!(%error, "the window could not be made");
            ExitCode::FAILURE
        }
    }
}

async fn start_controller(
    dirs: &Dirs,
    content: mpsc::UnboundedSender<ContentOrder>,
) -> std::io::Result<Controller> {
    let config = ControllerConfig {
        database: dirs.database(),
        lists: dirs.data.join("lists"),
        downloads: crate::content::downloads(),
        runtime: runtime(dirs),
        nodes: NodeSource::Host,
        origins: vec![SHELL_ORIGIN.to_owned()],
        proxy: ProxyConfig::default(),
        program_for: crate::content::program_for,
        settings: Settings {
            standby: switched("DUOTAB_STANDBY", ["1", "0"]),
            home_closed: switched("DUOTAB_HOME_NETWORK", ["closed", "open"]),
            sleep_after_ms: number("DUOTAB_SLEEP_AFTER").map(|it: u64| it.saturating_mul(1000)),
            demand: demand(),
            ..Settings::default()
        },
    };
    Controller::start(config, content).await
}

/// Whether a variable of the environment switches something, by its two words for on and off.
fn switched(variable: &str, [on, off]: [&str; 2]) -> Option<bool> {
    let said = std::env::var(variable).ok().filter(|it| !it.is_empty())?;
    let switched = match said.as_str() {
        word if word == on => Some(true),
        word if word == off => Some(false),
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        _ => None,
    };
    if switched.is_none() {
        tracing::warn!(variable, said, "this is {on} or {off}");
    }
    switched
}

/// A whole number that a variable of the environment sets.
fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let said = std::env::var(variable).ok().filter(|it| !it.is_empty())?;
    let read = said.parse().ok();
    if read.is_none() {
        tracing::warn!(variable, said, "this is a whole number");
    }
    read
}

/// What is asked of machines.
fn demand() -> Demand {
    let mut demand = Demand::default();
    if let Some(cores) = number("DUOTAB_WORKER_CORES") {
        demand.worker.cores = cores;
    }
    demand
}

/// The engines, as the environment wants them. The install's id is filled in by the controller.
fn runtime(dirs: &Dirs) -> RuntimeConfig {
    let wanted = std::env::var("DUOTAB_ENGINE").unwrap_or_default();
    let choice = wanted.parse().unwrap_or_else(|()| {
        tracing::warn!(wanted, "DUOTAB_ENGINE is auto, embedded or docker");
        Choice::Auto
    });
    let mut docker = DockerConfig::new(String::new());
    if let Some(image) = std::env::var("DUOTAB_IMAGE")
        .ok()
        .filter(|it| !it.is_empty())
    {
        docker.image = image;
    }
    RuntimeConfig {
        choice,
        embedded: EmbeddedConfig::new(koneko(), dirs, String::new()),
        docker,
    }
}

/// The embedded engine: beside the app where it was built, `../lib/duotab` where it is installed.
fn koneko() -> PathBuf {
    let app = std::env::current_exe().unwrap_or_default();
    let folder = app.parent().unwrap_or(Path::new("/"));
    let beside = folder.join("koneko");
    if beside.is_file() {
        beside
    } else {
        folder.join("../lib/duotab/koneko")
    }
}

fn build(
    dirs: Dirs,
    controller: Controller,
    orders: mpsc::UnboundedReceiver<ContentOrder>,
) -> tauri::Result<tauri::App<Wry>> {
    let (pictures, wishes) = Pictures::channel();
    crate::with_pictures::<Wry>(controller.clone(), pictures)
        .setup(move |app| Ok(shell::open(app, &dirs, controller, orders, wishes)?))
        .build(crate::context())
}

/// The addresses of the command line. A path of this folder means the same in any other.
fn addresses() -> Vec<String> {
    std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .map(|argument| {
            let file = std::path::Path::new(&argument).canonicalize().ok();
            file.and_then(|file| url::Url::from_file_path(file).ok())
                .map_or(argument, String::from)
        })
        .collect()
}

/// Opens what this command line and those of later starts ask for.
async fn pass_on(
    controller: Controller,
    first: Vec<String>,
    mut later: mpsc::UnboundedReceiver<Start>,
) {
    if !first.is_empty() {
        controller.started_with(first);
    }
    while let Some(start) = later.recv().await {
        controller.second_instance(start.addresses, start.launch);
    }
}

/// Closing the window asks the controller to put everything away; its `Exit` ends the app.
fn on_event(app: &AppHandle, event: &RunEvent, leaving: &Leaving) {
    match event {
        RunEvent::WindowEvent {
            event: tauri::WindowEvent::CloseRequested { api, .. },
            ..
        } => {
            api.prevent_close();
            leaving.begin(app);
        }
        RunEvent::ExitRequested {
            code: None, api, ..
        } => {
            api.prevent_exit();
            leaving.begin(app);
        }
        _ => {}
    }
}

/// How the app ends.
#[derive(Clone)]
struct Leaving {
    controller: Controller,
    ear: Option<AbortHandle>,
}

impl Leaving {
    fn begin(&self, app: &AppHandle) {
        let (app, leaving) = (app.clone(), self.clone());
        tauri::async_runtime::spawn(async move {
            // A page may have something to lose, and the person decide to stay.
            let may = leaving.controller.command(Command::MayQuit).await;
            if may == Err(Problem::Cancelled) {
                return;
            }
            leaving.put_away().await;
            app.exit(1);
        });
    }

    async fn on_signal(self) {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        self.put_away().await;
        std::process::exit(1);
    }

    /// Returns only if that takes too long: the controller's `Exit` comes first.
    async fn put_away(&self) {
        // What is handed over from now on would open in a window that closes.
        if let Some(ear) = &self.ear {
            ear.abort();
        }
        match tokio::time::timeout(LONGEST_END, self.controller.command(Command::Quit)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "closing"),
            Err(_) => tracing::warn!("closing takes long"),
        }
        tokio::time::sleep(LONGEST_END).await;
        tracing::error!("not everything could be put away in time");
    }
}
