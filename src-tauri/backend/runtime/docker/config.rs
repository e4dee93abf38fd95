//! What can be set about engines in containers.

use std::path::PathBuf;
use std::time::Duration;

use duotab_core::worker::Worker;

use super::flavour;
use super::machine::Machine;
use super::owner::Owner;
use super::place::Surroundings;

/// The image unless another one is set: the first version whose images are known to need no more
/// rights than they get here.
pub const IMAGE: &str = "ghcr.io/m1k1o/neko/chromium:3.1.5";

/// How containers are started.
#[derive(Clone, Debug)]
pub struct DockerConfig {
    /// The install's id, from the store.
    pub install: String,
    /// Which copy of the install this is.
    pub owner: Owner,
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
    /// What the engine's machine has that can encode.
    pub machine: Machine,
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
        let machine = Machine::here();
        Self {
            install,
            owner: Owner::new("here".to_owned(), "here", ""),
            image: flavour::image_for(IMAGE, &machine, std::env::consts::ARCH),
            surroundings: Surroundings::current(),
            machine,
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
    /// The same for an engine of another machine, of whose devices nothing is known: an image that
    /// was not set follows this one's.
    #[must_use]
    pub fn elsewhere(self) -> Self {
        let machine = Machine::default();
        let ours = flavour::image_for(IMAGE, &self.machine, std::env::consts::ARCH);
        if self.image == ours && ours != IMAGE {
            return Self {
                image: IMAGE.to_owned(),
                kept: String::new(),
                machine,
                ..self
            };
        }
        Self { machine, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_gets_no_device_and_no_image_of_this_one() {
        let intel = Machine {
            intel: true,
            ..Machine::default()
        };
        let image = flavour::image_for(IMAGE, &intel, std::env::consts::ARCH);
        let here = DockerConfig {
            image,
            machine: intel,
            ..DockerConfig::new("install".to_owned())
        };
        let there = here.clone().elsewhere();
        assert_eq!(
            (there.image.as_str(), there.machine),
            (IMAGE, Machine::default())
        );
        let set = DockerConfig {
            image: "mirror/neko:1".to_owned(),
            ..here
        };
        assert_eq!(set.elsewhere().image, "mirror/neko:1");
    }
}
