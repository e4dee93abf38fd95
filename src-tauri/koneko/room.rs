//! The room: one screen, one person. Who is logged in, whose WebSocket and peer there are, who
//! has control. What happens to one is told to the other here, in Neko's words and order.

mod events;
mod gestures;
mod peers;
mod sessions;
mod sockets;
mod terms;

pub(crate) use sessions::LoginRefused;
pub(crate) use sockets::{Ending, Outgoing};
pub(crate) use terms::Terms;

use crate::browser::Cdp;
use crate::capture::Capture;
use crate::desktop::{Content, Desktop, MAX_TEXT};
use crate::input::{Gesture, Input};
use crate::shelf::Shelf;
use crate::sound::Sound;
use crate::xlink::Address;
use duotab_core::neko::event::{ScreenUpdate, ServerEvent};
use duotab_core::neko::shape::{
    ClipboardText, ControlHost, KeyboardMap, Profile, ScreenSize, Settings,
};
use sessions::Session;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Neko takes 0 for this.
const DEFAULT_RATE: u16 = 60;
/// More pictures per second help nobody.
const MAX_RATE: u16 = 60;

/// Locks a mutex. A thread that panicked while it held one has left nothing half done here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A browser that we have started.
pub(crate) struct OwnBrowser {
    pub cdp: Cdp,
    /// Whether it shows a page.
    pub shown: watch::Receiver<bool>,
    /// Files on their way to it and from it.
    pub shelf: Shelf,
}

/// What the room works with.
pub(crate) struct Tools {
    pub capture: Capture,
    pub sound: Sound,
    pub input: Input,
    pub desktop: Desktop,
    /// The browser, where it is ours.
    pub browser: Option<OwnBrowser>,
    /// Processes that are stopped when the room sleeps.
    pub processes: Vec<u32>,
    /// One of them that is not: it has to act when we die.
    pub keeper: Option<u32>,
    /// How Chromium is kept in, for people.
    pub fence: &'static str,
    /// Which sandbox its pages have, for people.
    pub sandbox: &'static str,
}

/// The right to set the keyboard's layout.
pub(crate) type MapTurn = tokio::sync::OwnedMutexGuard<Option<KeyboardMap>>;

/// The room.
pub(crate) struct Room {
    pub terms: Terms,
    pub tools: Tools,
    address: Address,
    /// The file with the X server's secret, if it has one.
    authority: Option<PathBuf>,
    state: Mutex<State>,
    /// Held while the screen's size is being changed.
    resizing: tokio::sync::Mutex<()>,
    /// The keyboard's layout that was set last; locked while one is being set.
    map: Arc<tokio::sync::Mutex<Option<KeyboardMap>>>,
    /// Who is there, for the one who ends a room that nobody uses.
    presence: watch::Sender<Presence>,
    /// Asks for the orderly end.
    pub ending: CancellationToken,
}

/// Whether anybody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence {
    /// WebSockets and page controls.
    pub connected: u32,
    /// The room sleeps.
    pub suspended: bool,
}

struct State {
    session: Option<Session>,
    /// The session has control.
    hosting: bool,
    screen: ScreenSize,
    /// The next WebSocket's or peer's number.
    serial: u64,
    suspended: bool,
    started_at: String,
    last_left_at: Option<String>,
    pointer: (u16, u16),
}

/// How long a browser that is to sleep may take until it shows a page. Who asks waits some seconds.
const SHOWS_LIMIT: Duration = Duration::from_secs(3);

impl Room {
    pub(crate) fn new(
        terms: Terms,
        address: Address,
        authority: Option<PathBuf>,
        tools: Tools,
    ) -> Arc<Self> {
        let (width, height) = terms.first_size();
        let screen = ScreenSize {
            width: width.into(),
            height: height.into(),
            rate: terms.screen.rate,
        };
        Arc::new(Self {
            address,
            authority,
            tools,
            state: Mutex::new(State {
                session: None,
                hosting: false,
                screen,
                serial: 0,
                suspended: false,
                started_at: crate::clock::now_rfc3339(),
                last_left_at: None,
                pointer: (terms.screen.width / 2, terms.screen.height / 2),
            }),
            terms,
            resizing: tokio::sync::Mutex::default(),
            map: Arc::default(),
            presence: watch::channel(Presence::default()).0,
            ending: CancellationToken::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Who is there, as it changes.
    pub(crate) fn presence(&self) -> watch::Receiver<Presence> {
        self.presence.subscribe()
    }

    /// Somebody came; gone when the guard is dropped.
    pub(crate) fn come(self: &Arc<Self>) -> Guest {
        self.presence.send_modify(|it| it.connected += 1);
        Guest(Arc::clone(self))
    }

    /// The rights of the one person.
    fn profile(&self) -> Profile {
        Profile::admin(&self.terms.username)
    }

    pub(crate) fn settings() -> Settings {
        Settings {
            implicit_hosting: true,
            merciful_reconnect: true,
            heartbeat_interval: 10,
            ..Settings::default()
        }
    }

    /// Tells the WebSocket that is there, if any.
    fn tell(&self, event: ServerEvent) {
        let state = self.state();
        if let Some(session) = &state.session {
            session.tell(event);
        }
    }

    /// As [`Self::tell`], for the server.
    pub(crate) fn announce(&self, event: ServerEvent) {
        self.tell(event);
    }

    pub(crate) fn screen(&self) -> ScreenSize {
        self.state().screen
    }

    /// Sizes to choose from; any other up to the largest does as well.
    pub(crate) fn screens(&self) -> Vec<ScreenSize> {
        const COMMON: [(u16, u16); 8] = [
            (3840, 2160),
            (2560, 1440),
            (1920, 1080),
            (1600, 900),
            (1366, 768),
            (1280, 720),
            (1024, 768),
            (800, 600),
        ];
        let most = self.terms.max_screen;
        COMMON
            .into_iter()
            .filter(|it| it.0 <= most.width && it.1 <= most.height)
            .flat_map(|it| [30, 60].map(|rate| (it, rate)))
            .map(|((width, height), rate)| ScreenSize {
                width: width.into(),
                height: height.into(),
                rate,
            })
            .collect()
    }

    /// Gives the screen a size; the one it has then, or `None` when it cannot have it.
    pub(crate) async fn resize(&self, who: &str, wanted: ScreenSize) -> Option<ScreenSize> {
        let most = self.terms.max_screen;
        let edge = |it: u32, most: u16| {
            u16::try_from(it)
                .ok()
                .filter(|it| (crate::config::MIN_EDGE..=most).contains(it))
        };
        let width = edge(wanted.width, most.width)?;
        let height = edge(wanted.height, most.height)?;
        let (width, height) = self.terms.fit(width, height);
        let rate = match wanted.rate {
            0 => DEFAULT_RATE,
            it => it.min(MAX_RATE),
        };
        let _one_at_a_time = self.resizing.lock().await;
        if self.is_suspended() || !self.tools.input.resize(width, height).await {
            return None;
        }
        self.tools.capture.set_rate(rate);
        let size = ScreenSize {
            width: width.into(),
            height: height.into(),
            rate,
        };
        self.state().screen = size;
        self.tell(ServerEvent::ScreenUpdated(ScreenUpdate {
            id: who.to_owned(),
            size,
        }));
        Some(size)
    }

    /// Whether the person has control.
    pub(crate) fn is_hosting(&self) -> bool {
        self.state().hosting
    }

    /// Gives or takes control; `false` when nothing changed.
    pub(crate) fn set_hosting(&self, who: &str, hosting: bool) -> bool {
        {
            let mut state = self.state();
            if state.hosting == hosting {
                return false;
            }
            state.hosting = hosting;
        }
        if !hosting {
            self.tools.input.send(Gesture::Release);
        }
        self.tell(ServerEvent::ControlHost(ControlHost {
            id: who.to_owned(),
            has_host: hosting,
            host_id: hosting.then(|| who.to_owned()),
        }));
        true
    }

    /// What the clipboard holds.
    pub(crate) fn clipboard(&self) -> Content {
        self.tools.desktop.clipboard.borrow().clone()
    }

    /// Sets the clipboard; false when that was not possible.
    pub(crate) async fn set_clipboard(&self, content: Content) -> bool {
        self.takes(&content) && self.tools.desktop.set(content).await
    }

    /// Sets the clipboard and calls `press`, for the keys that make a page read it.
    pub(crate) async fn paste_text(&self, content: Content, press: impl FnOnce()) -> bool {
        self.takes(&content) && self.tools.desktop.paste(content, press).await
    }

    fn takes(&self, content: &Content) -> bool {
        !self.is_suspended() && content.text.len() <= MAX_TEXT && content.html.len() <= MAX_TEXT
    }

    /// Tells what is copied from now on.
    pub(crate) fn hear(self: &Arc<Self>, mut copied: mpsc::Receiver<Content>) {
        let room = Arc::clone(self);
        tokio::spawn(async move {
            while let Some(content) = copied.recv().await {
                room.copied(content);
            }
        });
    }

    /// The clipboard changed: its text goes to the one who has control.
    fn copied(&self, content: Content) {
        if self.is_hosting() {
            let text = content.text;
            self.tell(ServerEvent::ClipboardUpdated(ClipboardText { text }));
        }
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.state().suspended
    }

    /// Stops everything but this process. The peer ends: its checks alone would keep it awake.
    pub(crate) async fn suspend(&self) {
        // A program that is stopped before it has tied its life to ours would outlive us.
        if let Some(browser) = &self.tools.browser {
            let shows = crate::browser::shows(browser.shown.clone());
            let _ = tokio::time::timeout(SHOWS_LIMIT, shows).await;
        }
        self.state().suspended = true;
        self.tools.input.send(Gesture::Release);
        self.end_peer().await;
        crate::processes::stop(&self.tools.processes, self.tools.keeper);
        self.presence.send_modify(|it| it.suspended = true);
        tracing::info!("suspended");
    }

    /// Goes on.
    pub(crate) fn resume(&self) {
        crate::processes::go_on(&self.tools.processes);
        self.state().suspended = false;
        self.presence.send_modify(|it| it.suspended = false);
        tracing::info!("resumed");
    }

    /// A command that speaks to our X server.
    pub(crate) fn x_command(&self, program: &std::path::Path) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(program);
        command
            .env("DISPLAY", self.address.name())
            .kill_on_drop(true);
        if let Some(authority) = &self.authority {
            command.env("XAUTHORITY", authority);
        }
        command
    }
}

/// Somebody who is there.
pub(crate) struct Guest(Arc<Room>);

impl Drop for Guest {
    fn drop(&mut self) {
        self.0
            .presence
            .send_modify(|it| it.connected = it.connected.saturating_sub(1));
    }
}
