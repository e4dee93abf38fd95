//! The one live view: whose picture it shows, and to whom its input goes. Neither frames nor input
//! pass through the controller's queue.

mod hands;

use crate::lane::{self, FrameFate, Lane};
use crate::neko::{self, Neko};
use crate::runtime::StartSpec;
use duotab_core::lane::{FromView, ToView};
use duotab_core::message::{ContentArea, ProfileName, SessionId};
use duotab_core::neko::shape::ScreenSize;
use hands::Hands;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Pictures per second that are asked for.
const RATE: u16 = 30;

/// The smallest and the largest side of a picture that is asked for, in pixels.
const SIDE: std::ops::RangeInclusive<u16> = 120..=3840;

/// The live view. Cheap to clone.
#[derive(Clone)]
pub(super) struct Viewer {
    lane: Arc<Lane>,
    shared: Arc<Mutex<Shared>>,
}

/// The view's size in device pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Viewport {
    width: u16,
    height: u16,
    scale_percent: u16,
}

#[derive(Default)]
struct Shared {
    streams: HashMap<SessionId, Stream>,
    watched: Option<SessionId>,
    viewport: Option<Viewport>,
    hands: Hands,
}

impl Shared {
    fn watched(&mut self) -> Option<&mut Stream> {
        let session = self.watched?;
        self.streams.get_mut(&session)
    }
}

/// What is known of a stream, so that it can be shown again at once.
struct Stream {
    neko: Arc<Neko>,
    sequence: u32,
    cursor: Option<neko::News>,
    screen: Option<(u16, u16)>,
}

impl Viewer {
    pub(super) fn start(lane: Arc<Lane>) -> Self {
        let viewer = Self {
            lane,
            shared: Arc::default(),
        };
        if let Some(mut input) = viewer.lane.take_input() {
            let shared = Arc::clone(&viewer.shared);
            // Ends with the lane, whose last clone goes with the controller.
            tokio::spawn(async move {
                while let Some(input) = input.recv().await {
                    take_input(&mut lock(&shared), input);
                }
            });
        }
        viewer
    }

    /// Lets the lane go: handles on the controller may outlive it, and its ports do not.
    pub(super) fn close(&self) {
        self.lane.close();
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// The local keyboard layout, once it is known.
    pub(super) fn set_keymap(&self, keymap: crate::keymap::Keymap) {
        self.lock().hands.set_keymap(keymap);
    }

    /// How a client for the view begins.
    pub(super) fn options(&self) -> neko::Options {
        let shared = self.lock();
        neko::Options {
            first_screen: shared.viewport.map(screen_of),
            keyboard: shared.hands.keyboard_map(),
            ..neko::Options::default()
        }
    }

    /// How an engine for the view begins; session, profile and memory are left open.
    pub(super) fn start_spec(&self) -> StartSpec {
        let viewport = self.lock().viewport;
        StartSpec {
            session: SessionId(0),
            profile: ProfileName(String::new()),
            memory_mib: 0,
            start_url: "about:blank".to_owned(),
            scale_percent: viewport.map_or(100, |viewport| viewport.scale_percent),
            screen: viewport.map(|viewport| {
                let size = screen_of(viewport);
                (clamp(size.width), clamp(size.height))
            }),
            ahead: false,
        }
    }

    /// Where the content area is: what a view will ask for, before it does.
    pub(super) fn place(&self, area: ContentArea) {
        let pixels = |css: f64| {
            // Saturating: a page may report anything.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let pixels = (css * area.scale).round().clamp(0.0, f64::from(u16::MAX)) as u16;
            pixels
        };
        if area.width > 0.0 && area.height > 0.0 && area.scale > 0.0 {
            let viewport = Viewport {
                width: pixels(area.width),
                height: pixels(area.height),
                scale_percent: scale_percent(area.scale),
            };
            let mut shared = self.lock();
            // A resize under a live picture is told by the view when it has settled.
            if shared.watched.is_none() || shared.viewport.is_none() {
                shared.viewport = Some(viewport);
            }
        }
    }

    pub(super) fn attach(&self, session: SessionId, neko: Arc<Neko>) {
        let mut shared = self.lock();
        neko.set_watched(shared.watched == Some(session));
        let stream = Stream {
            neko,
            sequence: 0,
            cursor: None,
            screen: None,
        };
        shared.streams.insert(session, stream);
        if shared.watched == Some(session) {
            self.lane.show(&ToView::Reset { session: session.0 });
        }
    }

    pub(super) fn detach(&self, session: SessionId) {
        self.lock().streams.remove(&session);
    }

    /// Whose picture goes to the view from now on.
    pub(super) fn watch(&self, session: Option<SessionId>) {
        let mut shared = self.lock();
        if let Some(before) = shared.watched().map(|stream| Arc::clone(&stream.neko)) {
            shared.hands.act(&before, FromView::Blur);
            before.set_watched(false);
        }
        shared.watched = session;
        let id = session.map_or(0, |session| session.0);
        self.lane.show(&ToView::Reset { session: id });
        let Some(stream) = shared.watched() else {
            return;
        };
        stream.sequence = 0;
        if let Some((width, height)) = stream.screen {
            self.lane.show(&ToView::Screen { width, height });
        }
        if let Some(cursor) = &stream.cursor {
            self.show_cursor(cursor);
        }
        stream.neko.set_watched(true);
        stream.neko.request_keyframe();
        let viewport = shared.viewport;
        if let (Some(viewport), Some(stream)) = (viewport, shared.watched()) {
            fit(stream, viewport);
        }
    }

    /// Gives the view what a stream tells: its sound, and what is to be seen if it is watched.
    pub(super) fn show(&self, session: SessionId, news: neko::News) {
        let mut shared = self.lock();
        let watched = shared.watched == Some(session);
        let Some(stream) = shared.streams.get_mut(&session) else {
            return;
        };
        match news {
            neko::News::Frame(frame) if watched => {
                stream.sequence = stream.sequence.wrapping_add(1);
                let fate = self.lane.frame(lane::Frame {
                    key: frame.key,
                    codec: frame.codec,
                    sequence: stream.sequence,
                    time_us: frame.time_us,
                    data: frame.data,
                });
                if fate == FrameFate::NeedKeyframe {
                    stream.neko.request_keyframe();
                }
            }
            neko::News::Screen { width, height, .. } => {
                let (width, height) = (clamp(width), clamp(height));
                stream.screen = Some((width, height));
                if watched {
                    self.lane.show(&ToView::Screen { width, height });
                }
            }
            cursor @ neko::News::CursorImage { .. } => {
                if watched {
                    self.show_cursor(&cursor);
                }
                stream.cursor = Some(cursor);
            }
            neko::News::CursorPosition { x, y } if watched => {
                self.lane.show(&ToView::CursorPosition { x, y });
            }
            neko::News::Clipboard(text) if watched => {
                self.lane.show(&ToView::Clipboard { text: &text });
            }
            // Music plays on behind another tab, as in any browser.
            neko::News::Audio { time_us, data } => {
                self.lane.show(&ToView::Audio {
                    session: session.0,
                    time_us,
                    data: &data,
                });
            }
            _ => {}
        }
    }

    fn show_cursor(&self, news: &neko::News) {
        if let neko::News::CursorImage {
            width,
            height,
            hot_x,
            hot_y,
            png,
        } = news
        {
            self.lane.show(&ToView::CursorImage {
                width: *width,
                height: *height,
                hot_x: *hot_x,
                hot_y: *hot_y,
                png,
            });
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_input(shared: &mut Shared, input: lane::Input) {
    let message = match input {
        lane::Input::ViewConnected => FromView::NeedKeyframe,
        lane::Input::ViewGone => FromView::Blur,
        lane::Input::View(message) => message,
    };
    if let FromView::Viewport {
        width,
        height,
        scale_percent,
    } = message
    {
        shared.viewport = Some(Viewport {
            width,
            height,
            scale_percent,
        });
    }
    let viewport = shared.viewport;
    let Some(stream) = shared.watched() else {
        return;
    };
    match message {
        FromView::Viewport { .. } => {
            if let Some(viewport) = viewport {
                fit(stream, viewport);
            }
        }
        FromView::NeedKeyframe => stream.neko.request_keyframe(),
        FromView::Painted { .. } => {}
        message => {
            let neko = Arc::clone(&stream.neko);
            shared.hands.act(&neko, message);
        }
    }
}

/// Asks for the view's exact size, if the screen has another one.
fn fit(stream: &Stream, viewport: Viewport) {
    let size = screen_of(viewport);
    if stream.screen != Some((clamp(size.width), clamp(size.height))) {
        stream.neko.set_screen(size.width, size.height, size.rate);
    }
}

fn screen_of(viewport: Viewport) -> ScreenSize {
    let side = |n: u16| u32::from(n.clamp(*SIDE.start(), *SIDE.end()));
    ScreenSize {
        width: side(viewport.width),
        height: side(viewport.height),
        rate: RATE,
    }
}

fn clamp(n: u32) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn scale_percent(scale: f64) -> u16 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let percent = (scale * 100.0).round().clamp(50.0, 400.0) as u16;
    percent
}
