//! What a server's offer says: which codecs under which numbers, and where it can be reached.
//!
//! Only lines that matter here are read; the description itself is the peer connection's matter.

use duotab_core::lane::Codec;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_VP8, MIME_TYPE_VP9, MediaEngine,
};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind,
};
use rtc::shared::error::Result;
use std::net::IpAddr;

/// More lines than any offer has.
const MAX_LINES: usize = 2000;

/// One payload type of the offer that we can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// Its number.
    pub(super) number: u8,
    /// A video codec, else Opus.
    pub(super) video: Option<Codec>,
    /// Its parameters as offered.
    pub(super) parameters: String,
}

/// The offer's formats, and the addresses it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) formats: Vec<Format>,
    pub(super) addresses: Vec<IpAddr>,
}

impl Offer {
    /// Reads the lines that matter.
    pub(super) fn read(sdp: &str) -> Self {
        let mut offer = Self::default();
        for line in sdp.lines().take(MAX_LINES) {
            if let Some(map) = line.strip_prefix("a=rtpmap:") {
                offer.formats.extend(format(map));
            } else if let Some(parameters) = line.strip_prefix("a=fmtp:") {
                if let Some((number, parameters)) = parameters.trim().split_once(' ')
                    && let Ok(number) = number.parse::<u8>()
                    && let Some(it) = offer.formats.iter_mut().find(|it| it.number == number)
                {
                    parameters.clone_into(&mut it.parameters);
                }
            } else if let Some(candidate) = line.strip_prefix("a=candidate:") {
                offer.addresses.extend(address(candidate));
            }
        }
        offer
    }

    /// The video codec that will come.
    pub(super) fn video(&self) -> Option<Codec> {
        self.formats.iter().find_map(|it| it.video)
    }

    /// Registers exactly what is offered, under the offered numbers.
    pub(super) fn register(&self, engine: &mut MediaEngine) -> Result<()> {
        for it in &self.formats {
            let (kind, mime_type, clock_rate, channels) = match it.video {
                Some(Codec::Vp8) => (RtpCodecKind::Video, MIME_TYPE_VP8, 90_000, 0),
                Some(Codec::Vp9) => (RtpCodecKind::Video, MIME_TYPE_VP9, 90_000, 0),
                Some(Codec::H264) => (RtpCodecKind::Video, MIME_TYPE_H264, 90_000, 0),
                Some(Codec::Av1) => continue,
                None => (RtpCodecKind::Audio, MIME_TYPE_OPUS, 48_000, 2),
            };
            let rtcp_feedback = match it.video {
                Some(_) => feedback(&[("ccm", "fir"), ("nack", ""), ("nack", "pli")]),
                None => Vec::new(),
            };
            engine.register_codec(
                RTCRtpCodecParameters {
                    rtp_codec: RTCRtpCodec {
                        mime_type: mime_type.to_owned(),
                        clock_rate,
                        channels,
                        sdp_fmtp_line: it.parameters.clone(),
                        rtcp_feedback,
                    },
                    payload_type: it.number,
                },
                kind,
            )?;
        }
        Ok(())
    }
}

fn feedback(pairs: &[(&str, &str)]) -> Vec<RTCPFeedback> {
    pairs
        .iter()
        .map(|(typ, parameter)| RTCPFeedback {
            typ: (*typ).to_owned(),
            parameter: (*parameter).to_owned(),
        })
        .collect()
}

/// `96 VP8/90000`
fn format(map: &str) -> Option<Format> {
    let (number, codec) = map.trim().split_once(' ')?;
    let (name, clock) = codec.split_once('/')?;
    let video = match (name.to_ascii_uppercase().as_str(), clock) {
        ("VP8", "90000") => Some(Codec::Vp8),
        ("VP9", "90000") => Some(Codec::Vp9),
        ("H264", "90000") => Some(Codec::H264),
        ("OPUS", "48000/2") => None,
        _ => return None,
    };
    Some(Format {
        number: number.parse().ok().filter(|it| *it < 128)?,
        video,
        parameters: String::new(),
    })
}

/// The address of a candidate line: its fifth word.
pub(super) fn address(candidate: &str) -> Option<IpAddr> {
    candidate.split_ascii_whitespace().nth(4)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_keep_the_numbers_of_the_offer() {
        let offer = Offer::read(
            "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n\
             a=fmtp:111 useinbandfec=1;stereo=1\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n\
             a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1\r\n\
             a=rtpmap:116 H265/90000\r\na=candidate:1 1 udp 5 10.1.2.3 4000 typ host\r\n",
        );
        assert_eq!(offer.video(), Some(Codec::H264));
        assert_eq!(offer.formats.len(), 2);
        assert_eq!(offer.formats[0].parameters, "useinbandfec=1;stereo=1");
        assert_eq!(offer.formats[1].number, 102);
        assert_eq!(offer.addresses, ["10.1.2.3".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn nonsense_is_no_format() {
        for map in [
            "",
            "96",
            "96 VP8",
            "256 VP8/90000",
            "200 VP8/90000",
            "x y/z",
        ] {
            assert_eq!(format(map), None);
        }
    }
}
