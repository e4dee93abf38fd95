//! The Neko client: login, signalling, one peer, data channel. It serves a real Neko (3.1.5 or
//! later) and koneko alike.
//!
//! One supervised task owns everything. The signalling WebSocket and the peer live and are lost
//! apart from each other: each is brought back by itself, and only what could not be brought
//! back within its limit is given up. Whatever a server sends is untrusted.

pub mod frames;
mod input;
mod keyframe;
mod outlet;
mod peer;
mod relay;
pub mod rest;
mod signal;
mod supervise;

use bytes::Bytes;
use duotab_core::lane::Codec;
use duotab_core::message::Leg;
use duotab_core::neko::event::Disconnect;
use duotab_core::neko::input::InputMessage;
use duotab_core::neko::shape::{KeyboardMap, ScreenSize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::endpoint::{Endpoint, Secret};
use input::Queue;

/// Requests on their way to the client's task.
const REQUESTS: usize = 256;
/// How long an orderly end may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(3);

/// How the client behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Asked for before the first frame, so that the picture begins at the right size.
    pub first_screen: Option<ScreenSize>,
    /// The remote keyboard layout.
    pub keyboard: Option<KeyboardMap>,
    /// Receive audio.
    pub audio: bool,
    /// Time between two pointer moves.
    pub move_interval: Duration,
    /// How long signalling may be away before it is given up.
    pub signalling_limit: Duration,
    /// How long the media may be away, with signalling there, before they are given up.
    pub media_limit: Duration,
    /// How long the very first frame may be on its way where a peer is connected: koneko has nothing to
    /// show before its browser has, and gives that up after a minute.
    pub first_frame_limit: Duration,
    /// How long the picture goes on to come when nobody watches it any more.
    pub unwatched_limit: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            first_screen: None,
            keyboard: None,
            audio: true,
            move_interval: Duration::from_millis(16),
            signalling_limit: Duration::from_secs(20),
            media_limit: Duration::from_secs(20),
            first_frame_limit: Duration::from_secs(75),
            unwatched_limit: Duration::from_secs(5),
        }
    }
}

/// One whole encoded frame, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether it can be decoded without another.
    pub key: bool,
    /// Its codec.
    pub codec: Codec,
    /// Media time in microseconds since the peer's first frame.
    pub time_us: u64,
    /// The encoded frame; H.264 as Annex B.
    pub data: Bytes,
    /// When its last packet came.
    pub arrived: Instant,
    /// Whether frames before it are missing (then it is a key frame).
    pub lost_before: bool,
}

/// Why a leg was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// 401 at login.
    #[error("the credentials were refused")]
    Unauthorized,
    /// 403 at login.
    #[error("the login is forbidden: {0}")]
    Forbidden(String),
    /// The server put us out for good.
    #[error("the server ended the session: {}", .0.message())]
    PutOut(Disconnect),
    /// The server put us out with words we do not know.
    #[error("the server ended the session")]
    PutOutOtherwise,
    /// Another client of the same session took our place: fighting back would go on for ever.
    #[error("another client took over")]
    Replaced,
    /// The address is none that the client can use.
    #[error("the address cannot be used")]
    Address,
    /// The server offers no video that can be shown.
    #[error("the server offers no video codec that is supported")]
    NoCodec,
    /// It did not come back within its limit.
    #[error("it did not come back in time")]
    TimedOut,
}

/// What the client tells.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A login succeeded; its token also opens the page control. Comes again after a restart of
    /// the server.
    LoggedIn {
        /// The session's token.
        token: Secret,
    },
    /// The remote screen's size and rate.
    Screen {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Hz.
        rate: u16,
    },
    /// The picture is there: the first whole key frame after a connect or after [`News::Lost`]
    /// follows, or the signalling is back and the picture never went.
    Live,
    /// A frame. Frames are dropped, up to the next key frame, while nobody takes them.
    Frame(Frame),
    /// One Opus packet. Of those that follow each other with nothing to be heard, only the first.
    Audio {
        /// Media time in microseconds since the peer's first packet.
        time_us: u64,
        /// The packet.
        data: Bytes,
    },
    /// The remote cursor looks like this.
    CursorImage {
        /// Pixels.
        width: u16,
        /// Pixels.
        height: u16,
        /// Hot spot from the left.
        hot_x: u16,
        /// Hot spot from the top.
        hot_y: u16,
        /// PNG bytes.
        png: Bytes,
    },
    /// The remote cursor was moved by someone else.
    CursorPosition {
        /// From the left.
        x: u16,
        /// From the top.
        y: u16,
    },
    /// The remote clipboard has this text.
    Clipboard(String),
    /// Whether the picture comes by way of a relay from now on; it does not until this is told.
    Relayed(bool),
    /// A leg was lost, and is being brought back.
    Lost(Leg),
    /// A leg was given up. The client ends; [`News::Closed`] follows.
    Failed(Leg, Failure),
    /// The last of all.
    Closed,
}

impl News {
    /// Whether only the newest of its kind matters.
    const fn replaces_earlier(&self) -> bool {
        matches!(
            self,
            Self::Screen { .. }
                | Self::CursorImage { .. }
                | Self::CursorPosition { .. }
                | Self::Clipboard(_)
        )
    }
}

/// Measurements since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// From the start to the login's reply.
    pub login: Option<Duration>,
    /// From the latest answer sent to its peer connected.
    pub connect: Option<Duration>,
    /// From the start to the first frame given out.
    pub first_frame: Option<Duration>,
    /// Round trip on the data channel, smoothed.
    pub round_trip: Option<Duration>,
    /// RTP video packets.
    pub packets: u64,
    /// Packets asked for again.
    pub nacked: u64,
    /// Packets that came after they were missed.
    pub recovered: u64,
    /// Packets given up.
    pub lost: u64,
    /// Whole frames received.
    pub frames: u64,
    /// Key frames asked for.
    pub keys_asked: u64,
    /// Peers made.
    pub peers: u64,
    /// WebSockets opened.
    pub sockets: u64,
}

/// Something for the client's task to do.
#[derive(Debug)]
enum Request {
    Screen(ScreenSize),
    Keyboard(KeyboardMap),
    Modifiers { caps: bool, num: bool },
    Keyframe,
    Watched(bool),
}

/// What the handle and the task share.
#[derive(Debug)]
struct Shared {
    input: Mutex<Queue>,
    typed: Notify,
    stats: Mutex<Stats>,
}

/// A running client. Dropping it ends it.
#[derive(Debug)]
pub struct Neko {
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
    cancel: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Starts a client as one supervised task of the current Tokio runtime.
///
/// The receiver should be read promptly: while it is not, frames are dropped.
#[must_use]
pub fn start(endpoint: Endpoint, options: Options) -> (Neko, mpsc::Receiver<News>) {
    let (requests, asked) = mpsc::channel(REQUESTS);
    let (outlet, news) = outlet::Outlet::new();
    let cancel = CancellationToken::new();
    let shared = Arc::new(Shared {
        input: Mutex::new(Queue::new(options.move_interval)),
        typed: Notify::new(),
        stats: Mutex::new(Stats::default()),
    });
    let task = tokio::spawn(supervise::run(
        endpoint,
        options,
        asked,
        outlet,
        Arc::clone(&shared),
        cancel.clone(),
    ));
    let neko = Neko {
        requests,
        shared,
        cancel,
        task: Mutex::new(Some(task)),
    };
    (neko, news)
}

impl Neko {
    /// Sends input. Never waits; what cannot be sent because the peer is away is forgotten.
    pub fn input(&self, message: InputMessage) {
        if let Ok(mut queue) = self.shared.input.lock() {
            queue.push(message);
        }
        self.shared.typed.notify_one();
    }

    /// Types text that is no key, by way of the remote clipboard, in order with the input.
    pub fn paste(&self, text: &str) {
        if let Ok(mut queue) = self.shared.input.lock() {
            queue.push_text(text);
        }
        self.shared.typed.notify_one();
    }

    /// Sets the remote clipboard, in order with the input.
    pub fn set_clipboard(&self, text: &str) {
        if let Ok(mut queue) = self.shared.input.lock() {
            queue.push_clipboard(text);
        }
        self.shared.typed.notify_one();
    }

    /// Asks for a screen size; [`News::Screen`] tells what it became. Rate 0 stands for 60 Hz.
    pub fn set_screen(&self, width: u32, height: u32, rate: u16) {
        self.request(Request::Screen(ScreenSize {
            width,
            height,
            rate,
        }));
    }

    /// Sets the remote keyboard layout, in XKB's words.
    pub fn set_keyboard(&self, layout: &str, variant: &str) {
        self.request(Request::Keyboard(KeyboardMap {
            layout: layout.to_owned(),
            variant: variant.to_owned(),
        }));
    }

    /// Sets the remote locks.
    pub fn set_modifiers(&self, caps: bool, num: bool) {
        self.request(Request::Modifiers { caps, num });
    }

    /// Asks for a key frame: the decoder lost its place.
    pub fn request_keyframe(&self) {
        self.request(Request::Keyframe);
    }

    /// Whether anybody looks at the picture, as one does at first. When nobody does any more, the
    /// server is soon asked to capture and encode nothing; looked at again, the picture goes on
    /// with a key frame. Sound is not touched.
    pub fn set_watched(&self, watched: bool) {
        self.request(Request::Watched(watched));
    }

    /// Measurements so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats.lock().map(|it| *it).unwrap_or_default()
    }

    /// Ends the client in good order, within three seconds.
    pub async fn close(&self) {
        self.cancel.cancel();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            let abort = task.abort_handle();
            if tokio::time::timeout(CLOSE_LIMIT, task).await.is_err() {
                abort.abort();
            }
        }
    }

    fn request(&self, request: Request) {
        if self.requests.try_send(request).is_err() {
            tracing::debug!("a request had no room");
        }
    }
}

impl Drop for Neko {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
