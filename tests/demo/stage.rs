//! Where the demo plays: the app in its window, on a private display.

use duotab_test_support::app::Start;
use duotab_test_support::{App, Colour, Display, Outcome, ProbeSite, Shell};
use serde_json::json;

use crate::site::{HOME, pages};

/// What coding and decoding may do to a flat colour.
const CODED: u8 = 8;

/// All of it. Dropped in this order.
pub(crate) struct Stage {
    pub(crate) shell: Shell,
    _app: App,
    site: ProbeSite,
    pub(crate) display: Display,
}

impl Stage {
    /// A new install, its window open.
    pub(crate) async fn open(
        (width, height): (u16, u16),
        variables: &[(&str, String)],
    ) -> Outcome<Self> {
        let display = Display::start(width, height).await?;
        let site = ProbeSite::with(pages()).await?;
        let app = App::new()?;
        let start = variables.iter().fold(
            Start::new(env!("CARGO_BIN_EXE_duotab"), &display),
            |start, (name, value)| start.variable(name, value),
        );
        Ok(Self {
            shell: app.open(&start).await?,
            _app: app,
            site,
            display,
        })
    }

    /// Types the address of the site's home page.
    pub(crate) async fn go_home(&self) -> Outcome<()> {
        self.display.press("ctrl+l").await?;
        self.shell
            .until("document.activeElement?.dataset.testid === 'address'")
            .await?;
        self.display.write(&self.site.url("/")).await?;
        self.display.press("Return").await?;
        self.shows(HOME).await
    }

    /// Waits for the page with this band at the top of the content area.
    pub(crate) async fn shows(&self, band: Colour) -> Outcome<()> {
        let [x, y, width, _] = self.shell.content_area(&self.display).await?;
        self.display
            .until(&format!("the page with the band {band:?}"), |picture| {
                [x + 4, x + width - 20]
                    .into_iter()
                    .all(|x| picture.is(x, y + 6, band, CODED))
            })
            .await?;
        Ok(())
    }

    /// Toggles the tab by its switch.
    pub(crate) async fn toggle(&self, mode: &str) -> Outcome<()> {
        self.shell
            .click(&format!("[data-testid=mode-toggle-{mode}]"))
            .await
    }

    /// Waits for the live picture of the home page.
    pub(crate) async fn live(&self) -> Outcome<()> {
        self.shell
            .until("document.querySelector('[data-testid=content][data-shows=live]')")
            .await?;
        self.shows(HOME).await
    }

    /// A place on the button of a page, which has the colour of its band and stands below it.
    pub(crate) async fn button(&self, band: Colour) -> Outcome<(u32, u32)> {
        let [x, y, width, height] = self.shell.content_area(&self.display).await?;
        let picture = self.display.look()?;
        let found = (y + 90..y + height)
            .flat_map(|y| (x..x + width).map(move |x| (x, y)))
            .find(|(x, y)| {
                picture.is(*x, *y, band, CODED) && picture.is(x + 40, y + 8, band, CODED)
            });
        let (x, y) = found.ok_or("no button")?;
        Ok((x + 40, y + 8))
    }

    /// Waits until the button is somewhere else: the page has another layout.
    pub(crate) async fn button_moves(&self, (x, y): (u32, u32), band: Colour) -> Outcome<()> {
        self.display
            .until("the button at another place", |picture| {
                !picture.is(x, y, band, CODED)
            })
            .await?;
        Ok(())
    }

    /// Clicks the button of a page.
    pub(crate) async fn click_button(&self, band: Colour) -> Outcome<()> {
        let (x, y) = self.button(band).await?;
        self.display.click(x, y, 1).await
    }

    /// Closes the app in good order.
    pub(crate) async fn close(self) -> Outcome<()> {
        // The session with the shell breaks when the app goes.
        let _ = self.shell.invoke("quit", json!({})).await;
        let _ = self.shell.close().await;
        Ok(())
    }
}
