//! From the screen to encoded frames: one thread that sleeps until the screen changes, takes the
//! picture at once, encodes it, and hands it over. There is never more than one frame on its way
//! beside the one being encoded; while the way is full nothing is taken, so what comes next is
//! always the newest picture. A screen that stands still costs nothing.

mod encoder;
mod shot;

use crate::config::Codec;
use crate::xlink::{Address, Wake, XError};
use bytes::Bytes;
use encoder::Encoder;
pub(crate) use encoder::load as load_encoder;
use shot::Shot;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A still picture is sent twice more, each time with what quality the bit rate then allows.
const REFINE_AFTER: [Duration; 2] = [Duration::from_millis(160), Duration::from_millis(400)];
/// Requests for a key frame closer together than this are one.
const KEY_INTERVAL: Duration = Duration::from_millis(80);
/// Frames that may be on their way to the viewer when the next one is taken.
const MAX_ON_THE_WAY: u32 = 1;

/// One encoded frame.
pub(crate) struct Frame {
    /// The encoded bytes.
    pub data: Bytes,
    /// Whether it stands for itself.
    pub key: bool,
    /// When the picture was taken.
    pub taken: Instant,
    /// Held until the frame has been sent.
    _way: OnTheWay,
}

/// Where frames go.
pub(crate) type Sink = mpsc::Sender<Frame>;

/// The handle of the thread.
pub(crate) struct Capture {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    wake: Wake,
    wanted: Mutex<Wanted>,
    on_the_way: AtomicU32,
}

#[derive(Clone, Default)]
struct Wanted {
    sink: Option<Sink>,
    /// There is nothing to be seen yet.
    held: bool,
    paused: bool,
    key: bool,
    rate: u16,
    end: bool,
}

/// A frame that has not been sent yet.
struct OnTheWay(Arc<Shared>);

impl Drop for OnTheWay {
    fn drop(&mut self) {
        self.0.on_the_way.fetch_sub(1, Ordering::AcqRel);
        self.0.wake.wake();
    }
}

impl Capture {
    /// Starts the thread. Nothing is taken before there is somebody to watch, and something to be
    /// seen ([`Self::release`]).
    pub(crate) fn start(address: &Address, codec: Codec, rate: u16) -> Result<Self, XError> {
        let shared = Arc::new(Shared {
            wake: Wake::new()?,
            wanted: Mutex::new(Wanted {
                rate,
                held: true,
                ..Wanted::default()
            }),
            on_the_way: AtomicU32::new(0),
        });
        let address = address.clone();
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || {
                if let Err(error) = Camera::run(&address, codec, of_thread) {
                    tracing::error!(%error, "capture ended");
                }
            })?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    fn change(&self, change: impl FnOnce(&mut Wanted)) {
        change(&mut crate::room::lock(&self.shared.wanted));
        self.shared.wake.wake();
    }

    /// There is something to be seen from now on.
    pub(crate) fn release(&self) {
        self.change(|it| it.held = false);
    }

    /// Sends frames there from now on, beginning with a key frame of the screen as it is.
    pub(crate) fn watch(&self, sink: Sink) {
        self.change(|it| {
            it.sink = Some(sink);
            it.key = true;
        });
    }

    /// Nobody watches any more.
    pub(crate) fn unwatch(&self) {
        self.change(|it| it.sink = None);
    }

    /// Pauses, or goes on with a key frame.
    pub(crate) fn pause(&self, paused: bool) {
        self.change(|it| {
            it.key |= it.paused && !paused;
            it.paused = paused;
        });
    }

    /// Makes the next frame a key frame, and sends one if nothing changes.
    pub(crate) fn request_key(&self) {
        self.change(|it| it.key = true);
    }

    /// Frames per second, at most.
    pub(crate) fn set_rate(&self, rate: u16) {
        self.change(|it| it.rate = rate);
    }

    /// Ends the thread. It may be waiting for an X server that is gone: that ends it as well.
    pub(crate) fn end(&self) {
        self.change(|it| it.end = true);
        drop(crate::room::lock(&self.thread).take());
    }
}

/// What the thread owns.
struct Camera {
    shared: Arc<Shared>,
    codec: Codec,
    shot: Shot,
    encoder: Option<Encoder>,
    /// When the last frame was taken.
    last: Option<Instant>,
    last_key: Option<Instant>,
    /// How many times the still picture has been refined.
    refined: usize,
}

/// What is to be done now.
enum Next {
    Take { key: bool },
    Wait(Option<Duration>),
}

impl Camera {
    fn run(address: &Address, codec: Codec, shared: Arc<Shared>) -> Result<(), XError> {
        let mut camera = Self {
            shot: Shot::open(address)?,
            shared,
            codec,
            encoder: None,
            last: None,
            last_key: None,
            refined: REFINE_AFTER.len(),
        };
        // The encoder is made and has begun before anybody watches: a viewer's first frame waits
        // for nothing but its picture. It stays when the viewer goes, and costs nothing then.
        let nobody = Wanted {
            rate: crate::room::lock(&camera.shared.wanted).rate,
            ..Wanted::default()
        };
        if load_encoder().is_ok() {
            camera.take(&nobody, false)?;
        }
        loop {
            camera.shot.take_events()?;
            let wanted = crate::room::lock(&camera.shared.wanted).clone();
            if wanted.end {
                return Ok(());
            }
            match camera.next(&wanted) {
                Next::Wait(limit) => camera.shared.wake.wait(camera.shot.connection(), limit)?,
                Next::Take { key } => camera.take(&wanted, key)?,
            }
        }
    }

    fn next(&mut self, wanted: &Wanted) -> Next {
        if wanted.sink.is_none() || wanted.held || wanted.paused {
            return Next::Wait(None);
        }
        if self.shared.on_the_way.load(Ordering::Acquire) > MAX_ON_THE_WAY {
            return Next::Wait(None);
        }
        let now = Instant::now();
        let until = |at: Option<Instant>| {
            at.and_then(|it| it.checked_duration_since(now))
                .filter(|it| !it.is_zero())
        };
        let key = wanted.key || self.encoder.is_none();
        if key {
            let limit = until(self.last_key.map(|it| it + KEY_INTERVAL));
            return limit.map_or(Next::Take { key }, |it| Next::Wait(Some(it)));
        }
        if self.shot.changed() {
            let pause = Duration::from_secs(1) / u32::from(wanted.rate.clamp(1, 120));
            let limit = until(self.last.map(|it| it + pause));
            return limit.map_or(Next::Take { key }, |it| Next::Wait(Some(it)));
        }
        let Some(pause) = REFINE_AFTER.get(self.refined) else {
            return Next::Wait(None);
        };
        let limit = until(self.last.map(|it| it + *pause));
        limit.map_or(Next::Take { key }, |it| Next::Wait(Some(it)))
    }

    fn take(&mut self, wanted: &Wanted, key: bool) -> Result<(), XError> {
        if key {
            crate::room::lock(&self.shared.wanted).key = false;
            self.last_key = Some(Instant::now());
        }
        self.refined = if key || self.shot.changed() {
            0
        } else {
            self.refined + 1
        };
        let taken = Instant::now();
        self.last = Some(taken);
        let Some(size) = self.shot.take()? else {
            // The size changed in between; the event for it is on its way.
            return Ok(());
        };
        if self.encoder.as_ref().is_none_or(|it| it.size() != size) {
            match Encoder::start(self.codec, size, wanted.rate) {
                Ok(encoder) => self.encoder = Some(encoder),
                Err(error) => {
                    tracing::error!(%error, "encoder");
                    return Err(XError::Lacks("an encoder"));
                }
            }
        }
        let Some(encoder) = &mut self.encoder else {
            return Ok(());
        };
        let shot = &self.shot;
        let frame = match encoder.encode(taken, key, |into| shot.read(into)) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, "encoder");
                self.encoder = None;
                return Ok(());
            }
        };
        let spent = taken.elapsed();
        tracing::trace!(?spent, bytes = frame.data.len(), key = frame.key, "frame");
        self.shared.on_the_way.fetch_add(1, Ordering::AcqRel);
        let frame = Frame {
            data: frame.data,
            key: frame.key,
            taken,
            _way: OnTheWay(Arc::clone(&self.shared)),
        };
        if let Some(sink) = &wanted.sink
            && let Err(error) = sink.try_send(frame)
        {
            // A frame that the others build on is lost.
            match error {
                mpsc::error::TrySendError::Full(_) => self.encoder = None,
                mpsc::error::TrySendError::Closed(_) => {
                    let mut now = crate::room::lock(&self.shared.wanted);
                    if now.sink.as_ref().is_some_and(|it| it.same_channel(sink)) {
                        now.sink = None;
                    }
                }
            }
        }
        Ok(())
    }
}
