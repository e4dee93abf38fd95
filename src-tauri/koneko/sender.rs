//! The peer that shows the picture: WebRTC as Neko's, the server offering.

mod engine;
mod keyframe;
mod packets;
mod voice;
mod way;

pub(crate) use way::Way;

use crate::capture::Frame;
use crate::config::Codec;
use crate::sound;
use bytes::BytesMut;
use duotab_core::neko::data::ServerMessage;
use duotab_core::neko::signal::Candidate;
use packets::Packets;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::Slot;
use rtc::peer_connection::configuration::{RTCConfigurationBuilder, RTCOfferOptions};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voice::Voice;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit,
    RTCPeerConnectionIceEvent, RTCPeerConnectionState, RTCSessionDescription, Registry,
    SettingEngine, SettingEngineBuilder,
};

/// Events that may wait for the room.
const MAX_WAITING: usize = 512;
/// Messages on their way through the data channel, after which cursors are left out.
const MAX_OUTSTANDING: usize = 1 << 20;
/// Packets of sound that may wait, of 20 ms each.
const MAX_SOUNDS: usize = 5;
/// A data channel message is a few bytes; anything longer is no input.
const MAX_INPUT: usize = 64;
/// A remote description or a candidate is that long at most.
const MAX_SDP: usize = 128 << 10;

/// Why a peer could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PeerError {
    #[error("WebRTC: {0}")]
    Library(#[from] webrtc::error::Error),
    #[error("too long")]
    TooLong,
    #[error("random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// What a peer tells the room.
#[derive(Debug)]
pub(crate) enum PeerEvent {
    /// A candidate of ours.
    Candidate(Candidate),
    /// The way stands.
    Connected,
    /// It is no more, or never came to be.
    Gone,
    /// The data channel is open.
    ChannelOpen,
    /// A message on it.
    Message(BytesMut),
    /// The viewer lost its place.
    KeyRequest,
}

/// One peer.
pub(crate) struct Peer {
    connection: Arc<dyn PeerConnection>,
    channel: Arc<dyn DataChannel>,
    frames: Mutex<Option<mpsc::Receiver<Frame>>>,
    /// Where the capture puts frames.
    pub sink: mpsc::Sender<Frame>,
    packets: Mutex<Option<Packets>>,
    sounds: Mutex<Option<mpsc::Receiver<sound::Packet>>>,
    /// Where the sound goes.
    pub ear: sound::Sink,
    voice: Mutex<Option<Voice>>,
    ended: CancellationToken,
}

/// Hands the library's events on. Callbacks run on the driver's task and must not wait.
struct Ear {
    events: mpsc::Sender<PeerEvent>,
    way: Way,
}

impl Ear {
    fn tell(&self, event: PeerEvent) {
        if self.events.try_send(event).is_err() {
            tracing::warn!("a peer's event is lost");
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Ear {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        match event.candidate.to_json() {
            Ok(it) => {
                let Some(candidate) = self.way.shown_as(it.candidate) else {
                    return;
                };
                self.tell(PeerEvent::Candidate(Candidate {
                    candidate,
                    // All is bundled on the first section.
                    sdp_mid: Some(it.sdp_mid.filter(|it| !it.is_empty()).unwrap_or("0".into())),
                    sdp_mline_index: Some(it.sdp_mline_index.unwrap_or(0)),
                    username_fragment: it.username_fragment,
                }));
            }
            Err(error) => tracing::debug!(%error, "candidate"),
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tracing::debug!(%state, "peer");
        match state {
            RTCPeerConnectionState::Connected => self.tell(PeerEvent::Connected),
            RTCPeerConnectionState::Disconnected
            | RTCPeerConnectionState::Failed
            | RTCPeerConnectionState::Closed => self.tell(PeerEvent::Gone),
            _ => {}
        }
    }
}

impl Peer {
    /// Makes a peer and its offer. Its events come until it ends.
    pub(crate) async fn offer(
        way: Way,
        codec: Codec,
    ) -> Result<(Self, String, mpsc::Receiver<PeerEvent>), PeerError> {
        let (events_in, events) = mpsc::channel(MAX_WAITING);
        let mut media = engine::media(codec)?;
        let registry = engine::interceptors(Registry::new(), &mut media).with(
            // Closest to us: all others have seen what comes in.
            Slot::from(14_000),
            keyframe::Requests::new(events_in.clone()),
        );
        let ear = Ear {
            events: events_in.clone(),
            way,
        };
        let connection = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(media)
            .with_setting_engine(settings(way.lite))
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(ear))
            .with_udp_addrs(way.addresses())
            .build()
            .await?;
        let connection: Arc<dyn PeerConnection> = Arc::new(connection);
        let (audio, audio_ssrc) = engine::track(engine::Kind::Audio, codec)?;
        connection
            .add_track(Arc::clone(&audio) as Arc<dyn TrackLocal>)
            .await?;
        let (video, ssrc) = engine::track(engine::Kind::Video, codec)?;
        connection
            .add_track(Arc::clone(&video) as Arc<dyn TrackLocal>)
            .await?;
        let ordered = RTCDataChannelInit {
            ordered: true,
            ..Default::default()
        };
        let channel = connection
            .create_data_channel("data", Some(ordered))
            .await?;
        let (sink, frames) = mpsc::channel(2);
        let (ear, sounds) = mpsc::channel(MAX_SOUNDS);
        let peer = Self {
            channel: Arc::clone(&channel),
            connection,
            frames: Mutex::new(Some(frames)),
            sink,
            packets: Mutex::new(Some(Packets::new(video, ssrc, codec)?)),
            sounds: Mutex::new(Some(sounds)),
            ear,
            voice: Mutex::new(Some(Voice::new(audio, audio_ssrc)?)),
            ended: CancellationToken::new(),
        };
        tokio::spawn(listen(channel, events_in, peer.ended.clone()));
        let offer = peer.local_offer(false).await?;
        Ok((peer, offer, events))
    }

    async fn local_offer(&self, ice_restart: bool) -> Result<String, PeerError> {
        let options = ice_restart.then_some(RTCOfferOptions { ice_restart });
        let offer = self.connection.create_offer(options).await?;
        let sdp = offer.sdp.clone();
        self.connection.set_local_description(offer).await?;
        Ok(sdp)
    }

    /// A new offer with new ICE credentials.
    pub(crate) async fn restart(&self) -> Result<String, PeerError> {
        self.local_offer(true).await
    }

    /// The viewer's answer.
    pub(crate) async fn answered(&self, sdp: String) -> Result<(), PeerError> {
        if sdp.len() > MAX_SDP {
            return Err(PeerError::TooLong);
        }
        let answer = RTCSessionDescription::answer(sdp)?;
        Ok(self.connection.set_remote_description(answer).await?)
    }

    /// The viewer's offer; our answer to it.
    pub(crate) async fn offered(&self, sdp: String) -> Result<String, PeerError> {
        if sdp.len() > MAX_SDP {
            return Err(PeerError::TooLong);
        }
        let offer = RTCSessionDescription::offer(sdp)?;
        self.connection.set_remote_description(offer).await?;
        let answer = self.connection.create_answer(None).await?;
        let sdp = answer.sdp.clone();
        self.connection.set_local_description(answer).await?;
        Ok(sdp)
    }

    /// A candidate of the viewer.
    pub(crate) async fn candidate(&self, it: Candidate) -> Result<(), PeerError> {
        if it.candidate.len() > MAX_SDP {
            return Err(PeerError::TooLong);
        }
        let candidate = RTCIceCandidateInit {
            candidate: it.candidate,
            sdp_mid: it.sdp_mid,
            sdp_mline_index: it.sdp_mline_index,
            username_fragment: it.username_fragment,
            url: None,
        };
        Ok(self.connection.add_ice_candidate(candidate).await?)
    }

    /// Begins to send what is put into the sinks. The second time nothing happens.
    pub(crate) fn begin(&self) {
        let frames = crate::room::lock(&self.frames).take();
        let packets = crate::room::lock(&self.packets).take();
        if let (Some(mut frames), Some(mut packets)) = (frames, packets) {
            self.until_the_end(async move {
                while let Some(frame) = frames.recv().await {
                    if let Err(error) = packets.send(&frame).await {
                        tracing::debug!(%error, "frame not sent");
                    }
                }
            });
        }
        let sounds = crate::room::lock(&self.sounds).take();
        let voice = crate::room::lock(&self.voice).take();
        if let (Some(mut sounds), Some(mut voice)) = (sounds, voice) {
            self.until_the_end(async move {
                while let Some(sound) = sounds.recv().await {
                    if let Err(error) = voice.send(sound).await {
                        tracing::debug!(%error, "sound not sent");
                    }
                }
            });
        }
    }

    fn until_the_end(&self, sending: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        tokio::spawn(async move { ended.run_until_cancelled(sending).await });
    }

    /// A message on the data channel; a cursor is left out while too much waits there.
    pub(crate) async fn tell(&self, message: &ServerMessage) {
        if self.ended.is_cancelled() {
            return;
        }
        let waiting = self.channel.outstanding_bytes().await.unwrap_or(0);
        if waiting > MAX_OUTSTANDING {
            return;
        }
        let bytes = BytesMut::from(message.encode().as_slice());
        if let Err(error) = self.channel.send(bytes).await {
            tracing::debug!(%error, "data channel");
        }
    }

    /// Ends it.
    pub(crate) async fn close(&self) {
        self.ended.cancel();
        let closing = tokio::time::timeout(Duration::from_secs(2), self.connection.close());
        if !matches!(closing.await, Ok(Ok(()))) {
            tracing::debug!("the peer did not close well");
        }
    }
}

/// Checks every 10 ms until a pair of addresses works: the library's 200 ms would be the longest
/// part of a start on one machine. The number of tries grows so that it still tries for 7 s.
fn settings(lite: bool) -> SettingEngine {
    SettingEngineBuilder::new()
        .with_lite(lite)
        .with_ice_connection_attempts(Some(Duration::from_millis(10)), Some(700))
        // Neko's.
        .with_ice_timeouts(
            Some(Duration::from_secs(4)),
            Some(Duration::from_secs(6)),
            Some(Duration::from_secs(2)),
        )
        .with_include_loopback_candidate(true)
        // Nobody here has a name to ask for, and a machine without a network has no way to ask.
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .build()
}

async fn listen(
    channel: Arc<dyn DataChannel>,
    events: mpsc::Sender<PeerEvent>,
    ended: CancellationToken,
) {
    let listening = async {
        while let Some(event) = channel.poll().await {
            let event = match event {
                DataChannelEvent::OnOpen => PeerEvent::ChannelOpen,
                DataChannelEvent::OnMessage(it) if it.data.len() <= MAX_INPUT => {
                    PeerEvent::Message(it.data)
                }
                DataChannelEvent::OnClose => return,
                _ => continue,
            };
            if events.send(event).await.is_err() {
                return;
            }
        }
    };
    ended.run_until_cancelled(listening).await;
}
