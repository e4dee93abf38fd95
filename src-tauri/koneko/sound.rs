//! From the sound server to Opus packets, while somebody listens: a thread that sleeps until then.
//!
//! Only for a browser beside us: one of our own plays to the person's loudspeakers itself.

use crate::plugins;
use bytes::Bytes;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// What is heard, of which sound server.
struct Source {
    /// `None` for the one that the environment names.
    server: Option<String>,
    device: String,
}

/// What the thread is told.
enum Order {
    SendTo(Option<Sink>),
    /// The pipeline with this number is no more.
    Broken(u64, gst::glib::Error),
    End,
}

/// The handle of the thread, which ends with it.
pub(crate) struct Sound(Option<Sender<Order>>);

impl Sound {
    /// What `device` of the sound server plays.
    pub(crate) fn of(device: &str) -> std::io::Result<Self> {
        Self::from(Source {
            server: None,
            device: device.to_owned(),
        })
    }

    fn from(source: Source) -> std::io::Result<Self> {
        let (orders, waiting) = channel();
        let listener = Listener {
            source,
            orders: orders.clone(),
            sink: None,
            ear: None,
            opened: 0,
            heard: Arc::default(),
            complained: false,
        };
        std::thread::Builder::new()
            .name("sound".to_owned())
            .spawn(move || listener.run(&waiting))?;
        Ok(Self(Some(orders)))
    }

    /// Nothing is heard.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Sends packets there from now on, or nowhere.
    pub(crate) fn send_to(&self, sink: Option<Sink>) {
        self.tell(Order::SendTo(sink));
    }

    fn tell(&self, order: Order) {
        if let Some(orders) = &self.0 {
            // A thread that is gone has said why.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        self.tell(Order::End);
    }
}

/// What the thread owns.
struct Listener {
    source: Source,
    /// For pipelines, to tell of their end.
    orders: Sender<Order>,
    sink: Option<Sink>,
    ear: Option<Ear>,
    /// How many pipelines there were.
    opened: u64,
    /// Something came of the last one.
    heard: Arc<AtomicBool>,
    complained: bool,
}

impl Listener {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let order = if self.sink.is_some() && self.ear.is_none() {
                match orders.recv_timeout(AGAIN) {
                    Err(RecvTimeoutError::Timeout) => {
                        self.open();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(order) => order,
                }
            } else {
                match orders.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                }
            };
            match order {
                Order::SendTo(sink) => {
                    self.ear = None;
                    self.sink = sink;
                    self.complained = false;
                    self.open();
                }
                Order::Broken(nth, error) if nth == self.opened && self.ear.is_some() => {
                    self.ear = None;
                    self.complain(&error);
                }
                Order::Broken(..) => {}
                Order::End => return,
            }
        }
    }

    fn open(&mut self) {
        // Whoever listened may be gone without a word.
        let Some(sink) = self.sink.take_if(|it| !it.is_closed()) else {
            self.sink = None;
            return;
        };
        self.opened += 1;
        let (nth, orders) = (self.opened, self.orders.clone());
        let broken = move |error| {
            let _ = orders.send(Order::Broken(nth, error));
        };
        match Ear::open(&self.source, sink.clone(), Arc::clone(&self.heard), broken) {
            Ok(ear) => self.ear = Some(ear),
            Err(error) => self.complain(&error),
        }
        self.sink = Some(sink);
    }

    /// Says so once, until something was heard again.
    fn complain(&mut self, error: &dyn std::error::Error) {
        let was_heard = self.heard.swap(false, Ordering::Relaxed);
        if was_heard || !self.complained {
            tracing::warn!(%error, device = self.source.device, "no sound");
        }
        self.complained = true;
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
    fn open(
        source: &Source,
        sink: Sink,
        heard: Arc<AtomicBool>,
        broken: impl Fn(gst::glib::Error) + Send + Sync + 'static,
    ) -> Result<Self, Deaf> {
        plugins::load(&PLUGINS)?;
        let raw = gst::Caps::builder("audio/x-raw")
            .field("rate", 48_000i32)
            .field("channels", 2i32)
            .build();
        let pulse = gst::ElementFactory::make("pulsesrc")
            .property("server", source.server.as_deref())
            .property("device", source.device.as_str())
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
                    heard.store(true, Ordering::Relaxed);
                    let packet = sample.buffer().and_then(packet);
                    match packet.map(|it| sink.try_send(it)) {
                        Some(Err(mpsc::error::TrySendError::Closed(_))) => Err(gst::FlowError::Eos),
                        _ => Ok(gst::FlowSuccess::Ok),
                    }
                })
                .build(),
        );
        let ear = Self(gst::Pipeline::new());
        let chain = [
            &pulse,
            &filter,
            &convert,
            &queue,
            &encoder,
            out.upcast_ref(),
        ];
        ear.0.add_many(chain)?;
        gst::Element::link_many(chain)?;
        if let Some(bus) = ear.0.bus() {
            bus.set_sync_handler(move |_, message| {
                if let gst::MessageView::Error(it) = message.view() {
                    broken(it.error());
                }
                gst::BusSyncReply::Drop
            });
        }
        ear.0.set_state(gst::State::Playing)?;
        Ok(ear)
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

#[cfg(test)]
mod tests {
    use super::*;
    use duotab_core::neko::opus::is_silent;
    use duotab_test_support::{Outcome, SoundServer, within};

    /// A second of what a device gives, but for the very first of it.
    async fn heard(server: &SoundServer, device: &str) -> Outcome<Vec<Packet>> {
        let (_, server) = server.variable();
        let sound = Sound::from(Source {
            server: Some(server),
            device: device.to_owned(),
        })?;
        let (sink, mut packets) = mpsc::channel(5);
        sound.send_to(Some(sink));
        let mut all = Vec::new();
        while all.len() < 60 {
            let packet = within("a packet", packets.recv()).await?;
            all.push(packet.ok_or("the sound has ended")?);
        }
        sound.send_to(None);
        let ended = async { while packets.recv().await.is_some() {} };
        within("the end", ended).await?;
        Ok(all.split_off(10))
    }

    #[tokio::test]
    async fn a_tone_comes_as_packets_of_20_ms_and_silence_is_known_as_such() -> Outcome<()> {
        let server = SoundServer::start().await?;
        let tone = heard(&server, "microphone").await?;
        assert!(tone.iter().all(|it| !is_silent(&it.data)));
        let silence = heard(&server, "loudspeaker.monitor").await?;
        assert!(silence.iter().all(|it| is_silent(&it.data)));
        for pair in tone.windows(2).chain(silence.windows(2)) {
            let step = pair[1].at.saturating_sub(pair[0].at).as_millis();
            // One that found no room is left out.
            assert!((19..200).contains(&step), "{step} ms");
        }
        Ok(())
    }
}
