//! The real koneko with a real Chromium, on pages that never leave this machine.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod api;
mod beside;
mod cdp;
mod engine;
mod life;
mod shelf;
mod sleep;
