//! Engines on another machine, against a real engine behind a cable of its own. Where none is, each
//! test says so and has nothing to say: `make test-workers` has one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod clock;
mod fault;
mod home;
mod life;
mod loss;
mod moved;
mod node;
mod owner;
mod picture;
mod steps;
mod wire;
