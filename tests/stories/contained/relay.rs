//! A way to a Unix socket that can be cut.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// A socket that hands on to another one, until it is cut.
pub(super) struct Relay {
    folder: TempDir,
    behind: PathBuf,
    /// The listening, and all that came by it.
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Relay {
    /// Hands on to `unix://…`.
    pub(super) fn start(address: &str) -> Self {
        let relay = Self {
            folder: tempfile::tempdir().unwrap(),
            behind: address.strip_prefix("unix://").unwrap().into(),
            tasks: Arc::default(),
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
        self.tasks.lock().unwrap().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let behind = behind.clone();
                let mut tasks = tasks.lock().unwrap();
                tasks.spawn(async move { hand_on(client, &behind).await });
            }
        });
    }
}

async fn hand_on(mut client: UnixStream, behind: &Path) {
    if let Ok(mut server) = UnixStream::connect(behind).await {
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
