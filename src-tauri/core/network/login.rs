//! Whom a proxy is to know a profile as.

use percent_encoding::percent_decode_str;

use super::NetworkFault;
use crate::secret::Secret;

/// How long a user's name and a password may be, in bytes (RFC 1929).
const LONGEST: usize = 255;

/// A user of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name, which is not empty and has no colon.
    pub user: String,
    /// The password; may be empty.
    pub password: Secret,
}

impl Login {
    /// As it was filled in; none without a name.
    pub(super) fn read(user: &str, password: Secret) -> Result<Option<Self>, NetworkFault> {
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
    pub(super) fn split(address: &str) -> (&str, Option<(String, Option<Secret>)>) {
        let Some((login, rest)) = address.rsplit_once('@') else {
            return (address, None);
        };
        let read = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(Secret::new(read(password)))),
            None => (login, None),
        };
        (rest, Some((read(user), password)))
    }
}
