//! Which browser an image of Neko's has, and where it keeps its things.
//!
//! Paths as in Neko's `apps/*/Dockerfile` and `supervisord.conf`, version 3.1.5.

use super::machine::Machine;

/// A browser of Chromium's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flavour {
    /// The image's name, which is also that of its supervisord program and file.
    pub(super) name: &'static str,
    /// The browser's program.
    pub(super) program: &'static str,
    /// The folder of its profile, where the volume goes.
    pub(super) profile: &'static str,
    /// The folder of its managed policies.
    pub(super) policies: &'static str,
}

const FLAVOURS: [Flavour; 4] = [
    Flavour {
        name: "chromium",
        program: "/usr/bin/chromium",
        profile: "/home/neko/.config/chromium",
        policies: "/etc/chromium/policies/managed",
    },
    Flavour {
        name: "google-chrome",
        program: "/usr/bin/google-chrome",
        profile: "/home/neko/.config/google-chrome",
        policies: "/etc/opt/chrome/policies/managed",
    },
    Flavour {
        name: "brave",
        program: "/usr/bin/brave-browser",
        profile: "/home/neko/.config/brave",
        policies: "/etc/brave/policies/managed",
    },
    Flavour {
        name: "microsoft-edge",
        program: "/usr/bin/microsoft-edge",
        profile: "/home/neko/.config/microsoft-edge",
        policies: "/etc/opt/edge/policies/managed",
    },
];

/// What an image's name begins with that can encode by a graphics card.
const CARDS: [&str; 2] = ["intel-", "nvidia-"];

/// The image for a machine, of those that are built for one browser: the one with a graphics card's
/// driver where that card is. Those are built for x86-64 alone.
pub(super) fn image_for(image: &str, machine: &Machine, arch: &str) -> String {
    let card = match machine {
        _ if arch != "x86_64" => None,
        Machine { nvidia: true, .. } => Some(CARDS[1]),
        Machine { intel: true, .. } => Some(CARDS[0]),
        _ => None,
    };
    match (card, image.rsplit_once('/')) {
        (Some(card), Some((before, name))) => format!("{before}/{card}{name}"),
        _ => image.to_owned(),
    }
}

impl Flavour {
    /// By the last part of the repository's name; Chromium unless it says otherwise.
    pub(super) fn of(repository: &str) -> Self {
        let name = repository.rsplit('/').next().unwrap_or_default();
        let name = CARDS
            .iter()
            .find_map(|card| name.strip_prefix(card))
            .unwrap_or(name);
        FLAVOURS
            .into_iter()
            .find(|flavour| flavour.name == name)
            .unwrap_or(FLAVOURS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_its_browser_in_its_name() {
        assert_eq!(Flavour::of("ghcr.io/m1k1o/neko/brave").name, "brave");
        assert_eq!(Flavour::of("localhost:5000/my-own").name, "chromium");
        assert_eq!(Flavour::of("ghcr.io/m1k1o/neko/nvidia-brave").name, "brave");
    }

    #[test]
    fn the_image_follows_the_graphics_card() {
        let plain = Machine::default();
        let intel = Machine {
            intel: true,
            ..Machine::default()
        };
        let both = Machine {
            nvidia: true,
            ..intel.clone()
        };
        let image = "ghcr.io/m1k1o/neko/chromium:3.1.5";
        for (machine, arch, wanted) in [
            (&plain, "x86_64", image),
            (&intel, "x86_64", "ghcr.io/m1k1o/neko/intel-chromium:3.1.5"),
            (&both, "x86_64", "ghcr.io/m1k1o/neko/nvidia-chromium:3.1.5"),
            (&intel, "aarch64", image),
        ] {
            assert_eq!(image_for(image, machine, arch), wanted);
        }
    }
}
