//! Engines on this machine, against a stub that plays koneko and its faults, and against koneko
//! itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod choice;
mod data;
mod faults;
mod home;
mod life;
mod places;
mod real;
mod stub;
