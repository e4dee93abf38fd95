//! Whether this machine has a GPU that encodes video. Conservative: only what is known to encode,
//! and only if we may open it.

use std::fs::{self, OpenOptions};
use std::path::Path;

/// Kernel drivers of render nodes whose chips encode through VA-API. `v3d`, `virtio_gpu`, `vgem`
/// and `nouveau` draw, but do not encode.
const ENCODING_DRIVERS: [&str; 3] = ["amdgpu", "i915", "xe"];

/// Names of memory-to-memory encoders in V4L2: the Raspberry Pi up to 4, and Rockchip.
const ENCODERS: [&str; 3] = ["bcm2835-codec-encode", "hantro-vpu-enc", "rkvenc"];

/// Whether there is one.
pub(super) fn encodes() -> bool {
    encodes_under(Path::new("/"))
}

fn encodes_under(root: &Path) -> bool {
    let render = entries(&root.join("sys/class/drm"), "renderD").any(|name| {
        let driver = root.join("sys/class/drm").join(&name).join("device/driver");
        fs::canonicalize(driver)
            .ok()
            .and_then(|driver| driver.file_name()?.to_str().map(str::to_owned))
            .is_some_and(|driver| ENCODING_DRIVERS.contains(&driver.as_str()))
            && may_open(&root.join("dev/dri").join(name))
    });
    render
        || entries(&root.join("sys/class/video4linux"), "video").any(|name| {
            fs::read_to_string(root.join("sys/class/video4linux").join(&name).join("name"))
                .is_ok_and(|kind| ENCODERS.iter().any(|encoder| kind.contains(encoder)))
                && may_open(&root.join("dev").join(name))
        })
}

fn entries(folder: &Path, prefix: &'static str) -> impl Iterator<Item = String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(move |name| name.starts_with(prefix))
}

fn may_open(device: &Path) -> bool {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(device)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn machine_with_render_node(driver: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let drivers = root.path().join("sys/bus/pci/drivers").join(driver);
        let device = root.path().join("sys/class/drm/renderD128/device");
        for folder in [&drivers, &device, &root.path().join("dev/dri")] {
            fs::create_dir_all(folder).unwrap();
        }
        symlink(drivers, device.join("driver")).unwrap();
        fs::write(root.path().join("dev/dri/renderD128"), "").unwrap();
        root
    }

    fn machine_with_video_device(kind: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let class = root.path().join("sys/class/video4linux/video11");
        fs::create_dir_all(&class).unwrap();
        fs::create_dir_all(root.path().join("dev")).unwrap();
        fs::write(class.join("name"), format!("{kind}\n")).unwrap();
        fs::write(root.path().join("dev/video11"), "").unwrap();
        root
    }

    #[test]
    fn an_intel_or_amd_render_node_encodes() {
        for driver in ["i915", "xe", "amdgpu"] {
            assert!(
                encodes_under(machine_with_render_node(driver).path()),
                "{driver}"
            );
        }
    }

    #[test]
    fn a_render_node_that_only_draws_does_not_encode() {
        for driver in ["v3d", "virtio_gpu", "vgem", "nouveau"] {
            assert!(
                !encodes_under(machine_with_render_node(driver).path()),
                "{driver}"
            );
        }
    }

    #[test]
    fn a_render_node_that_we_may_not_open_does_not_count() {
        let root = machine_with_render_node("i915");
        fs::remove_file(root.path().join("dev/dri/renderD128")).unwrap();
        assert!(!encodes_under(root.path()));
    }

    #[test]
    fn the_encoder_of_a_raspberry_pi_counts_and_its_decoder_does_not() {
        assert!(encodes_under(
            machine_with_video_device("bcm2835-codec-encode").path()
        ));
        assert!(!encodes_under(
            machine_with_video_device("bcm2835-codec-decode").path()
        ));
    }

    #[test]
    fn a_machine_without_devices_does_not_encode() {
        assert!(!encodes_under(tempfile::tempdir().unwrap().path()));
    }
}
