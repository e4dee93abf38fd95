//! What the tests share: a private display, a local site, the app itself in a window.
//!
//! Nothing here sleeps to wait for a state: pictures are looked at when the screen changes, the
//! shell's page when its document changes, and every wait has a limit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where it is surprised"
)]

pub mod app;
mod bare;
mod child;
pub mod clipboard;
mod cover;
mod display;
pub mod engine;
pub mod fleet;
mod picture;
pub mod probe;
mod shell;
pub mod socket;
mod sound;
mod wayland;
pub mod worker;
pub mod world;
pub mod zoo;

pub use app::{App, Start};
pub use bare::Bare;
pub use cover::Cover;
pub use display::Display;
pub use picture::{Colour, Picture};
pub use probe::ProbeSite;
pub use shell::Shell;
pub use socket::ClosedPort;
pub use sound::SoundServer;
pub use world::World;
pub use zoo::Zoo;

use std::time::Duration;

/// What goes wrong in a test's surroundings ends the test.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The limit of a wait that should take a moment. Machines under load are slow.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Waits for `future`, and says what was waited for when it does not come.
///
/// # Errors
/// If it takes longer than [`LIMIT`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> Outcome<T> {
    tokio::time::timeout(LIMIT, future)
        .await
        .map_err(|_| format!("waited {LIMIT:?} in vain: {what}").into())
}

/// Knocks until somebody opens: a foreign program that will listen tells nobody.
pub(crate) async fn until_open<T, E, F>(mut knock: impl FnMut() -> F)
where
    F: Future<Output = Result<T, E>>,
{
    while knock().await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
