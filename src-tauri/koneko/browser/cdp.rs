//! The DevTools pipe: JSON messages with a NUL behind each. Our own few questions and one client
//! share it; the client gets a browser session of its own, so neither sees the other's events,
//! and what it attached goes when it goes.

mod message;

use message::{Head, strip_session, with_session};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot};

/// A larger message (a screenshot of a huge page) is cut off: the pipe ends.
const MAX_MESSAGE: u64 = 256 << 20;
/// Messages that may wait for Chromium, and for the client.
const MAX_WAITING: usize = 1024;
/// The longest time until a browser that runs answers.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// Why Chromium gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CdpError {
    #[error("the pipe is closed")]
    Closed,
    #[error("no answer in time")]
    Late,
    #[error("refused: {0}")]
    Refused(String),
}

/// The pipe.
#[derive(Clone)]
pub(crate) struct Cdp {
    shared: Arc<Shared>,
}

struct Shared {
    to: mpsc::Sender<String>,
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    asked: HashMap<u64, oneshot::Sender<Result<Value, CdpError>>>,
    client: Option<Client>,
    /// Sessions that we attached for ourselves.
    own: HashSet<String>,
    closed: bool,
}

struct Client {
    session: String,
    to: mpsc::Sender<String>,
}

/// The client's end. Dropped, its session and all it attached are let go.
pub(crate) struct Relay {
    cdp: Cdp,
    session: String,
    /// Messages for the client; it ends when another client came, or Chromium is gone.
    pub from: mpsc::Receiver<String>,
}

/// An event of our own session.
#[derive(Debug)]
pub(super) struct Event {
    pub method: String,
    pub params: Value,
}

impl Cdp {
    /// Starts reading and writing. The events are those of our own session.
    pub(super) fn start(to: ChildStdin, from: ChildStdout) -> (Self, mpsc::Receiver<Event>) {
        let (send, waiting) = mpsc::channel(MAX_WAITING);
        let (events_out, events) = mpsc::channel(MAX_WAITING);
        let shared = Arc::new(Shared {
            to: send,
            next: AtomicU64::new(1),
            state: Mutex::default(),
        });
        tokio::spawn(write(to, waiting));
        tokio::spawn(read(from, Arc::clone(&shared), events_out));
        (Self { shared }, events)
    }

    /// Asks Chromium itself.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Result<Value, CdpError> {
        self.ask_in(None, method, params, ANSWER_LIMIT).await
    }

    /// Asks one that is still on its way.
    pub(super) async fn ask_first(
        &self,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, CdpError> {
        self.ask_in(None, method, params, limit).await
    }

    /// Attaches to a page for a few questions of ours.
    pub(super) async fn attach(&self, page: &str) -> Result<Attached, CdpError> {
        let params = json!({ "targetId": page, "flatten": true });
        let attached = self.ask("Target.attachToTarget", params).await?;
        let session = attached["sessionId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        crate::room::lock(&self.shared.state)
            .own
            .insert(session.clone());
        Ok(Attached {
            cdp: self.clone(),
            session,
        })
    }

    async fn ask_in(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, CdpError> {
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let (send, answer) = oneshot::channel();
        {
            let mut state = crate::room::lock(&self.shared.state);
            if state.closed {
                return Err(CdpError::Closed);
            }
            state.asked.insert(id, send);
        }
        let mut question = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            question["sessionId"] = json!(session);
        }
        let text = question.to_string();
        let asking = async {
            self.shared
                .to
                .send(text)
                .await
                .map_err(|_| CdpError::Closed)?;
            answer.await.map_err(|_| CdpError::Closed)?
        };
        let answered = tokio::time::timeout(limit, asking).await;
        crate::room::lock(&self.shared.state).asked.remove(&id);
        answered.unwrap_or(Err(CdpError::Late))
    }

    /// Takes a client, in the place of the one there was.
    pub(crate) async fn relay(&self) -> Result<Relay, CdpError> {
        let attached = self.ask("Target.attachToBrowserTarget", json!({})).await?;
        let session = attached["sessionId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if session.is_empty() {
            return Err(CdpError::Refused("no session".to_owned()));
        }
        let (to, from) = mpsc::channel(MAX_WAITING);
        let client = Client {
            session: session.clone(),
            to,
        };
        crate::room::lock(&self.shared.state).client = Some(client);
        Ok(Relay {
            cdp: self.clone(),
            session,
            from,
        })
    }
}

/// A page that is asked a few questions.
pub(super) struct Attached {
    cdp: Cdp,
    session: String,
}

impl Attached {
    pub(super) async fn ask(&self, method: &str, params: Value) -> Result<Value, CdpError> {
        let session = Some(self.session.as_str());
        self.cdp.ask_in(session, method, params, ANSWER_LIMIT).await
    }

    /// Lets the page go.
    pub(super) async fn detach(self) {
        let params = json!({ "sessionId": self.session });
        if let Err(error) = self.cdp.ask("Target.detachFromTarget", params).await {
            tracing::debug!(%error, "detach");
        }
        crate::room::lock(&self.cdp.shared.state)
            .own
            .remove(&self.session);
    }
}

impl Relay {
    /// A message of the client; false when it is none that Chromium could take, or it is gone.
    pub(crate) async fn send(&self, text: &str) -> bool {
        let Some(text) = with_session(text, &self.session) else {
            return false;
        };
        self.cdp.shared.to.send(text).await.is_ok()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        {
            let mut state = crate::room::lock(&self.cdp.shared.state);
            if state
                .client
                .as_ref()
                .is_some_and(|it| it.session == self.session)
            {
                state.client = None;
            }
        }
        let cdp = self.cdp.clone();
        let session = std::mem::take(&mut self.session);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let params = json!({ "sessionId": session });
                // It has a limit of its own, and an answer is not needed.
                let _ = cdp.ask("Target.detachFromTarget", params).await;
            });
        }
    }
}

async fn write(mut to: ChildStdin, mut waiting: mpsc::Receiver<String>) {
    while let Some(text) = waiting.recv().await {
        let mut bytes = text.into_bytes();
        bytes.push(0);
        if to.write_all(&bytes).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

async fn read(from: ChildStdout, shared: Arc<Shared>, events: mpsc::Sender<Event>) {
    let mut from = BufReader::with_capacity(64 << 10, from);
    loop {
        let mut bytes = Vec::new();
        let got = (&mut from)
            .take(MAX_MESSAGE)
            .read_until(0, &mut bytes)
            .await;
        if !matches!(got, Ok(1..)) || bytes.pop() != Some(0) {
            break;
        }
        if let Ok(text) = String::from_utf8(bytes) {
            dispatch(&shared, &events, text);
        }
    }
    let mut state = crate::room::lock(&shared.state);
    state.closed = true;
    state.asked.clear();
    state.client = None;
}

fn dispatch(shared: &Shared, events: &mpsc::Sender<Event>, text: String) {
    let Ok(head) = serde_json::from_str::<Head>(&text) else {
        return;
    };
    let mut state = crate::room::lock(&shared.state);
    if let Some(session) = &head.session
        && !state.own.contains(session)
    {
        let Some(client) = &state.client else {
            return;
        };
        let text = if *session == client.session {
            strip_session(&text, session)
        } else {
            text
        };
        if client.to.try_send(text).is_err() {
            tracing::warn!("the page control's client is gone or too slow");
            state.client = None;
        }
        return;
    }
    let Ok(mut whole) = serde_json::from_str::<Value>(&text) else {
        return;
    };
    if let Some(id) = head.id {
        if let Some(asked) = state.asked.remove(&id) {
            let answer = match whole.get("error") {
                Some(error) => Err(CdpError::Refused(error.to_string())),
                None => Ok(whole["result"].take()),
            };
            let _ = asked.send(answer);
        }
    } else if let (Some(method), None) = (head.method, head.session) {
        let params = whole["params"].take();
        // Our own session has few events; one too many is no loss.
        let _ = events.try_send(Event { method, params });
    }
}
