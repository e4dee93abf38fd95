//! What a person does, told through the commands: a real controller, a real koneko and a real
//! Chromium under Tauri's mock runtime, without a window.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

mod app;
mod bad_days;
mod bad_places;
mod cancel;
mod contained;
mod content;
mod downloads;
mod far;
mod fleet;
mod half;
mod home;
mod kept_out;
mod killed;
mod permissions;
mod placing;
mod printing;
mod processes;
mod profiles;
mod session;
mod site;
mod switches;
mod toggle;
mod uploads;
mod view;

use std::time::Duration;

/// The limit of every wait. What takes seconds on a quiet machine, a whole image's way among it, takes
/// longer on a busy one.
const LIMIT: Duration = Duration::from_secs(180);

/// Waits for `future`, and says what was waited for when it does not come.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(it) => it,
        Err(_) => panic!("waited {LIMIT:?} in vain: {what}"),
    }
}
