//! A way to an engine's Unix socket that can be cut, and that knows which questions go by.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Bytes that are carried at once; the head of a question fits.
const CHUNK: usize = 16 << 10;

/// A question to the engine, by its method and path, with a star for what names one thing:
/// `POST /containers/*/start`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call(pub(super) String);

impl Call {
    /// If a question begins here.
    fn read(bytes: &[u8]) -> Option<Self> {
        let line = bytes.split(|byte| *byte == b'\r').next()?;
        let mut words = std::str::from_utf8(line).ok()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE"].contains(&method);
        if !known || words.next() != Some("HTTP/1.1") {
            return None;
        }
        let path = target.split('?').next()?;
        let plain = |part: &str| part.chars().all(|it| it.is_ascii_lowercase());
        let parts: Vec<&str> = path
            .split('/')
            .map(|part| if plain(part) { part } else { "*" })
            .collect();
        Some(Self(format!("{method} {}", parts.join("/"))))
    }

    /// Whether the connection carries something else from then on.
    fn is_last(&self) -> bool {
        self.0 == "POST /exec/*/start"
    }

    /// Whether the engine has something else after it than before.
    pub(super) fn changes(&self) -> bool {
        let looks = ["GET ", "HEAD ", "POST /exec/"];
        let ends = ["/exec", "/wait"];
        !looks.iter().any(|it| self.0.starts_with(it))
            && !ends.iter().any(|it| self.0.ends_with(it))
    }
}

/// A question whose answer is to be kept back.
struct Stop {
    call: Call,
    /// How many such questions pass before.
    pass: usize,
    reached: oneshot::Sender<()>,
}

/// What has gone by.
#[derive(Default)]
struct Traffic {
    calls: Vec<Call>,
    stop: Option<Stop>,
}

impl Traffic {
    /// Takes note of a question; false if its answer is not to come through.
    fn pass(&mut self, call: &Call) -> bool {
        self.calls.push(call.clone());
        match self.stop.take() {
            Some(stop) if stop.call == *call && stop.pass == 0 => {
                let _ = stop.reached.send(());
                false
            }
            Some(stop) => {
                let pass = stop.pass - usize::from(stop.call == *call);
                self.stop = Some(Stop { pass, ..stop });
                true
            }
            None => true,
        }
    }
}

/// A socket that hands on to another one, until it is cut.
pub(super) struct Relay {
    folder: TempDir,
    behind: PathBuf,
    /// The listening, and all that came by it.
    tasks: Arc<Mutex<JoinSet<()>>>,
    traffic: Arc<Mutex<Traffic>>,
}

impl Relay {
    /// Hands on to `unix://…`.
    pub(super) fn start(address: &str) -> Self {
        let relay = Self {
            folder: tempfile::tempdir().unwrap(),
            behind: address.strip_prefix("unix://").unwrap().into(),
            tasks: Arc::default(),
            traffic: Arc::default(),
        };
        relay.mend();
        relay
    }

    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("engine.sock")
    }

    /// All questions since this was asked last.
    pub(super) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.traffic.lock().unwrap().calls)
    }

    /// Hands on the question that comes after `pass` others of its kind, and nothing of its answer;
    /// tells when that is so.
    pub(super) fn stop_at(&self, call: &Call, pass: usize) -> oneshot::Receiver<()> {
        let (reached, told) = oneshot::channel();
        self.traffic.lock().unwrap().stop = Some(Stop {
            call: call.clone(),
            pass,
            reached,
        });
        told
    }

    /// Stops nothing any more.
    pub(super) fn pass(&self) {
        self.traffic.lock().unwrap().stop = None;
    }

    /// Nobody gets through any more, nor does what is on its way.
    pub(super) async fn cut(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        tasks.shutdown().await;
        std::fs::remove_file(self.socket()).unwrap();
    }

    /// Lets everybody through again.
    pub(super) fn mend(&self) {
        let listener = UnixListener::bind(self.socket()).unwrap();
        let (behind, tasks) = (self.behind.clone(), Arc::clone(&self.tasks));
        let traffic = Arc::clone(&self.traffic);
        self.tasks.lock().unwrap().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (behind, traffic) = (behind.clone(), Arc::clone(&traffic));
                let mut tasks = tasks.lock().unwrap();
                tasks.spawn(async move { hand_on(client, &behind, &traffic).await });
            }
        });
    }
}

/// Ends with the engine's side: who asks may have said all and still listen.
async fn hand_on(client: UnixStream, behind: &Path, traffic: &Mutex<Traffic>) {
    let Ok(server) = UnixStream::connect(behind).await else {
        return;
    };
    let (asked, answers) = client.into_split();
    let (answered, asks) = server.into_split();
    let kept_back = AtomicBool::new(false);
    let there = async {
        there(asked, asks, traffic, &kept_back).await;
        std::future::pending().await
    };
    tokio::select! {
        () = there => {}
        () = back(answered, answers, &kept_back) => {}
    }
}

async fn there(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    traffic: &Mutex<Traffic>,
    kept_back: &AtomicBool,
) {
    let mut chunk = vec![0; CHUNK];
    let mut last = false;
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        if !last && let Some(call) = Call::read(&chunk[..read]) {
            last = call.is_last();
            if !traffic.lock().unwrap().pass(&call) {
                kept_back.store(true, Ordering::Relaxed);
            }
        }
        if to.write_all(&chunk[..read]).await.is_err() {
            return;
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, kept_back: &AtomicBool) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        let through =
            kept_back.load(Ordering::Relaxed) || to.write_all(&chunk[..read]).await.is_ok();
        if !through {
            return;
        }
    }
}
