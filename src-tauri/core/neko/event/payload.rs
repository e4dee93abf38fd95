//! What events carry, where it is not what the REST calls carry too.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::neko::null_is_default;
use crate::neko::shape::{
    BroadcastStatus, ControlHost, Point, Profile, ScreenSize, SessionData, SessionState, Settings,
};

/// The state of all at connect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Init {
    /// One's own session.
    pub session_id: String,
    /// Who has control.
    pub control_host: ControlHost,
    /// The screen.
    pub screen_size: ScreenSize,
    /// All sessions by id.
    #[serde(deserialize_with = "null_is_default")]
    pub sessions: BTreeMap<String, SessionData>,
    /// The room's settings.
    pub settings: Settings,
    /// Whether touch reaches the desktop.
    pub touch_events: bool,
    /// Whether still pictures can be had.
    pub screencast_enabled: bool,
    /// The pipelines.
    #[serde(deserialize_with = "null_is_default")]
    pub webrtc: Pipelines,
}

/// The video pipelines a server has, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pipelines {
    /// Their ids.
    #[serde(deserialize_with = "null_is_default")]
    pub videos: Vec<String>,
}

/// What an admin also learns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdminInit {
    /// Sizes the screen had when the server started.
    #[serde(deserialize_with = "null_is_default")]
    pub screen_sizes_list: Vec<ScreenSize>,
    /// The broadcast.
    pub broadcast_status: BroadcastStatus,
}

/// New settings, and who set them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsUpdate {
    /// Who.
    pub id: String,
    /// All of them.
    #[serde(flatten)]
    pub settings: Settings,
}

/// Why the WebSocket is about to be closed, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DisconnectMessage {
    /// One of [`Disconnect`]'s.
    pub message: String,
}

/// Why a server closes a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disconnect {
    /// No token came.
    NoAuthentication,
    /// The token is not known.
    SessionNotFound,
    /// The profile may not log in.
    LoginDisabled,
    /// The profile may not connect.
    ConnectionDisabled,
    /// Somebody is connected with it, and is not to be replaced.
    AlreadyConnected,
    /// Another WebSocket took its place.
    Replaced,
    /// Logged out, or deleted by an admin.
    SessionDeleted,
    /// Put out by an admin.
    SessionDisconnected,
    /// Rights were taken away.
    ProfileChanged,
    /// The server ends.
    Shutdown,
}

impl Disconnect {
    pub(super) const ALL: [(Self, &'static str); 10] = [
        (Self::NoAuthentication, "no authentication provided"),
        (Self::SessionNotFound, "session not found"),
        (Self::LoginDisabled, "session login disabled"),
        (Self::ConnectionDisabled, "connection disabled"),
        (Self::AlreadyConnected, "already connected"),
        (Self::Replaced, "connection replaced"),
        (Self::SessionDeleted, "session deleted"),
        (Self::SessionDisconnected, "session disconnected"),
        (Self::ProfileChanged, "profile changed"),
        (Self::Shutdown, "connection shutdown"),
    ];

    /// The text on the wire.
    #[must_use]
    pub fn message(self) -> &'static str {
        Self::ALL
            .iter()
            .find_map(|(it, text)| (*it == self).then_some(*text))
            .unwrap_or_default()
    }

    /// Reads the text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find_map(|(it, known)| (*known == text).then_some(*it))
    }
}

/// A session by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionName {
    /// Its id.
    pub id: String,
}

/// A session's new rights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileUpdate {
    /// Which session.
    pub id: String,
    /// Its rights.
    #[serde(flatten)]
    pub profile: Profile,
}

/// A session's new state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StateUpdate {
    /// Which session.
    pub id: String,
    /// Its state.
    #[serde(flatten)]
    pub state: SessionState,
}

/// Where one session's cursor was, lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionCursors {
    /// Which session.
    pub id: String,
    /// Oldest first.
    #[serde(deserialize_with = "null_is_default")]
    pub cursors: Vec<Point>,
}

/// A new screen size, and who asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScreenUpdate {
    /// Who.
    pub id: String,
    /// The size it really has.
    #[serde(flatten)]
    pub size: ScreenSize,
}

/// Words to one session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unicast {
    /// From whom; set by the server.
    pub sender: String,
    /// To whom.
    pub receiver: String,
    /// About what.
    pub subject: String,
    /// Anything.
    pub body: serde_json::Value,
}

/// Words to all others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Broadcast {
    /// From whom; set by the server.
    pub sender: String,
    /// About what.
    pub subject: String,
    /// Anything.
    pub body: serde_json::Value,
}

/// A line for the server's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogLine {
    /// As `info`.
    pub level: String,
    /// The line.
    pub message: String,
    /// Its fields.
    #[serde(deserialize_with = "null_is_default")]
    pub fields: BTreeMap<String, serde_json::Value>,
}

/// Turns of the wheel; positive is up and left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scroll {
    /// Clicks to the left.
    pub delta_x: i32,
    /// Clicks up.
    pub delta_y: i32,
    /// With Control.
    pub control_key: bool,
}

/// A mouse button, at a point if both its parts are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Button {
    /// X's number.
    pub code: u32,
    /// From the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<i32>,
    /// From the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<i32>,
}

/// A key, at a point if both its parts are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Key {
    /// X keysym.
    pub keysym: u32,
    /// From the left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<i32>,
    /// From the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<i32>,
}

/// A finger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Touch {
    /// Which finger.
    pub touch_id: u32,
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
    /// 0 to 255.
    pub pressure: u8,
}

/// What to paste.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paste {
    /// The text; `None` pastes what the clipboard has. Neko needs the payload object either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}
