//! The shapes that events and REST bodies share.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::null_is_default;

/// A screen's size in pixels and its refresh rate in Hz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScreenSize {
    /// Width in pixels; a server rounds it down to a multiple of 8.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Hz; 0 asks for 60.
    pub rate: u16,
}

/// What a member may do. Every flag is false unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Name shown.
    pub name: String,
    /// Settings, screen size, other sessions.
    pub is_admin: bool,
    /// REST.
    pub can_login: bool,
    /// WebSocket.
    pub can_connect: bool,
    /// Video and audio.
    pub can_watch: bool,
    /// Input.
    pub can_host: bool,
    /// Own tracks.
    pub can_share_media: bool,
    /// Clipboard, both ways.
    pub can_access_clipboard: bool,
    /// Its cursor is shown to others while it is not host.
    pub sends_inactive_cursor: bool,
    /// Sees those cursors.
    pub can_see_inactive_cursors: bool,
    /// Plugins' own flags; often `null`.
    pub plugins: Option<BTreeMap<String, serde_json::Value>>,
}

impl Profile {
    /// A profile that may do everything.
    #[must_use]
    pub fn admin(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_admin: true,
            can_login: true,
            can_connect: true,
            can_watch: true,
            can_host: true,
            can_share_media: true,
            can_access_clipboard: true,
            sends_inactive_cursor: true,
            can_see_inactive_cursors: true,
            plugins: None,
        }
    }
}

/// Whether a session is connected and watching. Times are RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionState {
    /// Has a WebSocket (or had one a moment ago).
    pub is_connected: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected_since: Option<String>,
    /// Since when not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_connected_since: Option<String>,
    /// Has a connected peer.
    pub is_watching: bool,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watching_since: Option<String>,
    /// Since when not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_watching_since: Option<String>,
}

/// One session, as `whoami`, the session list and `session/created` give it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionData {
    /// Its id.
    pub id: String,
    /// What it may do.
    pub profile: Profile,
    /// What it does.
    pub state: SessionState,
}

/// The room's settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Non-admins see a frozen picture.
    pub private_mode: bool,
    /// Only admins may log in.
    pub locked_logins: bool,
    /// Only admins may control.
    pub locked_controls: bool,
    /// Controls are locked while no admin is there.
    pub control_protection: bool,
    /// Any input takes control at once.
    pub implicit_hosting: bool,
    /// Cursors of those who are not host are shown.
    pub inactive_cursors: bool,
    /// A second WebSocket replaces the first.
    pub merciful_reconnect: bool,
    /// Seconds between a client's heartbeats.
    pub heartbeat_interval: u32,
    /// Plugins' own settings; often `null`.
    pub plugins: Option<BTreeMap<String, serde_json::Value>>,
}

/// Who has control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ControlHost {
    /// Who caused it; empty in `system/init`.
    pub id: String,
    /// Whether anyone has control.
    pub has_host: bool,
    /// The session that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,
}

/// A keyboard layout in XKB's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyboardMap {
    /// As `us`, `de`, `ch`.
    pub layout: String,
    /// As `nodeadkeys`; empty for none.
    #[serde(deserialize_with = "null_is_default")]
    pub variant: String,
}

/// Modifiers to lock or unlock; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyboardModifiers {
    /// Shift.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<bool>,
    /// Caps lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capslock: Option<bool>,
    /// Control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<bool>,
    /// Alt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alt: Option<bool>,
    /// Num lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numlock: Option<bool>,
    /// Meta.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<bool>,
    /// Super.
    #[serde(rename = "super", skip_serializing_if = "Option::is_none")]
    pub super_: Option<bool>,
    /// `AltGr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub altgr: Option<bool>,
}

/// RTMP broadcast.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BroadcastStatus {
    /// On air.
    pub is_active: bool,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Text of the clipboard, as events carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClipboardText {
    /// It.
    pub text: String,
}

/// A point on the remote screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}
