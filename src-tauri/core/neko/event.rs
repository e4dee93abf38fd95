//! The events of the signalling WebSocket, one JSON text message each:
//! `{"event": "…", "payload": …}`.

mod payload;

use serde::{Deserialize, Serialize};

use super::Malformed;
use super::shape::{
    BroadcastStatus, ClipboardText, ControlHost, KeyboardMap, KeyboardModifiers, Point, ScreenSize,
    SessionData,
};
use super::signal::{
    Audio, AudioRequest, Candidate, Description, Provide, Request, Video, VideoRequest,
};

pub use payload::*;

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

#[cfg(test)]
mod tests;
