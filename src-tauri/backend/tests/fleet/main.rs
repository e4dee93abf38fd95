//! Engines on the nodes of a Docker Swarm, against a real one of three engines, each behind a cable of
//! its own. Where none is, each test says so and has nothing to say: `make test-workers` has one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod data;
mod fence;
mod home;
mod left;
mod life;
mod loss;
mod nodes;
mod owner;
mod steps;
