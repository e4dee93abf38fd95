//! Servers that ask a streamed page for a name and a password.

use std::sync::Arc;

use duotab_core::ask::{Answer, Ask, Question};
use duotab_core::event::PageNews;
use serde_json::{Value, json};

use super::Shared;
use super::asks::Open;
use super::book::Page;

/// Has the questions that documents bring come here. Chromium asks only about requests that it lets
/// us hold, so those of documents wait for a word of ours; all others are quicker without, and
/// should one of them bring a question, Chromium asks in its own picture.
pub(super) async fn listen(shared: &Shared, session: &str) {
    let patterns = json!([{ "urlPattern": "*", "resourceType": "Document" }]);
    let params = json!({ "handleAuthRequests": true, "patterns": patterns });
    if let Err(error) = shared
        .wire
        .call(Some(session), "Fetch.enable", params)
        .await
    {
        tracing::debug!(%error, "Chromium asks for passwords by itself");
    }
}

/// A server asks.
pub(super) fn required(shared: &Arc<Shared>, page: &mut Page, session: &str, params: &Value) {
    let request = params["requestId"].as_str().unwrap_or_default();
    let challenge = &params["authChallenge"];
    let answer = |response: &str| {
        reply(shared, session, request, json!({ "response": response }));
    };
    let (true, Some(tab)) = (request.len() <= 128, page.tab) else {
        // Nobody looks at it yet.
        return answer("Default");
    };
    let is_ours = challenge["source"] != "Proxy";
    let open = || Open::Login(request.to_owned());
    let Some(id) = is_ours.then(|| page.asked.open(open())).flatten() else {
        return answer("CancelAuth");
    };
    let text = |key: &str| challenge[key].as_str().unwrap_or_default();
    let again = page.asked.answered == request;
    let question = Question::Login {
        realm: text("realm").to_owned(),
        again,
    };
    let ask = Ask::new(id, text("origin"), question);
    shared.queue.news(tab, PageNews::Asks(ask));
}

/// The person has answered.
pub(super) fn answer(shared: &Arc<Shared>, session: &str, request: &str, answer: Answer) {
    let response = match answer {
        Answer::Login { name, password } => json!({
            "response": "ProvideCredentials", "username": name.0, "password": password.0,
        }),
        _ => json!({ "response": "CancelAuth" }),
    };
    reply(shared, session, request, response);
}

fn reply(shared: &Arc<Shared>, session: &str, request: &str, response: Value) {
    let params = json!({ "requestId": request, "authChallengeResponse": response });
    send(shared, session, "Fetch.continueWithAuth", params);
}

/// A request that waits for us goes on as it is.
pub(super) fn go_on(shared: &Arc<Shared>, session: &str, params: &Value) {
    let params = json!({ "requestId": params["requestId"] });
    send(shared, session, "Fetch.continueRequest", params);
}

fn send(shared: &Arc<Shared>, session: &str, method: &'static str, params: Value) {
    let (of, session) = (Arc::clone(shared), session.to_owned());
    shared.spawn(async move {
        // The request may be gone.
        let _ = of.wire.call(Some(&session), method, params).await;
    });
}
