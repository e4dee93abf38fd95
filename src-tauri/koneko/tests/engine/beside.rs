//! `koneko serve`: Neko's server on a display that is there already.

use crate::engine::LIMIT;
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A server, its display and its address; both are killed when it is dropped.
struct Beside {
    _display: Child,
    server: Child,
    base: String,
}

impl Beside {
    async fn start(provider: &str) -> Self {
        let mut display = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1200x24"])
            .args(["-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(display.stdout.take().unwrap()).lines();
        let number = lines.next_line().await.unwrap().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = port.local_addr().unwrap().port();
        let users = json!([{ "username": "tab", "password": "secret", "profile": {
            "is_admin": true, "can_login": true, "can_connect": true, "can_watch": true,
            "can_host": true,
        } }]);
        let server = Command::new(env!("CARGO_BIN_EXE_koneko"))
            .args(["serve", "--server.static", "/var/www"])
            .env("DISPLAY", format!(":{number}.0"))
            .env("NEKO_CONFIG", "/nonexistent/neko.yaml")
            .env("NEKO_SERVER_BIND", format!("127.0.0.1:{port}"))
            .env("NEKO_MEMBER_PROVIDER", provider)
            .env("NEKO_MEMBER_OBJECT_USERS", users.to_string())
            .env("NEKO_DESKTOP_SCREEN", "1001x700@30")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            _display: display,
            server,
            base: format!("http://127.0.0.1:{port}"),
        }
    }

    /// The line of its log that has this in it.
    async fn says(&mut self, what: &str) -> String {
        let mut lines = BufReader::new(self.server.stderr.take().unwrap()).lines();
        let looking = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains(what) {
                    return line;
                }
            }
            panic!("it ended and did not say {what}");
        };
        let line = tokio::time::timeout(LIMIT, looking).await.unwrap();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        line
    }
}

#[tokio::test]
async fn it_serves_the_display_it_is_told_of_and_ends_when_it_is_asked_to() {
    let mut it = Beside::start("object").await;
    it.says("serving").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let health = client.get(format!("{}/health", it.base)).send();
    assert_eq!(health.await.unwrap().text().await.unwrap(), "true");
    let reply: Value = client
        .post(format!("{}/api/login", it.base))
        .json(&json!({ "username": "tab", "password": "secret" }))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let token = reply["token"].as_str().unwrap();
    let get = async |path: &str| {
        let request = client.get(format!("{}{path}", it.base)).bearer_auth(token);
        request.send().await.unwrap()
    };
    let screen: Value = get("/api/room/screen").await.json().await.unwrap();
    // As Neko, which rounds widths.
    assert_eq!(screen, json!({ "width": 1000, "height": 700, "rate": 30 }));
    let sizes: Value = get("/api/room/screen/configurations")
        .await
        .json()
        .await
        .unwrap();
    assert!(sizes[0]["width"].as_u64().unwrap() <= 1600, "{sizes}");
    // There is no browser of its own to have a say about.
    assert_eq!(get("/api/koneko").await.status(), 404);
    assert_eq!(get("/api/koneko/cdp").await.status(), 404);

    let pid = i32::try_from(it.server.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = tokio::time::timeout(LIMIT, it.server.wait()).await.unwrap();
    assert!(ended.unwrap().success());
}

#[tokio::test]
async fn a_provider_that_lets_in_others_is_not_served() {
    let mut it = Beside::start("noauth").await;
    let line = it.says("ending").await;
    assert!(line.contains("member.provider"), "{line}");
    let ended = tokio::time::timeout(LIMIT, it.server.wait()).await.unwrap();
    assert!(!ended.unwrap().success());
}
