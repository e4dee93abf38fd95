//! The few REST calls that the client needs.

use duotab_core::neko::rest::{ErrorReply, Login, LoginReply};
use duotab_core::neko::shape::SessionData;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;

use crate::endpoint::{Endpoint, Question, Secret, Talk};

/// The longest that a whole call may take.
const CALL_LIMIT: Duration = Duration::from_secs(4);
/// The same by way of a tunnel, which takes a moment to be made.
const FAR_CALL_LIMIT: Duration = Duration::from_secs(10);
/// The largest reply that is read.
const MAX_REPLY: usize = 256 << 10;

/// The body of a question that has none.
const NOTHING: Option<&()> = None;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// Nobody answered, or not in time.
    #[error("the server did not answer")]
    Unreachable,
    /// 401.
    #[error("the credentials were refused")]
    Unauthorized,
    /// 403: logins are locked, or the profile may not log in.
    #[error("the login is forbidden: {0}")]
    Forbidden(String),
    /// 422: this user is connected.
    #[error("the session is connected already")]
    Connected,
    /// Any other status.
    #[error("the server answered {0}")]
    Status(u16),
    /// The reply is not what the protocol says.
    #[error("the reply is malformed")]
    Malformed,
}

/// One server's REST interface.
#[derive(Clone, Debug)]
pub struct Rest {
    endpoint: Endpoint,
}

/// What a login gives.
#[derive(Clone, Debug)]
pub struct LoggedIn {
    /// The session's id.
    pub id: String,
    /// Its token.
    pub token: Secret,
}

impl Rest {
    /// Prepares calls to a server; makes none.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// `POST /api/login`.
    ///
    /// # Errors
    /// Any [`RestError`].
    pub async fn login(&self) -> Result<LoggedIn, RestError> {
        let body = Login {
            username: self.endpoint.username.clone(),
            password: self.endpoint.password.expose().to_owned(),
        };
        let reply: LoginReply = self.call("POST", "login", None, Some(&body)).await?;
        let token = reply.token.filter(|it| is_token(it));
        Ok(LoggedIn {
            id: reply.id,
            token: Secret::new(token.ok_or(RestError::Malformed)?),
        })
    }

    /// `POST /api/logout`: ends the session and everything connected with it.
    ///
    /// # Errors
    /// Any [`RestError`].
    pub async fn logout(&self, token: &Secret) -> Result<(), RestError> {
        let _: serde_json::Value = self.call("POST", "logout", Some(token), NOTHING).await?;
        Ok(())
    }

    /// `GET /api/whoami`.
    ///
    /// # Errors
    /// Any [`RestError`].
    pub async fn whoami(&self, token: &Secret) -> Result<SessionData, RestError> {
        self.call("GET", "whoami", Some(token), NOTHING).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        name: &str,
        token: Option<&Secret>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, RestError> {
        let url = api(&self.endpoint.base, name);
        let question = Question {
            method,
            url: &url,
            token,
        };
        let calling = async {
            let mut talk = Talk::open(&self.endpoint).await?;
            talk.ask(question, body, MAX_REPLY).await
        };
        let limit = match self.endpoint.via {
            Some(_) => FAR_CALL_LIMIT,
            None => CALL_LIMIT,
        };
        let (status, body) = match tokio::time::timeout(limit, calling).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => return Err(RestError::Unreachable),
        };
        if (200..300).contains(&status) {
            return serde_json::from_slice(&body).map_err(|_| RestError::Malformed);
        }
        let said: ErrorReply = serde_json::from_slice(&body).unwrap_or_default();
        Err(match status {
            401 => RestError::Unauthorized,
            403 => RestError::Forbidden(said.message),
            422 => RestError::Connected,
            other => RestError::Status(other),
        })
    }
}

/// `{base}/api/{name}`, whether or not the base ends with a slash.
#[must_use]
pub fn api(base: &Url, name: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/api/{name}", base.path().trim_end_matches('/')));
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// A token goes into a header: nothing but its own alphabet may be in it.
fn is_token(text: &str) -> bool {
    (1..=512).contains(&text.len())
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prefix_is_kept() {
        for (base, want) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/login"),
            ("http://h/a/b/", "http://h/a/b/api/login"),
            ("http://h/a?x=1#y", "http://h/a/api/login"),
        ] {
            let base = Url::parse(base).unwrap();
            assert_eq!(api(&base, "login").as_str(), want);
        }
    }

    #[test]
    fn a_token_cannot_carry_a_header() {
        assert!(is_token("abc_DEF-123"));
        assert!(!is_token("abc\r\nX: y"));
        assert!(!is_token(""));
    }
}
