//! What is asked of a running koneko over HTTP: whether it lives, to sleep, to wake.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::endpoint::Endpoint;

/// koneko answers within milliseconds; only a machine out of breath takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read.
const BODY_LIMIT: usize = 64 * 1024;

/// Asks koneko.
#[derive(Clone, Debug)]
pub(super) struct Control {
    /// `None` if not even a client could be made.
    client: Option<Client>,
}

/// It did not do what it was asked, and what it or the system said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(String);

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        // Without the address: it says nothing to a person.
        Self(error.without_url().to_string())
    }
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

impl Control {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            // A proxy of the person's environment must not see the loopback's passwords.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_LIMIT)
            .build();
        Self {
            client: client
                .inspect_err(|error| tracing::error!(%error, "no client"))
                .ok(),
        }
    }

    /// Whether anything answers there as koneko does.
    pub(super) async fn is_healthy(&self, base: &Url) -> bool {
        let Ok(client) = self.client() else {
            return false;
        };
        match client.get(at(base, "health")).send().await {
            Ok(answer) => answer.status().is_success(),
            Err(_) => false,
        }
    }

    /// Let X and Chromium sleep.
    pub(super) async fn suspend(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        self.ask(endpoint, "api/koneko/suspend").await
    }

    /// Wake them.
    pub(super) async fn resume(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        self.ask(endpoint, "api/koneko/resume").await
    }

    async fn ask(&self, endpoint: &Endpoint, path: &str) -> Result<(), Refusal> {
        let client = self.client()?;
        let base = &endpoint.base;
        let login = serde_json::json!({
            "username": endpoint.username,
            "password": endpoint.password.expose(),
        });
        let mut answer = client
            .post(at(base, "api/login"))
            .json(&login)
            .send()
            .await?;
        expect(answer.status(), StatusCode::OK)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err(Refusal("answer too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        let Login { token } = serde_json::from_slice(&body)
            .map_err(|_| Refusal("login without a token".to_owned()))?;
        let answer = client.post(at(base, path)).bearer_auth(&token).send().await;
        // Each login is a session of its own there; this one has done its work.
        let _kept = client
            .post(at(base, "api/logout"))
            .bearer_auth(&token)
            .send()
            .await;
        expect(answer?.status(), StatusCode::NO_CONTENT)
    }

    fn client(&self) -> Result<&Client, Refusal> {
        self.client
            .as_ref()
            .ok_or_else(|| Refusal("no HTTP client".to_owned()))
    }
}

fn expect(status: StatusCode, expected: StatusCode) -> Result<(), Refusal> {
    if status == expected {
        Ok(())
    } else {
        Err(Refusal(format!("answered {status}")))
    }
}

/// `base` has an empty path, so that nothing of it can be lost here.
fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}

/// Where a koneko on this machine serves.
pub(super) fn base(port: u16) -> Option<Url> {
    Url::parse(&format!("http://127.0.0.1:{port}/")).ok()
}
