//! The main job, played by itself: open a page, toggle it, click a link in the live picture, fill
//! in a form there, toggle back. Pictures and times are left in `target/demo/`.

#![allow(missing_docs)]

mod album;
mod site;
mod stage;

use std::time::Instant;

use duotab_test_support::Outcome;
use serde_json::json;

use album::Album;
use site::{ANSWER, HOME, ORDER};
use stage::Stage;

#[tokio::test]
#[ignore = "`make demo` plays it"]
async fn the_main_job_plays_by_itself() -> Outcome<()> {
    let mut album = Album::open()?;
    main_job(&mut album).await?;
    other_looks(&mut album).await?;
    album.close()
}

async fn main_job(album: &mut Album) -> Outcome<()> {
    let stage = album
        .step("start → window", async {
            let stage = Stage::open((1280, 800), &[]).await?;
            stage.shell.find("[data-testid=new-tab-view]").await?;
            settle(&stage).await?;
            Ok(stage)
        })
        .await?;
    album.picture(&stage.display, "new-tab")?;
    album
        .step("address → page in Proxy", stage.go_home())
        .await?;
    stage
        .shell
        .until("document.querySelector('[data-testid=tab-title]').textContent === 'Harbour Bakery'")
        .await?;
    settle(&stage).await?;
    album.picture(&stage.display, "proxy")?;

    let toggled = Instant::now();
    stage.toggle("streamed").await?;
    stage
        .shell
        .until("document.querySelector('[data-testid=stages][data-stage=starting]')")
        .await?;
    under_way(&stage).await?;
    album.picture(&stage.display, "stages")?;
    stage.live().await?;
    album.note("toggle → live picture, cold", toggled.elapsed());
    settle(&stage).await?;
    album.picture(&stage.display, "streamed")?;

    let link = async {
        stage.click_button(HOME).await?;
        stage.shows(ORDER).await
    };
    album.step("link clicked → next page", link).await?;
    album.picture(&stage.display, "link")?;

    let typing = async {
        stage.display.write("Ada ").await?;
        // What no key makes, as an input method brings it.
        stage
            .shell
            .value(
                "document.querySelector('[data-testid=live-field]').dispatchEvent(
                    new InputEvent('input', { inputType: 'insertText', data: 'Groß 🥖' }))",
            )
            .await?;
        stage.display.press("Return").await?;
        stage.shows(ANSWER).await?;
        let title = "document.querySelector('[role=tab][aria-selected=true] \
            [data-testid=tab-title]').textContent === 'Thank you, Ada Groß 🥖'";
        stage.shell.until(title).await
    };
    album.step("form filled in → answer", typing).await?;
    album.picture(&stage.display, "answer")?;

    let back = async {
        stage.shell.click("[data-testid=back]:enabled").await?;
        stage.shows(ORDER).await?;
        stage.shell.click("[data-testid=back]:enabled").await?;
        stage.shows(HOME).await
    };
    album.step("back, twice", back).await?;

    let proxy = async {
        stage.toggle("proxy").await?;
        stage
            .shell
            .until("document.querySelector('[data-testid=content][data-shows=page]')")
            .await?;
        stage.shows(HOME).await
    };
    album.step("toggle → page in Proxy", proxy).await?;
    album.picture(&stage.display, "proxy-again")?;

    let again = async {
        stage.toggle("streamed").await?;
        stage.live().await
    };
    album
        .step("toggle → live picture, from suspended", again)
        .await?;
    stage.close().await
}

/// The dark look, a narrow window, and a machine that lacks Chromium.
async fn other_looks(album: &mut Album) -> Outcome<()> {
    let programs = without_chromium()?;
    let variables = [
        ("PATH", programs.path().display().to_string()),
        ("GTK_THEME", "Adwaita:dark".to_owned()),
    ];
    let stage = Stage::open((1280, 800), &variables[..1]).await?;
    stage.go_home().await?;
    stage.toggle("streamed").await?;
    stage.shell.find("[data-testid=problem]").await?;
    settle(&stage).await?;
    album.picture(&stage.display, "problem")?;
    stage.close().await?;

    let stage = Stage::open((1280, 800), &variables[1..]).await?;
    settle(&stage).await?;
    album.picture(&stage.display, "dark-new-tab")?;
    stage.go_home().await?;
    stage.toggle("streamed").await?;
    stage
        .shell
        .until("document.querySelector('[data-testid=stages][data-stage=starting]')")
        .await?;
    under_way(&stage).await?;
    album.picture(&stage.display, "dark-stages")?;
    stage.live().await?;
    album.picture(&stage.display, "dark-streamed")?;
    let button = stage.button(HOME).await?;
    stage.display.resize(520, 640).await?;
    stage.shell.until("innerWidth === 520").await?;
    stage
        .shell
        .until("+document.querySelector('[data-testid=live-canvas]').dataset.width === 520")
        .await?;
    stage.shows(HOME).await?;
    stage.button_moves(button, HOME).await?;
    album.picture(&stage.display, "dark-narrow")?;
    stage
        .shell
        .invoke(
            "open_tab",
            json!({ "input": null, "mode": null, "background": false }),
        )
        .await?
        .map_err(|problem| format!("{problem}"))?;
    stage.shell.find("[data-testid=new-tab-view]").await?;
    settle(&stage).await?;
    album.picture(&stage.display, "dark-narrow-new-tab")?;
    stage.close().await
}

/// Waits until a start has taken some time, or is over.
async fn under_way(stage: &Stage) -> Outcome<()> {
    stage
        .shell
        .until(
            "(() => {
                const now = document.querySelector('[data-testid=stage-starting]');
                return now?.dataset.state !== 'current' || now.innerText.includes('0.4');
            })()",
        )
        .await?;
    settle(stage).await
}

/// Lets the shell paint what its document says: it draws in its own time, and tells nobody.
async fn settle(stage: &Stage) -> Outcome<()> {
    stage
        .shell
        .client()
        .execute_async(
            "const [done] = arguments;
             requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)));",
            vec![],
        )
        .await?;
    Ok(())
}

/// A folder with all programs of this machine but the browsers.
fn without_chromium() -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for place in ["/bin", "/usr/bin", "/usr/local/bin"] {
        for program in std::fs::read_dir(place).into_iter().flatten().flatten() {
            let name = program.file_name();
            let named = name.to_string_lossy();
            if !named.starts_with("chrom") && !named.starts_with("google-chrome") {
                // Some names stand in several places.
                let _ = std::os::unix::fs::symlink(program.path(), folder.path().join(name));
            }
        }
    }
    Ok(folder)
}
