//! What may encode the picture, by what this machine has; and how GStreamer is told to.
//!
//! A device that is there need not encode: [`super::probe`] asks it, in the container.

use std::path::{Path, PathBuf};

use bollard::models::{DeviceMapping, HostConfig};
use duotab_core::message::Encoder;

use super::facts::Facts;
use super::machine::Machine;

/// Bits a second. The rate of the embedded engine.
const BITRATE: u32 = 4_000_000;
/// Frames from one key frame to the next that nobody asked for.
const KEY_EVERY: u32 = 300;
/// Where the first graphics card is in a container, whichever it is outside: GStreamer calls its
/// encoders by the first one's name.
const RENDER: &str = "/dev/dri/renderD128";

/// A way to encode, and what it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) encoder: Encoder,
    /// A device of this machine, and where it goes in the container.
    device: Option<(PathBuf, String)>,
    /// Who may open it besides root.
    pub(super) group: Option<u32>,
    /// Whether the engine's own runtime brings the devices.
    nvidia: bool,
}

impl Way {
    /// Without any help.
    pub(super) const SOFTWARE: Self = Self {
        encoder: Encoder::Software,
        device: None,
        group: None,
        nvidia: false,
    };

    fn by_device(encoder: Encoder, path: &Path, at: String, group: u32) -> Self {
        Self {
            encoder,
            device: Some((path.to_owned(), at)),
            group: Some(group),
            nvidia: false,
        }
    }

    /// Its name, to keep a result by.
    pub(super) fn name(&self) -> String {
        match &self.device {
            Some((path, _)) => path.display().to_string(),
            None if self.nvidia => "nvidia".to_owned(),
            None => "none".to_owned(),
        }
    }

    /// A container with what it takes, and no more.
    pub(super) fn equip(&self, host: HostConfig) -> HostConfig {
        let devices = self.device.as_ref().map(|(path, at)| {
            vec![DeviceMapping {
                path_on_host: Some(path.display().to_string()),
                path_in_container: Some(at.clone()),
                cgroup_permissions: Some("rw".to_owned()),
            }]
        });
        HostConfig {
            devices,
            runtime: self.nvidia.then(|| "nvidia".to_owned()),
            ..host
        }
    }

    /// What the engine's own runtime is told.
    pub(super) fn environment(&self) -> Option<Vec<String>> {
        self.nvidia.then(|| {
            vec![
                "NVIDIA_VISIBLE_DEVICES=all".to_owned(),
                "NVIDIA_DRIVER_CAPABILITIES=all".to_owned(),
            ]
        })
    }
}

/// What may be tried here, the best first. Empty where there is nothing but the processor.
pub(super) fn ways(machine: &Machine, facts: Facts) -> Vec<Way> {
    let nvidia = facts.nvidia.then_some(Way {
        encoder: Encoder::Nvidia,
        nvidia: true,
        ..Way::SOFTWARE
    });
    let card = machine
        .cards
        .first()
        .map(|card| Way::by_device(Encoder::Vaapi, &card.path, RENDER.to_owned(), card.group));
    let codec = machine.codecs.first().map(|codec| {
        // GStreamer looks for devices by name.
        let at = codec.path.file_name().unwrap_or_default();
        let at = Path::new("/dev").join(at).display().to_string();
        Way::by_device(Encoder::V4l2, &codec.path, at, codec.group)
    });
    [nvidia, card, codec].into_iter().flatten().collect()
}

/// The codec that comes out, in Neko's words.
pub(super) const fn codec(encoder: Encoder) -> &'static str {
    match encoder {
        Encoder::Software => "vp8",
        Encoder::Vaapi | Encoder::Nvidia | Encoder::V4l2 => "h264",
    }
}

/// From pictures in memory to a stream, as `gst-launch` writes it.
pub(super) fn elements(encoder: Encoder) -> String {
    const H264: &str =
        "! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au";
    let kilobits = BITRATE / 1000;
    match encoder {
        Encoder::Software => format!(
            "vp8enc name=encoder deadline=1 cpu-used=-12 threads=2 end-usage=cbr \
             target-bitrate={BITRATE} lag-in-frames=0 error-resilient=default \
             keyframe-max-dist={KEY_EVERY} min-quantizer=4 max-quantizer=36 undershoot=95 \
             buffer-size=600 buffer-initial-size=400 buffer-optimal-size=500"
        ),
        Encoder::Vaapi => format!(
            "video/x-raw,format=NV12 ! vah264enc name=encoder rate-control=cbr bitrate={kilobits} \
             key-int-max={KEY_EVERY} target-usage=7 b-frames=0 \
             ! video/x-h264,profile=constrained-baseline {H264}"
        ),
        Encoder::Nvidia => format!(
            "video/x-raw,format=NV12 ! nvh264enc name=encoder bitrate={kilobits} \
             gop-size={KEY_EVERY} zerolatency=true bframes=0 \
             ! video/x-h264,profile=baseline {H264}"
        ),
        Encoder::V4l2 => format!(
            "video/x-raw,format=I420 ! v4l2h264enc name=encoder \
             extra-controls=\"controls,video_bitrate={BITRATE},h264_i_frame_period={KEY_EVERY},\
             repeat_sequence_header=1\" \
             ! video/x-h264,level=(string)4,profile=(string)constrained-baseline {H264}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::machine::Device;
    use super::*;

    fn device(path: &str, group: u32) -> Device {
        Device {
            path: path.into(),
            group,
        }
    }

    fn encoders(machine: &Machine, nvidia: bool) -> Vec<Encoder> {
        let facts = Facts {
            nvidia,
            ..Facts::default()
        };
        let ways = ways(machine, facts);
        ways.iter().map(|way| way.encoder).collect()
    }

    #[test]
    fn what_is_tried_follows_what_the_machine_and_its_engine_have() {
        let plain = Machine::default();
        let card = Machine {
            cards: vec![device("/dev/dri/renderD129", 105)],
            ..Machine::default()
        };
        let pi = Machine {
            codecs: vec![device("/dev/video11", 44)],
            ..Machine::default()
        };
        let both = Machine {
            cards: card.cards.clone(),
            ..pi.clone()
        };
        for (machine, nvidia, tried) in [
            (&plain, false, vec![]),
            (&plain, true, vec![Encoder::Nvidia]),
            (&card, false, vec![Encoder::Vaapi]),
            (&card, true, vec![Encoder::Nvidia, Encoder::Vaapi]),
            (&pi, false, vec![Encoder::V4l2]),
            (&both, false, vec![Encoder::Vaapi, Encoder::V4l2]),
        ] {
            assert_eq!(encoders(machine, nvidia), tried, "{machine:?} {nvidia}");
        }
    }

    #[test]
    fn a_container_gets_the_one_device_that_encodes_and_none_without() {
        let machine = Machine {
            cards: vec![device("/dev/dri/renderD129", 105)],
            ..Machine::default()
        };
        let way = &ways(&machine, Facts::default())[0];
        let host = way.equip(HostConfig::default());
        let devices = host.devices.unwrap_or_default();
        assert_eq!(devices.len(), 1);
        assert_eq!(
            devices[0].path_on_host.as_deref(),
            Some("/dev/dri/renderD129")
        );
        assert_eq!(devices[0].path_in_container.as_deref(), Some(RENDER));
        assert_eq!((host.runtime, way.group), (None, Some(105)));
        let bare = Way::SOFTWARE.equip(HostConfig::default());
        assert_eq!(bare, HostConfig::default());
        assert_eq!(Way::SOFTWARE.environment(), None);
    }

    #[test]
    fn no_way_s_name_is_another_one_s() {
        let machine = Machine {
            cards: vec![device("/dev/dri/renderD128", 1)],
            codecs: vec![device("/dev/video11", 1)],
            ..Machine::default()
        };
        let facts = Facts {
            nvidia: true,
            ..Facts::default()
        };
        let names = ways(&machine, facts)
            .iter()
            .map(Way::name)
            .collect::<Vec<_>>();
        assert_eq!(names, ["nvidia", "/dev/dri/renderD128", "/dev/video11"]);
    }
}
