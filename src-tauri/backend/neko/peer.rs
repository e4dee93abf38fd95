//! One peer connection: the only code of the client that knows `webrtc`.
//!
//! Connecting takes 203 ms with the crate's defaults, because as controlling agent it nominates
//! a working pair only when its next round of checks is due, and these are 200 ms apart. Rounds
//! of [`CHECK_INTERVAL`] bring it down to a few milliseconds; their number is raised so that
//! they last as long as a peer is given to connect.

mod audio;
mod channel;
mod offer;
mod socket;
mod video;

use duotab_core::neko::data::ServerMessage;
use duotab_core::neko::signal::{Candidate, Provide};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::Registry;
use rtc::peer_connection::configuration::interceptor_registry::{
    configure_rtcp_reports, configure_twcc_receiver_only,
};
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{RTCDtlsRole, RTCIceCandidateInit};
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use webrtc::data_channel::DataChannel;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceConnectionState,
    RTCIceGatheringState, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
};

use super::outlet::Outlet;
use channel::Channel;
use offer::Offer;
use video::Video;
pub(super) use video::VideoDesk;

/// Time between two rounds of connectivity checks.
const CHECK_INTERVAL: Duration = Duration::from_millis(5);
/// Checks per pair: five seconds of them.
const CHECKS: u16 = 1000;
/// Silence after which the media counts as lost; checks go out every [`KEEPALIVE`].
const SILENCE: Duration = Duration::from_millis(1200);
/// Silence after which the peer is given up: longer than the server, which ends it after 4 s.
const FAILED: Duration = Duration::from_secs(8);
/// Time between two consent checks.
const KEEPALIVE: Duration = Duration::from_millis(400);
/// What the data channel may hold back before input is dropped.
const SEND_LIMIT: usize = 64 << 10;
/// How long the answer waits for our own addresses.
const GATHER_LIMIT: Duration = Duration::from_millis(30);
/// What any single step with the crate may take.
const STEP_LIMIT: Duration = Duration::from_secs(3);

/// Tells one peer's news from those of the ones before it.
pub(super) type PeerId = u64;

/// A peer's state, as far as anyone acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerState {
    /// A way to the server is found; encryption follows.
    Reached,
    /// Connected.
    Connected,
    /// Nothing is heard; it may come back.
    Silent,
    /// It will not come back.
    Gone,
}

/// News of a peer.
#[derive(Debug)]
pub(super) enum PeerNews {
    State(PeerId, PeerState),
    Candidate(PeerId, Candidate),
    /// The data channel is open.
    Open(PeerId),
    Data(PeerId, ServerMessage),
    /// The first video packet came.
    Began(PeerId),
    /// Nothing can be decoded until a key frame comes.
    NeedKey(PeerId),
    /// A whole key frame came.
    Key(PeerId),
    /// The first key frame after a connect or a loss went out.
    Live(PeerId),
}

impl PeerNews {
    pub(super) const fn peer(&self) -> PeerId {
        match self {
            Self::State(id, _)
            | Self::Candidate(id, _)
            | Self::Open(id)
            | Self::Began(id)
            | Self::Data(id, _)
            | Self::NeedKey(id)
            | Self::Key(id)
            | Self::Live(id) => *id,
        }
    }
}

/// Why a peer could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeerError {
    /// The offer has no video that we can take.
    #[error("the offer has no video codec that is supported")]
    NoCodec,
    /// The crate refused it.
    #[error("the offer was refused: {0}")]
    Refused(#[from] webrtc::error::Error),
    /// A step did not end in time.
    #[error("the peer connection did not answer")]
    Stuck,
}

/// One peer connection with all its tasks; dropping it ends them.
pub(super) struct Peer {
    pub(super) id: PeerId,
    connection: Arc<dyn PeerConnection>,
    channel: Channel,
    pub(super) video: Arc<VideoDesk>,
    cancel: CancellationToken,
}

/// What a peer needs of the client.
#[derive(Clone)]
pub(super) struct PeerPlan {
    pub(super) id: PeerId,
    pub(super) outlet: Outlet,
    pub(super) news: mpsc::Sender<PeerNews>,
    pub(super) round_trip: watch::Receiver<Duration>,
    /// Bind loopback addresses only.
    pub(super) loopback_only: bool,
}

impl Peer {
    /// Takes the server's offer; gives the peer and the answer for the server.
    pub(super) async fn answer(
        plan: PeerPlan,
        provide: &Provide,
        candidates: &[Candidate],
    ) -> Result<(Self, String), PeerError> {
        tokio::time::timeout(STEP_LIMIT, Self::make(plan, provide, candidates))
            .await
            .map_err(|_| PeerError::Stuck)?
    }

    async fn make(
        plan: PeerPlan,
        provide: &Provide,
        candidates: &[Candidate],
    ) -> Result<(Self, String), PeerError> {
        let offer = Offer::read(&provide.sdp);
        let codec = offer.video().ok_or(PeerError::NoCodec)?;
        let mut engine = MediaEngine::default();
        offer.register(&mut engine)?;
        // NACK is sent by the video task itself, which knows what is worth it and when.
        let registry =
            configure_rtcp_reports(configure_twcc_receiver_only(Registry::new(), &mut engine)?);
        let settings = SettingEngineBuilder::new()
            .with_include_loopback_candidate(true)
            // The client of DTLS begins when its own way is found. As its server we could be
            // called a moment too early, and the next call comes after a second.
            .with_answering_dtls_role(RTCDtlsRole::Client)
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(CHECKS))
            .with_ice_timeouts(Some(SILENCE), Some(FAILED), Some(KEEPALIVE))
            .with_host_acceptance_min_wait(Some(Duration::ZERO))
            .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
            .with_srflx_acceptance_min_wait(Some(Duration::ZERO))
            .build();
        let cancel = CancellationToken::new();
        let video = Arc::new(VideoDesk::default());
        video.say_live.store(true, Ordering::Release);
        let channel = Channel::default();
        let gather = Arc::new(Gather::default());
        let hands = Hands {
            plan: plan.clone(),
            codec,
            video: Arc::clone(&video),
            channel: channel.clone(),
            gather: Arc::clone(&gather),
            cancel: cancel.clone(),
        };
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_media_engine(engine)
                .with_setting_engine(settings)
                .with_interceptor_registry(registry)
                .with_runtime(Arc::new(socket::Sockets::new()))
                .with_handler(Arc::new(hands))
                .with_data_channel_send_buffer_limit(SEND_LIMIT)
                .with_udp_addrs(addresses(&plan, &offer, candidates))
                .build()
                .await?,
        );
        let peer = Self {
            id: plan.id,
            connection,
            channel,
            video,
            cancel,
        };
        let offer = RTCSessionDescription::offer(provide.sdp.clone())?;
        peer.connection.set_remote_description(offer).await?;
        for candidate in candidates {
            peer.candidate(candidate).await;
        }
        let answer = peer.connection.create_answer(None).await?;
        let bare = answer.sdp.clone();
        peer.connection.set_local_description(answer).await?;
        // A server that hears our checks before it knows our address takes it for one that it
        // must not trust for a second. So the answer waits for our own addresses, which are
        // there in a millisecond.
        let _ = tokio::time::timeout(GATHER_LIMIT, gather.gathered.notified()).await;
        gather.trickle.store(true, Ordering::Release);
        let whole = peer.connection.local_description().await;
        Ok((peer, whole.map_or(bare, |it| it.sdp)))
    }

    /// Takes one of the server's candidates; a bad one is left out.
    pub(super) async fn candidate(&self, candidate: &Candidate) {
        // The crate reads a candidate only up to what it knows, and the server appends " ufrag".
        let init = RTCIceCandidateInit {
            candidate: candidate.candidate.clone(),
            sdp_mid: candidate.sdp_mid.clone(),
            sdp_mline_index: candidate.sdp_mline_index,
            username_fragment: candidate.username_fragment.clone(),
            url: None,
        };
        let added = self.connection.add_ice_candidate(init);
        match tokio::time::timeout(STEP_LIMIT, added).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a candidate was left out"),
            Err(_) => tracing::debug!("a candidate was not taken in time"),
        }
    }

    /// Takes a renegotiating offer; gives the answer.
    pub(super) async fn renegotiate(&self, sdp: String) -> Result<String, PeerError> {
        let step = async {
            let offer = RTCSessionDescription::offer(sdp)?;
            self.connection.set_remote_description(offer).await?;
            let answer = self.connection.create_answer(None).await?;
            let sdp = answer.sdp.clone();
            self.connection.set_local_description(answer).await?;
            Ok(sdp)
        };
        tokio::time::timeout(STEP_LIMIT, step)
            .await
            .map_err(|_| PeerError::Stuck)?
    }

    /// Whether the data channel takes messages.
    pub(super) fn is_open(&self) -> bool {
        self.channel.is_open()
    }

    /// Sends one message; false if it could not be taken now.
    pub(super) fn send(&self, message: Vec<u8>) -> bool {
        self.channel.send(message)
    }

    /// Ends the connection, and waits a moment for it.
    pub(super) async fn close(&self) {
        self.cancel.cancel();
        let _ = tokio::time::timeout(Duration::from_secs(1), self.connection.close()).await;
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.cancel.cancel();
        // The driver's task outlives its handles: it ends only when it is told to.
        let connection = Arc::clone(&self.connection);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(STEP_LIMIT, connection.close()).await;
            });
        }
    }
}

/// Where to listen: loopback alone if the server is there, else every interface too.
fn addresses(plan: &PeerPlan, offer: &Offer, candidates: &[Candidate]) -> Vec<SocketAddr> {
    let named: Vec<IpAddr> = offer
        .addresses
        .iter()
        .copied()
        .chain(candidates.iter().filter_map(|it| {
            let line = it.candidate.trim_start_matches("candidate:");
            offer::address(line)
        }))
        .collect();
    let loopback_only = plan.loopback_only && named.iter().all(IpAddr::is_loopback);
    let mut bind = Vec::<SocketAddr>::new();
    if loopback_only || named.is_empty() || named.iter().any(|it| it.is_loopback() && it.is_ipv4())
    {
        bind.push((Ipv4Addr::LOCALHOST, 0).into());
    }
    if named.iter().any(|it| it.is_loopback() && it.is_ipv6()) {
        bind.push((Ipv6Addr::LOCALHOST, 0).into());
    }
    if !loopback_only {
        bind.push((Ipv4Addr::UNSPECIFIED, 0).into());
        if named.iter().any(|it| it.is_ipv6() && !it.is_loopback()) {
            bind.push((Ipv6Addr::UNSPECIFIED, 0).into());
        }
    }
    bind
}

/// How far the search for our own addresses is.
#[derive(Default)]
struct Gather {
    gathered: Notify,
    /// The answer is made: what comes now is sent apart from it.
    trickle: AtomicBool,
}

/// The crate calls these from its driver: nothing here waits.
struct Hands {
    gather: Arc<Gather>,
    plan: PeerPlan,
    codec: duotab_core::lane::Codec,
    video: Arc<VideoDesk>,
    channel: Channel,
    cancel: CancellationToken,
}

impl Hands {
    fn tell(&self, news: PeerNews) {
        if self.plan.news.try_send(news).is_err() {
            tracing::debug!("news of the peer had no room");
        }
    }

    fn state(&self, state: PeerState) {
        self.tell(PeerNews::State(self.plan.id, state));
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Hands {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if !self.gather.trickle.load(Ordering::Acquire) {
            return;
        }
        match event.candidate.to_json() {
            Ok(init) if !init.candidate.is_empty() => self.tell(PeerNews::Candidate(
                self.plan.id,
                Candidate {
                    candidate: init.candidate,
                    sdp_mid: init.sdp_mid.or_else(|| Some("0".to_owned())),
                    sdp_mline_index: init.sdp_mline_index.or(Some(0)),
                    username_fragment: init.username_fragment,
                },
            )),
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "a candidate of ours has no text"),
        }
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gather.gathered.notify_one();
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        match state {
            RTCIceConnectionState::Connected | RTCIceConnectionState::Completed => {
                self.state(PeerState::Reached);
            }
            RTCIceConnectionState::Disconnected => self.state(PeerState::Silent),
            RTCIceConnectionState::Failed => self.state(PeerState::Gone),
            _ => {}
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected => self.state(PeerState::Connected),
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => {
                self.state(PeerState::Gone);
            }
            _ => {}
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let plan = self.plan.clone();
        tokio::spawn(
            self.channel
                .clone()
                .run(channel, plan.id, plan.news, self.cancel.clone()),
        );
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let plan = self.plan.clone();
        if track.kind().await == RtpCodecKind::Video {
            let ssrc = track.ssrcs().await.first().copied().unwrap_or_default();
            let video = Video {
                id: plan.id,
                track,
                ssrc,
                codec: self.codec,
                desk: Arc::clone(&self.video),
                outlet: plan.outlet,
                news: plan.news,
                round_trip: plan.round_trip,
                cancel: self.cancel.clone(),
            };
            tokio::spawn(video.run());
        } else {
            tokio::spawn(audio::give_out(track, plan.outlet, self.cancel.clone()));
        }
    }
}
