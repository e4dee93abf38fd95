//! A headless Chromium of the machine for one test, talking to loopback only.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

/// How long a Chromium may take to open its port on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Where sites may not have cookies within others, Chromium does not ask for passwords there either.
const PREFERENCES: &str = r#"{ "profile": { "cookie_controls_mode": 0 } }"#;

/// A running Chromium with a profile of its own. It ends when it is dropped.
pub(crate) struct Chromium {
    child: Child,
    endpoint: String,
    _profile: TempDir,
}

impl Chromium {
    /// Starts one and waits for its `DevTools` port.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let own = profile.path().join("Default");
        std::fs::create_dir(&own).expect("a folder");
        std::fs::write(own.join("Preferences"), PREFERENCES).expect("a file");
        let mut child = Command::new("chromium")
            .args([
                "--headless=new",
                "--remote-debugging-port=0",
                "--no-sandbox",
                "--no-first-run",
                "--no-default-browser-check",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-default-apps",
                "--disable-sync",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--password-store=basic",
                "--window-size=800,600",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium is installed");
        let stderr = child.stderr.take().expect("it is piped");
        let (sender, receiver) = mpsc::channel();
        // Reads to the end, or Chromium would block on a full pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(endpoint) = line.strip_prefix("DevTools listening on ") {
                    let _ = sender.send(endpoint.to_owned());
                }
            }
        });
        let endpoint = receiver.recv_timeout(START_LIMIT);
        let mut chromium = Self {
            child,
            endpoint: String::new(),
            _profile: profile,
        };
        chromium.endpoint = endpoint.expect("Chromium opens its port");
        chromium
    }

    /// The WebSocket address of its browser-level `DevTools` endpoint.
    #[must_use]
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Kills it at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.kill();
    }
}
