//! Frames into RTP packets, sent no faster than a receiver's socket takes them.

use super::engine::payload_type;
use crate::capture::Frame;
use crate::config::Codec;
use rtc::rtp::codec::h264::H264Payloader;
use rtc::rtp::codec::vp8::Vp8Payloader;
use rtc::rtp::header::Header;
use rtc::rtp::packet::Packet;
use rtc::rtp::packetizer::Payloader;
use std::sync::Arc;
use std::time::{Duration, Instant};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

/// Neko's: an RTP packet with its header.
const MTU: usize = 1200;
const HEADER: usize = 12;
/// Packets in one go: a Linux socket's receive buffer holds about 90 of these by default (212992
/// bytes, each packet counted as 2304).
const BURST: usize = 48;
/// The pause behind each.
const PAUSE: Duration = Duration::from_millis(1);
const CLOCK_HZ: u128 = 90_000;

pub(super) struct Packets {
    track: Arc<TrackLocalStaticRTP>,
    payloader: Box<dyn Payloader>,
    ssrc: u32,
    payload_type: u8,
    sequence: u16,
    began: Instant,
    first_timestamp: u32,
}

impl Packets {
    pub(super) fn new(
        track: Arc<TrackLocalStaticRTP>,
        ssrc: u32,
        codec: Codec,
    ) -> Result<Self, getrandom::Error> {
        let payloader: Box<dyn Payloader> = match codec {
            Codec::Vp8 => {
                let mut it = Vp8Payloader::default();
                it.enable_picture_id = true;
                Box::new(it)
            }
            Codec::H264 => Box::new(H264Payloader::default()),
        };
        let random = getrandom::u32()?;
        Ok(Self {
            track,
            payloader,
            ssrc,
            payload_type: payload_type(codec),
            sequence: u16::try_from(random & 0x7fff).unwrap_or(0),
            began: Instant::now(),
            first_timestamp: random,
        })
    }

    /// The moment the picture was taken, in the codec's clock, which wraps.
    fn timestamp(&self, taken: Instant) -> u32 {
        let passed = taken.saturating_duration_since(self.began).as_micros();
        let ticks = passed * CLOCK_HZ / 1_000_000;
        let low = u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or(0);
        self.first_timestamp.wrapping_add(low)
    }

    /// Sends one frame.
    pub(super) async fn send(&mut self, frame: &Frame) -> webrtc::error::Result<()> {
        let timestamp = self.timestamp(frame.taken);
        let payloads = self.payloader.payload(MTU - HEADER, &frame.data)?;
        let last = payloads.len().saturating_sub(1);
        for (at, payload) in payloads.into_iter().enumerate() {
            let header = Header {
                version: 2,
                marker: at == last,
                payload_type: self.payload_type,
                sequence_number: self.sequence,
                timestamp,
                ssrc: self.ssrc,
                ..Default::default()
            };
            self.sequence = self.sequence.wrapping_add(1);
            self.track.write_rtp(Packet { header, payload }).await?;
            if at % BURST == BURST - 1 && at != last {
                tokio::time::sleep(PAUSE).await;
            }
        }
        tracing::trace!(packets = last + 1, key = frame.key, since_taken = ?frame.taken.elapsed(), "sent");
        Ok(())
    }
}
