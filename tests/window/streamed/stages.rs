//! From the toggle to the picture: the stages, the way out, and a problem.

use duotab_test_support::Outcome;
use serde_json::json;

use super::{DESK, engine, in_window, in_window_with, live};

/// Notes what the content area shows, each time that it changes.
const WATCH: &str = "(() => {
    window.seen = [];
    const look = () => {
        const stages = document.querySelector('[data-testid=stages]');
        const shows = document.querySelector('[data-testid=content]').dataset.shows;
        const now = stages ? stages.dataset.stage : shows;
        if (now !== window.seen.at(-1)) window.seen.push(now);
    };
    new MutationObserver(look).observe(document,
        { subtree: true, childList: true, attributes: true });
    look();
    return true;
})()";

#[tokio::test]
async fn the_stages_go_by_in_order_and_end_in_the_picture() -> Outcome<()> {
    in_window("us", async |room| {
        room.open_tab("/desk").await?;
        room.filled("the page in Proxy", DESK).await?;
        room.shell.value(WATCH).await?;
        room.shell
            .click("[data-testid=mode-toggle-streamed]")
            .await?;
        live(room, "the live picture", DESK).await?;
        let seen = room.shell.value("window.seen").await?;
        let without = |left_out: &[&str]| {
            let mut stages = vec!["page", "placing", "starting", "connecting", "live"];
            stages.retain(|stage| !left_out.contains(stage));
            json!(stages)
        };
        // A place is found within milliseconds, and what is over before it can be drawn is not drawn.
        assert!(
            seen == without(&[]) || seen == without(&["placing"]),
            "{seen}"
        );
        room.shell.find("[data-testid=node]").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn cancelled_while_it_starts_the_tab_is_in_proxy_and_nothing_is_left() -> Outcome<()> {
    in_window("us", async |room| {
        room.open_tab("/desk").await?;
        room.filled("the page in Proxy", DESK).await?;
        room.shell
            .click("[data-testid=mode-toggle-streamed]")
            .await?;
        room.shell
            .until(
                "(() => {
                    if (!document.querySelector('[data-testid=stages][data-stage=starting]'))
                        return false;
                    document.querySelector('[data-testid=cancel-stream]').click();
                    return true;
                })()",
            )
            .await?;
        room.shell
            .until("document.querySelector('[role=tab][aria-selected=true][data-mode=proxy]')")
            .await?;
        room.filled("the page in Proxy again", DESK).await?;
        engine::gone(&room.app).await?;

        // And it can be had all the same.
        room.display.press("ctrl+shift+m").await?;
        live(room, "the live picture", DESK).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn without_chromium_the_problem_says_so_and_offers_the_way_back() -> Outcome<()> {
    let programs = without_chromium()?;
    let path = programs.path().display().to_string();
    in_window_with("us", &[("PATH", path)], async |room| {
        room.open_tab("/desk").await?;
        room.filled("the page in Proxy", DESK).await?;
        room.shell
            .click("[data-testid=mode-toggle-streamed]")
            .await?;
        room.shell
            .until("document.querySelector('[data-testid=problem]').innerText.includes('Chromium')")
            .await?;
        assert!(engine::processes(&room.app).is_empty());
        room.shell
            .find("[data-testid=problem-action-retry]")
            .await?;
        room.shell
            .click("[data-testid=problem-action-proxy]")
            .await?;
        room.filled("the page in Proxy again", DESK).await?;
        Ok(())
    })
    .await
}

/// A folder with all programs of this machine but the browsers.
fn without_chromium() -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for place in ["/bin", "/usr/bin", "/usr/local/bin"] {
        for program in std::fs::read_dir(place).into_iter().flatten().flatten() {
            let name = program.file_name();
            let browser = ["chrom", "google-chrome"];
            let named = name.to_string_lossy();
            if !browser.iter().any(|browser| named.starts_with(browser)) {
                // Some names stand in several places.
                let _ = std::os::unix::fs::symlink(program.path(), folder.path().join(name));
            }
        }
    }
    Ok(folder)
}
