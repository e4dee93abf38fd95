//! Where the time between a click and its photon goes. An eye on the engine's own display sees the
//! click arrive and the page answer; koneko's log says when it was encoded and sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use duotab_test_support::Outcome;

use crate::eye::{Eye, Place, Woken, alike};
use crate::photon::Answer;
use crate::site::CLICKED;

/// What koneko has to say in its log.
pub(crate) const KONEKO_LOG: &str = "info,koneko::capture=trace,koneko::sender=trace,rtc=error";
/// And the app.
pub(crate) const DUOTAB_LOG: &str = "info,duotab_backend::neko=debug";

const DAY: Duration = Duration::from_secs(86_400);

/// What an eye on the engine's display saw.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    pressed: Vec<Instant>,
    painted: Vec<Instant>,
}

/// A thread that watches the engine's display.
pub(crate) struct Watch {
    end: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Outcome<Inside>>,
}

impl Watch {
    pub(crate) fn start(eye: Eye, place: Place) -> Outcome<Self> {
        eye.hear_presses()?;
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let thread = std::thread::spawn(move || {
            let mut inside = Inside::default();
            let mut second = alike(eye.at(place)?, CLICKED[1]);
            while !ended.load(Ordering::Relaxed) {
                match eye.wait(Instant::now() + Duration::from_millis(100))? {
                    Some((Woken::Pressed, at)) => inside.pressed.push(at),
                    Some((Woken::Changed, at)) => {
                        let now = alike(eye.at(place)?, CLICKED[1]);
                        if now != second {
                            second = now;
                            inside.painted.push(at);
                        }
                    }
                    None => {}
                }
            }
            Ok(inside)
        });
        Ok(Self { end, thread })
    }

    pub(crate) fn end(self) -> Outcome<Inside> {
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the watch fell asleep")?
    }
}

/// The layers, in milliseconds, one value for each click that was seen everywhere.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// Event in the window, app, data channel, XTEST in the engine.
    pub(crate) input: Vec<f64>,
    /// Chromium: event, script, paint.
    pub(crate) page: Vec<f64>,
    /// Noticed and taken.
    pub(crate) capture: Vec<f64>,
    /// Encoded.
    pub(crate) encode: Vec<f64>,
    /// Packets handed to the network.
    pub(crate) send: Vec<f64>,
    /// Received, through the lane, decoded, drawn, in the framebuffer.
    pub(crate) show: Vec<f64>,
}

impl Layers {
    pub(crate) fn of(answers: &[Answer], inside: &Inside, log: &str) -> Self {
        let clock = Clock::now();
        let mut frames = Vec::new();
        let mut sent = Vec::new();
        for line in log.lines() {
            let Some(at) = clock.moment(line) else {
                continue;
            };
            if line.contains(" frame spent=") {
                if let Some(spent) = field(line, "spent=") {
                    frames.push((at - spent, at));
                }
            } else if line.contains(" sent packets=") {
                sent.push(at);
            }
        }
        let mut layers = Self::default();
        for answer in answers {
            let within = |at: &&Instant| **at >= answer.pressed && **at <= answer.seen;
            let (Some(&pressed), Some(&painted)) = (
                inside.pressed.iter().find(within),
                inside.painted.iter().find(within),
            ) else {
                continue;
            };
            // The frame that was taken when the page had answered; the eye sees it a moment late.
            let early = Duration::from_millis(2);
            let Some(&(taken, encoded)) =
                frames.iter().find(|(taken, _)| *taken + early >= painted)
            else {
                continue;
            };
            let Some(&sent) = sent.iter().find(|it| **it >= encoded) else {
                continue;
            };
            if sent > answer.seen + early {
                continue;
            }
            let ms = |from: Instant, to: Instant| {
                to.saturating_duration_since(from).as_secs_f64() * 1000.0
            };
            layers.input.push(ms(answer.pressed, pressed));
            layers.page.push(ms(pressed, painted));
            layers.capture.push(ms(painted, taken));
            layers.encode.push(ms(taken, encoded));
            layers.send.push(ms(encoded, sent));
            layers.show.push(ms(sent, answer.seen));
        }
        layers
    }
}

/// Turns the wall clock of a log into moments.
struct Clock {
    moment: Instant,
    of_day: Duration,
}

impl Clock {
    fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            moment: Instant::now(),
            of_day: since.unwrap_or_default(),
        }
    }

    /// A line begins with RFC 3339 in UTC; the log is younger than a day.
    fn moment(&self, line: &str) -> Option<Instant> {
        let time = line.split_once('T')?.1.split_once('Z')?.0;
        let mut parts = time.split(':').map(str::parse::<f64>);
        let (hours, minutes, seconds) = (
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        );
        let of_day = Duration::try_from_secs_f64((hours * 60.0 + minutes) * 60.0 + seconds).ok()?;
        let today =
            Duration::from_nanos(u64::try_from(self.of_day.as_nanos() % DAY.as_nanos()).ok()?);
        let ago = (today + DAY).checked_sub(of_day)?;
        let ago = if ago >= DAY { ago - DAY } else { ago };
        self.moment.checked_sub(ago)
    }
}

/// A duration as `Debug` writes it, behind its name.
pub(crate) fn field(line: &str, name: &str) -> Option<Duration> {
    let text = line.split_once(name)?.1.split([' ', ')']).next()?;
    let units = [("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let (number, unit) = units
        .into_iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}
