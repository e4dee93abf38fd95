//! A server to talk to, and a client that is watched.

use duotab_backend::endpoint::{Cdp, Endpoint, Secret, ShelfWay};
use duotab_backend::neko::{self, Neko, News, Options};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::mpsc;
use url::Url;

/// What anything that should happen may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(15);

/// Something that moves, so that there are frames.
const PAGE: &str = "data:text/html,<body style='background:%23369'><div id=d style='position:absolute;width:60px;height:60px;background:%23fc0'></div><script>let n=0;(function f(){n=(n+4)%25600;d.style.left=n+'px';requestAnimationFrame(f)})()</script>";

/// A server, for one test at a time.
pub(crate) struct Server {
    pub(crate) base: Url,
    pub(crate) user: String,
    pub(crate) password: String,
    place: MutexGuard<'static, Option<Koneko>>,
}

static PLACE: Mutex<Option<Koneko>> = Mutex::new(None);

/// Waits for its turn and gives the server.
pub(crate) fn server() -> Server {
    let mut place = PLACE.lock().unwrap_or_else(|it| it.into_inner());
    if let Ok(url) = std::env::var("NEKO_URL") {
        return Server {
            base: url.parse().expect("NEKO_URL is an address"),
            user: std::env::var("NEKO_USER").expect("NEKO_USER"),
            password: std::env::var("NEKO_PASSWORD").expect("NEKO_PASSWORD"),
            place,
        };
    }
    let koneko = place.get_or_insert_with(|| Koneko::start(None));
    Server {
        base: format!("http://127.0.0.1:{}", koneko.port).parse().unwrap(),
        user: "duotab".to_owned(),
        password: "conformance".to_owned(),
        place,
    }
}

impl Server {
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint {
            base: self.base.clone(),
            via: None,
            seen_at: None,
            relay: None,
            username: self.user.clone(),
            password: Secret::new(self.password.as_str()),
            login: None,
            cdp: Cdp::KonekoRelay,
            shelf: ShelfWay::Koneko,
        }
    }

    /// The endpoint by way of a relay.
    pub(crate) fn endpoint_at(&self, address: SocketAddr) -> Endpoint {
        Endpoint {
            base: format!("http://{address}").parse().unwrap(),
            ..self.endpoint()
        }
    }

    /// Whether [`Server::stop`] and [`Server::restart`] can be had.
    pub(crate) fn can_restart(&self) -> bool {
        self.place.is_some() || std::env::var_os("NEKO_RESTART").is_some()
    }

    /// Kills the server.
    pub(crate) fn stop(&mut self) {
        match self.place.as_mut() {
            Some(koneko) => koneko.kill(),
            None => order("stop"),
        }
    }

    /// Starts it at the same address; gives the time at which it answered.
    pub(crate) async fn restart(&mut self) -> Instant {
        match self.place.as_mut() {
            Some(koneko) => *koneko = Koneko::start(Some(koneko.port)),
            None => order("start"),
        }
        let health = self.base.join("/health").unwrap();
        let end = Instant::now() + LIMIT;
        // There is no event for a foreign server's start: its port is what tells.
        while Instant::now() < end {
            let answer = reqwest::Client::builder().no_proxy().build().unwrap();
            if answer.get(health.clone()).send().await.is_ok() {
                return Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the server did not come back");
    }
}

fn order(word: &str) {
    let program = std::env::var_os("NEKO_RESTART").expect("NEKO_RESTART");
    let status = Command::new(program).arg(word).status().unwrap();
    assert!(status.success());
}

/// The workspace's own server. A shell stands between, which ends it when this process ends,
/// however it ends.
struct Koneko {
    shell: Child,
    pid: i32,
    port: u16,
    _folder: TempDir,
}

impl Koneko {
    fn start(port: Option<u16>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["profile", "run"] {
            std::fs::create_dir(path.join(name)).unwrap();
        }
        let config = serde_json::json!({
            "session": 1, "install": "c0ffee", "bind": format!("127.0.0.1:{}", port.unwrap_or(0)),
            "username": "duotab", "password": "conformance",
            "profile_dir": path.join("profile"), "runtime_dir": path.join("run"),
            "screen": {"width": 1280, "height": 720, "rate": 30},
            "max_screen": {"width": 1920, "height": 1080},
            "browser": null,
            "browser_args": ["--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run"],
            "start_url": PAGE, "scale_percent": 100,
            "codec": std::env::var("KONEKO_CODEC").unwrap_or_else(|_| "vp8".to_owned()),
            "idle_exit_seconds": 120, "memory_mib": 1024
        });
        let file = path.join("config.json");
        std::fs::write(&file, config.to_string()).unwrap();
        private(&file);
        open(path);
        let mut shell = Command::new("sh")
            .arg("-c")
            .arg(r#""$0" --config "$1" < /dev/null & k=$!; cat > /dev/null; kill $k; wait $k"#)
            .arg(binary())
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(path.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            let status: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            match status["state"].as_str() {
                Some("ready") => {
                    std::thread::spawn(move || lines.for_each(drop));
                    return Self {
                        shell,
                        pid: i32::try_from(status["pid"].as_i64().unwrap()).unwrap(),
                        port: u16::try_from(status["port"].as_u64().unwrap()).unwrap(),
                        _folder: folder,
                    };
                }
                Some("failed") => break,
                _ => {}
            }
        }
        // Its end of the pipe closed, it ends by itself.
        drop(shell.stdin.take());
        shell.wait().unwrap();
        let log = std::fs::read_to_string(path.join("log")).unwrap_or_default();
        panic!("koneko did not start:\n{log}");
    }

    fn kill(&mut self) {
        let pid = rustix::process::Pid::from_raw(self.pid).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

fn private(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// koneko gives up root: it must still get to its folders.
fn open(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Beside this test's own folder.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let koneko = folder.join("koneko");
    assert!(koneko.exists(), "{} must be built first", koneko.display());
    koneko
}

/// A client, and what it told.
pub(crate) struct Watched {
    pub(crate) neko: Neko,
    pub(crate) news: mpsc::Receiver<News>,
    pub(crate) started: Instant,
}

impl Watched {
    pub(crate) fn start(endpoint: Endpoint, options: Options) -> Self {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let (neko, news) = neko::start(endpoint, options);
        Self {
            neko,
            news,
            started: Instant::now(),
        }
    }

    /// Starts and waits for the first frame.
    pub(crate) async fn live(endpoint: Endpoint, options: Options) -> Self {
        let mut it = Self::start(endpoint, options);
        it.until("the first frame", |news| matches!(news, News::Frame(_)))
            .await;
        it
    }

    /// The first news that `wanted` wants.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&News) -> bool) -> News {
        let mut seen = Vec::new();
        let found = tokio::time::timeout(LIMIT, async {
            while let Some(news) = self.news.recv().await {
                if wanted(&news) {
                    return Some(news);
                }
                if !matches!(news, News::Frame(_) | News::Audio { .. }) {
                    seen.push(short(&news));
                }
            }
            None
        })
        .await;
        match found {
            Ok(Some(news)) => news,
            Ok(None) => panic!("closed before {what}; seen {seen:?}"),
            Err(_) => panic!(
                "no {what} in time; seen {:?}",
                &seen[seen.len().saturating_sub(40)..]
            ),
        }
    }

    /// The next key frame.
    pub(crate) async fn key(&mut self) -> duotab_backend::neko::Frame {
        match self
            .until("a key frame", |it| matches!(it, News::Frame(it) if it.key))
            .await
        {
            News::Frame(frame) => frame,
            _ => unreachable!(),
        }
    }

    /// All that is told until `end`.
    pub(crate) async fn for_a_while(&mut self, time: Duration) -> Vec<News> {
        let mut seen = Vec::new();
        let end = tokio::time::Instant::now() + time;
        while let Ok(Some(news)) = tokio::time::timeout_at(end, self.news.recv()).await {
            seen.push(news);
        }
        seen
    }
}

fn short(news: &News) -> String {
    match news {
        News::CursorImage { .. } => "CursorImage".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Prints a number for whoever keeps them.
pub(crate) fn measured(what: &str, time: Duration) {
    println!("measured: {what}: {:.1} ms", time.as_secs_f64() * 1000.0);
}
