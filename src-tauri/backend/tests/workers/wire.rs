//! A way to the worker's engine on which something happens at a question of choice.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duotab_core::worker::WorkerAddress;
use duotab_test_support::worker::{Far, Undo};
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What happens.
#[derive(Clone)]
pub(crate) enum Fault {
    /// The question does not arrive, and no connection is to be had from then on.
    Unheard,
    /// The question is carried out, its answer does not arrive, and no connection is to be had.
    Unanswered,
    /// Nothing that is sent arrives any more, and nobody says so.
    Dropped,
    /// Something else, before the question arrives; the way stays as it is.
    Other(Arc<dyn Fn() + Send + Sync>),
}

#[derive(Default)]
struct Plan {
    at: usize,
    fault: Option<Fault>,
    /// Ends what is dropped.
    dropped: Option<Undo>,
}

struct Shared {
    far: Far,
    port: u16,
    asked: AtomicUsize,
    plan: Mutex<Plan>,
    cut: watch::Sender<bool>,
    happening: tokio::sync::Mutex<()>,
}

/// The way. It is gone when it is dropped.
pub(crate) struct Wire {
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Wire {
    pub(crate) async fn new(far: &Far) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let shared = Arc::new(Shared {
            far: far.clone(),
            port: listener.local_addr().unwrap().port(),
            asked: AtomicUsize::new(0),
            plan: Mutex::default(),
            cut: watch::channel(false).0,
            happening: tokio::sync::Mutex::default(),
        });
        let acceptor = TlsAcceptor::from(Arc::new(papers(&far.server_papers())));
        let accepting = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (shared, acceptor) = (Arc::clone(&accepting), acceptor.clone());
                tokio::spawn(serve(shared, acceptor, client));
            }
        });
        Self {
            shared,
            task: task.abort_handle(),
        }
    }

    /// Where the worker is by this way.
    pub(crate) fn address(&self) -> WorkerAddress {
        let client = self.shared.far.tls_at(Ipv4Addr::LOCALHOST.into(), "client");
        match client {
            WorkerAddress::Tls {
                host, certificates, ..
            } => WorkerAddress::Tls {
                host,
                port: self.shared.port,
                certificates,
            },
            ssh @ WorkerAddress::Ssh { .. } => ssh,
        }
    }

    /// At the question of that number from now on, counted from 1, that happens.
    pub(crate) fn arm(&self, at: usize, fault: Fault) {
        let mut plan = self.shared.plan();
        plan.at = at;
        plan.fault = Some(fault);
        self.shared.asked.store(0, Ordering::SeqCst);
    }

    /// All is well from now on. Whether it was not.
    pub(crate) async fn heal(&self) -> bool {
        let _nothing_happens = self.shared.happening.lock().await;
        let plan = std::mem::take(&mut *self.shared.plan());
        self.shared.cut.send_replace(false);
        plan.fault.is_none()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A question is on its way. True if nobody is to hear the answer.
    async fn question(&self) -> Result<bool, ()> {
        let _happening = self.happening.lock().await;
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let fault = {
            let mut plan = self.plan();
            let now = plan.at == number;
            plan.fault.take_if(|_| now)
        };
        match fault {
            None => Ok(false),
            Some(Fault::Unanswered) => Ok(true),
            Some(Fault::Unheard) => {
                self.cut.send_replace(true);
                Err(())
            }
            Some(Fault::Dropped) => {
                let (far, port) = (self.far.clone(), self.port);
                let dropped = tokio::task::spawn_blocking(move || far.drop_all_to(port)).await;
                self.plan().dropped = dropped.ok();
                Ok(false)
            }
            Some(Fault::Other(happens)) => {
                let _ = tokio::task::spawn_blocking(move || happens()).await;
                Ok(false)
            }
        }
    }
}

/// As the worker's own engine shows itself.
fn papers(folder: &Path) -> ServerConfig {
    let chain = CertificateDer::pem_file_iter(folder.join("cert.pem")).unwrap();
    let chain = chain.map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}

/// Whoever has gone without a word, or whose word was lost, is noticed; an engine's own door does so
/// within a quarter of a minute. Until then it holds the container that was written to.
fn notice_ends(client: &TcpStream) {
    let often = Duration::from_secs(3);
    sockopt::set_socket_keepalive(client, true).unwrap();
    sockopt::set_tcp_keepidle(client, often).unwrap();
    sockopt::set_tcp_keepintvl(client, often).unwrap();
}

/// One connection, until either side ends it or the way is cut.
async fn serve(shared: Arc<Shared>, acceptor: TlsAcceptor, client: TcpStream) {
    let mut cut = shared.cut.subscribe();
    if *cut.borrow() {
        return;
    }
    notice_ends(&client);
    let carried = async {
        let client = acceptor.accept(client).await.ok()?;
        let engine = UnixStream::connect(shared.far.socket()).await.ok()?;
        let (from_client, to_client) = tokio::io::split(client);
        let (from_engine, to_engine) = engine.into_split();
        let unheard = watch::channel(false).0;
        tokio::join!(
            there(&shared, from_client, to_engine, &unheard),
            back(&shared, from_engine, to_client, &unheard),
        );
        Some(())
    };
    tokio::select! {
        _ = cut.wait_for(|cut| *cut) => {}
        _ = carried => {}
    }
}

async fn there(
    shared: &Shared,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    unheard: &watch::Sender<bool>,
) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if counts(&piece[..length]) {
            match shared.question().await {
                Ok(true) => {
                    unheard.send_replace(true);
                }
                Ok(false) => {}
                Err(()) => return,
            }
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

async fn back(
    shared: &Shared,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    unheard: &watch::Sender<bool>,
) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        if *unheard.borrow() {
            shared.cut.send_replace(true);
            return;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Whether a question begins here that is a step of something: none of those by which the app sees,
/// all the time, whether the engine is there.
fn counts(piece: &[u8]) -> bool {
    let is = |start: &str| piece.starts_with(start.as_bytes());
    let asks = ["GET /", "POST /", "PUT /", "DELETE /", "HEAD /"];
    asks.iter().any(|start| is(start))
        && !is("GET /_ping")
        && !is("GET /events")
        && !is("GET /info")
}
