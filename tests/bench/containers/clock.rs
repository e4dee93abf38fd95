//! When the app said what it has done: its own log, listened to.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use duotab_test_support::Outcome;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::LIMIT;

/// How often what was said is looked through by who waits for something.
const LOOK_EVERY: Duration = Duration::from_millis(5);

static SAID: Mutex<Vec<(Instant, String)>> = Mutex::new(Vec::new());

/// A part of the way, and what is said at its end.
pub(crate) type Stage = (&'static str, &'static str);

/// From an order to a container in which Neko serves.
pub(crate) const START: [Stage; 6] = [
    ("room", "room for a container"),
    ("make", "container made"),
    ("fill", "container filled"),
    ("start", "container started"),
    ("serve", "Neko answers"),
    ("let-in", "Neko lets us in"),
];

/// From an order to a container that was asleep and in which Neko answers again.
pub(crate) const WAKE: [Stage; 2] = [
    ("wake", "container awake"),
    ("answer", "Neko answers again"),
];

/// From there to the first frame; an engine that is kept ready begins here.
pub(crate) const PICTURE: [Stage; 6] = [
    ("login", "logged in"),
    ("signal", "signalling is open"),
    ("offer", "the offer is answered"),
    ("connect", "the peer is connected"),
    ("frame", "the first frame"),
    ("view", FRAME),
];

/// The view has a key frame.
pub(crate) const FRAME: &str = "the view has a picture";

struct Ear;

impl<S: tracing::Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        say(&message.0);
    }
}

struct Message(String);

impl tracing::field::Visit for Message {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// Listens from now on.
pub(crate) fn listen() -> Outcome<()> {
    let filter = EnvFilter::new("off,duotab_backend=debug");
    let all = Registry::default().with(Ear.with_filter(filter));
    Ok(tracing::subscriber::set_global_default(all)?)
}

/// Says something besides.
pub(crate) fn say(what: &str) {
    let now = Instant::now();
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.push((now, what.to_owned()));
}

/// Waits until something was said.
pub(crate) async fn heard(what: &str) -> Outcome<()> {
    let heard = async {
        while said(what).is_none() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let came = tokio::time::timeout(LIMIT, heard).await;
    came.map_err(|_| format!("waited in vain: {what}; said was {:?}", history()).into())
}

fn history() -> Vec<String> {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.iter().map(|(_, message)| message.clone()).collect()
}

/// Forgets what was said before.
pub(crate) fn forget() {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.clear();
}

/// When this was said first since then.
pub(crate) fn said(what: &str) -> Option<Instant> {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let found = said.iter().find(|(_, message)| message == what);
    found.map(|(at, _)| *at)
}

/// How long each stage took, in milliseconds, of a way that began then.
pub(crate) fn split(began: Instant, stages: &[Stage]) -> Outcome<Vec<f64>> {
    let mut before = began;
    let mut all = Vec::new();
    for (name, end) in stages {
        let at =
            said(end).ok_or_else(|| format!("nothing was said of {name}, but {:?}", history()))?;
        all.push(at.saturating_duration_since(before).as_secs_f64() * 1000.0);
        before = at.max(before);
    }
    Ok(all)
}
