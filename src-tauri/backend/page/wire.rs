//! CDP calls and their answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::PageError;

/// For one call. Those that the browser itself answers take milliseconds.
const CALL_LIMIT: Duration = Duration::from_secs(5);
/// Calls that may be unanswered at a time.
const MAX_PENDING: usize = 1024;

/// What a call was answered.
pub(super) type Answer = Result<Value, PageError>;

struct Call {
    method: &'static str,
    session: Option<String>,
    answer: oneshot::Sender<Answer>,
}

/// The sending side of the connection, and the calls that wait for their answers.
pub(super) struct Wire {
    out: mpsc::Sender<String>,
    pending: Arc<Mutex<Pending>>,
}

#[derive(Default)]
struct Pending {
    last: u64,
    closed: bool,
    calls: HashMap<u64, Call>,
}

impl Wire {
    pub(super) fn new(out: mpsc::Sender<String>) -> Self {
        Self {
            out,
            pending: Arc::default(),
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        lock(&self.pending)
    }

    /// Calls and waits for the answer, within the limit.
    pub(super) async fn call(
        &self,
        session: Option<&str>,
        method: &'static str,
        params: Value,
    ) -> Answer {
        let answered = async { self.start(session, method, params).await?.wait().await };
        tokio::time::timeout(CALL_LIMIT, answered)
            .await
            .unwrap_or(Err(PageError::TimedOut { method }))
    }

    /// Sends a call whose answer may take as long as a server takes. It comes at the latest when
    /// the session or the connection ends.
    pub(super) async fn start(
        &self,
        session: Option<&str>,
        method: &'static str,
        params: Value,
    ) -> Result<Started, PageError> {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut pending = self.pending();
            if pending.closed || pending.calls.len() >= MAX_PENDING {
                return Err(PageError::Disconnected);
            }
            pending.last += 1;
            let id = pending.last;
            pending.calls.insert(
                id,
                Call {
                    method,
                    session: session.map(str::to_owned),
                    answer,
                },
            );
            id
        };
        let started = Started {
            pending: Arc::clone(&self.pending),
            id,
            answered,
        };
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let sent = tokio::time::timeout(CALL_LIMIT, self.out.send(message.to_string())).await;
        match sent {
            Ok(Ok(())) => Ok(started),
            Ok(Err(_)) => Err(PageError::Disconnected),
            Err(_) => Err(PageError::TimedOut { method }),
        }
    }

    /// Sends a call whose answer nobody waits for. So it goes however many others wait for theirs; it
    /// waits for its turn alone.
    pub(super) async fn tell(&self, session: &str, method: &'static str, params: Value) {
        let id = {
            let mut pending = self.pending();
            pending.last += 1;
            pending.last
        };
        let message = json!({
            "id": id, "method": method, "params": params, "sessionId": session,
        });
        // Without a connection there is nothing to be told.
        let _ = self.out.send(message.to_string()).await;
    }

    /// An answer came in. One that nobody waits for is no error: its caller gave up.
    pub(super) fn answer(&self, id: u64, message: &mut Value) {
        let Some(call) = self.pending().calls.remove(&id) else {
            return;
        };
        let answer = match message.get("error") {
            None => Ok(message["result"].take()),
            Some(error) => Err(PageError::Engine {
                method: call.method,
                message: error["message"].as_str().unwrap_or_default().to_owned(),
            }),
        };
        // The caller may have given up in this moment.
        let _ = call.answer.send(answer);
    }

    /// A session is gone: its calls will not be answered any more.
    pub(super) fn end_session(&self, session: &str) {
        self.pending()
            .calls
            .retain(|_, call| call.session.as_deref() != Some(session));
    }

    /// The connection is gone.
    pub(super) fn close(&self) {
        let mut pending = self.pending();
        pending.closed = true;
        pending.calls.clear();
    }
}

/// A call on its way. Given up when it is dropped.
pub(super) struct Started {
    pending: Arc<Mutex<Pending>>,
    id: u64,
    answered: oneshot::Receiver<Answer>,
}

impl Started {
    /// Waits for the answer, without a limit of its own.
    pub(super) async fn wait(mut self) -> Answer {
        (&mut self.answered)
            .await
            .unwrap_or(Err(PageError::Disconnected))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        lock(&self.pending).calls.remove(&self.id);
    }
}

fn lock(pending: &Mutex<Pending>) -> MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}
