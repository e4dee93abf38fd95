//! Whether a Neko serves: asked of it, not assumed.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::timeout;
use url::Url;

use crate::endpoint::{Endpoint, Question, Secret, Talk};

/// Neko answers within milliseconds; only a machine out of breath takes longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// A tunnel is made first, and waits some seconds for a Neko that comes.
const FAR_ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Neko has no event for it.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// Bytes of an answer that are read.
const BODY_LIMIT: usize = 64 * 1024;

#[derive(Deserialize)]
struct Login {
    token: String,
}

/// Whether anything answers there as Neko does.
pub(super) async fn is_healthy(endpoint: &Endpoint) -> bool {
    is_healthy_within(endpoint, limit(endpoint)).await
}

/// The same, of one that may take this long.
pub(super) async fn is_healthy_within(endpoint: &Endpoint, limit: Duration) -> bool {
    // Each time anew: the engine's own proxy takes connections before the server behind it does.
    let asking = async { asked_for_health(&mut Talk::open(endpoint).await.ok()?, endpoint).await };
    timeout(limit, asking).await == Ok(Some(true))
}

async fn asked_for_health(talk: &mut Talk, endpoint: &Endpoint) -> Option<bool> {
    let url = at(&endpoint.base, "health");
    let question = Question {
        method: "GET",
        url: &url,
        token: None,
    };
    let (status, _) = talk.ask(question, None::<&()>, BODY_LIMIT).await.ok()?;
    Some((200..300).contains(&status))
}

/// Waits, without a limit, until it answers.
pub(super) async fn answers(endpoint: &Endpoint) {
    while !is_healthy(endpoint).await {
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Whether who asks is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// With a login that is open now.
    Open(Secret),
    /// It knows us, and somebody is logged in.
    Taken,
    /// It does not know us.
    Shut,
}

/// Waits, without a limit, until it serves and says whether it lets us in.
pub(super) async fn serves(endpoint: &Endpoint) -> Door {
    loop {
        let asking = async {
            let mut talk = Talk::open(endpoint).await.ok()?;
            let healthy = asked_for_health(&mut talk, endpoint).await?;
            healthy.then_some(talk)
        };
        if let Ok(Some(mut talk)) = timeout(limit(endpoint), asking).await {
            tracing::debug!(base = %endpoint.base, "Neko answers");
            let knocking = timeout(limit(endpoint), knock(&mut talk, endpoint));
            if let Ok(Some(door)) = knocking.await {
                tracing::debug!(base = %endpoint.base, open = door != Door::Shut, "Neko lets us in");
                return door;
            }
            // It may have ended in the meantime.
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn knock(talk: &mut Talk, endpoint: &Endpoint) -> Option<Door> {
    let login = serde_json::json!({
        "username": endpoint.username,
        "password": endpoint.password.expose(),
    });
    let url = at(&endpoint.base, "api/login");
    let question = Question {
        method: "POST",
        url: &url,
        token: None,
    };
    let (status, body) = talk.ask(question, Some(&login), BODY_LIMIT).await.ok()?;
    match status {
        200 => {
            let login: Result<Login, _> = serde_json::from_slice(&body);
            Some(login.map_or(Door::Shut, |login| Door::Open(Secret::new(login.token))))
        }
        422 => Some(Door::Taken),
        _ => {
            tracing::warn!(status, "Neko does not let us in");
            Some(Door::Shut)
        }
    }
}

const fn limit(endpoint: &Endpoint) -> Duration {
    match endpoint.via {
        Some(_) => FAR_ANSWER_LIMIT,
        None => ANSWER_LIMIT,
    }
}

/// `base` has an empty path, so that nothing of it can be lost here.
fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}
