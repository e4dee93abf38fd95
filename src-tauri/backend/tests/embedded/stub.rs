//! A stub that plays koneko as its contract says, with a `sleep` for a browser, and koneko's
//! faults on demand.
//!
//! It is this very test program, started again by a script that stands where koneko would be.
//! The first of `browser_args` says what to play, the second where to tell of each step.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::exit;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

struct Stub {
    config: serde_json::Value,
    play: String,
    told: Option<TcpStream>,
}

#[tokio::test]
#[ignore = "started as koneko by the other tests"]
async fn koneko() {
    let words: Vec<String> = std::env::args().collect();
    let at = words.iter().position(|word| word == "--config").unwrap();
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(&words[at + 1]).unwrap()).unwrap();
    let argument = |n: usize| config["browser_args"][n].as_str().map(str::to_owned);
    let stub = Stub {
        play: argument(0).unwrap_or_default(),
        told: argument(1).map(|place| TcpStream::connect(place).unwrap()),
        config,
    };
    stub.run().await;
}

impl Stub {
    async fn run(mut self) {
        if self.play == "deaf" {
            // Taken, and never looked at.
            let _deaf = signal(SignalKind::terminate()).unwrap();
            self.step("display");
            std::future::pending::<()>().await;
        }
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        let browser = tokio::select! {
            browser = self.begin() => browser,
            _ = terminate.recv() => exit(0),
        };
        tokio::select! {
            () = self.serve(&browser) => {}
            _ = terminate.recv() => {}
        }
        let pid = Pid::from_raw(browser.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        exit(0);
    }

    async fn begin(&mut self) -> Child {
        match self.play.clone().as_str() {
            "exit" => exit(7),
            "noisy" => {
                for line in 0..100 {
                    eprintln!(
                        "line {line} of {}",
                        self.config["password"].as_str().unwrap()
                    );
                }
                exit(1);
            }
            "garbage" => {
                self.publish(b"\xff{\"state\":");
                self.tell("garbage");
                std::future::pending::<()>().await;
            }
            "dead port" => {
                let pid = std::process::id();
                let port = TcpListener::bind("127.0.0.1:0")
                    .await
                    .unwrap()
                    .local_addr()
                    .unwrap();
                self.status(serde_json::json!({"state": "ready", "pid": pid, "port": port.port()}));
                std::future::pending::<()>().await;
            }
            failure if failure.starts_with('{') => {
                let failure: serde_json::Value = serde_json::from_str(failure).unwrap();
                let pid = std::process::id();
                self.status(serde_json::json!({"state": "failed", "pid": pid, "failure": failure}));
                exit(1);
            }
            _ => {}
        }
        self.halt("display").await;
        self.halt("browser").await;
        let browser = Command::new("sleep")
            .arg("1000")
            .kill_on_drop(false)
            .spawn()
            .unwrap();
        self.halt("server").await;
        browser
    }

    /// Come to a step, and exit or hang there if that is the play.
    async fn halt(&mut self, step: &str) {
        self.step(step);
        if self.play == format!("exit at {step}") {
            exit(3);
        }
        if self.play == format!("hang at {step}") {
            std::future::pending::<()>().await;
        }
    }

    fn step(&mut self, step: &str) {
        let pid = std::process::id();
        self.status(serde_json::json!({"state": "starting", "pid": pid, "step": step}));
        self.tell(step);
    }

    fn tell(&mut self, step: &str) {
        if let Some(told) = &mut self.told {
            writeln!(told, "{step}").unwrap();
        }
    }

    fn status(&self, status: serde_json::Value) {
        self.publish(status.to_string().as_bytes());
    }

    fn publish(&self, status: &[u8]) {
        let folder = PathBuf::from(self.config["runtime_dir"].as_str().unwrap());
        fs::write(folder.join("status.json.new"), status).unwrap();
        fs::rename(folder.join("status.json.new"), folder.join("status.json")).unwrap();
    }

    async fn serve(&self, browser: &Child) {
        let listener = TcpListener::bind(self.config["bind"].as_str().unwrap())
            .await
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let pid = std::process::id();
        eprintln!("serving");
        self.status(serde_json::json!({"state": "ready", "pid": pid, "port": port}));
        let browser = Pid::from_raw(browser.id().unwrap().try_into().unwrap()).unwrap();
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let mut len = 0;
            // The login's body may come behind its head.
            let request = loop {
                let read = client.read(&mut request[len..]).await.unwrap_or(0);
                len += read;
                let text = String::from_utf8_lossy(&request[..len]).into_owned();
                let whole = !text.starts_with("POST /api/login") || text.contains("}");
                if read == 0 || (text.contains("\r\n\r\n") && whole) {
                    break text;
                }
            };
            let password = self.config["password"].as_str().unwrap();
            let known = request
                .to_lowercase()
                .contains("authorization: bearer token-of-the-stub");
            let line = request.lines().next().unwrap_or_default();
            let (status, body) = match line.split(' ').nth(1).unwrap_or_default() {
                "/health" if self.play == "sick" => ("500 Internal Server Error", ""),
                "/health" => ("200 OK", "true"),
                "/api/login" if request.contains(password) => {
                    ("200 OK", r#"{"id":"1","token":"token-of-the-stub"}"#)
                }
                "/api/logout" if known => ("204 No Content", ""),
                "/api/koneko/suspend" if known => {
                    kill_process(browser, Signal::STOP).unwrap();
                    waitpid(Some(browser), WaitOptions::UNTRACED).unwrap();
                    ("204 No Content", "")
                }
                "/api/koneko/resume" if known => {
                    kill_process(browser, Signal::CONT).unwrap();
                    waitpid(Some(browser), WaitOptions::CONTINUED).unwrap();
                    ("204 No Content", "")
                }
                _ => ("401 Unauthorized", ""),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let _gone = client.write_all(answer.as_bytes()).await;
        }
    }
}
