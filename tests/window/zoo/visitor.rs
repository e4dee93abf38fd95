//! Who visits the zoo: the app's window, or the engine alone.

use std::path::{Path, PathBuf};

use duotab_test_support::{App, Display, Outcome, Shell, Zoo};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::room::start;

/// A browser with one tab for all visits.
pub(crate) trait Visitor: Sized {
    /// Its name in what is told.
    const NAME: &'static str;

    /// With nothing kept from before.
    async fn open() -> Outcome<Self>;

    /// Goes to an address of the zoo.
    async fn visit(&self, zoo: &Zoo, url: &str) -> Outcome<()>;

    /// Clicks into the middle of the page.
    async fn click(&self) -> Outcome<()>;

    /// Where its downloads go.
    fn downloads(&self) -> PathBuf;

    /// Ends it.
    async fn close(self) -> Outcome<()>;
}

const DOWNLOADS: &str = "downloads";

/// Says that downloads go into a folder of this one.
fn keep_downloads(config: &Path) -> Outcome<()> {
    let folder = config.join(DOWNLOADS);
    std::fs::create_dir_all(&folder)?;
    let line = format!("XDG_DOWNLOAD_DIR=\"{}\"\n", folder.display());
    Ok(std::fs::write(config.join("user-dirs.dirs"), line)?)
}

/// A Proxy tab of the app.
pub(crate) struct Window {
    shell: Shell,
    tab: Value,
    app: App,
    config: TempDir,
    display: Display,
}

impl Window {
    /// The shell's page.
    pub(crate) fn shell(&self) -> &Shell {
        &self.shell
    }

    /// The app and its data.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Ends the app, and starts it again with what it has left.
    pub(crate) async fn again(self) -> Outcome<Self> {
        self.shell.close().await?;
        Self::on(self.display, self.app, self.config, None).await
    }

    async fn on(
        display: Display,
        app: App,
        config: TempDir,
        address: Option<&str>,
    ) -> Outcome<Self> {
        keep_downloads(config.path())?;
        let place = config.path().display().to_string();
        let mut start = start(&display).variable("XDG_CONFIG_HOME", place);
        if let Some(address) = address {
            start = start.argument(address);
        }
        let shell = app.open(&start).await?;
        let tab = shell
            .until("document.querySelector('[role=tab][aria-selected=true]')?.dataset.tab")
            .await?;
        let tab = tab.as_str().and_then(|tab| tab.parse::<u32>().ok());
        Ok(Self {
            shell,
            tab: json!(tab.ok_or("no tab")?),
            app,
            config,
            display,
        })
    }
}

impl Visitor for Window {
    const NAME: &'static str = "window";

    async fn open() -> Outcome<Self> {
        let display = Display::start(1000, 700).await?;
        let (app, config) = (App::new()?, tempfile::tempdir()?);
        Self::on(display, app, config, Some("about:blank")).await
    }

    async fn visit(&self, _: &Zoo, url: &str) -> Outcome<()> {
        let navigate = json!({ "tab": self.tab, "input": url });
        let gone = self.shell.invoke("navigate", navigate).await?;
        gone.map_err(|problem| format!("{url}: {problem}"))?;
        Ok(())
    }

    async fn click(&self) -> Outcome<()> {
        let [x, y, width, height] = self.shell.content_area(&self.display).await?;
        self.display.click(x + width / 2, y + height / 2, 1).await
    }

    fn downloads(&self) -> PathBuf {
        self.config.path().join(DOWNLOADS)
    }

    async fn close(self) -> Outcome<()> {
        self.shell.close().await
    }
}

/// The engine without the app and its proxy.
pub(crate) struct Bare {
    browser: duotab_test_support::Bare,
    display: Display,
}

impl Visitor for Bare {
    const NAME: &'static str = "bare";

    async fn open() -> Outcome<Self> {
        let display = Display::start(1000, 700).await?;
        let browser = duotab_test_support::Bare::open(&display).await?;
        Ok(Self { browser, display })
    }

    async fn visit(&self, zoo: &Zoo, url: &str) -> Outcome<()> {
        let (number, short) = zoo.short(url);
        // What is typed into a window that is not ready yet is lost.
        for _ in 0..5 {
            self.display.visit(&short).await?;
            if zoo.is_asked(number).await {
                return Ok(());
            }
        }
        Err(format!("{url} was typed in vain").into())
    }

    async fn click(&self) -> Outcome<()> {
        let [x, y, width, height] = self.display.window()?;
        self.display.click(x + width / 2, y + height / 2, 1).await
    }

    fn downloads(&self) -> PathBuf {
        self.browser.home().join(DOWNLOADS)
    }

    async fn close(self) -> Outcome<()> {
        self.browser.close().await
    }
}
