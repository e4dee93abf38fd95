//! From an input event until the changed pixel stands in the framebuffer.

use std::time::{Duration, Instant};

use duotab_test_support::Outcome;

use crate::eye::{Eye, Hand, Place, alike};
use crate::site::CLICKED;

/// No answer after that is none.
const LIMIT: Duration = Duration::from_secs(3);
/// Pauses between two, so that no clock of the system under test is met in step.
const PAUSE_MS: std::ops::Range<u64> = 60..200;

/// One press and its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) pressed: Instant,
    pub(crate) seen: Instant,
}

impl Answer {
    pub(crate) fn ms(&self) -> f64 {
        (self.seen - self.pressed).as_secs_f64() * 1000.0
    }
}

/// Presses so many times on a page that answers with its other colour. The pointer is there.
pub(crate) fn presses(eye: &Eye, place: Place, hand: Hand, count: u32) -> Outcome<Vec<Answer>> {
    let [first, second] = CLICKED;
    let mut second_is_next = alike(eye.at(place)?, first);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut answers = Vec::new();
    for _ in 0..count {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let pause = PAUSE_MS.start + seed % (PAUSE_MS.end - PAUSE_MS.start);
        std::thread::sleep(Duration::from_millis(pause));
        // What the pause has changed is no answer.
        while eye.wait(Instant::now())?.is_some() {}
        let next = if second_is_next { second } else { first };
        let pressed = eye.press(hand)?;
        let seen = eye.until("the answer to a press", place, next, LIMIT)?;
        eye.let_go(hand)?;
        answers.push(Answer { pressed, seen });
        second_is_next = !second_is_next;
    }
    Ok(answers)
}

pub(crate) fn in_ms(answers: &[Answer]) -> Vec<f64> {
    answers.iter().map(Answer::ms).collect()
}
