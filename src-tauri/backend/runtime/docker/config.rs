//! What can be set about engines in containers.

use std::path::PathBuf;
use std::time::Duration;

use duotab_core::worker::Worker;

use super::place::Surroundings;

/// The image unless another one is set: the first version whose images are known to need no more
/// rights than they get here.
pub const IMAGE: &str = "ghcr.io/m1k1o/neko/chromium:3.1.5";

/// How containers are started.
#[derive(Clone, Debug)]
pub struct DockerConfig {
    /// The install's id, from the store.
    pub install: String,
    /// The image's reference.
    pub image: String,
    /// Where the engine is looked for.
    pub surroundings: Surroundings,
    /// The machine whose engine it is, if it is not this one's.
    pub worker: Option<Worker>,
    /// A folder for the socket of SSH, this person's alone.
    pub sockets: Option<PathBuf>,
    /// The screen to begin with: width and height in pixels, pictures per second.
    pub screen: (u16, u16, u16),
    /// More arguments for the browser.
    pub browser_args: Vec<String>,
    /// How long a start may take once the image is there.
    pub start_limit: Duration,
    /// How long what runs on another machine goes on there without this app.
    pub lease: Duration,
    /// Whether the home network, this machine included, is closed to what runs in a container; see
    /// also [`super::Docker::close_home_network`].
    pub home_closed: bool,
    /// What was to be kept for the image: see [`crate::runtime::EngineNews::Keep`]. Empty at first.
    pub kept: String,
    /// What was to be kept of the volumes: see [`crate::runtime::EngineNews::Volumes`]. Empty at first.
    pub volumes: String,
    /// How often the registry is asked for a newer image; `None` is never.
    pub update_every: Option<Duration>,
}

impl DockerConfig {
    /// The usual.
    #[must_use]
    pub fn new(install: String) -> Self {
        Self {
            install,
            image: IMAGE.to_owned(),
            surroundings: Surroundings::current(),
            worker: None,
            sockets: None,
            screen: (1280, 720, 30),
            browser_args: Vec::new(),
            start_limit: Duration::from_secs(60),
            lease: Duration::from_secs(10 * 60),
            home_closed: false,
            kept: String::new(),
            volumes: String::new(),
            update_every: Some(Duration::from_secs(24 * 60 * 60)),
        }
    }
}
