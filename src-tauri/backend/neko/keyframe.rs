//! When and how a key frame is asked for.
//!
//! koneko honours PLI; Neko ignores it and honours only switching the video off and on. For a
//! lone viewer that tears Neko's capture down and builds it up again, and torn down while it is
//! still being built it can hang for ever, with the whole session (seen with 3.1.5 and
//! GStreamer 1.22). So PLI goes first; the switch follows only if no key frame came within a
//! round trip and [`PATIENCE`], and not while nothing has come from the capture yet, unless that
//! goes on for [`BEGIN`]. Which of the two helped is remembered for the next time.

use std::time::{Duration, Instant};

/// What an encoder takes to make a key frame once it is asked.
const PATIENCE: Duration = Duration::from_millis(50);
/// What capture and encoder may take to begin on a machine that is very busy. Nothing else can be
/// asked before the first packet: PLI needs its source's number.
const BEGIN: Duration = Duration::from_secs(3);
/// The wait after a switch that did not help, which doubles up to the longest.
const AGAIN: Duration = Duration::from_millis(1500);
const LONGEST: Duration = Duration::from_secs(6);

/// What is to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    /// RTCP PLI.
    pub(super) pli: bool,
    /// `signal/video` off and on.
    pub(super) switch: bool,
}

const NOTHING: Ask = Ask {
    pli: false,
    switch: false,
};
const PLI: Ask = Ask {
    pli: true,
    switch: false,
};
const BOTH: Ask = Ask {
    pli: true,
    switch: true,
};

/// What was done for the wish that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    /// Nothing: the capture begins by itself.
    Nothing,
    Pli,
    /// And the wait until the next one.
    Switch(Duration),
}

/// The wish for a key frame.
#[derive(Debug, Default)]
pub(super) struct Keyframes {
    open: Option<(Tried, Instant)>,
    /// What the server is known to honour.
    pli_helps: Option<bool>,
    round_trip: Duration,
    /// A packet has come from this peer.
    heard: bool,
    /// Requests so far.
    pub(super) asked: u64,
}

impl Keyframes {
    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
    }

    /// A peer has connected: its capture begins, and begins with a key frame.
    pub(super) fn connected(&mut self, now: Instant) {
        self.heard = false;
        self.open = Some((Tried::Nothing, now + self.round_trip + BEGIN));
    }

    /// The first packet came. If it is of no key frame, the capture ran before.
    pub(super) fn began(&mut self, now: Instant) {
        self.heard = true;
        if let Some((Tried::Nothing, until)) = &mut self.open {
            *until = now + self.round_trip + PATIENCE;
        }
    }

    /// The capture goes on after a pause, and begins with a key frame.
    pub(super) fn resumed(&mut self, now: Instant) {
        self.open = Some((Tried::Nothing, now + self.round_trip + AGAIN));
    }

    /// Somebody cannot go on without a key frame.
    pub(super) fn want(&mut self, now: Instant) -> Ask {
        if self.open.is_some() {
            return NOTHING;
        }
        self.ask(now)
    }

    /// When [`Keyframes::timeout`] wants to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.open.map(|(_, until)| until)
    }

    /// Asks again, louder.
    pub(super) fn timeout(&mut self, now: Instant) -> Ask {
        match self.open {
            Some((tried, until)) if now >= until => match tried {
                Tried::Nothing if self.heard => self.ask(now),
                Tried::Nothing => self.switch(now, AGAIN),
                Tried::Pli => self.switch(now, AGAIN),
                Tried::Switch(wait) => self.switch(now, (wait * 2).min(LONGEST)),
            },
            _ => NOTHING,
        }
    }

    /// A key frame came.
    pub(super) fn got(&mut self) {
        match self.open.take() {
            Some((Tried::Pli, _)) => self.pli_helps = Some(true),
            Some((Tried::Switch(_), _)) => self.pli_helps = Some(false),
            Some((Tried::Nothing, _)) | None => {}
        }
    }

    /// There is no peer to ask, or no picture wanted.
    pub(super) fn stop(&mut self) {
        self.open = None;
    }

    fn ask(&mut self, now: Instant) -> Ask {
        if self.pli_helps == Some(false) {
            return self.switch(now, AGAIN);
        }
        self.asked += 1;
        // A server that honours it may be busy. One that is taken too early for one that does not
        // would be switched off and on from then on.
        let patience = match self.pli_helps {
            Some(_) => PATIENCE * 6,
            None => PATIENCE * 4,
        };
        self.open = Some((Tried::Pli, now + self.round_trip + patience));
        PLI
    }

    fn switch(&mut self, now: Instant, wait: Duration) -> Ask {
        self.asked += 1;
        self.open = Some((Tried::Switch(wait), now + self.round_trip + wait));
        BOTH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIP: Duration = Duration::from_millis(10);
    const MOMENT: Duration = Duration::from_millis(1);

    fn keyframes() -> (Keyframes, Instant) {
        let mut it = Keyframes::default();
        it.set_round_trip(TRIP);
        (it, Instant::now())
    }

    #[test]
    fn a_server_that_ignores_pli_is_asked_by_the_switch_and_next_time_at_once() {
        let (mut it, start) = keyframes();
        assert_eq!(it.want(start), PLI);
        assert_eq!(it.timeout(start + TRIP + PATIENCE * 4 - MOMENT), NOTHING);
        assert_eq!(it.timeout(start + TRIP + PATIENCE * 4), BOTH);
        it.got();
        assert_eq!(it.deadline(), None);
        assert_eq!(it.want(start), BOTH);
    }

    #[test]
    fn a_wish_is_said_once_until_it_is_granted() {
        let (mut it, start) = keyframes();
        assert_eq!(it.want(start), PLI);
        assert_eq!(it.want(start), NOTHING);
        it.got();
        assert_eq!(it.want(start), PLI);
    }

    #[test]
    fn a_first_frame_that_comes_by_itself_is_not_asked_for() {
        let (mut it, start) = keyframes();
        it.connected(start);
        it.began(start);
        it.got();
        assert_eq!(it.timeout(start + LONGEST), NOTHING);
        assert_eq!(it.asked, 0);
    }

    #[test]
    fn a_capture_that_ran_before_is_asked_as_soon_as_it_is_heard() {
        let (mut it, start) = keyframes();
        it.connected(start);
        let heard = start + Duration::from_millis(20);
        it.began(heard);
        let due = heard + TRIP + PATIENCE;
        assert_eq!(it.deadline(), Some(due));
        assert_eq!(it.timeout(due), PLI);
        assert_eq!(it.timeout(due + TRIP + PATIENCE * 4), BOTH);
    }

    #[test]
    fn a_capture_that_goes_on_is_left_alone_for_a_while() {
        let (mut it, start) = keyframes();
        it.connected(start);
        it.began(start);
        it.got();
        it.resumed(start);
        assert_eq!(it.want(start), NOTHING);
        assert_eq!(it.timeout(start + TRIP + AGAIN - MOMENT), NOTHING);
        assert_eq!(it.timeout(start + TRIP + AGAIN), PLI);
    }

    #[test]
    fn a_capture_that_is_being_built_is_not_torn_down() {
        let (mut it, start) = keyframes();
        it.connected(start);
        let before = start + BEGIN;
        assert_eq!(it.timeout(before), NOTHING);
        it.got();
        it.want(start);
        let mut clock = start;
        let mut switches = Vec::new();
        while clock < start + Duration::from_secs(12) {
            clock += Duration::from_millis(10);
            if it.timeout(clock).switch {
                switches.push(clock);
            }
        }
        let waits: Vec<_> = switches.windows(2).map(|it| it[1] - it[0]).collect();
        assert!(waits.iter().all(|it| *it >= AGAIN), "{waits:?}");
        assert!(waits[1] > waits[0]);
    }
}
