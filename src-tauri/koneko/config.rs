//! What koneko is told: one JSON file, for the owner's eyes only.

use crate::room::Terms;
use crate::sender::Way;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The session's number, for the log.
    pub session: u32,
    /// The install it belongs to, for the log.
    pub install: String,
    /// Where to listen; port 0 takes any.
    pub bind: SocketAddr,
    /// Who may log in.
    pub username: String,
    /// With which password.
    pub password: String,
    /// Chromium's user data.
    pub profile_dir: PathBuf,
    /// Status, sockets and other things that end with the process.
    pub runtime_dir: PathBuf,
    /// The screen to begin with.
    pub screen: Screen,
    /// The largest screen there will be; the X server's memory is made for it.
    pub max_screen: Size,
    /// Chromium's path; `None` looks in `PATH`.
    pub browser: Option<PathBuf>,
    /// More arguments for it.
    #[serde(default)]
    pub browser_args: Vec<String>,
    /// The first page.
    pub start_url: String,
    /// Device pixels per CSS pixel, in percent.
    pub scale_percent: u16,
    /// How the picture is encoded.
    pub codec: Codec,
    /// Seconds without anyone after which koneko ends.
    pub idle_exit_seconds: u64,
    /// MiB that were set aside for it.
    pub memory_mib: u64,
}

/// Pixels and Hz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Screen {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Pictures per second, at most.
    pub rate: u16,
}

/// Pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Size {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

/// How the picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Codec {
    /// VP8.
    Vp8,
    /// H.264, constrained baseline.
    H264,
}

/// Why the file was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("is no configuration: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("{0} is out of range")]
    OutOfRange(&'static str),
}

/// The smallest screen's edge.
pub(crate) const MIN_EDGE: u16 = 64;
/// The largest screen's edge: what VP8 and the X server both take.
pub(crate) const MAX_EDGE: u16 = 8192;
/// More than that is no configuration.
const MAX_BYTES: u64 = 1 << 20;

impl Config {
    /// Reads and checks the file.
    pub(crate) fn read(path: &Path) -> Result<Self, Refused> {
        use std::io::Read;
        let mut text = String::new();
        std::fs::File::open(path)?
            .take(MAX_BYTES)
            .read_to_string(&mut text)?;
        Self::parse(&text)
    }

    /// What the room is held to.
    pub(crate) fn terms(&self) -> Terms {
        // Chromium's window is never narrower than 500 CSS pixels: a narrower screen would show
        // the left part of the page only.
        let narrowest = (500 * u32::from(self.scale_percent)).div_ceil(100);
        Terms {
            username: self.username.clone(),
            password: self.password.clone(),
            codec: self.codec,
            screen: self.screen,
            max_screen: self.max_screen,
            min_width: u16::try_from(narrowest)
                .unwrap_or(u16::MAX)
                .min(self.max_screen.width),
            width_step: 1,
            way: Way::to(self.bind.ip()),
        }
    }

    fn parse(text: &str) -> Result<Self, Refused> {
        let it: Self = serde_json::from_str(text)?;
        let edges = MIN_EDGE..=MAX_EDGE;
        if !edges.contains(&it.max_screen.width) || !edges.contains(&it.max_screen.height) {
            return Err(Refused::OutOfRange("max_screen"));
        }
        if !(MIN_EDGE..=it.max_screen.width).contains(&it.screen.width)
            || !(MIN_EDGE..=it.max_screen.height).contains(&it.screen.height)
        {
            return Err(Refused::OutOfRange("screen"));
        }
        if !(25..=500).contains(&it.scale_percent) {
            return Err(Refused::OutOfRange("scale_percent"));
        }
        if it.username.is_empty() || it.password.is_empty() {
            return Err(Refused::OutOfRange("username or password"));
        }
        if !it.profile_dir.is_absolute() || !it.runtime_dir.is_absolute() {
            return Err(Refused::OutOfRange("a directory that is not absolute"));
        }
        Ok(it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> serde_json::Value {
        serde_json::json!({
            "session": 7, "install": "ab", "bind": "127.0.0.1:0", "username": "duotab",
            "password": "p", "profile_dir": "/p", "runtime_dir": "/r",
            "screen": {"width": 1280, "height": 720, "rate": 30},
            "max_screen": {"width": 3840, "height": 2160}, "browser": null, "browser_args": [],
            "start_url": "about:blank", "scale_percent": 100, "codec": "vp8",
            "idle_exit_seconds": 600, "memory_mib": 2048
        })
    }

    #[test]
    fn the_documented_file_is_taken() {
        assert!(Config::parse(&sample().to_string()).is_ok());
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let mut it = sample();
        it["surprise"] = true.into();
        assert!(matches!(
            Config::parse(&it.to_string()),
            Err(Refused::Malformed(_))
        ));
    }

    #[test]
    fn a_size_is_changed_only_as_far_as_browser_and_codec_need_it() {
        let mut it = Config::parse(&sample().to_string()).unwrap();
        assert_eq!(it.terms().fit(1001, 703), (1001, 703));
        assert_eq!(it.terms().fit(300, 703), (500, 703));
        it.codec = Codec::H264;
        it.scale_percent = 150;
        assert_eq!(it.terms().fit(300, 703), (750, 702));
    }

    #[test]
    fn a_screen_larger_than_the_largest_is_refused() {
        let mut it = sample();
        it["screen"]["width"] = 4000.into();
        assert!(matches!(
            Config::parse(&it.to_string()),
            Err(Refused::OutOfRange("screen"))
        ));
    }
}
