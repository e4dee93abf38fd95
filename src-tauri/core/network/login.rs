//! Whom a proxy is to know a profile as.

use serde::{Deserialize, Serialize};

use super::NetworkFault;

/// How long a user's name and a password may be, in bytes (RFC 1929).
const LONGEST: usize = 255;

/// A password. No log shows it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
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

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// A user of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name, which is not empty and has no colon.
    pub user: String,
    /// The password; may be empty.
    pub password: Password,
}

impl Login {
    /// As it was filled in; none without a name.
    pub(super) fn read(user: &str, password: Password) -> Result<Option<Self>, NetworkFault> {
        let user = user.trim().to_owned();
        if user.is_empty() {
            return match password.expose() {
                "" => Ok(None),
                _ => Err(NetworkFault::ExitLoginUser),
            };
        }
        // What HTTP (RFC 7617) and SOCKS5 can both say.
        let odd = |text: &str| text.len() > LONGEST || text.contains(char::is_control);
        if odd(&user) || user.contains(':') || odd(password.expose()) {
            return Err(NetworkFault::ExitLoginMalformed);
        }
        Ok(Some(Self { user, password }))
    }

    /// Takes the login off the front of an address, as those who sell proxies write them.
    pub(super) fn split(address: &str) -> (&str, Option<(String, Password)>) {
        let Some((login, rest)) = address.rsplit_once('@') else {
            return (address, None);
        };
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let read = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        (rest, Some((read(user), Password::new(read(password)))))
    }
}
