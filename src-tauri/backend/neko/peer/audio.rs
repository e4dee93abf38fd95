//! The audio track of a peer.

use std::sync::Arc;

use duotab_core::neko::opus::is_silent;
use tokio_util::sync::CancellationToken;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::super::outlet::Outlet;

/// Ticks of the track's clock in a millisecond.
const TICKS_PER_MS: u64 = 48;

/// Gives out each packet as it comes: every one is a whole Opus packet. A server also sends them while
/// there is nothing to be heard, and nobody need be woken for that; the first silent one ends what was
/// heard.
pub(super) async fn give_out(
    track: Arc<dyn TrackRemote>,
    outlet: Outlet,
    cancel: CancellationToken,
) {
    let mut clock = Clock::default();
    let mut silent = true;
    loop {
        let event = tokio::select! {
            () = cancel.cancelled() => return,
            event = track.poll() => event,
        };
        match event {
            Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                let time_us = clock.time_us(packet.header.timestamp);
                let was_silent = std::mem::replace(&mut silent, is_silent(&packet.payload));
                if !(silent && was_silent) {
                    outlet.audio(time_us, packet.payload);
                }
            }
            Some(TrackRemoteEvent::OnEnded) | None => return,
            Some(_) => {}
        }
    }
}

/// The track's time, which begins anywhere and wraps once a day.
#[derive(Debug, Default)]
struct Clock {
    last: Option<u32>,
    ticks: u64,
}

impl Clock {
    /// Microseconds since the first packet. One that came late is before the last one, and none is
    /// before the first.
    fn time_us(&mut self, timestamp: u32) -> u64 {
        let last = self.last.replace(timestamp).unwrap_or(timestamp);
        let step = i64::from(timestamp.wrapping_sub(last).cast_signed());
        self.ticks = self.ticks.saturating_add_signed(step);
        self.ticks * 1000 / TICKS_PER_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_where_the_tracks_own_begins_anew() {
        let mut clock = Clock::default();
        let start = u32::MAX - 960;
        let times = [0, 960, 1920, 1440, 2880].map(|at| clock.time_us(start.wrapping_add(at)));
        assert_eq!(times, [0, 20_000, 40_000, 30_000, 60_000]);
        assert_eq!(Clock::default().time_us(7), 0);
        let mut clock = Clock::default();
        assert_eq!([clock.time_us(960), clock.time_us(0)], [0, 0]);
    }
}
