//! No page, and no webview but the shell's, reaches a command.

use serde_json::{Value, json};

use crate::app::SHELL;
use crate::home::Home;

/// Every command that the app has.
fn commands() -> Vec<&'static str> {
    let listed = include_str!("../../src-tauri/app/lib.rs");
    let commands: Vec<&str> = listed
        .split("commands::")
        .skip(1)
        .filter_map(|rest| rest.split(',').next())
        .collect();
    assert!(commands.len() >= 19, "{commands:?}");
    commands
}

fn is_refused(answer: &Result<Value, Value>) -> bool {
    matches!(answer, Err(Value::String(said)) if said.contains("not allowed"))
}

#[tokio::test]
async fn a_page_of_another_origin_reaches_no_command_even_in_the_shells_own_webview() {
    let home = Home::new();
    let app = home.app().await;
    for origin in [
        "http://127.0.0.1:8080/",
        "https://localhost/",
        "https://tauri.localhost/",
        "tauri://elsewhere/",
        "file:///etc/hosts",
        "about:blank",
    ] {
        for command in commands() {
            let answer = app
                .ask_as(app.shell(), origin, command, json!({ "tab": 1 }))
                .await;
            assert!(is_refused(&answer), "{command} from {origin}: {answer:?}");
        }
    }
    app.quit().await;
}

#[tokio::test]
async fn another_webview_reaches_no_command_wherever_its_page_comes_from() {
    let home = Home::new();
    let app = home.app().await;
    for label in ["tab-1", "main", "shell2", "shel"] {
        let webview = app.other_webview(label);
        for origin in [SHELL, "http://127.0.0.1:8080/"] {
            for command in commands() {
                let answer = app
                    .ask_as(&webview, origin, command, json!({ "tab": 1 }))
                    .await;
                assert!(is_refused(&answer), "{command} from {label}: {answer:?}");
            }
        }
    }
    app.quit().await;
}

#[tokio::test]
async fn the_shell_reaches_no_command_of_tauri_itself() {
    let home = Home::new();
    let app = home.app().await;
    for command in [
        "plugin:window|close",
        "plugin:webview|create_webview_window",
        "plugin:event|listen",
        "plugin:path|resolve_directory",
        "plugin:app|version",
    ] {
        let answer = app.ask_as(app.shell(), SHELL, command, json!({})).await;
        assert!(is_refused(&answer), "{command}: {answer:?}");
    }
    app.quit().await;
}
