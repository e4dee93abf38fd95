//! No page gets a word out of the lane that carries picture and input.

use std::collections::HashSet;
use std::path::Path;

use duotab_test_support::Outcome;
use serde_json::json;

use super::{DESK, in_window, stream};
use crate::room::Room;

#[tokio::test]
async fn a_page_that_knocks_at_the_lane_is_shut_out_without_a_word() -> Outcome<()> {
    in_window("us", async |room| {
        stream(room, "/desk", DESK).await?;
        let ports = ports_of_the_app(room)?;
        assert!(!ports.is_empty(), "the app listens nowhere");
        for port in ports {
            for mode in ["streamed", "proxy"] {
                let url = room.site.url(&format!("/knock/{port}"));
                room.shell
                    .invoke(
                        "open_tab",
                        json!({ "input": url, "mode": mode, "background": false }),
                    )
                    .await?
                    .map_err(|problem| format!("{problem}"))?;
                let engine = if mode == "proxy" {
                    "WebKit"
                } else {
                    "Chromium"
                };
                let heard = room
                    .site
                    .told("what the page has heard", |told| {
                        (told["knocked"] == json!(port) && told["engine"] == json!(engine))
                            .then(|| told["heard"].clone())
                    })
                    .await?;
                assert_eq!(heard, json!(["error", "close"]), "{mode} at {port}");
            }
        }
        Ok(())
    })
    .await
}

/// The TCP ports of loopback that the app's own process listens on.
fn ports_of_the_app(room: &Room) -> Outcome<Vec<u16>> {
    let wanted = format!("DUOTAB_DATA_DIR={}\0", room.app.data().display());
    let app = std::fs::read_dir("/proc")?
        .flatten()
        .map(|process| process.path())
        .find(|process| {
            let started = std::fs::read(process.join("environ")).unwrap_or_default();
            std::fs::read_link(process.join("exe"))
                .is_ok_and(|exe| exe == Path::new(env!("CARGO_BIN_EXE_duotab")))
                && String::from_utf8_lossy(&started).contains(&wanted)
        })
        .ok_or("no process of the app")?;
    let sockets: HashSet<String> = std::fs::read_dir(app.join("fd"))?
        .flatten()
        .filter_map(|descriptor| std::fs::read_link(descriptor.path()).ok())
        .filter_map(|target| {
            let target = target.to_str()?.strip_prefix("socket:[")?;
            Some(target.trim_end_matches(']').to_owned())
        })
        .collect();
    // Of each line: local address, state (0A listens), inode.
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    Ok(table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.get(3) == Some(&"0A"))
        .filter(|fields| fields.get(9).is_some_and(|inode| sockets.contains(*inode)))
        .filter_map(|fields| u16::from_str_radix(fields.get(1)?.split_once(':')?.1, 16).ok())
        .collect())
}
