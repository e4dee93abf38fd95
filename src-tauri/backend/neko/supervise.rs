//! The client's one task: what is to be done when something is lost, comes, or is late.
//!
//! It never waits for the network. Signalling attempts run as tasks of their own and report;
//! the peer's tasks do the same; everything else is a deadline.

mod farewell;
mod keys;
mod media;
mod signalling;
mod unwatched;
mod way;

use duotab_core::message::Leg;
use duotab_core::neko::event::{ClientEvent, Paste};
use duotab_core::neko::input::InputMessage;
use duotab_core::neko::shape::{ClipboardText, KeyboardModifiers, ScreenSize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::input::Send;
use super::outlet::{Desk, Outlet};
use super::rest::Rest;
use super::{Failure, News, Options, Request, Shared};
use crate::endpoint::Endpoint;
use media::Media;
use signalling::Signalling;
use unwatched::Unwatched;
use way::Way;

/// News of peer and signalling that wait for this task.
const PLACES: usize = 512;
/// How long a screen size may take before it is asked for in another way.
const SCREEN_PATIENCE: Duration = Duration::from_millis(600);
/// Time between two requests for control.
const CONTROL_AGAIN: Duration = Duration::from_millis(500);

/// Why the loop ends.
enum Verdict {
    /// Asked to, or nobody listens.
    Done,
    /// Given up.
    Failed(Leg, Failure),
}

type Outcome = Result<(), Verdict>;

/// A screen size that was asked for.
#[derive(Clone, Copy, Debug)]
struct ScreenWish {
    size: ScreenSize,
    tries: usize,
    until: Instant,
}

struct Client {
    endpoint: Endpoint,
    options: Options,
    shared: Arc<Shared>,
    desk: Desk,
    started: Instant,
    signalling: Signalling,
    media: Media,
    unwatched: Unwatched,
    screen: Option<ScreenSize>,
    wish: Option<ScreenWish>,
    /// Whether input counts; told by `control/host`.
    host: bool,
    control_after: Option<Instant>,
    /// A new session of the server: keyboard and locks are to be set again.
    unset: bool,
    keyboard: Option<duotab_core::neko::shape::KeyboardMap>,
    modifiers: Option<KeyboardModifiers>,
}

/// Runs until it is cancelled, nobody listens, or a leg is given up.
pub(super) async fn run(
    endpoint: Endpoint,
    options: Options,
    mut requests: mpsc::Receiver<Request>,
    outlet: Outlet,
    shared: Arc<Shared>,
    cancel: CancellationToken,
) {
    let (signal_sender, mut signals) = mpsc::channel(PLACES);
    let (peer_sender, mut peers) = mpsc::channel(PLACES);
    let desk = Desk::new(&outlet);
    let rest = Rest::new(endpoint.clone());
    let closed = desk.closed();
    tokio::pin!(closed);
    let way = Way::new(endpoint.relay.clone(), endpoint.seen_at);
    let loopback = endpoint.via.is_none() && is_loopback(&endpoint.base);
    let mut client = Client {
        signalling: Signalling::new(rest, endpoint.login.clone(), signal_sender),
        media: Media::new(outlet, peer_sender, loopback, way),
        unwatched: Unwatched::new(options.unwatched_limit),
        started: Instant::now(),
        screen: None,
        wish: None,
        host: false,
        control_after: None,
        unset: false,
        keyboard: options.keyboard.clone(),
        modifiers: None,
        endpoint,
        options,
        shared,
        desk,
    };
    if let Some(login) = client.endpoint.login.take() {
        client.logged_in(login);
    }
    client.link();
    let verdict = loop {
        let deadline = client.deadline();
        let due = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let typed = client.shared.typed.notified();
        let outcome = tokio::select! {
            () = cancel.cancelled() => Err(Verdict::Done),
            () = &mut closed => Err(Verdict::Done),
            Some(news) = signals.recv() => client.signal(news).await,
            // That a key frame came is heard before somebody who has it asks for another, or his
            // wish would be taken for granted.
            next = async { tokio::select! {
                biased;
                Some(news) = peers.recv() => Ok(news),
                request = requests.recv() => Err(request),
            } } => match next {
                Ok(news) => client.peer(news).await,
                Err(Some(request)) => { client.request(request); Ok(()) }
                Err(None) => Err(Verdict::Done),
            },
            () = typed => Ok(()),
            flushed = client.desk.flush(), if client.desk.waits() => {
                flushed.map_err(|()| Verdict::Done)
            }
            () = due => client.overdue().await,
        };
        if let Err(verdict) = outcome {
            break verdict;
        }
        client.pump();
        client.count();
    };
    if matches!(verdict, Verdict::Done) {
        client.put_down(&mut signals).await;
    }
    client.end(verdict).await;
}

impl Client {
    /// The nearest of all deadlines.
    fn deadline(&self) -> Option<Instant> {
        let input = match self.shared.input.lock() {
            Ok(queue) if self.can_type() => queue.deadline(),
            _ => None,
        };
        [
            input,
            self.wish.map(|it| it.until),
            self.signalling.deadline(&self.options),
            self.media.deadline(&self.options),
            self.unwatched.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does whatever is due.
    async fn overdue(&mut self) -> Outcome {
        let now = Instant::now();
        self.signalling_overdue(now)?;
        self.media_overdue(now).await?;
        self.unwatched_overdue(now);
        if let Some(wish) = self.wish
            && now >= wish.until
        {
            self.screen_again(wish);
        }
        Ok(())
    }

    fn request(&mut self, request: Request) {
        match request {
            Request::Screen(size) => self.wish_screen(size),
            Request::Keyboard(map) => {
                self.keyboard = Some(map.clone());
                self.send(ClientEvent::KeyboardMap(map));
            }
            Request::Modifiers { caps, num } => {
                let modifiers = KeyboardModifiers {
                    capslock: Some(caps),
                    numlock: Some(num),
                    ..KeyboardModifiers::default()
                };
                self.modifiers = Some(modifiers);
                self.send(ClientEvent::KeyboardModifiers(modifiers));
            }
            Request::Keyframe => self.need_key(true),
            Request::Watched(watched) => self.watched(watched),
        }
    }

    fn send(&self, event: ClientEvent) {
        if !self.signalling.send(event) {
            tracing::debug!("an event could not be sent now");
        }
    }

    fn can_type(&self) -> bool {
        self.host && self.media.is_open()
    }

    /// Sends all input that is due.
    fn pump(&mut self) {
        let now = Instant::now();
        if !self.media.is_open() {
            // The picture may come a moment before the channel; without it, what a person does
            // is meant for nothing.
            if !self.media.is_connected()
                && let Ok(mut queue) = self.shared.input.lock()
            {
                queue.clear();
            }
            return;
        }
        if !self.host {
            // Without control the server drops input in silence; ask, and hold it until then.
            let typed = self
                .shared
                .input
                .lock()
                .is_ok_and(|queue| !queue.is_empty());
            if typed && self.control_after.is_none_or(|it| now >= it) {
                self.control_after = Some(now + CONTROL_AGAIN);
                self.send(ClientEvent::ControlRequest);
            }
            return;
        }
        loop {
            let next = match self.shared.input.lock() {
                Ok(mut queue) => queue.next(now),
                Err(_) => None,
            };
            match next {
                Some(Send::Message(message)) => {
                    if !self.media.send(&message) {
                        tracing::debug!("input had no room");
                    }
                }
                Some(Send::Text(text)) => {
                    self.send(ClientEvent::ControlPaste(Paste { text: Some(text) }));
                }
                Some(Send::Clipboard(text)) => {
                    self.send(ClientEvent::ClipboardSet(ClipboardText { text }));
                }
                None => return,
            }
        }
    }

    fn wish_screen(&mut self, size: ScreenSize) {
        self.wish = Some(ScreenWish {
            size,
            tries: 0,
            until: Instant::now() + SCREEN_PATIENCE,
        });
        self.send(ClientEvent::ScreenSet(size));
    }

    /// Some sizes are refused at some rates, in silence: the timing formula's rate rounds to
    /// another integer. Another rate helps.
    fn screen_again(&mut self, wish: ScreenWish) {
        const OTHER_RATES: [u16; 4] = [60, 59, 61, 30];
        let reached = self.shows(wish.size);
        self.wish = None;
        if let Some(&rate) = OTHER_RATES.get(wish.tries)
            && !reached
        {
            self.send(ClientEvent::ScreenSet(ScreenSize { rate, ..wish.size }));
            self.wish = Some(ScreenWish {
                tries: wish.tries + 1,
                until: Instant::now() + SCREEN_PATIENCE,
                ..wish
            });
        }
    }

    fn take_screen(&mut self, size: ScreenSize) {
        if self.screen != Some(size) {
            self.screen = Some(size);
            self.desk.tell(News::Screen {
                width: size.width,
                height: size.height,
                rate: size.rate,
            });
        }
        if self.wish.is_some_and(|wish| self.shows(wish.size)) {
            self.wish = None;
        }
    }

    /// Whether the screen has this size, as near as a server comes: widths are multiples of 8.
    fn shows(&self, size: ScreenSize) -> bool {
        self.screen
            .is_some_and(|it| it.width == size.width / 8 * 8 && it.height == size.height)
    }

    /// Answers of the server that the input waits for.
    fn pong(&mut self, client_ms: u64) {
        let now = Instant::now();
        if let Ok(mut queue) = self.shared.input.lock() {
            queue.pong(client_ms, now);
        }
        self.media.pong(client_ms, now);
    }

    fn stats(&self, change: impl FnOnce(&mut super::Stats)) {
        if let Ok(mut stats) = self.shared.stats.lock() {
            change(&mut stats);
        }
    }

    fn count(&self) {
        let media = self.media.measured();
        self.stats(|it| media.put(it));
    }

    async fn end(mut self, verdict: Verdict) {
        if let Verdict::Failed(leg, failure) = verdict {
            tracing::info!(?leg, %failure, "the client gave up");
            self.desk.tell(News::Failed(leg, failure));
        }
        tokio::join!(self.signalling.close(), self.media.close());
        self.desk.tell(News::Closed);
        while self.desk.waits() {
            let flushed = tokio::time::timeout(Duration::from_secs(1), self.desk.flush());
            if !matches!(flushed.await, Ok(Ok(()))) {
                return;
            }
        }
    }
}

fn is_loopback(base: &url::Url) -> bool {
    match base.host() {
        Some(url::Host::Ipv4(it)) => it.is_loopback(),
        Some(url::Host::Ipv6(it)) => it.is_loopback(),
        Some(url::Host::Domain(it)) => it == "localhost",
        None => false,
    }
}

/// A ping that measures; its time is no time at which a paste waits.
fn ping(since_start: Duration) -> InputMessage {
    const APART: u64 = 1 << 40;
    let micros = u64::try_from(since_start.as_micros()).unwrap_or(0);
    InputMessage::Ping {
        client_ms: APART + micros,
    }
}
