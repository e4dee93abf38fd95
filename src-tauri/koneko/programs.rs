//! Where the programs are that koneko starts.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Chromium's names, the best first.
const BROWSERS: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
];

/// Looks a program up in `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(name))
        .find(|it| executable(it))
}

/// The browser: the one that was named, or the first that is there.
pub(crate) fn find_browser(named: Option<&Path>) -> Option<PathBuf> {
    match named {
        Some(path) if path.is_absolute() => executable(path).then(|| path.to_owned()),
        Some(path) => find(path.to_str()?),
        None => BROWSERS.into_iter().find_map(find),
    }
}

fn executable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}
