//! What Duotab decides. No async, no IO, no clock, no randomness: the world comes in as an
//! [`event::Event`] with the time, and goes out as [`action::Action`]s.
#![warn(missing_docs)]

pub mod action;
pub mod address;
pub mod ask;
pub mod blocking;
pub mod bookmark;
pub mod browser;
pub mod carry;
pub mod chromium;
pub mod cookie;
pub mod download;
pub mod event;
pub mod fault;
pub mod giving;
pub mod history;
pub mod keyboard;
pub mod lane;
pub mod leave;
pub mod message;
pub mod neko;
pub mod network;
pub mod node;
pub mod notice;
pub mod page;
pub mod placement;
pub mod pointer;
pub mod problem;
pub mod profile;
pub mod proxy;
pub mod record;
pub mod search;
pub mod secret;
pub mod session;
pub mod site;
pub mod sleep;
pub mod stage;
pub mod streaming;
pub mod tab;
pub mod visit;
pub mod worker;
