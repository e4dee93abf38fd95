//! Which browser an image of Neko's has, and where it keeps its things.
//!
//! Paths as in Neko's `apps/*/Dockerfile` and `supervisord.conf`, version 3.1.5.

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

impl Flavour {
    /// By the last part of the repository's name; Chromium unless it says otherwise.
    pub(super) fn of(repository: &str) -> Self {
        let name = repository.rsplit('/').next().unwrap_or_default();
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
    }
}
