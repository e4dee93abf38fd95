//! From RTP packets in arrival order to whole frames in decoding order. No clock and no IO: the
//! time comes in with every call.
//!
//! A packet that is in order is never held. Behind a gap packets wait for as long as the gap can
//! still be filled, which is measured, not fixed: about two round trips of a NACK. Then the
//! frames up to the next key frame are lost, and one is asked for.

mod assemble;
mod h264;
mod order;
mod vp8;
mod vp9;

use bytes::Bytes;
use duotab_core::lane::Codec;
use std::time::{Duration, Instant};

use assemble::Assembly;
use order::{Order, Step};

/// One RTP packet's parts that matter here.
#[derive(Clone, Debug)]
pub struct Packet {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, 90 kHz.
    pub timestamp: u32,
    /// Last packet of its frame.
    pub marker: bool,
    /// Payload without padding.
    pub payload: Bytes,
}

/// One whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Whether it can be decoded without another.
    pub key: bool,
    /// Its codec.
    pub codec: Codec,
    /// Media time in microseconds since the first frame.
    pub time_us: u64,
    /// The encoded frame; H.264 as Annex B.
    pub data: Bytes,
    /// When its last packet came.
    pub arrived: Instant,
    /// Whether frames before it are missing.
    pub lost_before: bool,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A frame.
    Frame(Whole),
    /// Ask for these packets again.
    Nack(Vec<u16>),
    /// Nothing can be decoded until a key frame comes: ask for one.
    NeedKey,
}

/// Counts since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets taken.
    pub packets: u64,
    /// Packets asked for again.
    pub nacked: u64,
    /// Packets that came after they were missed.
    pub recovered: u64,
    /// Packets given up.
    pub lost: u64,
    /// Packets that came twice or too late.
    pub late: u64,
    /// Whole frames.
    pub frames: u64,
    /// Frames that could not be put together or decoded.
    pub broken: u64,
}

/// The receiver of one video stream.
#[derive(Debug)]
pub struct Frames {
    order: Order,
    assembly: Assembly,
    output: std::collections::VecDeque<Output>,
    counts: Counts,
}

impl Frames {
    /// Begins a stream; the first frame out is a key frame.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self {
            order: Order::new(),
            assembly: Assembly::new(codec),
            output: std::collections::VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// Tells the round trip as it was measured elsewhere, in place of a guess.
    pub fn set_round_trip(&mut self, round_trip: Duration) {
        self.order.set_round_trip(round_trip);
    }

    /// Takes one packet.
    pub fn push(&mut self, packet: Packet, now: Instant) {
        self.counts.packets += 1;
        self.order.push(packet, now);
        self.drain(now);
    }

    /// When [`Frames::timeout`] wants to be called, if at all.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.order.deadline()
    }

    /// Asks again for what is missing, or gives it up.
    pub fn timeout(&mut self, now: Instant) {
        self.order.timeout(now);
        self.drain(now);
    }

    /// Forgets what was decoded so far: only a key frame helps.
    pub fn restart(&mut self) {
        self.assembly.await_key();
    }

    /// Whether nothing goes out until a key frame comes.
    #[must_use]
    pub const fn awaits_key(&self) -> bool {
        self.assembly.awaits_key()
    }

    /// The next thing that came out.
    pub fn poll(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// Counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts;
        self.order.count(&mut counts);
        counts
    }

    fn drain(&mut self, now: Instant) {
        while let Some(step) = self.order.poll() {
            match step {
                Step::Packet(packet) => {
                    let before = self.assembly.broken();
                    if let Some(whole) = self.assembly.push(&packet, now) {
                        self.counts.frames += 1;
                        self.output.push_back(Output::Frame(whole));
                    }
                    if self.assembly.broken() > before {
                        self.output.push_back(Output::NeedKey);
                    }
                }
                Step::Gap => {
                    self.assembly.gap();
                    self.output.push_back(Output::NeedKey);
                }
                Step::Nack(missing) => self.output.push_back(Output::Nack(missing)),
            }
        }
        self.counts.broken = self.assembly.broken();
    }
}

#[cfg(test)]
#[path = "frames/tests.rs"]
mod tests;
