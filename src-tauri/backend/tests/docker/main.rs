//! Containers, against a real engine. Where none is, each test says so and has nothing to say:
//! `make test-engine` has one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod away;
mod data;
mod encoder;
mod fence;
mod home;
mod life;
mod network;
mod news;
mod page;
mod picture;
mod pull;
mod update;
