//! The events of the signalling WebSocket, one JSON text message each:
//! `{"event": "…", "payload": …}`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::shape::{
    BroadcastStatus, ClipboardText, ControlHost, KeyboardMap, KeyboardModifiers, Point, Profile,
    ScreenSize, SessionData, SessionState, Settings,
};
use super::signal::{
    Audio, AudioRequest, Candidate, Description, Provide, Request, Video, VideoRequest,
};
use super::{Malformed, null_is_default};

/// The frame around every event.
#[derive(Deserialize)]
struct Envelope {
    event: String,
    #[serde(default)]
    payload: serde_json::Value,
}

/// Writes an event; without payload when there is none.
fn envelope<T: Serialize>(event: &str, payload: Option<&T>) -> String {
    #[derive(Serialize)]
    struct Out<'a, T> {
        event: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<&'a T>,
    }
    // These types hold only strings, numbers and maps with string keys, which always serialize.
    serde_json::to_string(&Out { event, payload }).unwrap_or_default()
}

fn payload<T: Default + serde::de::DeserializeOwned>(
    value: serde_json::Value,
) -> Result<T, Malformed> {
    if value.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(value).map_err(|_| Malformed)
}

/// Defines one direction's events: the enum, its reading and its writing.
macro_rules! events {
    (
        $(#[$meta:meta])* $enum:ident
        { $( $(#[$with_meta:meta])* $with:ident($payload:ty) = $with_name:literal, )* }
        { $( $(#[$bare_meta:meta])* $bare:ident = $bare_name:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $enum {
            $( $(#[$with_meta])* $with($payload), )*
            $( $(#[$bare_meta])* $bare, )*
            /// One that is not known here, by its name.
            Unknown(String),
        }

        impl $enum {
            /// The event's name on the wire.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $( Self::$with(_) => $with_name, )*
                    $( Self::$bare => $bare_name, )*
                    Self::Unknown(name) => name,
                }
            }

            /// Reads one text message. The caller caps its size.
            ///
            /// # Errors
            /// [`Malformed`] when it is no event, or a known one with the wrong payload.
            pub fn decode(text: &str) -> Result<Self, Malformed> {
                let it: Envelope = serde_json::from_str(text).map_err(|_| Malformed)?;
                Ok(match it.event.as_str() {
                    $( $with_name => Self::$with(payload(it.payload)?), )*
                    $( $bare_name => Self::$bare, )*
                    _ => Self::Unknown(it.event),
                })
            }

            /// The text message.
            #[must_use]
            pub fn encode(&self) -> String {
                match self {
                    $( Self::$with(payload) => envelope($with_name, Some(payload)), )*
                    other => envelope::<()>(other.name(), None),
                }
            }
        }
    };
}

events! {
    /// From server to client.
    ServerEvent
    {
        /// The first message of all.
        SystemInit(Init) = "system/init",
        /// For admins, right behind it.
        SystemAdmin(AdminInit) = "system/admin",
        /// The settings changed.
        SystemSettings(SettingsUpdate) = "system/settings",
        /// The WebSocket is about to be closed.
        SystemDisconnect(DisconnectMessage) = "system/disconnect",
        /// A new peer's offer.
        SignalProvide(Provide) = "signal/provide",
        /// An ICE candidate; may come before the offer.
        SignalCandidate(Candidate) = "signal/candidate",
        /// The server renegotiates.
        SignalOffer(Description) = "signal/offer",
        /// Answer to a client's offer.
        SignalAnswer(Description) = "signal/answer",
        /// An offer with new ICE credentials.
        SignalRestart(Description) = "signal/restart",
        /// The video's state.
        SignalVideo(Video) = "signal/video",
        /// The audio's state.
        SignalAudio(Audio) = "signal/audio",
        /// A session came to be.
        SessionCreated(SessionData) = "session/created",
        /// A session is gone.
        SessionDeleted(SessionName) = "session/deleted",
        /// A session's rights changed.
        SessionProfile(ProfileUpdate) = "session/profile",
        /// A session's state changed.
        SessionState(StateUpdate) = "session/state",
        /// Where the others point.
        SessionCursors(Vec<SessionCursors>) = "session/cursors",
        /// Control changed hands.
        ControlHost(ControlHost) = "control/host",
        /// Somebody asks the host for control.
        ControlRequest(SessionName) = "control/request",
        /// The screen has a new size.
        ScreenUpdated(ScreenUpdate) = "screen/updated",
        /// The clipboard has new text (to the host only).
        ClipboardUpdated(ClipboardText) = "clipboard/updated",
        /// The broadcast began or ended.
        BroadcastStatus(BroadcastStatus) = "broadcast/status",
        /// A file dialog opened.
        FileChooserOpened(SessionName) = "file_chooser_dialog/opened",
        /// It closed.
        FileChooserClosed(SessionName) = "file_chooser_dialog/closed",
        /// Relayed words to one.
        SendUnicast(Unicast) = "send/unicast",
        /// Relayed words to all.
        SendBroadcast(Broadcast) = "send/broadcast",
    }
    {
        /// Every `heartbeat_interval`.
        SystemHeartbeat = "system/heartbeat",
        /// The peer is gone.
        SignalClose = "signal/close",
    }
}

events! {
    /// From client to server.
    ClientEvent
    {
        /// Lines for the server's log.
        SystemLogs(Vec<LogLine>) = "system/logs",
        /// Asks for a new peer.
        SignalRequest(Request) = "signal/request",
        /// Answer to the server's offer.
        SignalAnswer(Description) = "signal/answer",
        /// An offer, to add tracks.
        SignalOffer(Description) = "signal/offer",
        /// An ICE candidate.
        SignalCandidate(Candidate) = "signal/candidate",
        /// Changes the video.
        SignalVideo(VideoRequest) = "signal/video",
        /// Changes the audio.
        SignalAudio(AudioRequest) = "signal/audio",
        /// Moves the pointer.
        ControlMove(Point) = "control/move",
        /// Turns the wheel.
        ControlScroll(Scroll) = "control/scroll",
        /// Presses and lets go of a button.
        ControlButtonPress(Button) = "control/buttonpress",
        /// Button down.
        ControlButtonDown(Button) = "control/buttondown",
        /// Button up.
        ControlButtonUp(Button) = "control/buttonup",
        /// Presses and lets go of a key.
        ControlKeyPress(Key) = "control/keypress",
        /// Key down.
        ControlKeyDown(Key) = "control/keydown",
        /// Key up.
        ControlKeyUp(Key) = "control/keyup",
        /// Finger down.
        ControlTouchBegin(Touch) = "control/touchbegin",
        /// Finger moved.
        ControlTouchUpdate(Touch) = "control/touchupdate",
        /// Finger up.
        ControlTouchEnd(Touch) = "control/touchend",
        /// Sets the clipboard, if there is a text, and presses Ctrl+V.
        ControlPaste(Paste) = "control/paste",
        /// Asks for a screen size (admin).
        ScreenSet(ScreenSize) = "screen/set",
        /// Sets the clipboard.
        ClipboardSet(ClipboardText) = "clipboard/set",
        /// Sets the keyboard layout.
        KeyboardMap(KeyboardMap) = "keyboard/map",
        /// Locks modifiers.
        KeyboardModifiers(KeyboardModifiers) = "keyboard/modifiers",
        /// Words to one.
        SendUnicast(Unicast) = "send/unicast",
        /// Words to all others.
        SendBroadcast(Broadcast) = "send/broadcast",
    }
    {
        /// Nothing; keeps proxies awake.
        ClientHeartbeat = "client/heartbeat",
        /// Asks for an offer with new ICE credentials.
        SignalRestart = "signal/restart",
        /// Asks for control.
        ControlRequest = "control/request",
        /// Gives control away.
        ControlRelease = "control/release",
        /// Presses Ctrl+X.
        ControlCut = "control/cut",
        /// Presses Ctrl+C.
        ControlCopy = "control/copy",
        /// Presses Ctrl+A.
        ControlSelectAll = "control/select_all",
    }
}

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
    const ALL: [(Self, &'static str); 10] = [
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

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
