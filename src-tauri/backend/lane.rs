//! The local lane between Rust and the shell's page: frames, cursor and clipboard out, input in.
//!
//! A binary WebSocket on `127.0.0.1`. Any local process and any web page can reach the port, so a
//! connection has to come from an allowed `Origin`, name the right `Host` and give a one-time
//! [`LaneTicket`] secret as its first message, all within two seconds; everything else is closed
//! without a word. One view is connected at a time: a new one replaces the old one.

mod outbox;
mod socket;
mod ticket;
mod view;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use duotab_core::lane::{Codec, FromView, ToView};
use duotab_core::message::LaneTicket;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use outbox::FrameFate;
use outbox::Outbox;
use ticket::Tickets;

/// Connections that may be between `accept` and a redeemed ticket at the same time.
const MAX_STRANGERS: usize = 8;
/// Input events that may wait for the owner; beyond it the view's socket is not read.
const INPUT_DEPTH: usize = 256;
/// How long to leave the listener alone after it failed (out of descriptors, usually).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The origins of the shell's page: Tauri's on Linux and macOS, and on Windows and Android.
pub const SHELL_ORIGINS: [&str; 3] = [
    "tauri://localhost",
    "http://tauri.localhost",
    "https://tauri.localhost",
];

/// What comes from the view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A view took its seat; whatever was held down by another before it is not held any more.
    /// It knows cursor, screen and session, and waits for a key frame.
    ViewConnected,
    /// The view left: let go of all keys and buttons. Always between two `ViewConnected`.
    ViewGone,
    /// The view says.
    View(FromView),
}

/// One encoded frame on its way to the view.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Whether it can be decoded without another.
    pub key: bool,
    /// Its codec.
    pub codec: Codec,
    /// Counts up by one within a picture.
    pub sequence: u32,
    /// Media time in microseconds.
    pub time_us: u64,
    /// The encoded frame, handed to the socket as it is.
    pub data: Bytes,
}

/// What the accept loop and the connections share.
struct Shared {
    port: u16,
    origins: Vec<String>,
    tickets: Mutex<Tickets>,
    outbox: Arc<Outbox>,
    input: mpsc::Sender<Input>,
    /// Held by the view that is connected, until its `ViewGone` is said.
    seat: tokio::sync::Mutex<()>,
    /// Ends the view that has the seat or waits for it.
    current: Mutex<Option<CancellationToken>>,
    strangers: Arc<Semaphore>,
    end: CancellationToken,
}

/// The lane. All its tasks end when it is dropped.
pub struct Lane {
    shared: Arc<Shared>,
    input: Mutex<Option<mpsc::Receiver<Input>>>,
    _end: DropGuard,
}

impl Lane {
    /// Opens the lane on a free port of `127.0.0.1`, for pages of these origins only.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn bind<I>(origins: I) -> io::Result<Self>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let (sender, receiver) = mpsc::channel(INPUT_DEPTH);
        let end = CancellationToken::new();
        let shared = Arc::new(Shared {
            port: listener.local_addr()?.port(),
            origins: origins.into_iter().map(Into::into).collect(),
            tickets: Mutex::default(),
            outbox: Arc::default(),
            input: sender,
            seat: tokio::sync::Mutex::new(()),
            current: Mutex::new(None),
            strangers: Arc::new(Semaphore::new(MAX_STRANGERS)),
            end: end.clone(),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            shared,
            input: Mutex::new(Some(receiver)),
            _end: end.drop_guard(),
        })
    }

    /// Its port on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// Ends all its tasks, whoever still holds it.
    pub fn close(&self) {
        self.shared.end.cancel();
    }

    /// A new one-time ticket. It expires after ten seconds.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn ticket(&self) -> io::Result<LaneTicket> {
        let secret = lock(&self.shared.tickets).issue(Instant::now())?;
        Ok(LaneTicket {
            url: format!("ws://127.0.0.1:{}/", self.shared.port),
            secret,
        })
    }

    /// Tells the view. Nothing of this is lost to a slow view, but of a state (cursor, screen,
    /// clipboard, session) only the last value is sent; a view that connects later is told
    /// session, screen and cursor again. A reset forgets the screen and the cursor, and drops
    /// the frames that still wait. Audio keeps the last second.
    pub fn show(&self, message: &ToView<'_>) {
        if let ToView::Frame {
            key,
            codec,
            sequence,
            time_us,
            data,
        } = *message
        {
            // The caller of this way does not care for the fate; the view asks by itself.
            let _ = self.frame(Frame {
                key,
                codec,
                sequence,
                time_us,
                data: Bytes::copy_from_slice(data),
            });
        } else {
            self.shared.outbox.show(message);
        }
    }

    /// Sends a frame, without waiting. If the view is slow, the oldest frames go, up to the next
    /// key frame.
    pub fn frame(&self, frame: Frame) -> FrameFate {
        self.shared.outbox.frame(frame)
    }

    /// What comes from the view, once; `None` the second time. While the owner does not take,
    /// the view's socket is not read.
    pub fn take_input(&self) -> Option<mpsc::Receiver<Input>> {
        lock(&self.input).take()
    }
}

/// Takes connections until the lane ends.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let end = shared.end.clone();
    loop {
        let accepted = tokio::select! {
            () = end.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let Ok(permit) = Arc::clone(&shared.strangers).try_acquire_owned() else {
                    tracing::warn!("too many strangers on the lane, one more is turned away");
                    continue;
                };
                tokio::spawn(view::serve(stream, permit, Arc::clone(&shared)));
            }
            Err(error) => {
                tracing::warn!(%error, "the lane cannot accept");
                tokio::select! {
                    () = end.cancelled() => return,
                    () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                }
            }
        }
    }
}

/// Locks, also after a panic elsewhere: all that is kept under these locks is whole between
/// any two statements.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
