//! The sockets under a peer: Tokio's, with a larger receive buffer and a turn for the reader.
//!
//! A key frame comes as one burst. The kernel's default buffer (208 KiB) does not hold a large
//! one, and the driver reads so many datagrams before it yields that its queue to the track (256
//! packets, the rest is dropped) runs over.

use std::fmt::Debug;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime,
    TokioRuntime, Transmit,
};

/// Bytes asked of the kernel; it may give less.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Datagrams read before the reader of the packets gets its turn. One read may give 64 at once,
/// so that at most 160 of the track's 256 places are taken.
const BURST: usize = 96;

/// Tokio, with our sockets.
#[derive(Debug)]
pub(super) struct Sockets(TokioRuntime);

impl Sockets {
    pub(super) const fn new() -> Self {
        Self(TokioRuntime)
    }
}

impl Runtime for Sockets {
    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) -> Box<dyn JoinHandle> {
        self.0.spawn(future)
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        enlarge(&socket);
        Ok(Arc::new(Turns {
            socket: self.0.wrap_udp_socket(socket)?,
            read: AtomicUsize::new(0),
        }))
    }

    fn wrap_tcp_listener(
        &self,
        listener: std::net::TcpListener,
    ) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.0.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(
        &'a self,
        remote: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<Arc<dyn AsyncTcpStream>>> + Send + 'a>> {
        self.0.connect_tcp(remote)
    }

    fn resolve_host<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        self.0.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.0.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.0.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.0.block_on(future);
    }

    fn yield_now(&self) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        self.0.yield_now()
    }
}

/// Asks for a larger buffer: with the right to pass the system's limit, else within it.
#[cfg(target_os = "linux")]
fn enlarge(socket: &std::net::UdpSocket) {
    use rustix::net::sockopt;
    if sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER).is_err() {
        let _ = sockopt::set_socket_recv_buffer_size(socket, RECEIVE_BUFFER);
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn enlarge(socket: &std::net::UdpSocket) {
    let _ = rustix::net::sockopt::set_socket_recv_buffer_size(socket, RECEIVE_BUFFER);
}

#[cfg(not(unix))]
fn enlarge(_socket: &std::net::UdpSocket) {}

/// A socket that pauses after [`BURST`] datagrams.
#[derive(Debug)]
struct Turns {
    socket: Arc<dyn AsyncUdpSocket>,
    /// Datagrams since the last pause; more than [`BURST`] while one is due.
    read: AtomicUsize,
}

impl AsyncUdpSocket for Turns {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn poll_send(&self, cx: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        self.socket.poll_send(cx, transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if self.read.load(Ordering::Relaxed) >= BURST {
            // The driver tries for more with a waker that does nothing, and then waits with its
            // own; only that one ends the pause.
            if !cx.waker().will_wake(std::task::Waker::noop()) {
                self.read.store(0, Ordering::Relaxed);
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        let polled = self.socket.poll_recv(cx, bufs, meta);
        match &polled {
            Poll::Ready(Ok(count)) => {
                let datagrams: usize = meta
                    .iter()
                    .take(*count)
                    .map(|it| it.len.div_ceil(it.stride.max(1)))
                    .sum();
                self.read.fetch_add(datagrams, Ordering::Relaxed);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.read.store(0, Ordering::Relaxed),
        }
        polled
    }

    fn max_gso_segments(&self) -> usize {
        self.socket.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.socket.max_gro_segments()
    }
}
