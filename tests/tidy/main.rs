//! The rules of ARCHITECTURE.md that a machine can keep.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod bindings;
mod licences;
mod rooms;
mod tree;
