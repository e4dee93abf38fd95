//! Codecs, feedback and tracks just as Neko offers them (its `codec` table): audio first, then
//! video, one codec each, no retransmission payload.

use super::voice::PAYLOAD_TYPE;
use crate::config::Codec;
use rtc::interceptor::{NackResponderBuilder, SenderReportBuilder, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::configure_simulcast_extension_headers;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RtpCodecKind,
};
use std::sync::Arc;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::Registry;

/// Packets kept for a viewer that lost one: about two key frames.
const HISTORY: u16 = 1024;

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Audio,
    Video,
}

/// The payload type of the video.
pub(super) fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Vp8 => 96,
        Codec::H264 => 102,
    }
}

fn video(codec: Codec) -> RTCRtpCodec {
    let (mime, format) = match codec {
        Codec::Vp8 => (MIME_TYPE_VP8, ""),
        Codec::H264 => (
            MIME_TYPE_H264,
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        ),
    };
    let feedback = [
        ("goog-remb", ""),
        ("ccm", "fir"),
        ("nack", "pli"),
        ("nack", ""),
    ];
    RTCRtpCodec {
        mime_type: mime.to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: format.to_owned(),
        rtcp_feedback: feedback
            .map(|(typ, parameter)| RTCPFeedback {
                typ: typ.to_owned(),
                parameter: parameter.to_owned(),
            })
            .to_vec(),
    }
}

fn audio() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "useinbandfec=1;stereo=1".to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

/// The codecs.
pub(super) fn media(codec: Codec) -> webrtc::error::Result<MediaEngine> {
    let mut media = MediaEngine::default();
    for (rtp_codec, payload_type, kind) in [
        (audio(), PAYLOAD_TYPE, RtpCodecKind::Audio),
        (video(codec), payload_type(codec), RtpCodecKind::Video),
    ] {
        let parameters = RTCRtpCodecParameters {
            rtp_codec,
            payload_type,
        };
        media.register_codec(parameters, kind)?;
    }
    configure_simulcast_extension_headers(&mut media)?;
    Ok(media)
}

/// What answers lost packets, and tells the viewer the time.
pub(super) fn interceptors(registry: Registry, _media: &mut MediaEngine) -> Registry {
    registry
        .with(
            Slot::NackResponder,
            NackResponderBuilder::new().with_size(HISTORY).build(),
        )
        .with(Slot::SenderReport, SenderReportBuilder::new().build())
}

/// A track with Neko's names, and its SSRC.
pub(super) fn track(
    kind: Kind,
    codec: Codec,
) -> Result<(Arc<TrackLocalStaticRTP>, u32), getrandom::Error> {
    let ssrc = getrandom::u32()?.max(1);
    let (name, kind, codec) = match kind {
        Kind::Audio => ("audio", RtpCodecKind::Audio, audio()),
        Kind::Video => ("video", RtpCodecKind::Video, video(codec)),
    };
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..Default::default()
        },
        codec,
        ..Default::default()
    };
    let track = MediaStreamTrack::new(
        "stream".to_owned(),
        name.to_owned(),
        name.to_owned(),
        kind,
        vec![coding],
    );
    Ok((Arc::new(TrackLocalStaticRTP::new(track)), ssrc))
}
