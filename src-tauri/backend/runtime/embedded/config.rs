//! What koneko is told: the file behind its `--config`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Pixels and pictures per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Pictures per second.
    pub rate: u16,
}

/// Pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

/// The file. The only place of the engine's password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KonekoConfig {
    pub(super) session: u32,
    pub(super) install: String,
    pub(super) bind: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) profile_dir: PathBuf,
    pub(super) runtime_dir: PathBuf,
    pub(super) screen: Screen,
    pub(super) max_screen: Size,
    pub(super) browser: Option<PathBuf>,
    pub(super) browser_args: Vec<String>,
    pub(super) start_url: String,
    pub(super) scale_percent: u16,
    pub(super) codec: String,
    pub(super) idle_exit_seconds: u64,
    pub(super) memory_mib: u64,
}
