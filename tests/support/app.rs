//! The app itself: the built program on a display, with data of its own.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tempfile::TempDir;
use tokio::process::Command;

use crate::child::{self, Program};
use crate::{Display, Outcome, Shell, within};

/// How often the app is started anew because its port is taken.
const TRIES: usize = 2;
/// What `WebKitGTK` says then.
const PORT_TAKEN: &str = "Failed to start remote inspector server";

/// How an app is started.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    binary: PathBuf,
    display: &'a Display,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// What an app keeps: data and runtime folder. Apps that are given the same one are the same
/// install.
#[derive(Debug)]
pub struct App {
    home: TempDir,
}

impl<'a> Start<'a> {
    /// The program of a test is `env!("CARGO_BIN_EXE_duotab")`.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>, display: &'a Display) -> Self {
        Self {
            binary: binary.into(),
            display,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// With one more argument, such as an address.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With one more variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }
}

impl App {
    /// An install that was never started.
    ///
    /// # Errors
    /// If no folder can be made.
    pub fn new() -> Outcome<Self> {
        let home = tempfile::Builder::new().prefix("duotab").tempdir()?;
        // As root, engines run as another user, who must be able to walk through.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711))?;
        }
        Ok(Self { home })
    }

    /// Where it keeps its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Where its engines run.
    #[must_use]
    pub fn run_folder(&self) -> PathBuf {
        self.home.path().join("run")
    }

    /// The process of the app that runs with this data.
    ///
    /// # Errors
    /// If there is none.
    pub fn pid(&self) -> Outcome<u32> {
        let data = self.data().display().to_string();
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let program = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            if program.trim() == "duotab" && String::from_utf8_lossy(&environment).contains(&data) {
                return Ok(entry.file_name().to_string_lossy().parse()?);
            }
        }
        Err("the app is not there".into())
    }

    /// What it said so far, all starts together.
    ///
    /// # Errors
    /// If it was never started.
    pub fn log(&self) -> Outcome<String> {
        Ok(std::fs::read_to_string(self.home.path().join("log"))?)
    }

    /// Starts it under `WebDriver`, which sees and drives the shell's page.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn open(&self, start: &Start<'_>) -> Outcome<Shell> {
        let mut taken = 0;
        loop {
            let mut driver = child::command("WebKitWebDriver");
            driver.env("TAURI_WEBVIEW_AUTOMATION", "true");
            self.prepare(&mut driver, start)?;
            let shell = Shell::open(driver, &start.binary, &start.arguments).await;
            let Err(error) = shell else { return shell };
            let log = self.log().unwrap_or_default();
            // The driver chooses a free port for the app to listen on, and any connection of
            // another test may be quicker than the app.
            taken += 1;
            if taken > TRIES || log.matches(PORT_TAKEN).count() < taken {
                return Err(format!("{error}; the app said:\n{log}").into());
            }
        }
    }

    /// Starts it as a person does, without `WebDriver`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(&self, start: &Start<'_>) -> Outcome<Running> {
        let mut app = child::command(&start.binary);
        app.args(&start.arguments);
        self.prepare(&mut app, start)?;
        Ok(Running(Program::start(&mut app)?))
    }

    fn prepare(&self, command: &mut Command, start: &Start<'_>) -> Outcome<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.home.path().join("log"))?;
        command
            .env_remove("WAYLAND_DISPLAY")
            .envs(start.display.environment())
            .env("DUOTAB_DATA_DIR", self.data())
            // Whatever engine this machine may have is none of the tests' business.
            .env("DUOTAB_ENGINE", "embedded")
            .env("DUOTAB_RUNTIME_DIR", self.run_folder())
            .env("NO_AT_BRIDGE", "1")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .envs(start.environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log));
        Ok(())
    }
}

/// A started app without `WebDriver`.
#[derive(Debug)]
pub struct Running(Program);

impl Running {
    /// Its process id, while it runs.
    #[must_use]
    pub fn pid(&mut self) -> Option<u32> {
        self.0.child().id()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn ended(&mut self) -> Outcome<ExitStatus> {
        Ok(within("the end of the app", self.0.child().wait()).await??)
    }

    /// Asks it to end, as a session manager does.
    ///
    /// # Errors
    /// If it has ended.
    pub async fn ask_to_end(&mut self) -> Outcome<()> {
        let pid = self.pid().ok_or("it has ended")?.to_string();
        child::run(tokio::process::Command::new("kill").args(["-TERM", &pid])).await
    }

    /// Kills the oldest process of the web engine that the app with this id started: the shell's.
    ///
    /// # Errors
    /// If there is none.
    pub async fn kill_first_web_process(&self, app: u32) -> Outcome<()> {
        let parent = app.to_string();
        let arguments = ["--oldest", "--signal", "KILL", "--parent", &parent];
        let mut kill = child::command("pkill");
        child::run(kill.args(arguments).arg("WebKitWebProces")).await
    }

    /// Kills it without warning.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub async fn kill(&mut self) -> Outcome<()> {
        Ok(self.0.child().kill().await?)
    }
}

/// The folder of the workspace, where `target` is.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
