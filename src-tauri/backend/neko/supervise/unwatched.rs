//! No picture while nobody looks: the server need not capture and encode what is not seen.
//!
//! Not at once, for who looks away may soon look back, and Neko builds its capture up and down
//! each time.

use std::time::{Duration, Instant};

use super::Client;

/// Whether the picture comes.
#[derive(Debug)]
pub(super) struct Unwatched {
    limit: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Watched,
    /// Nobody looks; it comes until then.
    Until(Instant),
    Paused,
}

impl Unwatched {
    pub(super) const fn new(limit: Duration) -> Self {
        Self {
            limit,
            state: State::Watched,
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        self.state == State::Paused
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Until(at) => Some(at),
            State::Watched | State::Paused => None,
        }
    }

    /// A peer connected: its picture comes.
    pub(super) fn connected(&mut self, now: Instant) {
        if self.state != State::Watched {
            self.state = State::Until(now + self.limit);
        }
    }
}

impl Client {
    pub(super) fn watched(&mut self, watched: bool) {
        let now = Instant::now();
        if watched {
            self.go_on();
            self.unwatched.state = State::Watched;
        } else if self.unwatched.state == State::Watched {
            self.unwatched.state = State::Until(now + self.unwatched.limit);
        }
    }

    /// Lets the picture come again, for a while at least.
    pub(super) fn go_on(&mut self) {
        if self.unwatched.is_paused() {
            let now = Instant::now();
            self.unwatched.state = State::Until(now + self.unwatched.limit);
            self.disable_video(false);
            self.media.resumed(now);
        }
    }

    pub(super) fn unwatched_overdue(&mut self, now: Instant) {
        if self.unwatched.deadline().is_none_or(|at| now < at) {
            return;
        }
        // Until it has come there is nothing to pause.
        if self.media.is_live() {
            tracing::debug!("nobody watches: the picture is paused");
            self.unwatched.state = State::Paused;
            self.media.paused();
            self.disable_video(true);
        } else {
            self.unwatched.state = State::Until(now + self.unwatched.limit);
        }
    }
}
