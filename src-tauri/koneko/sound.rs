//! From the sound server to Opus packets, while somebody listens: a thread that sleeps until then.
//!
//! Only for a browser beside us: one of our own plays to the person's loudspeakers itself.

use crate::plugins;
use bytes::Bytes;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio::sync::mpsc;

const PLUGINS: [&str; 3] = [
    "libgstpulseaudio.so",
    "libgstaudioconvert.so",
    "libgstopus.so",
];
/// A sound server that is not there, or goes, is tried again so often.
const AGAIN: Duration = Duration::from_secs(1);
/// Neko's.
const BITS_PER_SECOND: i32 = 128_000;

/// One Opus packet.
pub(crate) struct Packet {
    pub data: Bytes,
    /// Since the sound began.
    pub at: Duration,
}

/// Where packets go. One that finds no room is lost: it would be late.
pub(crate) type Sink = mpsc::Sender<Packet>;

/// The handle of the thread, which ends with it.
pub(crate) struct Sound(Option<Sender<Option<Sink>>>);

impl Sound {
    /// What `device` of the sound server plays.
    pub(crate) fn of(device: &str) -> std::io::Result<Self> {
        let (orders, waiting) = channel();
        let device = device.to_owned();
        std::thread::Builder::new()
            .name("sound".to_owned())
            .spawn(move || attend(&device, &waiting))?;
        Ok(Self(Some(orders)))
    }

    /// Nothing is heard.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Sends packets there from now on, or nowhere.
    pub(crate) fn send_to(&self, sink: Option<Sink>) {
        if let Some(orders) = &self.0 {
            // A thread that is gone has said why.
            let _ = orders.send(sink);
        }
    }
}

fn attend(device: &str, orders: &Receiver<Option<Sink>>) {
    let mut next = orders.recv();
    while let Ok(wanted) = next {
        let Some(sink) = wanted else {
            next = orders.recv();
            continue;
        };
        next = listen(device, &sink, orders);
    }
}

/// Listens until there is another order, which is given.
fn listen(
    device: &str,
    sink: &Sink,
    orders: &Receiver<Option<Sink>>,
) -> Result<Option<Sink>, std::sync::mpsc::RecvError> {
    let mut ear: Option<Ear> = None;
    let mut complained = false;
    loop {
        if let Some(error) = ear.as_ref().and_then(Ear::error) {
            tracing::warn!(%error, "the sound ends");
            ear = None;
        } else if ear.is_none() {
            match Ear::open(device, sink.clone()) {
                Ok(it) => ear = Some(it),
                Err(error) if !complained => {
                    tracing::warn!(%error, device, "no sound");
                    complained = true;
                }
                Err(_) => {}
            }
        }
        match orders.recv_timeout(AGAIN) {
            Ok(order) => return Ok(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(std::sync::mpsc::RecvError),
        }
    }
}

/// Why there is no sound.
#[derive(Debug, thiserror::Error)]
enum Deaf {
    #[error("GStreamer: {0}")]
    Library(#[from] gst::glib::Error),
    #[error("GStreamer: {0}")]
    Made(#[from] gst::glib::BoolError),
    #[error("the sound server does not answer")]
    Start(#[from] gst::StateChangeError),
}

/// A running pipeline.
struct Ear(gst::Pipeline);

impl Ear {
    fn open(device: &str, sink: Sink) -> Result<Self, Deaf> {
        plugins::load(&PLUGINS)?;
        let raw = gst::Caps::builder("audio/x-raw")
            .field("rate", 48_000i32)
            .field("channels", 2i32)
            .build();
        let source = gst::ElementFactory::make("pulsesrc")
            .property("device", device)
            .property("client-name", "koneko")
            // As much as one packet holds, in µs: the server's own choice would be ten times that.
            .property("latency-time", 20_000i64)
            .property("buffer-time", 80_000i64)
            .build()?;
        let filter = gst::ElementFactory::make("capsfilter")
            .property("caps", &raw)
            .build()?;
        let convert = gst::ElementFactory::make("audioconvert").build()?;
        let queue = gst::ElementFactory::make("queue")
            .property("max-size-buffers", 5u32)
            .property_from_str("leaky", "downstream")
            .build()?;
        let encoder = gst::ElementFactory::make("opusenc")
            .property("inband-fec", true)
            .property("bitrate", BITS_PER_SECOND)
            .build()?;
        let out = AppSink::builder().sync(false).max_buffers(4).build();
        out.set_callbacks(
            AppSinkCallbacks::builder()
                .new_sample(move |out| {
                    let sample = out.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                    if let Some(packet) = sample.buffer().and_then(packet) {
                        // Full or closed: nobody listens well enough.
                        let _ = sink.try_send(packet);
                    }
                    Ok(gst::FlowSuccess::Ok)
                })
                .build(),
        );
        let pipeline = gst::Pipeline::new();
        let chain = [
            &source,
            &filter,
            &convert,
            &queue,
            &encoder,
            out.upcast_ref(),
        ];
        pipeline.add_many(chain)?;
        gst::Element::link_many(chain)?;
        let ear = Self(pipeline);
        ear.0.set_state(gst::State::Playing)?;
        Ok(ear)
    }

    /// What has ended it, if anything has.
    fn error(&self) -> Option<gst::glib::Error> {
        let kinds = [gst::MessageType::Error];
        let told = self.0.bus()?.pop_filtered(&kinds)?;
        match told.view() {
            gst::MessageView::Error(it) => Some(it.error()),
            _ => None,
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}

fn packet(buffer: &gst::BufferRef) -> Option<Packet> {
    let map = buffer.map_readable().ok()?;
    Some(Packet {
        data: Bytes::copy_from_slice(&map),
        at: Duration::from_nanos(buffer.pts()?.nseconds()),
    })
}
