//! The encoder: one picture in, one frame out, at once. A GStreamer pipeline of four elements
//! without any queue that could hold a picture back.

use crate::config::Codec;
use bytes::Bytes;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSrc};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The plugins that are needed; each encoder's last. Before 1.22 the converter had a library of its own.
const PLUGINS: [&str; 4] = [
    "libgstvideoconvertscale.so",
    "libgstvideoconvert.so",
    "libgstvpx.so",
    "libgstx264.so",
];
/// No picture takes that long; after it the encoder is made anew.
const LIMIT: Duration = Duration::from_secs(4);
/// The longest distance between key frames: they come when they are asked for.
const KEY_DISTANCE: u32 = 100_000;

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum EncodeError {
    #[error("GStreamer: {0}")]
    Library(#[from] gst::glib::Error),
    #[error("GStreamer: {0}")]
    Made(#[from] gst::glib::BoolError),
    #[error("the pipeline refuses: {0}")]
    Flow(#[from] gst::FlowError),
    #[error("the pipeline does not start: {0}")]
    Start(#[from] gst::StateChangeError),
    #[error("the picture: {0}")]
    Picture(#[from] std::io::Error),
    #[error("no frame in time")]
    Late,
}

/// One encoded frame.
pub(super) struct Encoded {
    pub data: Bytes,
    pub key: bool,
}

/// An encoder for one size.
pub(super) struct Encoder {
    pipeline: gst::Pipeline,
    source: AppSrc,
    encoder: gst::Element,
    sink: AppSink,
    width: u16,
    height: u16,
    began: Instant,
    first: bool,
    /// Memory of pictures that are through.
    spare: Spare,
}

type Spare = Arc<Mutex<Vec<Vec<u8>>>>;

/// A picture on its way through the pipeline. Its memory comes back: fresh memory for each costs
/// a page fault every 4 KiB.
struct Picture {
    bytes: Vec<u8>,
    home: Spare,
}

impl AsMut<[u8]> for Picture {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        crate::room::lock(&self.home).push(std::mem::take(&mut self.bytes));
    }
}

/// Loads what encoders need.
pub(crate) fn load() -> Result<(), gst::glib::Error> {
    crate::plugins::load(&PLUGINS)
}

impl Encoder {
    pub(super) fn start(
        codec: Codec,
        (width, height): (u16, u16),
        rate: u16,
    ) -> Result<Self, EncodeError> {
        load()?;
        let raw = gst::Caps::builder("video/x-raw")
            .field("format", "BGRx")
            .field("width", i32::from(width))
            .field("height", i32::from(height))
            .field("framerate", frame_rate(codec, rate))
            .build();
        let source = AppSrc::builder()
            .caps(&raw)
            .format(gst::Format::Time)
            .is_live(true)
            .build();
        let convert = gst::ElementFactory::make("videoconvert")
            .property_from_str("dither", "none")
            .property_from_str("chroma-mode", "none")
            .build()?;
        let encoder = make_encoder(codec, width, height, rate)?;
        let mut encoded = gst::Caps::builder(match codec {
            Codec::Vp8 => "video/x-vp8",
            Codec::H264 => "video/x-h264",
        });
        if codec == Codec::H264 {
            encoded = encoded
                .field("stream-format", "byte-stream")
                .field("alignment", "au")
                .field("profile", "constrained-baseline");
        }
        let sink = AppSink::builder()
            .caps(&encoded.build())
            .sync(false)
            .max_buffers(4)
            .build();
        let pipeline = gst::Pipeline::new();
        let chain = [source.upcast_ref(), &convert, &encoder, sink.upcast_ref()];
        pipeline.add_many(chain)?;
        gst::Element::link_many(chain)?;
        pipeline.set_state(gst::State::Playing)?;
        Ok(Self {
            pipeline,
            source,
            encoder,
            sink,
            width,
            height,
            began: Instant::now(),
            first: true,
            spare: Spare::default(),
        })
    }

    fn picture(&self) -> Picture {
        let size = usize::from(self.width) * usize::from(self.height) * 4;
        let spare = crate::room::lock(&self.spare).pop();
        Picture {
            bytes: spare.unwrap_or_else(|| vec![0; size]),
            home: Arc::clone(&self.spare),
        }
    }

    pub(super) fn size(&self) -> (u16, u16) {
        (self.width, self.height)
    }

    /// Why no frame came.
    fn silence(&self) -> EncodeError {
        let told = self
            .pipeline
            .bus()
            .and_then(|it| it.timed_pop_filtered(gst::ClockTime::ZERO, &[gst::MessageType::Error]));
        match told.as_ref().map(|it| it.view()) {
            Some(gst::MessageView::Error(it)) => {
                tracing::error!(detail = ?it.debug(), "encoder");
                it.error().into()
            }
            _ => EncodeError::Late,
        }
    }

    /// Encodes the picture that `fill` writes. `None` when the encoder saw no need for a frame.
    pub(super) fn encode(
        &mut self,
        taken: Instant,
        key: bool,
        fill: impl FnOnce(&mut [u8]) -> std::io::Result<()>,
    ) -> Result<Option<Encoded>, EncodeError> {
        let mut picture = self.picture();
        fill(&mut picture.bytes)?;
        let mut buffer = gst::Buffer::from_mut_slice(picture);
        let at = u64::try_from(taken.saturating_duration_since(self.began).as_nanos());
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(gst::ClockTime::from_nseconds(at.unwrap_or_default()));
            buffer.set_duration(gst::ClockTime::from_mseconds(33));
        }
        // The first one is a key frame by itself.
        if key && !std::mem::take(&mut self.first) {
            let wish = gst::Structure::builder("GstForceKeyUnit")
                .field("all-headers", true)
                .build();
            self.encoder
                .send_event(gst::event::CustomUpstream::new(wish));
        }
        self.first = false;
        self.source.push_buffer(buffer)?;
        let limit = u64::try_from(LIMIT.as_millis()).unwrap_or(u64::MAX);
        let sample = self
            .sink
            .try_pull_sample(gst::ClockTime::from_mseconds(limit))
            .ok_or_else(|| self.silence())?;
        let Some(buffer) = sample.buffer() else {
            return Ok(None);
        };
        let map = buffer.map_readable()?;
        Ok(Some(Encoded {
            data: Bytes::copy_from_slice(&map),
            key: !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT),
        }))
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Pictures come when something changes, at no fixed rate. But x264 holds a frame back unless it
/// is told one.
fn frame_rate(codec: Codec, rate: u16) -> gst::Fraction {
    match codec {
        Codec::Vp8 => gst::Fraction::new(0, 1),
        Codec::H264 => gst::Fraction::new(rate.clamp(1, 120).into(), 1),
    }
}

/// Bits per second for a screen that size: text wants about 4 bits a pixel and second.
fn bit_rate(width: u16, height: u16) -> u32 {
    (u32::from(width) * u32::from(height) * 4).clamp(1_500_000, 16_000_000)
}

fn make_encoder(
    codec: Codec,
    width: u16,
    height: u16,
    rate: u16,
) -> Result<gst::Element, gst::glib::BoolError> {
    let bits = bit_rate(width, height);
    match codec {
        Codec::Vp8 => {
            let bits = i32::try_from(bits).unwrap_or(i32::MAX);
            gst::ElementFactory::make("vp8enc")
                .property("deadline", 1i64)
                // Always this fast. Positive numbers try slower ways while there is time, and take
                // a busy machine for a slow one.
                .property("cpu-used", -12i32)
                // libvpx's threads wait for each other by spinning: two of them took 26 ms of CPU
                // for a 720p frame that one makes in 3.
                .property("threads", 1i32)
                .property_from_str("end-usage", "cbr")
                .property("target-bitrate", bits)
                .property_from_str("error-resilient", "default")
                .property("lag-in-frames", 0i32)
                .property("min-quantizer", 4i32)
                .property("max-quantizer", 36i32)
                .property("undershoot", 95i32)
                .property("buffer-size", 600i32)
                .property("buffer-initial-size", 400i32)
                .property("buffer-optimal-size", 500i32)
                .property("static-threshold", 0i32)
                .property(
                    "keyframe-max-dist",
                    i32::try_from(KEY_DISTANCE).unwrap_or(i32::MAX),
                )
                .build()
        }
        Codec::H264 => gst::ElementFactory::make("x264enc")
            .property_from_str("tune", "zerolatency")
            .property_from_str("speed-preset", "superfast")
            .property("bitrate", bits / 1000)
            .property("key-int-max", KEY_DISTANCE)
            .property("byte-stream", true)
            .property("sliced-threads", true)
            .property("threads", 2u32)
            .property(
                "vbv-buf-capacity",
                // Three frames: a larger one makes the stream wait behind a key frame.
                3000 / u32::from(rate.clamp(10, 120)),
            )
            .build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(encoder: &mut Encoder, key: bool, grey: u8) -> Encoded {
        let paint = |into: &mut [u8]| {
            into.fill(grey);
            Ok(())
        };
        let frame = encoder.encode(Instant::now(), key, paint);
        frame.unwrap().unwrap()
    }

    #[test]
    fn a_key_frame_comes_first_and_when_it_is_asked_for_and_never_else() {
        for codec in [Codec::Vp8, Codec::H264] {
            let mut encoder = Encoder::start(codec, (322, 244), 30).unwrap();
            let keys: Vec<bool> = (0..8)
                .map(|at| frame(&mut encoder, at == 0 || at == 5, at * 20).key)
                .collect();
            let expected: Vec<bool> = (0..8).map(|at| at == 0 || at == 5).collect();
            assert_eq!(keys, expected, "{codec:?}");
        }
    }

    #[test]
    fn the_memory_of_a_picture_is_used_again() {
        let mut encoder = Encoder::start(Codec::Vp8, (64, 64), 30).unwrap();
        frame(&mut encoder, true, 1);
        frame(&mut encoder, false, 2);
        assert!(crate::room::lock(&encoder.spare).len() <= 2);
    }
}
