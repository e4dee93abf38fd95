//! The real koneko, seen and used through the client that the app has.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

#[path = "../engine/cdp.rs"]
mod cdp;
#[path = "../engine/engine.rs"]
mod engine;
mod hands;
mod picture;
mod quiet;
