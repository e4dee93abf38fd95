//! Who visits the zoo: the app's window, or the engine alone.

use duotab_test_support::{App, Display, Outcome, Shell, Zoo};
use serde_json::{Value, json};

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

    /// Ends it.
    async fn close(self) -> Outcome<()>;
}

/// A Proxy tab of the app.
pub(crate) struct Window {
    shell: Shell,
    tab: Value,
    _app: App,
    display: Display,
}

impl Visitor for Window {
    const NAME: &'static str = "window";

    async fn open() -> Outcome<Self> {
        let display = Display::start(1000, 700).await?;
        let app = App::new()?;
        let shell = app.open(&start(&display).argument("about:blank")).await?;
        let tab = shell
            .until("document.querySelector('[role=tab][aria-selected=true]')?.dataset.tab")
            .await?;
        let tab = tab.as_str().and_then(|tab| tab.parse::<u32>().ok());
        Ok(Self {
            shell,
            tab: json!(tab.ok_or("no tab")?),
            _app: app,
            display,
        })
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
        self.browser.visit(&self.display, &zoo.short(url)).await
    }

    async fn click(&self) -> Outcome<()> {
        let [x, y, width, height] = self.display.window()?;
        self.display.click(x + width / 2, y + height / 2, 1).await
    }

    async fn close(self) -> Outcome<()> {
        self.browser.close().await
    }
}
