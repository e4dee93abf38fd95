//! When and how a key frame is asked for.
//!
//! koneko honours PLI; Neko ignores it and honours only switching the video off and on, which
//! costs the encoder more. So PLI goes first, and if no key frame came within a round trip and
//! [`PATIENCE`], the switch. Which of the two helped is remembered for the next time.

use std::time::{Duration, Instant};

/// What an encoder takes to make a key frame once it is asked.
const PATIENCE: Duration = Duration::from_millis(50);
/// After a switch: capture and encoder begin anew.
const AGAIN: Duration = Duration::from_millis(400);

/// What is to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    /// RTCP PLI.
    pub(super) pli: bool,
    /// `signal/video` off and on.
    pub(super) switch: bool,
}

/// The wish for a key frame.
#[derive(Debug, Default)]
pub(super) struct Keyframes {
    deadline: Option<Instant>,
    switched: bool,
    /// What the server is known to honour.
    pli_helps: Option<bool>,
    round_trip: Duration,
    /// Requests so far.
    pub(super) asked: u64,
}

impl Keyframes {
    pub(super) fn set_round_trip(&mut self, round_trip: Duration) {
        self.round_trip = round_trip;
    }

    /// A peer has connected, and its first frame should be on its way by itself.
    pub(super) fn connected(&mut self, now: Instant) {
        self.switched = false;
        self.deadline = Some(now + self.round_trip + PATIENCE);
    }

    /// Somebody cannot go on without a key frame.
    pub(super) fn want(&mut self, now: Instant) -> Ask {
        if self.deadline.is_some() {
            return Ask::default();
        }
        self.asked += 1;
        self.switched = self.pli_helps == Some(false);
        let patience = if self.switched { AGAIN } else { PATIENCE };
        self.deadline = Some(now + self.round_trip + patience);
        Ask {
            pli: true,
            switch: self.switched,
        }
    }

    /// When [`Keyframes::timeout`] wants to be called.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Asks again, louder.
    pub(super) fn timeout(&mut self, now: Instant) -> Ask {
        if self.deadline.is_none_or(|it| now < it) {
            return Ask::default();
        }
        self.asked += 1;
        self.switched = true;
        self.deadline = Some(now + self.round_trip + AGAIN);
        Ask {
            pli: true,
            switch: true,
        }
    }

    /// A key frame came.
    pub(super) fn got(&mut self) {
        if self.deadline.take().is_some() && self.asked > 0 {
            self.pli_helps = Some(!self.switched);
        }
    }

    /// There is no peer to ask.
    pub(super) fn stop(&mut self) {
        self.deadline = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLI: Ask = Ask {
        pli: true,
        switch: false,
    };
    const BOTH: Ask = Ask {
        pli: true,
        switch: true,
    };

    #[test]
    fn a_server_that_ignores_pli_is_asked_by_the_switch_and_next_time_at_once() {
        let start = Instant::now();
        let mut it = Keyframes::default();
        it.set_round_trip(Duration::from_millis(10));
        assert_eq!(it.want(start), PLI);
        assert_eq!(
            it.timeout(start + Duration::from_millis(59)),
            Ask::default()
        );
        assert_eq!(it.timeout(start + Duration::from_millis(60)), BOTH);
        it.got();
        assert_eq!(it.deadline(), None);
        assert_eq!(it.want(start), BOTH);
    }

    #[test]
    fn a_wish_is_said_once_until_it_is_granted() {
        let start = Instant::now();
        let mut it = Keyframes::default();
        assert_eq!(it.want(start), PLI);
        assert_eq!(it.want(start), Ask::default());
        it.got();
        assert_eq!(it.want(start), PLI);
    }

    #[test]
    fn a_first_frame_that_comes_by_itself_is_not_asked_for() {
        let start = Instant::now();
        let mut it = Keyframes::default();
        it.connected(start);
        it.got();
        assert_eq!(it.timeout(start + AGAIN), Ask::default());
        assert_eq!(it.asked, 0);
    }
}
