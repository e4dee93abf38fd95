//! The few REST calls that the client needs.

use duotab_core::neko::rest::{ErrorReply, Login, LoginReply};
use duotab_core::neko::shape::SessionData;
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;

use crate::endpoint::{Endpoint, Secret};

/// A connection that is not there after this is tried anew.
const CONNECT_LIMIT: Duration = Duration::from_millis(800);
/// The longest that a whole call may take.
const CALL_LIMIT: Duration = Duration::from_secs(4);
/// The largest reply that is read.
const MAX_REPLY: usize = 256 << 10;

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
    client: Client,
    base: Url,
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
    ///
    /// # Errors
    /// [`RestError::Unreachable`] if the system has no TLS to offer.
    pub fn new(base: &Url) -> Result<Self, RestError> {
        let client = Client::builder()
            // An engine is ours: no proxy of the system stands between.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .timeout(CALL_LIMIT)
            .tcp_nodelay(true)
            .build()
            .map_err(|_| RestError::Unreachable)?;
        Ok(Self {
            client,
            base: base.clone(),
        })
    }

    /// `POST /api/login`.
    ///
    /// # Errors
    /// Any [`RestError`].
    pub async fn login(&self, endpoint: &Endpoint) -> Result<LoggedIn, RestError> {
        let body = Login {
            username: endpoint.username.clone(),
            password: endpoint.password.expose().to_owned(),
        };
        let reply: LoginReply = self
            .call(self.request(Method::POST, "login", None).json(&body))
            .await?;
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
        let _: serde_json::Value = self
            .call(self.request(Method::POST, "logout", Some(token)))
            .await?;
        Ok(())
    }

    /// `GET /api/whoami`.
    ///
    /// # Errors
    /// Any [`RestError`].
    pub async fn whoami(&self, token: &Secret) -> Result<SessionData, RestError> {
        self.call(self.request(Method::GET, "whoami", Some(token)))
            .await
    }

    fn request(&self, method: Method, name: &str, token: Option<&Secret>) -> RequestBuilder {
        let request = self.client.request(method, api(&self.base, name));
        match token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, RestError> {
        let mut reply = request.send().await.map_err(|_| RestError::Unreachable)?;
        let status = reply.status();
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|_| RestError::Unreachable)? {
            if body.len() + chunk.len() > MAX_REPLY {
                return Err(RestError::Malformed);
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| RestError::Malformed);
        }
        let said: ErrorReply = serde_json::from_slice(&body).unwrap_or_default();
        Err(match status {
            StatusCode::UNAUTHORIZED => RestError::Unauthorized,
            StatusCode::FORBIDDEN => RestError::Forbidden(said.message),
            StatusCode::UNPROCESSABLE_ENTITY => RestError::Connected,
            other => RestError::Status(other.as_u16()),
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
