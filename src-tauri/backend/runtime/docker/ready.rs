//! Whether a Neko serves: asked of it, not assumed.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::endpoint::Endpoint;

/// Neko answers within milliseconds; only a machine out of breath takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Neko has no event for it, and the image's own health check looks every 10 s.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// Bytes of an answer that are read.
const BODY_LIMIT: usize = 64 * 1024;

/// Asks Nekos.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    /// `None` if not even a client could be made.
    client: Option<Client>,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

impl Asker {
    pub(super) fn new() -> Self {
        let client = Client::builder()
            // A proxy of the person's environment must not see the loopback's passwords.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // The engine's own proxy takes connections before the server behind it does.
            .pool_max_idle_per_host(0)
            .timeout(ANSWER_LIMIT)
            .build();
        Self {
            client: client
                .inspect_err(|error| tracing::error!(%error, "no client"))
                .ok(),
        }
    }

    /// Whether anything answers there as Neko does.
    pub(super) async fn is_healthy(&self, base: &Url) -> bool {
        let Some(client) = &self.client else {
            return false;
        };
        match client.get(at(base, "health")).send().await {
            Ok(answer) => answer.status().is_success(),
            Err(_) => false,
        }
    }

    /// Waits, without a limit, until it answers.
    pub(super) async fn answers(&self, base: &Url) {
        while !self.is_healthy(base).await {
            tokio::time::sleep(ASK_EVERY).await;
        }
    }

    /// Waits, without a limit, until it serves and lets us in. False if it serves and does not.
    pub(super) async fn serves(&self, endpoint: &Endpoint) -> bool {
        self.answers(&endpoint.base).await;
        self.lets_in(endpoint).await.unwrap_or(false)
    }

    async fn lets_in(&self, endpoint: &Endpoint) -> Option<bool> {
        let client = self.client.as_ref()?;
        let login = serde_json::json!({
            "username": endpoint.username,
            "password": endpoint.password.expose(),
        });
        let login = client.post(at(&endpoint.base, "api/login")).json(&login);
        let mut answer = login.send().await.ok()?;
        if answer.status() == StatusCode::UNPROCESSABLE_ENTITY {
            // It knows us, and somebody is logged in.
            return Some(true);
        }
        if answer.status() != StatusCode::OK {
            tracing::warn!(status = %answer.status(), "Neko does not let us in");
            return Some(false);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.ok()? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return None;
            }
            body.extend_from_slice(&chunk);
        }
        let Login { token } = serde_json::from_slice(&body).ok()?;
        // A login is a session of its own there; this one has done its work.
        let logout = client.post(at(&endpoint.base, "api/logout"));
        let _gone = logout.bearer_auth(&token).send().await;
        Some(true)
    }
}

/// `base` has an empty path, so that nothing of it can be lost here.
fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}
