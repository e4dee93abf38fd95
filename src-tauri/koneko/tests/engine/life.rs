//! Start, failures and the end.

use crate::cdp::Cdp;
use crate::engine::{Engine, LIMIT, gone, tree};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

fn pid(engine: &Engine) -> Pid {
    Pid::from_raw(i32::try_from(engine.pid()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_missing_browser_is_named() {
    let (mut engine, said) =
        Engine::start_until_settled(|it| it["browser"] = json!("/nowhere/chromium"), |_| {}).await;
    assert_eq!(said["failure"], json!({ "cause": "browser_missing" }));
    assert_eq!(engine.ended().await, Some(1));
    let file = std::fs::read_to_string(engine.runtime_dir().join("status.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), said);
}

#[tokio::test]
async fn a_missing_x_server_is_named() {
    let programs = tempfile::tempdir().unwrap();
    for name in ["chromium", "sh", "unshare"] {
        std::os::unix::fs::symlink(format!("/usr/bin/{name}"), programs.path().join(name)).unwrap();
    }
    std::fs::set_permissions(programs.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = programs.path().to_owned();
    let (mut engine, said) = Engine::start_until_settled(
        |_| {},
        |it| {
            it.env("PATH", path);
        },
    )
    .await;
    assert_eq!(
        said["failure"],
        json!({ "cause": "display_server_missing" })
    );
    assert_eq!(engine.ended().await, Some(1));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (mut engine, said) =
        Engine::start_until_settled(|it| it["bind"] = json!(address), |_| {}).await;
    assert_eq!(said["failure"], json!({ "cause": "port_taken" }));
    assert_eq!(engine.ended().await, Some(1));
}

#[tokio::test]
async fn a_profile_in_use_is_named() {
    let first = Engine::start(|_| {}).await;
    let profile = first.folder.path().join("profile");
    let (mut second, said) =
        Engine::start_until_settled(|it| it["profile_dir"] = json!(profile), |_| {}).await;
    assert_eq!(said["failure"], json!({ "cause": "profile_in_use" }));
    assert_eq!(second.ended().await, Some(1));
}

/// Waits until the browser shows its first page: the page control lets nobody in before.
async fn shown(engine: &Engine) {
    let token = engine.login().await;
    Cdp::connect(engine, &token).await;
}

#[tokio::test]
async fn a_kill_leaves_nothing_behind() {
    let mut engine = Engine::start(|_| {}).await;
    shown(&engine).await;
    let all = engine.tree();
    assert!(all.len() > 8, "{all:?}");
    let socket = engine.folder.path().join("profile/SingletonSocket");
    let socket = std::fs::read_link(socket).unwrap();
    kill_process(pid(&engine), Signal::KILL).unwrap();
    engine.ended().await;
    gone(all).await;

    // What nobody could remove then goes when the profile is used again.
    let folder = std::mem::replace(&mut engine.folder, tempfile::tempdir().unwrap());
    let config = crate::engine::config(folder.path());
    let (_again, said) = Engine::start_in(folder, &config, |_| {}).await;
    assert_eq!(said["state"], "ready");
    let place = socket.parent().unwrap();
    assert!(!place.exists(), "{place:?}");
}

/// All programs of this machine but one.
fn programs_without(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    for place in ["/usr/local/bin", "/usr/bin", "/bin"] {
        for program in std::fs::read_dir(place).into_iter().flatten().flatten() {
            if program.file_name() != name {
                let link = folder.path().join(program.file_name());
                // The first of a name counts, as in PATH.
                let _ = std::os::unix::fs::symlink(program.path(), link);
            }
        }
    }
    folder
}

#[tokio::test]
async fn without_bubblewrap_a_kill_leaves_nothing_behind_either() {
    let programs = programs_without("bwrap");
    for asleep in [false, true] {
        let path = programs.path().to_owned();
        let (mut engine, said) = Engine::start_until_settled(
            |_| {},
            |it| {
                it.env("PATH", path);
            },
        )
        .await;
        assert_eq!(said["state"], "ready", "{}", engine.log());
        engine.port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
        let token = engine.login().await;
        let about: Value = reqwest::Client::new()
            .get(engine.url("/api/koneko"))
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(about["fence"], "keeper");
        assert_ne!(about["sandbox"], "none");
        if asleep {
            assert_eq!(engine.post(&token, "/api/koneko/suspend").await, 204);
        }
        let all = engine.tree();
        kill_process(pid(&engine), Signal::KILL).unwrap();
        engine.ended().await;
        gone(all).await;
    }
}

#[tokio::test]
async fn without_bubblewrap_it_ends_well_too() {
    let programs = programs_without("bwrap");
    let path = programs.path().to_owned();
    let (mut engine, said) = Engine::start_until_settled(
        |_| {},
        |it| {
            it.env("PATH", path);
        },
    )
    .await;
    assert_eq!(said["state"], "ready", "{}", engine.log());
    let all = engine.tree();
    kill_process(pid(&engine), Signal::TERM).unwrap();
    assert_eq!(engine.ended().await, Some(0));
    gone(all).await;
}

#[tokio::test]
async fn a_kill_in_its_sleep_leaves_nothing_behind() {
    let mut engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    assert_eq!(engine.post(&token, "/api/koneko/suspend").await, 204);
    let all = engine.tree();
    kill_process(pid(&engine), Signal::KILL).unwrap();
    engine.ended().await;
    gone(all).await;
}

#[tokio::test]
async fn told_to_end_it_ends_well_and_the_profile_is_free_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut engine = Engine::start(|_| {}).await;
        let all = engine.tree();
        kill_process(pid(&engine), signal).unwrap();
        assert_eq!(engine.ended().await, Some(0), "{}", engine.log());
        gone(all).await;
        let folder = std::mem::replace(&mut engine.folder, tempfile::tempdir().unwrap());
        let config = crate::engine::config(folder.path());
        let (_again, said) = Engine::start_in(folder, &config, |_| {}).await;
        assert_eq!(said["state"], "ready");
    }
}

#[tokio::test]
async fn shut_down_by_its_api_it_ends_well() {
    let mut engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    assert_eq!(engine.post(&token, "/api/koneko/shutdown").await, 204);
    assert_eq!(engine.ended().await, Some(0));
}

#[tokio::test]
async fn it_says_so_when_the_browser_ends() {
    let mut engine = Engine::start(|_| {}).await;
    let token = engine.login().await;
    let mut cdp = crate::cdp::Cdp::connect(&engine, &token).await;
    cdp.call("Browser.close", json!({})).await;
    let said = engine.next_status().await;
    assert_eq!(said["state"], "failed");
    assert_eq!(said["failure"]["cause"], "exited");
    assert_eq!(engine.ended().await, Some(1));
}

#[tokio::test]
async fn unused_it_ends_by_itself() {
    let mut engine = Engine::start(|it| it["idle_exit_seconds"] = json!(1)).await;
    assert_eq!(engine.ended().await, Some(0));
}

/// Waits until a process's calls are sifted, or it is gone.
async fn sifted(pid: u32) -> Option<()> {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
    let looking = async {
        loop {
            looks.tick().await;
            match std::fs::read_to_string(format!("/proc/{pid}/status")) {
                Ok(status) if !status.contains("Seccomp:\t2") => {}
                _ => return,
            }
        }
    };
    tokio::time::timeout(LIMIT, looking).await.ok()
}

#[tokio::test]
async fn nothing_of_it_runs_as_root_and_pages_run_in_the_sandbox() {
    let engine = Engine::start(|_| {}).await;
    shown(&engine).await;
    let mut renderers = 0;
    for pid in engine.tree() {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|it| it.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        if status.is_empty() || field("State:").starts_with('Z') {
            continue;
        }
        assert!(!field("Uid:").split('\t').any(|it| it == "0"), "{status}");
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!command.contains("--no-sandbox"), "{command}");
        if command.contains("--type=renderer") {
            renderers += 1;
            // One that has just begun has not closed its door yet.
            assert_eq!(sifted(pid).await, Some(()), "{status}");
            let space = |of: u32| std::fs::read_link(format!("/proc/{of}/ns/user")).ok();
            // It may have ended by now.
            assert_ne!(space(pid), space(std::process::id()));
        }
    }
    assert!(renderers > 0);
}

#[tokio::test]
async fn the_address_and_the_password_are_on_no_command_line() {
    let engine = Engine::start(|_| {}).await;
    for pid in tree(engine.pid()) {
        for file in ["cmdline", "environ"] {
            let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains("secret"));
        }
    }
    assert!(!engine.log().contains("secret"));
}

#[tokio::test]
async fn started_by_root_below_a_closed_directory_it_reaches_its_own() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not root: nothing to show");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let closed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(folder.path(), closed).unwrap();
    let config = crate::engine::config(folder.path());
    let (mut engine, said) = Engine::start_in(folder, &config, |_| {}).await;
    assert_eq!(said["state"], "ready", "{}", engine.log());
    engine.port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
    shown(&engine).await;
    let file = std::fs::read_to_string(engine.runtime_dir().join("status.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), said);
    assert!(engine.folder.path().join("profile/Default").is_dir());
}
