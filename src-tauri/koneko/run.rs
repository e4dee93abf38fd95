//! One life of koneko: all that it needs is started, it serves, and all is ended.

use crate::browser::{self, Browser, codec_name};
use crate::capture;
use crate::child::Child;
use crate::config::Config;
use crate::devices;
use crate::display::{self, Display};
use crate::fence::{self, Fence, Sandbox};
use crate::programs;
use crate::room::{OwnBrowser, Room, Tools};
use crate::server;
use crate::shelf::Shelf;
use crate::sound::Sound;
use crate::status::{Board, Status, Step};
use duotab_core::message::StartFailure;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Chromium writes cookies and history when it is asked to close.
const CLOSE_LIMIT: Duration = Duration::from_secs(6);

/// Why the serving ended.
#[derive(Debug)]
enum End {
    Told,
    Unused,
    Child(&'static str, Option<i32>),
    /// The browser came up, but no page did.
    Unshown(StartFailure),
}

/// Runs until it is told to end, or cannot go on.
pub(crate) async fn run(config: Config, board: &Board) -> Result<(), StartFailure> {
    let ended = |_| StartFailure::Exited { code: None };
    let mut told = Told::listen().map_err(ended)?;
    let idle_limit = Duration::from_secs(config.idle_exit_seconds.max(1));
    let mut parts = Parts::default();
    let started = tokio::select! {
        it = start(config, board, &mut parts) => it,
        () = told.wait() => {
            parts.end().await;
            return Ok(());
        }
    };
    let (room, listener) = match started {
        Ok(it) => it,
        Err(failure) => {
            parts.end().await;
            return Err(failure);
        }
    };
    let port = listener.local_addr().map_err(ended)?.port();
    let mut serving = tokio::spawn(server::serve(listener, Arc::clone(&room)));
    board.publish(&Status::ready(port, parts.sandboxed));
    let shown = async {
        let shown = match &room.tools.browser {
            Some(browser) => browser::shows(browser.shown.clone()).await,
            None => Ok(()),
        };
        room.tools.capture.release();
        match shown {
            Ok(()) => std::future::pending().await,
            Err(failure) => failure,
        }
    };
    let end = tokio::select! {
        // An end that was asked for also ends the server.
        biased;
        () = told.wait() => End::Told,
        () = room.ending.cancelled() => End::Told,
        () = unused(&room, idle_limit) => End::Unused,
        it = parts.first_end() => it,
        failure = shown => End::Unshown(failure),
        _ = &mut serving => End::Child("server", None),
    };
    match &end {
        End::Child(name, code) => tracing::error!(name, code, "ended by itself"),
        End::Unshown(failure) => tracing::error!(?failure, "the browser shows no page"),
        _ => tracing::info!(?end, "ending"),
    }
    if room.is_suspended() {
        room.resume();
    }
    room.say_shutdown();
    room.ending.cancel();
    if !matches!(end, End::Child(..)) {
        parts.close_browser().await;
    }
    room.tools.capture.end();
    room.tools.desktop.end();
    parts.end().await;
    serving.abort();
    if let Some(browser) = &room.tools.browser {
        browser.shelf.end();
    }
    match end {
        End::Child(_, code) => Err(StartFailure::Exited { code }),
        End::Unshown(failure) => Err(failure),
        End::Told | End::Unused => Ok(()),
    }
}

/// The signals that ask for the end.
pub(crate) struct Told {
    terminate: Signal,
    interrupt: Signal,
}

impl Told {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The children.
#[derive(Default)]
struct Parts {
    display: Option<Display>,
    manager: Option<Child>,
    browser: Option<Browser>,
    /// Whether the browser has a sandbox of its own.
    sandboxed: bool,
}

impl Parts {
    /// The first that ends.
    async fn first_end(&mut self) -> End {
        let (Some(display), Some(manager), Some(browser)) =
            (&mut self.display, &mut self.manager, &mut self.browser)
        else {
            return End::Told;
        };
        tokio::select! {
            code = browser.child.wait() => End::Child("browser", code),
            code = display.child.wait() => End::Child("display", code),
            code = manager.wait() => End::Child("window manager", code),
        }
    }

    async fn close_browser(&mut self) {
        let Some(browser) = &mut self.browser else {
            return;
        };
        let closing = async {
            // The answer may be lost in the closing.
            let _ = browser.cdp.ask("Browser.close", json!({})).await;
            browser.child.wait().await
        };
        if tokio::time::timeout(CLOSE_LIMIT, closing).await.is_err() {
            tracing::warn!("the browser did not close in time");
        }
    }

    async fn end(&mut self) {
        if let Some(browser) = &mut self.browser {
            browser.end().await;
        }
        if let Some(manager) = &mut self.manager {
            manager.end().await;
        }
        if let Some(display) = &mut self.display {
            display.child.end().await;
        }
    }
}

async fn start(
    config: Config,
    board: &Board,
    parts: &mut Parts,
) -> Result<(Arc<Room>, TcpListener), StartFailure> {
    tracing::info!(
        session = config.session,
        install = config.install,
        version = env!("CARGO_PKG_VERSION"),
        codec = codec_name(config.codec),
        memory_mib = config.memory_mib,
        uid = rustix::process::getuid().as_raw(),
        "starting"
    );
    board.publish(&Status::starting(Step::Display));
    let Some(program) = programs::find_browser(config.browser.as_deref()) else {
        return Err(StartFailure::BrowserMissing);
    };
    let listener = TcpListener::bind(config.bind)
        .await
        .map_err(|_| StartFailure::PortTaken)?;
    let loading = tokio::task::spawn_blocking(capture::load_encoder);
    let (display, (fence, sandbox)) = tokio::join!(display::start(&config), fence::probe(&program));
    let display = parts.display.insert(display?);
    let x = display.address.name();
    parts.sandboxed = sandbox != Sandbox::None;
    match sandbox {
        Sandbox::None => tracing::error!(
            "THE BROWSER HAS NO SANDBOX: this kernel allows neither user namespaces nor the helper"
        ),
        it => tracing::info!(sandbox = it.name(), fence = fence.name(), x, "fenced in"),
    }
    parts.manager = Some(display::start_manager(&config, display)?);
    board.publish(&Status::starting(Step::Browser));
    // It takes longest: all else goes on beside it.
    let browser = browser::start(&program, &config, display, (&fence, sandbox)).await?;
    let browser = parts.browser.insert(browser);
    let terms = config.terms();
    let devices = match devices::open(&display.address, &terms, true).await {
        Ok(it) => it,
        Err(error) => {
            tracing::error!(%error, "X server");
            return Err(StartFailure::Exited { code: None });
        }
    };
    board.publish(&Status::starting(Step::Server));
    if !matches!(loading.await, Ok(Ok(()))) {
        return Err(StartFailure::ProgramMissing {
            program: "GStreamer".to_owned(),
        });
    }
    let shelf = Shelf::make(&config.profile_dir)
        .map_err(|error| crate::privilege::unusable(&config.profile_dir, &error))?;
    let processes = [&display.child, &browser.child]
        .into_iter()
        .chain(&parts.manager)
        .filter_map(Child::id)
        .collect();
    let tools = Tools {
        capture: devices.capture,
        // The browser plays to the person's own loudspeakers.
        sound: Sound::none(),
        input: devices.input,
        desktop: devices.desktop,
        browser: Some(OwnBrowser {
            cdp: browser.cdp.clone(),
            shown: browser.shown.clone(),
            shelf,
        }),
        processes,
        keeper: browser.child.id().filter(|_| fence == Fence::Keeper),
        fence: fence.name(),
        sandbox: sandbox.name(),
    };
    let authority = Some(display.authority.clone());
    let room = Room::new(terms, display.address.clone(), authority, tools);
    room.hear(devices.copied);
    Ok((room, listener))
}

/// Waits until nobody has been there for so long that nobody will come. Sleep is counted from
/// its beginning, whoever is there.
async fn unused(room: &Room, limit: Duration) {
    let mut presence = room.presence();
    loop {
        let now = *presence.borrow_and_update();
        let changed = async {
            loop {
                if presence.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
                let then = *presence.borrow_and_update();
                if then.suspended != now.suspended || (!now.suspended && then != now) {
                    return;
                }
            }
        };
        if now.connected > 0 && !now.suspended {
            changed.await;
        } else if tokio::time::timeout(limit, changed).await.is_err() {
            return;
        }
    }
}
