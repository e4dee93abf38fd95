//! Printing a page of a Proxy tab.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use duotab_test_support::probe::page;
use duotab_test_support::{App, Display, Outcome, ProbeSite, within};

use crate::room::{RED, fills, start};

/// Waits for a whole PDF somewhere below a folder.
async fn printed(folder: &Path) -> Outcome<PathBuf> {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    within("a printed page", async {
        loop {
            ticks.tick().await;
            let found = std::process::Command::new("find")
                .arg(folder)
                .args(["-name", "*.pdf"])
                .output()?;
            let found = String::from_utf8(found.stdout)?;
            for path in found.lines().map(PathBuf::from) {
                let bytes = std::fs::read(&path)?;
                if bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF") {
                    return Outcome::Ok(path);
                }
            }
        }
    })
    .await?
}

/// The web process that draws the pages is in the sandbox, and the dialog is not.
#[tokio::test]
async fn a_proxied_page_is_printed_by_the_desktop_s_own_dialog() -> Outcome<()> {
    let display = Display::start(1000, 700).await?;
    // A page without words has no sheet to print.
    let words = get(async || page("Words", "<body style='background: #cc1122'>To be printed"));
    let site = ProbeSite::with(Router::new().route("/words", words)).await?;
    let (app, home) = (App::new()?, tempfile::tempdir()?);
    // Without a printer, GTK offers a file in the folder for documents.
    let documents = format!("XDG_DOCUMENTS_DIR=\"{}\"\n", home.path().display());
    std::fs::write(home.path().join("user-dirs.dirs"), documents)?;
    let begin = start(&display)
        .argument(site.url("/words"))
        .variable("XDG_CONFIG_HOME", home.path().display().to_string());
    let shell = app.open(&begin).await?;
    shell
        .until_shown(&display, "the page", |picture, area| {
            fills(picture, area, RED)
        })
        .await?;
    let main = display.window()?;
    display.press("ctrl+p").await?;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    within("the dialog", async {
        // Between the two, none has the focus.
        while !display.window().is_ok_and(|now| now != main) {
            ticks.tick().await;
        }
    })
    .await?;
    // The only one in the list.
    let [x, y, width, _] = display.window()?;
    display.click(x + width / 8, y + 86, 1).await?;
    display.press("Return").await?;
    printed(home.path()).await?;
    shell.close().await
}
