//! The way to another machine's engine: connections by SSH or TLS, kept open from one question to
//! the next, and why there is none.

mod ssh;
mod tls;

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use bytes::Bytes;
use duotab_core::fault::EngineFault;
use duotab_core::worker::WorkerAddress;
use futures_util::Stream;
use http_body_util::{Either, Full, StreamBody};
use hyper::Uri;
use hyper::body::Frame;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tower_service::Service;

pub(super) use self::tls::watch;
use crate::endpoint::Duplex;

/// How long a connection that nobody uses is kept. The next question costs no handshake until then.
const KEPT: Duration = Duration::from_secs(30);
/// Connections that are kept.
const KEPT_COUNT: usize = 4;

/// What a question to the engine has as its body.
type Body = Either<
    Full<Bytes>,
    StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, io::Error>> + Send>>>,
>;

/// A way to another machine's engine. A clone is the same way.
#[derive(Clone)]
pub(super) struct Way(Arc<Shared>);

struct Shared {
    address: WorkerAddress,
    /// Where SSH may have a socket of its own.
    sockets: Option<std::path::PathBuf>,
    /// Why the last connection did not come up.
    fault: Mutex<Option<EngineFault>>,
    /// Where the last connection went.
    peer: Mutex<Option<IpAddr>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Way {
    /// Connects nowhere yet. `sockets` is a folder for SSH's own socket, through which all
    /// connections go that come after the first; without it each one logs in by itself.
    pub(super) fn new(address: WorkerAddress, sockets: Option<std::path::PathBuf>) -> Self {
        Self(Arc::new(Shared {
            address,
            sockets,
            fault: Mutex::default(),
            peer: Mutex::default(),
        }))
    }

    /// The engine at its other end, asked with `seconds` for each answer.
    pub(super) fn engine(&self, seconds: u64) -> Result<Docker, Error> {
        let client: Client<Self, Body> = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(KEPT)
            .pool_max_idle_per_host(KEPT_COUNT)
            .build(self.clone());
        let ask = move |question: BollardRequest| {
            let answer = client.request(question);
            async move { answer.await.map_err(Error::from) }
        };
        // No name is looked up: the way leads to one engine.
        Docker::connect_with_custom_transport(
            ask,
            Some("http://worker"),
            seconds,
            API_DEFAULT_VERSION,
        )
    }

    /// Why the last connection did not come up, if none has since.
    pub(super) fn fault(&self) -> Option<EngineFault> {
        lock(&self.0.fault).clone()
    }

    /// The machine's address, as this one sees it, once there was a connection.
    pub(super) async fn peer(&self) -> Option<IpAddr> {
        let known = *lock(&self.0.peer);
        match (known, &self.0.address) {
            (
                None,
                WorkerAddress::Ssh {
                    destination, port, ..
                },
            ) => {
                let found = ssh::peer(destination, *port).await;
                *lock(&self.0.peer) = found;
                found
            }
            _ => known,
        }
    }

    /// A connection of its own.
    pub(super) async fn dial(&self) -> io::Result<Box<dyn Duplex>> {
        let dialled: Result<Box<dyn Duplex>, EngineFault> = match &self.0.address {
            WorkerAddress::Tls {
                host,
                port,
                certificates,
            } => match tls::dial(host, *port, certificates.as_ref()).await {
                Ok(stream) => {
                    *lock(&self.0.peer) = stream.get_ref().0.peer_addr().ok().map(|it| it.ip());
                    let host = host.clone();
                    let told = move |error: &io::Error| tls::told(error, &host);
                    Ok(Box::new(Noted::new(stream, self.clone(), told)))
                }
                Err(fault) => Err(fault),
            },
            WorkerAddress::Ssh {
                destination,
                port,
                socket,
            } => {
                let to = ssh::To {
                    destination,
                    port: *port,
                    socket: socket.as_deref(),
                };
                let way = self.clone();
                let ended = move |fault| *lock(&way.0.fault) = fault;
                ssh::dial(&to, self.0.sockets.as_deref(), ended)
                    .map(|piped| Box::new(piped) as Box<dyn Duplex>)
            }
        };
        dialled.map_err(|fault| {
            tracing::debug!(?fault, "no way to the worker");
            *lock(&self.0.fault) = Some(fault);
            io::Error::other("no way to the worker")
        })
    }
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Way").field(&self.0.address).finish()
    }
}

impl Service<Uri> for Way {
    type Response = Wire;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let way = self.clone();
        Box::pin(async move { Ok(Wire(TokioIo::new(way.dial().await?))) })
    }
}

/// One connection.
pub(super) struct Wire(TokioIo<Box<dyn Duplex>>);

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl Write for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// A connection whose first word, or whose lack of one, is noted: TLS 1.3 refuses a certificate
/// after its handshake.
struct Noted<S, F> {
    stream: S,
    way: Way,
    told: F,
    heard: bool,
}

impl<S, F> Noted<S, F> {
    const fn new(stream: S, way: Way, told: F) -> Self {
        Self {
            stream,
            way,
            told,
            heard: false,
        }
    }
}

impl<S: Duplex, F: Fn(&io::Error) -> EngineFault + Send + Unpin> tokio::io::AsyncRead
    for Noted<S, F>
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = std::task::ready!(Pin::new(&mut self.stream).poll_read(context, into));
        if !std::mem::replace(&mut self.heard, true) {
            *lock(&self.way.0.fault) = polled.as_ref().err().map(|error| (self.told)(error));
        }
        Poll::Ready(polled)
    }
}

impl<S: Duplex, F: Send + Unpin> tokio::io::AsyncWrite for Noted<S, F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
