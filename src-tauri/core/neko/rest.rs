//! Bodies of the REST calls.

use serde::{Deserialize, Serialize};

use super::null_is_default;
use super::shape::{Profile, SessionState};

/// `POST /api/login`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Login {
    /// User.
    pub username: String,
    /// Password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Answer to [`Login`].
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginReply {
    /// The session's id.
    pub id: String,
    /// 64 characters of `[A-Za-z0-9_-]`; absent in cookie mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What it may do.
    pub profile: Profile,
    /// What it does.
    pub state: SessionState,
}

impl std::fmt::Debug for LoginReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginReply")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The body of every error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorReply {
    /// The HTTP status again.
    pub code: u16,
    /// A word for people.
    pub message: String,
}

/// `GET /api/stats`. Times are RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Whether anyone has control.
    pub has_host: bool,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,
    /// When the server started.
    pub server_started_at: String,
    /// Connected users.
    pub total_users: u32,
    /// When the last one left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_user_left_at: Option<String>,
    /// Connected admins.
    pub total_admins: u32,
    /// When the last one left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_admin_left_at: Option<String>,
}

/// `GET` and `POST /api/room/clipboard`; `html`, when set, wins over `text`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clipboard {
    /// Plain text.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_is_default"
    )]
    pub text: String,
    /// HTML.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_is_default"
    )]
    pub html: String,
}

/// `GET /api/room/control`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ControlStatus {
    /// Whether anyone has control.
    pub has_host: bool,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,
}
