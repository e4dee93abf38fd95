//! The programs that an engine needs, looked for as the system does.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Chromium's names on Linux distributions. The order is koneko's.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// A program by its name, in the folders of a search path.
pub(super) fn find(name: &str, search_path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(search_path)
        .map(|folder| folder.join(name))
        .find(|program| is_program(program))
}

pub(super) fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// What is missing, in words that a person can act on. Empty if nothing is.
pub(super) fn missing(koneko: &Path, browser: Option<&Path>, search_path: &OsStr) -> Vec<String> {
    let mut missing = Vec::new();
    if !is_program(koneko) {
        missing.push(format!(
            "Duotab's own engine (koneko) is missing at {}",
            koneko.display()
        ));
    }
    match browser {
        Some(path) if !is_program(path) => {
            missing.push(format!("there is no browser at {}", path.display()));
        }
        None if !BROWSERS
            .iter()
            .any(|name| find(name, search_path).is_some()) =>
        {
            missing.push("Chromium is not installed".to_owned());
        }
        _ => {}
    }
    if find("Xvfb", search_path).is_none() {
        missing.push("the private X server (Xvfb) is not installed".to_owned());
    }
    if find("setsid", search_path).is_none() {
        missing.push("the program setsid is not installed".to_owned());
    }
    missing
}
