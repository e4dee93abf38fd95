//! One suite for every Neko server: what the protocol promises, and what the client makes of it.
//!
//! `NEKO_URL`, `NEKO_USER` and `NEKO_PASSWORD` name a server (an admin of its `object` provider,
//! implicit hosting and merciful reconnect on). Without them the workspace's own koneko is
//! started, which must have been built. `NEKO_RESTART`, if set, is a program that is called with
//! `stop` and `start` for the tests that need the server's end; for koneko it is not needed.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod control;
mod fixture;
mod login;
mod outage;
mod picture;
mod raw;
mod relay;
mod signalling;
