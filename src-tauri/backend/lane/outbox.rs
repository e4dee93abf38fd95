//! What waits for the view's socket: the last value of each state, and a bounded run of frames.

use std::collections::VecDeque;
use std::sync::Mutex;

use bytes::Bytes;
use duotab_core::lane::ToView;
use tokio::sync::Notify;

use super::{Frame, lock};

/// Frames that may wait. At 30 per second a picture that is later than this is better skipped.
const MAX_FRAMES: usize = 12;
/// Bytes of frames that may wait, unless it is one frame alone.
const MAX_FRAME_BYTES: usize = 8 << 20;
/// Frames that an acknowledging view may be behind. The socket itself does not tell: `WebKit`
/// reads it also while the page is busy, and keeps what it read.
const MAX_UNPAINTED: u32 = 60;
/// While a key frame is missing, the owner is reminded each time so many frames were skipped.
const REMIND_AFTER: u32 = 30;
/// Audio packets that may wait, of all streams: one second of one stream's, which are of 20 ms.
const MAX_AUDIO: usize = 50;
/// Bytes of WebSocket replies (pongs) that may wait before the view is taken for an attacker.
const MAX_REPLIES: usize = 64 << 10;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum FrameFate {
    /// It is on its way.
    Queued,
    /// Skipped: the view waits for a key frame, which was asked for already.
    Skipped,
    /// Skipped, and the view can go on with a key frame only: ask the source for one.
    NeedKeyframe,
    /// Nobody looks.
    NoView,
}

/// What the socket writes next.
pub(super) enum Parcel {
    /// Bytes that are WebSocket frames already.
    Raw(Vec<u8>),
    /// A whole lane message.
    Message(Bytes),
    /// A video frame.
    Frame(Frame),
}

/// The states whose last value counts, in the order in which they are sent.
#[derive(Clone, Copy)]
enum Slot {
    Reset,
    Screen,
    CursorImage,
    CursorPosition,
    Clipboard,
}

const SLOTS: usize = Slot::Clipboard as usize + 1;

#[derive(Default)]
struct State {
    connected: bool,
    waiting: [Option<Bytes>; SLOTS],
    /// What a view that connects later is told.
    known: [Option<Bytes>; SLOTS],
    audio: VecDeque<Bytes>,
    frames: VecDeque<Frame>,
    frame_bytes: usize,
    /// The view can only go on with a key frame.
    starved: bool,
    /// Frames skipped since it is starved.
    skipped: u32,
    /// The view says what it painted.
    acknowledges: bool,
    /// Frames given to the view since the last that it painted, or the last key frame.
    unpainted: u32,
    last_sequence: u32,
    replies: Vec<u8>,
}

/// What waits for the view.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    ready: Notify,
}

impl Outbox {
    /// A view is there, and knows nothing.
    pub(super) fn connect(&self) {
        let mut state = lock(&self.state);
        let known = std::mem::take(&mut state.known);
        *state = State {
            connected: true,
            starved: true,
            waiting: known.clone(),
            known,
            ..State::default()
        };
        drop(state);
        self.ready.notify_one();
    }

    /// The view is gone.
    pub(super) fn disconnect(&self) {
        let mut state = lock(&self.state);
        let known = std::mem::take(&mut state.known);
        *state = State {
            known,
            ..State::default()
        };
    }

    /// Takes any message but a frame.
    pub(super) fn show(&self, message: &ToView<'_>) {
        let slot = match message {
            ToView::Frame { .. } => return,
            ToView::Audio { .. } => return self.audio(message.encode().into()),
            ToView::Reset { .. } => Slot::Reset,
            ToView::Screen { .. } => Slot::Screen,
            ToView::CursorImage { .. } => Slot::CursorImage,
            ToView::CursorPosition { .. } => Slot::CursorPosition,
            ToView::Clipboard { .. } => Slot::Clipboard,
        };
        let bytes = Bytes::from(message.encode());
        let mut state = lock(&self.state);
        if matches!(slot, Slot::Reset) {
            let clipboard = state.waiting[Slot::Clipboard as usize].take();
            state.waiting = Default::default();
            state.waiting[Slot::Clipboard as usize] = clipboard;
            state.known = Default::default();
            state.starve();
            state.unpainted = 0;
        }
        // A clipboard is news, not a state: a later view must not overwrite what was copied since.
        if !matches!(slot, Slot::Clipboard) {
            state.known[slot as usize] = Some(bytes.clone());
        }
        if state.connected {
            state.waiting[slot as usize] = Some(bytes);
            drop(state);
            self.ready.notify_one();
        }
    }

    fn audio(&self, packet: Bytes) {
        let mut state = lock(&self.state);
        if !state.connected {
            return;
        }
        if state.audio.len() == MAX_AUDIO {
            state.audio.pop_front();
        }
        state.audio.push_back(packet);
        drop(state);
        self.ready.notify_one();
    }

    /// Takes a frame.
    pub(super) fn frame(&self, frame: Frame) -> FrameFate {
        let fate = lock(&self.state).frame(frame);
        if fate == FrameFate::Queued {
            self.ready.notify_one();
        }
        fate
    }

    /// The view has painted this frame.
    pub(super) fn painted(&self, sequence: u32) {
        let mut state = lock(&self.state);
        state.acknowledges = true;
        let behind = state.last_sequence.wrapping_sub(sequence);
        state.unpainted = state.unpainted.min(behind);
    }

    /// Takes a reply of the WebSocket itself; `false` when too many wait.
    pub(super) fn reply(&self, bytes: &[u8]) -> bool {
        let mut state = lock(&self.state);
        if state.replies.len() + bytes.len() > MAX_REPLIES {
            return false;
        }
        state.replies.extend_from_slice(bytes);
        drop(state);
        self.ready.notify_one();
        true
    }

    /// The next to be written. Only the view that has the seat asks.
    pub(super) async fn next(&self) -> Parcel {
        loop {
            if let Some(parcel) = lock(&self.state).next() {
                return parcel;
            }
            self.ready.notified().await;
        }
    }
}

impl State {
    fn frame(&mut self, frame: Frame) -> FrameFate {
        if !self.connected {
            return FrameFate::NoView;
        }
        if frame.key {
            // It makes all that still waits worthless.
            self.clear_frames();
            self.starved = false;
            self.unpainted = 0;
        } else if self.starved {
            self.skipped = self.skipped.wrapping_add(1);
            return if self.skipped % REMIND_AFTER == 1 {
                FrameFate::NeedKeyframe
            } else {
                FrameFate::Skipped
            };
        } else if (self.acknowledges && self.unpainted >= MAX_UNPAINTED)
            || self.frames.len() >= MAX_FRAMES
            || self.frame_bytes.saturating_add(frame.data.len()) > MAX_FRAME_BYTES
        {
            // A key frame stands in front of what waits, if anywhere: all of it is too old.
            self.starve();
            self.skipped = 1;
            return FrameFate::NeedKeyframe;
        }
        self.unpainted = self.unpainted.saturating_add(1);
        self.last_sequence = frame.sequence;
        self.frame_bytes = self.frame_bytes.saturating_add(frame.data.len());
        self.frames.push_back(frame);
        FrameFate::Queued
    }

    fn clear_frames(&mut self) {
        self.frames.clear();
        self.frame_bytes = 0;
    }

    fn starve(&mut self) {
        self.clear_frames();
        self.starved = true;
        self.skipped = 0;
    }

    fn next(&mut self) -> Option<Parcel> {
        if !self.replies.is_empty() {
            return Some(Parcel::Raw(std::mem::take(&mut self.replies)));
        }
        if let Some(message) = self.waiting.iter_mut().find_map(Option::take) {
            return Some(Parcel::Message(message));
        }
        if let Some(packet) = self.audio.pop_front() {
            return Some(Parcel::Message(packet));
        }
        let frame = self.frames.pop_front()?;
        self.frame_bytes = self.frame_bytes.saturating_sub(frame.data.len());
        Some(Parcel::Frame(frame))
    }
}

#[cfg(test)]
mod tests;
