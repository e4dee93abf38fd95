//! Where an engine answers, and with which credentials: what a runtime hands to the clients.

use url::Url;

/// Text that must not be shown: its `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A running engine, as its clients need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The Neko server's HTTP address, with its path prefix if it has one.
    pub base: Url,
    /// User for the login.
    pub username: String,
    /// Password for the login.
    pub password: Secret,
    /// How the pages are controlled.
    pub cdp: Cdp,
}

/// How the DevTools protocol is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cdp {
    /// WebSocket at `{base}/api/koneko/cdp` with the login's bearer token.
    KonekoRelay,
}
