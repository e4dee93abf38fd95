//! The video track: packets in, frames to the outlet, requests back.

use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{
    TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use super::{PeerId, PeerNews};
use crate::neko::Frame;
use crate::neko::frames::{Counts, Frames, Output, Packet, Whole};
use crate::neko::outlet::{Outlet, Taken};
use duotab_core::lane::Codec;

/// How long an RTCP packet may take on its way into the driver.
const WRITE_LIMIT: Duration = Duration::from_secs(1);

/// What the rest of the client shares with the video task.
#[derive(Debug, Default)]
pub(crate) struct VideoDesk {
    /// Somebody wants a key frame: send PLI.
    pub(crate) want_key: Notify,
    /// The decoder starts anew: drop up to the next key frame.
    pub(crate) restart: AtomicBool,
    /// Say [`crate::neko::News::Live`] before the next key frame.
    pub(crate) say_live: AtomicBool,
    /// Counts, for whoever asks.
    pub(crate) counts: std::sync::Mutex<Counts>,
}

/// What the video task runs with.
pub(super) struct Video {
    pub(super) id: PeerId,
    pub(super) track: Arc<dyn TrackRemote>,
    pub(super) ssrc: u32,
    pub(super) codec: Codec,
    pub(super) desk: Arc<VideoDesk>,
    pub(super) outlet: Outlet,
    pub(super) news: mpsc::Sender<PeerNews>,
    pub(super) round_trip: watch::Receiver<Duration>,
    pub(super) cancel: CancellationToken,
}

impl Video {
    /// Runs until the track ends or the peer is let go.
    pub(super) async fn run(mut self) {
        let mut frames = Frames::new(self.codec);
        // The slow consumer's side: frames are dropped until the next key frame.
        let mut skipping = false;
        // The track is told of with its first packet.
        self.tell(PeerNews::Began(self.id));
        loop {
            let deadline = frames.deadline();
            let due = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return,
                event = self.track.poll() => match event {
                    Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                        let now = Instant::now();
                        frames.push(
                            Packet {
                                sequence: packet.header.sequence_number,
                                timestamp: packet.header.timestamp,
                                marker: packet.header.marker,
                                payload: packet.payload,
                            },
                            now,
                        );
                        if self.ssrc != packet.header.ssrc {
                            self.ssrc = packet.header.ssrc;
                        }
                    }
                    Some(TrackRemoteEvent::OnEnded) | None => return,
                    Some(_) => {}
                },
                () = self.desk.want_key.notified() => self.ask_for_key().await,
                changed = self.round_trip.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    frames.set_round_trip(*self.round_trip.borrow_and_update());
                }
                () = due => frames.timeout(Instant::now()),
            }
            if self.desk.restart.swap(false, Ordering::AcqRel) {
                frames.restart();
            }
            while let Some(output) = frames.poll() {
                match output {
                    Output::Frame(whole) => self.give(whole, &mut skipping),
                    Output::Nack(missing) => self.ask_again(&missing).await,
                    Output::NeedKey => {
                        self.tell(PeerNews::NeedKey(self.id));
                    }
                }
            }
            if let Ok(mut counts) = self.desk.counts.lock() {
                *counts = frames.counts();
            }
        }
    }

    /// Hands one frame out, or drops up to the next key frame if nobody takes them.
    fn give(&self, whole: Whole, skipping: &mut bool) {
        let key = whole.key;
        if key {
            self.tell(PeerNews::Key(self.id));
        }
        if *skipping && !key {
            if self.outlet.has_room() {
                self.tell(PeerNews::NeedKey(self.id));
            }
            return;
        }
        let live = key && self.desk.say_live.load(Ordering::Acquire);
        let frame = Frame {
            key,
            codec: whole.codec,
            time_us: whole.time_us,
            data: whole.data,
            arrived: whole.arrived,
            lost_before: whole.lost_before || *skipping,
        };
        match self.outlet.frame(frame, live) {
            Taken::Yes => {
                *skipping = false;
                if live {
                    self.desk.say_live.store(false, Ordering::Release);
                    self.tell(PeerNews::Live(self.id));
                }
            }
            Taken::No => *skipping = true,
        }
    }

    /// Says something to the supervisor, which is never waited for: what is lost here is said
    /// again with the next frame.
    fn tell(&self, news: PeerNews) {
        let _ = self.news.try_send(news);
    }

    async fn ask_for_key(&self) {
        self.write(Box::new(PictureLossIndication {
            sender_ssrc: 0,
            media_ssrc: self.ssrc,
        }))
        .await;
    }

    async fn ask_again(&self, missing: &[u16]) {
        self.write(Box::new(TransportLayerNack {
            sender_ssrc: 0,
            media_ssrc: self.ssrc,
            nacks: nack_pairs_from_sequence_numbers(missing),
        }))
        .await;
    }

    async fn write(&self, packet: Box<dyn rtcp::Packet>) {
        let sent = self.track.write_rtcp(vec![packet]);
        if !matches!(tokio::time::timeout(WRITE_LIMIT, sent).await, Ok(Ok(()))) {
            tracing::trace!("feedback was not sent");
        }
    }
}
