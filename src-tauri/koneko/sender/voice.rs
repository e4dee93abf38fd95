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
    clock: Clock,
}

/// The track's time, which only goes on: a sound server that was away begins anew.
struct Clock {
    first: u32,
    /// When what is heard now began.
    began: Duration,
    /// The last packet's time since then.
    last: Duration,
}

impl Clock {
    const fn new(first: u32) -> Self {
        Self {
            first,
            began: Duration::ZERO,
            last: Duration::ZERO,
        }
    }

    /// A packet's timestamp, which wraps.
    fn timestamp(&mut self, at: Duration) -> u32 {
        if at < self.last {
            self.began += self.last + PACKET;
        }
        self.last = at;
        let ticks = (self.began + at).as_micros() * TICKS_PER_MS / 1000;
        let low = u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or(0);
        self.first.wrapping_add(low)
    }
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
            clock: Clock::new(random),
        })
    }

    /// Sends one packet.
    pub(super) async fn send(&mut self, sound: Sound) -> webrtc::error::Result<()> {
        let header = Header {
            version: 2,
            payload_type: PAYLOAD_TYPE,
            sequence_number: self.sequence,
            timestamp: self.clock.timestamp(sound.at),
            ssrc: self.ssrc,
            ..Default::default()
        };
        self.sequence = self.sequence.wrapping_add(1);
        let payload = sound.data;
        self.track.write_rtp(Packet { header, payload }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_server_that_begins_anew_takes_no_time_back() {
        let mut clock = Clock::new(u32::MAX - 960);
        let times = [0, 20, 40, 0, 20].map(|ms| clock.timestamp(Duration::from_millis(ms)));
        let since = times.map(|it| it.wrapping_sub(u32::MAX - 960));
        assert_eq!(since, [0, 960, 1920, 2880, 3840]);
    }
}
