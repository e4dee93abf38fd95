//! Page control against a real Chromium.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod bench;
mod chromium;
mod cookies;
mod find;
mod load;
mod logins;
mod lost;
mod permissions;
mod site;
mod tabs;

use std::time::Duration;

use duotab_core::message::TabId;

const LIMIT: Duration = Duration::from_secs(15);
const ONE: TabId = TabId(1);
const TWO: TabId = TabId(2);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot much of a picture";
