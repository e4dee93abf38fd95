//! What this machine has that can encode, as its kernel lists it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// PCI's number of Intel, as the kernel writes it.
const INTEL: &str = "0x8086";

/// A device file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is besides root's.
    pub group: u32,
}

/// The devices of a machine. The default has none, as a machine elsewhere that cannot be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Graphics cards that render.
    pub cards: Vec<Device>,
    /// Whether the first of them is Intel's, for which there are images of their own.
    pub intel: bool,
    /// Whether NVIDIA's driver and its way into containers are here, for which there are images,
    /// too.
    pub nvidia: bool,
    /// Video encoders apart from graphics cards (V4L2), such as a Raspberry Pi 4's.
    pub codecs: Vec<Device>,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn here() -> Self {
        Self::at(Path::new("/"))
    }

    /// The one whose `dev`, `sys` and `usr` are in this folder.
    #[must_use]
    pub fn at(root: &Path) -> Self {
        let render = |name: &str| name.starts_with("renderD");
        let cards: Vec<Device> = names(&root.join("dev/dri"), render)
            .into_iter()
            .filter_map(|name| device(root.join("dev/dri").join(name)))
            .collect();
        let vendor = cards.first().and_then(|card| {
            let name = card.path.file_name()?;
            let vendor = root.join("sys/class/drm").join(name).join("device/vendor");
            fs::read_to_string(vendor).ok()
        });
        let codecs = names(&root.join("sys/class/video4linux"), |_| true)
            .into_iter()
            .filter(|name| {
                let called = root.join("sys/class/video4linux").join(name).join("name");
                fs::read_to_string(called).is_ok_and(|called| encodes(called.trim()))
            })
            .filter_map(|name| device(root.join("dev").join(name)))
            .collect();
        Self {
            intel: vendor.is_some_and(|vendor| vendor.trim() == INTEL),
            nvidia: root.join("dev/nvidiactl").exists()
                && root.join("usr/bin/nvidia-container-runtime").exists(),
            cards,
            codecs,
        }
    }
}

/// Whether a driver of V4L2 calls itself a video encoder. One for single pictures does so, too.
fn encodes(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("enc") && !name.contains("image") && !name.contains("jpeg")
}

/// The names in a folder that are wanted, in order.
fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = found
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| wanted(name))
        .collect();
    names.sort();
    names
}

fn device(path: PathBuf) -> Option<Device> {
    let group = fs::metadata(&path).ok()?.gid();
    Some(Device { path, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let machine = Machine::at(root.path());
        (root, machine)
    }

    #[test]
    fn a_machine_without_devices_has_none() {
        assert_eq!(machine(&[]).1, Machine::default());
    }

    #[test]
    fn the_first_graphics_card_is_the_one_that_counts() {
        let (root, found) = machine(&[
            ("dev/dri/card0", ""),
            ("dev/dri/renderD129", ""),
            ("dev/dri/renderD128", ""),
            ("sys/class/drm/renderD128/device/vendor", "0x8086\n"),
            ("sys/class/drm/renderD129/device/vendor", "0x1002\n"),
        ]);
        assert!(found.intel);
        let paths: Vec<_> = found.cards.iter().map(|card| &card.path).collect();
        let dri = root.path().join("dev/dri");
        assert_eq!(paths, [&dri.join("renderD128"), &dri.join("renderD129")]);
        let amd = machine(&[
            ("dev/dri/renderD128", ""),
            ("sys/class/drm/renderD128/device/vendor", "0x1002\n"),
        ]);
        assert!(!amd.1.intel);
    }

    #[test]
    fn of_a_raspberry_pi_4_the_video_encoder_is_found_and_nothing_else() {
        let (root, found) = machine(&[
            ("dev/video10", ""),
            ("dev/video11", ""),
            ("dev/video31", ""),
            (
                "sys/class/video4linux/video10/name",
                "bcm2835-codec-decode\n",
            ),
            (
                "sys/class/video4linux/video11/name",
                "bcm2835-codec-encode\n",
            ),
            (
                "sys/class/video4linux/video31/name",
                "bcm2835-codec-encode_image\n",
            ),
            ("sys/class/video4linux/video40/name", "gone-encoder\n"),
        ]);
        let paths: Vec<_> = found.codecs.iter().map(|codec| &codec.path).collect();
        assert_eq!(paths, [&root.path().join("dev/video11")]);
    }

    #[test]
    fn nvidia_counts_where_its_way_into_containers_is_there_too() {
        let driver = ("dev/nvidiactl", "");
        assert!(!machine(&[driver]).1.nvidia);
        assert!(
            machine(&[driver, ("usr/bin/nvidia-container-runtime", "")])
                .1
                .nvidia
        );
    }
}
