//! The payloads of the `signal/*` events.

use serde::{Deserialize, Serialize};

use super::null_is_default;

/// `{sdp}`: an offer or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// The session description.
    pub sdp: String,
}

/// An ICE server the peer may use.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IceServer {
    /// `stun:` and `turn:` addresses.
    #[serde(deserialize_with = "null_is_default")]
    pub urls: Vec<String>,
    /// TURN user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// TURN password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

/// The server's offer of a peer, in answer to [`Request`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provide {
    /// The offer.
    pub sdp: String,
    /// ICE servers for the client.
    #[serde(deserialize_with = "null_is_default")]
    pub iceservers: Vec<IceServer>,
    /// State of the video.
    #[serde(deserialize_with = "null_is_default")]
    pub video: Video,
    /// State of the audio.
    #[serde(deserialize_with = "null_is_default")]
    pub audio: Audio,
}

/// State of a peer's video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Video {
    /// Nothing is sent.
    pub disabled: bool,
    /// The pipeline.
    pub id: String,
    /// The pipeline again, for old clients.
    pub video: String,
    /// The server chooses.
    pub auto: bool,
}

/// State of a peer's audio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Audio {
    /// Nothing is sent.
    pub disabled: bool,
}

/// Which pipeline a client wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selector {
    /// Of a pipeline.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// `exact`, `nearest`, `lower` or `higher`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Bytes per second.
    #[serde(skip_serializing_if = "is_zero")]
    pub bitrate: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes by reference"
)]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// What a client wants changed of its video; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VideoRequest {
    /// Send nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Another pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<Selector>,
    /// The server chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto: Option<bool>,
}

/// What a client wants changed of its audio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AudioRequest {
    /// Send nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A client asks for a new peer; its earlier one ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// Wishes for the video.
    #[serde(deserialize_with = "null_is_default")]
    pub video: VideoRequest,
    /// Wishes for the audio.
    #[serde(deserialize_with = "null_is_default")]
    pub audio: AudioRequest,
}

/// An ICE candidate, as `RTCIceCandidateInit` names its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Candidate {
    /// The candidate line.
    pub candidate: String,
    /// Which section, by name.
    pub sdp_mid: Option<String>,
    /// Which section, by number.
    #[serde(rename = "sdpMLineIndex")]
    pub sdp_mline_index: Option<u16>,
    /// Of which ICE generation.
    pub username_fragment: Option<String>,
}
