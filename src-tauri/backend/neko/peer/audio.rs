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
    let mut first = None;
    let mut silent = true;
    loop {
        let event = tokio::select! {
            () = cancel.cancelled() => return,
            event = track.poll() => event,
        };
        match event {
            Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                let start = *first.get_or_insert(packet.header.timestamp);
                let ticks = u64::from(packet.header.timestamp.wrapping_sub(start));
                let was_silent = std::mem::replace(&mut silent, is_silent(&packet.payload));
                if !(silent && was_silent) {
                    outlet.audio(ticks * 1000 / TICKS_PER_MS, packet.payload);
                }
            }
            Some(TrackRemoteEvent::OnEnded) | None => return,
            Some(_) => {}
        }
    }
}
