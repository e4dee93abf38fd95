//! Packets in arrival order become packets in order, or a gap.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::{Counts, Packet};

/// Packets that wait behind a gap: about two seconds of 1080p at its most.
const MAX_WAITING: usize = 4096;
/// Missing packets that are worth asking for; beyond it a key frame is cheaper.
const MAX_MISSING: usize = 512;
/// A step in sequence numbers that is no loss but another stream (RFC 3550, `MAX_DROPOUT`).
const MAX_STEP: i32 = 3000;
/// Round trip until one was measured.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(40);
/// The shortest and the longest time for which a gap holds what is behind it.
const WINDOW: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(400));
/// The shortest time between two requests for the same packet.
const MIN_RETRY: Duration = Duration::from_millis(8);

/// What comes out, in order.
#[derive(Debug)]
pub(super) enum Step {
    /// The next packet.
    Packet(Packet),
    /// Packets before the next one are lost for good.
    Gap,
    /// Ask for these.
    Nack(Vec<u16>),
}

/// A packet that has not come.
#[derive(Clone, Copy, Debug)]
struct Missing {
    since: Instant,
    asked: Instant,
    times: u32,
}

#[derive(Debug)]
pub(super) struct Order {
    /// The extended number that is next to go out.
    next: Option<u64>,
    /// The highest extended number seen.
    highest: u64,
    waiting: BTreeMap<u64, Packet>,
    missing: BTreeMap<u64, Missing>,
    /// A packet far off the stream: a second one beside it means that the stream moved.
    stray: Option<u16>,
    /// Smoothed time from a request to the packet, and its deviation (as RFC 6298 does).
    trip: Duration,
    deviation: Duration,
    measured: bool,
    steps: VecDeque<Step>,
    nacked: u64,
    recovered: u64,
    lost: u64,
    late: u64,
}

impl Order {
    pub(super) fn new() -> Self {
        Self {
            next: None,
            highest: 0,
            waiting: BTreeMap::new(),
            missing: BTreeMap::new(),
            stray: None,
            trip: FIRST_ROUND_TRIP,
            deviation: FIRST_ROUND_TRIP / 2,
            measured: false,
            steps: VecDeque::new(),
            nacked: 0,
            recovered: 0,
            lost: 0,
            late: 0,
        }
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        // A repaired loss is the better witness: it has the server's own delay in it.
        if !self.measured {
            self.trip = round_trip.min(WINDOW.1);
            self.deviation = self.trip / 2;
        }
    }

    pub(super) fn poll(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    pub(super) const fn count(&self, counts: &mut Counts) {
        counts.nacked = self.nacked;
        counts.recovered = self.recovered;
        counts.lost = self.lost;
        counts.late = self.late;
    }

    pub(super) fn push(&mut self, packet: Packet, now: Instant) {
        let Some(next) = self.next else {
            // Far from zero, so that packets older than the first have a number too.
            let number = (1 << 32) + u64::from(packet.sequence);
            self.highest = number;
            self.next = Some(number + 1);
            self.steps.push_back(Step::Packet(packet));
            return;
        };
        let step = distance(self.highest, packet.sequence);
        if step.abs() > MAX_STEP {
            self.stray(packet);
            return;
        }
        self.stray = None;
        let number = self.highest.saturating_add_signed(i64::from(step));
        if number < next || self.waiting.contains_key(&number) {
            self.late += 1;
            return;
        }
        if let Some(missing) = self.missing.remove(&number) {
            self.recovered += 1;
            if missing.times == 1 {
                self.measure(now.saturating_duration_since(missing.asked));
            }
        }
        if number > self.highest {
            self.miss(self.highest + 1..number, now);
            self.highest = number;
        }
        if number == next {
            self.next = Some(number + 1);
            self.steps.push_back(Step::Packet(packet));
            self.release();
        } else {
            self.waiting.insert(number, packet);
            if self.waiting.len() > MAX_WAITING || self.missing.len() > MAX_MISSING {
                self.give_up();
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let (_, first) = self.missing.first_key_value()?;
        let again = self.missing.values().map(|it| it.asked).min()? + self.retry();
        Some(again.min(first.since + self.window()))
    }

    pub(super) fn timeout(&mut self, now: Instant) {
        while let Some((_, first)) = self.missing.first_key_value() {
            if now < first.since + self.window() {
                break;
            }
            self.give_up();
        }
        let retry = self.retry();
        let mut again = Vec::new();
        for (number, missing) in &mut self.missing {
            if now >= missing.asked + retry {
                missing.asked = now;
                missing.times += 1;
                again.push(low_bits(*number));
            }
        }
        self.ask(again);
    }

    /// Notes missing packets and asks for them.
    fn miss(&mut self, numbers: std::ops::Range<u64>, now: Instant) {
        let mut asked = Vec::new();
        for number in numbers {
            self.missing.insert(
                number,
                Missing {
                    since: now,
                    asked: now,
                    times: 1,
                },
            );
            asked.push(low_bits(number));
        }
        self.ask(asked);
    }

    fn ask(&mut self, numbers: Vec<u16>) {
        if !numbers.is_empty() {
            self.nacked += numbers.len() as u64;
            self.steps.push_back(Step::Nack(numbers));
        }
    }

    /// Lets out what follows without a gap.
    fn release(&mut self) {
        while let Some(next) = self.next
            && let Some(packet) = self.waiting.remove(&next)
        {
            self.next = Some(next + 1);
            self.steps.push_back(Step::Packet(packet));
        }
    }

    /// Lets go of everything missing before the first packet that waits.
    fn give_up(&mut self) {
        let Some((&first, _)) = self.waiting.first_key_value() else {
            self.missing.clear();
            return;
        };
        let kept = self.missing.split_off(&first);
        self.lost += self.missing.len() as u64;
        self.missing = kept;
        self.next = Some(first);
        self.steps.push_back(Step::Gap);
        self.release();
    }

    /// A packet far off: the stream moved if its neighbour comes next.
    fn stray(&mut self, packet: Packet) {
        let moved = self
            .stray
            .is_some_and(|it| packet.sequence == it.wrapping_add(1));
        self.stray = Some(packet.sequence);
        if !moved {
            self.late += 1;
            return;
        }
        self.stray = None;
        self.waiting.clear();
        self.missing.clear();
        let number = self.highest + (1 << 16) + u64::from(packet.sequence);
        let number = number - (number & 0xffff) + u64::from(packet.sequence);
        self.highest = number;
        self.next = Some(number + 1);
        self.steps.push_back(Step::Gap);
        self.steps.push_back(Step::Packet(packet));
    }

    fn measure(&mut self, trip: Duration) {
        let trip = trip.min(WINDOW.1);
        if self.measured {
            self.deviation = (self.deviation * 3 + self.trip.abs_diff(trip)) / 4;
            self.trip = (self.trip * 7 + trip) / 8;
        } else {
            self.measured = true;
            self.deviation = trip / 2;
            self.trip = trip;
        }
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.waiting.len() + self.missing.len()
    }

    fn retry(&self) -> Duration {
        (self.trip + self.deviation * 2).max(MIN_RETRY)
    }

    /// Two requests and their deviation.
    pub(super) fn window(&self) -> Duration {
        (self.trip * 2 + self.deviation * 4).clamp(WINDOW.0, WINDOW.1)
    }
}

/// From an extended number to the nearest one with these low bits.
fn distance(from: u64, to: u16) -> i32 {
    i32::from(to.wrapping_sub(low_bits(from)).cast_signed())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low bits are what is meant"
)]
const fn low_bits(number: u64) -> u16 {
    number as u16
}
