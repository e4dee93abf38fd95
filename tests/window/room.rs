//! What a test of the window needs: a display, a site, an app.

use axum::Router;
use duotab_test_support::app::Start;
use duotab_test_support::{App, Colour, Display, Outcome, Picture, ProbeSite, Shell};

pub(crate) const RED: Colour = [0xcc, 0x11, 0x22];
pub(crate) const BLUE: Colour = [0x11, 0x22, 0xcc];

/// All of it. Dropped in this order.
pub(crate) struct Room {
    pub(crate) shell: Shell,
    pub(crate) app: App,
    pub(crate) site: ProbeSite,
    pub(crate) display: Display,
}

impl Room {
    /// A new install in a window, with no page open yet.
    pub(crate) async fn open() -> Outcome<Self> {
        let display = Display::start(1280, 800).await?;
        let site = ProbeSite::start().await?;
        let app = App::new()?;
        let shell = app.open(&start(&display)).await?;
        Ok(Self {
            shell,
            app,
            site,
            display,
        })
    }

    /// A smaller window that begins with a page of a site that has these pages besides.
    pub(crate) async fn on(pages: Router, path: &str) -> Outcome<Self> {
        let display = Display::start(1000, 700).await?;
        let site = ProbeSite::with(pages).await?;
        let app = App::new()?;
        let shell = app.open(&start(&display).argument(site.url(path))).await?;
        Ok(Self {
            shell,
            app,
            site,
            display,
        })
    }

    /// Opens a tab on a path of the site and waits for its title.
    pub(crate) async fn open_tab(&self, path: &str) -> Outcome<()> {
        let url = self.site.url(path);
        self.shell
            .invoke(
                "open_tab",
                serde_json::json!({ "input": url, "mode": "proxy", "background": false }),
            )
            .await?
            .map_err(|problem| format!("{problem}"))?;
        Ok(())
    }

    /// Where the middle of a part of the shell is on the screen.
    pub(crate) async fn middle_of(&self, selector: &str) -> Outcome<[u32; 2]> {
        let middle = self
            .shell
            .value(&format!(
                "(() => {{ const {{ x, y, width, height }} =
                    document.querySelector('{selector}').getBoundingClientRect();
                return [x + width / 2, y + height / 2].map(Math.round); }})()"
            ))
            .await?;
        let [left, top]: [u32; 2] = serde_json::from_value(middle)?;
        let [x, y, ..] = self.display.window()?;
        Ok([x + left, y + top])
    }

    /// Waits until the content area is filled with `colour`, edge to edge.
    pub(crate) async fn filled(&self, what: &str, colour: Colour) -> Outcome<[u32; 4]> {
        self.shell
            .until_shown(&self.display, what, |picture, area| {
                fills(picture, area, colour)
            })
            .await
    }

    /// Waits until the middle of the content area has about this colour, as a live picture does.
    pub(crate) async fn shown(&self, what: &str, colour: Colour) -> Outcome<[u32; 4]> {
        self.shell
            .until_shown(&self.display, what, |picture, [x, y, width, height]| {
                picture.is(x + width / 2, y + height / 2, colour, 16)
            })
            .await
    }
}

/// The app of this test run.
pub(crate) fn start(display: &Display) -> Start<'_> {
    Start::new(env!("CARGO_BIN_EXE_duotab"), display)
}

/// Whether `colour` is in the area's corners and middle, and not above it.
pub(crate) fn fills(picture: &Picture, area: [u32; 4], colour: Colour) -> bool {
    let [x, y, width, height] = area;
    let (right, bottom) = (x + width - 3, y + height - 3);
    let inside = [
        (x + 2, y + 2),
        (right, y + 2),
        (x + 2, bottom),
        (right, bottom),
        (x + width / 2, y + height / 2),
    ];
    inside.into_iter().all(|(x, y)| picture.is(x, y, colour, 2))
        && !picture.is(x + width / 2, y.saturating_sub(4), colour, 2)
}
