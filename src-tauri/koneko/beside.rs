//! Neko's server alone: on an X server that somebody else has started and beside a browser that
//! is not ours, told by Neko's own file and variables.

mod settings;

use crate::capture;
use crate::config::{MIN_EDGE, Screen, Size};
use crate::devices;
use crate::display::Randr;
use crate::room::{Room, Terms, Tools};
use crate::run::Told;
use crate::sender::Way;
use crate::server;
use crate::sound::Sound;
use crate::xlink::{Address, XError};
use settings::{Settings, Unusable};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// The X server is started at the same time, and tells nobody when it listens.
const DISPLAY_LIMIT: Duration = Duration::from_secs(10);
const DISPLAY_PAUSE: Duration = Duration::from_millis(20);
/// Neko rounds down to multiples of this.
const WIDTH_STEP: u16 = 8;

/// Why there is nothing to serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("settings: {0}")]
    Settings(#[from] Unusable),
    #[error("X server: {0}")]
    Display(#[from] XError),
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    #[error("no encoder")]
    Encoder,
}

/// Serves until it is told to end.
pub(crate) async fn run() -> Result<(), Failure> {
    let mut told = Told::listen()?;
    let settings = Settings::read()?;
    let listener = TcpListener::bind(settings.bind).await?;
    let loading = tokio::task::spawn_blocking(capture::load_encoder);
    let most = tokio::select! {
        it = largest_screen(&settings.display) => it?,
        () = told.wait() => return Ok(()),
    };
    let terms = terms(&settings, most);
    let devices = devices::open(&settings.display, &terms, false).await?;
    if !matches!(loading.await, Ok(Ok(()))) {
        return Err(Failure::Encoder);
    }
    let tools = Tools {
        capture: devices.capture,
        sound: Sound::of(&settings.audio_device)?,
        input: devices.input,
        desktop: devices.desktop,
        browser: None,
        processes: Vec::new(),
        keeper: None,
        fence: "none",
        sandbox: "none",
    };
    let room = Room::new(terms, settings.display, None, tools);
    room.hear(devices.copied);
    // What the browser shows is not ours to wait for.
    room.tools.capture.release();
    tracing::info!(bind = %settings.bind, way = ?room.terms.way, "serving");
    let mut serving = tokio::spawn(server::serve(listener, Arc::clone(&room)));
    tokio::select! {
        () = told.wait() => {}
        _ = &mut serving => {}
    }
    room.say_shutdown();
    room.ending.cancel();
    room.tools.capture.end();
    room.tools.desktop.end();
    serving.abort();
    Ok(())
}

async fn largest_screen(display: &Address) -> Result<Size, XError> {
    let end = Instant::now() + DISPLAY_LIMIT;
    loop {
        let address = display.clone();
        let asked = tokio::task::spawn_blocking(move || Randr::open(&address)?.most()).await;
        match asked.unwrap_or(Err(XError::Lacks("an answer"))) {
            Err(error) if Instant::now() < end => {
                tracing::debug!(%error, "the X server is not there yet");
                tokio::time::sleep(DISPLAY_PAUSE).await;
            }
            other => return other,
        }
    }
}

fn terms(settings: &Settings, most: Size) -> Terms {
    let Screen {
        width,
        height,
        rate,
    } = settings.screen;
    Terms {
        username: settings.username.clone(),
        password: settings.password.clone(),
        codec: settings.codec,
        screen: Screen {
            width: width.clamp(MIN_EDGE, most.width.max(MIN_EDGE)),
            height: height.clamp(MIN_EDGE, most.height.max(MIN_EDGE)),
            rate,
        },
        max_screen: most,
        min_width: 0,
        width_step: WIDTH_STEP,
        way: Way {
            ip: settings.bind.ip(),
            port: settings.udp_port,
            shown: settings.shown,
            lite: settings.ice_lite,
        },
    }
}
