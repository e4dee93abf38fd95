//! Opus packets into RTP packets, one each.

use crate::sound::Packet as Sound;
use rtc::rtp::header::Header;
use rtc::rtp::packet::Packet;
use std::sync::Arc;
use std::time::Duration;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

/// Neko's.
pub(super) const PAYLOAD_TYPE: u8 = 111;
const TICKS_PER_MS: u128 = 48;
/// How long one packet is heard.
const PACKET: Duration = Duration::from_millis(20);

pub(super) struct Voice {
    track: Arc<TrackLocalStaticRTP>,
    ssrc: u32,
    sequence: u16,
    first_timestamp: u32,
    /// When what is heard now began.
    began: Duration,
    /// The last packet's time since then.
    last: Duration,
}

impl Voice {
    pub(super) fn new(
        track: Arc<TrackLocalStaticRTP>,
        ssrc: u32,
    ) -> Result<Self, getrandom::Error> {
        let random = getrandom::u32()?;
        Ok(Self {
            track,
            ssrc,
            sequence: u16::try_from(random & 0x7fff).unwrap_or(0),
            first_timestamp: random,
            began: Duration::ZERO,
            last: Duration::ZERO,
        })
    }

    /// Sends one packet.
    pub(super) async fn send(&mut self, sound: Sound) -> webrtc::error::Result<()> {
        // A sound server that was away begins anew; the track's time only goes on.
        if sound.at < self.last {
            self.began += self.last + PACKET;
        }
        self.last = sound.at;
        let ticks = (self.began + sound.at).as_micros() * TICKS_PER_MS / 1000;
        let low = u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or(0);
        let header = Header {
            version: 2,
            payload_type: PAYLOAD_TYPE,
            sequence_number: self.sequence,
            timestamp: self.first_timestamp.wrapping_add(low),
            ssrc: self.ssrc,
            ..Default::default()
        };
        self.sequence = self.sequence.wrapping_add(1);
        let payload = sound.data;
        self.track.write_rtp(Packet { header, payload }).await
    }
}
