//! What Chromium itself would have to say stays out of the picture.

use crate::cdp::Cdp;
use crate::engine::{Engine, LIMIT};
use crate::picture::Viewer;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// The picture is still when no frame has come for so long.
const STILL: Duration = Duration::from_millis(900);

/// How many frames come of a page that gives a file, and does not move otherwise.
async fn frames_of_a_download(browser_args: &[&str]) -> usize {
    let engine = Engine::start(|it| it["browser_args"] = json!(browser_args)).await;
    let (mut viewer, _) = Viewer::connect(&engine).await;
    let mut cdp = Cdp::connect(&engine, &viewer.token.clone()).await;
    let folder = engine.folder.path().join("profile/files");
    let behavior = json!({ "behavior": "allowAndName", "downloadPath": folder });
    cdp.call("Browser.setDownloadBehavior", behavior).await;
    cdp.attach().await;
    cdp.show("<a id=a download=file href='data:application/octet-stream,bytes'>a file</a>")
        .await;
    viewer.until_still(STILL).await;
    cdp.evaluate("a.click()").await;
    let mut frames = viewer.until_still(STILL).await;
    let come = async {
        while !is_there(&folder) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, come).await.expect("a file");
    frames += viewer.until_still(STILL).await;
    frames
}

/// Whether a whole file is in a folder: its name is plain, and a part's is not.
fn is_there(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .into_iter()
        .any(|file| file.path().extension().is_none())
}

#[tokio::test]
async fn a_download_is_no_news_in_the_picture() {
    assert_eq!(frames_of_a_download(&[]).await, 0);
}

#[tokio::test]
async fn without_the_extension_a_download_would_be_seen() {
    assert_ne!(frames_of_a_download(&["--load-extension="]).await, 0);
}
