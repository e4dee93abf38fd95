//! Packets in order become frames.

use bytes::{Bytes, BytesMut};
use duotab_core::lane::Codec;
use std::time::Instant;

use super::{Packet, Whole, h264, vp8, vp9};

/// More than any encoder makes of a 4K screen; what is larger is an attack.
const MAX_FRAME: usize = 16 << 20;

/// What one packet's payload turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// A frame may begin with it.
    pub(super) begins: bool,
    /// It shows that the frame is a key frame.
    pub(super) key: bool,
}

/// A payload that is not what its codec says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

#[derive(Debug)]
pub(super) struct Assembly {
    codec: Codec,
    /// The frame being put together.
    data: BytesMut,
    timestamp: Option<u32>,
    key: bool,
    /// Something of the current frame is missing or malformed.
    spoilt: bool,
    /// The next packet need not be a frame's first: anything may be missing before it.
    loose: bool,
    awaits_key: bool,
    lost: bool,
    broken: u64,
    clock: Clock,
}

impl Assembly {
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            data: BytesMut::new(),
            timestamp: None,
            key: false,
            spoilt: false,
            loose: true,
            awaits_key: true,
            lost: false,
            broken: 0,
            clock: Clock::default(),
        }
    }

    pub(super) const fn awaits_key(&self) -> bool {
        self.awaits_key
    }

    /// Frames that were spoilt without a gap in the numbers.
    pub(super) const fn broken(&self) -> u64 {
        self.broken
    }

    pub(super) fn await_key(&mut self) {
        self.awaits_key = true;
        self.lost = true;
    }

    /// Packets before the next one are lost.
    pub(super) fn gap(&mut self) {
        self.data.clear();
        self.timestamp = None;
        self.spoilt = false;
        self.loose = true;
        self.await_key();
    }

    /// Takes the next packet; gives a frame when it was the last one of it.
    pub(super) fn push(&mut self, packet: &Packet, now: Instant) -> Option<Whole> {
        let mut done = None;
        if self.timestamp.is_some_and(|it| it != packet.timestamp) {
            // In order and without a gap: the frame before is whole, its marker was left out.
            done = self.finish(now);
        }
        let first = self.timestamp.is_none();
        if first {
            self.timestamp = Some(packet.timestamp);
            self.key = false;
            self.spoilt = false;
        }
        if packet.payload.is_empty() {
            // Padding alone, as bandwidth probes send it.
            if first {
                self.timestamp = None;
            }
            return done;
        }
        if !self.spoilt {
            let part = match self.codec {
                Codec::Vp8 => vp8::take(&packet.payload, first, &mut self.data),
                Codec::Vp9 => vp9::take(&packet.payload, first, &mut self.data),
                Codec::H264 => h264::take(&packet.payload, &mut self.data),
                Codec::Av1 => Err(Malformed),
            };
            match part {
                Ok(part) if self.data.len() <= MAX_FRAME => {
                    self.key |= part.key;
                    self.spoilt = first && self.loose && !part.begins;
                }
                _ => {
                    self.spoilt = true;
                    self.broken += u64::from(!self.awaits_key);
                }
            }
            self.loose = false;
        }
        if packet.marker {
            let whole = self.finish(now);
            return done.or(whole);
        }
        done
    }

    /// Closes the current frame.
    fn finish(&mut self, now: Instant) -> Option<Whole> {
        let timestamp = self.timestamp.take()?;
        let data = self.data.split().freeze();
        let time_us = self.clock.micros(timestamp);
        if self.spoilt || data.is_empty() {
            self.await_key();
            return None;
        }
        if self.awaits_key && !self.key {
            self.lost = true;
            return None;
        }
        self.awaits_key = false;
        Some(Whole {
            key: self.key,
            codec: self.codec,
            time_us,
            data: Bytes::clone(&data),
            arrived: now,
            lost_before: std::mem::take(&mut self.lost),
        })
    }
}

/// Turns 90 kHz timestamps that wrap into microseconds that do not.
#[derive(Debug, Default)]
struct Clock {
    last: Option<u32>,
    ticks: u64,
}

impl Clock {
    fn micros(&mut self, timestamp: u32) -> u64 {
        if let Some(last) = self.last {
            let step = timestamp.wrapping_sub(last).cast_signed();
            self.ticks = self.ticks.saturating_add_signed(i64::from(step));
        }
        self.last = Some(timestamp);
        self.ticks * 100 / 9
    }
}
