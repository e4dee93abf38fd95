//! Servers that ask a streamed page, or a frame of it, for a name and a password.

use std::sync::Arc;

use duotab_core::ask::{self, Answer, Ask, Question};
use duotab_core::event::PageNews;
use serde_json::{Value, json};

use super::asks::{Open, Request};
use super::{PageError, Shared, route};

/// The longest name of a request or a frame that is taken.
const MAX_NAME: usize = 128;
/// What Chromium says of a request that it holds no more.
const GONE: &str = "Invalid InterceptionId.";

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

/// `Fetch.authRequired`: a server asks, a page or one of its frames.
pub(super) fn required(shared: &Arc<Shared>, session: &str, params: &Value) {
    let challenge = &params["authChallenge"];
    let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    let request = Request {
        session: session.to_owned(),
        frame: text(&params["frameId"]),
        id: text(&params["requestId"]),
    };
    let mut book = shared.book();
    let fits = request.id.len().max(request.frame.len()) <= MAX_NAME;
    let page = book.page_around(session).filter(|_| fits);
    let Some((tab, page)) = page.and_then(|(_, page)| Some((page.tab?, page))) else {
        // Nobody looks at it yet.
        return reply(shared, &request, json!({ "response": "Default" }));
    };
    let is_ours = challenge["source"] != "Proxy";
    let open = || Open::Login(request.clone());
    let again = page.asked.again(&request);
    let Some(id) = is_ours.then(|| page.asked.open(open())).flatten() else {
        return reply(shared, &request, json!({ "response": "CancelAuth" }));
    };
    let origin = text(&challenge["origin"]);
    let is_frame = request.frame != page.main_frame;
    let shown = page.shows.clone();
    let shown = shown.unwrap_or_else(|| page.url.borrow().clone());
    let question = Question::Login {
        realm: text(&challenge["realm"]),
        again,
        around: is_frame.then(|| ask::around(&origin, &shown)).flatten(),
    };
    let ask = Ask::new(id, &origin, question);
    shared.queue.news(tab, PageNews::Asks(ask));
}

/// An event of a page's or frame's session: the frame may want nothing more of what it waited for.
pub(super) fn moved(shared: &Arc<Shared>, session: &str, method: &str, params: &Value) {
    let Some(frame) = params["frameId"].as_str() else {
        return;
    };
    match method {
        "Page.frameDetached" => left(shared, session, frame),
        "Page.frameStartedNavigating" if route::wants_document(params) => {
            left(shared, session, frame);
        }
        "Page.frameStoppedLoading" => {
            let mut book = shared.book();
            let page = book.page_around(session);
            if let Some(request) = page.and_then(|it| it.1.asked.login(session, frame)) {
                shared.spawn(look(Arc::clone(shared), request));
            }
        }
        _ => {}
    }
}

/// A frame waits for nothing more in this session.
fn left(shared: &Shared, session: &str, frame: &str) {
    let mut book = shared.book();
    let Some((_, page)) = book.page_around(session) else {
        return;
    };
    let gone = page.asked.forget_frame(session, frame);
    if let Some(tab) = page.tab {
        for ask in gone {
            shared.queue.news(tab, PageNews::AskGone(ask));
        }
    }
}

/// A frame has stopped: what it waited for, or what it had before. The request itself is not touched by
/// being asked for what it cannot have yet.
async fn look(shared: Arc<Shared>, request: Request) {
    let on = Some(request.session.as_str());
    let of = json!({ "requestId": request.id });
    let asked = shared.wire.call(on, "Fetch.getResponseBody", of).await;
    if let Err(PageError::Engine { message, .. }) = asked
        && message == GONE
    {
        left(&shared, &request.session, &request.frame);
    }
}

/// The person has answered.
pub(super) fn answer(shared: &Arc<Shared>, request: &Request, answer: Answer) {
    let response = match answer {
        Answer::Login { name, password } => json!({
            "response": "ProvideCredentials", "username": name.0, "password": password.0,
        }),
        _ => json!({ "response": "CancelAuth" }),
    };
    reply(shared, request, response);
}

fn reply(shared: &Arc<Shared>, request: &Request, response: Value) {
    let params = json!({ "requestId": request.id, "authChallengeResponse": response });
    send(shared, &request.session, "Fetch.continueWithAuth", params);
}

/// `Fetch.requestPaused`: a request that waits for us goes on as it is, whoever's it is.
pub(super) fn go_on(shared: &Arc<Shared>, session: &str, params: &Value) {
    let params = json!({ "requestId": params["requestId"] });
    send(shared, session, "Fetch.continueRequest", params);
}

/// The request may be gone, and nobody waits for an answer: a page that makes many would else have used
/// up what may wait, and some would hang for ever.
fn send(shared: &Arc<Shared>, session: &str, method: &'static str, params: Value) {
    let (of, session) = (Arc::clone(shared), session.to_owned());
    shared.spawn(async move { of.wire.tell(&session, method, params).await });
}
