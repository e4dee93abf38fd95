//! The app in its window, on a private display, with a content area of exactly 1280x720.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use duotab_test_support::app::{Start, workspace};
use duotab_test_support::{App, Colour, Display, Outcome, ProbeSite, Shell};
use serde_json::json;

use crate::eye::{Eye, Hand, Place};
use crate::load::{Family, Group};
use crate::site::{self, ELSEWHERE};

/// A cold start on a loaded machine.
const LIMIT: Duration = Duration::from_secs(40);
/// Nothing moves any more after that.
const QUIET: Duration = Duration::from_millis(300);

/// All of it. Dropped in this order.
pub(crate) struct Room {
    pub(crate) shell: Shell,
    pub(crate) eye: Eye,
    pub(crate) app: App,
    pub(crate) display: Display,
    /// The middle of the content area.
    pub(crate) middle: Place,
}

impl Room {
    /// Ends the app, and its engine with it.
    pub(crate) async fn close(self) -> Outcome<()> {
        // The session with the shell breaks when the app goes.
        let _ = self.shell.invoke("quit", json!({})).await;
        let _ = self.shell.close().await;
        Ok(())
    }

    /// A new install, its window open and settled.
    pub(crate) async fn open(variables: &[(&str, &str)]) -> Outcome<Self> {
        let display = Display::start(1280, 900).await?;
        let app = App::new()?;
        let mut start = Start::new(env!("CARGO_BIN_EXE_duotab"), &display);
        for (name, value) in variables {
            start = start.variable(name, *value);
        }
        let shell = app.open(&start).await?;
        let eye = Eye::open(display.name())?;
        let mut room = Self {
            shell,
            eye,
            app,
            display,
            middle: (0, 0),
        };
        room.settle_size().await?;
        Ok(room)
    }

    async fn settle_size(&mut self) -> Outcome<()> {
        let [_, _, width, height] = self.shell.content_area(&self.display).await?;
        let window: [u32; 2] =
            serde_json::from_value(self.shell.value("[innerWidth, innerHeight]").await?)?;
        let [wide, high] = [window[0] + 1280 - width, window[1] + 720 - height];
        self.display.resize(wide, high).await?;
        self.shell
            .until(
                "(() => {
                    const area = document.querySelector('[data-testid=content]')
                        .getBoundingClientRect();
                    return Math.round(area.width) === 1280 && Math.round(area.height) === 720;
                })()",
            )
            .await?;
        tokio::task::block_in_place(|| self.stands_still([wide, high]))?;
        let [x, y, width, height] = self.shell.content_area(&self.display).await?;
        self.middle = (
            i16::try_from(x + width / 2)?,
            i16::try_from(y + height / 2)?,
        );
        Ok(())
    }

    /// Waits until the window has its size, and nothing on the screen has changed for a while.
    fn stands_still(&self, size: [u32; 2]) -> Outcome<()> {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            let quiet = self.eye.wait(Instant::now() + QUIET)?.is_none();
            let [.., width, height] = self.display.window()?;
            if quiet && [width, height] == size {
                return Ok(());
            }
        }
        Err("the window does not stand still".into())
    }

    /// Opens a tab on a page, in the desktop's own engine, and waits for it.
    pub(crate) async fn open_proxied(&self, url: &str) -> Outcome<()> {
        self.open_tab(url, "proxy").await?;
        self.see("the page in the desktop's engine", ELSEWHERE)?;
        Ok(())
    }

    /// Opens a tab on a page, streamed, and waits for a colour.
    pub(crate) async fn open_streamed(&self, url: &str, colour: Colour) -> Outcome<Instant> {
        self.open_tab(url, "streamed").await?;
        self.see("the streamed page", colour)
    }

    async fn open_tab(&self, url: &str, mode: &str) -> Outcome<()> {
        let input = json!({ "input": url, "mode": mode, "background": false });
        let opened = self.shell.invoke("open_tab", input).await?;
        opened.map(drop).map_err(|it| it.to_string().into())
    }

    pub(crate) fn see(&self, what: &str, colour: Colour) -> Outcome<Instant> {
        let seen = tokio::task::block_in_place(|| self.eye.until(what, self.middle, colour, LIMIT));
        seen.map_err(|error| {
            let picture = workspace().join("target/failed/bench.png");
            let saved = self.display.look().and_then(|it| it.save(&picture));
            let log = self.app.log().unwrap_or_default();
            let last: Vec<&str> = log.lines().rev().take(5).collect();
            let picture = picture.display();
            format!("{error}; the screen is in {picture} ({saved:?}); the app says {last:#?}")
                .into()
        })
    }

    /// Clicks a side of the mode toggle as a person does; the moment before.
    pub(crate) async fn toggle(&self, mode: &str) -> Outcome<Instant> {
        let [x, y]: [u32; 2] = serde_json::from_value(
            self.shell
                .value(&format!(
                    "(() => {{
                        const at = document.querySelector('[data-testid=mode-toggle-{mode}]')
                            .getBoundingClientRect();
                        return [at.x + at.width / 2, at.y + at.height / 2].map(Math.round);
                    }})()"
                ))
                .await?,
        )?;
        let [left, top, ..] = self.display.window()?;
        let place = (i16::try_from(left + x)?, i16::try_from(top + y)?);
        self.eye.point(place)?;
        let began = self.eye.press(Hand::Button)?;
        self.eye.let_go(Hand::Button)?;
        Ok(began)
    }

    /// From the click on the toggle until this colour stands in the content area.
    pub(crate) async fn toggled(&self, colour: Colour) -> Outcome<Duration> {
        let began = self.toggle("streamed").await?;
        Ok(self.see("the streamed page", colour)? - began)
    }

    /// Back to the desktop's own engine.
    pub(crate) async fn toggle_back(&self) -> Outcome<()> {
        self.toggle("proxy").await?;
        self.see("the page in the desktop's engine", ELSEWHERE)?;
        Ok(())
    }

    /// The folder of everything that the app keeps.
    pub(crate) fn home(&self) -> PathBuf {
        let data = self.app.data();
        data.parent().map_or_else(|| data.clone(), Path::to_owned)
    }

    /// The app, its web processes, and its engine.
    pub(crate) fn family(&self) -> Outcome<Family> {
        let mark = format!("DUOTAB_DATA_DIR={}", self.app.data().display());
        let mut roots = Vec::new();
        for entry in std::fs::read_dir("/proc")? {
            let path = entry?.path();
            let ours = std::fs::read(path.join("environ"))
                .is_ok_and(|it| String::from_utf8_lossy(&it).contains(&mark));
            let command = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
            if ours
                && command.trim() == "duotab"
                && let Some(pid) = path.file_name().and_then(|it| it.to_str())
            {
                roots.push(pid.parse()?);
            }
        }
        if roots.is_empty() {
            return Err("the app is not to be found".into());
        }
        Ok(Family::new(roots, &self.home()))
    }

    /// Waits until the engine sleeps. The system tells nobody when a process is stopped.
    pub(crate) async fn asleep(&self) -> Outcome<()> {
        let family = self.family()?;
        let end = Instant::now() + LIMIT;
        while !family.sleeps()? {
            if Instant::now() > end {
                return Err("the engine does not sleep".into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// An eye on the engine's own display.
    pub(crate) fn engine_eye(&self) -> Outcome<Eye> {
        let browser = self.family()?.pids(Group::Chromium)?;
        let number = browser
            .iter()
            .filter_map(|pid| std::fs::read(format!("/proc/{pid}/environ")).ok())
            .find_map(|it| {
                String::from_utf8_lossy(&it)
                    .split('\0')
                    .find_map(|it| it.strip_prefix("DISPLAY=:")?.parse().ok())
            })
            .ok_or("no engine with a display")?;
        Eye::open_private(number, &self.engine_file("Xauthority")?)
    }

    /// A file in the engine's folder.
    pub(crate) fn engine_file(&self, name: &str) -> Outcome<PathBuf> {
        std::fs::read_dir(self.app.run_folder())?
            .filter_map(|it| Some(it.ok()?.path().join(name)))
            .find(|it| it.exists())
            .ok_or_else(|| format!("the engine has no {name}").into())
    }
}

/// A streamed tab on a page of the site that is a single colour.
pub(crate) fn coloured(site: &ProbeSite, colour: Colour) -> String {
    site.url(&format!("/in/{}", site::hex(colour)))
}
